"""Radars, mattresses, platforms and gyroscopes on one decoder."""

import json
from datetime import UTC, datetime

import pytest

from devices.decoders import addresses
from devices.decoders.bed import BEDS_MAX, RADAR, Bed
from devices.decoders.envelope import wrap
from devices.decoders.push_codes import ACTIONS
from devices.decoders.radar import DATA_BYTES_MAX, framed
from devices.rules.burst import Windows
from devices.rules.meaning import calls_for_help, meaning
from dispatch.rules.signal import CAUSES, Event, Scope

E = Event
FALL = bytes.fromhex("53598301000101325443")
IN_BED = bytes.fromhex("53598401000101335443")
HEART = bytes.fromhex("535985020001487c5443")


def heard(*reads: bytes, **profile: Event):
    decoder = Bed(profile=profile)
    return [frame for data in reads for frame in decoder.feed(data)], decoder.tally


def words(*reads: bytes):
    return [frame.event for frame in heard(*reads)[0]]


def posted(**said):
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


# ------------------------------------------------------------------------------------------------ the radar


@pytest.mark.parametrize(
    ("control", "command", "data", "event"),
    [
        (0x83, 0x01, "01", E.FALL),
        (0x83, 0x01, "00", E.RESTORE),
        (0x83, 0x01, "02", E.FALL_SUSPECTED),
        (0x83, 0x81, "01", E.FALL),
        (0x83, 0x81, "0f", E.IGNORE),
        (0x83, 0x05, "01", E.INACTIVITY),
        (0x83, 0x05, "00", E.RESTORE),
        (0x84, 0x01, "00", E.BED_EXIT),
        (0x84, 0x01, "01", E.BED_ENTER),
        (0x84, 0x01, "02", E.IGNORE),
        (0x84, 0x81, "01", E.BED_ENTER),
        (0x84, 0x02, "00", E.VITALS),
        (0x84, 0x0E, "02", E.FAULT),
        (0x84, 0x0E, "03", E.RESTORE),
        (0x85, 0x02, "00", E.VITALS),
        (0x81, 0x01, "04", E.VITALS),
        (0x81, 0x02, "00", E.VITALS),
        (0x80, 0x01, "00", E.PRESENCE),
        (0x80, 0x02, "02", E.PRESENCE),
        (0x80, 0x04, "006b", E.TELEMETRY),
        (0x01, 0x01, "0f", E.HEARTBEAT),
        (0x01, 0x02, "0f", E.IGNORE),
        (0x05, 0x01, "01", E.GATEWAY_BOOT),
        (0x02, 0xA1, "4736", E.INFO),
        (0x42, 0x42, "00", E.UNKNOWN),
    ],
)
def test_what_a_radar_says(control, command, data, event):
    (frame,), tally = heard(framed(control, command, bytes.fromhex(data)))
    assert (frame.event, frame.trusted, frame.address) == (event, True, RADAR)
    assert (tally.bad_checksum, tally.noise_bytes) == (0, 0)


@pytest.mark.parametrize(
    ("control", "command", "data", "field", "value"),
    [
        (0x81, 0x01, "00", "respiration_state", "0"),
        (0x81, 0x01, "02", "respiration_state", "high"),
        (0x81, 0x01, "05", "respiration_state", "5"),
        (0x84, 0x02, "0100", "sleep", "light"),
        (0x84, 0x0E, "02", "reason", "nobody for long"),
        (0x80, 0x02, "01", "motion", "stationary"),
        (0x80, 0x04, "016b", "distance_cm", 363),
        (0x81, 0x02, "0e", "respiration", 14),
        (0x84, 0x8F, "0f", "kind", "night summary query"),
        (0x82, 0x91, "0f", "kind", "query"),
    ],
)
def test_what_a_radar_shows(control, command, data, field, value):
    (frame,) = heard(framed(control, command, bytes.fromhex(data)))[0]
    assert frame.fields[field] == value


def test_the_published_frames_are_framed_alike():
    assert framed(0x83, 0x01, b"\x01") == FALL
    assert framed(0x01, 0x02, b"\x0f") == bytes.fromhex("5359010200010fbf5443")
    assert framed(0x84, 0x8F, b"\x0f") == bytes.fromhex("5359848f00010fcf5443")


@pytest.mark.parametrize("role", ["fall", "bed", "pendant", "motion", None])
@pytest.mark.parametrize("frame", [(0x80, 0x02, b"\x02"), (0x80, 0x01, b"\x00"), (0x85, 0x02, b"\x00"),
                                   (0x81, 0x01, b"\x04"), (0x81, 0x02, b"\x00"), (0x84, 0x01, b"\x00"),
                                   (0x84, 0x0E, b"\x02"), (0x84, 0x02, b"\x03")])  # fmt: skip
def test_an_empty_bed_and_somebody_who_walks_by_are_no_alarm(role, frame):
    ((told,), _) = heard(framed(*frame))
    assert calls_for_help(told, role) == ()
    assert not CAUSES.keys() & set(meaning(told, role))


def test_a_wrong_checksum_is_decoded_and_not_trusted():
    damaged = FALL[:-3] + b"\x00" + FALL[-2:]
    (frame,), tally = heard(damaged)
    assert (frame.event, frame.trusted, tally.bad_checksum) == (E.FALL, False, 1)
    assert calls_for_help(frame, None) == (E.FALL,)


@pytest.mark.parametrize(
    "noise",
    [b"\x00TC", b"S", b"SY", b"SY\x83", b"SY\x83\x01\x00", b"SY\x84\x01\x00\x20", FALL[:-1], FALL[:-3],
     b"SY\x83\x01\xff\xff", b"{", b"{\x00", b"TC", b"\n{", b"\n\n", b"\xff" * 300, b"SY" * 200, b'{"a":1'],
)  # fmt: skip
def test_a_fall_is_heard_behind_anything_and_not_a_byte_late(noise):
    stream = noise + FALL
    assert words(stream)[-1:] == [E.FALL]
    assert words(*(stream[at : at + 1] for at in range(len(stream))))[-1:] == [E.FALL]


def test_frames_follow_each_other_without_a_gap():
    assert words(FALL + IN_BED + HEART + FALL) == [E.FALL, E.BED_ENTER, E.VITALS, E.FALL]
    assert heard(FALL + b"?" + IN_BED)[1].noise_bytes == 1


def test_line_ends_and_braces_in_the_data_are_data():
    summary = framed(0x84, 0x0C, b"\x01\x0a\x7b\x22\x0a\x00\x7d\x0a")
    assert words(summary + FALL) == [E.TELEMETRY, E.FALL]
    assert words(*(bytes([byte]) for byte in summary + FALL)) == [E.TELEMETRY, E.FALL]


def test_data_is_never_empty_and_never_very_long():
    assert words(framed(0x83, 0x01, b"") + FALL) == [E.FALL]
    assert words(framed(0x84, 0x0D, bytes(DATA_BYTES_MAX))) == [E.TELEMETRY]
    assert words(framed(0x84, 0x0D, bytes(DATA_BYTES_MAX + 1)) + FALL) == [E.FALL]


def test_what_waits_is_bounded():
    decoder = Bed()
    for _ in range(50):
        decoder.feed(b"\x00SY\x83\x01" * 1000)
        assert decoder.incomplete
        assert len(decoder._radar) < 2 * DATA_BYTES_MAX
    assert [frame.event for frame in decoder.feed(FALL)] == [E.FALL]
    assert not decoder.incomplete


def test_a_radars_own_codes_may_be_given_a_meaning():
    assert heard(framed(0x84, 0x12, b"\x02"), **{"8412": E.BED_EXIT})[0][0].event is E.BED_EXIT


# ------------------------------------------------------------------------------------------------ the mattress


def mattress(inbed: object, mac: str = "f4:cf:a2:80:48:14", **more):
    return posted(ret=0, mac=mac, inbed=inbed, heart_rate=57, respiration_rate=9.5, timestamp=1751276747743, **more)


def test_a_poll_is_news_only_when_somebody_has_come_or_gone():
    polls = (mattress(True), mattress(True), mattress(False), mattress(False), mattress(True))
    assert words(*polls) == [E.BED_ENTER, E.VITALS, E.BED_EXIT, E.VITALS, E.BED_ENTER]
    assert words(mattress(True), mattress(True, mac="f4:cf:a2:80:48:15")) == [E.BED_ENTER, E.BED_ENTER]


def test_the_same_message_posted_again_is_a_copy_and_without_a_time_never():
    windows = Windows()
    fall = wrap("drug/a/slip", b'{"code":400,"timestamp":1721804282}', False)
    later = wrap("drug/a/slip", b'{"code":400,"timestamp":1721804283}', False)
    assert [windows.heard(frame, 0.0) for frame in heard(fall, fall, later)[0]] == [False, True, False]
    press = posted(pushType=1, Action=7)
    assert [windows.heard(frame, 0.0) for frame in heard(press, press)[0]] == [False, False]
    assert [windows.heard(frame, 0.0) for frame in heard(FALL, FALL)[0]] == [False, False]


def test_so_many_beds_are_known_the_latest():
    decoder = Bed()
    for number in range(BEDS_MAX + 1):
        decoder.feed(mattress(True, mac=f"m{number}"))
    (forgotten,) = decoder.feed(mattress(True, mac="m0"))
    (known,) = decoder.feed(mattress(True, mac=f"m{BEDS_MAX}"))
    assert (forgotten.event, known.event) == (E.BED_ENTER, E.VITALS)


def test_a_mattress_is_named_by_its_mac_in_either_spelling():
    assert heard(mattress(True))[0][0].also == (E.VITALS,)
    (frame,) = heard(mattress(True, mac="F4:CF:A2:80:48:14"))[0]
    assert addresses("bed", "F4:CF:A2:80:48:14") == (frame.address,) == ("f4:cf:a2:80:48:14",)
    assert frame.fields["device"] == "F4:CF:A2:80:48:14"
    assert frame.sent_at == datetime(2025, 6, 30, 9, 45, 47, 743000, tzinfo=UTC)


@pytest.mark.parametrize("rate", [0, None, "x", -1, {}, 1e300])
def test_no_heart_rate_is_an_alarm(rate):
    (frame,) = heard(posted(mac="a", inbed=False, heart_rate=rate))[0]
    assert (frame.event, calls_for_help(frame, "bed")) == (E.BED_EXIT, ())


def test_a_service_that_fails_says_so():
    (frame,) = heard(posted(ret=3, mac="a", msg="device offline"))[0]
    assert (frame.event, frame.scope) == (E.FAULT, Scope.GATEWAY)
    assert heard(posted(ret=0, mac="abcdefgh"))[1].malformed == 1


# ------------------------------------------------------------------------------------------------ the platform


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"pushType": 1}, E.PRESS),
        ({"pushType": 1, "Action": 9}, E.PRESS),
        ({"pushType": "1", "Action": None}, E.PRESS),
        ({"pushType": 4, "Action": "115"}, E.PRESS),
        ({"pushType": 4, "Action": 456}, E.PRESS),
        ({"pushType": 4, "Action": 11}, E.FALL),
        ({"pushType": 4, "Action": 454}, E.GAS),
        ({"pushType": 4, "Action": 10}, E.TAMPER),
        ({"pushType": 4, "Action": 457}, E.TAMPER),
        ({"pushType": 4, "Action": 67}, E.TEST),
        ({"pushType": 4, "Action": 5}, E.WANDERING),
        ({"pushType": 4, "Action": 45}, E.ALARM),
        ({"pushType": 4, "Action": -1, "OL": 0}, E.OFFLINE),
        ({"pushType": 4, "Action": -1, "OL": 1}, E.ONLINE),
        ({"pushType": 4, "Action": 99999}, E.UNKNOWN),
        ({"pushType": 4, "Action": {}}, E.UNKNOWN),
        ({"pushType": 2, "H": 0, "O": 97}, E.VITALS),
        ({"pushType": 3}, E.LOCATION),
        ({"pushType": []}, E.UNKNOWN),
    ],
)
def test_what_the_platform_pushes(said, event):
    assert [frame.event for frame in heard(posted(**said))[0]] == [event]


NUMBERS = {
    **dict.fromkeys((7, 50, 115, 131, 456), E.PRESS),
    **dict.fromkeys((11, 118, 127), E.FALL),
    **dict.fromkeys((124, 452), E.SMOKE),
    **dict.fromkeys((123, 129, 454), E.GAS),
    455: E.CO,
    **dict.fromkeys((125, 458), E.WATER),
    5: E.WANDERING,
    **dict.fromkeys((6, 52), E.RESTORE),
    **dict.fromkeys((35, 36, 45, 61, 121, 134), E.ALARM),
    **dict.fromkeys((49, 453, 459), E.INTRUSION),
    **dict.fromkeys((113, 117, 451), E.CONTACT_OPEN),
    9: E.LOW_BATTERY,
    **dict.fromkeys((10, 51, 457), E.TAMPER),
    **dict.fromkeys((28, 84), E.OFFLINE),
    85: E.ONLINE,
    67: E.TEST,
    63: E.PRESENCE,
    **dict.fromkeys((42, 43, 44), E.ARM_DISARM),
    4: E.LOCATION,
    **dict.fromkeys((22, 23, 24, 26, 27, 37, 47, 86, 87, 114, 116, 119, 122, 126, 200), E.INFO),
}


def test_every_number_of_the_platform_means_what_its_page_says():
    assert dict(ACTIONS) == NUMBERS


@pytest.mark.parametrize(("action", "event"), [(84, E.OFFLINE), (85, E.ONLINE)])
def test_the_box_in_the_home_is_a_gateway(action, event):
    (frame,) = heard(posted(pushType=4, Action=action))[0]
    assert (frame.event, frame.scope) == (event, Scope.GATEWAY)


def test_a_push_names_its_device_in_one_of_several_ways_or_not_at_all():
    for key in ("deviceId", "imei", "IMEI", "deviceNo", "sn", "mac"):
        (frame,) = heard(posted(pushType=1, Action=7, **{key: "86A"}))[0]
        assert frame.address == "86a"
    (frame,) = heard(posted(pushType=1, Action=7))[0]
    assert (frame.address, frame.explicit) == (None, True)


def test_a_number_may_be_given_another_meaning():
    assert heard(posted(pushType=4, Action=63), **{"63": E.MOTION})[0][0].event is E.MOTION


# ------------------------------------------------------------------------------------------------ the gyroscope


@pytest.mark.parametrize(
    ("kind", "said", "event"),
    [
        ("slip", {"code": 400}, E.FALL),
        ("slip", {"code": "400"}, E.FALL),
        ("slip", {"code": 200}, E.UNKNOWN),
        ("heartrate", {"code": 200, "heartrate": 0}, E.VITALS),
        ("adddrug", {"code": 200}, E.IGNORE),
    ],
)
def test_what_the_gyroscope_publishes(kind, said, event):
    (frame,) = heard(wrap(f"drug/a1b2c3d4/{kind}", json.dumps(said).encode(), False))[0]
    assert frame.event is event
    assert frame.address == (None if event is E.IGNORE else "a1b2c3d4")


def test_a_retained_fall_is_over():
    (frame,) = heard(wrap("drug/a1b2c3d4/slip", b'{"id":"a1b2c3d4","code":400}', True))[0]
    assert (frame.event, frame.addresses, frame.explicit) == (E.IGNORE, (), False)


# ------------------------------------------------------------------------------------------------ all together


def test_the_dialects_may_follow_each_other():
    stream = FALL + b"\n" + mattress(True) + FALL + b"\r\n  " + posted(pushType=1, Action=7) + FALL
    expected = [E.FALL, E.BED_ENTER, E.FALL, E.PRESS, E.FALL]
    assert words(stream) == expected
    assert words(*(stream[at : at + 3] for at in range(0, len(stream), 3))) == expected


@pytest.mark.parametrize(
    "junk", [b"device=7&event=sos\n", b"GET / HTTP/1.1\r\n\r\n", b"{broken\n", b"\n\n \n", b"[1]\n"]
)
def test_a_body_that_is_no_json_does_not_deafen(junk):
    assert words(junk, posted(pushType=1, Action=7)) == [E.PRESS]


def test_an_object_of_nobody_is_counted():
    assert heard(posted(hello="world, hello"))[1].malformed == 1


def test_nothing_is_answered():
    decoder = Bed()
    (frame,) = decoder.feed(FALL)
    assert (decoder.acknowledge(frame, datetime(2026, 1, 1, tzinfo=UTC), b""), decoder.refuse(b"")) == (b"", b"")
