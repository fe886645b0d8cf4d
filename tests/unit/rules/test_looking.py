"""When the fate of an attempt is asked of its provider."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.rules.looking import is_absent, is_judged, is_urgent, look_after
from dispatch.rules.message import Priority

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def times(**said):
    found = []
    while (after := look_after(looks=len(found), **said)) is not None:
        found.append(after.total_seconds())
    return found


def test_an_emergency_in_doubt_is_looked_for_soon_and_five_times():
    assert times(unknown=True, urgent=True, limit_s=30.0) == [2, 5, 15, 60, 300]


def test_a_notice_in_doubt_may_take_longer():
    assert times(unknown=True, urgent=False, limit_s=30.0) == [5, 20, 60, 300]


@pytest.mark.parametrize(("limit_s", "first"), [(30.0, [15, 30, 60]), (10.0, [5, 10, 60]), (0.0, [15, 60, 120]), (90.0, [15, 90, 120])])  # noqa: E501  # fmt: skip
def test_the_receipt_of_an_emergency_is_asked_for_before_the_limit_and_at_it(limit_s, first):
    found = times(unknown=False, urgent=True, limit_s=limit_s)
    assert found[:3] == first
    assert found == sorted(found)
    assert found[-1] == 21_600


def test_silence_is_judged_once_at_the_limit_and_for_emergencies_only():
    judged = [n for n in range(12) if is_judged(unknown=False, urgent=True, looks=n, limit_s=30.0)]
    assert judged == [1]
    assert not is_judged(unknown=True, urgent=True, looks=1, limit_s=30.0)
    assert not is_judged(unknown=False, urgent=False, looks=1, limit_s=30.0)
    assert not is_judged(unknown=False, urgent=True, looks=1, limit_s=0.0)


@pytest.mark.parametrize(("over", "limit_s", "urgent"), [(False, 0.0, True), (False, 30.0, True), (True, 30.0, True), (True, 0.0, False)])  # noqa: E501  # fmt: skip
def test_an_emergency_is_urgent_until_its_alarm_is_over_and_its_road_is_judged_in_any_case(over, limit_s, urgent):
    assert is_urgent(Priority.EMERGENCY, over=over, limit_s=limit_s) is urgent
    assert not is_urgent(Priority.CONFIRMATION, over=over, limit_s=limit_s)


def test_not_there_is_believed_after_half_a_minute():
    assert not is_absent(None, NOW)
    assert not is_absent(NOW - timedelta(seconds=29.9), NOW)
    assert is_absent(NOW - timedelta(seconds=30), NOW)
