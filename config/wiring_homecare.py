"""
Puts home care together: who needs visits, who makes them, and what becomes of them.

    beds ─┐
    orders┼─► visits ─► months of beds
    rounds┘
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from config.settings import Settings
from config.wiring_beds import Beds, build_beds
from config.wiring_rounds import Rounding, build_rounds
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.timetable import Periodic


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCare:
    """All of it."""

    beds: Beds
    rounds: Rounding

    @property
    def owners(self) -> Sequence[Any]:
        """Whoever has rows that wait."""
        return (*self.beds.owners, *self.rounds.owners)

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (*self.beds.timetable, *self.rounds.timetable)


def build_homecare(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk, *,
    nudge: Callable[[], None],
) -> HomeCare:  # fmt: skip
    """
    Wires it.

    Raises:
        Misconfigured: one of the books of care cannot be read or says what cannot be.
    """
    return HomeCare(
        beds=build_beds(settings.beds, transactions, reading, clock, calendar, nudge=nudge),
        rounds=build_rounds(settings, transactions, reading, clock, calendar, desk, nudge=nudge),
    )
