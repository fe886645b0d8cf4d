"""
What is done about a visit that does not begin, or does not end: the ladder of a chase, as values.

```
  latest start ──+15──► remind the carer ──+30──► tell the operator ──+60──► missed: an alarm
  planned end  ──+60──► remind to sign out ──+6 h─► over without a sign-out: a finding
```

Nobody is called missing before anybody was asked: where the service was down at +15 and +30, both are done now and the
alarm follows a little later (within the quarter of an hour that PROMISES, I18, allows).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from schedules.care.rules.presence import State, Visit

TOLD = 2
"""The chase has come so far when the operator knows."""

ASKED_FIRST = timedelta(minutes=10)


class Step(StrEnum):
    """One rung of the ladder."""

    REMIND = "remind"
    TELL = "tell"
    MISS = "miss"
    UNSIGNED = "unsigned"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long is waited: after the latest start, and after the planned end."""

    remind: timedelta = timedelta(minutes=15)
    tell: timedelta = timedelta(minutes=30)
    miss: timedelta = timedelta(minutes=60)
    unsigned: timedelta = timedelta(minutes=60)
    give_up: timedelta = timedelta(hours=6)

    def __post_init__(self) -> None:
        assert timedelta(0) < self.remind <= self.tell <= self.miss
        assert timedelta(0) < self.unsigned <= self.give_up


def due_of(visit: Visit, patience: Patience, *, hands: int = 0) -> datetime | None:
    """When to look next, None where nothing is waited for. `hands`: how many carers are there by now."""
    if visit.state is State.PLANNED:
        return visit.wanted.start_by + (patience.remind, patience.tell, patience.miss)[min(visit.chase, TOLD)]
    if visit.state is not State.BEGUN or visit.begun_at is None:
        return None
    end = visit.begun_at + timedelta(minutes=visit.wanted.minutes)
    leaving = end + (patience.give_up if visit.chase > TOLD else patience.unsigned)
    if hands < visit.wanted.carers and visit.chase < TOLD:
        return min(leaving, visit.wanted.start_by + (patience.remind, patience.tell)[visit.chase])
    return leaving


def look(visit: Visit, now: datetime, patience: Patience, *, hands: int = 0) -> tuple[Visit, list[Step]]:
    """What has fallen due, gravest last, and the visit after it; nothing where it is too early."""
    due_at = due_of(visit, patience, hands=hands)
    if due_at is None or now < due_at:
        return visit, []
    if visit.state is State.PLANNED:
        return _absent(visit, now, patience)
    return _inside(visit, now, patience, hands)


def _absent(visit: Visit, now: datetime, patience: Patience) -> tuple[Visit, list[Step]]:
    by = visit.wanted.start_by
    if visit.chase >= TOLD:
        return replace(visit, state=State.MISSED, due_at=None), [Step.MISS]
    steps = [Step.REMIND] if visit.chase == 0 else []
    told = now >= by + patience.tell
    moved = replace(visit, chase=TOLD if told else 1)
    due_at = due_of(moved, patience)
    assert due_at is not None
    return replace(moved, due_at=max(due_at, now + ASKED_FIRST) if told else due_at), [
        *steps,
        *([Step.TELL] if told else []),
    ]


def _inside(visit: Visit, now: datetime, patience: Patience, hands: int) -> tuple[Visit, list[Step]]:
    assert visit.begun_at is not None
    end = visit.begun_at + timedelta(minutes=visit.wanted.minutes)
    if now >= end + patience.give_up and visit.chase > TOLD:
        return replace(visit, state=State.FINISHED, due_at=now), [Step.ABANDON]
    if now >= end + patience.unsigned:
        moved = replace(visit, chase=TOLD + 1)
        return replace(moved, due_at=due_of(moved, patience, hands=hands)), [Step.UNSIGNED]
    step = Step.REMIND if visit.chase == 0 else Step.TELL
    moved = replace(visit, chase=visit.chase + 1)
    return replace(moved, due_at=due_of(moved, patience, hands=hands)), [step]
