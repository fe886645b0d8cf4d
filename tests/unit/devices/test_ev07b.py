"""Eview pendants: the alarm word, stored records, the answers, and messages that were damaged on the way."""

import struct
from datetime import UTC, datetime

import pytest

from devices.decoders.ev07b import ALARM_BITS, BODY_BYTES_MAX, Ev07b, encode
from dispatch.rules.place import Position
from dispatch.rules.signal import Event
from tests.unit.devices.redraw_trackers import crc_xmodem

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
IMEI = b"867730053403279"
NAMED = b"\x10\x01" + IMEI
AT = 1_787_299_200  # 2026-08-21T08:00:00Z


def message(body: bytes, *, number: int = 7, flags: int = 0x10, damage: int = 0) -> bytes:
    return struct.pack("<BBHHH", 0xAB, flags, len(body), crc_xmodem(body) ^ damage, number) + body


def data(*blocks: bytes, **more: int) -> bytes:
    return message(b"\x01" + NAMED + b"".join(blocks), **more)


def alarm(word: int, seconds: int = AT) -> bytes:
    return struct.pack("<BBII", 9, 2, word, seconds)


def status(seconds: int, battery: int = 90) -> bytes:
    return struct.pack("<BBII", 9, 0x24, seconds, battery << 24)


def gps(lat: float, lng: float, hdop: int = 10) -> bytes:
    return struct.pack("<BBiiHHhHIB", 22, 0x20, round(lat * 1e7), round(lng * 1e7), 0, 0, 0, hdop, 0, 8)


def one(raw: bytes, **profile: Event):
    (frame,) = Ev07b(profile=profile).feed(raw)
    return frame


@pytest.mark.parametrize(
    ("word", "event", "also"),
    [
        (1 << 12, Event.PRESS, ()),
        (1 << 2, Event.FALL, ()),
        (1 << 0, Event.LOW_BATTERY, ()),
        (1 << 4, Event.WANDERING, ()),
        (1 << 7, Event.WANDERING, ()),
        (1 << 4 | 1 << 26, Event.RESTORE, ()),
        (1 << 7 | 1 << 29, Event.RESTORE, ()),
        (1 << 4 | 1 << 5 | 1 << 26, Event.WANDERING, (Event.RESTORE,)),
        (1 << 8, Event.OFFLINE, ()),
        (1 << 9, Event.ONLINE, ()),
        (1 << 10, Event.MOTION, ()),
        (1 << 13, Event.BUTTON, ()),
        (1 << 14, Event.BUTTON, ()),
        (1 << 3, Event.ALARM, ()),
        (1 << 11, Event.ALARM, ()),
        (1 << 1, Event.HEARTBEAT, ()),
        (1 << 31, Event.HEARTBEAT, ()),
        (0x1001, Event.PRESS, (Event.LOW_BATTERY,)),
        (0x1105, Event.PRESS, (Event.FALL, Event.OFFLINE, Event.LOW_BATTERY)),
    ],
)
def test_every_bit_of_the_alarm_word_is_reported(word, event, also):
    frame = one(data(alarm(word)))
    assert (frame.event, frame.also) == (event, also)
    assert frame.fields["alarm_word"] == f"{word:08x}"
    assert frame.explicit == (event in {Event.PRESS, Event.FALL})


def test_a_profile_gives_a_side_button_its_meaning():
    assert one(data(alarm(1 << 13)), bit13=Event.PRESS).event is Event.PRESS
    assert one(data(alarm(1 << 13)), **{"86773005:bit13": Event.PRESS}).event is Event.PRESS


def test_the_version_of_a_program_is_no_alarm():
    # From Traccar's tests: a configuration whose key 02 is its version, with bits that would be a fall and a fence.
    frame = one(message(bytes.fromhex("02" + "0502cf290001" + "1003") + IMEI[:15], flags=0))
    assert (frame.event, frame.also, frame.address) == (Event.INFO, (), None)


@pytest.mark.parametrize(
    ("raw", "event", "told"),
    [
        (data(gps(22.5, 114.0)), Event.LOCATION, {}),
        (data(gps(22.5, 114.0, hdop=0)), Event.HEARTBEAT, {}),
        (data(status(AT, 87)), Event.HEARTBEAT, {"battery": 87}),
        (data(struct.pack("<BBBH", 4, 0x14, 55, 3900)), Event.HEARTBEAT, {"battery": 55}),
        (data(struct.pack("<BBIB", 6, 0x40, AT, 71)), Event.VITALS, {"heart_rate": 71}),
        (data(struct.pack("<BBIB", 6, 0x41, AT, 97)), Event.VITALS, {"spo2": 97}),
        (data(struct.pack("<BBII", 9, 0x30, AT, 289)), Event.HEARTBEAT, {"steps": 289}),
        (data(struct.pack("<BBIBHB", 9, 0x25, AT, 1, 30, 0)), Event.VOICE_REQUEST, {}),
        (message(bytes.fromhex("7f0100"), flags=0), Event.ACK, {}),
        (message(bytes.fromhex("7f0111"), flags=0), Event.NACK, {}),
        (message(bytes.fromhex("04061f0074657374"), flags=0), Event.INFO, {}),
    ],
)
def test_messages_without_an_alarm(raw, event, told):
    frame = one(raw)
    assert frame.event is event
    assert {name: frame.fields[name] for name in told} == told
    assert frame.window_s == 0.0


def test_a_rate_that_was_not_measured_is_not_told():
    assert "heart_rate" not in one(data(struct.pack("<BBIB", 6, 0x40, AT, 1))).fields


# ---------------------------------------------------------------------------------------------- answers and copies


def test_an_answer_carries_the_number_of_the_message_if_it_was_asked_for():
    decoder = Ev07b()
    asked, unasked = decoder.feed(data(alarm(0x1000)) + data(alarm(0x1000), flags=0))
    assert decoder.acknowledge(asked, NOON, b"").hex() == "ab00030008c707007f0100"
    assert (asked.answers, unasked.answers) == (True, False)
    assert decoder.acknowledge(unasked, NOON, b"") == b""


def test_who_asks_for_the_time_is_told_it():
    decoder = Ev07b()
    asks, lives = decoder.feed(
        message(b"\x03" + NAMED + b"\x01\x12", number=1) + message(b"\x03" + NAMED + b"\x02\x10\x5a", number=2)
    )
    time = b"\x03\x05\x12" + struct.pack("<I", int(NOON.timestamp()))
    assert decoder.acknowledge(asks, NOON, b"") == message(time, number=1, flags=0)
    assert decoder.acknowledge(lives, NOON, b"") == bytes.fromhex("ab00030008c702007f0100") + message(
        time, number=2, flags=0
    )


def test_a_copy_has_the_same_imei_number_and_alarm_word():
    def key(raw: bytes) -> str:
        frame = one(raw)
        assert (frame.window_s, frame.sliding) == (600.0, False)
        return frame.dedup_key

    first = key(data(alarm(0x1000)))
    assert key(data(alarm(0x1000), status(AT))) == first
    assert key(data(alarm(0x1000), number=8)) != first
    assert key(data(alarm(0x1001))) != first
    assert key(message(b"\x01\x10\x01" + IMEI[::-1] + alarm(0x1000))) != first


def test_a_damaged_message_counts_and_is_not_acknowledged_so_that_it_comes_again():
    decoder = Ev07b()
    damaged, _, whole = decoder.feed(data(alarm(0x1000), damage=0x0100) * 2 + data(alarm(0x1000)))
    assert (damaged.event, damaged.trusted, damaged.explicit) == (Event.PRESS, False, True)
    assert decoder.acknowledge(damaged, NOON, b"") == b""
    assert decoder.acknowledge(whole, NOON, b"") != b""
    assert damaged.dedup_key == whole.dedup_key
    assert decoder.tally.bad_checksum == 2


def test_a_wrong_checksum_around_no_message_is_noise():
    decoder = Ev07b()
    assert decoder.feed(message(b"\x01\x09\x02" + bytes(8), damage=1)) == []
    assert decoder.feed(message(b"\x01" + NAMED + b"\x09\x02\x00", damage=1)) == []
    assert decoder.feed(message(b"\x04" + NAMED, damage=1)) == []
    assert len(decoder.feed(data(alarm(0x1000)))) == 1


# ---------------------------------------------------------------------------------------------- time and place


def test_records_that_were_stored_are_one_statement_with_the_newest_place():
    frame = one(
        data(
            status(AT - 600), gps(22.5, 114.0), alarm(1 << 12, AT - 600),
            status(AT - 60), gps(22.6, 114.1),
            status(AT - 300), gps(22.7, 114.2), alarm(1, AT - 300),
        )
    )  # fmt: skip
    assert (frame.event, frame.also) == (Event.PRESS, (Event.LOW_BATTERY,))
    assert frame.position == Position(22.6, 114.1)
    assert frame.position_at == datetime.fromtimestamp(AT - 60, UTC)
    assert frame.sent_at == datetime.fromtimestamp(AT - 300, UTC)


@pytest.mark.parametrize(("key", "name"), [(0x23, b"beacon"), (0x26, b"beacon"), (0x27, b"")])
def test_a_beacon_at_home_is_a_place(key, name):
    where = struct.pack("<ii", round(56.876534 * 1e7), round(14.780568 * 1e7))
    frame = one(data(status(AT), bytes([len(name) + 9, key]) + name + where))
    assert frame.position == Position(56.876534, 14.780568)
    assert frame.position_at == frame.sent_at == datetime.fromtimestamp(AT, UTC)
    assert one(data(status(AT), bytes([len(name) + 8, key]) + name + where[:-1])).position is None


def test_an_alarm_word_may_come_without_its_time():
    frame = one(data(struct.pack("<BBI", 5, 2, 0x1000), status(AT)))
    assert (frame.event, frame.sent_at) == (Event.PRESS, datetime.fromtimestamp(AT, UTC))
    assert one(data(struct.pack("<BBI", 5, 2, 0x1000)[:-1].replace(b"\x05", b"\x04", 1))).event is Event.HEARTBEAT


def test_a_damaged_name_is_nobody_s_for_what_follows():
    decoder = Ev07b()
    decoder.feed(data(alarm(0x1000)))
    (damaged,) = decoder.feed(message(b"\x01\x10\x01" + IMEI[::-1] + alarm(0x1000), damage=1))
    (response,) = decoder.feed(message(bytes.fromhex("7f0100"), flags=0))
    assert (damaged.address, response.address) == (IMEI[::-1].decode(), IMEI.decode())


def test_a_message_that_names_nobody_belongs_to_who_spoke_last():
    decoder = Ev07b()
    _, response = decoder.feed(data(alarm(0x1000)) + message(bytes.fromhex("7f0100"), flags=0))
    assert response.address == IMEI.decode()


# ---------------------------------------------------------------------------------------------- the stream


def test_a_damaged_length_swallows_nothing_behind_it():
    damaged = bytearray(data(alarm(0)))
    damaged[2:4] = (BODY_BYTES_MAX - 1).to_bytes(2, "little")
    frames = Ev07b().feed(bytes(damaged) + data(alarm(0x1000)))
    assert [frame.event for frame in frames] == [Event.PRESS]


def test_a_message_of_nothing_is_noise():
    decoder = Ev07b()
    assert [frame.event for frame in decoder.feed(message(b"") + data(alarm(0x1000)))] == [Event.PRESS]
    assert decoder.tally.noise_bytes == 8


def test_an_unfinished_message_waits():
    decoder, press = Ev07b(), data(alarm(0x1000))
    assert decoder.feed(b"\xab\xab\xff" + press[:-1]) == []
    assert decoder.incomplete
    assert len(decoder.feed(press[-1:])) == 1
    assert not decoder.incomplete
    assert decoder.tally.noise_bytes == 3


@pytest.mark.parametrize("event", sorted({*ALARM_BITS.values(), Event.HEARTBEAT} - {Event.RESTORE}))
def test_what_is_encoded_is_heard_again(event):
    where, when = Position(-22.4384, 114.052), datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    frame = one(encode(IMEI.decode(), event, count=99, at=when, position=where))
    assert (frame.event, frame.address, frame.fields["index"]) == (event, IMEI.decode(), 99)
    if event is not Event.HEARTBEAT:
        assert (frame.sent_at, frame.position, frame.position_at) == (when, where, when)
