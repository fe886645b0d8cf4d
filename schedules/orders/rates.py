"""What booked services need of those who ask how it was."""

from typing import Protocol

from dispatch.ids import HomeId, ResidentId, StationId
from dispatch.store.transactions import Tx


class Rates(Protocol):
    """Who asks how it was; `dispatch.satisfaction.asking.SatisfactionAsking`."""

    def plan_visit(
        self, tx: Tx, visit_id: str, *, home_id: HomeId, resident_id: ResidentId, station_id: StationId | None
    ) -> None: ...
