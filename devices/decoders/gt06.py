"""
Trackers and pendants that speak GT06 (Concox, Jimi and hundreds of others), over TCP: binary.

    78 78 len(1) │ type content serial(2) │ crc(2) 0D 0A      len counts from type to crc; crc is CRC-16/X-25
    79 79 len(2) │ type content serial(2) │ crc(2) 0D 0A      from len to serial; big-endian
                                                              answer: 78 78 05 type serial crc 0D 0A
    login 01: IMEI in 8 bytes BCD, model(2), time zone(2)
    place: yymmdd hhmmss in binary, satellites, latitude(4), longitude(4) in 1/30000', speed, course and flags(2)
    alarm: place, len, cells, terminal information, battery, signal, alarm code, language

Only the login names the device, so the decoder remembers it; an alarm before any login belongs to nobody and raises one
without a home. Some devices in the field send wrong checksums: such a message is decoded and marked, and not answered.
Positions are WGS-84. Times are those of the time zone in the login, but UTC in the messages that the maker calls so.

A press is known again by its whole content: time, place, serial number, code. A device that repeats an alarm under a
new serial number is counted as pressing again, which joins; the other way about a second press could get lost.

The Topin dialect has messages of one byte without serial and checksum (`78 78 01 99 0D 0A` is SOS); they are heard here
too. Sources: PROTOCOLS section 10.3; Concox JM-VL03 protocol V1.1.2; samples in Traccar's tests (commit 9e5c458).
"""

import re
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.decoders.checksum import x25
from devices.decoders.decoder import NO_PROFILE, Frame, Tally
from devices.decoders.fix import NO_FIX, Fix, moment
from devices.decoders.gt06_codes import (
    ALARMED,
    ALARMED_BY_CELLS,
    ALARMS,
    CAMERA_ALARMS,
    LONG,
    PLACED,
    STATES,
    STATUS_BYTES_MAX,
    STATUS_ONLY,
    UNANSWERED,
    UTC_ALWAYS,
)
from devices.decoders.gt06_long import MODULE_EVENTS, fix_of, modules
from devices.decoders.spans import Spans
from devices.decoders.tracker import IDS, Levels, place_fields, statement, words
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

canonical = IDS

LONG_BYTES_MAX = 4096
"""Pictures are sent in pieces of about one kilobyte; what claims to be longer than this is no message."""

_HEAD = re.compile(rb"(?=\x78\x78(?:[^\x78].|\x78[^\x78])|\x79\x79[\x00-\x0f].)", re.DOTALL)
_LOGIN, _MODULES, _TIME_REQUEST, _CAMERA_ALARM, _WIFI_ALARM = 0x01, 0x70, 0x8A, 0x95, 0xA9
_OTHER = -1
_JC400 = b"\xff\xff"
_DIALECT = {0x99: Event.PRESS, 0x94: Event.VIBRATION}
_GPS = struct.Struct(">6BBIIBH")
_HEX = tuple(f"{byte:02x}" for byte in range(256))
_NOWHERE: tuple[None, Fix] = (None, NO_FIX)
_NOTHING: tuple[Sequence[Event], Mapping[str, Any]] = ((), {})


class Gt06:
    """
    One device on its connection.

    `profile` gives an alarm code another meaning, for the gateway or for a model: `{"18": Event.FALL}`,
    `{"35873507:03": Event.FALL}`.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._device: str | None = None
        self._east_min = 0
        self._levels = Levels()
        self._spans = Spans(_HEAD, _spans, head_bytes=4, span_max=LONG_BYTES_MAX + 6, tally=self.tally)

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its end."""
        return self._spans.open

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes."""
        return self._spans.cut(data, self._read)

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Type and serial number of what arrived undamaged, with the time if it was asked for."""
        if not (frame.trusted and frame.answers):
            return b""
        type_, serial = int(frame.fields["type"], 16), frame.fields["serial"]
        now = at.astimezone(UTC)
        time = bytes((now.year % 100, now.month, now.day, now.hour, now.minute, now.second))
        return _message(type_, time if type_ == _TIME_REQUEST else b"", serial)

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the device repeats by itself what was not answered."""
        return b""

    def _read(self, raw: bytes) -> Frame | None:
        if not raw.endswith(b"\r\n"):
            return None
        at = 3 if raw.startswith(b"\x78") else 4
        if len(raw) < at + 7:
            return self._dialect(raw) if len(raw) == 6 else None
        type_, content, serial = raw[at], raw[at + 1 : -6], int.from_bytes(raw[-6:-4], "big")
        trusted = x25(raw[2:-4]) == int.from_bytes(raw[-4:-2], "big")
        self.tally.bad_checksum += not trusted
        if type_ == _LOGIN and len(content) >= 8 and (trusted or self._device is None):
            self._log_in(content)
        fields = {"type": _HEX[type_], "length_ok": True, "crc_ok": trusted, "serial": serial}
        return self._statement(raw, type_ if at == 3 or type_ in LONG else _OTHER, content, fields)

    def _dialect(self, raw: bytes) -> Frame | None:
        if raw[3] not in _DIALECT:
            return None
        fields = {"type": _HEX[raw[3]], "length_ok": True}
        return statement("gt06", (_DIALECT[raw[3]],), raw, self._device, fields, answers=False)

    def _log_in(self, content: bytes) -> None:
        self._device = imei_of(content)
        zone = int.from_bytes(content[10:12], "big") if len(content) >= 12 else 0
        hours, minutes = divmod(zone >> 4, 100)
        self._east_min = (hours * 60 + minutes) * (-1 if zone & 8 else 1) if hours <= 14 else 0

    def _statement(self, raw: bytes, type_: int, content: bytes, fields: dict[str, Any]) -> Frame:
        at, fix = self._place(type_, content)
        alarms, told = self._alarms(type_, content)
        if told or fix.position:
            fields |= {**told, **place_fields(fix)}
        word = Event.LOCATION if _is_placed(type_, content) else _WORDS.get(type_, Event.UNKNOWN)
        return statement(
            "gt06",
            self._levels.with_level(self._device, fields, alarms or (word,), _LEVELS.get(fields.get("battery", 0))),
            raw,
            self._device,
            fields,
            number=_number(type_, content, fields) if alarms else "",
            answers=type_ == _MODULES if raw.startswith(b"\x79") else type_ not in UNANSWERED,
            trusted=fields["crc_ok"],
            sent_at=at,
            fix=fix,
        )

    def _place(self, type_: int, content: bytes) -> tuple[datetime | None, Fix]:
        """When it was said, and the position if the flags say that it is a fix."""
        if type_ == _MODULES:
            fix = modules(content)[1]
            return fix.at, fix
        if type_ == _CAMERA_ALARM:
            return self._camera_place(content)
        if not _is_placed(type_, content):
            return _NOWHERE
        *time, _, lat, lng, _, flags = _GPS.unpack_from(content)
        at = moment(*time, east_min=0 if type_ in UTC_ALWAYS else self._east_min)
        return at, Fix(fix_of(lat, lng, flags).position, at)

    def _alarms(self, type_: int, content: bytes) -> tuple[Sequence[Event], Mapping[str, Any]]:
        """What is wrong, gathered from all places that tell, and the parts it was read from."""
        if type_ == _CAMERA_ALARM:
            return self._camera_alarm(content), {}
        if type_ == _MODULES:
            return words(modules(content)[0], MODULE_EVENTS, self._profile, self._device), {}
        if type_ == _WIFI_ALARM and len(content) >= 2:
            return self._coded(content[-2], ALARMS), {"alarm_code": f"{content[-2]:02x}"}
        lasts = content != b"" and _is_keep_alive(type_, content)
        information = content[:3] if lasts else _information(type_, content) if content else b""
        if len(information) < 3:
            return ((Event.ALARM,), {}) if type_ in ALARMED else _NOTHING
        code = information[3] if len(information) > 3 else 0
        state = STATES.get(information[0] >> 3 & 7)
        if state is Event.WANDERING and (lasts or code):
            state = None
        alarms = self._coded(code, ALARMS) if state is None else (state, *self._coded(code, ALARMS))
        told: dict[str, Any] = {"status": _HEX[information[0]], "alarm_code": _HEX[code]} | _battery(information[1])
        if state is Event.TAMPER:
            told["detail"] = "device removed"
        return alarms, told

    def _coded(self, code: int, table: Mapping[str, Event]) -> Sequence[Event]:
        """An alarm code that nobody knows is an alarm of unknown kind; 00 is none."""
        known = words((_HEX[code],), table, self._profile, self._device)
        return known or ((Event.ALARM,) if code else ())

    def _camera_place(self, content: bytes) -> tuple[datetime | None, Fix]:
        """A camera's place has no satellites and no speed, or (JC400, after FFFF and a version) has them elsewhere."""
        start, skipped = (3, 1) if content.startswith(_JC400) else (0, 0)
        time = content[start : start + 6]
        at = moment(*time, east_min=self._east_min) if len(time) == 6 else None
        if len(content) < start + skipped + 16:
            return at, NO_FIX
        return at, Fix(fix_of(*struct.unpack_from(">IIH", content, start + 6 + skipped)).position, at)

    def _camera_alarm(self, content: bytes) -> Sequence[Event]:
        """The code behind a camera's place. Without a place, its 01 is an alarm of any kind."""
        at = 24 if content.startswith(_JC400) else 16 if len(content) > 7 else 6
        code = content[at] if at < len(content) else 0
        return (Event.ALARM,) if at == 6 and code in {0, 1} else self._coded(code, CAMERA_ALARMS)


def login(address: str) -> bytes:
    """The login of a device with this IMEI (15 digits), with which every connection begins; its time is UTC."""
    return _message(_LOGIN, bytes.fromhex(f"{address:0>16}") + bytes(4), 0)


def encode(
    _address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a device that has logged in would send as number `count`: an alarm with the code of this event, a keep-alive
    for a heartbeat, a position. Its address is in the login alone.

    `at` is the time it carries (aware; by default the first second of 2026 and `count` more), `position` where it is.
    """
    if event is Event.HEARTBEAT:
        return _message(0x13, bytes.fromhex("4006040002"), count)
    when = (at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).astimezone(UTC)
    lat, lng = (position.lat, position.lng) if position else (0.0, 0.0)
    flags = (0x1000 if position else 0) | (0x400 if lat >= 0 else 0) | (0x800 if lng < 0 else 0)
    time = (when.year % 100, when.month, when.day, when.hour, when.minute, when.second)
    place = _GPS.pack(*time, 0xC9, round(abs(lat) * 1_800_000), round(abs(lng) * 1_800_000), 0, flags)
    if event is Event.LOCATION:
        return _message(0x12, place + bytes(8), count)
    code = next((code for code, said in ALARMS.items() if said is event), "7f")
    return _message(0x26, place + b"\x09" + bytes(8) + bytes.fromhex(f"400404{code}02"), count)


def imei_of(content: bytes) -> str:
    """The IMEI in eight bytes of two digits each, of which the first is a filler; sixteen digits if it is none."""
    digits = content[:8].hex()
    return digits[1:] if digits.startswith("0") else digits


def _spans(head: bytes) -> tuple[int]:
    short = head.startswith(b"\x78")
    return (head[2] + 5,) if short else (int.from_bytes(head[2:4], "big") + 6,)


def _message(type_: int, content: bytes, serial: int) -> bytes:
    checked = struct.pack(">BB", len(content) + 5, type_) + content + struct.pack(">H", serial & 0xFFFF)
    return b"\x78\x78" + checked + struct.pack(">H", x25(checked)) + b"\r\n"


def _is_placed(type_: int, content: bytes) -> bool:
    if type_ in STATUS_ONLY:
        return type_ in {0x36, 0xA3} and len(content) > STATUS_BYTES_MAX
    return len(content) >= _GPS.size and type_ in PLACED


def _number(type_: int, content: bytes, fields: Mapping[str, Any]) -> str:
    """A state may last for many keep-alives; the alarm that brought it had a message of its own."""
    if _is_keep_alive(type_, content):
        return f"{fields['type']}:{fields.get('status')}"
    return f"{content.hex()}:{fields['serial']}"


def _is_keep_alive(type_: int, content: bytes) -> bool:
    return type_ in STATUS_ONLY and not _is_placed(type_, content)


def _information(type_: int, content: bytes) -> bytes:
    """
    The five bytes from the terminal information on, empty if there are none.

    They stand before the language, which ends the message or is followed by what the model adds: the number of a fence,
    a mileage, a card. So they are looked for from the end; how much is added follows from the length of the cells.
    """
    if type_ in ALARMED_BY_CELLS:
        at = ALARMED_BY_CELLS[type_]
        return content[at : at + 5] if len(content) in {at + 5, at + 6} else b""
    if type_ not in ALARMED or not _is_placed(type_, content):
        return b""
    rest = content[_GPS.size :]
    if type_ == 0x16 and len(rest) == 13:  # no length, a voltage of two bytes and nothing in the place of the code
        return rest[8:10] + rest[11:12]
    added = len(rest) - 5 - (rest[0] + 1 if type_ == 0x32 else max(rest[0], 9))  # mostly it counts itself
    behind = (1 if type_ in {0x27, 0xA4} else 0) if added <= 1 or rest[0] == 0 else added
    return rest[len(rest) - 5 - behind : len(rest) - behind]


def _battery(level: int) -> dict[str, int]:
    """In per cent; up to 6 it is a step of six."""
    return {"battery": level * 100 // 6 if level <= 6 else level} if level <= 100 else {}


_LEVELS = {100 // 6: 5, 200 // 6: 10}
"""
The lowest two steps of the battery that are not empty are low (Concox: 1 extremely low, 2 very low, with an alarm; 3 is
enough to go on), though they are a sixth and a third of six. Told as these per cent.
"""

_WORDS: Mapping[int, Event] = {
    _LOGIN: Event.HEARTBEAT,
    **dict.fromkeys(STATUS_ONLY, Event.HEARTBEAT),
    _TIME_REQUEST: Event.HEARTBEAT,
    _MODULES: Event.TELEMETRY,
    0x15: Event.INFO,
    0x21: Event.INFO,
    0x94: Event.TELEMETRY,
    0x9B: Event.TELEMETRY,
    **dict.fromkeys(
        (0x17, 0x18, 0x19, 0x24, 0x28, 0x2C, 0x2E, 0x33, 0x34, 0x69, 0xA1, 0xA2, 0xA5, _WIFI_ALARM), Event.LOCATION
    ),
}
"""What messages without an alarm are, where it is not simply a position."""
