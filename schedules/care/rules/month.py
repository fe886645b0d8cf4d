"""
A bed's month against its duty: what is done, what is still planned, what nothing is planned for yet, and whether the
duty can still be reached. Counted all month, day by day, from the proved visits alone.

* Minutes belong to the day on which the visit began, also those after midnight.
* Two carers at once are one visit: of visits that share time, each minute counts once for the resident, and one that
  shares more than half of its own time is no further visit. What it did (items, medical) counts all the same.
* A day is owed from the first day of service on, up to the day before a suspension or the end. Visits of that last day
  itself still count.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from schedules.care.rules.standard import DUTIES, Number, fails
from schedules.care.rules.visit import Proved, Wanted

DAY = timedelta(days=1)
UNIT = 30
"""「为每位老人提供满30次上门服务为1人次」: thirty visits to one person are one 人次 (CARE-RULES 0.2, S37)."""


class Course(StrEnum):
    """How a duty stands, from good to bad."""

    MET = "met"
    ON_COURSE = "on_course"
    """What is planned suffices."""
    UNKNOWN = "unknown"
    """Nobody has written it down yet."""
    NEEDS_MORE = "needs_more"
    """What is planned does not suffice; with more it can still be reached."""
    LOST = "lost"
    """The rest of the month cannot make it good any more."""


GRAVITY: Mapping[Course, int] = {course: place for place, course in enumerate(Course)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """The standard a bed is held to. `numbers` has the keys of `DUTIES`; `prorated`: short months owe a share."""

    id: str
    title: str
    numbers: Mapping[str, Number]
    prorated: bool = False
    source: str = ""
    known: bool = True
    """False where the standard cannot be read: nobody can say then that a month fulfils it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A bed in service from this day on; `until_on` is the first day on which it was not, None while it is."""

    from_on: date
    until_on: date | None = None

    def owes(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or day < self.until_on)

    def counts(self, day: date) -> bool:
        return self.owes(day) or self.from_on < day == self.until_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day: whether it is owed, what was done and what is still planned."""

    on: date
    owed: bool
    visits: int = 0
    minutes: int = 0
    planned_visits: int = 0
    planned_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One proved visit as it counts: its fresh minutes, and whether it is a visit of its own."""

    visit: Proved
    minutes: int
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the proved visits of a month come to."""

    visits: int
    minutes: int
    medical: int
    items: frozenset[str]
    by_day: Mapping[date, tuple[int, int]]
    """Visits and minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One duty of the standard: `need`, `done`, `planned` and `missing` in its own unit, hours as fractions."""

    name: str
    need: Fraction
    done: Fraction | None
    planned: Fraction
    missing: Fraction
    course: Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a bed stands against its month's duty. `fails` is what a month that ended now would have failed."""

    points: Sequence[Point]
    days: Sequence[Day]
    told: Sequence[Told]
    counted: Counted
    owed: int
    fails: Sequence[str]

    @property
    def course(self) -> Course:
        """The worst of all; a month that owes nothing is met."""
        return max((each.course for each in self.points), key=GRAVITY.__getitem__, default=Course.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    Everything that a standing depends on. `today` is the first day that is not over; `others` are facts that visits do
    not show (contract_months, satisfaction, min_daily_remote_rounds); `day_minutes_max` is what a day can hold at most.
    """

    days: Sequence[date]
    today: date
    proved: Sequence[Proved]
    stretches: Sequence[Stretch] = ()
    duty: Duty = Duty(id="", title="", numbers={})
    coming: Sequence[Wanted] = ()
    elsewhere: Sequence[Stretch] = ()
    """When another bed of the same resident was in service."""
    basic: Collection[str] | None = ()
    """None where nobody knows which items are basic ones."""

    others: Mapping[str, Number] = field(default_factory=dict)
    day_minutes_max: int = 480


def tell(proved: Sequence[Proved]) -> list[Told]:
    """The visits in the order they began, each minute of the resident counted once; see the head of this module."""
    told: list[Told] = []
    covered: datetime | None = None
    for each in sorted(proved, key=lambda each: (each.begun_at, each.finished_at, each.visit_id)):
        begun = max(each.begun_at, min(covered or each.begun_at, each.finished_at))
        own = (begun - each.begun_at) * 2 <= each.finished_at - each.begun_at
        told.append(Told(visit=each, minutes=int((each.finished_at - begun).total_seconds()) // 60, own=own))
        covered = max(covered or each.finished_at, each.finished_at)
    return told


def count(told: Sequence[Told]) -> Counted:
    """What they come to together."""
    by_day: dict[date, tuple[int, int]] = {}
    for each in told:
        visits, minutes = by_day.get(each.visit.on, (0, 0))
        by_day[each.visit.on] = (visits + each.own, minutes + each.minutes)
    return Counted(
        visits=sum(each.own for each in told), minutes=sum(each.minutes for each in told),
        medical=sum(each.visit.medical for each in told), by_day=by_day,
        items=frozenset(item for each in told for item in each.visit.items),
    )  # fmt: skip


def still_to_come(wanted: Sequence[Wanted], proved: Sequence[Proved], now: datetime) -> list[Wanted]:
    """
    Of the visits wanted on one day those that can still take place: not over by the clock, and not done. A proved visit
    takes the wanted one whose window is nearest to its beginning.
    """
    left = list(wanted)
    for each in sorted(proved, key=lambda each: each.begun_at):
        if left:
            left.remove(min(left, key=lambda plan: (abs(plan.start_from - each.begun_at), plan.key)))
    return [each for each in left if each.start_by + timedelta(minutes=each.minutes) > now]


def stand(asked: Asked) -> Standing:
    """How the month stands."""
    owed = [day for day in asked.days if any(each.owes(day) for each in asked.stretches)]
    told = tell(counting(asked.proved, asked.days, asked.stretches, asked.elsewhere))
    counted = count(told)
    days = [_day(day, day in owed, counted, asked.coming) for day in asked.days]
    numbers = _numbers(asked.duty, len(owed), len(asked.days))
    facts = _facts(numbers, counted, owed, asked)
    month = _Month(days=days, facts=facts, counted=counted, asked=asked)
    points = [_point(key, numbers[key], month) for key in DUTIES if key in numbers] if owed else []
    failed = fails(numbers, facts) if owed else []
    if owed and not asked.duty.known:
        points, failed = [_UNKNOWN], [_UNKNOWN.name]
    return Standing(points=points, days=days, told=told, counted=counted, owed=len(owed), fails=failed)


def counting(
    proved: Sequence[Proved], days: Sequence[date], stretches: Sequence[Stretch], others: Sequence[Stretch] = ()
) -> list[Proved]:
    """
    Those of the visits that lie on days on which the bed was in service. The day on which one bed of a resident ends
    and another begins (`others`) belongs to the one that begins: no visit counts for two.
    """
    held = {day for day in days if any(each.counts(day) for each in stretches)}
    theirs = {
        day for day in held
        if not any(each.owes(day) for each in stretches) and any(each.owes(day) for each in others)
    }  # fmt: skip
    return [each for each in proved if each.on in held - theirs]


def months_of(first: date, last: date) -> int:
    """Whole months of an agreement from its first to its last day: 1 January to 31 March are three."""
    end = last + DAY
    return max(0, (end.year - first.year) * 12 + end.month - first.month - (end.day < first.day))


def _day(day: date, owed: bool, counted: Counted, coming: Sequence[Wanted]) -> Day:
    visits, minutes = counted.by_day.get(day, (0, 0))
    mine = [each.minutes for each in coming if each.on == day] if owed else []
    return Day(on=day, owed=owed, visits=visits, minutes=minutes, planned_visits=len(mine), planned_minutes=sum(mine))


def _numbers(duty: Duty, owed: int, days: int) -> dict[str, Number]:
    """What this month owes: the whole, or its share where the standard says so."""
    share = Fraction(owed, days) if duty.prorated else Fraction(1)
    monthly = {"hours_per_month_min", "medical_visits_per_month_min"}
    return {key: Fraction(value) * share if key in monthly else value for key, value in duty.numbers.items()}


def _facts(numbers: Mapping[str, Number], counted: Counted, owed: Sequence[date], asked: Asked) -> dict[str, Number]:
    a_day = int(numbers.get("visits_per_day_min", 1))
    by_day = [counted.by_day.get(day, (0, 0)) for day in owed]
    return {
        **asked.others,
        "days": len(owed),
        # Where several visits a day are asked for, a day counts as many as it had of them.
        "days_with_visit": sum(min(visits, a_day) for visits, _ in by_day),
        "min_daily_minutes": min((minutes for _, minutes in by_day), default=0),
        "hours": Fraction(counted.minutes, 60),
        "medical_visits": counted.medical,
        **({} if asked.basic is None else {"basic_items": len(counted.items & set(asked.basic))}),
    }


_UNKNOWN = Point(
    name="standard", need=Fraction(1), done=None, planned=Fraction(), missing=Fraction(1), course=Course.UNKNOWN
)
"""The one point of a month whose standard cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """What the points of one standing share."""

    days: Sequence[Day]
    facts: Mapping[str, Number]
    counted: Counted
    asked: Asked

    @property
    def open(self) -> list[Day]:
        """The owed days that are not over."""
        return [day for day in self.days if day.owed and day.on >= self.asked.today]

    @property
    def coming(self) -> list[Wanted]:
        """What is planned on them."""
        open_ = {day.on for day in self.open}
        return [each for each in self.asked.coming if each.on in open_]


def _point(key: str, number: Number, month: _Month) -> Point:
    name, need = DUTIES[key][0], Fraction(number)
    if key in {"visits_per_day_min", "minutes_per_day_min"}:
        return _daily(name, need, month.days, month.asked.today, minutes=key.startswith("minutes"))
    fact = {"remote_rounds": "min_daily_remote_rounds"}.get(name, name)
    if fact not in month.facts:
        return Point(name=name, need=need, done=None, planned=Fraction(), missing=need, course=Course.UNKNOWN)
    done, planned = Fraction(month.facts[fact]), _planned(name, month)
    missing = max(Fraction(), need - done - planned)
    course = _course(need, done, planned, _room(name, month))
    return Point(name=name, need=need, done=done, planned=planned, missing=missing, course=course)


def _daily(name: str, need: Fraction, days: Sequence[Day], today: date, *, minutes: bool) -> Point:
    """A duty of every day: in days that have it, will have it, have nothing planned for it, or are lost."""
    owed = [day for day in days if day.owed]
    done = [day for day in owed if (day.minutes if minutes else day.visits) >= need]
    coming = [
        day for day in owed
        if day not in done and day.on >= today
        and (day.minutes + day.planned_minutes if minutes else day.visits + day.planned_visits) >= need
    ]  # fmt: skip
    lost = any(day not in done for day in owed if day.on < today)
    missing = len(owed) - len(done) - len(coming)
    course = Course.LOST if lost else Course.NEEDS_MORE if missing else Course.ON_COURSE if coming else Course.MET
    return Point(
        name=name, need=Fraction(len(owed)), done=Fraction(len(done)), planned=Fraction(len(coming)),
        missing=Fraction(missing), course=course,
    )  # fmt: skip


def _planned(name: str, month: _Month) -> Fraction:
    coming = month.coming
    if name == "hours":
        return Fraction(sum(each.minutes for each in coming), 60)
    if name == "medical_visits":
        return Fraction(sum(each.medical for each in coming))
    if name == "basic_items":
        fresh = {item for each in coming for item in each.items} - month.counted.items
        return Fraction(len(fresh & set(month.asked.basic or ())))
    return Fraction()


def _room(name: str, month: _Month) -> Fraction:
    """How much the rest of the month can hold at most, planned or not."""
    if name == "hours":
        spare = [month.asked.day_minutes_max - day.minutes for day in month.open]
        return Fraction(sum(max(0, each) for each in spare), 60)
    if name == "remote_rounds":
        return Fraction()  # The least of all days: a day that is over stays as it was.
    if name == "contract_months":
        return _ANY_NUMBER  # An agreement can be prolonged whenever it is.
    return _ANY_NUMBER if month.open else Fraction()


_ANY_NUMBER = Fraction(10**6)


def _course(need: Fraction, done: Fraction, planned: Fraction, room: Fraction) -> Course:
    if done >= need:
        return Course.MET
    if done + planned >= need:
        return Course.ON_COURSE
    return Course.NEEDS_MORE if done + room >= need else Course.LOST
