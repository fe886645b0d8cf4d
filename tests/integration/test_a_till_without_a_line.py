"""
A till by the sea (`tests/cases/coast`) has no line for three days over a leap day, a change of the rule and a week's
end, and sends everything twice and in no order; each fen is worked by hand, and a stranger finds the same.
"""

import random
import shutil
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from dispatch.rules.people import operator
from dispatch.store.people import residents
from schedules.meals.store.servings import Servings
from schedules.money.closing import Closing
from tests.builders import build_world
from tests.integration.meals_rig import at
from tests.integration.test_rules_corrected_backwards import City, recount
from tests.unit.money.test_a_city_by_the_sea import COAST

KEEPER = operator("keeper")
MEALS = [
    # when, meal, price: what the city gives, what the diner pays, and why
    ("2028-02-27 11:30:00", "lunch", 1200, 360, 720, "ok"),  # 79: a tenth off, a third of 10.80
    ("2028-02-28 11:30:00", "lunch", 1200, 360, 720, "ok"),  # the first of a new week
    ("2028-02-28 11:30:30", "lunch", 1200, 0, 1080, "limit_meal_type"),  # the receipt was printed twice
    ("2028-02-28 23:59:59", "dinner", 1200, 360, 720, "ok"),
    ("2028-02-29 00:00:00", "breakfast", 900, 250, 433, "ok"),  # 80 since midnight: 2.50, and a third off the rest
    ("2028-02-29 11:30:00", "lunch", 1200, 0, 800, "limit_week"),  # the new rule has three meals a week
    ("2028-03-01 07:30:00", "breakfast", 1200, 0, 800, "limit_week"),
]


@pytest.fixture
def city(tmp_path):
    world = build_world(tmp_path, start=datetime(2028, 2, 27, 3, tzinfo=UTC))
    born = update(residents).where(residents.c.code == "R1").values(born_on=date(1948, 2, 29), cats=[])
    world.transactions.run(lambda tx: tx.connection.execute(born))
    city = _Coast(tmp_path, rule="", world=world)
    yield city
    world.close()


class _Coast(City):
    def write(self, *_rules):
        for path in COAST.glob("*.toml"):
            shutil.copy(path, self.folder)

    def rows(self):
        with self.world.reading.connect() as connection:
            found = [each for each, *_ in Servings(connection).between(date(2028, 2, 1), date(2028, 3, 31))]
        return sorted(found, key=lambda each: each.served_at)

    def open(self, code="A", **said):
        super().open(code, rules=[("lintan", date(2028, 1, 1), None)], **said)


@pytest.mark.parametrize("seed", range(4))
def test_three_days_come_at_once_twice_and_in_no_order(city, tmp_path, seed):
    city.card("R1", "K1", hukou="440305002")
    meals = [
        city.meal(when, kind=kind, price=price, ref=f"ref-{number}")
        for number, (when, kind, price, *_) in enumerate(MEALS)
    ]
    city.world.clock.advance((at("2028-03-01 09:00:00") - city.world.clock.now()).total_seconds())
    chance = random.Random(seed)
    for _ in range(2):
        # Both within one batch, and then the whole of it once more.
        batch = [*meals, *meals]
        chance.shuffle(batch)
        assert all(each.serving for each in city.serve(*batch))
        city.world.clock.advance(60)
    told = city.rows()
    found = [(sum(each.answer.money.funds.values()), each.answer.money.pays_fen, each.answer.reason) for each in told]
    assert found == [(fen, pays, why) for *_, fen, pays, why in MEALS]
    days = [each.on.isoformat() for each in told]
    assert (days[3], days[4]) == ("2028-02-28", "2028-02-29")
    versions = [each.answer.version for each in told]
    assert len({versions[3], versions[4]}) == 2
    assert city.sums("2028-02") == ({"fund:city": -1330, "owed:A": 1330}, {"": 4})
    assert recount(tmp_path / "told", city.world, ["2028-02"], city.folder)[0] == 0
    closing = Closing(city.world.transactions, city.world.reading, city.world.clock, city.world.calendar)
    assert closing.close("2028-02", by=KEEPER).entries == 4
    # What is cancelled once the month is closed is taken back in the open one, and the till may say so twice.
    for _ in range(2):
        city.catering.cancel("till-A", "ref-4", by=KEEPER)
    assert city.sums("2028-03") == ({"fund:city": 250, "owed:A": -250}, {"reversal": 1})
    assert recount(tmp_path / "again", city.world, ["2028-02", "2028-03"], city.folder) == (0, [])
