"""Orders for a day, handing them out with proof, and the counts that must match at each hand-over."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.ids import HomeId, StationId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.meals.rules.canteen import Canteen
from schedules.meals.rules.handover import (
    Count,
    Order,
    OrderState,
    Proof,
    Stage,
    check,
    check_proof,
    expected_at,
)
from schedules.meals.rules.serving import MealType
from schedules.meals.store.canteens import Canteens
from schedules.meals.store.diners import Diner, Diners
from schedules.meals.store.orders import MealOrders
from schedules.meals.store.servings import Servings
from schedules.welfare.rules.signs import Kind, Observation

MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One meal of a day at one point: what was ordered, the counts, and what became of the orders."""

    point: Canteen
    meal_type: MealType
    orders: tuple[Order, ...]
    counts: Mapping[Stage, Count]
    served: int
    """Meals of this type that tills here sent, ordered or not."""

    @property
    def states(self) -> Counter[OrderState]:
        return Counter(each.state for each in self.orders)

    def expected(self, stage: Stage) -> int:
        return expected_at(stage, len(self.orders), self.counts)

    def difference(self, stage: Stage) -> int:
        """Counted less expected; nothing where nobody counted."""
        return self.counts[stage].count - self.expected(stage) if stage in self.counts else 0


class MealOrdering:
    """Who takes orders and counts."""

    def __init__(self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar) -> None:
        self._transactions, self._reading = transactions, reading
        self._clock, self._calendar = clock, calendar

    @property
    def zone(self) -> tzinfo:
        return self._calendar.tzinfo

    @property
    def today(self) -> date:
        return self._calendar.day_of(self._clock.now())

    def order(
        self, resident: str, canteen: str, on: date, meal_type: MealType, *, delivery: bool, by: Person, area: Area
    ) -> Order:  # fmt: skip
        """
        A meal somebody wants.

        Raises:
            NotFound: there is no such resident or canteen in this area.
            Invalid: the day is over, or the resident is not served any more.
            Conflict: they have ordered this meal of this day.
        """

        def work(tx: Tx) -> Order:
            diner, point = _known(tx, resident, area), _point(tx, canteen, area)
            if on < self._calendar.day_of(tx.now):
                raise Invalid("This day is over.")
            if diner.ended_at is not None:
                raise Invalid("This resident is not served any more.")
            id_ = tx.new_id()
            made = Order(
                id=id_, resident_id=diner.id, point_id=point.id, on=on, meal_type=meal_type, delivery=delivery,
                state=OrderState.ORDERED, code=f"{int(id_[-8:], 16) % 10_000:04}", ordered_by=by, ordered_at=tx.now,
            )  # fmt: skip
            MealOrders(tx.connection).add(made)
            facts = {"order": id_, "resident": diner.id, "canteen": point.id, "day": on.isoformat()}
            tx.log(Line(kind="meal_ordered", by=by, facts=facts))
            return made

        return self._transactions.run(work)

    def settle(
        self, id_: str, state: OrderState, *, by: Person, area: Area, proof: Proof | None = None, shown: str = "",
        taken_at: datetime | None = None,
    ) -> Order:  # fmt: skip
        """
        It was handed out (with proof where it was brought), nobody took it, or it is not wanted any more. `taken_at` is
        when a picture was taken, by its own word.

        Raises:
            NotFound: there is none in this area.
            Invalid: the proof is missing or not that of this meal.
            Conflict: it was settled before.
        """

        def work(tx: Tx) -> Order:
            shelf = MealOrders(tx.connection)
            order = shelf.get(id_)
            _point(tx, order.point_id, area)
            is_out = state is OrderState.HANDED_OUT
            check_proof(order if is_out else replace(order, delivery=False), proof if is_out else None, shown)
            fresh = replace(
                order, state=state, proof=proof if is_out else None,
                shown=shown.strip()[:80] if is_out and proof else "", settled_by=by, settled_at=tx.now,
                taken_at=taken_at if is_out and proof is Proof.PHOTO else None,
            )  # fmt: skip
            shelf.save(fresh)
            facts = {"order": id_, "state": str(state), "proof": str(proof) if proof else None}
            tx.log(Line(kind="meal_order_settled", by=by, facts=facts))
            return fresh

        return self._transactions.run(work)

    def count(
        self, canteen: str, on: date, meal_type: MealType, count: Count, *, by: Person, area: Area
    ) -> None:  # fmt: skip
        """
        So many at a hand-over.

        Raises:
            NotFound: there is no such canteen in this area.
            Invalid: it does not match the count before it, and no reason is given.
        """

        def work(tx: Tx) -> None:
            point, shelf = _point(tx, canteen, area), MealOrders(tx.connection)
            tx.hold(f"canteen:{point.id}")
            orders = [each for each in shelf.of_day(on, [point.id]) if each.meal_type is meal_type]
            before = shelf.counts(on, [point.id]).get((point.id, meal_type), {})
            check(count, expected_at(count.stage, len(orders), before))
            shelf.put_count(point.id, on, meal_type, replace(count, by=by), tx.now)
            facts: dict[str, str | int | None] = {
                "canteen": point.id, "day": on.isoformat(), "meal": str(meal_type), "stage": str(count.stage),
                "count": count.count,
            }  # fmt: skip
            tx.log(Line(kind="meals_counted", by=by, facts=facts, note=count.why.strip() or None))

        self._transactions.run(work)

    def day(self, on: date, area: Area) -> list[Row]:
        """Every point and meal of a day with orders, counts or meals, of this area."""
        with self._reading.connect() as connection:
            points = {each.id: each for each in Canteens(connection).all() if area.covers(each.station_id)}
            shelf = MealOrders(connection)
            orders, counts = shelf.of_day(on, list(points)), shelf.counts(on, list(points))
            served = Counter((each.canteen_id, each.meal_type) for each in Servings(connection).on(on, list(points)))
        keys = {(each.point_id, each.meal_type) for each in orders} | counts.keys() | served.keys()
        return [
            Row(
                point=points[point], meal_type=kind, counts=counts.get((point, kind), {}), served=served[point, kind],
                orders=tuple(each for each in orders if (each.point_id, each.meal_type) == (point, kind)),
            )
            for point, kind in sorted(keys, key=lambda key: (points[key[0]].code, list(MealType).index(key[1])))
        ]  # fmt: skip

    def diners(self, orders: Iterable[Order]) -> dict[str, Diner]:
        """Whose they are."""
        with self._reading.connect() as connection:
            return Diners(connection).many([each.resident_id for each in orders])

    def signs(self, at: datetime) -> list[Observation]:
        """Who came to eat, and who was waited for in vain: for the welfare signal, which knows their habits."""
        with self._reading.connect() as connection:
            eaten = Servings(connection).received(at, MOST)
            missed = MealOrders(connection).missed(at, MOST)
        signs = [
            Observation(
                key=f"meal:{each.id}", kind=Kind.MEAL, home_id=HomeId(home), resident_id=each.resident_id,
                at=each.served_at,
            )
            for each, home in eaten
        ]  # fmt: skip
        for order, home in missed:
            assert order.settled_at is not None
            kind = Kind.DELIVERY_UNANSWERED if order.delivery else Kind.MEAL_MISSED
            signs.append(
                Observation(
                    key=f"meal-order:{order.id}",
                    kind=kind,
                    home_id=HomeId(home),
                    resident_id=order.resident_id,
                    at=order.settled_at,
                )
            )
        return signs


def _known(tx: Tx, resident: str, area: Area) -> Diner:
    diner = Diners(tx.connection).get(resident)
    if diner is None or not area.covers(StationId(diner.station_id) if diner.station_id else None):
        raise NotFound(f"no resident {resident}")
    return diner


def _point(tx: Tx, canteen: str, area: Area) -> Canteen:
    found = Canteens(tx.connection).get(canteen)
    if found.ended_at is not None or not area.covers(found.station_id):
        raise NotFound(f"no canteen {canteen}")
    return found
