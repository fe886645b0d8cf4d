"""What is left of a number when it is masked."""

import pytest

from dispatch.rules.masking import mask, masked, masked_or_none


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800000101", "+86*********01"),
        ("13010519380305101X", "130*************1X"),
        ("1234567", "*******"),
        ("12345678", "123***78"),
        ("", ""),
    ],
)
def test_a_number_keeps_its_ends_and_a_short_one_nothing(number, shown):
    assert masked(number) == shown


def test_no_number_stays_none():
    assert masked_or_none(None) is None


def test_everything_under_a_telling_name_is_masked_at_any_depth():
    told = {"name": "王秀英", "phone": "+8613800000101", "kin": [{"phone": "+8613800000201", "order": 1}], "to": None}
    assert mask(told) == {
        "name": "王秀英",
        "phone": "+86*********01",
        "kin": [{"phone": "+86*********01", "order": 1}],
        "to": None,
    }


def test_the_state_an_alarm_came_to_is_no_number():
    assert mask({"from": "raised", "to": "offered", "notify": "１３８００００１０１０"}) == {
        "from": "raised",
        "to": "offered",
        "notify": "１３８******１０",
    }


def test_what_is_masked_says_nothing_of_the_birthday():
    assert "19380305" not in mask({"id_number": "13010519380305101X"})["id_number"]
