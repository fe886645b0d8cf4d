"""
Months of two canteens through tills, orders and photos, searched as the service searches: what is planted is found, and
an honest month shows nothing.

Canteen A stands at the world's station; B 11 km north of it, C 1 km from A. The rule pays from 10 yuan on.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from config.anomalies_options import AnomalySettings
from config.wiring_anomalies import build_anomalies
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT
from schedules.meals.rules.handover import OrderState, Proof
from schedules.meals.rules.serving import By, MealType
from schedules.meals.searched import SearchedMeals
from schedules.money.anomalies.rules.serving import Code
from schedules.money.anomalies.store.findings import Wanted, money_findings
from schedules.places.rules.place import Kind, ServicePoint
from schedules.places.store import ServicePoints, places
from tests.builders import build_world
from tests.integration.meals_rig import TILLS, Canteens, at, everybody, wipe

RULES = {
    "city": '[policy]\nid = "city"\nkind = "meal"\ntitle = "本市"\ngrade = "A"\n[[tier]]\namount = "3.00"\n'
    'min_price = "10.00"\n'
}
FIRST = date(2026, 12, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(31)]
END = date(2027, 1, 1)
SECOND = "+8613800000102"


class Months:
    """December at canteens A, B and C."""

    def __init__(self, world, before):
        wipe(world, before)
        world.transactions.run(lambda tx: [tx.connection.execute(each.delete()) for each in (money_findings, places)])
        self.world, self.meals = world, Canteens(world, RULES)
        for code, lat in (("A", 38.05), ("B", 38.15), ("C", 38.06)):
            point = ServicePoint(id=code, code=code, kind=Kind.CANTEEN, name=code, position=Position(lat, 114.5))
            world.transactions.run(lambda tx, point=point: ServicePoints(tx.connection).put(point, is_new=True))
            self.meals.open(code, place=code, hours="Mo-Su 06:30-19:00", rules=(("city", date(2026, 1, 1), None),))
        for each, number in (("R1", "C1"), ("R2", "C2")):
            self.meals.card(each, number)
        made = build_anomalies(AnomalySettings(), world.transactions, world.reading, world.clock, world.calendar)
        made.searching.meals = SearchedMeals(world.reading, self.meals.book.policies)
        self.searching, self.desk = made.searching, made.desk
        self.photos = 0

    def eat(self, day, hour, who="C1", *, till="till-A", price=1200, kind="lunch", minute=0, **more):
        moment = f"{day} {hour:02}:{minute:02}"
        ahead = (at(moment) - self.world.clock.now()).total_seconds()
        if ahead > 0:
            self.world.clock.advance(ahead + 60)
        (receipt,) = self.meals.serve(
            self.meals.meal(moment, who, till=till, by=By.CARD, price=price, kind=kind, **more)
        )
        assert receipt.wrong is None, receipt.wrong
        return receipt.serving

    def bring(self, day, hour=11, *, photo=None, old_minutes=2, price=1200):
        """A lunch that R2 has brought home, proved by a picture."""
        ordering = self.meals.ordering
        order = ordering.order("R2", "A", day, MealType.LUNCH, delivery=True, by=TILLS, area=DISTRICT)
        meal = self.eat(day, hour, "C2", delivery=True, minute=30, price=price)
        self.photos += 1
        taken = at(f"{day} {hour:02}:30").astimezone(UTC) - timedelta(minutes=old_minutes)
        ordering.settle(
            order.id, OrderState.HANDED_OUT, proof=Proof.PHOTO, shown=photo or f"{self.photos:032x}" * 2,
            taken_at=taken, by=TILLS, area=DISTRICT,
        )  # fmt: skip
        return meal

    def honest(self, days=DAYS, *, price=lambda number: (1000, 1200, 1500)[number % 3]):
        """Lunch and dinner of R1, a lunch brought to R2 every third day, at changing prices."""
        for number, day in enumerate(days):
            if number % 3 == 0:
                self.meals_to(day)
                self.bring(day, price=price(number + 2))
            self.eat(day, 12, till="till-A" if number % 2 else "till-C", price=price(number))
            self.eat(day, 17, kind="dinner", price=price(number + 1))

    def meals_to(self, day):
        """The morning of a day."""
        ahead = (at(f"{day} 08:00") - self.world.clock.now()).total_seconds()
        if ahead > 0:
            self.world.clock.advance(ahead)

    def found(self, start=FIRST, end=END):
        self.searching.look(f"{start}", start, end)
        return sorted((each.found.code.value, each.found.evidence) for each in self.desk.some(Wanted(), DISTRICT))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    world = build_world(tmp_path_factory.mktemp("months"))
    yield world, everybody(world)
    world.close()


@pytest.fixture
def months(town):
    return Months(*town)


def test_an_honest_month_shows_nothing(months):
    months.honest()
    # Far from each other, and an hour and a half between them; at once, and near; brought, wherever it came from.
    months.eat(date(2026, 12, 31), 7, kind="breakfast")
    months.eat(date(2026, 12, 31), 8, till="till-B", kind="breakfast", minute=40, price=900)
    assert months.found() == []


def test_what_is_planted_is_found_and_nothing_else(months):
    months.meals_to(date(2026, 11, 28))
    old = months.bring(date(2026, 11, 28), photo="ab" * 32)
    months.honest(DAYS[:20])
    here = months.eat(date(2026, 12, 23), 11)
    far = months.eat(date(2026, 12, 23), 11, till="till-B", minute=20)
    months.meals_to(date(2026, 12, 24))
    stale = months.bring(date(2026, 12, 24), old_minutes=3 * 60)
    months.meals_to(date(2026, 12, 25))
    reused = months.bring(date(2026, 12, 25), photo="ab" * 32)
    late = months.eat(date(2026, 12, 26), 20, kind="dinner", minute=30)
    assert months.found() == sorted([
        (Code.TWO_CANTEENS, (here.id, far.id)), (Code.STALE_PHOTO, (stale.id,)), (Code.REUSED_PHOTO, (reused.id,)),
        (Code.CLOSED_HOURS, (late.id,)),
    ])  # fmt: skip
    [case] = [each for each in months.desk.some(Wanted(), DISTRICT) if each.found.code is Code.REUSED_PHOTO]
    assert case.found.figures["used_for"] == old.id
    [case] = [each for each in months.desk.some(Wanted(), DISTRICT) if each.found.code is Code.TWO_CANTEENS]
    assert 11_000 < case.found.figures["metres"] < 11_200


def test_a_canteen_that_always_takes_exactly_the_least_price_is_found(months):
    months.honest(price=lambda number: 1000 if number % 10 else 1200)
    [(code, _)] = months.found()
    assert code == Code.AT_MINIMUM


def test_what_the_register_does_not_say_is_no_finding(months):
    """Without service points no two canteens are far apart, and a rule without a least price has none."""
    world = months.world
    world.transactions.run(lambda tx: tx.connection.execute(places.delete()))
    months.searching.meals = SearchedMeals(world.reading)
    months.honest(DAYS[:20], price=lambda _: 1000)
    months.eat(date(2026, 12, 23), 11)
    months.eat(date(2026, 12, 23), 11, till="till-B", minute=20)
    assert months.found() == []
    assert all(each.place is None for each in months.searching.meals.canteens(FIRST, END).values())


def test_only_rules_in_force_on_the_days_have_their_least_price(months):
    terms = (("city", date(2026, 1, 1), date(2026, 12, 31)),)
    months.meals.open("A", place="A", rules=terms)
    searched = SearchedMeals(months.world.reading, months.meals.book.policies)
    canteen = next(each for each in searched.canteens(FIRST, END).values() if each.minimums and each.place.lat == 38.05)
    assert canteen.minimums == {1000}
    assert searched.canteens(END, END + timedelta(days=31))[canteen.id].minimums == frozenset()


def test_the_time_of_a_photo_is_kept_by_its_own_word(months):
    months.meals_to(FIRST)
    months.bring(FIRST, old_minutes=5)
    [meal] = list(months.searching.meals.served(FIRST, FIRST + timedelta(days=1)))
    assert meal.delivery.taken_at == datetime(2026, 12, 1, 3, 25, tzinfo=UTC)
