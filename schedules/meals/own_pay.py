"""What each diner of a canteen would pay for a meal now: the list beside a till when the connection is gone."""

from dataclasses import dataclass
from datetime import date, timedelta

from dispatch.clock import Clock
from dispatch.rules.people import Person
from dispatch.rules.rights import Area
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.meals.catering import Catering, till_for
from schedules.meals.rules.canteen import Canteen
from schedules.meals.rules.serving import Answer, By, MealType, Presented
from schedules.meals.store.diners import Diner, Diners
from schedules.meals.store.orders import MealOrders
from schedules.meals.store.servings import Servings

BACK = timedelta(days=30)
"""Whoever ate here in these days is on the list."""

MOST, PIECE = 500, 25
"""Diners on a list, and in one unit of work, so that a press never waits for a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The list: the canteen, the local day it is for, and each diner with the answer, by name."""

    canteen: Canteen
    on: date
    rows: list[tuple[Diner, Answer]]


class OwnPay:
    """Makes the list. Nothing is kept."""

    def __init__(self, catering: Catering, transactions: Transactions, clock: Clock, calendar: Calendar) -> None:
        self._catering, self._transactions, self._clock, self._calendar = catering, transactions, clock, calendar

    def of(self, till: str, meal_type: MealType, price_fen: int, *, by: Person, area: Area) -> Listed:
        """
        What each diner who ate at this till's canteen in the last thirty days, or has ordered this meal of today,
        would pay for it now. `price_fen` is the list price.

        Raises:
            NotFound: there is no such till in this area.
        """
        now = self._clock.now()
        on = self._calendar.day_of(now)
        presented = Presented(
            till=till, ref="", meal_type=meal_type, served_at=now, price_fen=price_fen, by=By.CARD, who=""
        )  # fmt: skip
        canteen, diners = self._transactions.run(lambda tx: self._diners(tx, presented, on, by, area), lane=Lane.BULK)
        rows: list[tuple[Diner, Answer]] = []
        for start in range(0, len(diners), PIECE):
            part = diners[start : start + PIECE]
            rows += self._transactions.run(
                lambda tx, part=part: [  # type: ignore[misc]
                    (each, self._catering.of_rule(tx, presented, canteen, each, on)) for each in part
                ],
                lane=Lane.BULK,
            )
        return Listed(canteen=canteen, on=on, rows=rows)

    def _diners(
        self, tx: Tx, presented: Presented, on: date, by: Person, area: Area
    ) -> tuple[Canteen, list[Diner]]:  # fmt: skip
        _, canteen = till_for(tx.connection, presented.till, by, area)
        ordered = [
            str(each.resident_id) for each in MealOrders(tx.connection).of_day(on, [canteen.id])
            if each.meal_type is presented.meal_type
        ]  # fmt: skip
        ids = {*ordered, *Servings(tx.connection).diners_at(canteen.id, on - BACK, MOST)}
        found = Diners(tx.connection).many(sorted(ids)[:MOST])
        return canteen, sorted(found.values(), key=lambda each: (each.name, each.code))
