"""Meals whose rule could not be asked when they came in: how many could be priced now, and how many still wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from schedules.meals.rules.canteen import Term
from schedules.meals.store.canteens import Canteens
from schedules.meals.store.servings import Servings

CanAsk = Callable[[Sequence[Term], date], bool]
"""Whether a canteen's rule answers for a meal of a day now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """`ready` meals from the day `since` on have a rule by now; `others` have none still."""

    ready: int = 0
    since: date | None = None
    others: int = 0


class Waiting:
    """Looks when a page is opened. Pricing itself is begun by somebody, because diners get money back by it."""

    def __init__(self, reading: Reading, can_ask: CanAsk) -> None:
        self._reading = reading
        self._can_ask = can_ask

    def told(self, area: Area) -> Waits:
        """What waits in an area."""
        with self._reading.connect() as connection:
            groups = Servings(connection).waiting_by_day(area)
            shelf = Canteens(connection)
            terms = {canteen: shelf.terms(canteen) for canteen in {each[0] for each in groups}}
        ready = [(on, many) for canteen, on, many in groups if self._can_ask(terms[canteen], on)]
        return Waits(
            ready=sum(many for _, many in ready), since=min((on for on, _ in ready), default=None),
            others=sum(many for _, _, many in groups) - sum(many for _, many in ready),
        )  # fmt: skip
