"""How an alarm begins."""

from dataclasses import replace

import pytest

from dispatch.ids import AlarmId, PolicyId, SignalId
from dispatch.rules.alarm import State
from dispatch.rules.place import Position
from dispatch.rules.raising import Heard, begin, subject_of
from dispatch.rules.signal import Cause, Event, Signal
from tests.unit.rules.test_alarm import NOW, PLACE, WANG, a_household, at

FIX = Position(38.09, 114.51)


def heard(**more):
    return Heard(**{"cause": Cause.FALL, "by": WANG, "home_id": "h1", "resident_id": None} | more)


def a_signal(**more):
    fields = {
        "id": SignalId("s1"), "event": Event.PRESS, "cause": Cause.PRESS, "gateway": "g", "protocol": "rflink",
        "address": "X:1", "dedup_key": "k", "received_at": NOW, "home_id": "h1", "resident_id": "r1",
        "station_id": "st1", "position": FIX, "position_at": at(-5),
    }  # fmt: skip
    return Signal(**fields | more)


def test_what_a_device_said_is_heard_with_all_it_knows():
    found = Heard.of(a_signal(), Cause.DURESS)
    assert found == Heard(
        cause=Cause.DURESS, by="device:X:1", home_id="h1", resident_id="r1", address="rflink:X:1", fix=FIX,
        fix_at=at(-5), station_id="st1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent_s", "delayed_s"), [(None, 0), (0, 0), (-60, 0), (-60.6, 61), (-61, 61), (-10_800, 10_800), (90, 0)]
)
def test_a_signal_older_than_a_minute_is_marked_as_delayed(sent_s, delayed_s):
    signal = a_signal(sent_at=None if sent_s is None else at(sent_s))
    assert Heard.of(signal, Cause.PRESS).delayed_s == delayed_s


@pytest.mark.parametrize(
    ("fix", "fix_s", "place", "source"),
    [
        (FIX, 0, FIX, "device"),
        (FIX, -599, FIX, "device"),
        (FIX, -600, PLACE, "home"),
        (FIX, None, PLACE, "home"),
        (None, -5, PLACE, "home"),
    ],
)
def test_the_devices_own_fix_is_the_place_for_ten_minutes(fix, fix_s, place, source):
    fix_at = None if fix_s is None else at(fix_s)
    assert heard(fix=fix, fix_at=fix_at).place(a_household(), NOW) == (place, source)


@pytest.mark.parametrize("household", [None, a_household(home=replace(a_household().home, position=None))])
def test_where_nothing_is_known_there_is_no_place(household):
    assert heard().place(household, NOW) == (None, "none")


@pytest.mark.parametrize(
    ("home", "resident", "subject"),
    [("h1", "r1", "home:h1/r1"), ("h1", None, "home:h1/-"), (None, "r1", "device:x"), (None, None, "device:x")],
)
def test_only_one_alarm_is_open_for_a_resident_or_a_homeless_device(home, resident, subject):
    assert subject_of(home, resident, "x") == subject


def begun(what, **more):
    fields = {
        "id_": AlarmId("a1"), "number": "1121-001", "subject": "home:h1/r1", "policy_id": PolicyId("p1"),
        "household": a_household(), "resident": a_household().residents[0], "station_id": "st1", "now": NOW,
    }  # fmt: skip
    return begin(what, **fields | more)


def test_an_alarm_begins_raised_and_due_at_once():
    alarm, line = begun(heard(delayed_s=90, note="电话里说摔倒了"))
    assert (alarm.id, alarm.number, alarm.subject, alarm.state, alarm.version) == (
        "a1", "1121-001", "home:h1/r1", State.RAISED, 1,
    )  # fmt: skip
    assert (alarm.raised_at, alarm.pressed_at, alarm.due_at) == (NOW, NOW, NOW)
    assert (alarm.cause, alarm.policy_id, alarm.home_id, alarm.resident_id, alarm.station_id) == (
        Cause.FALL, "p1", "h1", "r1", "st1",
    )  # fmt: skip
    assert (alarm.place, alarm.place_source, alarm.delayed_s, alarm.press_count) == (PLACE, "home", 90, 1)
    assert (alarm.step, alarm.rounds, alarm.stepped_at, alarm.accepted_at) == (0, 0, None, None)
    assert (line.kind, line.by, line.alarm_id, line.version, line.note) == (
        "raised", WANG, "a1", 1, "电话里说摔倒了",
    )  # fmt: skip
    assert dict(line.facts) == {
        "from": "", "to": "raised", "cause": "fall", "policy": "p1", "home": "h1", "delayed_s": 90,
        "number": "1121-001", "resident": "r1", "station": "st1", "street": "", "community": "",
    }  # fmt: skip


def test_an_alarm_without_a_resident_is_one_all_the_same():
    alarm, line = begun(heard(home_id=None), household=None, resident=None, station_id=None)
    assert (alarm.resident_id, alarm.home_id, alarm.place, alarm.place_source) == (None, None, None, "none")
    assert line.facts["home"] is None
