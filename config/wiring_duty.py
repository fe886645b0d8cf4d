"""Puts together duty: rotations, swaps, absences of carers, what they are owed, and the days off of the place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from config.holiday_files import own_folder, read_holidays
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.messages.providers.provider import Provider
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.duty.absent import Absent
from schedules.duty.guard import Guard
from schedules.duty.rotating import Rotating
from schedules.duty.rules.rest import Limits
from schedules.duty.store.swaps import Swaps
from schedules.duty.swapping import Swapping, Terms
from schedules.holidays import Holidays
from schedules.timetable import Periodic


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Everybody who changes who is on duty, but for the desk that pages make of their own."""

    guard: Guard
    rotating: Rotating
    absent: Absent
    swapping: Swapping
    holidays: Holidays

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (Periodic(name="extend_rotations", every_s=3600.0, work=self.rotating.extend),)


def build_duty(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar,
    providers: Mapping[str, Provider], *, changed: Callable[[], None], nudge: Callable[[], None],
) -> Duty:  # fmt: skip
    """Wires them. `changed` is called after every change of shifts: the roster reads afresh."""
    said = settings.duty
    limits = Limits(
        rest_h=said.rest_h, break_h=said.break_h, day_h=said.day_h, week_h=said.week_h,
        days_in_row=said.days_in_row, nights_in_row=said.nights_in_row,
    )  # fmt: skip
    guard, first = Guard(limits=limits, calendar=calendar), next(iter(providers.values()))
    return Duty(
        guard=guard,
        rotating=Rotating(
            transactions, reading, clock, guard=guard, weeks=said.rotation_weeks, changed=changed
        ),
        absent=Absent(transactions, reading, clock, guard=guard, changed=changed),
        swapping=Swapping(
            transactions, reading, clock, guard=guard,
            terms=Terms(approved=said.swaps_approved, lasts=timedelta(hours=said.swap_h)),
            two_way=lambda phone: first.capability(phone).two_way, changed=changed, nudge=nudge,
        ),
        holidays=read_holidays(own_folder(said.holidays, settings.home)),
    )  # fmt: skip


def mend_duty(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits here waits no longer than it would have."""
    Swaps(tx.connection).shift_due(seconds)
