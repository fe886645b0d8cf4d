"""
Trackers that speak the dialect of Topin (Zhongxun, 365GPS: small SOS buttons, badges and watches), over TCP: binary.

    78 78 len type content 0D 0A        no checksum, no serial number; len counts type and content, or content alone,
                                        or is something else: with Wi-Fi (17 69, 18 19 1A) how many stations were heard
    01 login, IMEI in 8 bytes BCD   08 heartbeat; 09 place   10 11 place   13 status   30 what time is it
    94 shaken   99 SOS: one byte, 78 78 01 99 0D 0A

0D 0A may stand inside the content (the 13th of a month, ten o'clock), so a message ends where its length and kind let
it end, not at the first such bytes. Only the login names the device; an SOS before any login belongs to nobody and
raises an alarm without a home. SOS and vibration expect no answer; login, places, status and Wi-Fi are answered, or the
device hangs up. An SOS has no time and no number: each is counted, none is a copy.

Times are UTC, positions WGS-84. Sources: PROTOCOLS section 10.3; the makers' protocols of 2017 (Zhongxun Topin, 365GPS
V1.2: which messages are answered, how lengths count); samples in Traccar's tests (commit 9e5c458).
"""

import re
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tally
from devices.decoders.fix import NO_FIX, Fix, moment, moment_of, position_of
from devices.decoders.gt06 import imei_of
from devices.decoders.gt06_long import fix_of
from devices.decoders.spans import Spans
from devices.decoders.tracker import IDS, Levels, bits, place_fields, statement, words
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

canonical = IDS

STATIONS_MAX = 32
CELLS_MAX = 7
"""Of Wi-Fi and of the mobile network in one message; the samples have up to eight and seven."""

ALARM_BITS: Mapping[str, Event] = {
    "bit0": Event.VIBRATION,
    "bit4": Event.LOW_BATTERY,
    "94": Event.VIBRATION,
    "99": Event.PRESS,
}
"""The alarm byte that may end a place or a list of Wi-Fi (bit 1 is speed), and the types that are alarms."""

MESSAGE_BYTES_MAX = 4 + 6 + 7 * STATIONS_MAX + 1 + 3 + 9 * CELLS_MAX + 1 + 2

_LOGIN, _STATUS, _TIME = 0x01, 0x13, 0x30
_PLACES, _WIFI = {0x10, 0x11}, {0x17, 0x18, 0x19, 0x1A, 0x69}
_FOUND, _STORED = 0x08, 0x09
_FOURTH_GENERATION = {0x18, 0x19, 0x1A}
_ALARMS = {0x94, 0x99}
_OTHERS = {_FOUND, _STORED}  # the other form of a place; what was stored is no fix
_EITHER = _PLACES | _OTHERS
_TIMED = _PLACES | _WIFI
_ALIVE = {_LOGIN, _STATUS, _TIME} | _OTHERS
_ANSWERED = {_LOGIN, _STATUS, _TIME} | _TIMED
_HEAD = re.compile(
    rb"(?=\x78\x78.[\x01\x08\x09\x10\x11\x13-\x15\x17-\x1a\x30\x41\x56\x57\x69\x80\x81\x92-\x94\x99])", re.DOTALL
)
_NAMES = tuple(f"{type_:02x}" for type_ in range(256))
_GPS = struct.Struct(">6BBIIBH")


class Topin:
    """
    One device on its connection.

    `profile` gives a type or a bit of the alarm byte another meaning (`{"94": Event.FALL}`), also for one model
    (`{"35939075:94": Event.FALL}`).
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._device: str | None = None
        self._levels = Levels()
        self._spans = Spans(_HEAD, _spans, head_bytes=4, span_max=MESSAGE_BYTES_MAX, tally=self.tally)

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its end."""
        return self._spans.open

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes."""
        return self._spans.cut(data, self._read)

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """What the device waits for: yes and the time after a login, else the message's own time or content again."""
        length, type_, content = frame.raw[2], frame.raw[3], frame.raw[4:-2]
        if type_ == _LOGIN:
            return _message(length, type_, b"\x01") + _now(at)
        if type_ == _TIME:
            return _now(at)
        if type_ in _TIMED:
            return _message(length, type_, content[:6])
        return _message(length, type_, content) if type_ == _STATUS else b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the protocol has no such word."""
        return b""

    def _read(self, raw: bytes) -> Frame | Sequence[int] | None:
        type_, content = raw[3], raw[4:-2]
        if not raw.endswith(b"\r\n") or (type_ in _WIFI and len(raw) <= _wifi_head(raw)):
            return _wifi_more(raw) if type_ in _WIFI else None
        if type_ == _LOGIN:
            if len(content) < 8 or not content[:8].hex().isdecimal():
                return None
            self._device = imei_of(content)
        fix = _fix(type_, content) if content else NO_FIX
        codes = (_NAMES[type_],) if type_ in _ALARMS else bits(_alarm_byte(raw)) if content else ()
        alarms = words(codes, ALARM_BITS, self._profile, self._device) if codes else ()
        fields: dict[str, Any] = {"type": _NAMES[type_]}
        if content:
            fields |= _state(type_, content) | place_fields(fix)
        return statement(
            "topin",
            self._levels.with_level(self._device, fields, alarms or (_word(type_, content),)),
            raw=raw,
            address=self._device,
            fields=fields,
            number=raw.hex() if alarms and fix.at else "",
            answers=type_ in _ANSWERED,
            sent_at=fix.at,
            fix=fix,
        )


def login(address: str) -> bytes:
    """The login of a device with this IMEI (15 digits), with which every connection begins."""
    return _message(13, _LOGIN, bytes.fromhex(f"{address:0>16}") + b"\x01")


def encode(
    _address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a device that has logged in would send: an SOS, which carries nothing else, a vibration, a place with an alarm
    byte, a status of 60 to 100 per cent for a heartbeat. Its address is in the login alone.

    `at` is the time a place carries (aware; by default the first second of 2026 and `count` more).
    """
    bit = next((int(bit[3:]) for bit, said in ALARM_BITS.items() if said is event and bit[0] == "b"), None)
    one = next((int(code, 16) for code, said in ALARM_BITS.items() if said is event and code[0] != "b"), None)
    if one is not None and (bit is None or position is None):
        return _message(1, one, b"")
    if event is Event.HEARTBEAT:
        return _message(7, _STATUS, bytes((60 + count % 41, 1, 8, 25, 100)))
    when = (at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).astimezone(UTC)
    lat, lng = (position.lat, position.lng) if position else (0.0, 0.0)
    flags = (0x1000 if position else 0) | (0x400 if lat >= 0 else 0) | (0x800 if lng < 0 else 0)
    time = (when.year % 100, when.month, when.day, when.hour, when.minute, when.second)
    place = _GPS.pack(*time, 0x98, round(abs(lat) * 1_800_000), round(abs(lng) * 1_800_000), 0, flags)
    return _message(21, 0x10, place + bytes((0, 0, 0 if bit is None else 1 << bit)))


def _message(length: int, type_: int, content: bytes) -> bytes:
    return bytes((0x78, 0x78, length, type_)) + content + b"\r\n"


def _now(at: datetime) -> bytes:
    now = at.astimezone(UTC)
    return _message(7, _TIME, struct.pack(">H5B", now.year, now.month, now.day, now.hour, now.minute, now.second))


@lru_cache(maxsize=1024)
def _spans(head: bytes) -> Sequence[int]:
    """How long a message with this head may be; of a list of Wi-Fi, what must be read to know."""
    length, type_ = head[2], head[3]
    if type_ == _LOGIN:
        return tuple({6 + 9, length + 5})
    if type_ in _WIFI:
        return (_wifi_head(head),) if length <= STATIONS_MAX else ()
    if length == 1:
        return (6,)
    # A place leaves its type out, and a status may count one byte twice.
    return (length + 5, length + 6) if type_ in _EITHER else (length + 4, length + 5)


def _wifi_head(raw: bytes) -> int:
    """Up to the number of cells: time, stations of seven bytes."""
    return 4 + 6 + 7 * raw[2] + 1


def _wifi_span(raw: bytes) -> int:
    """Behind the number of cells their network, cells of five bytes (nine in 4G messages), the end."""
    head = _wifi_head(raw)
    return head + 3 + (9 if raw[3] in _FOURTH_GENERATION else 5) * raw[head - 1] + 2


def _wifi_more(raw: bytes) -> Sequence[int] | None:
    """How much longer a list of Wi-Fi must be: up to its end, then up to that behind an alarm byte."""
    head = _wifi_head(raw)
    if len(raw) == head:
        return (_wifi_span(raw),) if raw[-1] <= CELLS_MAX and raw[5] <= 0x12 else None  # no thirteenth month
    return (len(raw) + 1,) if len(raw) == _wifi_span(raw) and raw.endswith(b"\r") else None


def _alarm_byte(raw: bytes) -> int:
    """The byte behind the altitude of a place, or behind a list of Wi-Fi; 0 if there is none."""
    type_, content = raw[3], raw[4:-2]
    if type_ in _PLACES:
        return content[_GPS.size + 2] if len(content) > _GPS.size + 2 else 0
    return content[-1] if type_ in _WIFI and len(raw) > _wifi_span(raw) else 0


def _fix(type_: int, content: bytes) -> Fix:
    if type_ in _PLACES and len(content) >= _GPS.size:
        *time, _, lat, lng, _, flags = _GPS.unpack_from(content)
        return Fix(fix_of(lat, lng, flags).position, moment(*time))
    if type_ in _OTHERS and len(content) >= 14:
        at = moment(*content[:6])
        point = position_of(_decimal(content[6:10]), _decimal(content[10:14]))
        return Fix(point if type_ == _FOUND else None, at)
    return Fix(None, moment_of(content[:6].hex())) if type_ in _WIFI else NO_FIX


def _decimal(four: bytes) -> float:
    """Degrees, then a sign of four bits and millionths in twenty."""
    rest = int.from_bytes(four[1:], "big")
    return (four[0] + (rest & 0xF_FFFF) / 1e6) * (-1 if rest >> 20 else 1)


def _word(type_: int, content: bytes) -> Event:
    if type_ in _TIMED or (type_ in _OTHERS and content):
        return Event.LOCATION
    return Event.HEARTBEAT if type_ in _ALIVE else Event.INFO


def _state(type_: int, content: bytes) -> dict[str, Any]:
    """The battery of a status, in per cent."""
    return {"battery": content[0]} if type_ == _STATUS and content and content[0] <= 100 else {}
