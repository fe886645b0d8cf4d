"""What visits say of a household: somebody was with the resident, or nobody came."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from dispatch.clock import Clock
from schedules.calendar import Calendar
from schedules.care.rules.presence import State, Visit
from schedules.welfare.rules.signs import Kind, Observation

DAY = timedelta(days=1)


class VisitsOf(Protocol):
    """Whoever keeps the visits."""

    def on(self, day: date) -> Sequence[Visit]: ...


class VisitSigns:
    """A source of signs. Only a visit that counts shows that somebody lives: a tap on a page does not."""

    name = "visits"

    def __init__(self, visits: VisitsOf, clock: Clock, calendar: Calendar) -> None:
        self._visits = visits
        self._clock = clock
        self._calendar = calendar

    def since(self, at: datetime) -> Iterator[Observation]:
        day, today = self._calendar.day_of(at), self._calendar.day_of(self._clock.now())
        while day <= today:
            noticed = (_noticed(each) for each in self._visits.on(day))
            yield from (each for each in noticed if each is not None and each.at >= at)
            day += DAY


def _noticed(visit: Visit) -> Observation | None:
    if visit.state is State.MISSED:
        return _told(visit, Kind.VISIT_MISSED, visit.wanted.start_by)
    if visit.counts and visit.finished_at is not None:
        return _told(visit, Kind.VISITED, visit.finished_at)
    return None


def _told(visit: Visit, kind: Kind, at: datetime) -> Observation:
    wanted = visit.wanted
    return Observation(
        key=f"visit:{kind}:{visit.id}", kind=kind, home_id=wanted.home_id, resident_id=wanted.resident_id, at=at
    )
