"""
The units of a short message as a modem takes and gives them: SUBMIT out, DELIVER and STATUS-REPORT in.

```
 SMSC │ first octet │ (reference) │ number │ PID │ DCS │ (time, validity) │ length │ (header) text
```

All formats are those of 3GPP TS 23.040, section 9.2; the alphabets those of TS 23.038. In hexadecimal throughout, as
PDU mode of the modem has it (TS 27.005, 3.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from dispatch.messages.modem import gsm7

PARTS_MAX = 255
"""The number of parts is one octet of the header."""

VALIDITY_MIN_S = 300
"""The shortest relative validity that can be said: one step of five minutes (TS 23.040, 9.2.3.12.1)."""

_SUBMIT, _VALIDITY, _REPORT, _HEADER = 0x01, 0x10, 0x20, 0x40
"""Bits of the first octet: the type, that a relative validity follows, that a report is wanted, that a header comes."""

_INTERNATIONAL, _UNKNOWN, _ALPHANUMERIC = 0x91, 0x81, 0x50
"""Types of a number; of the last only the three bits that say so (TS 23.040, 9.1.2.5)."""

_UCS2 = 0x08
_UCS2_SINGLE, _UCS2_PART, _GSM_SINGLE, _GSM_PART = 140, 134, 160, 153
"""Room of a single message and of a part, in octets of UCS-2 or septets: the header of a part takes six octets."""

_DIGITS = "0123456789*#abc"
"""A digit is half an octet; 15 fills an odd number up (TS 23.040, 9.1.2.3)."""


class BadPdu(ValueError):
    """These digits are no unit of a short message; the text says what is wrong with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """One part ready for the modem: the hexadecimal digits, and the number of octets that `AT+CMGS=` is told."""

    pdu: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a longer text this is: all parts of one text share the reference and the count."""

    reference: int
    count: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """A text that came in. `sent_at` is the network's time, None where it makes no sense; `part` of a longer text."""

    smsc: str
    sender: str
    text: str
    sent_at: datetime | None
    part: Part | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What became of a text sent: `reference` is what `+CMGS:` gave it, `status` the network's word (TS 23.040, 9.2.3.15):
    0 to 31 it is with the recipient or replaced, 32 to 63 the network still tries, above that it has given up.
    """

    reference: int
    number: str
    status: int


# ------------------------------------------------------------------------------------------------ out


def submit(
    to: str, text: str, *, reference: int = 0, validity_s: int | None = None, report: bool = False
) -> list[Submit]:
    """
    A text as the parts that are sent one after the other; none for an empty text.

    `to` is E.164, or a short number without `+`. `reference` (0 to 255) ties parts together; what counts later is the
    number that the modem gives each part when it takes it. `validity_s` is how long the network may keep trying, its
    own time if None; `report` asks it to say what became of each part. One character outside the GSM alphabet puts the
    whole text into UCS-2, of which no character is ever split (an emoji has two units).

    Raises:
        BadPdu: the number has other characters than digits, or the text more than 255 parts.
    """
    bodies = _bodies(text)
    if len(bodies) > PARTS_MAX:
        raise BadPdu(f"a text of {len(bodies)} parts")
    return [
        _part(to, body, place, len(bodies), reference=reference, validity_s=validity_s, report=report)
        for place, body in enumerate(bodies)
    ]


@dataclass(frozen=True, slots=True)
class _Body:
    """The text of one part: septets, or octets of UCS-2."""

    septets: list[int] | None
    octets: bytes

    def coded(self, header: bytes) -> bytes:
        """Length and octets, behind a header that may be empty."""
        if self.septets is None:
            return bytes([len(header) + len(self.octets)]) + header + self.octets
        fill = -8 * len(header) % 7
        count = (8 * len(header) + fill) // 7 + len(self.septets)
        return bytes([count]) + header + gsm7.pack(self.septets, fill)


def _bodies(text: str) -> list[_Body]:
    plain = [gsm7.septets(char) for char in text]
    if None not in plain:
        chunks = _chunks([each or [] for each in plain], _GSM_SINGLE, _GSM_PART)
        return [_Body([septet for each in chunk for septet in each], b"") for chunk in chunks]
    # A half of a pair that came from outside stands for nothing and would not be UTF-16.
    wide = [list(char.encode("utf-16-be", "replace")) for char in text]
    chunks = _chunks(wide, _UCS2_SINGLE, _UCS2_PART)
    return [_Body(None, bytes(octet for each in chunk for octet in each)) for chunk in chunks]


def _chunks(chars: Sequence[list[int]], single: int, part: int) -> list[list[list[int]]]:
    """Characters by part; none is split."""
    if sum(map(len, chars)) <= single:
        return [list(chars)] if chars else []
    chunks: list[list[list[int]]] = [[]]
    room = part
    for char in chars:
        if len(char) > room:
            chunks.append([])
            room = part
        chunks[-1].append(char)
        room -= len(char)
    return chunks


def _part(
    to: str, body: _Body, place: int, count: int, *, reference: int, validity_s: int | None, report: bool
) -> Submit:
    header = bytes([5, 0, 3, reference % 256, count, place + 1]) if count > 1 else b""
    first = _SUBMIT | (_VALIDITY if validity_s is not None else 0) | (_REPORT if report else 0)
    first |= _HEADER if header else 0
    unit = bytes([first, reference % 256]) + _address(to)
    unit += bytes([0, 0 if body.septets is not None else _UCS2])
    unit += b"" if validity_s is None else bytes([_relative(validity_s)])
    unit += body.coded(header)
    # The octet before the unit says that the modem's own service centre is to be used.
    return Submit(pdu=(b"\0" + unit).hex().upper(), length=len(unit))


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    if not digits or len(digits) > 20 or not digits.isascii() or set(digits) - set(_DIGITS):
        raise BadPdu("not a telephone number")
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN
    return bytes([len(digits), kind]) + _semi_octets(digits)


def _semi_octets(digits: str) -> bytes:
    values = [_DIGITS.index(digit) for digit in digits] + [15] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))


def _relative(seconds: int) -> int:
    """The nearest step that is not shorter: five minutes, then half hours, days, weeks (TS 23.040, 9.2.3.12.1)."""
    if seconds <= 12 * 3600:
        return max(0, -(-seconds // VALIDITY_MIN_S) - 1)
    if seconds <= 24 * 3600:
        return 143 + -(-(seconds - 12 * 3600) // 1800)
    if seconds <= 30 * 86400:
        return 166 + -(-seconds // 86400)
    return min(255, 192 + -(-seconds // (7 * 86400)))


# ------------------------------------------------------------------------------------------------ in


def read(digits: str) -> Deliver | Report:
    """
    What a modem gave as a stored message, with the service centre's number in front, as PDU mode has it.

    Raises:
        BadPdu: it is cut off, not hexadecimal, or of another type.
    """
    try:
        octets = _Octets(bytes.fromhex(digits.strip()))
    except ValueError as error:
        raise BadPdu(str(error)) from None
    smsc = _smsc(octets)
    first = octets.take(1)[0]
    if first & 0x03 == 0:
        return _deliver(octets, smsc, first)
    if first & 0x03 == 2:
        return _report(octets)
    raise BadPdu(f"a unit of type {first & 0x03} does not come in")


class _Octets:
    """Octets that are read from the front."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise BadPdu(f"{count - len(taken)} octets are missing")
        self._at += count
        return taken

    def rest(self) -> bytes:
        return self._octets[self._at :]


def _smsc(octets: _Octets) -> str:
    length = octets.take(1)[0]
    return _number(octets.take(1)[0], octets.take(length - 1), 2 * (length - 1)) if length else ""


def _sender(octets: _Octets) -> str:
    digits, kind = octets.take(2)
    return _number(kind, octets.take((digits + 1) // 2), digits)


def _number(kind: int, octets: bytes, digits: int) -> str:
    if kind & 0x70 == _ALPHANUMERIC:
        return gsm7.text_of(gsm7.unpack(octets, digits * 4 // 7))
    halves = [half for octet in octets for half in (octet & 0x0F, octet >> 4)][:digits]
    number = "".join(_DIGITS[half] for half in halves if half < len(_DIGITS))
    return f"+{number}" if kind & 0x70 == _INTERNATIONAL & 0x70 else number


def _deliver(octets: _Octets, smsc: str, first: int) -> Deliver:
    sender = _sender(octets)
    _, coding = octets.take(2)
    sent_at = _time(octets.take(7))
    text, part = _text(octets.take(1)[0], octets.rest(), _alphabet(coding), header=bool(first & _HEADER))
    return Deliver(smsc=smsc, sender=sender, text=text, sent_at=sent_at, part=part)


def _report(octets: _Octets) -> Report:
    reference = octets.take(1)[0]
    number = _sender(octets)
    octets.take(14)  # When the centre had it, and when it was delivered or given up.
    return Report(reference=reference, number=number, status=octets.take(1)[0])


def _alphabet(coding: int) -> str:
    """`gsm7`, `octets` or `ucs2`, by the coding groups of TS 23.038, section 4."""
    if coding >> 4 == 0xF:
        return "octets" if coding & 0x04 else "gsm7"
    if coding >> 4 in {0xC, 0xD}:
        return "gsm7"
    if coding >> 4 == 0xE:
        return "ucs2"
    return {0: "gsm7", 1: "octets", 2: "ucs2"}.get(coding >> 2 & 0x03, "gsm7")


def _text(length: int, octets: bytes, alphabet: str, *, header: bool) -> tuple[str, Part | None]:
    """`length` counts septets in the GSM alphabet and octets in the others, the header included."""
    size = octets[0] + 1 if header and octets else 0
    part = _concatenated(octets[1:size])
    if alphabet == "gsm7":
        fill = -8 * size % 7
        wanted = length - (8 * size + fill) // 7
        needed = (7 * length + 7) // 8
        if len(octets) < needed:
            raise BadPdu(f"{needed - len(octets)} octets of text are missing")
        return gsm7.text_of(gsm7.unpack(octets[size:], max(0, wanted), fill)), part
    if len(octets) < length:
        raise BadPdu(f"{length - len(octets)} octets of text are missing")
    body = octets[size:length]
    # Half a pair (a text that another system cut badly) is replaced: it could not be stored as UTF-8.
    return body.decode("utf-16-be" if alphabet == "ucs2" else "latin-1", "replace"), part


def _concatenated(header: bytes) -> Part | None:
    """The element that ties parts together, with a reference of one octet or two (TS 23.040, 9.2.3.24.1 and .8)."""
    at = 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        told = header[at + 2 : at + 2 + size]
        if (kind, len(told)) in {(0x00, 3), (0x08, 4)}:
            return Part(reference=int.from_bytes(told[:-2], "big"), count=told[-2], number=told[-1])
        at += 2 + size
    return None


def _time(octets: bytes) -> datetime | None:
    """Year to second in swapped digits, and the zone in quarters of an hour, its sign the lowest bit but three."""
    year, month, day, hour, minute, second = (10 * (each & 0x0F) + (each >> 4) for each in octets[:6])
    quarters = 10 * (octets[6] & 0x07) + (octets[6] >> 4)
    zone = timezone(timedelta(minutes=-15 * quarters if octets[6] & 0x08 else 15 * quarters))
    try:
        # Two digits cannot say 2098; a centre that says 98 has lost its clock.
        return datetime(
            2000 + year if year < 90 else 1900 + year, month, day, hour, minute, second, 0, zone
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
