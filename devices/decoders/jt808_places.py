"""
The positions in messages of JT/T 808: one (0200), or several stored ones (0704, 0210), with their additional parts.

    alarm(4) status(4) lat(4) lng(4) altitude(2) speed(2) course(2) yymmddhhmmss, then: id len value …

Sources: JT/T 808-2011 and -2019; the additional parts of makers in Traccar's tests (commit 9e5c458).
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from devices.decoders.tracker import bits

PLACE = struct.Struct(">IIIIhHH6s")

_FENCE, _BUTTONS, _SHAKEN, _BATTERY, _MORE, _VENDOR = 0x12, 0xE7, 0xD0, 0xE4, 0xEB, 0xE8
_VENDOR_CODES = {0x0C01: "sos", 0x0406: "shaken", 0x0C0F: "bit7", 0x0C10: "power_off", 0x0C12: "taken_off",
                 0x0C0E: "bit8", 0x0C05: "bit26", 0x0409: "bit20", 0x0408: "bit20in"}  # fmt: skip


class Place(NamedTuple):
    """
    One position: `lat` and `lng` in degrees, `time` as twelve digits, `valid` if it is a fix, `shifted` if in GCJ-02.

    `codes` are the bits of its `alarm_word` (`bit0`) and what the additional parts add to them by name.
    """

    lat: float
    lng: float
    time: str
    valid: bool
    shifted: bool
    alarm_word: int
    codes: Sequence[str]
    fields: Mapping[str, Any]


_PLACED = frozenset({0x0200, 0x0704, 0x0210})


def places(id_: int, body: bytes) -> list[Place]:
    """The positions in the body of a message, in order; none if it is of another kind."""
    if id_ not in _PLACED:
        return []
    return [
        _place(body[start:end]) for start, end in _spans(id_, body) if len(body) - start >= PLACE.size <= end - start
    ]


def entire(id_: int, body: bytes) -> int:
    """How many of the positions in this beginning of a body cannot go on in the next part."""
    spans = (end - start for start, end in _spans(id_, body) if end <= len(body))
    return 0 if id_ == 0x0200 else sum(size >= PLACE.size for size in spans)


def _spans(id_: int, body: bytes) -> Iterator[tuple[int, int]]:
    """Where each position begins and ends, which may be behind the end of what is there."""
    if id_ == 0x0200:
        yield 0, len(body)
    elif id_ in {0x0704, 0x0210}:
        # 0704 says how many there are and of what kind, and gives each length in two bytes.
        at, wide = (3, 2) if id_ == 0x0704 else (0, 1)
        while at + wide <= len(body):
            size = int.from_bytes(body[at : at + wide], "big")
            yield at + wide, at + wide + size
            at += wide + size


def _place(piece: bytes) -> Place:
    alarm, status, lat, lng, _, _, _, time = PLACE.unpack_from(piece)
    fields: dict[str, Any] = {"fix": bool(status & 2)}
    codes, added = bits(alarm), []
    for id_, value in _parts(piece[PLACE.size :]):
        added += _added(id_, value)
        fields |= _told(id_, value)
        if id_ == _FENCE and len(value) >= 6 and value[5] == 0:
            codes = ["bit20in" if code == "bit20" else code for code in codes]
    return Place(
        lat=lat / 1e6 * (-1 if status & 4 else 1),
        lng=lng / 1e6 * (-1 if status & 8 else 1),
        time=time.hex(),
        valid=bool(status & 2),
        shifted=bool(status & 0x20),
        alarm_word=alarm,
        codes=codes + added,
        fields=fields,
    )


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


def _told(id_: int, value: bytes) -> dict[str, Any]:
    return {"battery": value[1]} if id_ == _BATTERY and len(value) == 2 and value[1] <= 100 else {}


def _added(id_: int, value: bytes) -> list[str]:
    """What an additional part says beyond the alarm word."""
    if id_ == _BUTTONS and len(value) == 8:
        shaken, pressed = value[1] & 0b1, value[1] & 0b1110
        return ["shaken"] * bool(shaken) + ["sos"] * bool(pressed)
    if id_ == _SHAKEN and len(value) == 4:
        return ["shaken"] if value[3] & 0b1000 else []
    if id_ == _VENDOR and len(value) >= 3:
        code = _VENDOR_CODES.get(int.from_bytes(value[:2], "big"))
        return [code] if code else []
    return _more(value) if id_ == _MORE else []


def _more(value: bytes) -> list[str]:
    """Part EB holds parts of its own, each len(2) id(2) value, whose alarms are active low. Others use it otherwise."""
    codes, at = [], 0
    while at + 4 <= len(value):
        size, id_ = struct.unpack_from(">HH", value, at)
        word = int.from_bytes(value[at + 4 : at + 2 + size], "big")
        if id_ == 0x0089 and size == 6:
            codes += ["power_off"] * (not word & 1) + ["taken_off"] * (not word >> 12 & 1)
        elif id_ == 0x00C5 and size == 6:
            codes += ["shaken"] * (not word >> 6 & 1)
        elif id_ == 0x00C6 and size == 3:
            codes += ["bit7"] * (word in {3, 4})
        at += 2 + max(size, 2)
    return codes
