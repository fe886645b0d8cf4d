"""The monthly duty of a home-care bed: which parts a month failed."""

from decimal import Decimal

import pytest

from schedules.care.rules.standard import fails

FUJIAN = {
    "visits_per_day_min": 1, "hours_per_month_min": Decimal("30.0"), "medical_visits_per_month_min": 2,
    "basic_items_min": 15,
}  # fmt: skip
NANJING = {
    "minutes_per_day_min": 60, "hours_per_month_min": Decimal("30.0"), "contract_months_min": 3,
    "satisfaction_min": Decimal("0.90"), "remote_rounds_per_day_min": 2,
}  # fmt: skip
WHOLE = {"days": 30, "days_with_visit": 30, "hours": Decimal("30.0"), "medical_visits": 2, "basic_items": 15}


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, []),
        ({"hours": Decimal("29.5")}, ["hours"]),
        ({"days": 31}, ["daily_visit"]),
        ({"medical_visits": 1, "basic_items": 14}, ["basic_items", "medical_visits"]),
    ],
    ids=["all", "half an hour", "a day", "two"],
)
def test_a_month_is_measured_duty_by_duty(change, failed):
    assert fails(FUJIAN, {**WHOLE, **change}) == failed


def test_nanjing_asks_by_the_day_and_for_satisfaction():
    facts = {
        "min_daily_minutes": 55, "hours": Decimal("31.0"), "contract_months": 2, "satisfaction": Decimal("0.95"),
        "min_daily_remote_rounds": 2,
    }  # fmt: skip
    assert fails(NANJING, facts) == ["contract_months", "daily_minutes"]


def test_what_nobody_wrote_down_was_not_shown():
    assert fails(FUJIAN, {}) == ["basic_items", "daily_visit", "hours", "medical_visits"]


def test_a_month_without_days_has_no_daily_visit():
    assert "daily_visit" in fails(FUJIAN, {**WHOLE, "days": 0, "days_with_visit": 0})


def test_what_is_not_asked_for_cannot_fail():
    assert fails({}, {}) == []
