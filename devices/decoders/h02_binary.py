"""
The positions of H02 packed into 32 bytes, mostly decimal digits of four bits (BCD).

    24 │ id 10 digits │ hhmmss │ ddmmyy │ dd mm.mmmm │ battery │ ddd mm.mmmm flags │ speed course │ STATUS │ …
       └ a newer form has an id of 15 digits and a filler in 8 bytes, everything else three bytes later

Some devices send 45 bytes; what follows the status is not needed here and is skipped as noise. Nothing marks the end,
so a piece counts only if all its digits are digits and its date is one. Flags: 2 valid, 4 north, 8 east. Source:
samples in Traccar's tests (commit 9e5c458).
"""

import re
from dataclasses import dataclass
from datetime import datetime

from devices.decoders.fix import Fix, degrees, moment_of, position_of

BINARY_BYTES = 32

_D = rb"[\x00-\x09\x10-\x19\x20-\x29\x30-\x39\x40-\x49\x50-\x59\x60-\x69\x70-\x79\x80-\x89\x90-\x99]"
_SIXTY = rb"[\x00-\x09\x10-\x19\x20-\x29\x30-\x39\x40-\x49\x50-\x59]"
_HALF = rb"[\x00-\x9f]"  # a digit, and four bits of something else
_TIME = (rb"[\x00-\x09\x10-\x19\x20-\x23]", _SIXTY, _SIXTY)
_DATE = (rb"[\x01-\x09\x10-\x19\x20-\x29\x30-\x31]", rb"[\x01-\x09\x10-\x12]", _D)
_REST = (*_TIME, *_DATE, *(_D,) * 4, rb".", *(_D,) * 4, _HALF, rb".", rb".", rb".", *(rb".",) * 4)
_FORMS = ((_D,) * 5 + _REST + (rb".",) * 3, (_D,) * 7 + (_HALF,) + _REST)
"""Byte by byte, what may stand behind the $: of the form with a short id and of that with a long one."""


def _beginning(form: tuple[bytes, ...]) -> bytes:
    """A pattern for such a piece, or for as much of it as there is before the end."""
    pattern = b""
    for byte in reversed(form):
        pattern = rb"(?:" + byte + pattern + rb"|\Z)"
    return pattern


BEGINNING = rb"\$(?:" + rb"|".join(map(_beginning, _FORMS)) + rb")"
"""Where such a piece begins, or may begin when more bytes have come (with DOTALL)."""

_SHORT = re.compile(rb"\$" + b"".join(_FORMS[0]), re.DOTALL)
_LONG = re.compile(rb"\$" + b"".join(_FORMS[1]), re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One such piece. `status` is eight hexadecimal digits; `at` its time, None if the clock was not set."""

    device: str
    at: datetime | None
    fix: Fix
    status: str


def unpacked(data: bytes) -> Packed | None:
    """What 32 bytes say; None if they are no such piece."""
    id_bytes = 5 if _SHORT.fullmatch(data) else 8 if _LONG.fullmatch(data) else 0
    if not id_bytes:
        return None
    rest = data[1 + id_bytes :]
    at = moment_of(rest[3:6].hex() + rest[:3].hex(), order="dmy")
    return Packed(
        device=data[1 : 1 + id_bytes].hex()[:15],
        at=at,
        fix=_fix(rest[6:16], at),
        status=rest[19:23].hex().upper(),
    )


def _fix(place: bytes, at: datetime | None) -> Fix:
    flags, north, east = place[9], place[:4].hex(), place[5:10].hex()[:9]
    lat = degrees(f"{north[:4]}.{north[4:]}", "N" if flags & 4 else "S")
    lng = degrees(f"{east[:5]}.{east[5:]}", "E" if flags & 8 else "W")
    known = flags & 2 and lat is not None and lng is not None
    return Fix(position_of(lat or 0.0, lng or 0.0), at) if known else Fix()
