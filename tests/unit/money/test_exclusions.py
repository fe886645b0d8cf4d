"""Schemes that may not be drawn together, and categories that mean others: both are data."""

import pytest  # noqa: I001

from schedules.money.rules.exclusions import (
    Conflict, Exclusion, Implications, conflicts, excluded_by, read_exclusions, read_implications,
)  # fmt: skip
from schedules.money.rules.facts import Person
from tests.unit.money.rig import folder_of, meal_case, policy, quoting

TIER = '[[tier]]\namount = "3.00"'
RULES = """
[[exclude]]
scheme = "town"
not_with = ["district", "bought"]
[[exclude]]
scheme = "any_meal"
not_with = ["in_institution"]
"""


@pytest.fixture
def asked(tmp_path):
    return quoting(folder_of(tmp_path, town=TIER, district=TIER, other=TIER, rules=RULES), lang="zh")


@pytest.mark.parametrize(
    ("rule", "person", "by"),
    [
        ("town", {}, None),
        ("town", {"cats": ["bought"]}, "bought"),
        ("town", {"schemes": ["district"]}, "district"),
        ("district", {"schemes": ["town"]}, "town"),
        ("district", {"schemes": ["other"]}, None),
        ("district", {"cats": ["bought"]}, None),
        ("other", {"schemes": ["town", "district"]}, None),
        ("other", {"cats": ["in_institution"]}, "in_institution"),
        ("town", {"schemes": ["town"]}, None),
    ],
)  # fmt: skip
def test_who_has_the_other_scheme_gets_nothing_whichever_file_names_it(asked, rule, person, by):
    answer = asked.answer(meal_case(rule, person, "12.00"))
    assert answer.get("excluded_by") == by
    assert (answer["subsidy"], answer["reason"]) == (("3.00", "ok") if by is None else ("0.00", "not_eligible"))
    assert any("重复享受" in line for line in answer["explain"]) is (by is not None)


def test_the_voucher_is_not_paid_beside_the_improvement_project():
    case = {"id": 1, "policy": "nat-voucher-2026", "ask": "voucher", "facts": {"kind": "home", "bills": ["100.00"]}}
    person = {"age": 82, "level": "severe", "cats": ["improvement_project"]}
    answer = quoting(lang="en").answer({**case, "person": person})
    assert (answer["deducted"], answer["left"], answer["excluded_by"]) == (["0.00"], "0.00", "improvement_project")
    assert "May not be combined" in answer["explain"][1]


def test_every_conflict_of_one_person_is_found_once():
    exclusions, faults = read_exclusions(RULES, "rules.toml")
    assert faults == []
    drawn = {"town": "meal", "district": "meal", "bed": "home_bed"}
    assert conflicts(exclusions, drawn, ["bought"]) == [Conflict("town", "bought"), Conflict("town", "district")]
    assert conflicts(exclusions, {"bed": "home_bed"}, ["in_institution"]) == []


def test_a_scheme_is_no_conflict_with_itself():
    both = [Exclusion(scheme="any_meal", not_with=("town", "district"))]
    assert excluded_by(both, policy(TIER, "town"), Person(schemes=frozenset({"town"}))) is None
    assert conflicts(both, {"town": "meal"}, []) == []


def test_implications_go_on_and_end():
    implied = Implications({"a": ["b"], "b": ["c", "a"]})
    assert implied.of(["a"]) == {"a", "b", "c"}
    assert implied.of(["c", "x"]) == {"c", "x"}
    assert implied.of([]) == frozenset()


@pytest.mark.parametrize("cat", ["tekun", "tekun_scattered", "tekun_central"])
def test_state_support_at_home_and_elsewhere_is_state_support(tmp_path, cat):
    asked = quoting(folder_of(tmp_path, city='[[tier]]\nwhen = { cats_any = ["tekun"] }\namount = "3.00"'))
    assert asked.answer(meal_case("city", {"cats": [cat]}, "9.00"))["subsidy"] == "3.00"


def test_a_folder_may_say_its_own_implications(tmp_path):
    asked = quoting(folder_of(
        tmp_path, city='[[tier]]\nwhen = { cats_any = ["poor"] }\namount = "3.00"', words='[implies]\ndibao = ["poor"]',
    ))  # fmt: skip
    assert asked.answer(meal_case("city", {"cats": ["dibao"]}, "9.00"))["subsidy"] == "3.00"


def test_mistakes_in_these_files_are_told_with_their_place():
    assert "exclude[1].not_wiht: unknown key; did you mean not_with?" in str(
        read_exclusions('[[exclude]]\nscheme = "a"\nnot_wiht = ["b"]', "x.toml")[1][-1]
    )
    assert "exclude.not_with: a excludes itself" in str(
        read_exclusions('[[exclude]]\nscheme = "a"\nnot_with = ["b", "a"]', "x.toml")[1][0]
    )
    assert "implies.a: a list of texts" in str(read_implications('[implies]\na = "b"', "x.toml")[1][0])
    assert "no TOML" in str(read_implications("[implies", "x.toml")[1][0])


def test_what_is_remembered_of_categories_does_not_grow_for_ever():
    implied = Implications({"a": ["b"]})
    assert all(implied.of(["a", str(number)]) == {"a", "b", str(number)} for number in range(5000))
    assert len(implied._seen) <= 4097
