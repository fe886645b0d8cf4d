"""
What a shift may not do to the person who stands it: be at two places, be on leave, go without rest.

    duty ──gap of `break_h` at most──► the same duty (a lunch)
         ──longer, but less than `rest_h`──► a clash: too little rest
         ──`rest_h` or more──► rested

Each clash names the shift it is with and both figures, so that it can be said in words. Whoever plans may go against
every one of them with a reason: a hole in the night is worse than a tired carer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from schedules.calendar import Calendar
from schedules.duty.rules.shifts import Shift, overlapping

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)

NIGHT = time(0), time(6)
NIGHT_MIN = timedelta(hours=3)
"""Duty for three hours or more between midnight and six is a night (three hours: directive 2003/88/EC, article 2)."""

AROUND = timedelta(days=35)
"""Shifts so far before and after a shift are looked at: longer than any limit in days."""


class Why(StrEnum):
    """What a shift clashes with."""

    OVERLAP = "overlap"
    ABSENT = "absent"
    REST = "rest"
    DAY = "day"
    WEEK = "week"
    DAYS = "days"
    NIGHTS = "nights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What people are owed; 0 switches a limit off. Hours between two duties, of a break within one, on one local day,
    in one local week (Monday to Sunday); days and nights in a row.
    """

    rest_h: int = 0
    break_h: int = 0
    day_h: int = 0
    week_h: int = 0
    days_in_row: int = 0
    nights_in_row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Time for which a carer is absent, [start_at, end_at), and why (`sick`)."""

    kind: str
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """
    One reason against a shift. `other` is the shift it clashes with, where there is one; `found` and `limit` are hours,
    or days in a row; `day` is the local day meant, or the first of the week.
    """

    why: Why
    shift: Shift
    other: Shift | None = None
    away: Away | None = None
    found: float = 0
    limit: int = 0
    day: date | None = None


def clashes(
    new: Shift, others: Iterable[Shift], away: Iterable[Away], *, limits: Limits, calendar: Calendar
) -> list[Clash]:
    """
    Everything that speaks against `new`, the gravest first; nothing that was wrong without it.

    `others` may be anybody's and may hold `new` as it was before: only its carer's other shifts count.
    """
    mine = sorted(
        (each for each in others if each.carer_id == new.carer_id and each.id != new.id),
        key=lambda each: (each.start_at, each.id),
    )
    found = [Clash(why=Why.OVERLAP, shift=new, other=each) for each in overlapping(new, mine)]
    found += [
        Clash(why=Why.ABSENT, shift=new, away=each) for each in away
        if each.start_at < new.end_at and new.start_at < each.end_at
    ]  # fmt: skip
    found += _rest(new, mine, limits)
    found += _hours(new, mine, limits, calendar)
    found += _row(new, mine, Why.DAYS, limits.days_in_row, calendar)
    found += _row(new, mine, Why.NIGHTS, limits.nights_in_row, calendar)
    return found


def _rest(new: Shift, mine: Sequence[Shift], limits: Limits) -> list[Clash]:
    """Too short between this duty and the one before or after it; what touches or is a break apart is one duty."""
    if not limits.rest_h:
        return []
    before = max((each for each in mine if each.end_at < new.start_at), key=lambda each: each.end_at, default=None)
    after = min((each for each in mine if each.start_at > new.end_at), key=lambda each: each.start_at, default=None)
    gaps = [(before, new.start_at - before.end_at)] if before else []
    gaps += [(after, after.start_at - new.end_at)] if after else []
    return [
        Clash(why=Why.REST, shift=new, other=other, found=_h(gap), limit=limits.rest_h)
        for other, gap in gaps if limits.break_h * _HOUR < gap < limits.rest_h * _HOUR
    ]  # fmt: skip


def _hours(new: Shift, mine: Sequence[Shift], limits: Limits, calendar: Calendar) -> list[Clash]:
    """Too many hours on a local day, or in a local week, that this shift has part in."""
    days = _days_of(new, calendar)
    found = [_sum(new, mine, Why.DAY, limits.day_h, calendar, day, day + _DAY) for day in days]
    mondays = sorted({each - timedelta(days=each.weekday()) for each in days})
    found += [_sum(new, mine, Why.WEEK, limits.week_h, calendar, each, each + 7 * _DAY) for each in mondays]
    return [each for each in found if each is not None]


def _sum(
    new: Shift, mine: Sequence[Shift], why: Why, limit: int, calendar: Calendar, first: date, until: date
) -> Clash | None:
    start, end = calendar.start_of(first), calendar.start_of(until)
    there = [each for each in mine if _within(each, start, end)]
    worked = sum((_within(each, start, end) for each in there), _within(new, start, end))
    if not limit or worked <= limit * _HOUR:
        return None
    nearest = min(there, key=lambda each: abs(each.start_at - new.start_at), default=None)
    return Clash(why=why, shift=new, other=nearest, found=_h(worked), limit=limit, day=first)


def _row(new: Shift, mine: Sequence[Shift], why: Why, limit: int, calendar: Calendar) -> list[Clash]:
    """Too many days or nights one after the other, this shift's among them."""
    marks = _nights_of if why is Why.NIGHTS else _first_day_of
    known = {day: each for each in mine for day in marks(each, calendar)}
    own = marks(new, calendar)
    if not limit or not own or all(day in known for day in own):
        return []
    days = {*known, *own}
    first, last = _run(days, own[0])
    length = (last - first).days + 1
    if length <= limit:
        return []
    other = known.get(first) or known.get(last)
    return [Clash(why=why, shift=new, other=other, found=length, limit=limit, day=first)]


def _run(days: set[date], day: date) -> tuple[date, date]:
    """The unbroken run of days around one of them."""
    first = last = day
    while first - _DAY in days:
        first -= _DAY
    while last + _DAY in days:
        last += _DAY
    return first, last


def _first_day_of(shift: Shift, calendar: Calendar) -> list[date]:
    return [calendar.day_of(shift.start_at)]


def _nights_of(shift: Shift, calendar: Calendar) -> list[date]:
    """The local days in whose first six hours the shift has three or more."""
    return [day for day in _days_of(shift, calendar) if _of_night(shift, day, calendar) >= NIGHT_MIN]


def _of_night(shift: Shift, day: date, calendar: Calendar) -> timedelta:
    return _within(shift, calendar.instant(day, NIGHT[0]), calendar.instant(day, NIGHT[1]))


def _days_of(shift: Shift, calendar: Calendar) -> list[date]:
    """The local days a shift has part in; `end_at` itself is not in it."""
    first, last = calendar.day_of(shift.start_at), calendar.day_of(shift.end_at - timedelta(microseconds=1))
    return [first + number * _DAY for number in range((last - first).days + 1)]


def _within(shift: Shift, start: datetime, end: datetime) -> timedelta:
    """How much of the shift lies in [start, end)."""
    return max(min(shift.end_at, end) - max(shift.start_at, start), timedelta())


def _h(length: timedelta) -> float:
    """Hours, to a tenth, for people to read."""
    return round(length / _HOUR, 1)
