"""
Keeps the table of days off as its files have it, and tells the people on watch while a year that is near is missing.

An administrator copies the year's file into the folder; it holds within ten minutes, without a restart.
"""

from collections.abc import Callable
from datetime import date

import structlog

from config.holiday_files import own_folder, reread
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.web.boards import Note
from dispatch.web.i18n import N_
from schedules.calendar import Calendar
from schedules.holidays import Holidays
from schedules.timetable import Periodic

EVERY_S = 600.0

FAULT_DAYS = 14
"""From so many days before its year begins a missing notice stands on the board as a fault."""

log = structlog.get_logger()

TellOnce = Callable[[str, str, str], None]
"""Tells every duty number something once: why, what, and the key by which a second time is known."""


class Almanac:
    """Looks at the files of days off, and at how near the end of the table is."""

    def __init__(
        self, table: Holidays, settings: Settings, clock: Clock, calendar: Calendar, *, tell: TellOnce
    ) -> None:  # fmt: skip
        self.table = table
        self._settings = settings
        self._clock = clock
        self._calendar = calendar
        self._tell = tell
        self._wrong: list[str] = []

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (Periodic(name="read_holidays", every_s=EVERY_S, work=self.check),)

    def check(self) -> None:
        """One look: files that are new or changed hold from now on, and a year that is missing is told of by day."""
        had = set(self.table.unpublished(self._today()))
        wrong = reread(self.table, own_folder(self._settings.duty.holidays, self._settings.home))
        for each in wrong:
            if each not in self._wrong:
                log.error("holidays_unread", place="duty.holidays", detail=each)
        self._wrong = wrong
        if came := sorted(had - set(self.table.unpublished(self._today()))):
            log.info("holidays_read", years=came)
        now = self._clock.now()
        if self._calendar.by_day(now) == now:
            for year, mark in self.table.to_tell(self._today()):
                self._tell("holidays_missing", str(year), f"holidays:{year}:{mark}")

    def notes(self) -> list[Note]:
        """What the strip of the board says of it."""
        text = N_("The days off of %(n)s are not on file: only weekdays are known")
        return [
            Note(text=text, count=year, fault=mark <= FAULT_DAYS, path="/roster")
            for year, mark in self.table.to_tell(self._today())
        ]

    def _today(self) -> date:
        return self._calendar.day_of(self._clock.now())
