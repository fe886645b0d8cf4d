"""The visits on file as the planner wants them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from dispatch.errors import Conflict, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.store.transactions import Tx
from schedules.care.rules.presence import State, Visit
from schedules.planning.gathering import OpenVisit


class Kept(Protocol):
    """Whoever keeps the visits."""

    def on(self, day: date) -> Sequence[Visit]: ...

    def assign_in_unit(
        self, tx: Tx, sent: Mapping[str, Sequence[CarerId]], *, by: Person
    ) -> Mapping[str, NotFound | Conflict]: ...


class Book:
    """What of a day is still to be planned, and the road back: who is sent."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def open_on(self, day: date) -> Sequence[OpenVisit]:
        """The visits of a local day that are not over."""
        return [
            OpenVisit(id=each.id, wanted=each.wanted, carers=each.carer_ids, begun=each.state is State.BEGUN)
            for each in self._kept.on(day)
            if not each.is_over
        ]

    def assign_in_unit(
        self, tx: Tx, sent: Mapping[str, Sequence[CarerId]], *, by: Person
    ) -> Mapping[str, NotFound | Conflict]:  # fmt: skip
        """See `VisitBook`."""
        return self._kept.assign_in_unit(tx, sent, by=by)
