"""GT06 trackers: alarms wherever they stand, the login that names the device, and messages from the field."""

import struct
from datetime import UTC, datetime

import pytest

from devices.decoders.gt06 import LONG_BYTES_MAX, Gt06, encode, login
from devices.decoders.gt06_codes import ALARMS
from dispatch.rules.place import Position
from dispatch.rules.signal import CAUSES, Event
from tests.unit.devices.redraw_trackers import crc_x25

NOON = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)
IMEI = "868120145233604"
FIX = bytes.fromhex("0f0c1d030b26c9027ac8180c465860001400")
CELL = bytes.fromhex("0901cc00287d001f71")


def message(type_: int, content: bytes, *, serial: int = 5, damage: int = 0) -> bytes:
    checked = bytes([len(content) + 5, type_]) + content + serial.to_bytes(2, "big")
    return b"\x78\x78" + checked + (crc_x25(checked) ^ damage).to_bytes(2, "big") + b"\r\n"


def long(type_: int, content: bytes, *, serial: int = 5) -> bytes:
    checked = struct.pack(">HB", len(content) + 5, type_) + content + serial.to_bytes(2, "big")
    return b"\x79\x79" + checked + crc_x25(checked).to_bytes(2, "big") + b"\r\n"


def alarm(code: int, *, information: int = 0x40, type_: int = 0x26, behind: bytes = b"", **more: int) -> bytes:
    return message(type_, FIX + CELL + bytes([information, 4, 4, code, 2]) + behind, **more)


def one(raw: bytes, **profile: Event):
    (frame,) = Gt06(profile=profile).feed(raw)
    return frame


def logged_in() -> Gt06:
    decoder = Gt06()
    decoder.feed(login(IMEI))
    return decoder


# ---------------------------------------------------------------------------------------------- what an alarm says


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (0x01, Event.PRESS), (0x02, Event.MAINS_FAIL), (0x03, Event.VIBRATION), (0x04, Event.RESTORE),
        (0x05, Event.WANDERING), (0x0E, Event.LOW_BATTERY), (0x0F, Event.LOW_BATTERY), (0x11, Event.OFFLINE),
        (0x13, Event.TAMPER), (0x19, Event.LOW_BATTERY), (0x23, Event.FALL), (0x25, Event.TAMPER),
        (0x06, Event.INFO), (0xFE, Event.INFO), (0x2C, Event.ALARM), (0x77, Event.ALARM), (0x00, Event.LOCATION),
    ],
)  # fmt: skip
def test_what_the_alarm_codes_say(code, event):
    frame = one(alarm(code))
    assert (frame.event, frame.also) == (event, ())


@pytest.mark.parametrize(
    ("state", "event"),
    [(1, Event.VIBRATION), (2, Event.MAINS_FAIL), (3, Event.LOW_BATTERY), (4, Event.PRESS), (6, Event.WANDERING),
     (7, Event.TAMPER)],
)  # fmt: skip
def test_what_the_terminal_information_says(state, event):
    assert one(alarm(0, information=0x40 | state << 3)).event is event


def test_state_and_code_are_both_reported():
    frame = one(alarm(0x19, information=0x40 | 4 << 3))
    assert (frame.event, frame.also) == (Event.PRESS, (Event.LOW_BATTERY,))
    assert one(alarm(0x04, information=0x40 | 6 << 3)).event is Event.RESTORE


def test_a_profile_gives_a_code_its_meaning_for_a_gateway_or_a_model():
    assert one(alarm(0x18), **{"18": Event.FALL}).event is Event.FALL
    decoder = Gt06(profile={"86812014:18": Event.FALL})
    assert decoder.feed(alarm(0x18))[0].event is Event.TAMPER
    decoder.feed(login(IMEI))
    assert decoder.feed(alarm(0x18))[0].event is Event.FALL


FIELD = {
    "78782da41a0509160203cf05be31f80c306530001c0010012ed000007ef40000000006428b07"
    "4205041302ff0009389c0d0a": Event.TAMPER,
    "7878241617070a150e24ca01fba0040780e177005c0001720253360027db6204e40400004bf1e90d0a": Event.PRESS,
    "78781219028f0a29e10036f12003040102000875dc0d0a": Event.PRESS,
    "78781219012ed042cc00954d00040419000056fe290d0a": Event.LOW_BATTERY,
    "78782627100419092d07c5027ac91c0c4658000005370900000000000000008002001900ff00004df60d0a": Event.LOW_BATTERY,
    "787819a5012ed0000075df000000000098661502050413000019a12b0d0a": Event.TAMPER,
    "78782516160908063736c0006e70110442fc800000000800000000000000000300002512000473fb0d0a": Event.TAMPER,
    "78782616170a080c0e24c0027c58ad0c2b8b0100454e0901cc0025030328e7a0005d4b13021ec373170d0a": Event.TAMPER,
    "78782732180214123324ca0162bdf0041f45d900190b0a02d4000bc5270000ec025206040202005e07e10d0a": Event.MAINS_FAIL,
    "7878293218061301261ccd0274c4ad050d7c960018000a02d4000ac3c70dbdc40b46f004210202af001784290d0a": Event.INFO,
    "78780c95130a071223200100013ad10d0a": Event.ALARM,
    "78780c95130a0209321c90000112800d0a": Event.INFO,
}
"""Samples of Traccar's tests with what they assert: cells of other lengths, fences, no cells at all, cameras."""

MODULES = "00330012" + "5d7e3a1806" + "00d504b598f708814b3a001d15" + "00340006" + "125d7e39dc00" + "00180002" + "0172"
"""The modules of a message that Traccar's test takes for *removed*: a place, event 12, a battery."""


@pytest.mark.parametrize("raw", FIELD)
def test_samples_from_the_field(raw):
    (frame,) = Gt06().feed(bytes.fromhex(raw))
    assert (frame.event, frame.also) == (FIELD[raw], ())


def test_a_message_made_of_modules():
    decoder = logged_in()
    (frame,) = decoder.feed(long(0x70, bytes.fromhex(MODULES)))
    assert frame.event is Event.TAMPER
    assert frame.position_at == datetime(2019, 9, 15, 13, 18, 16, tzinfo=UTC)
    assert frame.position == Position(79_010_039 / 1_800_000, -142_691_130 / 1_800_000)
    assert decoder.acknowledge(frame, NOON, b"") == message(0x70, b"")


CAMERA = bytes.fromhex("140a070c1434055d4a800209d9c01428")
"""Time, place and flags of a JC100 in the vectors: 2020-10-07 12:20:52, 50° N, 19° E."""

JC400 = bytes.fromhex("ffff01180b0d031406da04b5ab0d08813df01ca9002c008a")
"""A marker, a version, time, satellites, place, flags, speed and power of Traccar's sample."""


@pytest.mark.parametrize(
    ("content", "event", "at", "where"),
    [
        (CAMERA + b"\x01\x00\x00", Event.PRESS, datetime(2020, 10, 7, 12, 20, 52, tzinfo=UTC), (50.0, 19.0)),
        (CAMERA + b"\x93\x00\x00", Event.ALARM, datetime(2020, 10, 7, 12, 20, 52, tzinfo=UTC), (50.0, 19.0)),
        (JC400 + b"\x01\x00\x00", Event.PRESS, datetime(2024, 11, 13, 3, 20, 6, tzinfo=UTC),
         (79_014_669 / 1_800_000, -142_687_728 / 1_800_000)),
        (JC400 + b"\x92\x00\x00", Event.INFO, datetime(2024, 11, 13, 3, 20, 6, tzinfo=UTC),
         (79_014_669 / 1_800_000, -142_687_728 / 1_800_000)),
        (CAMERA[:6] + b"\x01", Event.ALARM, datetime(2020, 10, 7, 12, 20, 52, tzinfo=UTC), None),
        (CAMERA[:6] + b"\x88", Event.MAINS_FAIL, datetime(2020, 10, 7, 12, 20, 52, tzinfo=UTC), None),
        (CAMERA[:5], Event.ALARM, None, None),
    ],
)  # fmt: skip
def test_the_alarms_of_cameras(content, event, at, where):
    frame = one(message(0x95, content))
    assert (frame.event, frame.sent_at) == (event, at)
    assert frame.position == (Position(*where) if where else None)


def test_an_alarm_behind_a_list_of_wifi():
    assert one(message(0xA9, bytes(40) + b"\x01\x02")).event is Event.PRESS
    assert one(message(0xA9, bytes(42))).event is Event.LOCATION


@pytest.mark.parametrize("type_", [0x36, 0xA3])
def test_what_is_a_keep_alive_when_short_is_a_place_when_long(type_):
    assert one(message(type_, bytes.fromhex("6005040002003201010018020192"))).event is Event.PRESS
    placed = one(message(type_, FIX + CELL + bytes(12)))
    assert (placed.event, placed.position is not None) == (Event.LOCATION, True)


@pytest.mark.parametrize(("level", "battery"), [(0, 0), (3, 50), (6, 100), (7, 7), (100, 100), (101, None)])
def test_a_battery_is_a_step_of_six_or_per_cent(level, battery):
    assert one(message(0x13, bytes([0x40, level, 4, 0, 2]))).fields.get("battery") == battery


def test_what_follows_the_language_is_not_taken_for_it():
    for behind in (b"", b"\x01\x00\x00", bytes(4), bytes(7), bytes(8)):
        assert one(alarm(0x01, behind=behind)).event is Event.PRESS
    assert one(alarm(0x01, type_=0x27, behind=b"\xff")).event is Event.PRESS
    assert one(alarm(0x01, type_=0x16)).event is Event.PRESS


def test_a_keep_alive_tells_its_state_and_nothing_else_in_its_bytes():
    # JM-VL03: 01 where an alarm has its code is the language.
    assert one(bytes.fromhex("78780a134004040001000fdcee0d0a")).event is Event.HEARTBEAT
    assert one(message(0x13, bytes.fromhex("4004040100"))).event is Event.HEARTBEAT
    pressed = one(message(0x13, bytes.fromhex("6004040002")))
    assert (pressed.event, pressed.explicit) == (Event.PRESS, True)
    assert one(message(0x13, bytes.fromhex("30802b000006"))).event is Event.HEARTBEAT


def test_an_alarm_that_is_cut_short_is_an_alarm_all_the_same():
    assert one(message(0x26, FIX[:9])).event is Event.ALARM
    assert one(message(0x16, b"")).event is Event.ALARM


def test_the_dialect_of_one_byte_is_heard_too():
    decoder = logged_in()
    press, shaken = decoder.feed(bytes.fromhex("787801990d0a787801940d0a"))
    assert (press.event, press.address, press.window_s) == (Event.PRESS, IMEI, 0.0)
    assert shaken.event is Event.VIBRATION
    assert decoder.acknowledge(press, NOON, b"") == b""
    assert decoder.feed(bytes.fromhex("787801080d0a")) == []


# ---------------------------------------------------------------------------------------------- who it is


def test_the_login_names_whoever_speaks_after_it():
    decoder = Gt06()
    (before,) = decoder.feed(alarm(0x01))
    (hello,) = decoder.feed(bytes.fromhex("78780d0103534190360660610003c3df0d0a"))
    (after,) = decoder.feed(alarm(0x01))
    assert (hello.event, hello.address, hello.answers) == (Event.HEARTBEAT, "353419036066061", True)
    assert decoder.acknowledge(hello, NOON, b"") == message(0x01, b"", serial=3)
    assert (before.address, after.address) == (None, "353419036066061")


def test_an_alarm_before_any_login_is_never_a_copy_and_raises_one_whatever_it_is():
    fence, unknown = one(alarm(0x05)), one(alarm(0x77))
    for frame in (one(alarm(0x01)), fence, unknown):
        assert frame.event in CAUSES
        assert (frame.address, frame.explicit, frame.window_s) == (None, True, 0.0)
    decoder = logged_in()
    assert not decoder.feed(alarm(0x05))[0].explicit
    assert not decoder.feed(alarm(0x77))[0].explicit
    assert not one(alarm(0x19)).explicit


def test_a_damaged_login_does_not_rename_a_device_that_is_known():
    decoder = logged_in()
    decoder.feed(message(0x01, bytes.fromhex("0999999999999999") + bytes(2), damage=1))
    assert decoder.feed(alarm(0x01))[0].address == IMEI
    unknown = Gt06()
    unknown.feed(message(0x01, bytes.fromhex("0868120145233604") + bytes(2), damage=1))
    assert unknown.feed(alarm(0x01))[0].address == IMEI


# ---------------------------------------------------------------------------------------------- answers and copies


@pytest.mark.parametrize("type_", [0x01, 0x13, 0x12, 0x16, 0x26, 0x19, 0x95, 0xA5, 0x27, 0x77])
def test_an_answer_carries_type_and_serial(type_):
    decoder = Gt06()
    (frame,) = decoder.feed(message(type_, FIX + CELL + bytes(5), serial=0x0102))
    assert decoder.acknowledge(frame, NOON, b"") == message(type_, b"", serial=0x0102)


def test_who_asks_for_the_time_is_told_it():
    # The example of JM-VL03: 2015-12-29 00:00:21.
    decoder = Gt06()
    (frame,) = decoder.feed(bytes.fromhex("7878058a000688290d0a"))
    answer = decoder.acknowledge(frame, datetime(2015, 12, 29, 0, 0, 21, tzinfo=UTC), b"")
    assert answer.hex() == "78780b8a0f0c1d0000150006f0860d0a"


@pytest.mark.parametrize(
    "raw", [message(0x15, bytes(9)), message(0x80, b""), long(0x94, bytes(4)), long(0x21, bytes(9))]
)
def test_answers_to_our_commands_and_transfers_are_not_answered(raw):
    decoder = Gt06()
    (frame,) = decoder.feed(raw)
    assert not frame.answers
    assert decoder.acknowledge(frame, NOON, b"") == b""


def test_a_damaged_message_counts_and_is_not_acknowledged_so_that_it_comes_again():
    decoder = logged_in()
    damaged, _, whole = decoder.feed(alarm(0x01, damage=0x8000) * 2 + alarm(0x01))
    assert (damaged.event, damaged.trusted, damaged.explicit) == (Event.PRESS, False, True)
    assert decoder.acknowledge(damaged, NOON, b"") == b""
    assert decoder.acknowledge(whole, NOON, b"") != b""
    assert damaged.dedup_key == whole.dedup_key
    assert decoder.tally.bad_checksum == 2


def test_a_copy_has_the_same_content_and_serial():
    decoder = logged_in()
    first, copy, other = decoder.feed(alarm(0x01) + alarm(0x01) + alarm(0x01, serial=6))
    assert (first.window_s, first.sliding) == (600.0, False)
    assert first.dedup_key == copy.dedup_key != other.dedup_key


def test_a_state_that_lasts_is_one_statement_in_all_keep_alives():
    decoder = logged_in()
    one_, two, gone = decoder.feed(
        message(0x13, bytes.fromhex("6004040002"), serial=1)
        + message(0x13, bytes.fromhex("6006040002"), serial=2)
        + message(0x13, bytes.fromhex("4006040002"), serial=3)
    )
    assert one_.dedup_key == two.dedup_key
    assert gone.window_s == 0.0


# ---------------------------------------------------------------------------------------------- time and place


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("1400", Position(41_601_048 / 1_800_000, 205_936_736 / 1_800_000)),
        ("1000", Position(-41_601_048 / 1_800_000, 205_936_736 / 1_800_000)),
        ("1c00", Position(41_601_048 / 1_800_000, -205_936_736 / 1_800_000)),
        ("0400", None),
    ],
)
def test_the_flags_say_where_and_whether(flags, expected):
    place = bytes([15, 12, 29, 3, 11, 38, 0xC9]) + struct.pack(">IIB", 41_601_048, 205_936_736, 0)
    frame = one(message(0x12, place + bytes.fromhex(flags) + bytes(8)))
    assert frame.position == expected
    assert frame.sent_at == datetime(2015, 12, 29, 3, 11, 38, tzinfo=UTC)
    assert frame.position_at == (frame.sent_at if expected else None)


def test_the_time_zone_of_the_login_counts_where_the_maker_does_not_say_utc():
    # 0x3200 is GMT+8, 0x4dd8 is GMT-12:45 (JM-VL03).
    for zone, hours in (("3200", 8.0), ("4dd8", -12.75), ("0000", 0.0)):
        decoder = Gt06()
        decoder.feed(message(0x01, bytes.fromhex("0868120145233604" + "0000" + zone)))
        local, utc = decoder.feed(message(0x12, FIX + bytes(8)) + message(0x22, FIX + bytes(8)))
        assert (utc.sent_at - local.sent_at).total_seconds() == hours * 3600
        assert utc.sent_at == datetime(2015, 12, 29, 3, 11, 38, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------- the stream


def test_an_end_inside_a_message_does_not_end_it():
    # Traccar's sample: a transfer whose text ends with 0D 0A.
    raw = bytes.fromhex("7979000e9b0332382e33a1e60d0a0289be490d0a")
    assert [frame.raw for frame in Gt06().feed(raw)] == [raw]
    placed = message(0x12, b"\x1a\x0a\x0d\x0a\x0d\x0a" + FIX[6:])
    assert [frame.raw for frame in Gt06().feed(placed)] == [placed]


def test_a_damaged_length_swallows_nothing_behind_it():
    damaged = b"\x79\x79" + (LONG_BYTES_MAX - 1).to_bytes(2, "big") + alarm(0x03)[3:]
    frames = Gt06().feed(damaged + alarm(0x01))
    assert [frame.event for frame in frames] == [Event.PRESS]


@pytest.mark.parametrize("noise", [b"\x78", b"\x78\x78", b"\x78\x78\x78", b"\x78\x78\x05\x01", b"\r\n", b"\xff" * 300])
def test_noise_before_a_message_is_noise(noise):
    decoder = Gt06()
    assert [frame.event for frame in decoder.feed(noise + alarm(0x01))] == [Event.PRESS]
    assert decoder.tally.noise_bytes == len(noise)


def test_an_unfinished_message_waits():
    decoder = Gt06()
    assert decoder.feed(alarm(0x01)[:-1]) == []
    assert decoder.incomplete
    assert len(decoder.feed(b"\n")) == 1
    assert not decoder.incomplete


@pytest.mark.parametrize("event", sorted({*ALARMS.values(), Event.ALARM, Event.LOCATION, Event.HEARTBEAT}))
def test_what_is_encoded_is_heard_again(event):
    where, when = Position(-22.4384, -114.052), datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    decoder = Gt06()
    _, frame = decoder.feed(login(IMEI) + encode(IMEI, event, count=99, at=when, position=where))
    assert (frame.event, frame.address, frame.fields["serial"]) == (event, IMEI, 99)
    if event is not Event.HEARTBEAT:
        assert (frame.sent_at, frame.position_at) == (when, when)
        assert frame.position.lat == pytest.approx(where.lat, abs=1e-6)
        assert frame.position.lng == pytest.approx(where.lng, abs=1e-6)
