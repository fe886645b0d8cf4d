"""Puts together what notices rules that were corrected backwards."""

from dataclasses import dataclass

from config.wiring_bedmoney import BedMoney
from config.wiring_meals import Meals
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.money.beds.correcting import BillCorrections
from schedules.money.corrections.desk import CorrectionDesk, Source
from schedules.timetable import Periodic

CHECK_EVERY_S = 2.0
"""While something is under way a turn of some hundred short units of work; otherwise one look at a small table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """Whoever keeps them."""

    desk: CorrectionDesk

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (Periodic(name="look_at_corrected_rules", every_s=CHECK_EVERY_S, work=self.desk.check),)


def build_corrections(transactions: Transactions, reading: Engine, meals: Meals, bedmoney: BedMoney) -> Corrections:
    """Wires it over the meals and bills whose rules may be corrected."""
    sources: list[Source] = [meals.corrections, BillCorrections(reading, bedmoney.settling)]
    return Corrections(desk=CorrectionDesk(transactions, reading, sources))
