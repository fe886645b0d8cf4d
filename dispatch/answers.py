"""
People's answers: kept first, then understood.

An answer is a row that waits, like everything else. Its owner asks the claimants, in the order of the wiring and the
desk first, what they expect from this person: one thing → it is done; several → asked back; none → the operator's
list. Nothing is guessed when two things are possible.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

import structlog

from dispatch.desk import Desk
from dispatch.errors import Refusal
from dispatch.expectations import Done, Expectation, is_answered_at_once, standing_of, write_back
from dispatch.ids import AlarmId, AttemptId, OfferId, ReplyId
from dispatch.learning import Learning, Unreadable
from dispatch.messages.receipts import KEY_MAX, plain
from dispatch.messages.ride import Rides, afoot
from dispatch.rules.alarm import Alarm, Offer, OfferState, State
from dispatch.rules.answered import stands
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import SERVICE, Person, carer_id, operator
from dispatch.rules.record import Line
from dispatch.rules.reply import ALL, Action, Parsed, parse
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine, TransactionLost, savepoint
from dispatch.store.idempotency import MISTAKES
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Replies, Reply
from dispatch.store.transactions import Transactions, Tx

LATE = timedelta(hours=24)
"""An answer to an alarm that has been over for longer than this is nobody's any more."""

AGAIN_S = 5
FAILURES_MAX = 2

SENDER_MAX, TEXT_MAX = 40, 1600
"""Characters that are kept of who answered and of what: the columns of `store/replies.py`, ten parts of a text."""

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    One answer as a provider hands it on; `key` is the same for every copy. `said_at` where it is told late.
    """

    key: str
    sender: str
    text: str
    attempt_id: AttemptId | None = None
    voice: bool = False
    said_at: datetime | None = None
    offer_id: OfferId | None = None


class Claimant(Protocol):
    """Somebody who may be waiting for a person's answer. The desk is one; visits and tests come later."""

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        """What this answer could mean to us, in this person's mouth."""
        ...


class Order(Protocol):
    """Somebody whom people may tell by text what to do, without having been asked anything."""

    def take(self, tx: Tx, reply: Reply) -> tuple[Done, Person] | None:
        """What was done and in whose name; None where this is no order of somebody who may give it."""
        ...


class Answers:
    """The owner of waiting answers."""

    name = "answers"

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        claimants: Sequence[Claimant],
        desk: Desk,
        *,
        nudge: Callable[[], None],
        hand_over: Callable[[ReplyId], None] | None = None,
        rides: Rides = afoot,
        orders: Sequence[Order] = (),
        operators: Sequence[str] = (),
        complete: Callable[[], object] = lambda: None,
        learning: Learning | None = None,
    ) -> None:
        """
        The first claimant is the desk's. `operators` are the telephones of the people on watch, who are told when
        somebody wants no more texts. `complete` is called before an answer is understood: whoever has not joined yet
        must join there, for an answer that nobody expects is told that it is not understood.
        """
        self._transactions = transactions
        self._reading = reading
        self._claimants = tuple(claimants)
        self._desk = desk
        self._nudge = nudge
        self._hand_over = hand_over or (lambda _: nudge())
        self._rides = rides
        self._orders = tuple(orders)
        self._complete = complete
        self.learning = learning or Learning()
        self._operators = operators

    def join(self, claimants: Sequence[Claimant], orders: Sequence[Order]) -> None:
        """From now on these are asked as well, behind those who are asked already."""
        self._claimants, self._orders = (*self._claimants, *claimants), (*self._orders, *orders)

    def receive(self, provider: str, said: Sequence[Said]) -> int:
        """
        Makes answers durable; a copy changes nothing. They are understood a moment later, by `wake`. Gives back how
        many were no copies.
        """
        new = self.take(provider, said)
        self.proceed(new)
        return len(new)

    def proceed(self, kept: Sequence[ReplyId]) -> None:
        """Whoever handed these on has their answer: they are understood now. (Without it the next sweep finds them.)"""
        for id_ in kept:
            self._hand_over(id_)

    def take(self, provider: str, said: Sequence[Said]) -> list[ReplyId]:
        """The same for whoever wakes them, or lets them `proceed`, later: gives those that are no copies."""
        if not said:
            return []

        def work(tx: Tx) -> list[ReplyId]:
            ids = [ReplyId(tx.new_id()) for _ in said]
            shelf = Replies(tx.connection)
            return [
                id_
                for id_, each in zip(ids, said, strict=True)
                if shelf.keep(
                    id_, plain(each.key)[:KEY_MAX], tx.now, said_at=min(each.said_at or tx.now, tx.now),
                    provider=provider, sender=plain(each.sender)[:SENDER_MAX], text=plain(each.text, "")[:TEXT_MAX],
                    voice=each.voice,
                    attempt_id=each.attempt_id, offer_id=each.offer_id,
                )
            ]  # fmt: skip

        return self._transactions.run(work)

    def due(self, now: datetime, most: int) -> Sequence[ReplyId]:
        with self._reading.connect() as connection:
            return Replies(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Replies(connection).next_due()

    def wake(self, id_: str) -> None:
        """Understands one answer and does what it says."""

        def work(tx: Tx) -> Done:
            done = self._handle(tx, ReplyId(id_))
            ride.claim(tx)
            return done

        self._prepare(ReplyId(id_))
        self._gather()
        with self._rides() as ride:
            done = self._transactions.run(work)
        done.after()
        self._nudge()

    def _gather(self) -> None:
        """A room beside alarms that cannot be furnished must not cost the answer to an alarm: the desk hears it."""
        try:
            self._complete()
        except (Refusal, ImportError, *MISTAKES):
            log.exception("answer_not_heard", by="rooms")

    def _prepare(self, id_: ReplyId) -> None:
        with self._reading.connect() as connection:
            text = Replies(connection).text_of(id_)
        self.learning.prepare(text or "")

    def stumble(self, id_: str, error: Exception) -> None:
        """An answer that cannot be handled twice, or read, is for the operator; the answers behind it go on."""

        def work(tx: Tx) -> None:
            shelf = Replies(tx.connection)
            reply = shelf.get(ReplyId(id_))
            if reply is None or reply.due_at is None:
                return
            given_up = reply.failures + 1 >= FAILURES_MAX or isinstance(error, Unreadable)
            if given_up:
                tx.log(Line(kind="answer_failed", by=SERVICE, note=reply.text, facts={"reply": reply.id}))
            due_at = None if given_up else tx.now + timedelta(seconds=AGAIN_S)
            shelf.change(
                reply.id, {"failures": reply.failures + 1, "due_at": due_at, "result": "failed" if given_up else None}
            )

        self._transactions.run(work)
        self._transactions.run(lambda tx: self._apologise(tx, ReplyId(id_)))

    def _apologise(self, tx: Tx, id_: ReplyId) -> None:
        """Whoever wrote something that could not be handled hears so: in a unit of its own, for it may fail as well."""
        reply = Replies(tx.connection).get(id_)
        if reply is not None and reply.result == "failed":
            for person in self._people(tx, reply)[:1]:
                self._say(tx, person, reply, "not_understood", {"code": None})

    def _handle(self, tx: Tx, id_: ReplyId) -> Done:
        shelf = Replies(tx.connection)
        reply = shelf.get(id_)
        if reply is None or reply.due_at is None:
            return Done("known")
        done, person, alarm_id = self._ordered(tx, reply) or self._understand(tx, reply, self._people(tx, reply))
        shelf.change(id_, {"due_at": None, "result": done.result, "person": person, "alarm_id": alarm_id})
        tx.log(Line(
            kind="answered", by=person or SERVICE, alarm_id=alarm_id, note=reply.text,
            facts={"reply": reply.id, "result": done.result, "voice": int(reply.voice)},
        ))  # fmt: skip
        return done

    def _ordered(self, tx: Tx, reply: Reply) -> tuple[Done, Person | None, AlarmId | None] | None:
        asked = (self._beside(tx, order, partial(order.take, tx, reply)) for order in self._orders)
        taken = next((each for each in asked if each is not None), None)
        return None if taken is None else (taken[0], taken[1], None)

    def _expected(self, tx: Tx, claimant: Claimant, ask: Callable[[], Sequence[Expectation]]) -> Sequence[Expectation]:
        """What one claimant expects. The desk is the first of them: where that fails, the answer is tried again."""
        return ask() if claimant is self._claimants[0] else self._beside(tx, claimant, ask) or ()

    def _beside(self, tx: Tx, somebody: object, ask: Callable[[], T]) -> T | None:
        """What somebody beside the desk makes of an answer; a mistake there must not cost the answer to an alarm."""
        said = len(tx.lines)
        try:
            with savepoint(tx.connection):
                return ask()
        except TransactionLost:
            raise
        except Exception:
            del tx.lines[said:]
            log.exception("answer_not_heard", by=type(somebody).__name__)
            return None

    def _people(self, tx: Tx, reply: Reply) -> list[Person]:
        """Whose answer this is: the person asked on the page or called, or everybody with the number it came from."""
        if reply.offer_id is not None:
            offer = Alarms(tx.connection).offer(reply.offer_id)
            return [offer.person] if offer else []
        if reply.attempt_id is not None:
            attempt = Outbox(tx.connection).attempt(reply.attempt_id)
            message = Outbox(tx.connection).get(attempt.message_id) if attempt else None
            if message is not None:
                return [message.person]
        return People(tx.connection).by_phone(reply.sender)

    def _understand(self, tx: Tx, reply: Reply, people: Sequence[Person]) -> tuple[Done, Person | None, AlarmId | None]:
        if not people:
            return Done("unknown_sender"), None, None
        parsed = parse(reply.text)
        person = people[0]
        if parsed.stop:
            return self._opted_out(tx, people), person, None
        expected = self._expectations(tx, people, parsed, reply, self._claimants)
        if not expected and parsed.code is None:
            # What nobody expects as it stands may still answer the desk's alarm, from where this person stands.
            parsed = parse(reply.text, standing_of(tx, people, reply))
            expected = self._expectations(tx, people, parsed, reply, self._claimants[:1])
        if len(expected) == 1:
            who, only = expected[0]
            return only.act(tx), who, only.alarm_id
        if len(expected) > 1 and parsed.action is Action.DECLINE and parsed.rest == ALL:
            done = [each.act(tx) for _, each in expected]
            return Done("decline", lambda: _all_after(done)), person, None
        if len(expected) > 1:
            choices = "；".join(f"{each.code} {each.place}" for _, each in expected)
            self._say(tx, person, reply, "ask_which", {"choices": choices})
            return Done("asked_back"), person, None
        return self._nothing(tx, person, parsed, reply), person, None

    def _expectations(
        self, tx: Tx, people: Sequence[Person], parsed: Parsed, reply: Reply, claimants: Sequence[Claimant]
    ) -> list[tuple[Person, Expectation]]:
        return [
            (who, each)
            for claimant in claimants
            for who in people
            for each in self._expected(tx, claimant, partial(claimant.expects, tx, who, parsed, reply))
        ]

    def _nothing(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Done:
        """Nobody expects this: say so once, in words that help."""
        last = Alarms(tx.connection).last_of(person, tx.now - LATE)
        if last is not None and last[1].open and (parsed.action is None or (parsed.code is None and stands(last[0]))):
            self._say(tx, person, reply, *_of_what_is_open(*last))
            return Done("not_understood" if parsed.action is None else "no_task")
        if last is not None and not last[1].open:
            self._say(tx, person, reply, "closed", {"number": last[1].number})
            return Done("closed")
        if last is not None and last[0].state is OfferState.DECLINED and parsed.action is Action.DECLINE:
            self._say(tx, person, reply, "confirm_decline", {})
            return Done("again")
        if parsed.action is None:
            self._say(tx, person, reply, "not_understood", {"code": None})
            return Done("not_understood")
        self._say(tx, person, reply, "no_task", {})
        return Done("no_task")

    def _opted_out(self, tx: Tx, people: Sequence[Person]) -> Done:
        """
        The provider will not write to this number any more. The desk is told to phone, and where they were just asked,
        somebody else is: no wish to get no texts may silence an alarm.
        """
        shelf, unreached = People(tx.connection), list[OfferId]()
        for person in people:
            if (id_ := carer_id(person)) is not None:
                shelf.opt_out(id_)
                tx.log(Line(kind="opted_out", by=person))
                code = shelf.carers_by_id([id_])[id_].code
                Outbox.post(tx, [_told_to_phone(tx, phone, code) for phone in self._operators])
                asked = Alarms(tx.connection).offers_to(person)
                unreached += [offer.id for offer, _ in asked if offer.state is OfferState.OPEN]
        return Done("opted_out", lambda: self._ask_others(unreached))

    def _ask_others(self, unreached: Sequence[OfferId]) -> None:
        self._desk.forget()
        for offer_id in unreached:
            self._desk.unreached(offer_id, code="opted_out")

    def _say(self, tx: Tx, person: Person, reply: Reply, sentence: str, facts: dict[str, Fact]) -> None:
        if not is_answered_at_once(reply):
            write_back(tx, person, reply, sentence, facts)


def _of_what_is_open(offer: Offer, alarm: Alarm) -> tuple[str, dict[str, Fact]]:
    """What somebody hears whose words say nothing here: that another is going, or what can be answered."""
    waits = offer.state in {OfferState.LAPSED, OfferState.WITHDRAWN}
    if waits and alarm.state in {State.ACCEPTED, State.ATTENDED}:
        return "late", {}
    return "not_understood", {"code": offer.code}


def _all_after(done: Sequence[Done]) -> None:
    for each in done:
        each.after()


def _told_to_phone(tx: Tx, phone: str, code: str) -> Draft:
    return Draft(
        key=f"opted_out:{code}:{phone}:{tx.now.isoformat()}", sentence="opted_out", channel=Channel.SMS,
        priority=Priority.CONFIRMATION, to=phone, person=operator(phone), lang="zh",
        expires_at=tx.now + timedelta(hours=1), facts={"number": code},
    )  # fmt: skip
