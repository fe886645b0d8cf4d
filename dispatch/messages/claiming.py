"""
Claiming: a message is taken under a lease, with its attempt on file, before the network is touched.

Right before it leaves it is asked once more whether it still says something true and useful, and whether its contact is
to be left in peace just now.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from dispatch.clock import Clock
from dispatch.errors import SLIPS
from dispatch.ids import AlarmId, AttemptId, MessageId, OfferId
from dispatch.messages.job import Job, settled
from dispatch.messages.pace import Paces
from dispatch.messages.providers.provider import Outgoing, Provider
from dispatch.messages.relevance import pointless
from dispatch.messages.roads import Roads
from dispatch.messages.segments import segments
from dispatch.messages.shares import Room, is_confirming
from dispatch.messages.variables import variables
from dispatch.messages.wording import render
from dispatch.messages.words import last_words
from dispatch.rules.message import Fact, Priority
from dispatch.rules.people import Person
from dispatch.store.bundles import Bundles
from dispatch.store.due import Due, Standing
from dispatch.store.outbox import HEDGE, LEASE, SILENT, STOPPED, Attempt, Message, Outbox
from dispatch.store.satisfaction import Ratings
from dispatch.store.shadows import REASON as IN_SHADOW
from dispatch.store.shadows import Shadows
from dispatch.store.transactions import Tx

log = structlog.get_logger()

BUNDLE_PARTS_MAX = 4
"""Parts of an SMS that a bundle may have; what is over leaves in the next."""

AGAIN = timedelta(seconds=5)
"""When a message that could not be made ready is tried again; three times before the siren sounds for it."""

UNREADY = "it could not be made ready"
"""The reason of a message that waits because nothing could be made of it."""

RATING = "rating"
"""The question after an alarm: never asked in the middle of another."""

LANES = {True: (Priority.EMERGENCY, Priority.CONFIRMATION), False: (Priority.FAMILY, Priority.REPORT)}
"""First and last priority of what is an emergency, and of what is not."""


Address = Callable[[Person, AlarmId | None, OfferId | None], str | None]
"""The page for this person about this alarm, by an address that opens it; None where there is none."""


def no_address(_person: Person, _alarm_id: AlarmId | None, _offer_id: OfferId | None) -> None:
    """There are no pages: commands, tests, the simulation."""


class Claims:
    """Takes messages up, in somebody's unit of work."""

    def __init__(
        self,
        roads: Roads,
        clock: Clock,
        *,
        local: Callable[[datetime], datetime],
        paces: Paces,
        hedge_s: float,
        address: Address = no_address,
        desk: str = "",
    ) -> None:
        """
        After `hedge_s` without an answer a second road is tried beside the first; 0 for never. `address` is that of the
        page a message may name, `desk` the number by which people call the desk, as they dial it.
        """
        self._address = address
        self._desk = desk
        self._roads = roads
        self._clock = clock
        self._local = local
        self._paces = paces
        self._hedge = timedelta(seconds=hedge_s) if hedge_s > 0 else None

    def claim_in(self, tx: Tx, most: int, room: Room | None) -> list[Job]:
        """
        Up to so many messages that are due, the most urgent first: emergencies as far as there is room for each kind,
        or, with None, what is no emergency.
        """
        outbox = Outbox(tx.connection)
        jobs: list[Job] = []
        bundled: set[MessageId] = set()
        for message, alarm_state, offer_state in _turns(Due(tx.connection), tx.now, most, room):
            if message.id in bundled or (room and is_confirming(message) and _confirming(jobs) >= room.confirming):
                continue
            if message.state == "claimed":
                self._give_up_waiting(tx, outbox, message)
            why = self._unwanted(tx, message, alarm_state, offer_state)
            if why is not None:
                cancel(tx, message, why)
            elif message.priority is Priority.EMERGENCY:
                jobs += self._begun(tx, outbox, message)
            elif self._paces.lets(tx, message):
                jobs += self._begun(tx, outbox, message, self._paces.beside(tx, message))
                bundled.update(each for job in jobs[-1:] for each in job.beside)
        return jobs

    def _begun(self, tx: Tx, outbox: Outbox, message: Message, beside: Sequence[Message] = ()) -> list[Job]:
        """
        The message under its lease; nothing when it cannot be made ready. Then it counts as tried and waits, so that
        the next ones pass it by and the siren knows of it (`store/questions.py`).
        """
        try:
            return [self._start(tx, outbox, message, beside)]
        except SLIPS:
            log.exception("claim_failed", message_id=message.id, sentence=message.sentence)
            # It may have been claimed or not before that: the fence on file is the one that counts.
            held, tries = outbox.get(message.id) or message, message.tries + 1
            outbox.change(held, state="posted", tries=tries, due_at=tx.now + AGAIN, lease_until=None, reason=UNREADY)
            release(tx, message)
            return []

    def _unwanted(self, tx: Tx, message: Message, alarm_state: str | None, offer_state: str | None) -> str | None:
        """Why it need not leave: nobody waits for it any more, or its street is only listened to."""
        if message.alarm_id is not None and Shadows(tx.connection).covers(message.alarm_id):
            return IN_SHADOW
        if message.sentence == RATING and Ratings(tx.connection).is_amid_alarm(message.id):
            return "an alarm is open"
        return pointless(message, alarm_state, offer_state, tx.now)

    def hedges_in(self, tx: Tx, most: int) -> list[Job]:
        """A second attempt, by another provider, for emergencies whose first has not ended in its time."""
        outbox = Outbox(tx.connection)
        jobs = []
        for message, alarm_state, offer_state in Due(tx.connection).slow(tx.now, most):
            if pointless(message, alarm_state, offer_state, tx.now):
                outbox.change(message, due_at=message.lease_until)
            else:
                jobs += self._hedged(tx, outbox, message)
        return jobs

    def _hedged(self, tx: Tx, outbox: Outbox, message: Message) -> list[Job]:
        """The second attempt; nothing where no other provider is left, or it cannot be made ready."""
        try:
            other = self._roads.beside(message, outbox.attempts_of(message.id))
            if other is not None:
                also = outbox.also(message)
                return [self._attempt(tx, outbox, also, other, self._text(message, other), why=HEDGE)]
        except SLIPS:
            log.exception("claim_failed", message_id=message.id, sentence=message.sentence)
        outbox.change(message, due_at=message.lease_until)
        return []

    def outgoing(self, attempt_id: AttemptId, message: Message, provider: Provider, text: str) -> Outgoing:
        """The attempt as its provider gets it."""
        left_s = (message.expires_at - self._clock.now()).total_seconds()
        return Outgoing(
            attempt_id=attempt_id,
            channel=message.channel,
            to=message.to,
            text=text,
            lang=message.lang,
            validity_s=max(10, min(120, int(left_s))),
            answerable=message.answerable,
            seq=message.tries,
            urgent=message.priority <= Priority.CONFIRMATION,
            slowly=bool(message.facts.get("slowly")),
            sentence=message.sentence,
            params=variables(message, provider.capability(message.to), self._local),
        )

    def _give_up_waiting(self, tx: Tx, outbox: Outbox, message: Message) -> None:
        """Its lease ran out: whoever sent it is gone, and nobody knows what became of the attempt."""
        for attempt in outbox.attempts_of(message.id):
            if attempt.outcome == "in_flight":
                outbox.end(attempt.id, outcome="unknown", ended_at=tx.now, detail="the engine stopped", look_at=tx.now)
                tx.log(settled(message, attempt.provider, "unknown", None))

    def _start(self, tx: Tx, outbox: Outbox, message: Message, beside: Sequence[Message] = ()) -> Job:
        before = outbox.attempts_of(message.id) if message.tries else []
        provider = self._roads.next(message, before)
        claimed = outbox.claim(message, until=tx.now + LEASE, look_at=self._second_look(tx.now, message, provider))
        text, beside = self._words(tx, claimed, beside, provider)
        self._paces.bundle(tx, claimed, beside)
        doubts = [each for each in before if each.outcome in {"unknown", "in_flight"}]
        look_up = [each for each in doubts if _comes_first(each, message, provider)]
        silent = message.reason == SILENT
        if silent:
            outbox.change(claimed, reason=None)
        job = self._attempt(tx, outbox, claimed, provider, text, look_up, why=SILENT if silent else None)
        return replace(job, beside=tuple(each.id for each in beside)) if beside else job

    def _second_look(self, now: datetime, message: Message, provider: Provider) -> datetime | None:
        """When a second road is tried, if there is one."""
        if self._hedge is None or message.priority is not Priority.EMERGENCY or len(self._roads.providers) == 1:
            return None
        return now + self._hedge if len(self._roads.able(message)) > 1 else None

    def _attempt(
        self, tx: Tx, outbox: Outbox, message: Message, provider: Provider, text: str,
        look_up: Sequence[Attempt] = (), why: str | None = None,
    ) -> Job:  # fmt: skip
        outgoing = self.outgoing(AttemptId(tx.new_id()), message, provider, text)
        self._roads.breakers.tried(provider.name, message.channel)
        outbox.start(
            Attempt(
                id=outgoing.attempt_id, message_id=message.id, seq=message.tries, provider=provider.name,
                started_at=tx.now, ended_at=None, outcome="in_flight", provider_id=None, status=None, code=None,
                detail=None, text=text, why=why,
            )
        )  # fmt: skip
        return Job(message=message, provider=provider, outgoing=outgoing, look_up=tuple(look_up), why=why)

    def _words(
        self, tx: Tx, message: Message, beside: Sequence[Message], provider: Provider
    ) -> tuple[str, Sequence[Message]]:
        """The text, and what leaves in it: as much as fits. What was in it once stays in it."""
        text = self._text(message, provider)
        if beside and not provider.capability(message.to).free_text:
            release(tx, message)
            return text, ()
        again = message.tries > 1
        for fits, each in enumerate(beside):
            longer = f"{text}\n{self._text(each, provider)}"
            if segments(longer) > BUNDLE_PARTS_MAX and not again:
                return text, beside[:fits]
            text = longer
        return text, beside

    def _text(self, message: Message, provider: Provider) -> str:
        """The words; should they fail, the plain sentence, and should that fail, words in which nothing is filled."""
        try:
            # The link is made here and nowhere kept: whoever reads the outbox or a backup cannot open the page.
            link = self._address(Person(message.person), message.alarm_id, message.offer_id)
            return self._rendered(message, message.sentence, provider, link=link or message.facts.get("link"))
        except (*SLIPS, OSError):
            log.exception("wording_failed", message_id=message.id, sentence=message.sentence)
        return self._plain_text(message, provider)

    def _plain_text(self, message: Message, provider: Provider) -> str:
        number = message.alarm_id or message.id
        try:
            return self._rendered(replace(message, facts=_mark(message)), "plain", provider, number=number, place="")
        except Exception:
            # No loop: somebody must hear something, whatever it is that fails here.
            log.exception("plain_wording_failed", message_id=message.id, sentence=message.sentence)
            return last_words(message.lang, exercise=bool(_mark(message)))

    def _rendered(self, message: Message, sentence: str, provider: Provider, **more: Fact) -> str:
        facts = {"desk": self._desk, **message.facts, **more}
        capability = provider.capability(message.to)
        return render(sentence, message.channel, message.lang, facts, capability=capability, local=self._local)


def _mark(message: Message) -> dict[str, Fact]:
    """What says that this is an exercise; nothing in earnest."""
    return {"exercise": 1} if message.facts.get("exercise") else {}


def _turns(due: Due, now: datetime, most: int, room: Room | None) -> list[Standing]:
    """Whose turn it is: first offers, then calls to all, but first those of them that are owed; confirmations last."""
    first, last = LANES[room is not None]
    if room is None:
        return due.within(now, most, first=first, last=last)
    firsts = due.first(now, most)
    places = min(most, room.calling, max(most - len(firsts), room.owed))
    calls = due.to_all(now, places) if places > 0 else []
    emergencies = [*firsts[: most - len(calls)], *calls]
    left = most - len(emergencies)
    return [*emergencies, *(due.within(now, left, first=last, last=last) if left else [])]


def _confirming(jobs: Sequence[Job]) -> int:
    return sum(is_confirming(job.message) for job in jobs)


def cancel(tx: Tx, message: Message, why: str) -> None:
    """It need not leave any more; what would have left in its text does so by itself."""
    state = "expired" if why == "expired" else "cancelled"
    Outbox(tx.connection).change(message, state=state, reason=why, due_at=None)
    release(tx, message)


def release(tx: Tx, message: Message) -> None:
    """Whatever was to leave in the text of this one leaves by itself."""
    if message.priority > Priority.EMERGENCY:
        Bundles(tx.connection).settle(message.id, bundle_id=None, due_at=tx.now)


def _comes_first(doubt: Attempt, message: Message, provider: Provider) -> bool:
    """
    Whether a doubt is looked up before the message is sent again: not for an emergency that another road can carry now.
    A stop of our own says nothing against a provider, so then it is asked first.
    """
    urgent = message.priority is Priority.EMERGENCY
    return not urgent or doubt.provider == provider.name or doubt.detail == STOPPED
