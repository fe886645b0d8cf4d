"""Meals as the search for anomalies of public money wants them."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta

from dispatch.rules.place import Position
from dispatch.store.database import Connection, Engine
from schedules.meals.rules.canteen import Canteen as OnFile
from schedules.meals.rules.canteen import Term
from schedules.meals.rules.handover import Order, Proof
from schedules.meals.rules.serving import Serving as Kept
from schedules.meals.store.canteens import Canteens
from schedules.meals.store.orders import MealOrders
from schedules.meals.store.servings import Servings
from schedules.money.anomalies.rules.serving import Canteen, Delivery, Serving
from schedules.money.rules.policies import Policies
from schedules.money.rules.policy import Policy
from schedules.places.rules.hours import DAYS, read_hours
from schedules.places.store import ServicePoints

DAY = timedelta(days=1)


class SearchedMeals:
    """
    What was served, by its day; [start, end).

    A canteen stands where its service point is; without one it is nowhere, and no two canteens are far apart. The least
    prices are those of the rules that it goes by on the days that are looked at.
    """

    def __init__(self, reading: Engine, policies: Policies | None = None) -> None:
        self._reading = reading
        self._policies = policies or Policies(())

    def served(self, start: date, end: date) -> Iterator[Serving]:
        with self._reading.connect() as connection:
            brought = {_key(each): each for each in MealOrders(connection).brought(start, end - DAY)}
            for each, till, _canteen in Servings(connection).between(start, end - DAY):
                if each.cancelled_at is None and each.resident_id is not None:
                    yield _served(each, till, brought.get((each.resident_id, each.on, str(each.meal_type))))

    def counts(self, start: date, end: date) -> list[tuple[date, str, int]]:
        counted = Counter((each.day, each.canteen) for each in self.served(start, end))
        return [(day, canteen, count) for (day, canteen), count in sorted(counted.items())]

    def canteens(self, start: date, end: date) -> Mapping[str, Canteen]:
        with self._reading.connect() as connection:
            shelf, points = Canteens(connection), ServicePoints(connection)
            return {
                each.id: told(each, points.by_code(each.place), self._minimums(shelf.terms(each.id), start, end - DAY))
                for each in shelf.all(closed=True)
            }  # fmt: skip

    def used_before(self, photos: Collection[str], day: date) -> Mapping[str, str]:
        """The meal for which a picture was used first: its serving, or its order where no till sent one."""
        found: dict[str, str] = {}
        with self._reading.connect() as connection:
            for order in MealOrders(connection).shown_before(sorted(photos), day):
                found.setdefault(order.shown, _meal_of(connection, order))
        return found

    def _minimums(self, terms: Iterable[Term], first: date, last: date) -> frozenset[int]:
        return frozenset(
            price
            for term in terms if term.from_on <= last and (term.until_on is None or first <= term.until_on)
            for policy in self._policies.versions(term.policy) if _holds(policy, first, last)
            for price in _least(policy)
        )  # fmt: skip


def told(canteen: OnFile, point: object = None, minimums: frozenset[int] = frozenset()) -> Canteen:
    """A canteen on file as the search knows it; `point` is its service point."""
    hours = read_hours(canteen.hours) if canteen.hours else None
    place = getattr(point, "position", None)
    return Canteen(
        id=canteen.id, station=canteen.station_id, place=place if isinstance(place, Position) else None,
        minimums=minimums,
        hours=tuple(
            (weekday, start, end)
            for weekday, name in enumerate(DAYS)
            for start, end in (hours.of.get(name, ()) if hours else ())
        ),
    )  # fmt: skip


def _served(each: Kept, till: str, order: Order | None) -> Serving:
    assert each.resident_id is not None
    delivery = None
    if order is not None or each.delivery:
        is_photo = order is not None and order.proof is Proof.PHOTO
        delivery = Delivery(photo=order.shown, taken_at=order.taken_at) if order and is_photo else Delivery()
    return Serving(
        id=each.id, resident=each.resident_id, canteen=each.canteen_id, till=till, operator=each.operator,
        meal=str(each.meal_type), served_at=each.served_at, received_at=each.received_at, day=each.on,
        price_fen=each.answer.money.price_fen, subsidy_fen=sum(each.answer.money.funds.values()), way=str(each.by),
        scheme=each.answer.policy, delivery=delivery,
    )  # fmt: skip


def _key(order: Order) -> tuple[str, date, str]:
    return order.resident_id, order.on, str(order.meal_type)


def _meal_of(connection: Connection, order: Order) -> str:
    meals = Servings(connection).of(order.resident_id, order.on, order.on)
    same = [each.id for each in meals if each.meal_type is order.meal_type and each.cancelled_at is None]
    return same[0] if same else order.id


def _holds(policy: Policy, first: date, last: date) -> bool:
    return (policy.effective_from or date.min) <= last and first <= (policy.effective_to or date.max)


def _least(policy: Policy) -> set[int]:
    """
    The least list prices from which a rule pays. None where they are measured on a price after a discount: what stands
    on the till's receipt is not comparable with them.
    """
    if policy.price_basis != "list" and any(each.stage == "before" for each in policy.discount):
        return set()
    return {each.min_price for each in policy.tier if each.min_price}
