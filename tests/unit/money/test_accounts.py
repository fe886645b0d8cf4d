"""A virtual account whose credits lapse at different times: what is drawn first, what lapses, what comes late."""

import itertools
from datetime import date, timedelta

import pytest

from schedules.money.rules.conditions import of_person
from schedules.money.rules.policy import Condition
from schedules.money.rules.usage import Change, account, available
from tests.unit.money.rig import folder_of, policy, quoting

JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))
MONTH, QUARTER = date(2026, 2, 28), date(2026, 3, 31)

TWO_KINDS = """
[eligible]
age_min = 60
same = "district"
any = [{ cats_any = ["dibao"] }, { age_min = 80, meal_types = ["lunch"] }]
[[quota]]
when = { age_max = 79, cats_any = ["dibao"], delivery = true }
amount = "60.00"
expires = "month_end"
[[quota]]
when = { age_min = 80 }
amount = "100.00"
expires = "quarter_end"
[[tier]]
up_to = "quota"
"""


def told(moves):
    return [(f"{move.on:%m-%d}", move.what, move.amount_fen, move.left_fen) for move in moves]


def test_each_credit_lapses_by_itself_and_what_lapses_first_is_drawn_first():
    changes = [
        Change(JAN, 10_000, QUARTER), Change(FEB, 6_000, MONTH), Change(date(2026, 2, 10), 4_000),
        Change(MAR, 6_000, QUARTER), Change(date(2026, 3, 2), 15_000),
    ]  # fmt: skip
    assert told(account(changes, date(2026, 4, 1))) == [
        ("01-01", "credit", 10_000, 10_000),
        ("02-01", "credit", 6_000, 16_000),
        ("02-10", "spend", 4_000, 12_000),
        ("02-28", "lapse", 2_000, 10_000),
        ("03-01", "credit", 6_000, 16_000),
        ("03-02", "spend", 15_000, 1_000),
        ("03-31", "lapse", 1_000, 0),
    ]


def test_who_turns_80_in_a_quarter_has_an_account_that_lapses_later_from_then_on(tmp_path):
    """
    Born on 10 February 1946, dibao: 60.00 lapse with January, 60.00 with February, at 79 still on the first of it;
    100.00 of March with the quarter. What a rule asks of the meal is not asked on the first of a month.
    """
    person = {"born_on": "1946-02-10", "cats": ["dibao"], "hukou": "339905"}
    answer = quoting(folder_of(tmp_path, city=TWO_KINDS)).answer({
        "policy": "city", "ask": "quota", "person": person,
        "facts": {"from": "2026-01", "date": "2026-04-01", "spent": [{"date": "2026-02-28", "amount": "59.99"}]},
    })  # fmt: skip
    assert [(each["on"], each["what"], each["amount"]) for each in answer["moves"]] == [
        ("2026-01-01", "credit", "60.00"), ("2026-01-31", "lapse", "60.00"),
        ("2026-02-01", "credit", "60.00"), ("2026-02-28", "spend", "59.99"), ("2026-02-28", "lapse", "0.01"),
        ("2026-03-01", "credit", "100.00"), ("2026-03-31", "lapse", "100.00"),
        ("2026-04-01", "credit", "100.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "fen"),
    [
        (date(2025, 12, 31), 0),
        # Of 30.00 of January and 60.00 of February, 75.00 went on 10 February: 15.00 of January's are left for before.
        (date(2026, 1, 20), 1_500),
        (date(2026, 2, 10), 1_500),
        (date(2026, 3, 31), 1_500),
        (date(2026, 4, 1), 0),
    ],
)
def test_a_till_that_sends_late_draws_what_later_meals_have_left(on, fen):
    changes = [Change(JAN, 3_000, QUARTER), Change(FEB, 6_000, QUARTER), Change(date(2026, 2, 10), 7_500)]
    assert available(changes, on) == fen


def test_what_a_late_meal_may_draw_is_the_most_that_cuts_no_meal_after_it():
    days = [date(2026, 1, 20), date(2026, 2, 10), date(2026, 2, 28), date(2026, 3, 2)]
    for ends, spends in itertools.product(itertools.product([MONTH, QUARTER], repeat=2), itertools.product([0, 2, 5], repeat=3)):  # noqa: E501  # fmt: skip
        given = [Change(JAN, 4, QUARTER), Change(FEB, 3, ends[0]), Change(MAR, 2, max(ends[1], MAR))]
        known = [Change(day, fen) for day, fen in zip(days[1:], spends, strict=True)]
        got = [each.amount_fen for each in account(_sorted(given, known), QUARTER) if each.what == "spend"]
        known = [Change(each.on, fen) for each, fen in zip(known, got, strict=True)]
        assert available(_sorted(given, known), days[0]) == _most(given, known, days[0]), (ends, spends)


def _sorted(given, spends):
    return sorted([*given, *spends], key=lambda each: (each.on, each.lapses is None))


def _most(given, known, on):
    """By trying: the highest amount with which every meal after it still gets what it got."""
    for fen in range(9, -1, -1):
        moves = account(_sorted(given, [Change(on, fen), *known]), QUARTER + timedelta(days=1))
        if [each.amount_fen for each in moves if each.what == "spend"] == [fen, *(each.amount_fen for each in known)]:
            return fen
    raise AssertionError("nothing can always be drawn")


def test_a_condition_of_the_person_alone_forgets_the_meal_and_keeps_everything_else():
    whole = policy(TWO_KINDS).eligible
    assert of_person(whole) == Condition(
        age_min=60, any=(Condition(cats_any=("dibao",)), Condition(age_min=80)),
    )  # fmt: skip
    assert of_person(Condition(any=(Condition(same="town"), Condition(age_min=80)))) == Condition()
