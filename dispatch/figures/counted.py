"""
The reports that people ask for: counted when first asked, kept while nothing that they tell of has changed.

One count at a time, whoever asks: figures never take more than one thread from the rest. What is kept waits for no
count. What is not counted in time for a page (the trend of a year, at the first look) is counted behind it and stands
there at the next look.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Invalid
from dispatch.rules.figures.calls import DUPLICATE_US, Call
from dispatch.rules.figures.counting import Limits, month_bounds, us_of
from dispatch.rules.figures.report import Asked, Report, Sums, is_mine, report
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import Engine
from dispatch.store.figures import Head, Touched, gather, head_of, touched

REPORTS_MAX = 400
"""Reports kept in memory: a year for thirty kinds of areas; each is a few hundred kilobytes at the most."""

MONTHS_MAX = 2
"""Months whose calls are kept one by one, for lists and for further areas; fifty thousand calls are about 25 MB."""

LOOK_BACK_US = timedelta(days=62) // timedelta(microseconds=1)
"""An answer to something older than this (a home asked after, a call) leaves an older month as it was counted."""

TURN_S = 0.05
"""Between two months that are counted behind a page, so that somebody who asks for another comes first."""

TREND_S = 1.0
"""So long a page waits for the months of a trend."""

QUICK_S = TREND_S / 4
"""A page counts months of its trend itself only where one takes no longer; of a large record all are counted behind."""

YEAR = 12
"""Months of a trend."""

READY_S = 1.0
"""After so long no further month is counted before anybody asks: one or two a turn of a large record, else all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    head: Head
    calls: Sequence[Call]
    sums: Sums


class Figures:
    """Counts and keeps. Safe to use from several threads."""

    def __init__(self, reading: Engine, *, zone: tzinfo, limits: Limits, clock: Clock) -> None:
        """`zone` is the district's."""
        self._reading = reading
        self.zone = zone
        self.limits = limits
        self._clock = clock
        self._counting = threading.Lock()
        self._kept = threading.RLock()
        self._turn = threading.Event()  # Never set: waiting for it lets whoever asks have their turn.
        self._reports: OrderedDict[tuple[str, Area], Report] = OrderedDict()
        self._months: OrderedDict[str, _Month] = OrderedDict()
        self._looked = 0
        self._took_s = 0.0
        self._behind: threading.Thread | None = None

    # ------------------------------------------------------------------------------------------- months

    def this_month(self) -> str:
        """The local month of now, like 2026-11."""
        return f"{self._clock.now().astimezone(self.zone):%Y-%m}"

    def last_month(self) -> str:
        """The local month before this."""
        return before(self.this_month())

    def is_over(self, month: str) -> bool:
        return self.bounds(month)[1] <= us_of(self._clock.now())

    def bounds(self, month: str) -> tuple[int, int]:
        """
        The month in microseconds since 1970.

        Raises:
            Invalid: it is not written like 2026-11.
        """
        try:
            return month_bounds(month, self.zone)
        except (ValueError, OverflowError):
            raise Invalid("A month is written like 2026-11.", {"query": {"month": ["like 2026-11"]}}) from None

    # ------------------------------------------------------------------------------------------- reports

    def report(self, month: str, area: Area) -> Report:
        """
        The figures of a month for these stations, with the head of the record by which they were counted.

        Raises:
            Invalid: no such month.
        """
        self.bounds(month)
        known = self._known(month, area)
        if known is not None:
            return known
        with self._counting:
            known = self._known(month, area)
            if known is not None:
                return known
            counted = self._month(month)
            asked = Asked(month=month, limits=self.limits, zone=self.zone, area=area)
            made = report(asked, counted.calls, counted.sums, counted.head)
            with self._kept:
                # Where something came meanwhile that changes the month, this was right when it was asked for.
                if self._months.get(month) is counted:
                    self._reports[month, area] = made
                    _shrink(self._reports, REPORTS_MAX)
            return made

    def _known(self, month: str, area: Area) -> Report | None:
        """What is kept and still right."""
        with self._kept:
            self._forget_changed()
            if (month, area) in self._reports:
                self._reports.move_to_end((month, area))
            return self._reports.get((month, area))

    def keep_ready(self) -> None:
        """
        Counts last month, then those of its trend, before anybody asks, so that nobody waits for them. Called now and
        then.
        """
        last = self.last_month()
        until_s = self._clock.look().steady_s + READY_S
        self.report(last, DISTRICT)
        for month in _year_to(last):
            if (month, DISTRICT) in self._reports:
                continue
            if self._clock.look().steady_s >= until_s:
                return
            self.report(month, DISTRICT)
            with self._kept:
                # Its calls, one by one, are what people look at next; those of older months make room.
                if last in self._months:
                    self._months.move_to_end(last)

    def calls(self, month: str, area: Area) -> list[Call]:
        """The calls of a month that count, for the lists behind the numbers. Raises: as `report`."""
        self.bounds(month)
        with self._kept:
            self._forget_changed()
            known = self._months.get(month)
        if known is None:
            with self._counting:
                known = self._month(month)
        return [each for each in known.calls if each.counts and is_mine(each, area)]

    def trend(self, month: str, area: Area, months: int = YEAR) -> list[tuple[str, Report | None]]:
        """
        The months up to this one, oldest first; None for one that is still being counted.

        Raises:
            Invalid: no such month.
        """
        self.bounds(month)
        wanted = _year_to(month, months)
        until = self._clock.look().steady_s + (TREND_S if self._took_s <= QUICK_S else 0.0)
        found: list[tuple[str, Report | None]] = []
        for each in wanted:
            known = (each, area) in self._reports or each == month or self._clock.look().steady_s < until
            found.append((each, self.report(each, area) if known else None))
        left = [each for each, told in found if told is None]
        if left:
            self._count_behind(left, area)
        return found[::-1]

    def _month(self, month: str) -> _Month:
        """The calls of a month, counted where they are not kept; by whoever may count."""
        with self._kept:
            self._forget_changed()
            known = self._months.get(month)
            if known is not None:
                self._months.move_to_end(month)
                return known
        began_s = self._clock.look().steady_s
        with self._reading.connect() as connection:
            head = head_of(connection)
        calls, tallying = gather(self._reading, self.bounds(month), head[0])
        counted = _Month(head=head, calls=calls, sums=tallying.sums())
        self._took_s = self._clock.look().steady_s - began_s
        with self._kept:
            self._months[month] = counted
            # What came while it was counted is looked at once more before this is answered again.
            self._looked = min(self._looked, head[0])
            _shrink(self._months, MONTHS_MAX)
        return counted

    def _forget_changed(self) -> None:
        """Drops what later entries may have changed; what is kept is right by the head that stands in it."""
        with self._reading.connect() as connection:
            head, _ = head_of(connection)
            changed = touched(connection, self._looked, head) if self._reports or self._months else []
        self._looked = head
        if any(each.paper for each in changed):
            self._months.clear()
            self._reports.clear()
            return
        for month in {each for each, _ in self._reports} | set(self._months):
            if any(self._concerns(each, month) for each in changed):
                self._months.pop(month, None)
                for key in [key for key in self._reports if key[0] == month]:
                    del self._reports[key]

    def _concerns(self, change: Touched, month: str) -> bool:
        """A call may make the next one of its person a duplicate, and an answer belong to something asked before."""
        start_us, end_us = self.bounds(month)
        return start_us - DUPLICATE_US <= change.at < end_us + (LOOK_BACK_US if change.answer else 0)

    def _count_behind(self, months: Sequence[str], area: Area) -> None:
        if self._behind is not None and self._behind.is_alive():
            return

        def work() -> None:
            # Should it fail, the next look at the page tries again; nobody waits for this.
            for month in months:
                self.report(month, area)
                self._turn.wait(TURN_S)

        self._behind = threading.Thread(target=work, name="figures", daemon=True)
        self._behind.start()


def before(month: str) -> str:
    """The month before: 2025-12 before 2026-01."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1):04}-{(number - 2) % 12 + 1:02}"


def _year_to(month: str, months: int = YEAR) -> list[str]:
    """This month and those before it, the newest first."""
    found = [month]
    while len(found) < months:
        found.append(before(found[-1]))
    return found


def after(month: str) -> str:
    """The month after: 2026-01 after 2025-12."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + (number == 12):04}-{number % 12 + 1:02}"


def _shrink(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
