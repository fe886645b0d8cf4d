"""
A made-up city (`tests/cases/coast`): discounts before and after, an account beside a personal price, a rule that
changes on a leap day in the middle of a week, two tables of slabs; cases worked by hand before the program was asked.
"""

import json

import pytest

from config.quoting import IMPLIED, quoting_of
from schedules.money.book import read_book
from schedules.money.rules.reading import read_policy
from tests.unit.money.rig import ROOT

COAST = ROOT / "tests/cases/coast"
CASES = [json.loads(line) for line in (COAST / "cases.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def asked():
    book = read_book(COAST, implied=IMPLIED)
    assert list(book.faults) == []
    return quoting_of(book, lang="en")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_case_comes_out_as_it_was_worked_by_hand(asked, case):
    answer = asked.answer(case)
    assert {name: answer.get(name) for name in case["expect"]} == case["expect"]
    assert answer["explain"]


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("lintan-voucher", "home =", "hom =", "voucher.deduct.hom: unknown key; did you mean home?"),
        ("lintan-voucher", "levels =", "level =", "eligible.any[2].level: unknown key; did you mean levels?"),
        ("lintan-serve", 'zone = "isle"', 'zune = "isle"', "slab.table[1].zune: unknown key; did you mean zone?"),
        ("lintan", "limit_to_fee", "limit_to_fees", "delivery[1].limit_to_fees: unknown key"),
    ],
)
def test_a_key_that_the_format_does_not_have_is_named_with_its_place(file, old, new, place):
    text = (COAST / f"{file}.toml").read_text("utf-8")
    read = read_policy(text.replace(old, new, 1), f"{file}.toml")
    assert read.policy is None
    assert any(str(each).startswith(f"{file}.toml: {place}") for each in read.faults), [
        str(each) for each in read.faults
    ]
