"""The visits on file as the planner wants them."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from schedules.care.rules.presence import State, Visit
from schedules.planning.gathering import OpenVisit


class Kept(Protocol):
    """Whoever keeps the visits."""

    def on(self, day: date) -> Sequence[Visit]: ...


class Book:
    """What of a day is still to be planned."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def open_on(self, day: date) -> Sequence[OpenVisit]:
        """The visits of a local day that are not over."""
        return [
            OpenVisit(id=each.id, wanted=each.wanted, carers=each.carer_ids, begun=each.state is State.BEGUN)
            for each in self._kept.on(day)
            if not each.is_over
        ]
