"""
Days of six made-up cities (`tests/cases/more_cities`), meal by meal through the till: leap days, midnight, ends of
weeks and quarters, receipts sent twice, a rule that changes in the middle of a month, a till offline for three days.

Every amount was worked out by hand from the rules before the program was asked.
"""

from datetime import date

import pytest

from schedules.meals.deciding import Before
from schedules.meals.rules.serving import By
from schedules.meals.store.canteens import Canteens as OnFile
from schedules.meals.store.diners import Diners
from tests.builders import build_world
from tests.integration.meals_rig import Canteens, everybody, wipe
from tests.integration.test_a_third_city import pass_to_time
from tests.integration.test_months_of_two_cities import known_as
from tests.unit.money.test_six_more_cities import CITIES


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    world = build_world(tmp_path_factory.mktemp("six"))
    # Each day of a story is later than the one before; the world begins before all of them.
    return world, everybody(world)


class City(Canteens):
    """One rule at canteens A and B, and one diner with a card."""

    def __init__(self, town, policy, born, *, area, hukou="", residence="", cats=(), until=None):
        wipe(*town)
        super().__init__(town[0], policies=CITIES)
        rules = [(policy, date(2024, 1, 1), until)]
        rules += [(f"{policy}b", date.fromordinal(until.toordinal() + 1), None)] if until else []
        for code in "AB":
            self.open(code, area_code=area, rules=rules)
        known_as(self.world, "R1", born_on=date.fromisoformat(born), cats=list(cats))
        self.card("R1", "R1", hukou=hukou, residence=residence, income_fen=100_000)

    def at(self, when, *, kind="lunch", price=1000, till="till-A", **more):
        """A meal that comes in when it is served: city's money by layer, and the reason."""
        pass_to_time(self.world, when)
        return self.late(when, kind=kind, price=price, till=till, **more)

    def late(self, when, *, kind="lunch", price=1000, till="till-A", **more):
        answer = self.eat(when, "R1", by=By.CARD, kind=kind, price=price, till=till, **more)
        return dict(answer.money.layers), answer.reason


def test_somebody_born_on_a_leap_day_is_a_year_older_on_the_first_of_march_or_on_the_day_itself(town):
    shanyin = {"area": "330699105001", "hukou": "330699103"}
    city = City(town, "shanyin-home-2026", "1957-03-01", **shanyin)
    assert city.at("2027-02-28 11:30") == ({}, "no_tier")
    assert city.at("2027-03-01 11:30") == ({"base": 500}, "ok")
    city = City(town, "shanyin-home-2026", "1948-02-29", **shanyin)
    brought = {"delivery": True, "delivery_fee_fen": 200}
    assert city.at("2027-02-28 11:30", **brought) == ({"base": 500}, "ok"), "78"
    assert city.at("2028-02-28 11:30", **brought) == ({"base": 500}, "ok"), "79"
    assert city.at("2028-02-29 11:30", **brought) == ({"base": 500, "home": 120}, "ok"), "80 on the day itself"
    city = City(town, "shanyin-home-2026", "1957-02-28", **shanyin)
    assert city.at("2027-02-28 11:30") == ({"base": 500}, "ok")
    city = City(town, "shanyin-home-2026", "1956-02-29", **shanyin)
    assert city.late("2026-11-19 11:30") == ({"base": 500}, "ok"), "70 since 1 March, as 2026 has no 29 February"


def test_a_week_ends_on_sunday_over_the_year_and_a_day_at_midnight(town):
    city = City(town, "linchuan-meal-2026", "1955-06-01", area="361002102001", hukou="361002101", residence="361002")
    for day in ("2026-12-28", "2026-12-29", "2026-12-30"):
        for kind, hour in (("lunch", "11:30"), ("dinner", "17:30")):
            assert city.at(f"{day} {hour}", kind=kind) == ({"city": 317}, "ok")
    assert city.at("2026-12-31 11:30") == ({}, "limit_week")
    assert city.at("2027-01-03 23:59:59", kind="dinner") == ({}, "limit_week"), "Sunday of the same week, another year"
    assert city.at("2027-01-04 00:00:00", kind="dinner") == ({"city": 317}, "ok"), "Monday"
    assert city.at("2027-01-04 17:30", kind="dinner") == ({}, "limit_meal_type"), "of one day, however far apart"


def test_what_is_once_a_day_is_counted_by_meals_with_money_and_not_by_its_layer(town):
    """
    The text says `per = "day"`: once a day. The limits count meals that already got money, and so does this: after a
    lunch with the city's money alone the town's is not given at dinner.
    """
    city = City(town, "linchuan-meal-2026", "1955-06-01", area="361002101001", hukou="361002101", residence="361002")
    assert city.at("2026-11-23 11:30") == ({"city": 317, "town": 150}, "ok")
    assert city.at("2026-11-23 17:30", kind="dinner") == ({"city": 317}, "ok")
    assert city.at("2026-11-23 19:30", kind="dinner", till="till-B") == ({}, "limit_meal_type")


def test_a_rule_that_changes_in_the_middle_of_a_month_and_a_saturday_that_is_worked(town):
    city = City(town, "anning-pay-2026", "1952-06-01", area="530181001001", until=date(2026, 5, 14))
    world = town[0]
    assert city.world is world
    asked = city.deciding
    told = []
    for on in ("2026-05-14", "2026-05-15"):
        policy = "anning-pay-2026" if on == "2026-05-14" else "anning-pay-2026b"
        version = asked.book.policies.in_force(policy, date.fromisoformat(on))
        told.append(version.tier[0].pay)
    assert told == [600, 500]
    assert city.late("2026-11-20 11:30", price=1200) == ({"set": 700}, "ok"), "74, by the new rule"
    assert city.late("2026-11-21 11:30", price=1200) == ({}, "not_workday"), "a Saturday"


def test_two_accounts_of_one_quarter_lapse_each_by_itself(town):
    """
    75 on 15 February 2026: January and February 60.00 until the month's end, March 90.00 until the quarter's, and April
    the same. 20.00 drawn on 5 January, 50.00 on 20 February, 30.00 on 31 March: each lapses with its own credit.
    """
    city = City(town, "heyuan-card-2025", "1951-02-15", area="441602001001", hukou="441602")
    account = []
    # What a till would have been told on those days, from the credits and what was drawn before.
    with city.world.reading.connect() as connection:
        diner, shelf = Diners(connection).get("R1"), OnFile(connection)
        canteen = shelf.get(shelf.till("till-A").canteen_id)
        terms = shelf.terms(canteen.id)
    drawn = [(date(2026, 1, 5), 2000), (date(2026, 2, 20), 5000), (date(2026, 3, 31), 3000)]
    for on in (date(2026, 1, 5), date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 31),
               date(2026, 4, 1)):  # fmt: skip
        before = Before(drawn=lambda _policy, first, last, on=on: [
            each for each in drawn if first <= each[0] <= last and each[0] < on
        ])  # fmt: skip
        answer = city.deciding.answer(city.meal(f"{on} 17:30", kind="dinner"), canteen, terms, diner, on, before)
        account.append(answer.asked["used"]["quota_fen"])
    assert account == [6000, 4000, 6000, 9000, 9000, 9000]


def test_a_till_that_was_offline_for_three_days_sends_in_any_order_and_twice(town):
    city = City(town, "linchuan-meal-2026", "1955-06-01", area="361002102001", hukou="361002101", residence="361002")
    pass_to_time(city.world, "2026-11-27 11:00")
    # Another canteen had a connection: its lunch of the 25th stands.
    online = city.late("2026-11-25 12:30", till="till-B")
    meals = [city.meal(f"2026-11-{day} 11:30", "R1", by=By.CARD, price=1000, ref=f"off-{day}") for day in (24, 25, 26)]
    first = city.serve(*meals[::-1])
    again = city.serve(*meals)
    told = [(each.serving.answer.reason, each.serving.answer.money.subsidy_fen) for each in again]
    assert (online, told) == (({"city": 317}, "ok"), [("ok", 317), ("limit_meal_type", 0), ("ok", 317)])
    assert [each.serving.id for each in first[::-1]] == [each.serving.id for each in again]
    assert all(each.repeated for each in again)
    pass_to_time(city.world, "2026-11-28 00:00:01")
    assert city.late("2026-11-24 17:30", kind="dinner") == ({}, "too_late"), "the fourth day"
