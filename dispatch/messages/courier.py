"""
The courier: claims a message, writes the attempt, sends, settles. Only it sends; only the outbox feeds it.

Emergencies have workers of their own, so that reminders can never hold one up. What a provider refused goes to the next
provider at once; what may have been sent is looked up and, for an emergency, sent again: better two messages than none,
and the doubt is on file.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from dispatch.clock import Clock
from dispatch.ids import AttemptId
from dispatch.messages.carriers import Carriers
from dispatch.messages.providers.provider import (
    Blame,
    Capability,
    Outcome,
    Outgoing,
    Provider,
    Receipt,
    Sent,
)
from dispatch.messages.receipts import LOST, Receipts, Unreached
from dispatch.messages.relevance import pointless
from dispatch.messages.ride import Ride, ride
from dispatch.messages.wording import render
from dispatch.rules.message import Channel, Priority
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.outbox import LEASE, Attempt, Message, Outbox
from dispatch.store.shadows import REASON as IN_SHADOW
from dispatch.store.shadows import Shadows
from dispatch.store.transactions import Transactions, Tx

log = structlog.get_logger()

EMERGENCY_WORKERS = 24
NOTICE_WORKERS = 4
"""Threads that wait for providers. 32 are enough for ten thousand presses in a minute (ENGINE, section 7)."""

CLAIM_MAX = 16
"""Messages claimed in one unit of work: few milliseconds."""

BACKOFF_S = (5, 10, 20, 40, 60)
"""When no provider took an emergency: tried again after these times, then every minute, until it expires."""

LOOK_UP_S = 2
"""An attempt that may have been sent is looked up after this time, when no other provider is left to try at once."""

SWEEP_S = 1.0

STUCK_S = 20.0
"""The loop goes round at least once a second; after so long something holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    A claimed message with its attempt on file: what is left is to send it. `look_up` are earlier attempts in doubt.
    """

    message: Message
    provider: Provider
    outgoing: Outgoing
    look_up: tuple[Attempt, ...] = ()


class Courier:
    """Runs in threads of its own; `nudge` makes it look at once."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        providers: Mapping[str, Provider],
        clock: Clock,
        *,
        local: Callable[[datetime], datetime],
        unreached: Unreached,
        alone: bool = True,
        emergency_workers: int = EMERGENCY_WORKERS,
        notice_workers: int = NOTICE_WORKERS,
    ) -> None:
        """
        `providers` are in the order of fail-over. `alone`: no other engine works on this database, so whatever is
        claimed at the start was left by a service that stopped.
        """
        assert providers, "somebody must carry the messages"
        self._transactions = transactions
        self._reading = reading
        self._providers = providers
        self._clock = clock
        self._local = local
        self._unreached = unreached
        self._receipts = Receipts(transactions, unreached)
        self._alone = alone
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._carriers = Carriers(self._carry, emergency=emergency_workers, notice=notice_workers)
        self._thread: threading.Thread | None = None
        self.beats = 0
        self._beaten_s = clock.look().steady_s
        self._noticed_s = 0.0

    # ------------------------------------------------------------------------------------------- the loop

    def start(self) -> None:
        """Takes up what a stopped service left in doubt, then begins."""
        if self._alone:
            self._transactions.run(lambda tx: Outbox(tx.connection).strand(tx.now))
        self._carriers.start()
        self._thread = threading.Thread(target=self._loop, name="courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops claiming; calls under way end by their own deadlines and settle."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
        self._carriers.stop()

    def nudge(self) -> None:
        self._wanted.set()

    @property
    def stuck(self) -> bool:
        """Whether the loop has not gone round for far too long; may be asked from any thread."""
        return self._thread is not None and self._clock.look().steady_s - self._beaten_s > STUCK_S

    def _loop(self) -> None:
        """One of the places that may catch everything: a bad message must not stop the others."""
        while not self._stopping.is_set():
            self._wanted.wait(SWEEP_S)
            self._wanted.clear()
            try:
                self._send_out(emergency=True)
                self._send_notices()
            except Exception:
                log.exception("courier_failed")
            self.beats += 1
            self._beaten_s = self._clock.look().steady_s

    def _send_notices(self) -> None:
        """What is no emergency is looked for once a second, so that emergencies are not held up by looking for it."""
        now_s = self._clock.look().steady_s
        if abs(now_s - self._noticed_s) >= SWEEP_S:
            self._noticed_s = now_s
            self._send_out(emergency=False)

    def _send_out(self, *, emergency: bool) -> None:
        if not self._is_due(emergency=emergency):
            return
        taken = self._carriers.take(CLAIM_MAX, emergency=emergency)
        jobs = self._claim_on(taken, emergency=emergency)
        for job in jobs:
            self._carriers.go(job, emergency=emergency)
        if taken and len(jobs) == taken:
            self._wanted.set()

    def _is_due(self, *, emergency: bool) -> bool:
        """A look without writing: most letters ride along, and an empty unit of work would hold up a press."""
        first, last = _LANES[emergency]
        with self._reading.connect() as connection:
            return Outbox(connection).is_due(self._clock.now(), first=first, last=last)

    def _claim_on(self, places: int, *, emergency: bool) -> list[Job]:
        """Claims for places taken before, and gives back those that are left over."""
        jobs: list[Job] = []
        try:
            jobs = self.claim(places, emergency=emergency) if places else []
        finally:
            self._carriers.give_back(places - len(jobs), emergency=emergency)
        return jobs

    def _carry(self, job: Job) -> None:
        try:
            self.carry(job)
        except Exception:
            # The lease runs out and the message is looked at again; nothing is lost.
            log.exception("carrying_failed", message_id=job.message.id)
        finally:
            self._wanted.set()

    def ride(self) -> AbstractContextManager[Ride]:
        """Around a unit of work that may post emergencies: they leave with its commit (see `ride.py`)."""
        return ride(self._carriers, partial(self.claim_in, emergency=True))

    # ------------------------------------------------------------------------------------------- one message

    def claim(self, most: int, *, emergency: bool) -> list[Job]:
        """Takes up to so many messages that are due, each with its attempt on file."""
        return self._transactions.run(lambda tx: self.claim_in(tx, most, emergency=emergency))

    def carry(self, job: Job) -> None:
        """Looks up what is in doubt, sends, settles."""
        found = self._look_up(job)
        if found is not None and self._transactions.run(lambda tx: self._found(tx, job, *found)):
            return
        sent = job.provider.send(job.outgoing)
        unreachable = self._transactions.run(lambda tx: self._settle(tx, job, sent))
        if job.message.offer_id is None or not job.message.answerable:
            return
        if unreachable:
            self._unreached.unreached(job.message.offer_id, code=sent.code or "")
        elif sent.outcome is Outcome.UNKNOWN:
            self._unreached.doubtful(job.message.offer_id)

    def claim_in(self, tx: Tx, most: int, *, emergency: bool) -> list[Job]:
        """The same in somebody's unit of work."""
        first, last = _LANES[emergency]
        outbox = Outbox(tx.connection)
        jobs = []
        for message, alarm_state, offer_state in outbox.due(tx.now, most, first=first, last=last):
            if message.state == "claimed":
                self._give_up_waiting(tx, outbox, message)
            why = pointless(message, alarm_state, offer_state, tx.now)
            if why is not None:
                state = "expired" if why == "expired" else "cancelled"
                outbox.change(message, state=state, reason=why, due_at=None)
                continue
            if message.alarm_id is not None and Shadows(tx.connection).covers(message.alarm_id):
                outbox.change(message, state="cancelled", reason=IN_SHADOW, due_at=None)
                continue
            jobs.append(self._start(tx, outbox, message))
        return jobs

    def _give_up_waiting(self, tx: Tx, outbox: Outbox, message: Message) -> None:
        """Its lease ran out: whoever sent it is gone, and nobody knows what became of the attempt."""
        for attempt in outbox.attempts_of(message.id):
            if attempt.outcome == "in_flight":
                outbox.end(attempt.id, outcome="unknown", ended_at=tx.now, detail="the engine stopped")
                tx.log(_told(message, attempt.provider, "unknown", None))

    def _start(self, tx: Tx, outbox: Outbox, message: Message) -> Job:
        before = outbox.attempts_of(message.id) if message.tries else []
        provider = self._next(message, before)
        claimed = outbox.claim(message, until=tx.now + LEASE)
        outgoing = self._outgoing(AttemptId(tx.new_id()), claimed, provider)
        outbox.start(
            Attempt(
                id=outgoing.attempt_id, message_id=message.id, seq=claimed.tries, provider=provider.name,
                started_at=tx.now, ended_at=None, outcome="in_flight", provider_id=None, status=None, code=None,
                detail=None, text=outgoing.text,
            )
        )  # fmt: skip
        doubts = tuple(each for each in before if each.outcome in {"unknown", "in_flight"})
        return Job(message=claimed, provider=provider, outgoing=outgoing, look_up=doubts)

    def _next(self, message: Message, before: Sequence[Attempt]) -> Provider:
        """The next provider in fail-over order that can do this; from the front again after the last."""
        able = self._able(message)
        tried = [each.provider for each in before]
        fresh = [each for each in able if each.name not in tried]
        return fresh[0] if fresh else able[len(before) % len(able)]

    def _able(self, message: Message) -> list[Provider]:
        """Those who carry this channel to this number; all of them where none says so, because somebody must try."""
        able = [each for each in self._providers.values() if _can(each.capability(message.to), message.channel)]
        if (via := message.facts.get("via")) in self._providers:
            # A drill tries one road, and must not be helped out by another.
            return [self._providers[str(via)]]
        return able or list(self._providers.values())

    def _outgoing(self, attempt_id: AttemptId, message: Message, provider: Provider) -> Outgoing:
        text = self._text(message, provider)
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
        )

    def _text(self, message: Message, provider: Provider) -> str:
        """The words; should they fail for one person, the plain sentence, because somebody must hear something."""
        capability = provider.capability(message.to)
        try:
            return render(
                message.sentence, message.channel, message.lang, message.facts, capability=capability, local=self._local
            )
        except (KeyError, ValueError, TypeError):
            log.exception("wording_failed", message_id=message.id, sentence=message.sentence)
            facts = {"number": message.alarm_id or message.id, "place": ""}
            return render("plain", message.channel, message.lang, facts, capability=capability, local=self._local)

    # ------------------------------------------------------------------------------------------- what became of it

    def _settle(self, tx: Tx, job: Job, sent: Sent) -> bool:
        """Keeps the outcome; True when this person cannot be reached in this way by anybody."""
        outbox, message = Outbox(tx.connection), job.message
        # A callback that overtook us may have said more already; then its word stands.
        known = outbox.attempt(job.outgoing.attempt_id)
        outcome = (
            "confirmed"
            if known and known.outcome == "confirmed" and sent.outcome is Outcome.UNKNOWN
            else sent.outcome.value
        )
        outbox.end(
            job.outgoing.attempt_id, ended_at=tx.now, outcome=outcome,
            provider_id=sent.provider_id or (known and known.provider_id),
            status=(known and known.status) or sent.status, code=sent.code, detail=sent.detail[:240],
        )  # fmt: skip
        tx.log(_told(message, job.provider.name, outcome, sent.code))
        if outcome in {"taken", "confirmed"}:
            lost = known is not None and known.status in LOST
            outbox.change(message, state="failed" if lost else "sent", sent_at=tx.now, due_at=None)
            return False
        return self._again(tx, outbox, job, sent)

    def _again(self, tx: Tx, outbox: Outbox, job: Job, sent: Sent) -> bool:
        message = job.message
        hopeless = sent.blame is Blame.RECIPIENT
        tried = {each.provider for each in outbox.attempts_of(message.id)}
        others = [each for each in self._able(message) if each.name not in tried]
        if hopeless and not others:
            outbox.change(message, state="failed", reason=f"refused {sent.code or ''}".strip(), due_at=None)
            return True
        wait_s = 0 if others else self._wait_s(message, sent)
        state = "uncertain" if sent.outcome is Outcome.UNKNOWN else "posted"
        outbox.change(message, state=state, due_at=tx.now + timedelta(seconds=wait_s), reason=sent.detail[:160] or None)
        return False

    def _wait_s(self, message: Message, sent: Sent) -> float:
        if sent.outcome is Outcome.UNKNOWN and message.tries == 1:
            return LOOK_UP_S
        waits = BACKOFF_S[min(message.tries, len(BACKOFF_S)) - 1]
        return max(waits, sent.retry_after_s or 0.0) if message.priority > Priority.CONFIRMATION else waits

    def _look_up(self, job: Job) -> tuple[Attempt, Sent] | None:
        """Whether an earlier attempt in doubt did arrive at its provider after all."""
        for doubt in job.look_up:
            provider = self._providers.get(doubt.provider)
            if provider is None:
                continue
            asked = Outgoing(
                attempt_id=doubt.id,
                channel=job.message.channel,
                to=job.message.to,
                text=doubt.text,
                lang=job.message.lang,
            )
            found = provider.look_up(asked, doubt.provider_id, doubt.started_at)
            if found is not None and found.outcome is Outcome.TAKEN:
                return doubt, found
        return None

    def _found(self, tx: Tx, job: Job, doubt: Attempt, found: Sent) -> bool:
        """Settles with what was found. False when that belongs to another attempt: calls to one number look alike."""
        outbox = Outbox(tx.connection)
        holder = found.provider_id and outbox.attempt_of_provider(doubt.provider, found.provider_id)
        if holder and holder.id != doubt.id:
            return False
        outbox.end(doubt.id, outcome="confirmed", provider_id=found.provider_id, status=found.status, ended_at=tx.now)
        outbox.end(
            job.outgoing.attempt_id,
            outcome="absent",
            detail="not needed: the earlier attempt was found",
            ended_at=tx.now,
        )
        outbox.change(job.message, state="sent", sent_at=tx.now, due_at=None)
        tx.log(_told(job.message, doubt.provider, "confirmed", None))
        return True

    def receive(self, provider: str, receipts: Sequence[Receipt]) -> None:
        """Keeps what a provider tells later: see `Receipts`."""
        self._receipts.receive(provider, receipts)


_LANES = {True: (Priority.EMERGENCY, Priority.CONFIRMATION), False: (Priority.FAMILY, Priority.REPORT)}
"""First and last priority of what is an emergency, and of what is not."""


def _can(capability: Capability, channel: Channel) -> bool:
    return capability.voice if channel is Channel.VOICE else capability.sms


def _told(message: Message, provider: str, outcome: str, code: str | None) -> Line:
    facts = {
        "message": message.id, "sentence": message.sentence, "channel": message.channel.value,
        "person": message.person, "provider": provider, "outcome": outcome, "code": code, "try": message.tries,
    }  # fmt: skip
    return Line(kind="message_settled", by=SERVICE, alarm_id=message.alarm_id, facts=facts)
