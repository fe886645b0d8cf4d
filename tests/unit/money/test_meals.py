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


@pytest.mark.parametrize("first", [0, 1])
def test_had_once_today_says_more_than_a_low_price(tmp_path, first):
    tiers = ['[[tier]]\nper = "day"\namount = "5.00"\n', '[[tier]]\namount = "1.00"\nmin_price = "10.00"\n']
    asked = quoting(folder_of(tmp_path, city=tiers[first] + tiers[1 - first]))
    assert asked.answer(meal_case("city", PERSON, "9.00", used={"today": 1}))["reason"] == "limit_day"


def test_a_meal_of_this_type_today_is_a_meal_today_and_this_week(tmp_path):
    for limit, reason in (("meals_per_day", "limit_day"), ("meals_per_week", "limit_week")):
        asked = quoting(folder_of(tmp_path, city=f'[limit]\n{limit} = 1\n[[tier]]\namount = "1.00"'))
        assert asked.answer(meal_case("city", PERSON, "9.00", used={"same_type_today": 1}))["reason"] == reason


def test_of_several_service_tiers_the_highest_is_given_within_the_ceiling(tmp_path):
    text = """
[policy]
id = "bed"
kind = "home_bed"
title = "t"
grade = "A"
[service_fee]
up_to = "60.00"
[[service_fee_tier]]
ratio = "0.50"
[[service_fee_tier]]
ratio = "0.80"
cap = "55.00"
[[service_fee_tier]]
ratio = "0.10"
"""
    asked = quoting(folder_of(tmp_path, bed=text))
    case = {"id": 1, "policy": "bed", "ask": "service_fee"}
    given = {
        bill: asked.answer({**case, "facts": {"bill": bill}})["amount"] for bill in ("50", "100.0", "112.00", "130.00")
    }
    assert given == {"50": "40.00", "100.0": "55.00", "112.00": "56.00", "130.00": "60.00"}


def test_amounts_of_a_till_may_leave_out_decimals():
    answers = [
        quoting().answer(meal_case("wuhu-2022", {"age": 70, "residence": "3402"}, price))
        for price in ("12", "12.5", "12.05")
    ]
    assert [answer["person_pays"] for answer in answers] == ["8.00", "8.50", "8.05"]


def test_only_a_layer_that_was_cut_says_so_and_the_nearest_of_equal_tiers_is_named():
    asked = quoting(lang="en")
    whole = asked.answer(meal_case("wuhu-2022", {"age": 62, "residence": "3402"}, "12.00"))["explain"]
    assert not any("never more than the price" in line for line in whole)
    text = asked.answer(
        meal_case("sz-meal-2023", {"age": 72, "hukou": "440305"}, "16.00", workday=True, point="440306001")
    )
    assert [line for line in text["explain"] if "higher tier" in line] == [
        "subsidy: the higher tier 3 would give ¥5.00; it also asks for household registration in the district of the meal point"  # noqa: E501
    ]
    near = asked.answer(meal_case("wuhu-2022", {"age": 78, "residence": "3402"}, "12.00"))["explain"]
    assert near[2] == "subsidy: the higher tier 3 would give ¥5.00; it also asks for at least 80 years of age"


def test_of_tiers_that_give_the_same_the_one_that_lacks_least_is_named(tmp_path):
    poor = 'cats_any = ["poor"]'
    text = (
        f'[[tier]]\namount = "5.00"\nwhen = {{ age_min = 90, {poor} }}\n[[tier]]\namount = "5.00"\nwhen = {{ {poor} }}'
    )
    answer = quoting(folder_of(tmp_path, city=text), lang="en").answer(meal_case("city", PERSON, "9.00"))
    assert answer["explain"][2] == "subsidy: the higher tier 2 would give ¥5.00; it also asks for one of poor"
