"""The file that says how devices are looked after, read whole."""

import copy
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from devices.rules.plan import read_plan
from dispatch.errors import Misconfigured

SHIPPED = tomllib.loads((Path(__file__).parents[3] / "config" / "devices.toml").read_text(encoding="utf-8"))
HOUR = timedelta(hours=1)


def changed(path: str, value: object) -> dict:
    """The shipped file with one thing changed; `...` takes it out."""
    written = copy.deepcopy(SHIPPED)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    table = written
    for part in way:
        table = table[part]
    if value is ...:
        del table[last]
    else:
        table[last] = value
    return written


def rule(kind="pendant", protocol="rflink", address="EV1527:0a1b2c:01", plan=None):
    return (plan or read_plan(SHIPPED)).rule(kind=kind, protocol=protocol, address=address)


def test_fixed_code_radio_is_never_supervised_and_is_tested_every_month():
    assert (rule().interval, rule().late, rule().offline) == (None, None, None)
    assert (rule().pressed, rule().test_every) == (True, timedelta(days=31))


def test_two_missed_is_late_and_three_offline():
    found = rule(kind="door", protocol="rtl433", address="DSC-Security:1")
    assert (found.late, found.offline) == (2 * found.interval, 3 * found.interval)


def test_a_lost_pendant_has_its_case_within_25_hours():
    """PROMISES, section 2; three missed intervals of one that speaks once a day would be three days."""
    found = rule(protocol="scaip", address="46701234567")
    assert found.interval == 24 * HOUR
    assert found.offline <= 25 * HOUR
    assert rule(kind="panel", protocol="scaip").offline == 72 * HOUR


def test_the_longest_beginning_that_fits_counts():
    written = changed("types", [
        {"protocol": "p", "interval_h": 1},
        {"protocol": "p", "address": "A:", "interval_h": 2},
        {"protocol": "p", "address": "A:1", "interval_h": 0},
    ])  # fmt: skip
    plan = read_plan(written)
    intervals = [rule(protocol="p", address=each, plan=plan).interval for each in ("B:1", "A:2", "A:1", "a:2")]
    assert intervals == [HOUR, 2 * HOUR, None, HOUR]


def test_a_type_counts_before_a_kind_and_a_kind_before_nothing():
    plan = read_plan(changed("kinds.bed", {"interval_h": 6}))
    assert rule(kind="bed", protocol="new", plan=plan).interval == 6 * HOUR
    assert rule(kind="bed", protocol="rflink", plan=plan).interval is None
    assert rule(kind="door", protocol="new", plan=plan).interval is None


def test_a_type_may_say_by_itself_when_it_is_offline():
    assert rule(kind="door", protocol="zigbee2mqtt", address="0x1").offline == 25 * HOUR


def test_a_kind_nobody_described_is_taken_for_one_that_is_pressed():
    assert rule(kind="teapot").pressed
    assert not rule(kind="door").pressed


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("supervision", ..., "supervision"),
        ("supervision.late_after", 0, "supervision.late_after"),
        ("supervision.offline_after", 1, "supervision.offline_after"),
        ("supervision.test_days", "31", "supervision.test_days"),
        ("supervision.colour", "red", "supervision.colour"),
        ("colour", "red", "colour"),
        ("types", {}, "types"),
        ("types.0.protocol", ..., "types.0.protocol"),
        ("types.0.interval_h", ..., "types.0.interval_h"),
        ("types.0.interval_h", -1, "types.0.interval_h"),
        ("types.0.interval_h", True, "types.0.interval_h"),
        ("types.0.colour", "red", "types.0.colour"),
        ("types.1", {"protocol": "rflink", "interval_h": 1}, "types.1.address"),
        ("kinds.pendant", 3, "kinds.pendant"),
        ("kinds.pendant.pressed", "yes", "kinds.pendant.pressed"),
        ("kinds.pendant.offline_max_h", 0, "kinds.pendant.offline_max_h"),
        ("faults", ..., "faults"),
        ("faults.other", ..., "faults.other"),
        ("faults.offline.repair_h", ..., "faults.offline.repair_h"),
        ("faults.offline.check_h", 1e9, "faults.offline.check_h"),
    ],
)
def test_a_wrong_file_stops_with_its_place(path, value, place):
    with pytest.raises(Misconfigured) as refused:
        read_plan(changed(path, value))
    assert refused.value.place == f"devices file: {place}"
