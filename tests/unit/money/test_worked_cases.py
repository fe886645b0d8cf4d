"""The worked cases of 28 real schemes, out of the files that come with the program."""

import tomllib

import pytest

from config.quoting import IMPLIED
from schedules.money.book import read_book
from tests.unit.money.rig import CASES, SHIPPED, quoting

QUOTING = quoting()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_worked_case_comes_out_as_published(case):
    answer = QUOTING.answer({key: value for key, value in case.items() if key != "expect"})
    assert {key: answer.get(key) for key in case["expect"]} == case["expect"]


def test_there_are_as_many_as_were_given():
    assert len(CASES) == 81
    assert {case["policy"] for case in CASES} == {policy.id for policy in read_book(SHIPPED, implied=IMPLIED).policies}


def test_the_shipped_files_are_without_fault_and_doubt():
    book = read_book(SHIPPED, implied=IMPLIED)
    assert [str(each) for each in (*book.faults, *book.doubts)] == []
    assert len(list(book.policies)) == 28
    assert len(book.exclusions) == 4


def test_every_file_is_called_what_its_rule_is_called():
    named = {
        path.stem: tomllib.loads(path.read_text("utf-8")).get("policy", {}).get("id") for path in SHIPPED.iterdir()
    }
    assert {stem for stem, said in named.items() if said != stem} == {"exclusions", "implications"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_answer_explains_itself_with_rule_and_version(lang):
    asked = quoting(lang=lang)
    for case in CASES:
        answer = asked.answer(case)
        assert case["policy"] in answer["explain"][0]
        assert answer["version"] in answer["explain"][0]
        assert len(answer["explain"]) >= 2, case["id"]
        assert "{" not in "".join(answer["explain"])
