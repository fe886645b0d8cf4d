"""Everybody whom the pages and the interface of duty ask, in one value."""

from dataclasses import dataclass

from schedules.calendar import Calendar
from schedules.duty.absent import Absent
from schedules.duty.desk import DutyDesk
from schedules.duty.rotating import Rotating
from schedules.duty.swapping import Swapping
from schedules.holidays import Holidays


@dataclass(frozen=True, kw_only=True)
class Office:
    """The agents of duty, the table of days off, and the days of the place."""

    desk: DutyDesk
    rotating: Rotating
    absent: Absent
    swapping: Swapping
    holidays: Holidays
    calendar: Calendar
