"""
Planned absence: a resident in hospital, away, or a device that is being tried. It begins, warns, and ends by itself.

    planned ──from_at──► away ──an hour before──► away, warned ──until_at──► overrun ──► over
                                                                   (asks, and asks again)   a named human said so

An absence holds back only what a sensor concludes from silence (`Cause.INACTIVITY`). A press, a fall, fire and gas
raise as always. At `until_at` nothing is held back any more, whoever forgot to say so; what stays is the question
whether the person is back.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.ids import HomeId, ResidentId

WARN_BEFORE = timedelta(hours=1)
ASK_EVERY = timedelta(hours=12)
"""An absence that is over asks so often whether the person is back, until somebody says so."""

LONGEST = timedelta(days=92)
"""Nobody is away for longer in one go: whoever is needs a new look at them, not a longer silence."""


class Kind(StrEnum):
    """Why nothing is heard."""

    HOSPITAL = "hospital"
    AWAY = "away"
    TEST = "test"


class State(StrEnum):
    PLANNED = "planned"
    AWAY = "away"
    OVERRUN = "overrun"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """One absence, `[from_at, until_at)`. `due_at` is when to look at it again; None when it is over."""

    id: str
    resident_id: ResidentId
    home_id: HomeId
    kind: Kind
    from_at: datetime
    until_at: datetime
    state: State
    by: str
    due_at: datetime | None
    warned: bool = False

    def __post_init__(self) -> None:
        assert (self.due_at is None) == (self.state is State.OVER)

    def holds(self, now: datetime) -> bool:
        """Whether silence means nothing at this moment; told by the times alone, so that no late timer matters."""
        return self.state is not State.OVER and self.from_at <= now < self.until_at


def first_look(from_at: datetime, until_at: datetime, now: datetime) -> datetime:
    """When a new absence is looked at first: at its beginning, or now."""
    return max(now, from_at) if now < until_at else now


def look(absence: Absence, now: datetime) -> tuple[Absence, str | None]:
    """
    What has become of it, and what that is called in the record; None where nothing has happened yet.

    Each look takes one step, so that each is written down; an absence that was missed by days takes its steps at once.
    """
    if absence.state is State.OVER:
        return absence, None
    if absence.state is State.PLANNED and now >= absence.from_at:
        return replace(absence, state=State.AWAY, due_at=_warn_at(absence)), "begun"
    if absence.state is State.AWAY and now < absence.until_at and now >= _warn_at(absence):
        line = None if absence.warned else "ends_soon"
        return replace(absence, warned=True, due_at=absence.until_at), line
    if absence.state is State.AWAY and now >= absence.until_at:
        return replace(absence, state=State.OVERRUN, due_at=now + ASK_EVERY), "ended"
    if absence.state is State.OVERRUN and absence.due_at is not None and now >= absence.due_at:
        return replace(absence, due_at=now + ASK_EVERY), "asked_again"
    return absence, None


def ended(absence: Absence) -> Absence:
    """Somebody said that the person is back, or never left."""
    return replace(absence, state=State.OVER, due_at=None)


def prolonged(absence: Absence, until_at: datetime, now: datetime) -> Absence:
    """Somebody said that it takes longer; it warns anew."""
    state = State.PLANNED if now < absence.from_at else State.AWAY
    fresh = replace(absence, until_at=until_at, state=state, warned=False)
    return replace(fresh, due_at=absence.from_at if state is State.PLANNED else max(now, _warn_at(fresh)))


def is_held(living: Collection[ResidentId], away: Collection[ResidentId], whose: ResidentId | None) -> bool:
    """
    Whether silence at a home means nothing: the one whose device it is, is away, or all who live there are.
    """
    if whose is not None and whose in living:
        return whose in away
    return bool(living) and all(each in away for each in living)


def _warn_at(absence: Absence) -> datetime:
    return max(absence.from_at, absence.until_at - WARN_BEFORE)
