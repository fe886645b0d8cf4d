"""
Random meals with replays and cancellings: no fen without a meal, the same sums as a second evaluation that has only
the list of meals, the rule's own file and the register.
"""

import csv
import io
import json
import random
import tomllib
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from schedules.money.rules.ledger import balances
from tests.builders import DISTRICT, build_world
from tests.integration.meals_rig import RULES, TILLS, Canteens, at
from tests.property.money_oracle import judge

PHONES = {"R1": "+8613800000101", "R2": "+8613800000102", "R3": "+8613800000103"}
BORN = {"R1": "1938-03-05", "R2": "1946-11-18", "R3": "1970-01-01"}
CITY = {name: text.replace("meals_per_week = 3", "meals_per_week = 5") for name, text in RULES.items()}
MORE = {
    '"张桂兰" }': '"张桂兰", born_on = 1946-11-18, phone = "+8613800000102" }',
    '"赵大爷" }': '"赵大爷", born_on = 1970-01-01, phone = "+8613800000103" }',
}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    text = DISTRICT
    for before, after in MORE.items():
        text = text.replace(before, after)
    world = build_world(tmp_path_factory.mktemp("serving"), district=text, start=at("2026-11-18T21:00:00"))
    rig = Canteens(world, CITY)
    rig.open("A")
    rig.open("B")
    chance = random.Random(690)
    meals = [
        rig.meal(
            f"2026-11-{chance.randint(16, 18)}T{chance.randint(6, 19):02}:{chance.randint(0, 59):02}:00",
            chance.choice(list(PHONES.values())), till=chance.choice(["till-A", "till-B"]),
            price=chance.choice([500, 1199, 1200, 1601]), kind=chance.choice(["breakfast", "lunch", "dinner"]),
        )
        for _ in range(60)
    ]  # fmt: skip
    till_of, cancelled = {each.ref: each.till for each in meals}, set()
    for _ in range(10):
        batch = chance.sample(meals, len(meals))
        for start in range(0, len(batch), 20):
            receipts = rig.serve(*batch[start : start + 20])
            world.clock.advance(1)
            aided = [each.ref for each in receipts if each.serving.answer.is_aided and each.ref not in cancelled]
            if aided and len(cancelled) < 3:
                cancelled.add(aided[0])
                rig.catering.cancel(till_of[aided[0]], aided[0], by=TILLS)
                world.clock.advance(1)
    head, *lines = rig.desk.exported(date(2026, 11, 1), date(2026, 11, 30))
    return rig, list(csv.DictReader(io.StringIO("".join([head, *lines])))), len(meals)


def test_every_meal_is_on_file_once_and_every_fen_of_the_ledger_is_a_meals(played):
    rig, rows, count = played
    assert len(rows) == len({(row["till"], row["ref"]) for row in rows}) == count
    live = [row for row in rows if not row["cancelled_at"]]
    given = Counter()
    for row in live:
        given.update(json.loads(row["layers"]))
    assert given["city"] > 0
    assert -balances(rig.ledger).get("fund:city", 0) == given["city"]
    owed = Counter()
    for row in live:
        owed[f"owed:{row['canteen']}"] += int(row["subsidy_fen"]) + int(row["delivery_fen"])
    assert {name: fen for name, fen in balances(rig.ledger).items() if name.startswith("owed")} == dict(owed)
    for row in rows:
        taken = int(row["discount_fen"]) + int(row["subsidy_fen"]) + int(row["pays_fen"])
        assert int(row["price_fen"]) + int(row["fee_fen"]) == taken


def test_nobody_has_public_money_twice_for_a_meal(played):
    _, rows, _ = played
    had = Counter(
        (row["resident"], row["day"], row["meal_type"])
        for row in rows if int(row["subsidy_fen"]) and not row["cancelled_at"]
    )  # fmt: skip
    assert set(had.values()) == {1}


def test_a_second_evaluation_of_the_list_finds_the_same(played):
    """In the order in which the meals came in, with cancellings where they happened."""
    rig, rows, _ = played
    rule = tomllib.loads(CITY["city-new"])
    rule["limit"]["per_meal_type_per_day"] = 1
    codes = {rig.world.resident(code): code for code in PHONES}
    asked = 0
    for row in rows:
        if row["reason"] == "too_late":
            continue
        judged = _judged(rule, rows, row, codes)
        assert judged["reason"] == row["reason"], row
        assert {name: int(Decimal(yuan) * 100) for name, yuan in judged["layers"].items()} == json.loads(row["layers"])
        assert int(Decimal(judged["person_pays"]) * 100) == int(row["pays_fen"])
        asked += 1
    assert asked > 40
    assert any(row["cancelled_at"] and row["reason"] == "ok" for row in rows)
    assert {row["reason"] for row in rows} >= {"ok", "limit_meal_type", "limit_week", "no_tier"}


def _judged(rule, rows, row, codes):
    day = date.fromisoformat(row["day"])
    monday = day - timedelta(days=day.weekday())
    before = [
        each for each in rows
        if each["id"] < row["id"] and each["resident"] == row["resident"] and int(each["subsidy_fen"])
        and monday <= date.fromisoformat(each["day"]) <= monday + timedelta(days=6)
        and (not each["cancelled_at"] or each["cancelled_at"] > row["received_at"])
    ]  # fmt: skip
    today = [each for each in before if each["day"] == row["day"]]
    used = {
        "same_type_today": sum(each["meal_type"] == row["meal_type"] for each in today), "today": len(today),
        "week": len(before),
    }  # fmt: skip
    born = date.fromisoformat(BORN[codes[row["resident"]]])
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    price = f"{int(row['price_fen']) // 100}.{int(row['price_fen']) % 100:02}"
    meal = {"type": row["meal_type"], "price": price, "workday": day.weekday() < 5}
    return judge(rule, {"age": age}, meal, used)
