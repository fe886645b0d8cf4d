"""
Days off and worked weekends, as the State Council publishes them each autumn for the year after; lunar festivals.

What is not published cannot be known: then weekdays count as workdays, `is_published` says so, and pages warn. Nothing
here ever raises for a day nobody knows: it is asked in the middle of an alarm or at a till.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5
AHEAD = timedelta(days=60)
"""A year that is not published is warned of so long before it begins: the notice is out by mid-November."""

MARKS = (60, 30, 14, 7, 1, 0)
"""So many days before a year begins the people on watch are told that it is not there; 0 is from its first day on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """One holiday: its name (`spring_festival`), its days off, first and last, and the weekend days worked for it."""

    name: str
    first: date
    last: date
    worked: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        assert self.first <= self.last
        assert all(each.weekday() >= SATURDAY for each in self.worked), "only weekend days are worked for a holiday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One year as its notice (`source`) has it; empty where none is out yet. `festivals` are lunar, by name."""

    number: int
    source: str = ""
    holidays: tuple[Holiday, ...] = ()
    festivals: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What is special about a day: the holiday's name, and whether it is worked for it instead of off."""

    name: str
    is_worked: bool


class Holidays:
    """The table of all years that are known. It may be renewed while others ask it."""

    def __init__(self, years: Iterable[Year] = ()) -> None:
        self._years: Mapping[int, Year] = {}
        self._days: Mapping[date, About] = {}
        self.renew(years)

    def renew(self, years: Iterable[Year]) -> None:
        """These are all years that are known from now on."""
        self._years = {each.number: each for each in years}
        all_ = [each for year in self._years.values() for each in year.holidays]
        off = {day: About(each.name, False) for each in all_ for day in _days(each.first, each.last)}
        self._days = off | {day: About(each.name, True) for each in all_ for day in each.worked}
        told = sorted(f"{day} {about.is_worked}" for day, about in self._days.items())
        self.mark = hashlib.sha256("\n".join(told).encode()).hexdigest()
        """The same as long as the same days are off, and worked."""

    @property
    def years(self) -> list[Year]:
        """All years that are known, by whatever source."""
        return list(self._years.values())

    def is_workday(self, day: date) -> bool:
        """Whether offices work on this local day; by the weekday alone where nothing is published."""
        about = self._days.get(day)
        return about.is_worked if about is not None else day.weekday() < SATURDAY

    def about(self, day: date) -> About | None:
        """The holiday this day belongs to, off or worked; None of any other day."""
        return self._days.get(day)

    def is_published(self, year: int) -> bool:
        """Whether the notice for this year is in the table; without it only weekdays are known."""
        return year in self._years and bool(self._years[year].source)

    def source(self, year: int) -> str:
        """The notice the year's days come from; empty where there is none."""
        return self._years[year].source if year in self._years else ""

    def holidays(self, year: int) -> tuple[Holiday, ...]:
        """The holidays of a year in their order; empty where nothing is published."""
        return self._years[year].holidays if year in self._years else ()

    def festivals(self, year: int) -> Mapping[str, date]:
        """Lunar festivals by name (`spring_festival`, `lantern`, `dragon_boat`, `mid_autumn`, `chongyang`)."""
        return self._years[year].festivals if year in self._years else {}

    def is_off(self, day: date) -> bool:
        """Whether it is a day off of a holiday, and no mere weekend."""
        about = self._days.get(day)
        return about is not None and not about.is_worked

    def beginning(self, start: date, end: date) -> list[tuple[str, date, date]]:
        """Name, first and last day off of each holiday that begins within `[start, end)`, in their order."""
        found = (each for year in self._years.values() for each in year.holidays if start <= each.first < end)
        return sorted(((each.name, each.first, each.last) for each in found), key=lambda each: each[1])

    def unpublished(self, today: date) -> list[int]:
        """Years that matter now or soon and of which only the weekdays are known."""
        return [year for year in sorted({today.year, (today + AHEAD).year}) if not self.is_published(year)]

    def to_tell(self, today: date) -> list[tuple[int, int]]:
        """Each year that is not published and near, with the mark of `MARKS` that was reached last."""
        return [
            (year, min(mark for mark in MARKS if (date(year, 1, 1) - today).days <= mark))
            for year in self.unpublished(today)
        ]  # fmt: skip

    def workdays(self, first: date, until: date) -> int:
        """How many workdays [first, until) has."""
        return sum(self.is_workday(each) for each in _days(first, until - timedelta(days=1)))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
