"""What a Traccar server forwards: alarms told twice, several in one, stale positions, and places."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.decoders.envelope import wrap
from devices.decoders.traccar import Traccar
from devices.rules.burst import Windows
from devices.rules.meaning import calls_for_help, meaning
from dispatch.rules.place import Position
from dispatch.rules.signal import CAUSES, Event, Scope

E = Event
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def position(alarm: str | None = None, **more):
    at = NOON.isoformat()
    attributes = {"batteryLevel": 55, "alarm": alarm} | more.pop("attributes", {})
    place = {"latitude": 22.571707, "longitude": 113.8613968, "valid": True, "outdated": False, "accuracy": 12.5}
    return {"attributes": attributes, "deviceTime": at, "fixTime": at, "serverTime": at, **place, **more}


def forwarded(**parts):
    return json.dumps({"device": {"id": 9, "uniqueId": "8800000015"}, **parts}).encode() + b"\n"


def alarm(word: str, at: dict | None = None, **more):
    event = {"type": "alarm", "eventTime": NOON.isoformat(), "attributes": {"alarm": word}, **more}
    return forwarded(event=event, position=position(word) if at is None else at)


def server(kind: str, **parts):
    return forwarded(event={"type": kind, "eventTime": NOON.isoformat(), "attributes": {}}, **parts)


def heard(*lines: bytes, **profile: Event):
    decoder = Traccar(profile=profile)
    return [frame for each in lines for frame in decoder.feed(each)], decoder.tally


def one(data: bytes, **profile: Event):
    (frame,), tally = heard(data, **profile)
    assert tally.malformed == 0
    return frame


def events(frame):
    return [frame.event, *frame.also]


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("sos", E.PRESS),
        ("fallDown", E.FALL),
        ("general", E.ALARM),
        ("accident", E.ALARM),
        ("somethingNew", E.ALARM),
        ("geofenceExit", E.WANDERING),
        ("geofenceEnter", E.RESTORE),
        ("removing", E.TAMPER),
        ("powerCut", E.MAINS_FAIL),
        ("powerOff", E.OFFLINE),
        ("jamming", E.JAMMING),
        ("vibration", E.VIBRATION),
        ("hardBraking", E.INFO),
        ("overspeed", E.INFO),
        ("door", E.INFO),
    ],
)
def test_what_an_alarm_word_means(word, event):
    assert one(alarm(word)).event is event


def test_several_alarms_of_one_position_are_all_told():
    told = one(forwarded(position=position("lowBattery,sos,vibration")))
    assert events(told) == [E.PRESS, E.LOW_BATTERY, E.VIBRATION, E.LOCATION]
    assert one(alarm("lowBattery", position("sos,lowBattery"))).event is E.PRESS
    assert events(one(forwarded(position=position(" sos , ,fallDown,")))) == [E.PRESS, E.FALL, E.LOCATION]


def test_an_alarm_without_a_word_is_an_alarm():
    assert one(alarm("", position())).event is E.ALARM


def test_the_same_press_as_event_and_as_position_is_one():
    frames, _ = heard(alarm("sos"), forwarded(position=position("sos")), forwarded(position=position("sos")))
    windows = Windows()
    assert [windows.heard(frame, 0.0) for frame in frames] == [False, True, True]


def test_a_second_press_is_another():
    later = (NOON + timedelta(seconds=40)).isoformat()
    frames, _ = heard(alarm("sos"), alarm("sos", position("sos", deviceTime=later)))
    windows = Windows()
    assert [windows.heard(frame, 0.0) for frame in frames] == [False, False]


def test_positions_are_never_copies():
    frames, _ = heard(forwarded(position=position()), forwarded(position=position()))
    windows = Windows()
    assert [windows.heard(frame, 0.0) for frame in frames] == [False, False]
    assert [frame.event for frame in frames] == [E.LOCATION, E.LOCATION]


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("deviceOnline", E.ONLINE),
        ("deviceOffline", E.OFFLINE),
        ("deviceUnknown", E.OFFLINE),
        ("deviceInactive", E.OFFLINE),
        ("commandResult", E.INFO),
    ],
)
def test_an_old_alarm_in_the_last_position_is_not_told_again(kind, event):
    frame = one(server(kind, position=position("sos")))
    assert events(frame) == [event]
    assert frame.position is None


@pytest.mark.parametrize(("kind", "event"), [("geofenceExit", E.WANDERING), ("ignitionOn", E.INFO), ("new", E.INFO)])
def test_other_events_carry_the_alarm_of_their_position(kind, event):
    assert events(one(server(kind, position=position()))) == [event]
    assert events(one(server(kind, position=position("sos"))))[0] is E.PRESS


def test_a_press_and_a_fall_are_explicit_and_a_fence_is_not():
    assert calls_for_help(one(alarm("sos")), None) == (E.PRESS,)
    assert calls_for_help(one(alarm("fallDown")), None) == (E.FALL,)
    assert one(alarm("sos,lowBattery")).explicit
    for data in (server("geofenceExit"), alarm("general"), alarm("lowBattery")):
        assert calls_for_help(one(data), None) == ()
    assert calls_for_help(one(server("geofenceExit")), "watch") == (E.WANDERING,)


def test_a_watch_that_is_driven_about_needs_no_help():
    for word in ("hardBraking", "overspeed", "tow", "vibration", "movement"):
        assert not CAUSES.keys() & set(meaning(one(alarm(word)), "watch"))


def test_low_power_is_the_power_of_what_it_hangs_on():
    assert (one(alarm("lowPower")).event, one(alarm("lowPower")).scope) == (E.LOW_BATTERY, Scope.GATEWAY)
    assert one(alarm("lowBattery")).scope is Scope.DEVICE


def test_a_battery_level_counts_too_and_is_well_again():
    frames, _ = heard(*(forwarded(position=position(attributes={"batteryLevel": level})) for level in (9, 20, 80)))
    assert [events(frame) for frame in frames] == [
        [E.LOW_BATTERY, E.LOCATION],
        [E.LOCATION],
        [E.LOCATION, E.BATTERY_RESTORE],
    ]


def test_the_place_is_the_devices_own():
    frame = one(alarm("sos"))
    assert frame.position == Position(22.571707, 113.8613968)
    assert frame.position_at == NOON
    assert (frame.fields["lat"], frame.fields["lng"], frame.fields["accuracy_m"]) == (22.571707, 113.8613968, 12.5)
    assert frame.sent_at == NOON
    unsaid = {key: value for key, value in position("sos").items() if key != "valid"}
    assert one(alarm("sos", unsaid)).position == Position(22.571707, 113.8613968)


@pytest.mark.parametrize(
    "more",
    [{"valid": False}, {"latitude": 0, "longitude": 0}, {"latitude": 95}, {"longitude": "east"}, {"latitude": None}],
)
def test_a_press_without_a_place_is_a_press(more):
    frame = one(alarm("sos", position("sos", **more)))
    assert (frame.event, frame.position, frame.position_at) == (E.PRESS, None, None)


def test_an_old_fix_stays_old_and_none_is_from_the_future():
    old = NOON - timedelta(hours=3)
    assert one(alarm("sos", position("sos", fixTime=old.isoformat(), outdated=True))).position_at == old
    ahead = (NOON + timedelta(days=400)).isoformat()
    assert one(alarm("sos", position("sos", fixTime=ahead))).position_at == NOON
    assert one(alarm("sos", position("sos", fixTime=None))).position_at is None


def test_a_profile_may_give_another_meaning():
    own = {"general": E.PRESS, "geofenceExit": E.IGNORE, "ourWord": E.FALL}
    assert one(alarm("general"), **own).event is E.PRESS
    assert one(alarm("ourWord"), **own).event is E.FALL
    assert one(server("geofenceExit"), **own).event is E.IGNORE


def test_it_may_come_over_mqtt_and_what_is_retained_is_old():
    body = alarm("sos").strip()
    assert one(wrap("traccar/events", body, False)).event is E.PRESS
    frame = one(wrap("traccar/events", body, True))
    assert (frame.event, frame.addresses) == (E.IGNORE, ())


@pytest.mark.parametrize(
    "body",
    [
        {"event": {"type": "alarm"}},
        {"device": {"id": 9}, "event": {"type": "alarm"}},
        {"device": {"uniqueId": "8800000015"}},
        {"device": {"uniqueId": "8800000015"}, "event": [], "position": "x"},
        {"device": "8800000015", "event": {"type": "alarm"}},
    ],
)
def test_what_names_nobody_or_says_nothing_is_counted(body):
    frames, tally = heard(json.dumps(body).encode() + b"\n")
    assert (frames, tally.malformed) == ([], 1)


def test_nothing_is_answered_here():
    decoder = Traccar()
    (frame,) = decoder.feed(alarm("sos"))
    assert (decoder.acknowledge(frame, NOON, b""), decoder.refuse(b"")) == (b"", b"")
