"""
What an answer can mean: what is expected from people, by the desk first of all.

Whoever waits for answers says what one of them could mean in a person's mouth (`answers.Claimant`), and what is done
then. Understanding which of them is meant is for `answers.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dispatch.desk import Desk
from dispatch.errors import AlarmClosed, AlreadyTaken, OfferGone
from dispatch.ids import AlarmId, OfferId
from dispatch.rules.alarm import Alarm, Offer, OfferState
from dispatch.rules.answered import decide, fits, may_ask, stands
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import Carer, Person, carer_id, compound
from dispatch.rules.record import Line
from dispatch.rules.reply import Action, Parsed, Standing
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Reply
from dispatch.store.shadows import Shadows
from dispatch.store.transactions import Tx

CLOCKS_APART = timedelta(seconds=10)
"""How far a provider's clock, by which an answer was given, may be behind ours."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an answer: a word for the file, and what to do once it is durable."""

    result: str
    after: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    Something that is expected from a person: `code` tells it from others, `place` says it to people, `act` does it.

    `alarm_id` is set where it is about an alarm.
    """

    code: int
    place: str
    act: Callable[[Tx], Done]
    alarm_id: AlarmId | None = None


class DeskClaims:
    """What the desk expects: answers to its offers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        action = parsed.action
        if action is None:
            return []
        asked = [each for each in Alarms(tx.connection).offers_to(person) if _was_asked(each[0], reply)]
        open_ = in_earnest(tx, asked, coded=parsed.code is not None)
        called = _called(tx, reply)
        if called is not None:
            meant = [(offer, alarm) for offer, alarm in open_ if offer.id == called]
        elif parsed.code is not None:
            meant = [(offer, alarm) for offer, alarm in open_ if offer.code == parsed.code]
        else:
            meant = [(offer, alarm) for offer, alarm in open_ if fits(action, offer)]
        return [self._expectation(tx, offer, alarm, action, parsed, reply) for offer, alarm in meant]

    def _expectation(
        self, tx: Tx, offer: Offer, alarm: Alarm, action: Action, parsed: Parsed, reply: Reply
    ) -> Expectation:
        place = _place(tx, alarm)
        if self._must_mean_both(tx, offer, alarm, action, parsed, reply):
            return Expectation(offer.code, place, lambda tx: self._ask_both(tx, offer, place, reply), alarm.id)
        return Expectation(offer.code, place, lambda tx: self._act(tx, offer, alarm, action, parsed, reply), alarm.id)

    def _must_mean_both(self, tx: Tx, offer: Offer, alarm: Alarm, action: Action, parsed: Parsed, reply: Reply) -> bool:
        """Whoever is on the way to somebody takes a second alarm only by its code, or by a key in its own call."""
        said = parsed.code is not None or _called(tx, reply) is not None or offer.state is OfferState.ACCEPTED
        return action is Action.ACCEPT and not said and Alarms(tx.connection).on_the_way(offer.person, but=alarm.id) > 0

    def _ask_both(self, tx: Tx, offer: Offer, place: str, reply: Reply) -> Done:
        write_back(tx, offer.person, reply, "ask_which", {"choices": f"{offer.code} {place}"})
        return Done("asked_back")

    def _act(self, tx: Tx, offer: Offer, alarm: Alarm, action: Action, parsed: Parsed, reply: Reply) -> Done:
        person = offer.person
        try:
            decision = self._desk.in_unit(
                tx, alarm.id, lambda situation: decide(situation, person, action), person, asks=may_ask(action)
            )
        except (AlreadyTaken, OfferGone):
            self._confirm(tx, person, reply, "late", alarm)
            return Done("late")
        except AlarmClosed:
            self._confirm(tx, person, reply, "closed", alarm)
            return Done("closed")
        if action is Action.DONE:
            outcome = str(parsed.outcome) if parsed.outcome else None
            tx.log(Line(kind="reported_done", by=person, alarm_id=alarm.id, facts={"outcome": outcome}))
        sentence = "confirm_done" if parsed.outcome else _CONFIRMATIONS.get(action)
        if sentence is not None:
            self._confirm(tx, person, reply, sentence, alarm)
        return Done(str(action), lambda: self._desk.after(decision))

    def _confirm(self, tx: Tx, person: Person, reply: Reply, sentence: str, alarm: Alarm) -> None:
        if not is_answered_at_once(reply):
            facts: dict[str, Fact] = {"place": _place(tx, alarm), "number": alarm.number}
            facts |= {"exercise": 1} if alarm.cause is Cause.EXERCISE else {}
            write_back(tx, person, reply, sentence, facts)


_CONFIRMATIONS = {
    Action.DECLINE: "confirm_decline",
    Action.ARRIVED: "confirm_arrived",
    Action.DONE: "ask_outcome",
    Action.NO_ENTRY: "confirm_no_entry",
}
"""Acceptance needs none: door and entry follow, and say it."""


def in_earnest(tx: Tx, asked: Sequence[tuple[Offer, Alarm]], *, coded: bool) -> list[tuple[Offer, Alarm]]:
    """
    What an answer can be about: never an alarm in the shadow, of which nobody was told, and an exercise only where
    nothing else is open or its own code was given. No drill may make an answer to an emergency unclear.
    """
    told = [(offer, alarm) for offer, alarm in asked if not Shadows(tx.connection).covers(alarm.id)]
    real = [(offer, alarm) for offer, alarm in told if alarm.cause is not Cause.EXERCISE]
    return told if coded else real or told


def standing_of(tx: Tx, people: Sequence[Person], reply: Reply) -> Standing | None:
    """Where these people stand, by what their answer can be about; None where nothing is open, or where it differs."""
    called = _called(tx, reply)
    asked = [each for who in people for each in Alarms(tx.connection).offers_to(who) if _was_asked(each[0], reply)]
    meant = [offer for offer, _ in in_earnest(tx, asked, coded=False) if called is None or offer.id == called]
    where = {each for offer in meant if (each := stands(offer)) is not None}
    return where.pop() if len(where) == 1 else None


def _called(tx: Tx, reply: Reply) -> OfferId | None:
    """The offer a call or a page was about: what is pressed in it can mean nothing else."""
    if reply.offer_id is not None:
        return reply.offer_id
    if reply.attempt_id is None:
        return None
    attempt = Outbox(tx.connection).attempt(reply.attempt_id)
    message = Outbox(tx.connection).get(attempt.message_id) if attempt else None
    return message.offer_id if message else None


def _was_asked(offer: Offer, reply: Reply) -> bool:
    """
    An answer that was told late answers nothing that was asked after it was given. One that came by itself answers
    whatever is open: then the times say nothing, because somebody may have set the clock in between.
    """
    told_late = reply.due_at is not None and reply.due_at - reply.received_at > CLOCKS_APART
    return not told_late or offer.offered_at <= reply.received_at + CLOCKS_APART


def _place(tx: Tx, alarm: Alarm) -> str:
    return compound(People(tx.connection).home(alarm.home_id).address) if alarm.home_id else ""


def is_answered_at_once(reply: Reply) -> bool:
    """In a call the words are spoken, on a page they stand there: no text is wanted besides."""
    return reply.voice or reply.offer_id is not None


def write_back(tx: Tx, person: Person, reply: Reply, sentence: str, facts: dict[str, Fact]) -> None:
    """Posts a text to whoever answered, at the number it came from and in their language."""
    id_ = carer_id(person)
    speaker = People(tx.connection).carers_by_id([id_]).get(id_) if id_ else None
    Outbox.post(tx, [_confirmation(tx, person, reply, sentence, facts, _lang(speaker))])


def _lang(speaker: Carer | None) -> str:
    return speaker.lang if speaker else "zh"


def _confirmation(tx: Tx, person: Person, reply: Reply, sentence: str, facts: dict[str, Fact], lang: str) -> Draft:
    return Draft(
        key=f"{sentence}:reply:{reply.id}",
        sentence=sentence,
        channel=Channel.SMS,
        priority=Priority.CONFIRMATION,
        to=reply.sender,
        person=person,
        lang=lang,
        expires_at=tx.now + timedelta(minutes=10),
        facts=facts,
    )
