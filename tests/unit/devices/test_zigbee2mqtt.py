"""What a Zigbee bridge says: presses, states, what is retained, and what is somebody else's command."""

import json
from datetime import UTC, datetime

import pytest

from devices.decoders import addresses
from devices.decoders.envelope import wrap
from devices.decoders.state_words import Standing
from devices.decoders.zigbee2mqtt import Zigbee2Mqtt
from devices.rules.burst import Windows
from devices.rules.meaning import calls_for_help, meaning
from dispatch.rules.signal import CAUSES, Event, Scope

E = Event


def message(topic: str, payload: object, *, retain: bool = False) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return wrap(topic, text.encode(), retain)


def heard(*messages: bytes, **profile: Event):
    decoder = Zigbee2Mqtt(profile=profile)
    frames = [frame for each in messages for frame in decoder.feed(each)]
    return frames, decoder.tally


def one(topic: str, payload: object, *, retain: bool = False, **profile: Event):
    (frame,), tally = heard(message(topic, payload, retain=retain), **profile)
    assert tally.malformed == 0
    return frame


def said(*states: dict, device: str = "zigbee2mqtt/d"):
    """The events of these messages of one device, message by message."""
    return [[frame.event, *frame.also] for frame in heard(*(message(device, state) for state in states))[0]]


# ------------------------------------------------------------------------------------------------ actions


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("emergency", E.PRESS),
        ("panic", E.PRESS),
        ("sos", E.PRESS),
        ("SOS", E.PRESS),
        ("emergency_1", E.PRESS),
        ("1_panic", E.PRESS),
        ("sos_cancel", E.BUTTON),
        ("fire", E.FIRE),
        ("disarm", E.ARM_DISARM),
        ("arm_all_zones", E.ARM_DISARM),
        ("single", E.BUTTON),
        ("hold", E.BUTTON),
        ("brightness_stop", E.BUTTON),
        (7, E.BUTTON),
        (None, E.HEARTBEAT),
        ("", E.IGNORE),
        (True, E.HEARTBEAT),
        (["emergency"], E.HEARTBEAT),
    ],
)
def test_what_an_action_means(action, event):
    assert one("zigbee2mqtt/d", {"action": action, "battery": 80}).event is event


def test_only_words_of_emergency_are_explicit():
    assert one("zigbee2mqtt/d", {"action": "emergency"}).explicit
    assert one("zigbee2mqtt/d", {"smoke": True}).explicit
    for state in ({"action": "single"}, {"alarm": True}, {"battery": 3}, {"fall_status": "fall_warning"}):
        assert not one("zigbee2mqtt/d", state).explicit


def test_a_button_that_does_not_say_emergency_is_what_it_is_registered_as():
    frame = one("zigbee2mqtt/d", {"action": "single"})
    assert frame.fields["needs_registration"] is True
    assert meaning(frame, "pendant") == (E.PRESS,)
    assert meaning(frame, "cancel") == (E.CANCEL,)
    assert calls_for_help(frame, None) == ()


def test_a_profile_may_say_what_an_action_means_for_all_or_for_one():
    own = {"single": E.PRESS, "d:emergency": E.IGNORE}
    assert one("zigbee2mqtt/d", {"action": "single"}, **own).event is E.PRESS
    assert one("zigbee2mqtt/d", {"action": "emergency"}, **own).event is E.IGNORE
    assert one("zigbee2mqtt/e", {"action": "emergency"}, **own).event is E.PRESS


def test_one_press_on_three_messages_is_one():
    frames, _ = heard(
        message("zigbee2mqtt/a b/sos", {"action": "emergency", "battery": 0}),
        message("zigbee2mqtt/a b/sos/action", "emergency"),
        message("zigbee2mqtt/a b/sos", {"action": "", "battery": 0}),
    )
    windows = Windows()
    assert [frame.event for frame in frames if not windows.heard(frame, 0.0)] == [E.PRESS, E.IGNORE]
    assert {frame.address for frame in frames} == {"a b/sos"}


def test_two_seconds_later_it_is_another_press():
    frames, _ = heard(*[message("zigbee2mqtt/d", {"action": "emergency"})] * 4)
    windows = Windows()
    assert [windows.heard(frame, at_s) for frame, at_s in zip(frames, (0.0, 1.9, 2.1, 4.0), strict=True)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_life_sign_is_never_a_copy():
    frames, _ = heard(*[message("zigbee2mqtt/d", {"action": None})] * 2)
    windows = Windows()
    assert [windows.heard(frame, 0.0) for frame in frames] == [False, False]


# ------------------------------------------------------------------------------------------------ states


@pytest.mark.parametrize(
    ("state", "events"),
    [
        ({"sos": True}, [E.PRESS]),
        ({"smoke": True, "battery": 3, "tamper": True}, [E.SMOKE, E.TAMPER, E.LOW_BATTERY]),
        ({"action": "single", "gas": True}, [E.GAS, E.BUTTON]),
        ({"carbon_monoxide": True}, [E.CO]),
        ({"water_leak_l2": True}, [E.WATER]),
        ({"fall_status": "fall_warning"}, [E.FALL_SUSPECTED]),
        ({"fall_status": "normal"}, [E.HEARTBEAT]),
        ({"fall_down_status": "maybe_fall"}, [E.FALL_SUSPECTED]),
        ({"contact": False}, [E.CONTACT_OPEN]),
        ({"contact": True}, [E.CONTACT_CLOSED]),
        ({"occupancy": True}, [E.MOTION]),
        ({"ac_connected": False}, [E.MAINS_FAIL]),
        ({"ac_connected": True}, [E.HEARTBEAT]),
        ({"battery": 15}, [E.LOW_BATTERY]),
        ({"battery": 16}, [E.HEARTBEAT]),
        ({"battery": None}, [E.HEARTBEAT]),
        ({"battery": "x", "smoke": "off", "gas": [], "fall_status": {}}, [E.HEARTBEAT]),
        ({"temperature": 21.5}, [E.HEARTBEAT]),
    ],
)
def test_what_a_state_means(state, events):
    assert said(state) == [events]


def test_who_walks_by_a_fall_radar_has_not_fallen():
    frame = one("zigbee2mqtt/radar", {"occupancy": True, "vibration": True, "fall_status": "normal"})
    assert not CAUSES.keys() & set(meaning(frame, "fall"))
    assert meaning(one("zigbee2mqtt/radar", {"occupancy": True, "fall_status": "fall_alarm"}), "fall")[0] is E.FALL


def test_the_end_of_a_state_is_told_once_and_only_after_its_beginning():
    assert said({"smoke": False}, {"smoke": True}, {"smoke": False}, {"smoke": False}) == [
        [E.HEARTBEAT],
        [E.SMOKE],
        [E.RESTORE],
        [E.HEARTBEAT],
    ]
    assert said({"fall_status": "fall_alarm"}, {"fall_status": "normal"})[1] == [E.RESTORE]
    assert said({"fall_status": "fall_alarm"}, {"fall_status": None}, {"fall_status": 3})[1:] == [[E.HEARTBEAT]] * 2
    assert said({"fall_status": "fall_warning"}, {"fall_status": "fall_alarm"})[1] == [E.FALL]
    assert said({"tamper": True}, {"tamper": False})[1] == [E.TAMPER_RESTORE]
    assert said({"ac_connected": False}, {"ac_connected": True})[1] == [E.MAINS_RESTORE]


def test_a_battery_is_well_again_only_far_above_low():
    levels = [{"battery": level} for level in (15, 20, 24, 25, 30)]
    assert said(*levels) == [[E.LOW_BATTERY], [E.HEARTBEAT], [E.HEARTBEAT], [E.BATTERY_RESTORE], [E.HEARTBEAT]]
    assert said({"battery_low": True}, {"battery_low": False})[1] == [E.BATTERY_RESTORE]
    assert said({"battery_low": True, "battery": 90}, {"battery_low": True, "battery": 90})[1] == [E.LOW_BATTERY]


def test_one_devices_state_is_not_anothers():
    frames, _ = heard(message("zigbee2mqtt/a", {"smoke": True}), message("zigbee2mqtt/b", {"smoke": False}))
    assert [frame.event for frame in frames] == [E.SMOKE, E.HEARTBEAT]


def test_what_has_not_ended_is_remembered_for_so_many_devices_only():
    standing = Standing()
    for number in range(Standing.REMEMBERED_MAX + 5):
        standing.ended(str(number), (E.SMOKE,), {"smoke": True})
    assert len(standing) == Standing.REMEMBERED_MAX
    assert standing.ended("0", (), {"smoke": False}) == ()
    assert standing.ended(str(Standing.REMEMBERED_MAX), (), {"smoke": False}) == (E.RESTORE,)


@pytest.mark.parametrize(
    ("topic", "payload", "event"),
    [
        ("zigbee2mqtt/hall/smoke/smoke", "true", E.SMOKE),
        ("zigbee2mqtt/hall/smoke/smoke", "false", E.HEARTBEAT),
        ("zigbee2mqtt/hall/smoke/battery", "7", E.LOW_BATTERY),
        ("zigbee2mqtt/hall/smoke/fall_status", "fall_alarm", E.FALL),
    ],
)
def test_a_state_may_come_one_attribute_at_a_time(topic, payload, event):
    frame = one(topic, payload)
    assert (frame.event, frame.address) == (event, "hall/smoke")


# ------------------------------------------------------------------------------------------------ topics


@pytest.mark.parametrize(
    "topic",
    ["zigbee2mqtt/room 3/bed_sos", "zigbee/room 3/bed_sos", "town/zigbee2mqtt-east/room 3/bed_sos"],
)
def test_a_name_may_hold_slashes_and_the_base_may_be_another(topic):
    assert one(topic, {"action": "emergency"}).address == "room 3/bed_sos"


def test_a_device_may_be_registered_by_its_radio_address_where_the_bridge_tells_it():
    device = {"friendlyName": "bed_sos", "ieeeAddr": "0x847127fffe0542eb"}
    for frame in (
        one("zigbee2mqtt/bed_sos", {"action": "emergency", "device": device}),
        heard(json.dumps({"action": "emergency", "device": device}).encode() + b"\n")[0][0],
    ):
        assert frame.addresses == ("bed_sos", "0x847127fffe0542eb")
        assert frame.event is E.PRESS


def test_a_name_with_a_colon_is_one_name():
    assert addresses("zigbee2mqtt", "flat:3/sos") == ("flat:3/sos",)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/d/set", {"action": "emergency"}),
        ("zigbee2mqtt/d/set/action", "emergency"),
        ("zigbee2mqtt/a/d/get", {"smoke": True}),
        ("zigbee2mqtt/bridge/request/permit_join", {"value": True}),
        ("homeassistant/device_automation/0x1/action_emergency/config", {"payload": "emergency"}),
        ("zigbee2mqtt/d", ""),
        ("zigbee2mqtt/d/brightness", "254"),
    ],
)
def test_what_no_device_says_says_nothing_and_is_no_sign_of_life(topic, payload):
    frame = one(topic, payload)
    assert (frame.event, frame.addresses, frame.explicit) == (E.IGNORE, (), False)


@pytest.mark.parametrize("payload", [{"state": "online"}, "online", '"online"'])
def test_availability_in_json_or_plain(payload):
    frame = one("zigbee2mqtt/a/d/availability", payload, retain=True)
    assert (frame.event, frame.address, frame.scope) == (E.ONLINE, "a/d", Scope.DEVICE)


@pytest.mark.parametrize(
    ("path", "payload", "event"),
    [
        ("state", {"state": "online"}, E.ONLINE),
        ("state", "offline", E.OFFLINE),
        ("health", {"healthy": True}, E.HEARTBEAT),
        ("logging", {"level": "info", "message": "emergency"}, E.GATEWAY_INFO),
        ("devices", [{"friendly_name": "d"}], E.GATEWAY_INFO),
    ],
)
def test_what_the_bridge_says_of_itself(path, payload, event):
    frame = one(f"zigbee2mqtt/bridge/{path}", payload, retain=True)
    assert (frame.event, frame.scope, frame.address) == (event, Scope.GATEWAY, None)


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("device_joined", E.ONLINE),
        ("device_announce", E.ONLINE),
        ("device_leave", E.OFFLINE),
        ("device_interview", E.INFO),
    ],
)
def test_devices_come_and_go(kind, event):
    frame = one("zigbee2mqtt/bridge/event", {"type": kind, "data": {"friendly_name": "d", "ieee_address": "0x1"}})
    assert (frame.event, frame.addresses) == (event, ("d", "0x1"))
    nameless = one("zigbee2mqtt/bridge/event", {"type": kind, "data": {"ieee_address": "0x1"}})
    assert nameless.addresses == ("0x1",)


# ------------------------------------------------------------------------------------------------ retained


@pytest.mark.parametrize(
    "state",
    [
        {"action": "emergency"},
        {"action": "emergency", "battery": 3},
        {"action": "single"},
        {"smoke": True},
        {"battery": 90},
        {"water_leak": True, "battery_low": True},
        {"contact": False},
    ],
)
def test_what_is_retained_is_no_press_no_fire_and_no_sign_of_life(state):
    frame = one("zigbee2mqtt/d", state, retain=True)
    assert (frame.event, frame.addresses, frame.explicit) == (E.IGNORE, (), False)


def test_a_low_battery_is_still_low_when_it_is_retained():
    frame = one("zigbee2mqtt/d", {"battery": 3, "tamper": True}, retain=True)
    assert (frame.event, frame.also, frame.address) == (E.TAMPER, (E.LOW_BATTERY,), "d")
    assert frame.fields["retained"] is True


def test_what_is_retained_begins_no_state():
    frames, _ = heard(
        message("zigbee2mqtt/d", {"smoke": True}, retain=True), message("zigbee2mqtt/d", {"smoke": False})
    )
    assert [frame.event for frame in frames] == [E.IGNORE, E.HEARTBEAT]


# ------------------------------------------------------------------------------------------------ the rest


def test_the_time_is_the_bridges_where_it_tells_it():
    frame = one("zigbee2mqtt/d", {"action": "emergency", "last_seen": "2026-04-17T23:33:17+08:00"})
    assert frame.sent_at == datetime(2026, 4, 17, 15, 33, 17, tzinfo=UTC)
    assert one("zigbee2mqtt/d", {"action": "emergency", "last_seen": "x"}).sent_at is None


@pytest.mark.parametrize("payload", ["hello", '["emergency"]', "17", '{"action":'])
def test_what_is_no_state_is_counted(payload):
    frames, tally = heard(message("zigbee2mqtt/d", payload))
    assert (frames, tally.malformed) == ([], 1)


def test_an_object_that_names_nobody_is_counted():
    frames, tally = heard(b'{"action":"emergency"}\n')
    assert (frames, tally.malformed) == ([], 1)


def test_nothing_is_answered():
    decoder = Zigbee2Mqtt()
    (frame,) = decoder.feed(message("zigbee2mqtt/d", {"action": "emergency"}))
    assert decoder.acknowledge(frame, datetime(2026, 1, 1, tzinfo=UTC), b"") == b""
    assert decoder.refuse(b"") == b""
    assert not frame.answers
