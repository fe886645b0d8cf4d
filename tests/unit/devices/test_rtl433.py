"""JSON of rtl_433, model by model, and what a pipe does to it."""

import json

import pytest

from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.envelope import wrap
from devices.decoders.rtl433 import BRACES_MAX, Rtl433, burst_offset_s, canonical, encode, events_topic
from devices.rules.meaning import meaning
from dispatch.rules.signal import Event, Scope

PRESS = b'{"time" : "@0.196604s", "model" : "Generic-Remote", "id" : 5069, "cmd" : 48}'


def said(**fields):
    (frame,) = Rtl433().feed(json.dumps(fields).encode() + b"\n")
    return frame


def events(**fields):
    frame = said(**fields)
    return [str(event) for event in (frame.event, *frame.also)]


def test_a_press_names_its_button_and_its_transmitter():
    (frame,) = Rtl433().feed(PRESS + b"\n")
    assert frame.event is Event.BUTTON
    assert frame.addresses == ("Generic-Remote:5069:48", "Generic-Remote:5069")
    assert not frame.explicit
    assert frame.fields["trust"] == "low"


X10 = {"model": "X10-Security", "id": "3133"}
VISONIC = {"model": "Visonic-Powercode", "id": "6f4770", "tamper": 0, "alarm": 0, "battery_ok": 1, "supervised": 1}
SWITCHES = dict.fromkeys(("switch1", "switch2", "switch3", "switch4", "switch5"), "CLOSED")
INTERLOGIX = {"model": "Interlogix-Security", "id": "39cd45", "battery_ok": 1, **SWITCHES}
HONEYWELL = {"model": "Honeywell-Security", "id": 3, "contact_open": 0, "alarm": 0, "tamper": 0, "battery_ok": 1}
CHUANGO = {"model": "Chuango-Security", "id": 81107}
KERUI = {"model": "Kerui-Security", "id": 703710}
CAVIUS = {"model": "Cavius-Security", "id": 77, "battery_ok": 1}
DSC = {"model": "DSC-Security", "id": 2280838, "closed": 1, "tamper": 0, "battery_ok": 1}
AKHAN = {"model": "Akhan-100F14", "id": 300}
KEYPAD = {"model": "SimpliSafe Keypad", "device": "1JZAG", "seq": 34}
SENSOR = {"model": "SimpliSafe-Sensor", "id": "1M38R", "seq": 3}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (X10 | {"code": "26"}, ["press"]),
        (X10 | {"code": "88"}, ["press"]),
        (X10 | {"code": "89", "battery_ok": 0}, ["press", "low_battery"]),
        (X10 | {"code": "99"}, ["press", "low_battery"]),
        (X10 | {"code": "06"}, ["button"]),
        (X10 | {"code": "82"}, ["button"]),
        (X10 | {"code": "46"}, ["button"]),
        (X10 | {"code": "66"}, ["button"]),
        (X10 | {"code": "c6"}, ["button"]),
        (X10 | {"code": "c8"}, ["button"]),
        (X10 | {"code": "04"}, ["contact_open"]),
        (X10 | {"code": "44", "tamper": 1}, ["tamper", "contact_open"]),
        (X10 | {"code": "c5", "battery_ok": 0}, ["tamper", "low_battery", "contact_closed"]),
        (X10 | {"code": "0c"}, ["motion"]),
        (X10 | {"code": "4d"}, ["tamper", "low_battery", "motion"]),
        (X10 | {"code": "8c"}, ["sensor_state"]),
        (X10 | {"code": "xx"}, ["unknown"]),
        (CHUANGO | {"cmd": "Alarm", "cmd_id": 2}, ["ambiguous"]),
        (CHUANGO | {"cmd": "Low Battery", "cmd_id": 13}, ["low_battery"]),
        (CHUANGO | {"cmd": "Tamper", "cmd_id": 3}, ["tamper"]),
        (CHUANGO | {"cmd": "Home Mode Zone", "cmd_id": 6}, ["contact"]),
        (CHUANGO | {"cmd": "Disarm", "cmd_id": 1}, ["button"]),
        (AKHAN | {"data": "0x8 (Alarm)"}, ["ambiguous"]),
        (AKHAN | {"data": "0x1 (Lock)"}, ["button"]),
        (KERUI | {"cmd": 10, "motion": 1, "state": "motion"}, ["motion"]),
        (KERUI | {"cmd": 7, "opened": 0, "state": "close"}, ["contact_closed"]),
        (KERUI | {"cmd": 5, "water": 1, "state": "water"}, ["water"]),
        (INTERLOGIX | {"subtype": "panic"}, ["heartbeat"]),
        (INTERLOGIX | {"subtype": "panic", "switch1": "OPEN", "battery_ok": 0}, ["press", "low_battery"]),
        (INTERLOGIX | {"subtype": "unknown", "switch1": "OPEN"}, ["ambiguous"]),
        (INTERLOGIX | {"subtype": "unknown", "id": "59cd45", "switch1": "OPEN"}, ["sensor_state"]),
        (INTERLOGIX | {"subtype": "keyfob", "id": "f9cd45"}, ["button"]),
        (INTERLOGIX | {"subtype": "heat", "switch1": "OPEN"}, ["heat"]),
        (INTERLOGIX | {"subtype": "contact", "id": "a9cd45"}, ["sensor_state"]),
        (VISONIC | {"alarm": 1, "tamper": 1, "battery_ok": 0}, ["alarm", "tamper", "low_battery"]),
        (VISONIC | {"restore": 1}, ["restore", "heartbeat"]),
        (VISONIC | {"battery_ok": 0}, ["low_battery", "heartbeat"]),
        (HONEYWELL | {"alarm": 1, "contact_open": 1}, ["alarm", "contact_open"]),
        (HONEYWELL | {"contact_open": 1, "tamper": 1}, ["tamper", "contact_open"]),
        (HONEYWELL | {"heartbeat": 1, "tamper": 1}, ["tamper", "heartbeat"]),
        ({"model": "Honeywell-Security", "id": 3, "event": 128, "state": "open", "alarm": 8}, ["contact_open"]),
        (DSC | {"event": 0}, ["heartbeat"]),
        (DSC | {"event": 0, "battery_ok": 0}, ["low_battery", "heartbeat"]),
        (DSC | {"event": 1, "tamper": 1}, ["tamper", "contact_closed"]),
        (CAVIUS | {"message": 0x20}, ["fire"]),
        (CAVIUS | {"message": 0x10}, ["water"]),
        (CAVIUS | {"message": 0x40}, ["test"]),
        (CAVIUS | {"message": 0x08, "battery_ok": 0}, ["low_battery"]),
        (CAVIUS | {"message": 0, "battery_ok": 0}, ["low_battery"]),
        (CAVIUS | {"message": 0x28}, ["fire", "low_battery"]),
        (CAVIUS | {"message": 0x04}, ["info"]),
        (CAVIUS | {"message": 0x80}, ["info"]),
        (KEYPAD | {"extradata": "Keypad Panic Button"}, ["press"]),
        (KEYPAD | {"extradata": "Arm System - Away"}, ["arm_disarm"]),
        (KEYPAD | {"extradata": "Keypad Menu Button"}, ["button"]),
        (SENSOR | {"state": 1, "extradata": "Contact Open"}, ["contact_open"]),
        (SENSOR | {"state": 2, "extradata": "Contact Closed"}, ["contact_closed"]),
        (SENSOR | {"state": 3, "extradata": "Alarm Off"}, ["arm_disarm"]),
        ({"model": "LaCrosse-TX", "id": 44, "temperature_C": 17.6}, ["telemetry"]),
        ({"model": "Acme-Water", "id": 4, "water": 1, "battery_ok": 0}, ["water", "low_battery"]),
        ({"model": "Acme", "id": 4, "battery": "LOW"}, ["low_battery"]),
        ({"model": "Acme", "id": 4}, ["unknown"]),
        ({"model": "sos", "count": 4, "codes": ["{25}f16a890"]}, ["button"]),
    ],
)
def test_what_each_model_says_to_one_who_does_not_know_the_device(fields, expected):
    assert events(**fields) == expected


def test_the_panic_of_a_key_chain_is_told_by_its_registration():
    frame = said(**SENSOR, state=1, extradata="Contact Open")
    assert meaning(frame, "pendant") == (Event.PRESS,)


def test_the_old_names_of_models_and_fields_give_the_new_address():
    assert said(**KEYPAD, extradata="Keypad Panic Button").address == "SimpliSafe-Keypad:1jzag"
    assert canonical("SimpliSafe Keypad:1JZAG") == "SimpliSafe-Keypad:1jzag"


def test_a_typed_pin_is_not_kept_among_the_fields():
    frame = said(**KEYPAD, extradata="Disarm Pin: 4711")
    assert "4711" not in str(dict(frame.fields))


def test_a_short_and_a_long_panic_are_one_statement():
    short, long = said(**X10, code="88"), said(**X10, code="98")
    assert short.dedup_key == long.dedup_key


def test_a_remote_without_an_id_names_nobody():
    frame = said(model="Silvercrest-Remote", button=8)
    assert frame.addresses == ()


def test_a_flex_decoder_is_known_by_its_code():
    assert said(model="sos", count=4, codes=["{25}F16A890"]).address == "sos:f16a890"


@pytest.mark.parametrize(
    "data",
    [
        PRESS,
        b"rtl_433 version 22.11 inputs file\n" + PRESS,
        b"banner without its end " + PRESS,
        b"<165>1 2026-11-21T17:54:49Z vm rtl_433 - - - " + PRESS,
        b'{"time" : "@0.1s", "model" : "Gene\n' + PRESS + b"\n",
        b'{"time" : "@0.1s", "model" : "Gene' + PRESS + b"\n",
        b'{"time" : "@0.1s", "model" : "Generic-Remote", "id"' + PRESS + b"\n",
        b"{{{{" + PRESS,
        b'{"a"}{ }{x}{{"b"1}{"c" {}' + PRESS,
        b'{"model"' + PRESS,
        b'{x{"y" {' + PRESS,
        b"{" + b"}" * (BRACES_MAX + 2) + PRESS,
        b"}\xff{" + b"\x00" * (2 * FRAME_BYTES_MAX) + PRESS,
        b'{"a":' + b"[" * 50_000 + b"\n" + PRESS,
        b'{"time":"x","model":"\xff","id":1}\n' + PRESS,
        b'{"model":"M","id":NaN}\n' + PRESS,
    ],
)
def test_a_press_is_heard_through_noise_and_damage(data):
    assert [frame.address for frame in Rtl433().feed(data)] == ["Generic-Remote:5069:48"]


@pytest.mark.parametrize(
    "data",
    [
        b'{"id":7,"cmd":1}\n',
        b'{"model":7}\n',
        b'{"model":""}\n',
        b'{"model":"a\\u0000b"}\n',
        b'{"model":"cut"\n',
        b"{}\n",
    ],
)
def test_an_object_that_names_no_model_is_counted(data):
    decoder = Rtl433()
    assert decoder.feed(data) == []
    assert decoder.tally.malformed == 1


def test_blanks_before_a_colon_are_no_damage():
    (frame,) = Rtl433().feed(b'{"model"' + b" " * 200 + b': "Acme", "id" : 7}')
    assert frame.address == "Acme:7"


def test_the_same_line_is_the_same_press_at_every_gateway_with_its_own_profile():
    (plain,), (ignored,) = Rtl433().feed(PRESS), Rtl433(profile={"Generic-Remote:5069:48": Event.IGNORE}).feed(PRESS)
    assert (plain.event, ignored.event) == (Event.BUTTON, Event.IGNORE)
    assert (plain.dedup_key, plain.addresses) == (ignored.dedup_key, ignored.addresses)


def test_a_statistics_report_is_the_programs_sign_of_life():
    frame = said(time="@1.0s", enabled=40, frames={"count": 3}, stats=[])
    assert (frame.event, frame.scope) == (Event.HEARTBEAT, Scope.GATEWAY)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("1795283684.551675", 1795283684.551675),
        ("2026-11-21T17:54:44.551675Z", 1795283684.551675),
        ("2026-11-21T17:54:44", None),
        ("@0.1s", None),
        ("99999999999", None),
        (7, 7.0),
    ],
)
def test_a_time_counts_only_with_its_zone(printed, expected):
    frame = said(time=printed, model="Generic-Remote", id=1, cmd=1)
    assert (frame.sent_at and frame.sent_at.timestamp()) == expected


def test_the_place_in_a_burst_is_read_in_every_form():
    forms = ["@0.250000s", "2026-11-21 17:54:44", "1795283684"]
    assert [burst_offset_s(said(time=form, model="M")) for form in forms] == [0.25, 1795283684.0, 1795283684.0]
    assert burst_offset_s(said(model="M")) is None


def test_only_the_topic_of_whole_objects_is_heard():
    assert events_topic("rtl_433/hall/events")
    assert not events_topic("rtl_433/hall/devices/Generic-Remote/5069/cmd")


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_press_published_over_mqtt_is_the_same_press(step):
    line = wrap("rtl_433/hall/events", PRESS, False)
    decoder = Rtl433()
    (frame,) = [frame for at in range(0, len(line), step) for frame in decoder.feed(line[at : at + step])]
    (printed,) = Rtl433().feed(PRESS + b"\n")
    assert (frame.event, frame.addresses, frame.dedup_key) == (printed.event, printed.addresses, printed.dedup_key)
    assert dict(frame.fields) == dict(printed.fields)


@pytest.mark.parametrize(
    ("topic", "payload", "retain"),
    [
        ("rtl_433/hall/events", PRESS, True),
        ("rtl_433/hall/states", PRESS, False),
        ("rtl_433/hall/devices/Generic-Remote/5069/cmd", b"48", False),
    ],
)
def test_what_is_old_or_said_again_field_by_field_says_nothing(topic, payload, retain):
    (frame,) = Rtl433().feed(wrap(topic, payload, retain))
    assert (frame.event, frame.addresses) == (Event.IGNORE, ())


@pytest.mark.parametrize("payload", [b"", b"48", b"[1]", b"{}", b"\xff\xfe", b'{"model":', PRESS[:-1]])
def test_a_message_without_an_object_is_counted_and_the_next_one_heard(payload):
    decoder = Rtl433()
    assert decoder.feed(wrap("rtl_433/hall/events", payload, False)) == []
    assert decoder.tally.malformed == 1
    assert len(decoder.feed(wrap("rtl_433/hall/events", PRESS, False))) == 1


def test_a_profile_gives_an_address_its_event():
    (frame,) = Rtl433(profile={"generic-remote:5069:48": Event.IGNORE, "Generic-Remote:5069": Event.PRESS}).feed(PRESS)
    assert frame.event is Event.PRESS


@pytest.mark.parametrize(
    ("address", "event"),
    [
        ("Generic-Remote:5069:48", Event.BUTTON),
        ("Visonic-Powercode:6f4770", Event.ALARM),
        ("X10-Security:3133:88", Event.PRESS),
        ("Acme:07", Event.WATER),
        ("Acme:07", Event.TELEMETRY),
    ],
)
def test_what_is_encoded_is_heard_again(address, event):
    (frame,) = Rtl433().feed(encode(address, event))
    assert frame.event is event
    assert frame.address == canonical(address)


def test_noise_without_an_end_keeps_little():
    decoder = Rtl433()
    decoder.feed(b"{" * (3 * FRAME_BYTES_MAX))
    assert len(decoder._tail) <= FRAME_BYTES_MAX
    assert decoder.tally.overlong == 1


def test_an_object_with_objects_inside_is_found_behind_a_cut_line():
    cut, whole = (
        b'{"time" : "@0.1s", "model" : "Gen',
        b'{"time":"@1s","model":"Acme","id":7,"rows":[{"len":1},{"len":2}]}',
    )
    (frame,) = Rtl433().feed(cut + whole)
    assert (frame.address, frame.raw) == ("Acme:7", whole)
