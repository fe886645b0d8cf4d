"""What devices say, and what it means for people."""

from datetime import datetime

import pytest

from dispatch.rules.signal import CAUSES, Cause, Event
from tests.unit.rules.test_raising import a_signal

ORDER = [
    "fire", "gas", "duress", "fall", "press", "inactivity", "wandering", "water", "intrusion", "unclear",
    "missed_visit", "missed_call",
]  # fmt: skip


@pytest.mark.parametrize("one", ORDER)
@pytest.mark.parametrize("other", ORDER)
def test_the_graver_cause_is_the_one_before(one, other):
    assert Cause(one).graver_than(Cause(other)) == (ORDER.index(one) < ORDER.index(other))


def test_a_call_to_the_hotline_is_as_grave_as_a_press():
    assert not Cause.HOTLINE.graver_than(Cause.PRESS)
    assert not Cause.PRESS.graver_than(Cause.HOTLINE)
    assert not Cause.HOTLINE.graver_than(Cause.HOTLINE)
    assert Cause.FALL.graver_than(Cause.HOTLINE)
    assert Cause.HOTLINE.graver_than(Cause.INACTIVITY)


def test_nobody_forgot_a_cause():
    assert {*ORDER, "hotline", "exercise"} == set(Cause)


def test_nothing_is_less_urgent_than_an_exercise():
    assert all(cause.graver_than(Cause.EXERCISE) for cause in set(Cause) - {Cause.EXERCISE})


def test_these_events_raise_an_alarm_and_no_others():
    assert {str(event): str(cause) for event, cause in CAUSES.items()} == {
        "press": "press", "duress": "duress", "fall": "fall", "fall_suspected": "fall", "inactivity": "inactivity",
        "wandering": "wandering", "smoke": "fire", "fire": "fire", "heat": "fire", "gas": "gas", "co": "gas",
        "water": "water", "alarm": "unclear",
    }  # fmt: skip
    assert Event.CANCEL not in CAUSES


@pytest.mark.parametrize("wrong", [{"dedup_key": ""}, {"received_at": datetime(2026, 11, 21, 4, 0)}])  # noqa: DTZ001
def test_a_signal_without_a_key_or_with_a_naive_time_is_a_defect(wrong):
    with pytest.raises(AssertionError):
        a_signal(**wrong)
