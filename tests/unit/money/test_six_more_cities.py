"""
Six more cities, written from the text of the format alone with keys together that no other file joins: discounts on
both sides of a share with a cap, two accounts that lapse differently beside a fixed amount, a personal price beside a
share, money for bringing that may exceed the fee. The cases were worked by hand before the program was asked.
"""

import json

from config.quoting import IMPLIED, quoting_of
from schedules.money.book import read_book
from tests.unit.money.rig import ROOT

CITIES = ROOT / "tests/cases/more_cities"
CASES = [json.loads(line) for line in (CITIES / "cases.jsonl").read_text("utf-8").splitlines()]


def test_every_case_comes_out_as_it_was_worked_by_hand():
    book = read_book(CITIES, implied=IMPLIED)
    assert [str(each) for each in (*book.faults, *book.doubts)] == []
    asked, wrong = quoting_of(book, lang="zh"), {}
    for case in CASES:
        answer = asked.answer(case)
        told = {name: answer.get(name) for name in case["expect"]}
        if told != case["expect"] or not answer["explain"]:
            wrong[case["id"]] = told
    assert wrong == {}
    assert len(CASES) >= 68
    assert {each["policy"] for each in CASES} == {each.id for each in book.policies}
