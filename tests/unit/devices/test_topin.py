"""The Topin dialect: no checksum, lengths that count in their own ways, an SOS of one byte."""

from datetime import UTC, datetime

import pytest

from devices.decoders.topin import Topin, encode, login
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

NOON = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)
IMEI = "359339075416963"
HELLO = bytes.fromhex("78780d0103593390754169634d0d0a")
SOS = bytes.fromhex("787801990d0a")
WIFI = "7878006921120412565802010601071e4a9764071e4a9864"
FOURTH_GENERATION = (
    "787803181604130318491475905bd30e25001e10bbf7635d14759006e626560401cc00"
    "000028660090df425f000028660090df576c00002866009487566700002866009ca15667000d0a"
)
"""
Two cells and no station, to which an alarm byte and the end may be added; four cells of nine bytes and three stations.
From Traccar's tests, as the other samples here.
"""


def one(raw: bytes | str, **profile: Event):
    (frame,) = Topin(profile=profile).feed(bytes.fromhex(raw) if isinstance(raw, str) else raw)
    return frame


@pytest.mark.parametrize(
    ("raw", "event", "also", "fields"),
    [
        ("787801990d0a", Event.PRESS, (), {}),
        ("787801940d0a", Event.VIBRATION, (), {}),
        ("787801080d0a", Event.HEARTBEAT, (), {}),
        ("787801300d0a", Event.HEARTBEAT, (), {}),
        ("78780713514d0819640d0a", Event.HEARTBEAT, (), {"battery": 81}),
        ("78780a13424008196400041f000d0a", Event.HEARTBEAT, (), {"battery": 66}),
        (WIFI + "010d0a", Event.VIBRATION, (), {}),
        (WIFI + "000d0a", Event.LOCATION, (), {}),
        (WIFI + "0d0a", Event.LOCATION, (), {}),
        (WIFI + "110d0a", Event.LOW_BATTERY, (Event.VIBRATION,), {}),
        ("78781510120b05030d2498038077200be2078f0034000102030d0a", Event.VIBRATION, (), {}),
        ("78781510120b05030d2498038077200be2078f0034000102100d0a", Event.LOW_BATTERY, (), {}),
        (FOURTH_GENERATION, Event.LOCATION, (), {}),
        ("787801410d0a", Event.INFO, (), {}),
    ],
)  # fmt: skip
def test_what_the_messages_say(raw, event, also, fields):
    frame = one(raw)
    assert (frame.event, frame.also) == (event, also)
    assert {name: frame.fields[name] for name in fields} == fields


def test_the_login_names_whoever_speaks_after_it():
    decoder = Topin()
    before, hello, after = decoder.feed(SOS + HELLO + SOS)
    assert (hello.event, hello.address) == (Event.HEARTBEAT, IMEI)
    assert (before.address, before.explicit) == (None, True)
    assert (after.address, after.explicit) == (IMEI, True)


@pytest.mark.parametrize("raw", ["787803010d0a0d0a", "78780d010359339a754169634d0d0a"])
def test_a_login_without_fifteen_digits_names_nobody(raw):
    decoder = Topin()
    assert decoder.feed(bytes.fromhex(raw)) == []
    assert decoder.feed(SOS)[0].address is None


def test_an_sos_is_never_a_copy_for_it_says_neither_when_nor_how_often():
    decoder = Topin()
    decoder.feed(HELLO)
    assert [frame.window_s for frame in decoder.feed(SOS + SOS)] == [0.0, 0.0]
    placed = "78781510120b05030d2498038077200be2078f0034000102030d0a"
    first, copy = decoder.feed(bytes.fromhex(placed * 2))
    assert (first.window_s, first.sliding) == (600.0, False)
    assert first.dedup_key == copy.dedup_key


def test_a_profile_gives_a_type_its_meaning():
    assert one("787801940d0a", **{"94": Event.FALL}).event is Event.FALL
    decoder = Topin(profile={"35933907:94": Event.FALL})
    decoder.feed(HELLO)
    assert decoder.feed(bytes.fromhex("787801940d0a"))[0].event is Event.FALL


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (HELLO.hex(), "78780d01010d0a" + "78780730" + "07ea01010c0005" + "0d0a"),
        ("787801300d0a", "78780730" + "07ea01010c0005" + "0d0a"),
        # As the maker's own platform answers (a trace on Traccar's forum, 2019).
        ("787815111305110901089a026b3f3e0c22ad65003460000d000d0a", "78781511130511090108" + "0d0a"),
        ("78780713514d0819640d0a", "78780713514d0819640d0a"),
        (WIFI + "010d0a", "78780069211204125658" + "0d0a"),
        ("787801990d0a", ""),
        ("787801940d0a", ""),
        ("787801080d0a", ""),
    ],
)
def test_what_must_be_answered_is_answered(raw, answer):
    decoder = Topin()
    (frame,) = decoder.feed(bytes.fromhex(raw))
    assert decoder.acknowledge(frame, NOON, b"").hex() == answer
    assert frame.answers == bool(answer)
    assert decoder.refuse(b"") == b""


@pytest.mark.parametrize(
    ("raw", "at", "expected"),
    [
        ("787812100a03170f32179c026b3f3e0c22ad651f34600d0a", datetime(2010, 3, 23, 15, 50, 23, tzinfo=UTC),
         (40582974 / 1_800_000, 203599205 / 1_800_000)),
        ("787812110a03170f32179c026b3f3e0c22ad651f24600d0a", datetime(2010, 3, 23, 15, 50, 23, tzinfo=UTC), None),
        ("7878200813081a0733211608c8d1710ded1d1608dffb710e06d51039050100286489000d0a",
         datetime(2019, 8, 26, 7, 51, 33, tzinfo=UTC), (22.575697, 113.912669)),
        ("7878200913081a0733211608c8d1710ded1d1608dffb710e06d51039050100286489000d0a",
         datetime(2019, 8, 26, 7, 51, 33, tzinfo=UTC), None),
        (WIFI + "010d0a", datetime(2021, 12, 4, 12, 56, 58, tzinfo=UTC), None),
    ],
)  # fmt: skip
def test_time_and_place(raw, at, expected):
    frame = one(raw)
    assert frame.sent_at == at
    assert frame.position == (Position(*expected) if expected else None)
    assert frame.position_at == (at if expected else None)


def test_south_and_west_are_in_the_sign_of_the_millionths():
    frame = one("7878200813081a0733211618c8d1711ded1d1608dffb710e06d51039050100286489000d0a")
    assert frame.position == Position(-22.575697, -113.912669)


def test_an_end_inside_a_message_does_not_end_it():
    # The 13th of the month, ten o'clock.
    placed = bytes.fromhex("78781210" + "1a010d0a0d0a" + "9c026b3f3e0c22ad651f3460" + "0d0a")
    assert [frame.raw for frame in Topin().feed(placed)] == [placed]


def test_a_damaged_length_swallows_no_sos_behind_it():
    frames = Topin().feed(bytes.fromhex("7878ff13514d0819640d0a") + SOS)
    assert [frame.event for frame in frames] == [Event.PRESS]
    stations = bytes.fromhex("78782069211204125658")
    assert [frame.event for frame in Topin().feed(stations + SOS)] == [Event.PRESS]


@pytest.mark.parametrize("noise", [b"\x78", b"\x78\x78", b"\x78\x78\x01", b"\r\n", b"\xff" * 700])
def test_an_sos_is_heard_at_once_behind_noise(noise):
    decoder = Topin()
    assert [frame.event for frame in decoder.feed(noise + SOS)] == [Event.PRESS]
    assert decoder.tally.noise_bytes == len(noise)


def test_an_unfinished_message_waits():
    decoder = Topin()
    assert decoder.feed(SOS[:-1]) == []
    assert decoder.incomplete
    assert len(decoder.feed(SOS[-1:])) == 1
    assert not decoder.incomplete


@pytest.mark.parametrize("event", [Event.PRESS, Event.VIBRATION, Event.LOW_BATTERY, Event.LOCATION, Event.HEARTBEAT])
def test_what_is_encoded_is_heard_again(event):
    when = datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    decoder = Topin()
    _, frame = decoder.feed(login(IMEI) + encode(IMEI, event, at=when))
    assert (frame.event, frame.address) == (event, IMEI)


@pytest.mark.parametrize("event", [Event.VIBRATION, Event.LOW_BATTERY, Event.LOCATION])
def test_a_place_that_is_encoded_is_found_again(event):
    where, when = Position(-22.4384, -114.052), datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    frame = one(encode(IMEI, event, at=when, position=where))
    assert (frame.event, frame.position_at) == (event, when)
    assert (frame.position.lat, frame.position.lng) == pytest.approx((where.lat, where.lng), abs=1e-6)
