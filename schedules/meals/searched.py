"""Meals as the search for anomalies of public money wants them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

from dispatch.store.database import Engine
from schedules.meals.rules.canteen import Canteen as OnFile
from schedules.meals.store.canteens import Canteens
from schedules.meals.store.servings import Servings
from schedules.money.anomalies.rules.serving import Canteen, Serving
from schedules.places.rules.hours import DAYS, read_hours

DAY = timedelta(days=1)


class SearchedMeals:
    """
    What was served, by its day; [start, end).

    Where a canteen stands and from which price its rule pays is not known here: two canteens at once and prices at the
    minimum are looked for once the register says so.
    """

    def __init__(self, reading: Engine) -> None:
        self._reading = reading

    def served(self, start: date, end: date) -> Iterator[Serving]:
        with self._reading.connect() as connection:
            for each, till, _canteen in Servings(connection).between(start, end - DAY):
                if each.cancelled_at is None and each.resident_id is not None:
                    yield Serving(
                        id=each.id, resident=each.resident_id, canteen=each.canteen_id, till=till,
                        operator=each.operator, meal=str(each.meal_type), served_at=each.served_at,
                        received_at=each.received_at, day=each.on, price_fen=each.answer.money.price_fen,
                        subsidy_fen=each.answer.money.subsidy_fen, way=str(each.by), scheme=each.answer.policy,
                    )  # fmt: skip

    def counts(self, start: date, end: date) -> list[tuple[date, str, int]]:
        counted = Counter((each.day, each.canteen) for each in self.served(start, end))
        return [(day, canteen, count) for (day, canteen), count in sorted(counted.items())]

    def canteens(self) -> Mapping[str, Canteen]:
        with self._reading.connect() as connection:
            return {each.id: _told(each) for each in Canteens(connection).all()}

    def used_before(self, photos: Collection[str], day: date) -> Mapping[str, str]:
        """A till proves a delivery by its order, whose pictures are not kept with the meal: none is known."""
        return {}


def _told(canteen: OnFile) -> Canteen:
    hours = read_hours(canteen.hours) if canteen.hours else None
    return Canteen(
        id=canteen.id, station=canteen.station_id,
        hours=tuple(
            (weekday, start, end)
            for weekday, name in enumerate(DAYS)
            for start, end in (hours.of.get(name, ()) if hours else ())
        ),
    )  # fmt: skip
