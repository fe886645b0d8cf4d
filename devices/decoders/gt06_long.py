"""
The long messages of GT06 (`79 79`, type 70) that are made of modules, and positions as GT06 writes them.

    module(2) len(2) value …      33  time(4) satellites altitude(2) latitude(4) longitude(4) speed flags(2)
                                  34  event, its time(4), text

Source: samples in Traccar's tests (commit 9e5c458).
"""

import struct
from collections.abc import Iterator, Mapping

from devices.decoders.fix import NO_FIX, Fix, epoch, position_of
from dispatch.rules.signal import Event

MODULE_EVENTS: Mapping[str, Event] = {
    "12": Event.TAMPER,
    "14": Event.RESTORE,
    "15": Event.WANDERING,
    "16": Event.HEAT,
    "1a": Event.LOW_BATTERY,
    "1c": Event.ONLINE,
    "1d": Event.OFFLINE,
    "20": Event.VIBRATION,
    "21": Event.MAINS_FAIL,
    "23": Event.TAMPER,
    **dict.fromkeys(("10", "11", "1b"), Event.INFO),
}
"""What the event of a module says (two hexadecimal digits); one that is not here is no alarm that we know of."""

_PLACE = struct.Struct(">IBhIIBH")
_FLAGS_FIX, _FLAGS_NORTH, _FLAGS_WEST = 0x1000, 0x400, 0x800


def fix_of(lat: int, lng: int, flags: int) -> Fix:
    """The position that GT06 writes so, without its time; none if the flags do not say that it is a fix."""
    if not flags & _FLAGS_FIX:
        return NO_FIX
    north, west = flags & _FLAGS_NORTH, flags & _FLAGS_WEST
    return Fix(position_of(lat / 1_800_000 * (1 if north else -1), lng / 1_800_000 * (-1 if west else 1)))


def modules(content: bytes) -> tuple[list[str], Fix]:
    """The events of a message made of modules, and its place."""
    events, fix = [], NO_FIX
    for kind, value in _modules(content):
        if kind == 0x34 and value:
            events.append(f"{value[0]:02x}")
        elif kind == 0x33 and len(value) >= _PLACE.size:
            seconds, _, _, lat, lng, _, flags = _PLACE.unpack_from(value)
            fix = Fix(fix_of(lat, lng, flags).position, epoch(seconds))
    return events, fix


def _modules(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(content):
        kind, size = struct.unpack_from(">HH", content, at)
        yield kind, content[at + 4 : at + 4 + size]
        at += 4 + size
