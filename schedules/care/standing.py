"""How beds stand against their month's duty: counted from the proved visits whenever somebody looks, and at night."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from dispatch.clock import Clock
from dispatch.ids import ResidentId
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.plans import CarePlans
from schedules.care.rules.bed import Bed
from schedules.care.rules.items import ServiceList
from schedules.care.rules.month import (
    GRAVITY,
    UNIT,
    Asked,
    Course,
    Duty,
    Standing,
    count,
    counting,
    months_of,
    stand,
    still_to_come,
    tell,
)
from schedules.care.rules.standard import Number
from schedules.care.rules.visit import Proved, Wanted
from schedules.care.store.beds import Beds, Steps
from schedules.care.store.standings import Standings

DAY = timedelta(days=1)
PIECE = 50
"""Beds counted in one turn of the round."""

Others = Callable[[ResidentId, date], Mapping[str, Number]]
"""What visits do not show of a month (its first day is told): `satisfaction`, `min_daily_remote_rounds`."""


class Visits(Protocol):
    """Where proved visits come from."""

    def proved(self, resident_id: ResidentId, start: date, end: date, /) -> Sequence[Proved]:
        """A resident's visits of the local days [start, end) that count."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A bed's month: how it stood, and the national count of the year up to its end (thirty visits are one 人次)."""

    bed: Bed
    month: date
    duty: Duty
    standing: Standing
    year_visits: int
    asked: Asked
    """What it was counted from."""

    @property
    def units(self) -> int:
        return self.year_visits // UNIT

    def held_to(self, numbers: Mapping[str, Number]) -> "Statement":
        """The same month against these numbers of a standard in place of the bed's own; nothing is read again."""
        duty = replace(self.duty, numbers=numbers, known=True)
        asked = replace(self.asked, duty=duty)
        return replace(self, duty=duty, asked=asked, standing=stand(asked))


class Months:
    """Counts months. Nothing here is kept but how each bed stood last, for the list."""

    def __init__(
        self, transactions: Transactions, reading: Reading, calendar: Calendar, clock: Clock, *, plans: CarePlans,
        visits: Visits, duties: Mapping[str, Duty], items: ServiceList, day_minutes_max: int, others: Others,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._calendar = calendar
        self._clock = clock
        self._plans = plans
        self._visits = visits
        self._duties = duties
        self._items = items
        self._day_minutes_max = day_minutes_max
        self._others = others
        self._failed: set[str] = set()

    def now(self) -> datetime:
        return self._clock.now()

    def this_month(self) -> date:
        """The first day of the month that it is."""
        return self._calendar.day_of(self._clock.now()).replace(day=1)

    def statement(self, name: str, month: date, area: Area) -> Statement:
        """
        A bed's month, whichever day of it is told.

        Raises:
            NotFound: no such bed in this area.
        """
        with self._reading.connect() as connection:
            bed = Beds(connection).get(name, area)
            stretches = Steps(connection).stretches(bed.id)
            elsewhere = Steps(connection).elsewhere(bed)
        days = _days(month)
        first = days[0].replace(month=1, day=1)
        year = [first + number * DAY for number in range(366)]
        year = [each for each in year if each.year == month.year and each <= days[-1]]
        proved = list(self._visits.proved(bed.resident_id, year[0], days[-1] + DAY))
        duty = self._duties.get(bed.standard) or Duty(id=bed.standard, title=bed.standard, numbers={}, known=False)
        own = replace(self._asked(bed, days, [each for each in proved if each.on in set(days)]), duty=duty,
                      stretches=stretches, elsewhere=elsewhere)  # fmt: skip
        return Statement(
            bed=bed, month=days[0], duty=duty, standing=stand(own), asked=own,
            year_visits=count(tell(counting(proved, year, stretches, elsewhere))).visits,
        )  # fmt: skip

    def _asked(self, bed: Bed, days: Sequence[date], proved: Sequence[Proved]) -> Asked:
        now = self._clock.now()
        today = self._calendar.day_of(now)
        return Asked(
            days=days, today=today, proved=proved, basic=self._items.basic,
            coming=self._coming(bed, [each for each in days if each >= today], proved, now),
            others=self._facts(bed, days[0]), day_minutes_max=self._day_minutes_max,
        )  # fmt: skip

    def _coming(self, bed: Bed, days: Sequence[date], proved: Sequence[Proved], now: datetime) -> list[Wanted]:
        wanted = self._plans.between(days, bed.id)
        return [
            each
            for day in days
            for each in still_to_come(
                [one for one in wanted if one.on == day], [one for one in proved if one.on == day], now
            )
        ]

    def _facts(self, bed: Bed, month: date) -> dict[str, Number]:
        found = dict(self._others(bed.resident_id, month))
        if bed.agreed_from is not None and bed.agreed_until is not None:
            found["contract_months"] = months_of(bed.agreed_from, bed.agreed_until)
        return found

    # ------------------------------------------------------------------------------------------- by itself

    def round(self) -> None:
        """Counts the beds again that were not counted for longest, and says which of them will not make it."""
        month, now = self.this_month(), self._clock.now()
        with self._reading.connect() as connection:
            ids = Standings(connection).stalest(
                _days(month), before=now - timedelta(hours=1), most=PIECE + len(self._failed)
            )
        # One that could not be counted the last time comes last, so that it keeps no other waiting.
        for bed_id in sorted(ids, key=lambda each: each in self._failed)[:PIECE]:
            self._failed.add(bed_id)
            course = self.statement(bed_id, month, DISTRICT).standing.course
            self._transactions.run(_keeping(bed_id, month, course), lane=Lane.BULK)
            self._failed.discard(bed_id)


def _keeping(bed_id: str, month: date, course: Course) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        name = f"{month:%Y-%m}"
        before = Standings(tx.connection).keep(bed_id, name, course.value, tx.now)
        known = Course(before[1]) if before and before[0] == name else Course.MET
        if GRAVITY[course] > GRAVITY[known] and course in {Course.NEEDS_MORE, Course.LOST}:
            resident = Beds(tx.connection).get(bed_id, DISTRICT).resident_id
            facts = {"bed": bed_id, "resident": resident, "month": name, "course": course.value}
            tx.log(Line(kind="bed_behind", by=SERVICE, facts=facts))

    return work


def _days(month: date) -> list[date]:
    first = month.replace(day=1)
    return [each for each in (first + number * DAY for number in range(31)) if each.month == first.month]
