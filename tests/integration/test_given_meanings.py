"""Meanings of a district file, from the file to the alarm that is raised or not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.rules.signal import Event
from tests.integration.devices_rig import DevicesRig

DISTRICT = """
[district]
name = "示范区"
meanings = { water = "fault", intrusion = "intrusion" }

[[stations]]
code = "S1"
name = "柏林驿站"

[[homes]]
code = "H1"
address = "柏林小区 3-2-501"
residents = [
    { code = "R1", name = "王秀英", meanings = { press = "ignore", bed_exit = "inactivity" } },
    { code = "R2", name = "张桂兰" },
]
devices = [
    { code = "D1", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01", resident = "R1" },
    { code = "D2", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2d:01", resident = "R2" },
    { code = "D3", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2e:01", resident = "R1", meanings = { press = "press" } },
    { code = "B1", kind = "bed", protocol = "test", address = "bed1", resident = "R1" },
    { code = "B2", kind = "bed", protocol = "test", address = "bed2", resident = "R2" },
    { code = "W1", kind = "water", protocol = "test", address = "water" },
]
"""  # noqa: E501


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[DevicesRig]:
    rig = DevicesRig(tmp_path, district=DISTRICT, on_duty=())
    yield rig
    rig.close()


def causes(rig: DevicesRig) -> list[str]:
    return [alarm["cause"] for alarm in rig.alarms()]


def signals(rig: DevicesRig):
    return [(row["event"], row["cause"]) for row in rig.rows("SELECT event, cause FROM signals ORDER BY received_at")]


def test_a_press_that_was_given_no_meaning_is_kept_as_a_signal(rig):
    rig.hear()
    assert causes(rig) == []
    assert signals(rig) == [("press", None)]
    assert rig.device("D1")["pressed_at"] is not None, "it still shows that the button works"


def test_the_other_resident_of_the_home_is_helped(rig):
    rig.hear(address="EV1527:0a1b2d:01")
    assert causes(rig) == ["press"]


def test_a_device_has_the_last_word(rig):
    rig.hear(address="EV1527:0a1b2e:01")
    assert causes(rig) == ["press"]


def test_leaving_the_bed_is_help_for_one_and_nothing_for_the_other(rig):
    rig.report("bed2", Event.BED_EXIT)
    assert causes(rig) == []
    rig.report("bed1", Event.BED_EXIT)
    assert causes(rig) == ["inactivity"]
    assert signals(rig) == [("bed_exit", "inactivity")]


def test_water_is_a_fault_in_this_district_and_leaves_a_trace(rig):
    rig.report("water", Event.WATER)
    rig.wake()
    assert causes(rig) == []
    assert signals(rig) == [("water", None)]
    assert rig.rows("SELECT faults FROM repairs") == [{"faults": '["water"]'}]


def test_loading_again_without_meanings_takes_them_back(rig):
    plain = "\n".join(line for line in DISTRICT.splitlines() if not line.startswith("meanings ="))
    rig.world.load(plain.replace(', meanings = { press = "ignore", bed_exit = "inactivity" }', ""))
    rig.reception.forget()
    rig.hear()
    rig.report("water", Event.WATER)
    assert sorted(causes(rig)) == ["press", "water"]


def test_a_cancel_closes_nothing_whatever_it_means(rig):
    rig.hear(address="EV1527:0a1b2d:01")
    with_cause = DISTRICT.replace('water = "fault"', 'water = "fault", cancel = "press"')
    rig.world.load(with_cause)
    rig.reception.forget()
    rig.report("EV1527:0a1b2d:01", Event.CANCEL, protocol="rflink")
    assert [(alarm["state"], alarm["press_count"]) for alarm in rig.alarms()] == [("raised", 2)]
