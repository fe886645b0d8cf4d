"""
Cities and schemes that are in no reference, written from the text of the format alone, and cases worked by hand before
the program was asked: every table and every key of the format is in one of them, and the edges beside it.
"""

import json
import re

import pytest

from config.quoting import IMPLIED, quoting_of
from schedules.money.book import read_book
from schedules.money.rules.reading import read_policy
from schedules.money.rules.tables import CONDITION, TABLES
from tests.unit.money.rig import ROOT

CITIES = ROOT / "tests/cases/cities"
CASES = [json.loads(line) for line in (CITIES / "cases.jsonl").read_text("utf-8").splitlines()]
TEXTS = {path.name: path.read_text("utf-8") for path in sorted(CITIES.glob("*.toml"))}

KEYS = {
    "policy": "id kind title grade region source effective_from effective_to price_basis",
    "eligible": "age_min age_max cats_any cats_all cats_none levels hukou residence income_max same meal_types delivery any",  # noqa: E501
    "limit": "meal_types days per_meal_type_per_day meals_per_day meals_per_week",
    "discount": "when rate stage", "tier": "when group min_price per amount ratio cap up_to pay",
    "guard": "price_must_exceed_subsidy", "delivery": "when free amount limit_to_fee",
    "quota": "when per amount expires",
    "construction": "mode amount if_prior_adaptation once_per payer",
    "service_fee": "up_to", "service_fee_tier": "when ratio cap", "operating": "per_bed_month_up_to basis",
    "standard": "visits_per_day_min minutes_per_day_min hours_per_month_min medical_visits_per_month_min basic_items_min "  # noqa: E501
                "contract_months_min satisfaction_min remote_rounds_per_day_min response_minutes_max watch",
    "unit": "visits_per_unit units_per_person_max", "voucher": "month_cap deduct valid onsite_check_min",
    "monthly": "per_person cutoff_day urban_per_person rural_flat rural_flat_below rural_per_person star_add",
    "slab": "metric rates select table", "operator": "per_person_day",
}  # fmt: skip
"""What the text of the format names, table by table."""


@pytest.fixture(scope="module")
def book():
    book = read_book(CITIES, implied=IMPLIED)
    assert [str(each) for each in (*book.faults, *book.doubts)] == []
    return book


@pytest.mark.parametrize("leap_day", ["mar_1", "feb_28"])
def test_every_case_comes_out_as_it_was_worked_by_hand(book, leap_day):
    asked = quoting_of(book, lang="zh", leap_day=leap_day)
    wrong = {}
    mine = [case for case in CASES if case.get("leap_day", "mar_1") == leap_day]
    for case in mine:
        answer = asked.answer({name: each for name, each in case.items() if name != "leap_day"})
        told = {name: answer.get(name) for name in case["expect"]}
        if told != case["expect"] or not answer["explain"]:
            wrong[case["id"]] = told
    assert wrong == {}
    assert len(mine) >= {"mar_1": 70, "feb_28": 2}[leap_day]


def test_the_tables_are_those_of_the_text_and_every_key_is_in_one_of_the_cities():
    assert {"policy", *TABLES} == set(KEYS)
    assert set(CONDITION) == set(KEYS["eligible"].split())
    written = "\n".join(re.sub(r"#.*", "", text) for text in TEXTS.values())
    named = {key for keys in KEYS.values() for key in keys.split()}
    assert {key for key in named if not re.search(rf"\b{key}\b", written)} == set()


def test_a_key_that_the_text_does_not_name_is_refused_with_its_place():
    """Into every table of every file, one key more; the whole file is refused and the place is named."""
    for name, text in TEXTS.items():
        for number, line in enumerate(lines := text.splitlines()):
            header = re.fullmatch(r"\[+([a-z_.]+)\]+(\s*#.*)?", line)
            if header is None or header[1] == "exclude":
                continue
            broken = "\n".join([*lines[: number + 1], "colour_of_it = 1", *lines[number + 1 :]])
            read = read_policy(broken, name)
            assert read.policy is None
            place = re.escape(header[1]).replace(r"\.", r"\.") + r"(\[\d+\])?\.colour_of_it"
            assert any(re.search(rf"^{re.escape(name)}: {place}: unknown key; ", str(each)) for each in read.faults), (
                name, line, [str(each) for each in read.faults],
            )  # fmt: skip


def test_a_key_in_a_condition_or_in_a_rate_is_refused_with_its_place():
    text = TEXTS["longtan.toml"].replace(
        '{ delivery = true, levels = ["total"] }', '{ delivery = true, levls = ["x"] }'
    )
    assert "longtan.toml: tier[3].when.levls: unknown key; did you mean levels?" in _faults(text, "longtan.toml")
    text = TEXTS["longtan.toml"].replace("{ age_min = 85 }", "{ age = 85 }")
    assert any(
        each.startswith("longtan.toml: delivery[1].when.any[1].age: unknown key")
        for each in _faults(text, "longtan.toml")
    )
    text = TEXTS["qingyuan-slab.toml"].replace("lump", "sum")
    assert any(
        each.startswith("qingyuan-slab.toml: slab.table[2].rates[1].sum: unknown key")
        for each in _faults(text, "qingyuan-slab.toml")
    )


def _faults(text, name):
    return [str(each) for each in read_policy(text, name).faults]
