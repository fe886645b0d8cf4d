"""Wires what stands behind the console: who is in charge."""

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.clock import Clock
from dispatch.handover.claiming import Claiming
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.timetable import Periodic


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What operators do among themselves."""

    claiming: Claiming

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (Periodic(name="check_claims", every_s=5.0, work=self.claiming.check),)


def build_console(transactions: Transactions, reading: Engine, clock: Clock, *, nudge: Callable[[], None]) -> Console:
    """`nudge` tells every board that something changed."""
    return Console(claiming=Claiming(transactions, reading, clock, nudge=nudge))
