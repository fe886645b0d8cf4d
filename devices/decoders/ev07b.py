"""
Pendants of Eview (EV07B, EV09, EV12) and MiniFinder, over TCP: binary, each message with a length and a checksum.

    AB flags len(2) crc(2) seq(2) │ type  len key value…  len key value…        little-endian
                                  └───────────── len bytes ────────────┘        crc: CRC-16/XMODEM of them

    type  01 data  02 configuration  03 services: wants the time  04 system  7E firmware  7F response
    key   01 IMEI  02 alarm word (4) and its time (4)  14 battery  20 GPS  24 time and status, battery in its top byte
          23 26 27 places known by a beacon  25 call record  30 steps  40 heart rate  41 SpO2

Flag bit 4 asks for an answer: AB 00 0300 crc seq 7F 01 00, for services the time (key 12). What was stored while there
was no network comes later in one message with several records; they are one statement here, its alarms added up and its
position the newest. Times are seconds since 1970 UTC, positions WGS-84 in 1e-7 degrees. Sources: PROTOCOLS section
10.2; samples in Traccar's tests (commit 9e5c458).
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.decoders.checksum import xmodem
from devices.decoders.decoder import NO_PROFILE, Frame, Tally
from devices.decoders.fix import NO_FIX, Fix, epoch, position_of
from devices.decoders.spans import Spans
from devices.decoders.tracker import IDS, Levels, bits, place_fields, statement, words
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

canonical = IDS

BODY_BYTES_MAX = 2047
"""The longest sample has 1,370 bytes, what one segment of a mobile network carries."""

ALARM_BITS: Mapping[str, Event] = {
    "bit0": Event.LOW_BATTERY,
    "bit2": Event.FALL,
    **{f"bit{fence}": Event.WANDERING for fence in (4, 5, 6, 7)},
    **{f"bit{fence}in": Event.RESTORE for fence in (4, 5, 6, 7)},
    "bit8": Event.OFFLINE,  # it is being switched off
    "bit9": Event.ONLINE,
    "bit10": Event.MOTION,
    "bit12": Event.PRESS,
    "bit13": Event.BUTTON,
    "bit14": Event.BUTTON,
    # Among the alarms, but with no meaning in our reference.
    "bit3": Event.ALARM,
    "bit11": Event.ALARM,
}
"""Bits 4 to 7 are the fences; 26 to 29 tell that it is in again. 1 is speed, and what is above 14 is no alarm."""

_HEAD = re.compile(rb"(?=\xab.[\x00-\xff][\x00-\x07].{4}[\x01-\x04\x7e\x7f])", re.DOTALL)
_ACK_WANTED = 0x10
_DATA, _SERVICES, _RESPONSE = 0x01, 0x03, 0x7F
_TYPES = {0x02: Event.INFO, 0x04: Event.INFO, 0x7E: Event.UPDATE}
_TIME_KEY = 0x12
_IMEI_BLOCK = b"\x10\x01"

_PLACES = {0x20: 0, 0x27: 0, 0x23: 6, 0x26: 6}
"""Keys that hold latitude and longitude, and how many bytes stand before them (the beacon's address)."""

_NUMBERS = {
    0x14: ("battery", 0, "<B"),
    0x30: ("steps", 4, "<I"),
    0x40: ("heart_rate", 4, "<B"),
    0x41: ("spo2", 4, "<B"),
}

_Block = tuple[int, bytes]


class Ev07b:
    """
    One device on its connection; messages that do not name it are those of the IMEI named last.

    `profile` gives a bit of the alarm word (`bit13`, or `35868800:bit13` for one model) another meaning.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._device: str | None = None
        self._levels = Levels()
        self._spans = Spans(_HEAD, _spans, head_bytes=9, span_max=8 + BODY_BYTES_MAX, tally=self.tally)

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its end."""
        return self._spans.open

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes."""
        return self._spans.cut(data, self._read)

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """The answer with the message's own number, if it asked for one and arrived undamaged."""
        if not (frame.trusted and frame.fields["ack_requested"]):
            return b""
        number, time = frame.fields["index"], struct.pack("<BBI", 5, _TIME_KEY, int(at.timestamp()) & 0xFFFF_FFFF)
        received = _message(number, bytes((_RESPONSE, 1, 0)))
        if frame.fields["type"] != f"{_SERVICES:02x}":
            return received
        now = _message(number, bytes((_SERVICES,)) + time)
        return now if frame.fields["time_asked"] else received + now

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the device repeats by itself what was not answered."""
        return b""

    def _read(self, raw: bytes) -> Frame | None:
        _, flags, _, crc, number = struct.unpack_from("<BBHHH", raw)
        type_, trusted = raw[8], xmodem(raw[8:]) == crc
        if not trusted and not (type_ in {_DATA, _SERVICES} and raw.startswith(_IMEI_BLOCK, 9)):
            return None
        blocks, fits = _blocks(raw[9:])
        imei = _imei(blocks)
        if not trusted and not (fits and imei):
            return None
        self.tally.bad_checksum += not trusted
        if trusted or self._device is None:
            self._device = imei or self._device
        fields = {"flags": f"{flags:02x}", "index": number, "type": f"{type_:02x}", "length_ok": True}
        fields |= {"crc_ok": trusted, "ack_requested": bool(flags & _ACK_WANTED)}
        fields |= {"time_asked": type_ == _SERVICES and any(key == _TIME_KEY for key, _ in blocks)}
        # Only in data do the keys mean what is said above: 02 of a configuration is the version of the program.
        return self._statement(raw, imei or self._device, fields, blocks if type_ == _DATA else ())

    def _statement(self, raw: bytes, address: str | None, fields: dict[str, Any], blocks: Sequence[_Block]) -> Frame:
        word = _alarm_word(blocks)
        alarms = words(_codes(word), ALARM_BITS, self._profile, address)
        calls = [Event.VOICE_REQUEST] if any(key == 0x25 for key, _ in blocks) else []
        fix = _newest(_fixes(blocks))
        fields |= ({"alarm_word": f"{word:08x}"} if word else {}) | _state(blocks) | place_fields(fix)
        return statement(
            "ev07b",
            self._levels.with_level(address, fields, [*alarms, *calls] or [_word(raw, blocks, fix)]),
            raw=raw,
            address=address,
            fields=fields,
            number=f"{fields['index']}:{word:08x}" if word else "",
            answers=fields["ack_requested"],
            trusted=fields["crc_ok"],
            sent_at=max(_times(blocks), default=None),
            fix=fix,
        )


def encode(
    address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a device of this IMEI (15 digits) would send as its message number `count`, asking for an answer.

    `at` is the time it carries (aware; by default the first second of 2026 and `count` more), `position` where it is.
    """
    if event is Event.HEARTBEAT:
        return _message(count, bytes((_SERVICES,)) + _named(address) + bytes((1, _TIME_KEY)), flags=_ACK_WANTED)
    when = int((at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).timestamp())
    bit = next(
        (int(bit.removeprefix("bit")) for bit, said in ALARM_BITS.items() if said is event and bit[-1] != "n"), None
    )
    body = bytes((_DATA,)) + _named(address)
    body += struct.pack("<BBII", 9, 0x24, when, 80 << 24)
    body += b"" if bit is None else struct.pack("<BBII", 9, 0x02, 1 << bit, when)
    if position is not None:
        at_place = round(position.lat * 1e7), round(position.lng * 1e7)
        body += struct.pack("<BBiiHHhHIB", 22, 0x20, *at_place, 0, 0, 0, 9, 0, 7)
    return _message(count, body, flags=_ACK_WANTED)


def _spans(head: bytes) -> Sequence[int]:
    size = int.from_bytes(head[2:4], "little")
    return (8 + size,) if size else ()


def _message(number: int, body: bytes, *, flags: int = 0) -> bytes:
    return struct.pack("<BBHHH", 0xAB, flags, len(body), xmodem(body), number & 0xFFFF) + body


def _named(address: str) -> bytes:
    return _IMEI_BLOCK + address.encode("ascii")


def _blocks(body: bytes) -> tuple[list[_Block], bool]:
    """Keys with their values, and whether their lengths add up to the whole."""
    found: list[_Block] = []
    at = 0
    while at < len(body):
        size = body[at]
        if size == 0 or at + 1 + size > len(body):
            return found, False
        found.append((body[at + 1], body[at + 2 : at + 1 + size]))
        at += 1 + size
    return found, True


def _imei(blocks: Iterable[_Block]) -> str | None:
    imei = next((value for key, value in blocks if key == 0x01), b"")
    return imei.decode("ascii") if re.fullmatch(rb"[0-9]{15}", imei) else None


def _alarm_word(blocks: Iterable[_Block]) -> int:
    word = 0
    for key, value in blocks:
        if key == 0x02 and len(value) >= 4:
            word |= int.from_bytes(value[:4], "little")
    return word


def _codes(word: int) -> list[str]:
    """The bits of the alarm word; a fence that was entered again is `bit4in`."""
    again = {f"bit{fence}" for fence in range(4, 8) if word >> (fence + 22) & 1}
    return [f"{bit}in" if bit in again else bit for bit in bits(word)]


def _word(raw: bytes, blocks: Sequence[_Block], fix: Fix) -> Event:
    """What a message without an alarm is; a response says 0 when all is well."""
    if raw[8] == _RESPONSE:
        return Event.ACK if raw[9:] == b"\x01\x00" else Event.NACK
    if fix.position is not None:
        return Event.LOCATION
    vital = any(key in {0x40, 0x41} for key, _ in blocks)
    return _TYPES.get(raw[8], Event.VITALS if vital else Event.HEARTBEAT)


def _fixes(blocks: Iterable[_Block]) -> Iterator[Fix]:
    """The places of all records, each with the time of its record, which stands before it. GPS without HDOP is none."""
    at: datetime | None = None
    for key, value in blocks:
        if key == 0x24 and len(value) >= 8:
            at = epoch(int.from_bytes(value[:4], "little"))
        skipped = _PLACES.get(key)
        if skipped is None or len(value) < skipped + 8 or (key == 0x20 and value[14:16] in {b"", b"\0\0"}):
            continue
        lat, lng = struct.unpack_from("<ii", value, skipped)
        yield Fix(position_of(lat / 1e7, lng / 1e7), at)


def _newest(fixes: Iterable[Fix]) -> Fix:
    known = [fix for fix in fixes if fix.position is not None]
    return max(known, key=lambda fix: fix.at.timestamp() if fix.at else 0.0, default=NO_FIX)


def _times(blocks: Iterable[_Block]) -> list[datetime]:
    """When its alarms were raised; without one, when its records were made."""
    alarms = [int.from_bytes(value[4:8], "little") for key, value in blocks if key == 0x02 and len(value) >= 8]
    records = [int.from_bytes(value[:4], "little") for key, value in blocks if key == 0x24 and len(value) >= 8]
    return [at for seconds in alarms or records if (at := epoch(seconds)) is not None]


def _state(blocks: Iterable[_Block]) -> dict[str, Any]:
    """Battery in per cent, steps, heart rate and SpO2; a rate of 0 or 1 was not measured."""
    state: dict[str, Any] = {}
    for key, value in blocks:
        name, at, form = _NUMBERS.get(key, ("battery", 7, "<B") if key == 0x24 else ("", 0, ""))
        if name and len(value) >= at + struct.calcsize(form):
            state[name] = struct.unpack_from(form, value, at)[0]
    return {name: value for name, value in state.items() if value > 1 or name in {"battery", "steps"}}
