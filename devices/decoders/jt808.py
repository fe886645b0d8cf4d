"""
Trackers that speak JT/T 808 (the Chinese transport ministry's protocol for terminals), over TCP: binary.

    7E │ id(2) attributes(2) phone(6) serial(2) [parts(4)] body │ xor 7E     7E and 7D inside are 7D 02 and 7D 01
    2019: attributes bit 14 set, then a version byte and a phone of ten bytes; bit 13: the message is one of several

    0100 register ─► 8100 with a code     0102 log in, 0002 heartbeat, 0200 position, 0704 and 0210 stored positions …
    0109 what time is it ─► 8109          ─► 8001 (serial, id, 0), for whatever has no answer of its own
    position: alarm(4) status(4) lat(4) lng(4) altitude(2) speed(2) course(2) yymmddhhmmss, then: id len value …

The phone in every message names the device. Times are those of Beijing. Positions are WGS-84 in millionths of a degree,
valid with status bit 1; with bit 5 the terminal has passed them through the map-makers' plug-in, so they are GCJ-02 and
are converted. Of checksum, length and a known id one may be wrong: a message with a wrong checksum is decoded and
marked, and not answered.

A message in several parts is read as far as its first part goes when that comes, and the rest of it when all have come,
in whatever order; each part is answered by itself. A part may be cut out of the middle of a position.

A repetition has the same serial number, alarm word and time. Sources: JT/T 808-2011 and -2019 (message ids, tables of
alarm and status bits); further ids and samples in Traccar's tests (commit 9e5c458).
"""

import re
import struct
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from devices.decoders.checksum import xor_of
from devices.decoders.decoder import NO_PROFILE, Frame, Tail, Tally
from devices.decoders.fix import NO_FIX, Fix, moment_of, position_of
from devices.decoders.jt808_places import PLACE, Place, entire, places
from devices.decoders.tracker import Levels, place_fields, statement, words
from dispatch.rules.place import Position, gcj02_to_wgs84
from dispatch.rules.signal import Event

MESSAGE_BYTES_MAX = 4096
"""A body has at most 1,023 bytes, and each byte may be escaped; some samples are a little longer."""

HEAD_BYTES_MIN = 13
"""Id, attributes, phone, serial number and check sum; whatever is shorter is noise."""

BEIJING_MIN = 8 * 60

ALARM_BITS: Mapping[str, Event] = {
    "bit0": Event.PRESS,
    "bit3": Event.ALARM,  # danger ahead
    **dict.fromkeys(("bit4", "bit5", "bit6", "bit9", "bit10", "bit11", "bit24"), Event.FAULT),
    "bit7": Event.LOW_BATTERY,
    "bit8": Event.MAINS_FAIL,
    "bit15": Event.VIBRATION,
    "bit16": Event.TAMPER,
    "bit17": Event.TAMPER,
    "bit18": Event.LOW_BATTERY,
    "bit20": Event.WANDERING,
    "bit20in": Event.RESTORE,
    "bit26": Event.ALARM,
    "bit28": Event.MOTION,
    "bit29": Event.ALARM,  # a collision
    "bit30": Event.ALARM,  # turned over
    "sos": Event.PRESS,
    "shaken": Event.VIBRATION,
    "power_off": Event.OFFLINE,
    "taken_off": Event.TAMPER,
}
"""
The alarm word, and by name what the additional parts of a position say. Driving (speed, fatigue, routes) is left out.

15 to 18 are the makers' own (Traccar); in the standard, 18 is a driving time. `bit20in` is the fence entered again.
"""

PARTS_MAX, OPEN_MAX = 64, 4
"""Parts of one message, and messages of one device whose parts are still to come: at most 256 KiB a connection."""

_ESCAPE = re.compile(rb"\x7d[\x01\x02]")
_REGISTER, _TIME, _ANSWER = 0x0100, 0x0109, 0x0001
_POSITION, _STORED, _STORED_SHORT = 0x0200, 0x0704, 0x0210
_WORDS = {_ANSWER: Event.ACK, 0x0003: Event.OFFLINE, 0x0900: Event.TELEMETRY, 0x0701: Event.INFO, 0x0702: Event.INFO}
_SIGNS_OF_LIFE = {0x0002, _REGISTER, 0x0102, 0x0104, 0x0107, _TIME, 0x0506, 0x1007}
_KNOWN = {*_WORDS, *_SIGNS_OF_LIFE, _POSITION, _STORED, _STORED_SHORT}
_UNANSWERED = {_ANSWER, 0x0701}


class _Head(NamedTuple):
    """What a head says, and where the body begins behind it."""

    type: int
    device: str
    serial: int
    length_ok: bool
    body_at: int
    part: int
    total: int


class Jt808:
    """
    One device on its connection.

    `profile` gives a bit of the alarm word another meaning, for the gateway or for phones that begin so: `{"bit3":
    Event.FALL}`, `{"1440:bit30": Event.FALL}`.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._levels = Levels()
        self._tail = Tail(limit=MESSAGE_BYTES_MAX, tally=self.tally)
        self._parts: OrderedDict[tuple[str, int, int], dict[int, bytes]] = OrderedDict()

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its end."""
        return len(self._tail) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes. Each 7E may end one message, begin the next, or both."""
        frames: list[Frame] = []
        for piece in self._tail.ended(data, b"\x7e"):
            if len(piece) < HEAD_BYTES_MIN:
                self.tally.noise_bytes += len(piece)
            elif (frame := self._piece(piece)) is not None:
                frames.append(frame)
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """The platform's answer to what arrived undamaged; a registration gets the device's own number as its code."""
        if not (frame.trusted and frame.answers):
            return b""
        id_, serial = int(frame.fields["type"], 16), struct.pack(">H", frame.fields["serial"])
        if id_ == _REGISTER:
            return _answer(frame, 0x8100, serial + b"\0" + frame.fields["device"].encode("ascii"))
        if id_ == _TIME:
            now = at.astimezone(UTC)
            time = struct.pack(">H5B", now.year, now.month, now.day, now.hour, now.minute, now.second)
            return _answer(frame, 0x8109, time + b"\0")
        return _answer(frame, 0x8001, serial + struct.pack(">HB", id_, 0))

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the device repeats by itself what was not answered."""
        return b""

    def _piece(self, piece: bytes) -> Frame | None:
        escaped = b"\x7d" in piece
        for whole in (_plain(piece), piece) if escaped else (piece,):  # a sender may have forgotten to escape
            head = _head(whole)
            if head is None:
                continue
            trusted = xor_of(whole) == 0
            if trusted + head.length_ok + (head.type in _KNOWN) >= 2:
                self.tally.bad_checksum += not trusted
                return self._statement(b"\x7e" + piece + b"\x7e", head, whole[head.body_at : -1], trusted)
        self.tally.noise_bytes += len(piece)
        return None

    def _statement(self, raw: bytes, head: _Head, body: bytes, trusted: bool) -> Frame:
        type_, device, serial, length_ok, *_ = head
        address = canonical(device) or None
        fields: dict[str, Any] = {"type": f"{type_:04x}", "device": device, "serial": serial, "length_ok": length_ok}
        fields["crc_ok"] = trusted
        answers = type_ not in _UNANSWERED
        found = self._part(type_, body, head, trusted) if head.total > 1 else places(type_, body)
        if not found:
            return statement("jt808", (_word(type_),), raw, address, fields, answers=answers, trusted=trusted)
        alarms = words({code: None for place in found for code in place.codes}, ALARM_BITS, self._profile, address)
        times = [_time(place) for place in found]
        at = max((moment for moment in times if moment), default=None)
        fix = _newest(found, times)
        word = f"{reduce(or_, (place.alarm_word for place in found)):08x}"
        fields["alarm_word"] = word
        for place in found:
            fields |= place.fields
        return statement(
            "jt808",
            self._levels.with_level(address, fields, alarms or (_word(type_),)),
            raw,
            address,
            fields | place_fields(fix),
            number=f"{(serial - head.part + 1) & 0xFFFF}:{word}:{at}" if alarms else "",
            answers=answers,
            trusted=trusted,
            sent_at=at,
            fix=fix,
        )

    def _part(self, id_: int, body: bytes, head: _Head, trusted: bool) -> Sequence[Place]:
        """The places that are known with this part: those of the first, and all others when none is missing."""
        part, total = head.part, head.total
        first = places(id_, body) if part <= 1 else []
        if not (1 <= part <= total <= PARTS_MAX and trusted):
            return first
        # The parts of one message have serial numbers that follow each other.
        name = (head.device, id_, (head.serial - part) & 0xFFFF)
        parts = self._parts.setdefault(name, {})
        parts[part] = body
        if len(parts) < total:
            if len(self._parts) > OPEN_MAX:
                self._parts.popitem(last=False)
            return first
        del self._parts[name]
        known = entire(id_, parts[1]) if part > 1 else 0
        return places(id_, b"".join(parts[each] for each in sorted(parts)))[known:]


def canonical(address: str) -> str:
    """The one spelling of a phone: without the zeros in front, of which the revisions have different numbers."""
    return address.strip().lstrip("0")


def encode(
    address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a device with this phone (up to twelve digits) would send as number `count`: a position with the alarm bit of
    this event, or a heartbeat.

    `at` is the time it carries (aware; by default the first second of 2026 and `count` more), `position` where it is.
    """
    phone = bytes.fromhex(f"{address:0>12}")
    if event is Event.HEARTBEAT:
        return _message(0x0002, 0, phone, count, b"")
    bit = next((int(bit[3:]) for bit, said in ALARM_BITS.items() if said is event and bit[3:].isdigit()), None)
    when = (at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).astimezone(UTC) + timedelta(minutes=BEIJING_MIN)
    lat, lng = (position.lat, position.lng) if position else (0.0, 0.0)
    status = (2 if position else 0) | (4 if lat < 0 else 0) | (8 if lng < 0 else 0)
    degrees = round(abs(lat) * 1e6), round(abs(lng) * 1e6)
    time = bytes.fromhex(f"{when:%y%m%d%H%M%S}")
    body = PLACE.pack(0 if bit is None else 1 << bit, status, *degrees, 0, 0, 0, time)
    return _message(_POSITION, 0, phone, count, body)


def _head(whole: bytes) -> _Head | None:
    """The parts of a head and where the body begins; None if this is no message."""
    if len(whole) < HEAD_BYTES_MIN:
        return None
    id_, attributes = int.from_bytes(whole[:2], "big"), int.from_bytes(whole[2:4], "big")
    phone_at, serial_at = (5, 15) if attributes & 0x4000 else (4, 10)
    body_at = serial_at + (6 if attributes & 0x2000 else 2)
    size = len(whole) - 1 - body_at
    if size < 0 or not 0 < id_ < 0x8000:
        return None
    serial = int.from_bytes(whole[serial_at : serial_at + 2], "big")
    # Some devices let the length run into the bits that would say how the body is encrypted.
    fitting = size == attributes & 0x3FF or size == attributes & 0x1FFF
    total, part = struct.unpack_from(">HH", whole, body_at - 4) if attributes & 0x2000 else (1, 1)
    return _Head(id_, _device(whole[phone_at:serial_at].hex()), serial, fitting, body_at, part, total)


def _plain(piece: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: b"\x7d" if found[0] == b"\x7d\x01" else b"\x7e", piece)


def _device(phone: str) -> str:
    """The digits; what is none holds the first fourteen of an IMEI as a number, and the last follows from them."""
    if phone.isdecimal() or len(phone) != 12:
        return phone
    digits = str(int(phone, 16))
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def _word(id_: int) -> Event:
    if id_ in {_POSITION, _STORED, _STORED_SHORT}:
        return Event.LOCATION
    return Event.HEARTBEAT if id_ in _SIGNS_OF_LIFE else _WORDS.get(id_, Event.UNKNOWN)


def _answer(frame: Frame, id_: int, body: bytes) -> bytes:
    whole = _plain(frame.raw[1:-1])
    versioned = whole[2] & 0x40
    return _message(id_, 0x4000 if versioned else 0, whole[4:15] if versioned else whole[4:10], 0, body)


def _message(id_: int, attributes: int, phone: bytes, serial: int, body: bytes) -> bytes:
    whole = struct.pack(">HH", id_, attributes | len(body)) + phone + struct.pack(">H", serial & 0xFFFF) + body
    whole += bytes((xor_of(whole),))
    return b"\x7e" + whole.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def _time(place: Place) -> datetime | None:
    return moment_of(place.time, east_min=BEIJING_MIN)


def _newest(found: Sequence[Place], times: Sequence[datetime | None]) -> Fix:
    """The newest of these places that is a fix, each found at the time beside it."""
    fixes = [Fix(_point(place), at) for place, at in zip(found, times, strict=True) if place.valid]
    known = [fix for fix in fixes if fix.position is not None]
    return max(known, key=lambda fix: fix.at.timestamp() if fix.at else 0.0, default=NO_FIX)


def _point(place: Place) -> Position | None:
    point = position_of(place.lat, place.lng)
    return gcj02_to_wgs84(point) if point is not None and place.shifted else point
