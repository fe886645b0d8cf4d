"""TRV and IW watches: the login that names the device, alarm codes, answers, texts from the field."""

from datetime import UTC, datetime

import pytest

from devices.decoders.trv import ALARMS, TEXT_BYTES_MAX, Trv, encode, login
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

NOON = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)
IMEI = "353456789012345"
HELLO = b"IWAP00353456789012345#"
PLACE = "261121A2232.9806N11404.9355E000.1061830323.8706000908000502,460,0,9520,3671"


def one(text: str, **profile: Event):
    (frame,) = Trv(profile=profile).feed(text.encode("latin-1") + b"#")
    return frame


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (",01,zhcn,00,HOME|74-DE-2B-44-88-8C|97", Event.PRESS),
        (",01", Event.PRESS),
        (",05,zh-cn,00", Event.FALL),
        (",06,zh-cn,00", Event.FALL),
        (",02,zh-cn,00", Event.LOW_BATTERY),
        (",03,zh-cn,00", Event.TAMPER),
        (",00,zh-cn,00", Event.LOCATION),
        (",77,zh-cn,00", Event.ALARM),
        ("", Event.ALARM),
        (",HOME|74-DE-2B-44-88-8C|97", Event.ALARM),
    ],
)
def test_what_the_alarm_codes_say(code, event):
    frame = one(f"IWAP10{PLACE}{code}")
    assert (frame.event, frame.also) == (event, ())
    assert frame.position == Position(22 + 32.9806 / 60, 114 + 4.9355 / 60)
    assert frame.fields["battery"] == 80
    assert frame.fields.get("alarm_code") == (code[1:3] if code[1:3].isdigit() else None)


@pytest.mark.parametrize("rest", ["", ",", "26", "garbage,01"])
def test_an_alarm_that_cannot_be_read_is_an_alarm_all_the_same(rest):
    assert one(f"IWAP10{rest}").event is Event.ALARM


def test_a_profile_gives_a_code_its_meaning_for_a_gateway_or_a_model():
    assert one(f"IWAP10{PLACE},07", **{"07": Event.INACTIVITY}).event is Event.INACTIVITY
    decoder = Trv(profile={"35345678:07": Event.INACTIVITY})
    decoder.feed(HELLO)
    assert decoder.feed(f"IWAP10{PLACE},07#".encode())[0].event is Event.INACTIVITY


@pytest.mark.parametrize(
    ("text", "event", "fields"),
    [
        # Traccar's samples.
        ("IWAP49,68", Event.VITALS, {"heart_rate": 68}),
        ("IWAPHT,60,130,85", Event.VITALS, {"heart_rate": 60, "bp_high": 130, "bp_low": 85}),
        ("IWAPHP,60,130,85,95,90,36.5,,,,,,,", Event.VITALS, {"spo2": 95, "temperature_c": 36.5}),
        ("IWAPHP,,,,95,,36.5", Event.VITALS, {"spo2": 95, "temperature_c": 36.5}),
        ("IWAP50,36.7,90", Event.VITALS, {"temperature_c": 36.7, "battery": 90}),
        ("IWAP03,06000908000102,5555,30", Event.HEARTBEAT, {"steps": 5555, "battery": 80}),
        ("TRVCP01,07800010010000602001206001120124", Event.HEARTBEAT, {"battery": 100}),
        ("TRVAP01170905A5227.1382N00541.4256E001.7095844000.0008100610020100,204,8,3230,13007", Event.LOCATION,
         {"battery": 100, "fix": True}),
        ("TRVYP14220217A5235.7885N00724.1840E000.0130919177.561000050660000200004,262,01,14635,52789", Event.LOCATION,
         {"battery": 66}),
        ("IWAP02,zh_cn,0,7,460,0,9520|3671|13,4,1|D8-24-BD-79-FA-1F|59", Event.LOCATION, {}),
        ("IWAPFD,868888031082345,1712345678", Event.FALL, {}),
        ("IWAPFD261121A2232.9806N11404.9355E000.1061830323.87", Event.UNKNOWN, {}),
        ("IWAP04,20", Event.LOW_BATTERY, {}),
        ("IWAPXL,080835", Event.ACK, {}),
    ],
)  # fmt: skip
def test_what_the_other_texts_say(text, event, fields):
    frame = one(text)
    assert frame.event is event
    assert {name: frame.fields[name] for name in fields} == fields


def test_the_login_names_whoever_speaks_after_it():
    decoder = Trv()
    alarm = f"IWAP10{PLACE},01#".encode()
    before, hello, after = decoder.feed(alarm + b"IWAP00353456789012345,8901240204123656505f,310240202365650#" + alarm)
    assert (hello.event, hello.address) == (Event.HEARTBEAT, IMEI)
    assert (before.address, before.explicit, before.window_s) == (None, True, 0.0)
    assert (after.address, after.explicit, after.window_s) == (IMEI, True, 600.0)


@pytest.mark.parametrize("text", [b"IWAP00#", b"IWAP00353:56789012345#", b"IWAP00,1#"])
def test_a_login_that_names_nobody_must_come_again(text):
    decoder = Trv()
    decoder.feed(HELLO)
    (frame,) = decoder.feed(text)
    assert (frame.answers, decoder.acknowledge(frame, NOON, b"")) == (False, b"")
    assert frame.address == IMEI


def test_an_alarm_of_unknown_kind_raises_one_only_where_it_may_be_ours():
    decoder = Trv()
    alarm = f"IWAP10{PLACE},77#".encode()
    before, _, after = decoder.feed(alarm + HELLO + alarm)
    assert (before.explicit, after.explicit) == (True, False)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("IWAP00353456789012345", b"IWBP00,20260101120005,0#"),
        ("TRVAP00353456789012345", b"TRVBP00#"),
        (f"IWAP10{PLACE},01", b"IWBP10#"),
        ("IWAP03,06000908000102,5555,30", b"IWBP03#"),
        ("TRVCP01,06000908000102", b"TRVDP01#"),
        (f"TRVYP03{PLACE}", b"TRVZP03#"),
        ("IWAPHT,60,130,85", b"IWBPHT#"),
        ("IWAPXL,080835", b""),
        ("IWAP12,080835,+491773329827", b""),
        ("IWAP87,0", b""),
    ],
)
def test_each_text_is_answered_by_the_next_letter_of_its_name(text, answer):
    decoder = Trv()
    (frame,) = decoder.feed(text.encode() + b"#")
    assert decoder.acknowledge(frame, NOON, b"") == answer
    assert frame.answers == bool(answer)
    assert decoder.refuse(b"") == b""


def test_a_copy_has_the_same_time_and_code():
    decoder = Trv()
    decoder.feed(HELLO)

    def key(text: str) -> str:
        return decoder.feed(text.encode() + b"#")[0].dedup_key

    first = key(f"IWAP10{PLACE},01")
    assert key(f"IWAP10{PLACE},01,zhcn,00") == first
    assert key(f"IWAP10{PLACE},05") != first
    assert key(f"IWAP10{PLACE},01".replace("061830", "061831")) != first
    assert decoder.feed(f"IWAP01{PLACE}#".encode())[0].window_s == 0.0


def test_time_and_place():
    # The time of day stands behind the speed.
    frame = one("TRVAP01170905A5227.1382S00541.4256W001.7095844000.0008100610020100,204,8,3230,13007")
    assert frame.sent_at == frame.position_at == datetime(2017, 9, 5, 9, 58, 44, tzinfo=UTC)
    assert frame.position == Position(-(52 + 27.1382 / 60), -(5 + 41.4256 / 60))
    assert one(f"IWAP10{PLACE},01".replace("261121A", "261121V")).position is None


# ---------------------------------------------------------------------------------------------- the stream


def test_a_text_that_was_cut_is_given_up_for_the_one_behind_it():
    decoder = Trv()
    (frame,) = decoder.feed(b"IWAP10261121A2232.98" + f"IWAP10{PLACE},01#".encode())
    assert (frame.event, decoder.tally.noise_bytes) == (Event.PRESS, 20)
    assert Trv().feed(b"IWAP03,0600" + HELLO)[0].address == IMEI


def test_the_name_of_a_network_is_no_text():
    frame = one(f"IWAP10{PLACE},01,zhcn,00,KIWAPARK|74-DE-2B-44-88-8C|97&IWIPAD|74-DE-2B-44-88-8C|90")
    assert frame.event is Event.PRESS


@pytest.mark.parametrize("noise", [b"#", b"###", b"IW", b"IWAP", b"\xff\x00", b"\r\n"])
def test_an_alarm_is_heard_behind_noise(noise):
    decoder = Trv()
    assert [frame.event for frame in decoder.feed(noise + f"IWAP10{PLACE},01#".encode())] == [Event.PRESS]
    assert decoder.tally.noise_bytes == len(noise)


def test_a_text_without_an_end_keeps_little():
    decoder = Trv()
    decoder.feed(b"IWAP07" + b"x" * 65_536)
    assert len(decoder._tail) <= TEXT_BYTES_MAX
    assert decoder.incomplete
    assert len(decoder.feed(b"#" + HELLO)) == 1


@pytest.mark.parametrize("event", sorted({*ALARMS.values(), Event.ALARM, Event.LOCATION, Event.HEARTBEAT}))
def test_what_is_encoded_is_heard_again(event):
    where, when = Position(-22.438405, -114.052007), datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    decoder = Trv()
    _, frame = decoder.feed(login(IMEI) + encode(IMEI, event, at=when, position=where))
    assert (frame.event, frame.address) == (event, IMEI)
    if event is not Event.HEARTBEAT:
        assert (frame.sent_at, frame.position_at) == (when, when)
        assert (frame.position.lat, frame.position.lng) == pytest.approx((where.lat, where.lng), abs=1e-6)
