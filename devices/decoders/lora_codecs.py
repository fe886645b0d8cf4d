"""
What the bytes of a LoRaWAN button, radar or tracker mean: one function a maker, bytes in, a `Payload` out.

    Milesight WS101, WS136, WS156, VS373   port 85    channel type data… channel type data…
    Browan TBPB100                         port 147   status battery temperature …
    Abeeway micro tracker, badge           port 18    type status battery temperature ack data…
    AN-301 and its family                  port 210   00 type data… type data…

A part that is not known ends the reading, for nobody knows its length; what stood before it counts. Sources:
`Milesight-IoT/SensorDecoders` (ws101, ws136, vs373), `TheThingsNetwork/lorawan-devices` (browan/tbpb100.js,
abeeway/asset-tracker-2), Abeeway reference guide 2.4, the public ChirpStack codec of the AN-301 family.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from devices.decoders.json_values import moment, place
from devices.decoders.state_words import battery_is_low
from dispatch.rules.place import Position
from dispatch.rules.signal import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """
    What was read. `events` is empty when all is well, `known` False when nothing could be read. `button` tells the
    buttons of one device apart. `standing` means that a press in it is a state that goes on, and may have been told
    before. `position` was found `age_s` seconds before the uplink. `at` is when it happened, if it was kept back.
    """

    events: tuple[Event, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    known: bool = True
    button: str = ""
    standing: bool = False
    position: Position | None = None
    age_s: int = 0
    at: datetime | None = None


NOT_KNOWN = Payload(known=False)

Codec = Callable[[bytes], Payload]


# ------------------------------------------------------------------------------------------------ Milesight


_PRESS_KINDS = {1: "short", 2: "long", 3: "double"}
_DETECTIONS = {0: "normal", 1: "vacant", 2: "in bed", 3: "out of bed", 4: "fall"}
_TARGETS = {0: "normal", 1: "motionless", 2: "abnormal", 3: "lying down"}
_DETECTED = {1: Event.PRESENCE, 2: Event.BED_ENTER, 3: Event.BED_EXIT, 4: Event.FALL}
_VACANT, _MOTIONLESS = 1, 1
_ALARMS: Mapping[int, tuple[str, Event]] = {
    0: ("fall", Event.FALL),
    1: ("motionless", Event.INACTIVITY),
    2: ("dwell", Event.INACTIVITY),
    3: ("out of bed", Event.BED_EXIT),
    4: ("occupied", Event.PRESENCE),
    5: ("vacant", Event.PRESENCE),
    6: ("bradypnea", Event.VITALS),
    7: ("tachypnea", Event.VITALS),
    8: ("lying", Event.FALL_SUSPECTED),
}
_STATUSES = ("triggered", "deactivated", "ignored", "status report")
_WITH_REGION = frozenset({3, 6, 7})
_NO_REGION = 0xFF
_BREATHING = {1: "no data", 2: "normal", 3: "tachypnea", 4: "bradypnea", 5: "undetectable"}


def _battery(data: bytes) -> Payload:
    return Payload(events=(Event.LOW_BATTERY,) if battery_is_low(data[0]) else (), fields={"battery": data[0]})


def _pressed(data: bytes) -> Payload:
    """Any value is a press: nobody touches the button for nothing."""
    return Payload(events=(Event.PRESS,), fields={"press_kind": _PRESS_KINDS.get(data[0], str(data[0]))})


def _scene_button(data: bytes) -> Payload:
    return Payload(
        events=(Event.BUTTON,), fields={"button": data[0], "command": data[2:0:-1].hex()}, button=str(data[0])
    )


def _room(data: bytes) -> Payload:
    """Who is in the room and how. Nobody who is not there is motionless."""
    detected = _DETECTED.get(data[0])
    still = data[1] == _MOTIONLESS and data[0] != _VACANT
    fields = {"status": _DETECTIONS.get(data[0], str(data[0])), "target": _TARGETS.get(data[1], str(data[1]))}
    events = ((detected,) if detected else ()) + ((Event.INACTIVITY,) if still else ())
    return Payload(events=events, fields=fields)


def _alarm(data: bytes) -> Payload:
    """
    An alarm has begun or ended.

    The numbers of the status are printed in two ways: from 0 in the maker's page of 2025, from 1 in its codec and in
    the page since 2026, which also reserves region FF for alarms without one. So a region of FF, or a type that always
    has one, counts from 1; and 0 has begun in either.
    """
    number, kind, status, region = struct.unpack("<HBBB", data)
    counts_from_one = status > 0 and (region == _NO_REGION or kind in _WITH_REGION)
    word = _STATUSES[min(status - counts_from_one, len(_STATUSES) - 1)]
    alarm, event = _ALARMS.get(kind, (str(kind), Event.ALARM))
    fields = {"alarm_id": number, "alarm": alarm, "alarm_status": word, "region": region}
    return Payload(events=_alarm_events(event, word), fields=fields)


def _alarm_events(event: Event, status: str) -> tuple[Event, ...]:
    if status == "triggered":
        return (event,)
    return (Event.RESTORE,) if status == "deactivated" else (Event.INFO,)


def _history(data: bytes) -> Payload:
    """An alarm that the radar kept while it had no network; it happened when it says."""
    past = _alarm(data[4:])
    return Payload(events=past.events, fields=past.fields, at=moment(int.from_bytes(data[:4], "little")))


def _breath(data: bytes) -> Payload:
    fields = {
        "respiration_state": _BREATHING.get(data[0], str(data[0])),
        "respiration": int.from_bytes(data[1:3], "little") / 100,
    }
    return Payload(events=(Event.VITALS,), fields=fields)


def _passed(_: bytes) -> Payload:
    return Payload()


_MILESIGHT: Mapping[bytes, tuple[int, Codec]] = MappingProxyType(
    {
        bytes.fromhex("0175"): (1, _battery),
        bytes.fromhex("ff2e"): (1, _pressed),
        bytes.fromhex("ff34"): (3, _scene_button),
        bytes.fromhex("03f8"): (6, _room),
        bytes.fromhex("07b0"): (8, _room),
        bytes.fromhex("06fb"): (5, _alarm),
        bytes.fromhex("20ce"): (9, _history),
        bytes.fromhex("08b1"): (3, _breath),
    }
    | {
        bytes.fromhex(head): (length, _passed)
        for length, heads in (
            (1, "ff01 ff0f fffe ff0b ff10 ff28 ff2f ff3e ff74 fe10 fe28 fe2f fe3e fe74"),
            (2, "ff09 ff0a ffff ff03 fe03"),
            (4, "04f9"),
            (5, "0ab3"),
            (6, "ff08 09b2"),
            (8, "ff16 05fa"),
            (9, "0bb4 0cb4"),
        )
        for head in heads.split()
    }
)
"""Channel and type → the length of the data and how to read it."""


def milesight(data: bytes) -> Payload:
    """Channel, type and data, any number of them."""
    parts, at = [], 0
    while (part := _MILESIGHT.get(data[at : at + 2])) is not None and len(data) >= at + 2 + part[0]:
        parts.append(part[1](data[at + 2 : at + 2 + part[0]]))
        at += 2 + part[0]
    return _together(parts)


def _together(parts: list[Payload]) -> Payload:
    """One payload of several; the first button and the first time count, for no device sends two."""
    if not parts:
        return NOT_KNOWN
    return Payload(
        events=tuple(event for part in parts for event in part.events),
        fields={name: value for part in parts for name, value in part.fields.items()},
        button=next((part.button for part in parts if part.button), ""),
        at=next((part.at for part in parts if part.at), None),
    )


# ------------------------------------------------------------------------------------------------ Browan


def browan(data: bytes) -> Payload:
    """Bit 0 of the first byte is the button; then the battery in tenths of a volt above 2.5, and the temperature."""
    if not data:
        return NOT_KNOWN
    fields: dict[str, Any] = {"pressed": bool(data[0] & 1)}
    if len(data) >= 3:
        fields |= {"battery_v": (25 + (data[1] & 0x0F)) / 10, "temperature_c": (data[2] & 0x7F) - 32}
    return Payload(events=(Event.PRESS,) if data[0] & 1 else (), fields=fields)


# ------------------------------------------------------------------------------------------------ Abeeway


_HEADER_BYTES = 5
_SOS_FLAG = 0x10
_POSITION, _SHUTDOWN, _EVENT, _LONG_POSITION = 0x03, 0x09, 0x0A, 0x0E
_WITH_HEADER = frozenset({0x03, 0x04, 0x05, 0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x0E})
_ABEEWAY_EVENTS: Mapping[int, tuple[str, Event]] = {
    0: ("GEOLOC_START", Event.IGNORE),
    1: ("MOTION_START", Event.IGNORE),
    2: ("MOTION_END", Event.IGNORE),
    3: ("BLE_CONNECTED", Event.IGNORE),
    4: ("BLE_DISCONNECTED", Event.IGNORE),
    5: ("TEMPERATURE", Event.TELEMETRY),
    6: ("BLE_BOND_DELETED", Event.IGNORE),
    7: ("SOS_START", Event.PRESS),
    8: ("SOS_STOP", Event.CANCEL),
    9: ("ANGLE_DETECTION", Event.TELEMETRY),
    10: ("BLE_GEOZONING", Event.TELEMETRY),
}
_AGE_STEP_S = 8


def abeeway(data: bytes) -> Payload:
    """
    A message with the common header, whose status says whether the tracker is in SOS.

    The flag stands in everything from the SOS on, so that an SOS whose own message was lost is still heard.
    """
    if len(data) < _HEADER_BYTES or data[0] not in _WITH_HEADER:
        return NOT_KNOWN
    said = _ABEEWAY.get(data[0], _header_only)(data)
    flag = bool(data[1] & _SOS_FLAG)
    fields = {"battery": data[2], "sos_flag": int(flag)} | dict(said.fields)
    events = said.events + ((Event.LOW_BATTERY,) if data[2] and battery_is_low(data[2]) else ())
    going_on = flag and Event.PRESS not in events and Event.CANCEL not in events
    return Payload(
        events=(Event.PRESS, *events) if going_on else events,
        fields=fields,
        standing=going_on,
        position=said.position,
        age_s=said.age_s,
    )


def _header_only(data: bytes) -> Payload:
    return Payload(events=(Event.OFFLINE,) if data[0] == _SHUTDOWN else ())


def _abeeway_event(data: bytes) -> Payload:
    if len(data) <= _HEADER_BYTES:
        return Payload(events=(Event.UNKNOWN,))
    name, event = _ABEEWAY_EVENTS.get(data[_HEADER_BYTES], (str(data[_HEADER_BYTES]), Event.UNKNOWN))
    return Payload(events=(event,), fields={"event_type": name})


def _abeeway_position(data: bytes) -> Payload:
    """A satellite fix: its age in steps of eight seconds, and the upper 24 of 32 bits of each coordinate."""
    if data[4] & 0x0F or len(data) < 12:
        return Payload()
    lat, lng = (int.from_bytes(data[at : at + 3] + b"\0", "big", signed=True) for at in (6, 9))
    return _fix(lat, lng, age_s=data[5] * _AGE_STEP_S)


def _abeeway_long_position(data: bytes) -> Payload:
    if data[4] & 0x0F or len(data) < 16:
        return Payload()
    lat, lng = struct.unpack(">ii", data[8:16])
    return _fix(lat, lng, age_s=int.from_bytes(data[5:7], "big"))


def _fix(lat: int, lng: int, *, age_s: int) -> Payload:
    """Degrees in ten-millionths."""
    found = place(lat / 1e7, lng / 1e7)
    fields = {"lat": lat / 1e7, "lon": lng / 1e7, "age_s": age_s}
    return Payload(events=(Event.LOCATION,), fields=fields, position=found, age_s=age_s)


_ABEEWAY: Mapping[int, Codec] = MappingProxyType(
    {_EVENT: _abeeway_event, _POSITION: _abeeway_position, _LONG_POSITION: _abeeway_long_position}
)


# ------------------------------------------------------------------------------------------------ AN-301


_AN_LENGTHS: Mapping[int, int] = MappingProxyType(
    dict.fromkeys(bytes.fromhex("01 7d 77 05 03 14 6d 93 b8 c3 85 21 84 31 82 cb cc cd ce 11 13 17 76 18 24 bd be"), 1)
    | dict.fromkeys(bytes.fromhex("04 10 12 73 6b"), 2)
    | dict.fromkeys(bytes.fromhex("02 3e 43 79"), 4)
    | dict.fromkeys(bytes.fromhex("ba"), 8)
)
_AN_EVENTS: Mapping[int, Event] = MappingProxyType(
    {
        0x14: Event.PRESS,
        0xCB: Event.FALL,
        0xCC: Event.FALL,
        0x31: Event.SMOKE,
        0x84: Event.SMOKE,
        0x21: Event.WATER,
        0x85: Event.WATER,
        0x03: Event.TAMPER,
        0x77: Event.TAMPER,
        0x05: Event.LOW_BATTERY,
        0x7D: Event.LOW_BATTERY,
        0xB8: Event.LOW_BATTERY,
        0x82: Event.TEST,
    }
)
"""Types of one byte that are 0 when all is well."""


def an_301(data: bytes) -> Payload:
    """A reserved byte, then type and data, any number of them."""
    parts, at = [], 1
    while at < len(data) and (length := _AN_LENGTHS.get(data[at], 0)) and len(data) > at + length:
        parts.append(_an_part(data[at], data[at + 1 : at + 1 + length]))
        at += 1 + length
    return _together(parts)


def _an_part(kind: int, data: bytes) -> Payload:
    if kind == 0x04:
        return Payload(fields={"battery_v": int.from_bytes(data, "big") / 1000})
    if kind == 0x93:
        return _battery(data)
    event = _AN_EVENTS.get(kind) if any(data) else None
    return Payload(events=(event,) if event else ())


# ------------------------------------------------------------------------------------------------ which one


_BY_NAME: Mapping[str, Codec] = MappingProxyType(
    {"milesight": milesight, "browan": browan, "abeeway": abeeway, "an-": an_301}
)
_BY_PORT: Mapping[int, Codec] = MappingProxyType({85: milesight, 147: browan, 18: abeeway, 210: an_301})


def codec_for(name: str, port: int | None) -> Codec | None:
    """
    The codec of this name (`milesight-ws101`, `abeeway-2`: the maker decides), else the one whose devices use this
    port as they come from the factory; None when nobody knows.
    """
    named = next((codec for maker, codec in _BY_NAME.items() if name.lower().startswith(maker)), None)
    return named or _BY_PORT.get(port or 0)
