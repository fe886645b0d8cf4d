"""JT/T 808: the alarm word, what makers add to it, both revisions of the head, stored positions, GCJ-02."""

import struct
from datetime import UTC, datetime
from functools import reduce
from operator import xor

import pytest

from devices.decoders.jt808 import ALARM_BITS, OPEN_MAX, Jt808, canonical, encode
from dispatch.rules.place import Position, wgs84_to_gcj02
from dispatch.rules.signal import Event

NOON = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)
PHONE = bytes.fromhex("013912345678")
FIX, SOUTH, WEST, SHIFTED = 2, 4, 8, 0x20


def message(
    id_: int, body: bytes, *, phone: bytes = PHONE, serial: int = 7, attributes: int = 0, damage: int = 0
) -> bytes:
    whole = struct.pack(">HH", id_, attributes | len(body)) + phone + struct.pack(">H", serial) + body
    whole += bytes([reduce(xor, whole) ^ damage])
    return b"\x7e" + whole.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def place(
    alarm: int = 0, status: int = FIX, lat: int = 22_545_920, lng: int = 113_246_000, time: str = "251224115147"
) -> bytes:
    return struct.pack(">IIIIhHH", alarm, status, lat, lng, 10, 0, 0) + bytes.fromhex(time)


def one(raw: bytes, **profile: Event):
    (frame,) = Jt808(profile=profile).feed(raw)
    return frame


# ---------------------------------------------------------------------------------------------- what an alarm says


@pytest.mark.parametrize(
    ("word", "event", "also"),
    [
        (0, Event.LOCATION, ()),
        (1 << 0, Event.PRESS, ()),
        (1 << 3, Event.ALARM, ()),
        (1 << 4, Event.FAULT, ()),
        (1 << 7, Event.LOW_BATTERY, ()),
        (1 << 8, Event.MAINS_FAIL, ()),
        (1 << 15, Event.VIBRATION, ()),
        (1 << 17, Event.TAMPER, ()),
        (1 << 20, Event.WANDERING, ()),
        (1 << 26, Event.ALARM, ()),
        (1 << 29, Event.ALARM, ()),
        (1 << 1, Event.LOCATION, ()),
        (0x181, Event.PRESS, (Event.LOW_BATTERY, Event.MAINS_FAIL)),
    ],
)
def test_every_bit_of_the_alarm_word_is_reported(word, event, also):
    frame = one(message(0x0200, place(word)))
    assert (frame.event, frame.also) == (event, also)
    assert frame.fields["alarm_word"] == f"{word:08x}"
    assert frame.explicit == (event is Event.PRESS)


@pytest.mark.parametrize(
    ("part", "event", "also"),
    [
        ("e7080002000000000000", Event.PRESS, ()),
        ("e7080008000000000000", Event.PRESS, ()),
        ("e7080003000000000000", Event.PRESS, (Event.VIBRATION,)),
        ("e7080001000000000000", Event.VIBRATION, ()),
        ("e7080000000400000000", Event.LOCATION, ()),
        ("d00400000007", Event.LOCATION, ()),
        ("eb080006002d00000000", Event.LOCATION, ()),
        ("eb05000300ff03", Event.LOCATION, ()),
        ("eb0d000300b20100060089ffffefff", Event.TAMPER, ()),
        ("e8030c0100", Event.PRESS, ()),
        ("e803040600", Event.VIBRATION, ()),
        ("e8030c0f00", Event.LOW_BATTERY, ()),
        ("e8030c1000", Event.OFFLINE, ()),
        ("e8030c1200", Event.TAMPER, ()),
        ("e8030c0e00", Event.MAINS_FAIL, ()),
        ("e8030c0500", Event.ALARM, ()),
        ("e803040900", Event.WANDERING, ()),
        ("e803040800", Event.RESTORE, ()),
        ("e803201000", Event.LOCATION, ()),
        ("d00400000008", Event.VIBRATION, ()),
        ("eb0800060089ffffefff", Event.TAMPER, ()),
        ("eb0800060089fffffffe", Event.OFFLINE, ()),
        ("eb08000600c5ffffffaf", Event.VIBRATION, ()),
        ("eb05000300c603", Event.LOW_BATTERY, ()),
        ("eb05000300c601", Event.LOCATION, ()),
        ("e8140c0110" + "31" * 17, Event.PRESS, ()),
        ("12060100000001" + "01", Event.LOCATION, ()),
        ("eb0900060089", Event.LOCATION, ()),
    ],
)  # fmt: skip
def test_what_makers_add_to_a_position(part, event, also):
    frame = one(message(0x0200, place() + bytes.fromhex("0104000000ff") + bytes.fromhex(part)))
    assert (frame.event, frame.also) == (event, also)


@pytest.mark.parametrize(
    ("part", "battery"), [("e4020064", 100), ("e4020165", None), ("e40150", None), ("e1020064", None)]
)
def test_the_battery_in_per_cent(part, battery):
    assert one(message(0x0200, place() + bytes.fromhex(part))).fields.get("battery") == battery


def test_entering_the_fence_is_not_leaving_it():
    entered = place(1 << 20) + bytes.fromhex("12060100000001" + "00")
    left = place(1 << 20) + bytes.fromhex("12060100000001" + "01")
    assert one(message(0x0200, entered)).event is Event.RESTORE
    assert one(message(0x0200, left)).event is Event.WANDERING


def test_a_profile_gives_a_bit_its_meaning():
    assert one(message(0x0200, place(1 << 30)), bit30=Event.FALL).event is Event.FALL
    assert one(message(0x0200, place(1 << 30)), **{"139:bit30": Event.FALL}).event is Event.FALL


@pytest.mark.parametrize(
    ("id_", "event"),
    [
        (0x0100, Event.HEARTBEAT), (0x0102, Event.HEARTBEAT), (0x0002, Event.HEARTBEAT), (0x0003, Event.OFFLINE),
        (0x0104, Event.HEARTBEAT), (0x0107, Event.HEARTBEAT), (0x0506, Event.HEARTBEAT), (0x1007, Event.HEARTBEAT),
        (0x0109, Event.HEARTBEAT), (0x0001, Event.ACK), (0x0900, Event.TELEMETRY), (0x0701, Event.INFO),
        (0x0702, Event.INFO), (0x0704, Event.LOCATION), (0x0210, Event.LOCATION),
    ],
)  # fmt: skip
def test_the_other_messages(id_, event):
    assert one(message(id_, b"\x01\x02\x03")).event is event
    # Of checksum, length and a known id, one may be wrong.
    assert one(message(id_, b"\x01\x02\x03", damage=1)).event is event
    assert one(message(id_, b"\x01\x02\x03", attributes=4)).event is event


def test_an_unknown_message_must_be_right_in_both():
    assert one(message(0x0A00, b"")).event is Event.UNKNOWN
    for wrong in (message(0x0A00, b"", damage=1), message(0x0A00, b"", attributes=1), bytes(20), message(0, b"")):
        assert Jt808().feed(b"\x7e" + wrong + b"\x7e") == []


@pytest.mark.parametrize("length", [300, 0x401])
def test_a_long_message_is_whole_and_answered_in_its_own_head(length):
    decoder = Jt808()
    (frame,) = decoder.feed(message(0x0900, bytes(length)))
    assert frame.fields["length_ok"]
    assert decoder.acknowledge(frame, NOON, b"") == message(0x8001, bytes.fromhex("0007090000"), serial=0)


# ---------------------------------------------------------------------------------------------- who it is


@pytest.mark.parametrize(
    ("phone", "attributes", "device", "address"),
    [
        ("013912345678", 0, "013912345678", "13912345678"),
        ("01" + "00000000013912345678", 0x4000, "00000000013912345678", "13912345678"),
        ("654eb6fb4afd", 0, None, None),
        ("000000000000", 0, "000000000000", None),
    ],
)
def test_the_phone_names_the_device_in_both_revisions(phone, attributes, device, address):
    frame = one(message(0x0200, place(1), phone=bytes.fromhex(phone), attributes=attributes))
    assert frame.event is Event.PRESS
    if device:
        assert (frame.fields["device"], frame.address) == (device, address)
        assert frame.window_s == (600.0 if address else 0.0)


def test_bytes_that_are_no_digits_are_the_number_of_an_imei():
    # As in Traccar's sample of a Jimi camera: fourteen digits, and the last makes Luhn's sum divisible by ten.
    number = 86_547_807_010_206
    assert not number.to_bytes(6, "big").hex().isdecimal()
    frame = one(message(0x0002, b"", phone=number.to_bytes(6, "big")))
    assert frame.address == "865478070102068"


def test_leading_zeros_do_not_make_another_device():
    assert canonical(" 013912345678") == canonical("00000000013912345678") == "13912345678"


# ---------------------------------------------------------------------------------------------- answers and copies


def test_the_platform_answers_with_serial_and_id():
    decoder = Jt808()
    (frame,) = decoder.feed(message(0x0200, place(1), serial=0x0102))
    assert decoder.acknowledge(frame, NOON, b"") == message(0x8001, bytes.fromhex("0102020000"), serial=0)


def test_the_revision_of_2019_is_answered_in_its_own_head():
    phone = bytes.fromhex("01" + "00000000013912345678")
    decoder = Jt808()
    (frame,) = decoder.feed(message(0x0002, b"", phone=phone, attributes=0x4000))
    expected = message(0x8001, bytes.fromhex("0007000200"), phone=phone, attributes=0x4000, serial=0)
    assert decoder.acknowledge(frame, NOON, b"") == expected


def test_a_registration_gets_its_code_and_a_question_its_time():
    decoder = Jt808()
    register, time = decoder.feed(message(0x0100, bytes(37)) + message(0x0109, b""))
    assert decoder.acknowledge(register, NOON, b"") == message(0x8100, b"\0\x07\0" + b"013912345678", serial=0)
    assert decoder.acknowledge(time, NOON, b"") == message(0x8109, bytes.fromhex("07ea01010c000500"), serial=0)


@pytest.mark.parametrize("id_", [0x0001, 0x0701])
def test_an_answer_is_not_answered(id_):
    decoder = Jt808()
    (frame,) = decoder.feed(message(id_, bytes(5)))
    assert (frame.answers, decoder.acknowledge(frame, NOON, b"")) == (False, b"")


def test_a_damaged_message_counts_and_is_not_acknowledged_so_that_it_comes_again():
    decoder = Jt808()
    damaged, _, whole = decoder.feed(message(0x0200, place(1), damage=0x40) * 2 + message(0x0200, place(1)))
    assert (damaged.event, damaged.trusted, damaged.explicit) == (Event.PRESS, False, True)
    assert decoder.acknowledge(damaged, NOON, b"") == b""
    assert decoder.acknowledge(whole, NOON, b"") != b""
    assert damaged.dedup_key == whole.dedup_key
    assert decoder.tally.bad_checksum == 2


def test_a_copy_has_the_same_serial_alarm_and_time():
    first = one(message(0x0200, place(1)))
    assert (first.window_s, first.sliding) == (600.0, False)
    assert one(message(0x0200, place(1, lat=0))).dedup_key == first.dedup_key
    for other in (message(0x0200, place(1), serial=8), message(0x0200, place(0x81)),
                  message(0x0200, place(1, time="251224115148"))):  # fmt: skip
        assert one(other).dedup_key != first.dedup_key
    assert one(message(0x0200, place())).window_s == 0.0


# ---------------------------------------------------------------------------------------------- time and place


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (FIX, Position(22.54592, 113.246)),
        (FIX | SOUTH, Position(-22.54592, 113.246)),
        (FIX | WEST, Position(22.54592, -113.246)),
        (FIX | 1, Position(22.54592, 113.246)),
        (0, None),
    ],
)
def test_the_status_says_where_and_whether(status, expected):
    frame = one(message(0x0200, place(1, status)))
    assert frame.position == expected
    assert frame.sent_at == datetime(2025, 12, 24, 3, 51, 47, tzinfo=UTC)
    assert frame.position_at == (frame.sent_at if expected else None)


def test_what_went_through_the_plug_in_is_converted():
    true = Position(38.0712, 114.4903)
    shifted = wgs84_to_gcj02(true)
    frame = one(
        message(0x0200, place(1, FIX | SHIFTED, round(shifted.lat * 1e6), round(shifted.lng * 1e6)))
    )  # fmt: skip
    assert frame.position.lat == pytest.approx(true.lat, abs=2e-6)
    assert frame.position.lng == pytest.approx(true.lng, abs=2e-6)


@pytest.mark.parametrize(("id_", "head", "wide"), [(0x0704, "000201", 2), (0x0210, "", 1)])
def test_stored_positions_are_one_statement_with_the_newest_place(id_, head, wide):
    old, new = place(1, lat=1_000_000, time="251224115147"), place(0x80, lat=2_000_000, time="251224115200")
    body = bytes.fromhex(head) + b"".join(len(each).to_bytes(wide, "big") + each for each in (new, old))
    frame = one(message(id_, body))
    assert (frame.event, frame.also) == (Event.PRESS, (Event.LOW_BATTERY,))
    assert frame.position == Position(2.0, 113.246)
    assert frame.position_at == frame.sent_at == datetime(2025, 12, 24, 3, 52, tzinfo=UTC)


def test_what_continues_another_message_is_not_read_by_itself():
    first, later = (
        struct.pack(">HH", 0x0200, 0x2000 | 28) + PHONE + b"\0\x07" + struct.pack(">HH", 2, part) + place(1)
        for part in (1, 2)
    )
    frames = Jt808().feed(b"".join(b"\x7e" + whole + bytes([reduce(xor, whole)]) + b"\x7e" for whole in (first, later)))
    assert [(frame.event, frame.position is None) for frame in frames] == [
        (Event.PRESS, False), (Event.LOCATION, True),
    ]  # fmt: skip


def test_a_place_without_a_time_is_older_than_one_with_it():
    unset, known = place(lat=1_000_000, time="000101000000"), place(lat=2_000_000)
    frame = one(message(0x0210, b"".join(bytes([len(each)]) + each for each in (known, unset))))
    assert frame.position == Position(2.0, 113.246)


# ---------------------------------------------------------------------------------------------- the stream


def test_escaped_bytes_are_read_as_what_they_stand_for():
    raw = message(0x0200, place(1, lat=0x0157_7D7E))
    assert b"\x7d\x01\x7d\x02" in raw
    assert one(raw).position.lat == pytest.approx(0x0157_7D7E / 1e6)
    unescaped = message(0x0200, place(1, lat=0x0157_7D01)).replace(b"\x7d\x01\x01", b"\x7d\x01")
    assert one(unescaped).position.lat == pytest.approx(0x0157_7D01 / 1e6)


def test_one_mark_may_end_a_message_and_begin_the_next():
    press, beat = message(0x0200, place(1)), message(0x0002, b"")
    assert [frame.event for frame in Jt808().feed(press + beat[1:])] == [Event.PRESS, Event.HEARTBEAT]
    assert [frame.event for frame in Jt808().feed(press[:20] + beat + b"\xff" + press)] == [
        Event.HEARTBEAT,
        Event.PRESS,
    ]


def test_a_wrong_length_and_a_wrong_checksum_together_are_noise():
    decoder = Jt808()
    assert decoder.feed(message(0x0200, place(1), attributes=1, damage=1)) == []
    assert decoder.tally.noise_bytes > 0
    assert len(decoder.feed(message(0x0200, place(1), attributes=1))) == 1


def test_an_unfinished_message_waits():
    decoder, press = Jt808(), message(0x0200, place(1))
    assert decoder.feed(press[:-1]) == []
    assert decoder.incomplete
    assert len(decoder.feed(press[-1:])) == 1
    assert not decoder.incomplete


TOLD_BY_A_BIT = {event for code, event in ALARM_BITS.items() if code[3:].isdigit()}


@pytest.mark.parametrize("event", sorted(TOLD_BY_A_BIT | {Event.LOCATION, Event.HEARTBEAT}))
def test_what_is_encoded_is_heard_again(event):
    where, when = Position(-22.438405, -114.052007), datetime(2026, 11, 21, 20, 5, 6, tzinfo=UTC)
    frame = one(encode("13912345678", event, count=99, at=when, position=where))
    assert (frame.event, frame.address, frame.fields["serial"]) == (event, "13912345678", 99)
    if event is not Event.HEARTBEAT:
        assert (frame.sent_at, frame.position, frame.position_at) == (when, where, when)


def in_parts(id_: int, bodies: list[bytes], serial=7) -> list[bytes]:
    """A message cut into parts, each a message of its own."""
    made = []
    for part, body in enumerate(bodies, 1):
        head = struct.pack(">HH", id_, 0x2000 | len(body)) + PHONE + struct.pack(">H", serial + part - 1 & 0xFFFF)
        whole = head + struct.pack(">HH", len(bodies), part) + body
        whole += bytes([reduce(xor, whole)])
        made.append(b"\x7e" + whole.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e")
    return made


def stored(*alarms: int) -> bytes:
    """The body of stored positions, one for each alarm word."""
    positions = [place(alarm) for alarm in alarms]
    return struct.pack(">HB", len(alarms), 1) + b"".join(struct.pack(">H", len(each)) + each for each in positions)


@pytest.mark.parametrize("cut", [3, 20, 33, 34, 50, 63, 64, 80])
@pytest.mark.parametrize("serial", [7, 0xFFFF])
def test_a_press_that_a_later_part_brings_is_heard_whatever_was_cut(cut, serial):
    body = stored(0, 1, 0)
    decoder = Jt808()
    first, second = (decoder.feed(each) for each in in_parts(0x0704, [body[:cut], body[cut:]], serial))
    assert [frame.event for frame in (*first, *second)].count(Event.PRESS) == 1
    assert all(decoder.acknowledge(frame, NOON, b"") for frame in (*first, *second)), "each part has its own answer"


def test_parts_may_come_in_any_order_and_twice():
    body = stored(0, 0, 1)
    one, two, three = in_parts(0x0704, [body[:40], body[40:70], body[70:]])
    decoder = Jt808()
    heard = [frame.event for each in (three, one, one, two) for frame in decoder.feed(each)]
    assert heard.count(Event.PRESS) == 1
    assert heard[-1] is Event.PRESS


def test_a_position_in_two_parts_is_one_press():
    """Its alarm word is in the first, and is not kept waiting; the whole of it is a copy."""
    body = place(1) + bytes.fromhex("e4020064")
    decoder = Jt808()
    (first,), (second,) = (decoder.feed(each) for each in in_parts(0x0200, [body[:28], body[28:]]))
    assert (first.event, second.event) == (Event.PRESS, Event.PRESS)
    assert first.dedup_key == second.dedup_key
    assert second.fields["battery"] == 100


def test_parts_that_never_come_do_not_fill_the_memory():
    decoder = Jt808()
    for serial in range(0, 1000, 2):
        decoder.feed(in_parts(0x0704, [stored(0), stored(1)], serial)[0])
    assert len(decoder._parts) <= OPEN_MAX


@pytest.mark.parametrize(
    ("numbers", "event"),
    [((0, 0), Event.PRESS), ((0, 1), Event.PRESS), ((2, 0), Event.PRESS), ((65_535, 1), Event.PRESS),
     ((2, 3), Event.LOCATION)],
)  # fmt: skip
def test_part_numbers_that_cannot_be_are_not_kept(numbers, event):
    head = struct.pack(">HH", 0x0200, 0x2000 | 28) + PHONE + b"\0\x07" + struct.pack(">HH", *numbers) + place(1)
    head += bytes([reduce(xor, head)])
    decoder = Jt808()
    (frame,) = decoder.feed(b"\x7e" + head + b"\x7e")
    assert frame.event is event
    assert not decoder._parts


def test_a_damaged_part_waits_for_its_right_copy():
    first, second = in_parts(0x0704, [stored(0)[:20], stored(0)[20:]])
    damaged = second[:-2] + bytes([second[-2] ^ 1]) + second[-1:]
    decoder = Jt808()
    frames = [frame for each in (first, damaged) for frame in decoder.feed(each)]
    assert [frame.position for frame in frames] == [None, None]
    (frame,) = decoder.feed(second)
    assert frame.position is not None
