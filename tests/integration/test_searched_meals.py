"""Meals on file as the search for anomalies sees them."""

from dataclasses import replace

from schedules.meals.rules.canteen import Canteen
from schedules.meals.searched import told


def test_opening_hours_are_told_by_weekday_and_minute():
    canteen = Canteen(id="c", code="C1", name="食堂", kind="canteen", area_code="130105000000")
    canteen = replace(canteen, hours="Mo-Fr 11:00-13:00")
    assert told(canteen).hours == tuple((weekday, 660, 780) for weekday in range(5))


def test_a_canteen_without_hours_has_none():
    assert told(Canteen(id="c", code="C1", name="食堂", kind="canteen", area_code="130105000000")).hours == ()
