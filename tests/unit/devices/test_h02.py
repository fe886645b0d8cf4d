"""H02 devices: a status that is active low, the bit that means two things, texts and packed positions."""

from datetime import UTC, datetime

import pytest

from devices.decoders.h02 import H02, STATUS_BITS, TEXT_BYTES_MAX, canonical, encode
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

NOON = datetime(2026, 11, 21, 12, 30, 45, tzinfo=UTC)


def v1(
    status: str, *, device: str = "8401016597", time: str = "152609", valid: str = "A", date: str = "211126"
) -> bytes:
    return f"*HQ,{device},V1,{time},{valid},2234.2937,N,11351.4733,E,0.00,0,{date},{status}#".encode()


def heard(data: bytes, **profile: Event):
    return H02(profile=profile).feed(data)


def one(data: bytes, **profile: Event):
    (frame,) = heard(data, **profile)
    return frame


# ---------------------------------------------------------------------------------------------- the status


@pytest.mark.parametrize(
    ("status", "event", "also"),
    [
        ("FFFFFFFF", Event.LOCATION, ()),
        ("FFFFFFFD", Event.PRESS, ()),
        ("FFFFFFFE", Event.VIBRATION, ()),
        ("FFFFFFFC", Event.PRESS, (Event.VIBRATION,)),
        ("FFF7FFFE", Event.MAINS_FAIL, (Event.VIBRATION,)),
        ("FFF7FFFD", Event.PRESS, (Event.MAINS_FAIL,)),
        ("FFFFFFFB", Event.LOCATION, ()),
        ("FFFFFBFF", Event.LOCATION, ()),
        ("FFFBFFFF", Event.AMBIGUOUS, ()),
        ("FFFBFFFC", Event.PRESS, (Event.AMBIGUOUS, Event.VIBRATION)),
        ("fffffffd", Event.PRESS, ()),
    ],
)
def test_every_zero_is_reported_and_vibration_hides_no_press(status, event, also):
    frame = one(v1(status))
    assert (frame.event, frame.also) == (event, also)
    assert frame.fields["status"] == status
    assert frame.explicit == (event is Event.PRESS)


def test_a_bit_18_that_falls_is_a_press_and_one_that_was_always_low_is_not():
    steady = heard(v1("FFFBFFFF", time="152609") + v1("FFFBFFFF", time="152709") + v1("FFFBFFFF", time="152809"))
    assert [frame.event for frame in steady] == [Event.AMBIGUOUS] * 3
    falling = heard(v1("FFFFFFFF", time="152609") + v1("FFFBFFFF", time="152709") + v1("FFFBFFFF", time="152809"))
    assert [frame.event for frame in falling] == [Event.LOCATION, Event.PRESS, Event.AMBIGUOUS]
    others = heard(v1("FFFFFFFF", device="1") + v1("FFFBFFFF", device="2"))
    assert [frame.event for frame in others] == [Event.LOCATION, Event.AMBIGUOUS]


def test_a_profile_settles_it_for_a_gateway_or_a_model():
    assert one(v1("FFFBFFFF"), bit18=Event.PRESS).event is Event.PRESS
    model = {"35350522:bit18": Event.LOCATION, "bit18": Event.PRESS}
    assert one(v1("FFFBFFFF", device="353505220903211"), **model).event is Event.LOCATION
    assert one(v1("FFFBFFFF", device="353588020068342"), **model).event is Event.PRESS


# ---------------------------------------------------------------------------------------------- other texts


@pytest.mark.parametrize(
    ("text", "event", "fields"),
    [
        ("*HQ,135790246811220,HTBT,100#", Event.HEARTBEAT, {"battery": 100}),
        ("*HQ,135790246811220,HTBT#", Event.HEARTBEAT, {}),
        ("*HQ,356327080425330,XT,1,100#", Event.HEARTBEAT, {"battery": 100}),
        ("*HQ,1700086468,LINK,180902,15,0,84,0,0,240517,FFFFFBFF#", Event.HEARTBEAT, {"battery": 84}),
        ("*HQ,1700086468,LINK,180902,15,0,84,0,0,240517,FFFFFFFD#", Event.PRESS, {"battery": 84}),
        ("*HQ,1451316451,NBR,112315,724,10,2,2,215,2135,123,215,2131,121,011215,FFFFFFFF#", Event.HEARTBEAT, {}),
        ("*HQ,355488020882405,V3,095426,74001,01,010278,045142,128,-92,02DE,0,X,090517,FFFFFBFD#", Event.PRESS, {}),
        ("*HQ,5226073533,SMS,ID:5226073533\nVOLT:12.9V#", Event.INFO, {}),
        ("*TH,2020916012,V4,S20,OK,130305,050316,A,2212.8745,N,11346.6574,E,14.28,028,220912,F7FFFBFF#", Event.LOCATION,
         {"fix": True}),
        ("*HQ,4210209006,V1,054048,A,2828.2297,N,07733.4332,E,000.5,047,4,080918,FFFFFFFD,4261193,0#", Event.PRESS, {}),
        ("*HQ,4109179024,V19,103732,V,3853.2770,S,06205.8678,W,000.00,000,100217,,5492932630888,8954?,FFFFFFFD#",
         Event.PRESS, {"fix": False}),
        ("*HQ,353505510948929,V1,,V,,N,,E,0.00,0,,FFFFFFFD,f0,a,11a0,c0c6#", Event.PRESS, {"fix": False}),
        ("*HQ,353588020068342,V1,000000,V,0.0000,0,0.0000,0,0.00,0.00,000000,fffffffd,000106#", Event.PRESS, {}),
        ("*HQ,4109179024,V19,103732,A,3853.2770,S,06205.8678,W,000.00,000,100217,,12345678,8954?,FFFFFFFF#",
         Event.LOCATION, {"fix": True, "status": "FFFFFFFF"}),
        ("*HQ,5226073533,SMS,call,12345678#", Event.INFO, {}),
        ("*HQ,4210209006,V1,054048,A,2828.2297,N,07733.4332,E,000.5,047,080918#", Event.LOCATION, {"fix": True}),
        ("*HQ,4109198974,#", Event.UNKNOWN, {}),
    ],
)  # fmt: skip
def test_what_the_texts_say(text, event, fields):
    frame = one(text.encode())
    assert frame.event is event
    assert {name: frame.fields[name] for name in fields} == fields


def test_a_press_without_a_name_raises_an_alarm_without_a_home():
    frame = one(v1("FFFFFFFD", device=""))
    assert (frame.address, frame.explicit, frame.window_s) == (None, True, 0.0)


# ---------------------------------------------------------------------------------------------- answers and copies


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (v1("FFFFFFFD"), b"*HQ,8401016597,V4,V1,20261121123045#"),
        (
            b"*HQ,8401016597,NBR,112315,724,10,2,2,215,2135,123,011215,FFFFFFFF#",
            b"*HQ,8401016597,V4,NBR,20261121123045#",
        ),
        (b"*HQ,135790246811220,HTBT,100#", b"*HQ,135790246811220,HTBT#"),
        (v1("FFFFFFFD").replace(b"V1", b"V6"), b""),
        (b"*HQ,356327080425330,XT,1,100#", b""),
        (v1("FFFFFFFD", device=""), b""),
    ],
)
def test_who_asks_is_confirmed(text, answer):
    decoder = H02()
    (frame,) = decoder.feed(text)
    assert decoder.acknowledge(frame, NOON, b"") == answer
    assert decoder.refuse(text) == b""


def test_a_copy_has_the_same_device_time_and_status():
    first = one(v1("FFFFFFFD"))
    assert (first.window_s, first.sliding) == (600.0, False)
    assert one(v1("FFFFFFFD", valid="V")).dedup_key == first.dedup_key
    for other in (v1("FFFFFFFC"), v1("FFFFFFFD", time="152610"), v1("FFFFFFFD", device="8401016598")):
        assert one(other).dedup_key != first.dedup_key


def test_without_a_time_nothing_is_a_copy():
    assert one(v1("FFFFFFFD", time="", date="")).window_s == 0.0


# ---------------------------------------------------------------------------------------------- time and place


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        # Traccar's tests and their positions.
        ("164549,A,0956.3869,N,08406.7068,W,000.00,000,221215", (9.93978, -84.11178)),
        ("030149,A,-23-29.0095,S,-46-51.5852,W,2.4,065,070315", (-23.48349, -46.85975)),
        ("213945,A,3542.2043,N,38.6508,W,0.00,170,221025", (35.70340, -0.64418)),
        ("105759,A,37573392,S,145037022,E,000.00,173,280122", (-37.95565, 145.06170)),
        ("050418,V,2827.61232,N,07703.84822,E,0.00,0,031015", None),
        ("050418,,2827.61232,N,07703.84822,E,0.00,0,031015", None),
    ],
)
def test_a_valid_position_is_the_place_of_the_alarm(place, expected):
    frame = one(f"*HQ,4210051415,V1,{place},FFFFFFFD#".encode())
    assert (frame.position is None) == (expected is None)
    if expected:
        assert (frame.position.lat, frame.position.lng) == pytest.approx(expected, abs=1e-5)
        assert frame.position_at == frame.sent_at
    assert frame.sent_at is not None


def test_the_time_is_utc():
    assert one(v1("FFFFFFFD")).sent_at == datetime(2026, 11, 21, 15, 26, 9, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------- packed positions


@pytest.mark.parametrize(
    ("rest", "event"),
    [("fffffbfd001506", Event.PRESS), ("fffffbff001506", Event.LOCATION), ("fffffbfe001506", Event.VIBRATION)],
)
def test_a_packed_position_says_the_same(rest, event):
    packed = "24 4106000626 215321 310815 04419390 06 0740418306 000000" + rest
    frame = one(bytes.fromhex(packed)[:32])
    assert (frame.event, frame.address) == (event, "4106000626")
    assert frame.sent_at == datetime(2015, 8, 31, 21, 53, 21, tzinfo=UTC)
    assert (frame.position.lat, frame.position.lng) == pytest.approx((4.69898, -74.06971), abs=1e-5)
    assert not frame.answers


def test_the_long_form_names_fifteen_digits():
    raw = "2435248308419329301047591808172627335900074412294e024138feffffffff01120064ba73005ecc"
    (frame,) = heard(bytes.fromhex(raw))
    assert frame.address == "352483084193293"
    assert frame.sent_at == datetime(2017, 8, 18, 10, 47, 59, tzinfo=UTC)
    assert (frame.position.lat, frame.position.lng) == pytest.approx((26.45560, 74.68716), abs=1e-5)


def test_texts_and_packed_positions_follow_each_other():
    packed = bytes.fromhex("2441060116601245431311165035313006004318210e000000fffffbffff0024")
    frames = heard(packed + v1("FFFFFFFD") + packed + b"\x15\x06\x00\x00" + packed)
    assert [frame.event for frame in frames] == [Event.LOCATION, Event.PRESS, Event.LOCATION, Event.LOCATION]


# ---------------------------------------------------------------------------------------------- the stream


@pytest.mark.parametrize("noise", [b"$", b"*", b"*H", b"*HQ,", b"$\x24", b"\xff\x00", b"\r\n", v1("FFFFFFFF")[:30]])
def test_a_press_is_heard_at_once_behind_noise(noise):
    decoder = H02()
    assert [frame.event for frame in decoder.feed(noise + v1("FFFFFFFD"))] == [Event.PRESS]
    assert decoder.tally.noise_bytes == len(noise)


def test_a_text_without_an_end_is_given_up():
    decoder = H02()
    assert decoder.feed(b"*HQ,1,SMS," + b"x" * 2 * TEXT_BYTES_MAX) == []
    assert len(decoder) == 0
    assert decoder.tally.overlong == 1
    assert len(decoder.feed(v1("FFFFFFFD"))) == 1


def test_what_is_no_text_of_this_protocol_is_counted():
    decoder = H02()
    assert decoder.feed(b"*HQ,not a device,V1#") == []
    assert decoder.tally.malformed == 1


def test_an_unfinished_text_waits():
    decoder = H02()
    assert decoder.feed(v1("FFFFFFFD")[:-1]) == []
    assert decoder.incomplete
    assert len(decoder.feed(b"#")) == 1
    assert not decoder.incomplete


@pytest.mark.parametrize("event", sorted({*STATUS_BITS.values(), Event.LOCATION, Event.HEARTBEAT}))
def test_what_is_encoded_is_heard_again(event):
    where, when = Position(-22.438405, 114.052007), datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    frame = one(encode(canonical(" 8401016597"), event, at=when, position=where))
    assert (frame.event, frame.address) == (event, "8401016597")
    if event is not Event.HEARTBEAT:
        assert (frame.sent_at, frame.position_at) == (when, when)
        assert frame.position.lat == pytest.approx(where.lat, abs=1e-6)
        assert frame.position.lng == pytest.approx(where.lng, abs=1e-6)
