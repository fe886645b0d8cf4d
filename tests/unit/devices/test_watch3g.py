"""3G watches: every bit of an alarm, the answers, the place, and texts as they come from the field."""

from datetime import UTC, datetime

import pytest

from devices.decoders.watch3g import STATUS_BITS, Watch3g, canonical, encode
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLACE = "211126,120000,A,22.571707,N,113.8613968,E,0.1,0.0,100,7,60,90,1000,50"


def text(content: str, device: str = "8800000015", maker: str = "3G", index: str = "") -> bytes:
    return f"[{maker}*{device}*{index}{len(content.encode()):04X}*{content}]".encode()


def heard(data: bytes, **profile: Event):
    return Watch3g(profile=profile).feed(data)


def one(content: str, **profile: Event):
    (frame,) = heard(text(content), **profile)
    return frame


# ---------------------------------------------------------------------------------------------- what an alarm says


@pytest.mark.parametrize(
    ("status", "event", "also"),
    [
        ("00010000", Event.PRESS, ()),
        ("00200000", Event.FALL, ()),
        ("00400000", Event.FALL, ()),
        ("00100000", Event.TAMPER, ()),
        ("00020000", Event.LOW_BATTERY, ()),
        ("0001", Event.LOW_BATTERY, ()),
        ("00040000", Event.WANDERING, ()),
        ("0002", Event.WANDERING, ()),
        ("00080000", Event.RESTORE, ()),
        ("00004000", Event.MAINS_FAIL, ()),
        ("00010001", Event.PRESS, (Event.LOW_BATTERY,)),
        ("00030011", Event.PRESS, (Event.LOW_BATTERY,)),
        ("00310001", Event.PRESS, (Event.FALL, Event.TAMPER, Event.LOW_BATTERY)),
        ("00250002", Event.PRESS, (Event.FALL, Event.WANDERING)),
        ("00210000", Event.PRESS, (Event.FALL,)),
        ("00000000", Event.ALARM, ()),
        ("00000010", Event.ALARM, ()),
        ("80000000", Event.ALARM, ()),
    ],
)
def test_every_bit_of_an_alarm_is_reported_and_none_hides_another(status, event, also):
    frame = one(f"AL,{PLACE},{status},0,0,0")
    assert (frame.event, frame.also) == (event, also)
    assert frame.fields["status"] == status


def test_an_alarm_may_end_with_its_status():
    frame = one(f"AL,{PLACE},00010000")
    assert (frame.event, frame.fields["status"]) == (Event.PRESS, "00010000")


@pytest.mark.parametrize("content", ["AL", "AL,", "AL,211126,120000,V", f"AL,{PLACE},", f"AL,{PLACE},1,460,0"])
def test_an_alarm_that_cannot_be_read_is_an_alarm_all_the_same(content):
    frame = one(content)
    assert (frame.event, frame.answers) == (Event.ALARM, True)


def test_what_else_an_alarm_tells():
    told = one(f"AL,{PLACE},00100000,0,0,0").fields
    assert {name: told[name] for name in ("fix", "battery", "steps", "detail")} == {
        "fix": True, "battery": 90, "steps": 1000, "detail": "watch taken off",
    }  # fmt: skip
    assert "detail" not in one(f"AL,{PLACE},00010000,0,0,0").fields
    assert one("AL,211126,120000,V").fields["fix"] is False


def test_only_what_the_watch_calls_help_is_an_emergency_from_a_stranger():
    assert one(f"AL,{PLACE},00010000,0,0,0").explicit
    assert one(f"AL,{PLACE},00200000,0,0,0").explicit
    assert not one(f"AL,{PLACE},00040000,0,0,0").explicit
    assert not one(f"AL,{PLACE},00000000,0,0,0").explicit


def test_states_that_last_do_not_make_an_alarm_of_every_position():
    assert one(f"UD,{PLACE},00004006,0,0,0").event is Event.LOCATION
    assert one(f"UD,{PLACE},00010002,0,0,0").event is Event.PRESS
    assert one(f"WT,{PLACE},00000001,0,0,0").event is Event.LOW_BATTERY


def test_a_profile_gives_a_bit_its_meaning_for_a_gateway_or_a_model():
    alarm = f"AL,{PLACE},00400000,0,0,0"
    assert one(alarm, bit22=Event.VITALS).event is Event.VITALS
    assert one(alarm, **{"88000000:bit22": Event.INFO, "bit22": Event.VITALS}).event is Event.INFO
    assert one(alarm, **{"8800000015:bit22": Event.PRESS, "88000000:bit22": Event.INFO}).event is Event.PRESS
    assert one(alarm, **{"99000000:bit22": Event.INFO}).event is Event.FALL


@pytest.mark.parametrize(
    ("content", "event", "fields"),
    [
        ("LK,0,10,100", Event.HEARTBEAT, {"steps": 0, "battery": 100}),
        ("LK", Event.HEARTBEAT, {}),
        ("INIT,8800000015", Event.HEARTBEAT, {}),
        ("TKQ", Event.VOICE_REQUEST, {}),
        ("PULSE,72", Event.VITALS, {"heart_rate": 72}),
        ("oxygen,0,98", Event.VITALS, {"spo2": 98}),
        ("BLOOD,109,68", Event.VITALS, {"bp_high": 109, "bp_low": 68}),
        ("bphrt,120,79,73,,,,", Event.VITALS, {"bp_high": 120, "bp_low": 79, "heart_rate": 73}),
        ("btemp2,1,35.29", Event.VITALS, {"temperature_c": 35.29}),
        ("img,5,170525214118,\xff\xd8", Event.INFO, {}),
        ("ICCID,89860", Event.UNKNOWN, {}),
    ],
)
def test_the_other_texts(content, event, fields):
    frame = one(content)
    assert frame.event is event
    assert {name: frame.fields[name] for name in fields} == fields
    assert frame.window_s == 0.0


# ---------------------------------------------------------------------------------------------- answers and copies


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (text("LK,0,0,9"), b"[3G*8800000015*0002*LK]"),
        (text(f"AL_LTE,{PLACE},00010000,0,0,0", maker="SG"), b"[SG*8800000015*0002*AL]"),
        (text("ALCUSTOMER1,x", index="0075*", maker="ZJ"), b"[ZJ*8800000015*0075*0002*AL]"),
        (text("TKQ2"), b"[3G*8800000015*0004*TKQ2]"),
        (text("INIT,1"), b"[3G*8800000015*0006*INIT,1]"),
        (text(f"UD,{PLACE},00010000,0,0,0"), b""),
        (text("heart,71"), b""),
        (text("TK,1"), b""),
    ],
)
def test_what_waits_for_an_answer_gets_it_by_its_name(data, answer):
    decoder = Watch3g()
    (frame,) = decoder.feed(data)
    assert decoder.acknowledge(frame, NOON, b"") == answer
    assert frame.answers == bool(answer)
    assert decoder.refuse(data) == b""


def test_a_copy_has_the_same_watch_time_and_status():
    def key(content: str, device: str = "8800000015") -> str:
        (frame,) = heard(text(content, device))
        assert (frame.window_s, frame.sliding) == (600.0, False)
        return frame.dedup_key

    first = key(f"AL,{PLACE},00010000,0,0,0")
    assert key(f"AL_LTE,{PLACE},00010000,1,255,460") == first
    assert key(f"AL,{PLACE},00010001,0,0,0") != first
    assert key(f"AL,{PLACE},00010000,0,0,0".replace("120000", "120001")) != first
    assert key(f"AL,{PLACE},00010000,0,0,0", "8800000016") != first


# ---------------------------------------------------------------------------------------------- time and place


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("220414,134652,A,22.571707,N,113.8613968,E", Position(22.571707, 113.8613968)),
        ("210716,231601,A,-33.480366,N,-70.7630692,E", Position(-33.480366, -70.7630692)),
        ("240123,162011,A,54.427621,N,6.409190,W", Position(54.427621, -6.40919)),
        ("110116,113639,A,16.479064,S, 68.119072,", Position(-16.479064, 68.119072)),
        ("240123,181628,V,54.427538,N,6.409275,W", None),
        ("240123,181628,A,0.0,N,0.0,E", None),
        ("240123,181628,A,95.0,N,0.0,E", None),
        ("240123,181628,A,nan,N,inf,E", None),
    ],
)
def test_a_valid_position_is_the_place_of_the_alarm(place, expected):
    frame = one(f"AL,{place},0.1,0.0,100,7,60,90,1000,50,00010000,0,0,0")
    assert frame.position == expected
    assert frame.position_at == (frame.sent_at if expected else None)


def test_the_time_is_utc_and_a_clock_that_was_never_set_is_none():
    assert one(f"AL,{PLACE},00010000,0").sent_at == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert one(f"AL,{PLACE},00010000,0".replace("211126", "010104")).sent_at is None
    assert one(f"AL,{PLACE},00010000,0".replace("211126", "319926")).sent_at is None


# ---------------------------------------------------------------------------------------------- texts in the stream


def test_a_network_name_with_brackets_belongs_to_the_text():
    inner = f"UD,{PLACE},00000000,0,1,[LG_Wall-Mount A/C]e725,66:de:fa:18:5d:e7,-82,15.0"
    (frame,) = heard(text(inner))
    assert frame.fields["length_ok"]


def test_an_alarm_is_heard_although_the_declared_length_and_the_brackets_lie():
    press = f"AL,{PLACE},00010000,0,1,[cafe,66:de:fa:18:5d:e7,-82".encode()
    wrong = b"[3G*8800000015*00ff*" + press + b"]"
    right = text(press.decode())
    for alarm in (wrong, right, right.replace(b"[cafe", b"cafe]")):
        frames = heard(alarm + text("LK"))
        assert [frame.event for frame in frames] == [Event.PRESS, Event.HEARTBEAT]


def test_a_text_that_was_cut_is_given_up_for_the_one_behind_it():
    decoder = Watch3g()
    frames = decoder.feed(text(f"AL,{PLACE},00010000,0")[:40] + text("LK") + text("TKQ"))
    assert [frame.event for frame in frames] == [Event.HEARTBEAT, Event.VOICE_REQUEST]
    assert decoder.tally.malformed == 1


def test_escaped_bytes_are_read_as_what_they_stand_for():
    decoder = Watch3g()
    (frame,) = decoder.feed(b"[CS*1234567890*000e*TK,#!AMR}\x01}\x02}\x03}\x04}\x05\xff]")
    assert (frame.event, frame.fields["length_ok"]) == (Event.INFO, True)


def test_an_unfinished_text_waits():
    decoder = Watch3g()
    assert decoder.feed(b"noise" + text("LK")[:-1]) == []
    assert decoder.incomplete
    assert decoder.feed(b"]")[0].event is Event.HEARTBEAT
    assert not decoder.incomplete
    assert decoder.tally.noise_bytes == 5


@pytest.mark.parametrize("event", sorted({*STATUS_BITS.values(), Event.HEARTBEAT, Event.VOICE_REQUEST, Event.VITALS}))
def test_what_is_encoded_is_heard_again(event):
    where, when = Position(-33.480366, -70.763069), datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    (frame,) = heard(encode(canonical(" 014111001350304 "), event, at=when, position=where))
    assert (frame.event, frame.address) == (event, "014111001350304")
    if event in STATUS_BITS.values():
        assert (frame.sent_at, frame.position, frame.position_at) == (when, where, when)
