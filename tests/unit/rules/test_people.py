"""People and places: who is meant, what may be told of an address, how old somebody is."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from dispatch.ids import CarerId, ContactId, OperatorId, ResidentId
from dispatch.rules.people import Carer, Home, Household, Resident, age, carer, carer_id, compound, contact, operator
from tests.unit.rules.test_alarm import a_household


def test_all_kinds_of_people_have_one_form():
    assert carer(CarerId("7")) == "carer:7"
    assert contact(ContactId("7")) == "contact:7"
    assert operator(OperatorId("wang")) == "operator:wang"


@pytest.mark.parametrize(
    ("person", "id_"), [("carer:7", "7"), ("carer:a:b", "a:b"), ("contact:7", None), ("service", None)]
)
def test_a_carer_is_known_by_the_form(person, id_):
    assert carer_id(person) == id_


@pytest.mark.parametrize(
    ("languages", "lang"), [({"zh"}, "zh"), ({"en"}, "en"), ({"zh", "en"}, "zh"), ({"yue"}, "zh"), (set(), "zh")]
)
def test_a_carer_is_written_to_in_english_only_where_chinese_is_not_spoken(languages, lang):
    who = Carer(id=CarerId("1"), code="C1", name="Smith", phone=None, station_id=None, languages=frozenset(languages))
    assert who.lang == lang


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("柏林小区 3-2-501", "柏林小区"),
        ("柏林小区3-2-501", "柏林小区"),
        ("柏林小区，三号楼", "柏林小区"),
        ("Elm Court,5", "Elm"),
        ("  红星里 2-101", "红星里"),
        ("和平里", "和平里"),
        ("柏林小区3栋501", "柏林小区"),
        ("Elm#5", "Elm"),
        ("5-3", ""),
        ("", ""),
    ],
)
def test_a_text_names_the_compound_and_never_the_door(address, told):
    assert compound(address) == told


@pytest.mark.parametrize("address", ["501室 柏林小区", "3-2-501 柏林小区"])
def test_a_door_that_stands_first_is_not_told_either(address):
    assert "501" not in compound(address)


def test_a_number_at_the_head_of_a_name_belongs_to_it():
    assert compound(" 3号院东区红星里老年公寓") == "3号院东区红星里老年公寓"


@pytest.mark.parametrize(
    ("today", "years"),
    [(date(2026, 3, 4), 87), (date(2026, 3, 5), 88), (date(2026, 2, 28), 87), (date(2026, 4, 1), 88),
     (date(2026, 12, 31), 88), (date(2026, 1, 31), 87)],
)  # fmt: skip
def test_years_are_full_on_the_birthday(today, years):
    assert age(date(1938, 3, 5), today) == years


def test_who_never_told_their_birthday_has_no_age():
    assert age(None, date(2026, 1, 1)) is None


def test_the_resident_meant_is_found_or_the_only_one_there_is():
    household = a_household()
    (wang,) = household.residents
    assert household.resident(ResidentId("r1")) == wang
    assert household.resident(ResidentId("nobody")) is None
    assert household.resident(None) == wang
    both = a_household(residents=(wang, replace(wang, id=ResidentId("r2"))))
    assert both.resident(None) is None
    assert both.resident(ResidentId("r2")).id == "r2"
    assert a_household(residents=()).resident(None) is None


def test_who_lives_on_is_the_one_meant_and_a_home_of_the_dead_alone_is_bereaved():
    at = datetime(2026, 11, 21, tzinfo=UTC)
    dead = Resident(id="a", code="A", home_id="h", name="甲", ended_at=at, died_on=at.date())
    left = replace(dead, id="b", died_on=None)
    alive = Resident(id="c", code="C", home_id="h", name="丙")
    home = Home(id="h", code="H", address="x", position=None, station_id=None)
    both = Household(home=home, residents=(dead, alive))
    assert (both.resident(None), both.resident("a"), both.is_bereaved) == (alive, dead, False)
    assert Household(home=home, residents=(dead,)).resident(None) is None
    assert Household(home=home, residents=(dead, left)).is_bereaved
    assert not Household(home=home, residents=(left,)).is_bereaved
