"""
Callbacks of the Sigfox network, posted as JSON: `{"device":"40D310","payload":"62","time":1563043532,"seqNumber":7}`.

The network posts what the operator of the device type has configured, so the names vary: `device` or `deviceId`,
`payload` or `data`, `seqNumber` or `seqNum`. The `payload` form is an event byte, 22 or 62 for SOS, and then types with
data. Sources: `traccar/traccar` (SigfoxProtocolDecoder and its tests), Sigfox documentation of callbacks.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, gravest_first
from devices.decoders.envelope import Message
from devices.decoders.json_values import Json, integer, moment, name, place, scalars, table
from devices.decoders.lora_codecs import NOT_KNOWN, Payload, codec_for
from devices.decoders.state_words import EMERGENCIES, battery_is_low, state_events
from dispatch.rules.signal import Event

REPEAT_WINDOW_S = 24 * 3600.0
"""The network posts again a minute after a failure, with the same number and time; a day is ample."""

_COUNTS = ("seqNumber", "seqNum", "seqNo")
_CALLBACK = frozenset({"payload", "data", "location", "messageType", *_COUNTS})
_SOS = frozenset({0x22, 0x62})
_LENGTHS: Mapping[int, int] = {1: 6, 2: 8, 3: 1, 4: 1, 5: 1, 6: 7, 7: 10, 8: 6, 9: 1}
"""The length of the data behind each type; an unknown type has one byte."""


def is_callback(said: Json) -> bool:
    """Whether this object is a callback: it names a device and says something that callbacks say."""
    return bool(_device(said)) and not _CALLBACK.isdisjoint(said)


def callback(message: Message, said: Json, *, profile: Mapping[str, Event] = NO_PROFILE, codec: str = "") -> Frame:
    """The frame of a callback. `profile` may give an event to a payload (in hexadecimal), `codec` names the maker."""
    device, hexadecimal = _device(said), name(said.get("payload") or said.get("data")).lower()
    payload = _read(said, codec)
    own = profile.get(hexadecimal)
    events = (own,) if own else gravest_first(payload.events + state_events(said))
    events = events or _otherwise(said, payload)
    sent_at = moment(said.get("time") or said.get("positionTime") or said.get("timestamp"))
    return Frame(
        event=events[0],
        also=events[1:],
        raw=message.raw,
        address=device.lower(),
        explicit=events[0] in EMERGENCIES,
        dedup_key=f"sigfox:{device.lower()}:{_count(said)}:{sent_at.timestamp() if sent_at else ''}",
        window_s=0.0 if events[0] is Event.HEARTBEAT else REPEAT_WINDOW_S,
        sliding=False,
        sent_at=sent_at,
        position=payload.position,
        position_at=sent_at if payload.position else None,
        fields=MappingProxyType(scalars(said) | _shown(said) | dict(payload.fields) | {"device": device}),
    )


def _device(said: Json) -> str:
    return name(said.get("device")) or name(said.get("deviceId"))


def _count(said: Json) -> str:
    return next((name(said[each]) for each in _COUNTS if each in said), "")


def _shown(said: Json) -> dict[str, Any]:
    """Where the network believes the device to be: to a kilometre or two, too rough for an alarm's place."""
    return {f"network_{key}": value for key, value in scalars(table(said.get("location"))).items()}


def _otherwise(said: Json, payload: Payload) -> tuple[Event, ...]:
    """What a callback without news is: a sign of life, unless it has bytes that nobody can read."""
    if not payload.known and (said.get("data") or said.get("payload")):
        return (Event.UNKNOWN,)
    return (Event.HEARTBEAT,)


def _read(said: Json, codec: str) -> Payload:
    if "payload" in said:
        return _events_and_types(_bytes(said["payload"]))
    named = codec_for(codec, None) if codec else None
    return named(_bytes(said.get("data"))) if named else NOT_KNOWN


def _bytes(hexadecimal: object) -> bytes:
    try:
        return bytes.fromhex(hexadecimal) if isinstance(hexadecimal, str) else b""
    except ValueError:
        return b""


def _events_and_types(data: bytes) -> Payload:
    if not data:
        return NOT_KNOWN
    parts = dict(_types(data[1:]))
    fields: dict[str, Any] = {"code": f"{data[0]:02x}"} | _measured(parts)
    low = (Event.LOW_BATTERY,) if battery_is_low(fields.get("battery")) else ()
    found = place(*struct.unpack(">ff", parts[2])) if 2 in parts else None
    where = {"lat": found.lat, "lon": found.lng} if found else {}
    events = ((Event.PRESS,) if data[0] in _SOS else ()) + low + ((Event.LOCATION,) if found else ())
    return Payload(events=events, fields=fields | where, position=found)


def _types(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data) and len(data) > at + (length := _LENGTHS.get(data[at], 1)):
        found.append((data[at], data[at + 1 : at + 1 + length]))
        at += 1 + length
    return found


def _measured(parts: Mapping[int, bytes]) -> dict[str, Any]:
    """Temperature in half degrees, the battery in tenths of a volt, and in per cent."""
    fields: dict[str, Any] = {}
    if 3 in parts:
        fields["temperature_c"] = int.from_bytes(parts[3], "big", signed=True) * 0.5
    if 4 in parts:
        fields["battery_v"] = parts[4][0] / 10
    if 5 in parts:
        fields["battery"] = integer(parts[5][0])
    return fields
