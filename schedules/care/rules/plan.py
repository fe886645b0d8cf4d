"""
The care plan of a bed (照护计划): which visits it asks for on which days.

A plan is kept in versions; a version never changes. The one in force on a day is the newest that has begun by then:
what was decided last holds, so an urgent change is not undone by an older one that only begins later.

    lines ── a pattern of days ──► days ── holidays ──► days ── window ──► Wanted
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import takewhile

from dispatch.ids import CarerId, HomeId, ResidentId
from dispatch.rules.people import Person
from schedules.care.rules.visit import Source, Wanted

DAY = timedelta(days=1)
WEEK = 7

IsWorkday = Callable[[date], bool]


class Pattern(StrEnum):
    """How a line chooses its days."""

    WEEKDAYS = "weekdays"
    """`days` are weekdays, 0 Monday to 6 Sunday."""
    WEEKLY = "weekly"
    """`times` a week, spread evenly from Monday on: 2 are Monday and Thursday."""
    EVERY = "every"
    """Every `times` days, counted from `first_on`."""
    WORKDAYS = "workdays"
    """Whenever people work, worked weekends too."""
    MONTHDAYS = "monthdays"
    """`days` of the month; one that a month does not have is its last day, and two that meet there are one."""


class Holidays(StrEnum):
    """What becomes of a visit that falls on a public holiday: a Monday to Friday on which nobody works."""

    KEEP = "keep"
    SKIP = "skip"
    AFTER = "after"
    """On the next working day instead; where the line has a visit on that day anyway, that one is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    One kind of visit. It may begin from `start` on and has to by `by`, local times; a `by` before `start` is on the
    next day. `carers` must be in the room at once.
    """

    code: str
    """What the line is called within its plan; the same visit keeps it from version to version."""
    pattern: Pattern
    days: tuple[int, ...] = ()
    times: int = 0
    first_on: date | None = None
    start: time
    by: time
    minutes: int
    items: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    carers: int = 1
    usual: tuple[CarerId, ...] = ()
    medical: bool = False
    holidays: Holidays = Holidays.KEEP

    def __post_init__(self) -> None:
        assert 0 < self.minutes <= 24 * 60
        assert self.carers in {1, 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One version of a bed's plan. `from_on` is its first day, `why` what the change was for."""

    id: str
    bed_id: str
    version: int
    from_on: date
    made_at: datetime
    by: Person
    urgent: bool
    lines: tuple[Line, ...]
    not_with: tuple[CarerId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A bed that is in service on some day: who is visited, and where."""

    bed_id: str
    resident_id: ResidentId
    home_id: HomeId


def lacks(line: Line) -> str:
    """What a line's pattern still needs, empty when it is whole: the words of a refusal."""
    if line.pattern is Pattern.WEEKDAYS and not (line.days and set(line.days) <= set(range(WEEK))):
        return "Please choose weekdays."
    if line.pattern is Pattern.MONTHDAYS and not (line.days and set(line.days) <= set(range(1, 32))):
        return "Please enter days of the month from 1 to 31."
    if line.pattern is Pattern.WEEKLY and not 1 <= line.times <= WEEK:
        return "Please enter how often a week, from 1 to 7."
    if line.pattern is Pattern.EVERY and not (1 <= line.times <= 366 and line.first_on is not None):
        return "Please enter every how many days, and the first day."
    return ""


def takes_effect(made_on: date, *, urgent: bool, first: bool, change_by: int) -> date:
    """
    The first day of a version: for safety, or of the first plan, the day itself; else the next month's first where it
    was made by the `change_by`th, and the one's after where it was not (Shanghai's rule: the 20th, CARE-RULES 1.5,
    S58).
    """
    if urgent or first:
        return made_on
    next_ = _next_month(made_on)
    return next_ if made_on.day <= change_by else _next_month(next_)


def in_force(plans: Iterable[Plan], day: date) -> Plan | None:
    """The version that holds on this day."""
    return max((each for each in plans if each.from_on <= day), key=lambda each: each.version, default=None)


def falls_on(line: Line, day: date, is_workday: IsWorkday) -> bool:
    """Whether the line has a visit on this day, holidays considered."""
    if _is_holiday(day, is_workday):
        return line.holidays is Holidays.KEEP and _chosen(line, day, is_workday)
    if _chosen(line, day, is_workday):
        return True
    return line.holidays is Holidays.AFTER and is_workday(day) and any(
        _chosen(line, each, is_workday) for each in _holidays_before(day, is_workday)
    )  # fmt: skip


def wanted(plan: Plan, served: Served, day: date, *, zone: tzinfo, is_workday: IsWorkday) -> list[Wanted]:
    """The visits of one bed on one local day, in the order they begin."""
    found = [_wanted(plan, line, served, day, zone) for line in plan.lines if falls_on(line, day, is_workday)]
    return sorted(found, key=lambda each: (each.start_from, each.key))


def key_of(bed_id: str, code: str, day: date) -> str:
    """
    The key of a line's visit on a day. It names the bed and not the version: a change that leaves a line's days alone
    moves the visit that is planned already instead of wanting a second one.
    """
    return f"plan:{bed_id}:{code}:{day.isoformat()}"


def instants(day: date, start: time, by: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """
    A window of local times on a day, in UTC. A time that the clocks skip is read as the later instant; one that they
    show twice opens the window the first time and closes it the second.
    """
    until = day + DAY if by < start else day
    opens = datetime.combine(day, start, zone).astimezone(UTC)
    closes = datetime.combine(until, by, zone)
    return opens, max(opens, closes.astimezone(UTC), closes.replace(fold=1).astimezone(UTC))


def _wanted(plan: Plan, line: Line, served: Served, day: date, zone: tzinfo) -> Wanted:
    start_from, start_by = instants(day, line.start, line.by, zone)
    return Wanted(
        key=key_of(plan.bed_id, line.code, day), source=Source.PLAN, home_id=served.home_id,
        resident_id=served.resident_id, on=day, start_from=start_from, start_by=start_by, minutes=line.minutes,
        items=line.items, skills=frozenset(line.skills), carers=line.carers, medical=line.medical, usual=line.usual,
        not_with=plan.not_with,
    )  # fmt: skip


def _chosen(line: Line, day: date, is_workday: IsWorkday) -> bool:
    if line.pattern is Pattern.WEEKDAYS:
        return day.weekday() in line.days
    if line.pattern is Pattern.WEEKLY:
        return day.weekday() in spread(line.times)
    if line.pattern is Pattern.EVERY:
        passed = (day - line.first_on).days if line.first_on else -1
        return passed >= 0 and passed % line.times == 0
    if line.pattern is Pattern.WORKDAYS:
        return is_workday(day)
    last = (_next_month(day) - DAY).day
    return day.day in {min(each, last) for each in line.days}


def spread(times: int) -> list[int]:
    """So many weekdays of seven, as far from each other as they can be: 3 are Monday, Wednesday and Friday."""
    return [number * WEEK // times for number in range(times)]


def _is_holiday(day: date, is_workday: IsWorkday) -> bool:
    return day.weekday() < 5 and not is_workday(day)


def _holidays_before(day: date, is_workday: IsWorkday) -> Sequence[date]:
    """The holidays since the working day before this one, weekends between them passed over."""
    free = takewhile(lambda each: not is_workday(each), _back_from(day))
    return [each for each in free if _is_holiday(each, is_workday)]


def _back_from(day: date) -> Iterator[date]:
    # Nobody is on holiday for two months: a table that says so is wrong, and must not keep anybody waiting.
    return (day - number * DAY for number in range(1, 62))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
