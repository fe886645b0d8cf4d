"""The rooms that are no part of answering an alarm, and what of them joins the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.almanac import Almanac
from config.wiring_after import After
from config.wiring_board import Console
from config.wiring_homecare import HomeCare
from schedules.apart import Apart
from schedules.timetable import Periodic


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """All of them."""

    after: After
    homecare: HomeCare
    console: Console
    apart: Apart
    almanac: Almanac
    broken: Sequence[str] = ()
    """The files that are not in order, by what they are for: something else holds meanwhile."""

    @property
    def owners(self) -> Sequence[Any]:
        """Whoever has rows that wait."""
        return (*self.homecare.owners, self.after.asking)

    @property
    def claimants(self) -> Sequence[Any]:
        """Whoever expects answers by text, behind those of alarms."""
        return self.homecare.claimants

    @property
    def orders(self) -> Sequence[Any]:
        """Whoever reads texts that are orders and no answers; what people thought of us is read last of all."""
        return (*self.homecare.orders, self.after.asking)

    def stop(self) -> None:
        """
        Ends what other processes work out for them. Before the timetable is waited for: its rows wait for those, and a
        service that is slow to stop is slow to come back.
        """
        self.homecare.stop()
        self.apart.stop()

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (*self.after.timetable, *self.console.timetable, *self.homecare.timetable, *self.almanac.timetable)
