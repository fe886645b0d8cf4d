"""
What was written on paper while the centre was dark, typed in afterwards: it happened then, it is written down now.

The alarm's own times are those at which things happened, so that figures are right; the record's entry has the time of
typing, and the fact `happened_at` beside it. Nothing that the service knows already is written over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.errors import Conflict, Invalid
from dispatch.ids import AlarmId, HomeId, ResidentId
from dispatch.rules import alarm as life
from dispatch.rules.alarm import Alarm, Outcome, Proof
from dispatch.rules.escalation import Decision
from dispatch.rules.people import Person
from dispatch.rules.signal import Cause

PAPER_MAX = timedelta(days=14)
"""Older than this is a slip of the pen: a centre that was dark for so long has no sheets left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """
    One case on paper: of an alarm that is known, or of a home whose need nobody could write down. What did not happen,
    or is in the record already, is None.
    """

    alarm_id: AlarmId | None = None
    home_id: HomeId | None = None
    resident_id: ResidentId | None = None
    cause: Cause = Cause.HOTLINE
    raised_at: datetime | None = None
    person: Person | None = None
    accepted_at: datetime | None = None
    arrived_at: datetime | None = None
    proof: Proof = Proof.VOICE
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    note: str | None = None

    @property
    def steps(self) -> Sequence[tuple[str, datetime]]:
        """What happened, in the order of an alarm's life."""
        told = (("raised_at", self.raised_at), ("accepted_at", self.accepted_at), ("arrived_at", self.arrived_at),
                ("closed_at", self.closed_at))  # fmt: skip
        return [(name, at) for name, at in told if at is not None]


def check(slip: Slip, now: datetime) -> None:
    """
    That the slip makes sense by itself.

    Raises:
        Invalid: a time lies ahead, is too long ago or is out of order, or something is missing.
    """
    errors: dict[str, list[str]] = {}
    if (slip.alarm_id is None) == (slip.home_id is None):
        errors["home"] = ["Name the alarm, or the home where there was none."]
    if slip.home_id is not None and slip.raised_at is None:
        errors["raised_at"] = ["When did the call come?"]
    if (slip.accepted_at or slip.arrived_at) and slip.person is None:
        errors["person"] = ["Who went?"]
    if (slip.closed_at is None) != (slip.outcome is None):
        errors["outcome"] = ["How did it end, and when?"]
    if not slip.steps:
        errors["raised_at"] = ["When did it happen?"]
    before: datetime | None = None
    for name, at in slip.steps:
        wrong = _wrong(at, before, now)
        if wrong:
            errors[name] = [wrong]
        before = at
    if errors:
        raise Invalid("Please check what was entered.", errors)


def _wrong(at: datetime, before: datetime | None, now: datetime) -> str | None:
    if at > now:
        return "This time has not come yet."
    if now - at > PAPER_MAX:
        return "This is more than 14 days ago."
    return "This is before what happened before it." if before is not None and at < before else None


def fits(alarm: Alarm, name: str, at: datetime) -> None:
    """
    That what happened then can be added to this alarm as the service knows it.

    Raises:
        Invalid: it is before the alarm. Conflict: the service knows that step already.
    """
    if at < alarm.raised_at:
        raise Invalid("Please check what was entered.", {name: ["This is before the alarm."]})
    known = {"accepted_at": alarm.accepted_at, "arrived_at": alarm.attended_at, "closed_at": alarm.closed_at}
    there = known.get(name)
    later = max((each for each in known.values() if each is not None), default=None)
    if there is not None:
        raise Conflict("The record has this already; write a note instead.")
    if later is not None and at < later:
        raise Conflict("Something later is in the record already; write a note instead.")


def settled(alarm: Alarm, at: datetime) -> datetime:
    """A time of a watch on the wall: what is written for the minute of the alarm happened after it, not before."""
    is_that_minute = at < alarm.raised_at and at == alarm.raised_at.replace(second=0, microsecond=0)
    return alarm.raised_at if is_that_minute else at


def dated(decision: Decision, happened_at: datetime, now: datetime) -> Decision:
    """The decision with both times in its lines, and an open alarm looked at at once instead of in the past."""
    alarm = decision.alarm
    if alarm.due_at is not None and alarm.due_at < now:
        alarm = replace(alarm, due_at=now)
    lines = tuple(
        replace(each, facts={**each.facts, "happened_at": happened_at.isoformat()}) for each in decision.lines
    )
    return replace(decision, alarm=alarm, lines=lines)


def moved(alarm: Alarm, happened_at: datetime, by: Person) -> Decision:
    """An alarm just raised from paper: its times are those of the call."""
    after, line = life.change(
        alarm,
        "paper_dated",
        by,
        {"happened_at": happened_at.isoformat()},
        raised_at=happened_at,
        pressed_at=happened_at,
    )
    return Decision(alarm=after, lines=(line,))
