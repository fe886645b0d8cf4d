"""A meal's answer, part by part, where worked cases leave a choice open."""

import pytest

from tests.unit.money.rig import folder_of, meal_case, quoting

PERSON = {"age": 75, "hukou": "310107", "residence": "310107"}


@pytest.mark.parametrize(
    ("basis", "price", "subsidy"), [("list", "15.00", "2.00"), ("list", "14.99", "0.00"), ("discounted", "16.66", "0.00"), ("discounted", "16.67", "2.00")]  # noqa: E501
)  # fmt: skip
def test_the_least_price_is_measured_before_or_after_the_discount_as_the_rule_says(tmp_path, basis, price, subsidy):
    text = f"""
[policy]
id = "city"
kind = "meal"
title = "t"
grade = "A"
price_basis = "{basis}"
[[discount]]
rate = "0.90"
stage = "before"
[[tier]]
amount = "2.00"
min_price = "15.00"
"""
    answer = quoting(folder_of(tmp_path, city=text)).answer(meal_case("city", PERSON, price))
    assert answer["subsidy"] == subsidy


@pytest.mark.parametrize(
    ("rule", "fee", "given", "pays"),
    [
        ("free = true", "2.50", "2.50", "8.00"),
        ('amount = "3.00"', "2.50", "2.50", "8.00"),
        ('amount = "3.00"', "4.00", "3.00", "9.00"),
        ('amount = "3.00"\nlimit_to_fee = false', "2.50", "3.00", "8.00"),
        ('amount = "3.00"\nlimit_to_fee = false', "0.00", "3.00", "8.00"),
        ('amount = "3.00"\nwhen = { levels = ["severe"] }', "2.50", "0.00", "10.50"),
        ('amount = "1.00"\n[[delivery]]\namount = "2.00"', "2.50", "2.00", "8.50"),
    ],
)  # fmt: skip
def test_what_delivery_takes_off_its_fee_and_nothing_else(tmp_path, rule, fee, given, pays):
    asked = quoting(folder_of(tmp_path, city=f'[[tier]]\namount = "2.00"\n[[delivery]]\n{rule}'))
    answer = asked.answer(meal_case("city", PERSON, "10.00", delivery=True, delivery_fee=fee))
    assert (answer["delivery_subsidy"], answer["person_pays"]) == (given, pays)


def test_a_meal_beyond_the_limit_gets_no_delivery_and_keeps_the_discount(tmp_path):
    text = '[limit]\nmeals_per_day = 1\n[[discount]]\nrate = "0.90"\nstage = "before"\n[[tier]]\namount = "2.00"\n[[delivery]]\nfree = true'  # noqa: E501
    case = meal_case("city", PERSON, "10.00", used={"today": 1}, delivery=True, delivery_fee="2.00")
    answer = quoting(folder_of(tmp_path, city=text)).answer(case)
    assert (answer["reason"], answer["discount"], answer["person_pays"]) == ("limit_day", "1.00", "11.00")


def test_layers_that_stand_later_give_way_when_the_price_is_less_than_all():
    case = meal_case("zengcheng-zhengguo-2020", {"age": 66, "cats": ["dibao"], "hukou": "440118103"}, "7.00", point="440118103001")  # noqa: E501  # fmt: skip
    answer = quoting(lang="en").answer(case)
    assert answer["layers"] == {"city": "3.00", "district": "3.00", "town": "1.00"}
    assert answer["person_pays"] == "0.00"
    assert "town: never more than the price ¥7.00" in answer["explain"]


def test_discounts_of_one_stage_follow_each_other(tmp_path):
    text = '[[discount]]\nrate = "0.90"\nstage = "before"\n[[discount]]\nrate = "0.50"\nstage = "before"\nwhen = { cats_any = ["poor"] }'  # noqa: E501
    asked = quoting(folder_of(tmp_path, city=text))
    assert asked.answer(meal_case("city", {"cats": ["poor"]}, "10.01"))["person_pays"] == "4.51"


@pytest.mark.parametrize(
    ("used", "price", "reason"),
    [({}, "9.00", "below_min_price"), ({"today": 1}, "9.00", "limit_day"), ({"today": 1}, "10.00", "limit_day"), ({}, "10.00", "ok")],  # noqa: E501
)  # fmt: skip
def test_a_tier_once_a_day_is_a_limit_of_the_day(tmp_path, used, price, reason):
    asked = quoting(folder_of(tmp_path, city='[[tier]]\nper = "day"\namount = "5.00"\nmin_price = "10.00"'), lang="en")
    answer = asked.answer(meal_case("city", PERSON, price, used=used))
    assert answer["reason"] == reason
    if reason == "limit_day":
        assert "1 meal(s) already subsidised today, at most 1" in answer["explain"]


def test_a_fixed_own_payment_above_the_price_gives_nothing_and_takes_nothing():
    answer = quoting().answer(meal_case("taian-daiyue-2021", {"age": 66}, "3.00"))
    assert (answer["subsidy"], answer["person_pays"], answer["reason"]) == ("0.00", "3.00", "ok")


def test_who_lives_elsewhere_has_no_point_in_common_with_an_unknown_one():
    person = {"age": 83, "hukou": "4401"}
    for point in ("", "4401", "440118103001"):
        case = meal_case("zengcheng-zhengguo-2020", person, "12.00", point=point)
        assert quoting().answer(case)["layers"] == {"city": "3.00"}


def test_unknown_facts_fulfil_nothing_and_keys_that_are_null_are_unknown():
    answer = quoting(lang="zh").answer(meal_case("fz-bed-2022", None, "1.00") | {
        "ask": "construction", "person": {"age": 66, "level": None, "hukou": None, "income": None},
    })  # fmt: skip
    assert answer["reason"] == "not_eligible"
    assert "能力等级为轻度失能、中度失能、重度失能、完全失能" in answer["explain"][1]
    assert "月收入不超过¥3266.00" in answer["explain"][1]
