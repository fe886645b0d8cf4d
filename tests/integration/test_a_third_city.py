"""
A city that is none of those shipped, over the end of a month: its rule changes on the 29th, a till is offline for three
days, a birthday and midnight fall into them, the month is closed meanwhile, and a meal is returned after that.

Every amount is worked out by hand from the two rules and written beside what it comes from.
"""

from datetime import UTC, date

import pytest

from config.money_commands import export_month
from config.money_servings import export_servings
from dispatch.rules.rights import DISTRICT
from schedules.meals.catering import Catering
from schedules.meals.rules.serving import By
from schedules.money.closing import Closing
from schedules.money.keeping import rules_in
from schedules.money.store.ledger import Books
from tests.builders import build_world
from tests.integration.meals_rig import TILLS, Canteens, at
from tests.integration.test_a_million_meals import recount
from tests.integration.test_months_of_two_cities import KEEPER, known_as, pass_to

RULE = """
[policy]
id = "third"
kind = "meal"
title = "第三市助餐"
grade = "A"
effective_{until} = {day}
price_basis = "{basis}"
[eligible]
age_min = 60
residence = "3399"
[limit]
meal_types = ["lunch", "dinner"]
meals_per_day = 2
{limit}
[[discount]]
when = {{ age_min = 80 }}
rate = "0.90"
stage = "before"
[[tier]]
group = "city"
amount = "{amount}"
min_price = "10.00"
[[tier]]
group = "district"
when = {{ same = "district" }}
ratio = "1/6"
cap = "1.80"
"""
OLD = RULE.format(until="to", day="2026-11-28", basis="list", limit="", amount="2.00")
NEW = RULE.format(
    until="from", day="2026-11-29", basis="discounted", limit='days = "workday"\nmeals_per_week = 5', amount="2.50"
)
AREA = "339902001005"


@pytest.fixture
def city(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in (("old", OLD), ("new", NEW)):
        (folder / f"{name}.toml").write_text(text, "utf-8")
    world = build_world(tmp_path)
    rig = Canteens(world, policies=folder)
    texts = rules_in(folder)
    rig.catering = Catering(
        world.transactions, world.clock, world.calendar, rig.deciding, books=lambda each: Books(each, texts),
        id_numbers=lambda: rig.ids, e164=lambda text: text,
    )  # fmt: skip
    for code in "AB":
        rig.open(code, area_code=AREA, rules=(("third", date(2026, 1, 1), None),))
    known_as(world, "R1", born_on=date(1946, 11, 30))
    rig.card("R1", "R1", hukou="339902001", residence="339902")
    yield rig
    world.close()


MEALS = [
    # what it is called, when, meal, list price → city, district, what R1 pays, in fen, and the reason
    ("fri", "2026-11-27 11:30", "lunch", 1200, 200, 180, 820, "ok"),
    ("sat", "2026-11-28 11:30", "lunch", 1200, 200, 180, 820, "ok"),  # the old rule asks for no workday
]
OFFLINE = [
    ("sun", "2026-11-29 11:30", "lunch", 1200, 0, 0, 1200, "not_workday"),  # the new one does
    ("mon", "2026-11-30 11:30", "lunch", 1200, 250, 180, 650, "ok"),  # 80 today: 12.00 × 0.9 = 10.80; a sixth is 1.80
    ("late", "2026-11-30 23:59:59", "dinner", 1200, 250, 180, 650, "ok"),
    # Past midnight: 11.00 × 0.9 = 9.90 is below 10.00 for the city; 9.90 / 6 = 1.65.
    ("night", "2026-12-01 00:00", "dinner", 1100, 0, 165, 825, "ok"),
    ("wed", "2026-12-02 11:30", "lunch", 1200, 250, 180, 650, "ok"),
]
AFTER = [
    ("thu", "2026-12-03 11:30", "lunch", 1200, 250, 180, 650, "ok"),  # the fifth of this week
    ("six", "2026-12-03 17:30", "dinner", 1200, 0, 0, 1080, "limit_week"),
]


def sent(city, meals, till="till-A"):
    presented = [city.meal(when, "R1", till=till, by=By.CARD, price=price, kind=kind, ref=name)
                 for name, when, kind, price, *_ in meals]  # fmt: skip
    return [each.serving for each in city.serve(*presented)]


def check(servings, meals):
    told = [(each.ref, each.answer.money.layers.get("city", 0), each.answer.money.layers.get("district", 0),
             each.answer.money.pays_fen, each.answer.reason) for each in servings]  # fmt: skip
    assert told == [(name, *rest) for name, _, _, _, *rest in meals]


def balance(world, month):
    with world.reading.connect() as connection:
        entries = list(Books(connection).entries(month))
    sums = {}
    for each in entries:
        for posting in each.postings:
            sums[posting.account] = sums.get(posting.account, 0) + posting.amount_fen
    return sums, sorted(each.late for each in entries)


def test_a_month_of_a_third_city_over_its_end(city, tmp_path):
    """
    November   27th and 28th 3.80 each                                          7.60   city 4.00  district 3.60
    December   late: 30th 4.30 twice; 1st 1.65; 2nd and 3rd 4.30 each          18.85   city 10.00 district 8.85
               returned on the 3rd, after the closing: the 27th                -3.80   city -2.00 district -1.80
                                                                               15.05   city 8.00  district 7.05
    """
    world = city.world
    for meal in MEALS:
        pass_to_time(world, meal[1])
        check(sent(city, [meal]), [meal])
    pass_to(world, date(2026, 12, 1))
    closing = Closing(world.transactions, world.reading, world.clock, world.calendar)
    closing.close("2026-11", by=KEEPER)
    assert balance(world, "2026-11")[0] == {"fund:city": -400, "fund:district": -360, "owed:A": 760}

    pass_to(world, date(2026, 12, 2))
    for order in (OFFLINE, OFFLINE[::-1], OFFLINE):
        check(sorted(sent(city, order), key=lambda each: each.served_at), OFFLINE)
    # The same lunch of the 30th at another canteen, and the receipt of the first one under another id.
    [other, again] = [*sent(city, [("x", *OFFLINE[1][1:])], "till-B"), *sent(city, [("y", *OFFLINE[1][1:])])]
    assert (other.answer.reason, again.answer.reason) == ("limit_meal_type", "limit_meal_type")
    for meal in AFTER:
        pass_to_time(world, meal[1])
        check(sent(city, [meal]), [meal])
    for _ in range(2):
        city.catering.cancel("till-A", "fri", by=TILLS, area=DISTRICT)

    pass_to(world, date(2027, 1, 2))
    closing.close("2026-12", by=KEEPER)
    sums, late = balance(world, "2026-12")
    assert sums == {"fund:city": -800, "fund:district": -705, "owed:A": 1505}
    assert late == ["", "", "", "late", "late", "reversal"]
    assert counted_by_a_stranger(city, tmp_path) == {"fund:city": -1200, "fund:district": -1065, "owed:A": 2265}


def pass_to_time(world, when):
    moment = at(when).astimezone(UTC)
    world.clock.advance(max(0.0, (moment - world.clock.now()).total_seconds() + 60))


def counted_by_a_stranger(city, folder):
    """Fen by account, by the program that reads exports and policy files alone."""
    files = {"ledger": [], "servings": []}
    for month in ("2026-11", "2026-12"):
        for kind in files:
            files[kind].append(folder / f"{kind}-{month}.jsonl")
            with files[kind][-1].open("w", encoding="utf-8") as out:
                if kind == "ledger":
                    export_month(city.world.reading, month, out, form="json")
                else:
                    export_servings(city.world.reading, month, out)
    code, faults, told = recount(city, files["ledger"], files["servings"])
    assert (code, faults) == (0, [])
    return told["fen"]
