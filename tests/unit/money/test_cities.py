"""Another city is another file: rules that were held back are answered without a line of code."""

import pytest

from config.quoting import IMPLIED, quoting_of
from schedules.money.book import read_book
from tests.unit.money.cities import CITIES
from tests.unit.money.rig import folder_of, meal_case


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    book = read_book(folder_of(tmp_path_factory.mktemp("cities"), **CITIES), implied=IMPLIED)
    assert [str(each) for each in (*book.faults, *book.doubts)] == []
    return quoting_of(book, lang="zh")


@pytest.mark.parametrize(
    ("city", "person", "meal", "used", "expected"),
    [
        ("jurong", {"age": 74}, {"price": "9.00"}, {}, ("1.00", "8.00")),
        ("jurong", {"age": 75}, {"price": "11.00"}, {}, ("5.00", "6.00")),
        ("jurong", {"age": 95}, {"price": "9.00"}, {}, ("9.00", "0.00")),
        ("jurong", {"age": 62, "cats": ["tekun_central"]}, {"price": "13.00"}, {}, ("9.00", "4.00")),
        ("jurong", {"age": 96, "cats": ["dibao"]}, {"price": "13.00"}, {}, ("9.00", "4.00")),
        ("jurong", {"age": 85}, {"price": "11.00", "delivery": True, "delivery_fee": "2.00"}, {}, ("8.00", "5.00")),
        ("jurong", {"age": 85}, {"price": "11.00", "type": "dinner"}, {}, ("0.00", "11.00")),
        ("xiangyang", {"age": 79}, {"price": "12.33"}, {}, ("2.47", "9.86")),
        ("xiangyang", {"age": 89}, {"price": "12.50"}, {}, ("3.13", "9.37")),
        ("xiangyang", {"age": 90}, {"price": "12.50"}, {}, ("12.50", "0.00")),
        ("songjiang", {"age": 65, "residence": "310117"}, {"price": "15.00"}, {}, ("2.00", "13.00")),
        ("songjiang", {"age": 66, "residence": "310117", "cats": ["hardship"]}, {"price": "15.00"}, {}, ("4.00", "11.00")),  # noqa: E501
        ("songjiang", {"age": 80, "residence": "310117"}, {"price": "15.00"}, {"today": 1}, ("0.00", "15.00")),
        ("songjiang", {"age": 80, "residence": "310101"}, {"price": "15.00"}, {}, ("0.00", "15.00")),
        ("putuo-earlier", {"cats": ["class_a", "care_grade_3"]}, {"price": "15.00", "delivery": True, "delivery_fee": "5.00"}, {}, ("6.00", "10.00")),  # noqa: E501
        ("putuo-earlier", {"cats": ["class_c"]}, {"price": "14.99"}, {}, ("0.00", "14.99")),
        ("dazu", {"cats": ["low_income"]}, {"price": "12.00"}, {}, ("7.00", "5.00")),
        ("dazu", {"cats": []}, {"price": "12.00"}, {}, ("0.00", "12.00")),
        ("putian", {"age": 60}, {"price": "12.00"}, {"quota": "50.00"}, ("10.80", "0.00")),
        ("putian", {"age": 60}, {"price": "12.00"}, {"quota": "3.20"}, ("3.20", "7.60")),
        ("putian", {"age": 60}, {"price": "12.00"}, {"quota": "0.00"}, ("0.00", "10.80")),
        ("chuzhou", {"age": 90}, {"price": "12.00"}, {}, ("3.00", "9.00")),
        ("chuzhou", {"age": 100}, {"price": "12.00"}, {}, ("5.00", "7.00")),
    ],
)  # fmt: skip
def test_a_meal_in_a_city_that_was_held_back(asked, city, person, meal, used, expected):
    kind = meal.pop("type", "lunch") if "type" in meal else "lunch"
    answer = asked.answer(meal_case(city, person, kind=kind, used=used, **meal))
    assert (answer["subsidy"], answer["person_pays"]) == expected
    assert len(answer["explain"]) >= 2


@pytest.mark.parametrize(
    ("city", "ask", "person", "facts", "amount"),
    [
        ("quanzhou", "construction", {"age": 79}, {"bill": "3333.33"}, "1666.67"),
        ("quanzhou", "service_fee", {"age": 80}, {"bill": "3333.33"}, "2666.66"),
        ("quanzhou", "construction", {"age": 59}, {"bill": "3333.33"}, "0.00"),
        ("liaocheng", "slab", None, {"value": 9999, "area": "urban"}, "10000.00"),
        ("liaocheng", "slab", None, {"value": 9999, "area": "rural"}, "20000.00"),
        ("liaocheng", "slab", None, {"value": 3499, "area": "rural"}, "0.00"),
        ("station", "station", None, {"area": "urban", "people": 10}, "300.00"),
        ("station", "monthly", None, {"area": "island", "people": 10}, "0.00"),
        ("operator", "operator", None, {"person_days": 31}, "93.00"),
        ("station", "station", None, {"area": "rural", "people": 79}, "2000.00"),
        ("station", "station", None, {"area": "rural", "people": 80, "star": 4}, "3080.00"),
    ],
)
def test_other_money_in_a_city_that_was_held_back(asked, city, ask, person, facts, amount):
    answer = asked.answer({"id": 1, "policy": city, "ask": ask, "person": person, "facts": facts})
    assert answer["amount"] == amount


def test_the_words_of_another_city_are_shown_as_they_stand(asked):
    answer = asked.answer(meal_case("putuo-earlier", {"cats": ["class_d"]}, "15.00"))
    assert "class_a、class_b、class_c" in answer["explain"][1]
