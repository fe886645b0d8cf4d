"""A tracker's level tells of a battery that wants charging, and that it was charged."""

import struct

import pytest

from devices.decoders import DECODERS
from devices.decoders.checksum import x25, xmodem, xor_of
from dispatch.rules.signal import Event


def gt06(step: int) -> bytes:
    body = bytes((10, 0x13, 0x46, step, 4, 0, 2, 0, 7))
    return b"\x78\x78" + body + struct.pack(">H", x25(body)) + b"\r\n"


def ev07b(level: int) -> bytes:
    body = b"\x01\x10\x01861234567890123\x02\x14" + bytes((level,))
    return struct.pack("<BBHHH", 0xAB, 0x10, len(body), xmodem(body), level) + body


def jt808(level: int) -> bytes:
    body = struct.pack(">IIIIHHH", 0, 0, 0, 0, 0, 0, 0) + bytes.fromhex("261122150809") + bytes((0xE4, 2, 0, level))
    whole = struct.pack(">HH", 0x0200, len(body)) + bytes.fromhex("013912345678") + struct.pack(">H", level) + body
    return b"\x7e" + whole + bytes((xor_of(whole),)) + b"\x7e"


SENDERS = {
    "watch3g": lambda level: b"[3G*7700001234*%04x*LK,0,0,%d]" % (len(f"LK,0,0,{level}"), level),
    "h02": lambda level: b"*HQ,4210051415,HTBT,%d#" % level,
    "topin": lambda level: b"\x78\x78\x07\x13" + bytes((level, 9, 8, 1, 1, 100)) + b"\r\n",
    "trv": lambda level: b"IWAP03,060009%03d00102,5555,30#" % level,
    "ev07b": ev07b,
    "jt808": jt808,
}


def told(name: str, *messages: bytes) -> list[set[Event]]:
    decoder = DECODERS[name]()
    frames = [frame for message in messages for frame in decoder.feed(message)]
    return [{frame.event, *frame.also} & {Event.LOW_BATTERY, Event.BATTERY_RESTORE} for frame in frames]


@pytest.mark.parametrize("name", SENDERS)
def test_a_low_level_is_told_until_the_battery_is_well(name):
    said = told(name, *(SENDERS[name](level) for level in (80, 15, 3, 0, 20, 25, 80)))
    low, restored = {Event.LOW_BATTERY}, {Event.BATTERY_RESTORE}
    assert said == [set(), low, low, set(), set(), restored, set()]


def test_the_two_lowest_of_six_steps_are_low():
    said = told("gt06", *(gt06(step) for step in (6, 3, 2, 1, 0, 3, 6)))
    low, restored = {Event.LOW_BATTERY}, {Event.BATTERY_RESTORE}
    assert said == [set(), set(), low, low, set(), restored, set()]
