"""Months of beds and services, worked by hand from the rules that come with the program."""

from dataclasses import replace
from datetime import date

import pytest

from config.quoting import IMPLIED
from schedules.money.book import read_book
from schedules.money.rules.awards import BedMonth, Rules, built, call_fee, operating, services_of
from schedules.money.rules.bills import Bill, Line, in_order, parts
from schedules.money.rules.exclusions import Exclusion
from schedules.money.rules.facts import Person
from schedules.money.rules.policies import NoRule, Policies
from schedules.money.rules.reasons import Outcome
from schedules.money.wording import sentence
from tests.unit.money.rig import SHIPPED, policy

BOOK = read_book(SHIPPED, implied=IMPLIED)
RULES = Rules(BOOK.policies, BOOK.exclusions)
ELDER = Person(age=82, level="moderate", income_fen=200_000)
VOUCHER = "nat-voucher-2026"


def bill(fen, *, id_="b1", kind="home", scheme=VOUCHER, month="2026-03", day=10, on=None, lines=None, **more):
    first = date.fromisoformat(f"{month}-{day:02}")
    told = enumerate(lines or [(first, fen)], 1)
    rows = tuple(Line(number=number, on=day, amount_fen=each) for number, (day, each) in told)
    return Bill(
        id=id_, kind=kind, scheme=scheme, resident_id="r1", month=month, on=on or rows[-1].on, turn=id_,
        provider="canaan", lines=rows, **more,
    )  # fmt: skip


def month(*bills, rules=RULES, person=ELDER, vouchers=(), name="2026-03"):
    return services_of(bills, name, rules, person if callable(person) else lambda _: person, vouchers)


def fens(found):
    return [each.amount_fen for each in found.awards]


def said(award, lang="en"):
    return [sentence(each, lang) for each in award.because]


# ------------------------------------------------------------------------------------------------ the voucher


def test_a_voucher_pays_half_at_home_and_two_fifths_in_an_institution_until_it_is_empty():
    first, second = bill(100_000, id_="b1", day=3), bill(50_000, id_="b2", day=9, kind="institution")
    found = month(bill(60_000, id_="b3", day=20), first, second)
    # 1000.00 · 1/2 = 500.00; 500.00 · 2/5 = 200.00; of 600.00 · 1/2 = 300.00 only the last 100.00.
    assert [(each.source, each.amount_fen) for each in found.awards] == [("b1", 50_000), ("b2", 20_000), ("b3", 10_000)]
    moves = [(each.on.day, each.what, each.amount_fen, each.left_fen) for each in found.vouchers[VOUCHER]]
    assert moves == [(1, "credit", 80_000, 80_000), (3, "spend", 50_000, 30_000), (9, "spend", 20_000, 10_000),
                     (20, "spend", 10_000, 0)]  # fmt: skip
    assert "the voucher gave its last" in " ".join(said(found.awards[2]))
    assert "第3笔" in " ".join(said(found.awards[2], "zh"))


@pytest.mark.parametrize(
    ("name", "last"), [("2026-01", 31), ("2026-02", 28), ("2028-02", 29), ("2026-04", 30), ("2026-12", 31)]
)
def test_what_is_left_lapses_on_the_last_day_and_the_next_month_begins_whole(name, last):
    found = month(bill(100_000, month=name, day=last), name=name)
    assert [(each.on, each.what, each.left_fen) for each in found.vouchers[VOUCHER]][1:] == [
        (date.fromisoformat(f"{name}-{last}"), "spend", 30_000), (date.fromisoformat(f"{name}-{last}"), "lapse", 0),
    ]  # fmt: skip
    assert fens(month(bill(200_000, month="2028-03"), name="2028-03")) == [80_000]


def test_a_voucher_that_nobody_used_is_told_all_the_same():
    [(what, fen), lapse] = [(each.what, each.amount_fen) for each in month(vouchers=[VOUCHER]).vouchers[VOUCHER]]
    assert (what, fen, lapse) == ("credit", 80_000, ("lapse", 80_000))
    assert month(vouchers=[VOUCHER], person=replace(ELDER, level="mild")).vouchers[VOUCHER] == ()
    assert month(vouchers=[VOUCHER], name="2025-12").vouchers[VOUCHER] == ()


def test_a_voucher_for_whom_another_scheme_excludes_is_refused_with_its_reason():
    person = replace(ELDER, schemes=frozenset({"improvement_project"}), cats=frozenset({"improvement_project"}))
    [award] = month(bill(100_000), person=person).awards
    assert (award.amount_fen, award.outcome) == (0, Outcome.NOT_ELIGIBLE)
    assert "improvement project" in said(award)[-1]


def test_before_the_rule_was_in_force_there_is_nothing_and_no_account():
    found = month(bill(100_000, month="2025-12"), name="2025-12")
    assert (fens(found), found.awards[0].outcome, found.vouchers) == ([0], Outcome.NOT_IN_FORCE, {})


def test_sixty_years_within_the_month_count_from_that_day():
    born = lambda day: replace(ELDER, age=60 if day >= date(2026, 3, 10) else 59)  # noqa: E731
    found = month(bill(20_000, id_="a", day=9), bill(20_000, id_="b", day=10), person=born)
    assert fens(found) == [0, 10_000]
    moves = [(each.on.day, each.what) for each in found.vouchers[VOUCHER]]
    assert moves == [(10, "credit"), (10, "spend"), (31, "lapse")]


TWO = """
[policy]
id = "card"
kind = "voucher"
title = "券"
grade = "A"
effective_{word} = 2026-03-{day}
[voucher]
month_cap = "{cap}"
deduct = {{ home = "{ratio}" }}
"""


def changed(first, second, text=TWO):
    older = policy(text.format(word="to", day="15", **first), "older")
    newer = policy(text.format(word="from", day="16", **second), "newer")
    return Rules(Policies([older, newer]))


def test_a_voucher_changed_within_the_month_pays_each_day_by_its_own_version():
    rules = changed({"cap": "100.00", "ratio": "0.50"}, {"cap": "150.00", "ratio": "0.20"})
    split = bill(0, scheme="card", lines=[(date(2026, 3, 20), 30_000), (date(2026, 3, 15), 10_000)])
    found = month(split, bill(50_000, id_="b2", scheme="card", day=30), rules=rules)
    # 100.00 · 1/2; then 300.00 · 1/5 under the new sum of 150.00; then what is left of it.
    assert [(each.source, each.amount_fen) for each in found.awards] == [("b1", 5_000), ("b1/2", 6_000), ("b2", 4_000)]
    assert len({each.version for each in found.awards}) == 2
    assert sum(each.amount_fen for each in found.awards) == 15_000
    assert found.vouchers["card"][-1].left_fen == 0


def test_a_voucher_made_smaller_within_the_month_gives_no_more_than_the_new_sum():
    rules = changed({"cap": "100.00", "ratio": "0.50"}, {"cap": "60.00", "ratio": "0.50"})
    first, second = bill(18_000, id_="a", scheme="card", day=2), bill(90_000, id_="b", scheme="card", day=20)
    found = month(first, second, rules=rules)
    assert fens(found) == [9_000, 0]
    assert [(each.what, each.amount_fen) for each in found.vouchers["card"]] == [
        ("credit", 10_000), ("spend", 9_000), ("lapse", 1_000), ("spend", 0),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ service fees


@pytest.mark.parametrize(
    ("level", "fen", "given"),
    [("mild", 110_000, 50_000), ("mild", 99_999, 50_000), ("mild", 99_998, 49_999), ("moderate", 150_000, 75_000),
     ("moderate", 180_001, 90_000), ("severe", 150_000, 0)],
)  # fmt: skip
def test_haidian_pays_half_of_the_bill_by_level(level, fen, given):
    found = month(bill(fen, scheme="hd-bed"), person=replace(ELDER, level=level))
    assert fens(found) == [given]


def test_haidian_and_the_allowance_for_severe_nursing_exclude_each_other():
    person = replace(ELDER, cats=frozenset({"severe_nursing_allowance"}))
    [award] = month(bill(1000, scheme="hd-bed"), person=person).awards
    assert award.outcome is Outcome.NOT_ELIGIBLE
    assert "nursing allowance" in said(award)[-1]


def test_fuzhou_pays_a_month_up_to_a_thousand_however_many_bills_there_are():
    found = month(*(bill(40_000, id_=f"b{n}", scheme="fz-bed-2022", day=n) for n in (1, 2, 3)))
    assert fens(found) == [40_000, 40_000, 20_000]
    assert "given before" in said(found.awards[2])[-1]
    assert fens(month(bill(120_000, scheme="fz-bed-2022"))) == [100_000]


def test_a_bill_that_is_split_wins_no_fen():
    whole = sum(fens(month(bill(3, scheme="hd-bed"))))
    assert sum(fens(month(*(bill(1, id_=f"b{n}", scheme="hd-bed", day=n) for n in (1, 2, 3))))) == whole == 2


def test_a_ceiling_changed_within_the_month_is_that_of_the_day():
    text = """
[policy]
id = "fee"
kind = "home_bed"
title = "费"
grade = "A"
effective_{word} = 2026-03-{day}
[service_fee]
up_to = "{cap}"
"""
    rules = changed({"cap": "100.00"}, {"cap": "120.00"}, text)
    first, second = bill(9_000, id_="a", scheme="fee", day=15), bill(9_000, id_="b", scheme="fee", day=16)
    assert fens(month(first, second, rules=rules)) == [9_000, 3_000]


def test_lines_that_do_not_count_are_named_and_left_out():
    kept = bill(100_000)
    shown = Line(number=2, on=date(2026, 3, 9), amount_fen=60_000, proof="visit", ref="v1", refused="unproved")
    [award] = month(replace(kept, lines=(*kept.lines, shown))).awards
    assert (award.amount_fen, award.asked_fen) == (50_000, 160_000)
    assert "Line 2 (2026-03-09, ¥600.00) does not count: no proved visit" in said(award)
    [award] = month(replace(kept, lines=(shown,))).awards
    assert (award.amount_fen, award.outcome) == (0, Outcome.NOTHING_SHOWN)


def test_whoever_draws_one_scheme_first_has_nothing_from_one_that_it_excludes():
    rules = Rules(BOOK.policies, [Exclusion(scheme="hd-bed", not_with=(VOUCHER,))])
    one, other = bill(100_000, id_="a", day=2), bill(100_000, id_="b", day=3, scheme="hd-bed")
    assert fens(month(one, other, rules=rules)) == [50_000, 0]
    assert fens(month(replace(one, on=date(2026, 3, 4)), other, rules=rules)) == [50_000, 0]
    # The order in which they are handed over does not matter, only the days of the bills.
    assert fens(month(other, one, rules=rules)) == [50_000, 0]


def test_a_bill_by_a_rule_that_is_not_there_says_so():
    with pytest.raises(NoRule, match="no rule 'nobody'"):
        parts(bill(1, scheme="nobody"), BOOK.policies)


def test_bills_of_one_day_go_by_how_they_came():
    assert [each.id for each in in_order([bill(1, id_="b"), bill(1, id_="a")])] == ["a", "b"]


# ------------------------------------------------------------------------------------------------ building, once


def build(fen, scheme, person=ELDER, *, rules=RULES, already=False, prior=False, **more):
    one = bill(fen, scheme=scheme, kind=more.pop("kind", "construction"), **more)
    return built(one, rules, lambda _: person, already_paid=already, prior=prior)


@pytest.mark.parametrize(
    ("scheme", "fen", "more", "given"),
    [
        ("nj-bed-2021", 1, {}, 300_000),
        ("nj-bed-2021", 1, {"prior_adaptation": True}, 100_000),
        ("nj-bed-2021", 1, {"prior": True}, 100_000),
        ("hz-bed-2021", 1, {"prior": True}, 200_000),
        ("hz-bed-2021", 1, {"already": True}, 0),
        ("fz-bed-2022", 1, {}, 300_000),
        ("hb-bed-2022", 265_000, {"payer": "provider"}, 265_000),
        ("hb-bed-2022", 410_000, {"payer": "provider"}, 300_000),
        ("hb-bed-2022", 265_000, {"payer": "family"}, 0),
        ("wh-retrofit-2021", 248_000, {"kind": "adaptation"}, 248_000),
        ("wh-retrofit-2021", 360_000, {"kind": "adaptation"}, 300_000),
    ],
)
def test_building_is_paid_as_each_city_says(scheme, fen, more, given):
    assert build(fen, scheme, **more).amount_fen == given


def test_who_paid_is_paid_back_and_the_claim_is_one_for_ever():
    award = build(1, "hz-bed-2021", payer="family")
    assert (award.owed_to, award.claim) == ("resident-r1", "r1/once/hz-bed-2021")
    assert build(1, "hz-bed-2021").owed_to == "canaan"


def test_building_is_refused_where_nobody_is_admitted_nothing_was_shown_or_no_rule_was_in_force():
    assert build(1, "hb-bed-2022", replace(ELDER, age=74), payer="provider").outcome is Outcome.NOT_ELIGIBLE
    assert build(0, "hz-bed-2021").outcome is Outcome.NOTHING_SHOWN
    assert build(1, VOUCHER, month="2025-12").outcome is Outcome.NOT_IN_FORCE


def test_adapting_by_a_share_of_the_bill_is_paid_once_as_well():
    text = """
[policy]
id = "quanzhou"
kind = "retrofit"
title = "适老化改造"
grade = "B"
[[service_fee_tier]]
when = { age_min = 60, age_max = 79 }
ratio = "0.50"
[[service_fee_tier]]
when = { age_min = 80 }
ratio = "0.80"
"""
    rules = Rules(Policies([policy(text, "quanzhou")]))
    assert build(10_001, "quanzhou", rules=rules).amount_fen == 8_001
    assert build(10_001, "quanzhou", rules=rules, already=True).outcome is Outcome.ALREADY_PAID


def test_works_of_many_days_are_one_building():
    lines = [(date(2026, 3, 30), 100_000), (date(2026, 3, 2), 50_000)]
    one = bill(0, scheme="hb-bed-2022", kind="construction", payer="provider", lines=lines)
    assert built(one, RULES, lambda _: ELDER).amount_fen == 150_000


# ------------------------------------------------------------------------------------------------ running a bed


def bed_month(owed=31, fails=(), *, days=31, **more):
    said = {"bed_id": "B1", "resident_id": "r1", "month": "2026-03", "on": date(2026, 3, 1), "owed": owed, "days": days,
            "fails": tuple(fails), "owed_to": "canaan"}  # fmt: skip
    return BedMonth(**said | more)


def run(one, scheme="fz-bed-2022", person=ELDER, rules=RULES):
    return operating(one, scheme, rules, lambda _: person)


def test_fuzhou_pays_350_for_a_bed_and_month_whose_duty_was_met():
    award = run(bed_month())
    assert (award.amount_fen, award.source, award.claim) == (35_000, "bed-B1-2026-03", "r1/2026-03/operating")
    assert "Every duty of the month was reached" in said(award)
    # Twelve such months of twenty beds are the 84,000 yuan of the worked case.
    assert 12 * 20 * award.amount_fen == 8_400_000


def test_a_month_that_failed_names_the_duty_and_gives_nothing():
    award = run(bed_month(fails=["daily_visit", "hours"]))
    assert (award.amount_fen, award.outcome) == (0, Outcome.DUTY_FAILED)
    assert said(award, "zh")[-1] == "未达到：每日上门，每月时长"


def test_days_count_only_where_the_rule_says_so():
    assert run(bed_month(owed=10)).amount_fen == 35_000
    assert run(bed_month(owed=10, prorated=True)).amount_fen == 11_290  # 350.00 · 10/31 = 112.903…
    assert run(bed_month(owed=29, days=29, prorated=True)).amount_fen == 35_000
    assert run(bed_month(owed=0)) is None


def test_a_bed_whose_rule_gives_nothing_for_running_it_has_no_award():
    assert run(bed_month(), "hb-bed-2022") is None
    assert run(bed_month(on=date(2025, 12, 1)), VOUCHER) is None
    assert run(bed_month(), person=replace(ELDER, income_fen=326_601)).outcome is Outcome.NOT_ELIGIBLE


# ------------------------------------------------------------------------------------------------ call fees


@pytest.mark.parametrize(("fitted", "given"), [("2023-02-20", 2000), ("2023-03-15", 2000), ("2023-03-16", None)])
def test_binjiang_pays_from_the_month_in_which_a_device_was_fitted_by_the_fifteenth(fitted, given):
    award = call_fee("r1", date.fromisoformat(fitted), "2023-03", "hz-binjiang-call", RULES, owed_to="calls")
    assert (award and award.amount_fen) == given


def test_a_call_fee_before_its_rule_is_none():
    assert call_fee("r1", date(2020, 1, 1), "2025-01", VOUCHER, RULES, owed_to="calls") is None
