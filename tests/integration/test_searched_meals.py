"""Meals on file as the search for anomalies sees them."""

from dataclasses import replace
from datetime import date

import pytest

from schedules.meals.rules.canteen import Canteen
from schedules.meals.searched import _holds, _least, told
from tests.unit.money.rig import policy


def test_opening_hours_are_told_by_weekday_and_minute():
    canteen = Canteen(id="c", code="C1", name="食堂", kind="canteen", area_code="130105000000")
    canteen = replace(canteen, hours="Mo-Fr 11:00-13:00")
    assert told(canteen).hours == tuple((weekday, 660, 780) for weekday in range(5))


def test_a_canteen_without_hours_has_none():
    assert told(Canteen(id="c", code="C1", name="食堂", kind="canteen", area_code="130105000000")).hours == ()


@pytest.mark.parametrize(
    ("head", "least"),
    [
        ("", {1000, 800}),
        ('price_basis = "list"\n[[discount]]\nrate = "0.90"\nstage = "before"\n', {1000, 800}),
        # The least price is measured on a price that no receipt shows.
        ('[[discount]]\nrate = "0.90"\nstage = "before"\n', set()),
        ('[[discount]]\nrate = "0.90"\nstage = "after"\n', {1000, 800}),
    ],
)
def test_the_least_prices_of_a_rule_are_those_that_a_receipt_shows(head, least):
    tiers = '[[tier]]\namount = "3.00"\nmin_price = "10.00"\n[[tier]]\namount = "2.00"\nmin_price = "8.00"\n'
    named = '[policy]\nid = "x"\nkind = "meal"\ntitle = "x"\ngrade = "A"\n'
    assert _least(policy(named + head + tiers)) == least


def test_a_version_counts_on_its_own_days_only():
    text = '[policy]\nid = "x"\nkind = "meal"\ntitle = "x"\ngrade = "A"\n{days}\n[[tier]]\namount = "1.00"\n'
    days = (date(2026, 6, 30), date(2026, 7, 1))
    old, new = (policy(text.format(days=each)) for each in ("effective_to = 2026-06-30", "effective_from = 2026-07-01"))
    assert [_holds(old, day, day) for day in days] == [True, False]
    assert [_holds(new, day, day) for day in days] == [False, True]
