"""The file of thresholds is checked whole: each mistake is told with its place and its cure, and nothing is used."""

from pathlib import Path

import pytest

from schedules.money.anomalies.rules.limits import read_limits

SHIPPED = Path("config/money/anomalies.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("metres = 5000", "metre = 5000", "two_canteens.metre: unknown key; did you mean metres?"),
        ("metres = 5000\n", "", "two_canteens.metres: missing"),
        ("people = 3\n", 'people = "3"\n', "burst.people: a whole number is expected"),
        ("percent = 80\nleast = 50", "percent = 101\nleast = 50", "at_minimum.percent: 101 is out of range"),
        ("[jump]", "[jumps]", "jumps: unknown key; did you mean jump?"),
        ("least_days = 10", "least_days = 29", "jump.least_days: more than days"),
        ('severity = "low"', 'severity = "small"', "at_minimum.severity: 'small' is not known here"),
        ("[burst]", "[burst", "this is no TOML"),
        ("[reused_photo]\n", "[reused_photo]\nminutes = 3\n", "reused_photo.minutes: unknown key"),
    ],
)
def test_a_mistake_is_told_with_its_place(was, now, said):
    assert was in SHIPPED
    _, faults = read_limits(SHIPPED.replace(was, now), "anomalies.toml")
    assert any(f"anomalies.toml: {said}" in str(each) for each in faults), [str(each) for each in faults]


def test_every_rule_says_where_it_is_from():
    limits, _ = read_limits(SHIPPED, "anomalies.toml")
    assert all(len(each.source) > 8 for each in limits.values())
