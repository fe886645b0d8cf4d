"""
ChirpStack v4, as messages of its MQTT topics or bodies of its HTTP integration (see `envelope.py`).

    application/<id>/device/<devEui>/event/up         fCnt, fPort, data (base64), object, rxInfo[] …
                                          status     batteryLevel, margin
                                          join       devAddr
                                          log        level, code, description
                                          location   latitude, longitude
                                          ack, txack, integration
    application/<id>/device/<devEui>/command/…        what somebody sends to a device
    gateway/<id>/event/stats, …/state/conn            the radio gateways themselves

The body over HTTP has no topic; what it is shows in its names. Callbacks of Sigfox come the same way (`sigfox.py`).
Nothing is acknowledged by us: the network has answered the device long before, so a green light on a button proves
nothing. Fields that are zero may be missing. Sources: `chirpstack/chirpstack` (integration.proto, integration/mqtt.rs,
http.rs).
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tally, gravest_first
from devices.decoders.envelope import RETAINED, Lines, Message, passed_over, wrap
from devices.decoders.json_values import Json, integer, moment, name, number, place, said_true, scalars, table
from devices.decoders.lora_codecs import NOT_KNOWN, Payload, codec_for
from devices.decoders.sigfox import callback, is_callback
from devices.decoders.state_words import EMERGENCIES, Standing, battery_is_low, state_events
from dispatch.rules.signal import Event, Scope

NAME = "chirpstack"

REPEAT_WINDOW_S = 24 * 3600.0
"""
A frame counter comes once in a session, so its copies could be known for ever (PROTOCOLS section 13). A day is longer
than any broker holds a message back, and keeps the memory of copies small.
"""

SAME_UPLINK_S = 600
"""
Two uplinks with one counter are one if they come in the same ten minutes. A device without a join begins to count at
zero again when its battery is changed; its presses after that must not be taken for copies of those before.
"""

UPLINK_BYTES_MAX = 255
"""LoRaWAN's length is one byte, and no region allows more than 242."""

_DEVICE = re.compile(r"(?:^|/)application/[^/]+/device/(?P<eui>[^/]+)/(?P<side>event|command)/(?P<kind>\w+)$")
_GATEWAY = re.compile(r"(?:^|/)gateway/(?P<gateway>[^/]+)/(?:event|state|command)/(?P<kind>\w+)$")
_LOST = frozenset({"UPLINK_CODEC", "UPLINK_F_CNT_RESET", "UPLINK_MIC"})
"""Log codes that mean that the network has heard the device and thrown away what it said."""

_SOS_REMEMBERED_MAX = 10_000


class Chirpstack:
    """
    One network server.

    `profile` may give an event to a payload (`85:ff2e01`, port and bytes in hexadecimal) or to a way of pressing
    (`short`, `long`, `double`). `codec` names the maker of all its devices, where neither their tag `codec` nor the
    port tells.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE, codec: str = "") -> None:
        self.tally = Tally()
        self._profile = profile
        self._codec = codec
        self._lines = Lines(tally=self.tally)
        self._in_sos: dict[str, None] = {}
        self._standing = Standing()

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes: at most one for each message."""
        return [frame for message in self._lines.feed(data) if (frame := self._frame(message)) is not None]

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing: the network has answered already."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: there is no one to ask."""
        return b""

    def _frame(self, message: Message) -> Frame | None:
        frame = self._read(message, table(message.said))
        self.tally.malformed += frame is None
        return frame

    def _read(self, message: Message, said: Json) -> Frame | None:
        topic = message.topic or ""
        if message.retain:
            return passed_over(message, NAME, RETAINED)
        if (about := _GATEWAY.search(topic)) is not None:
            return _gateway(message, said, about["gateway"], about["kind"])
        about = _DEVICE.search(topic)
        if about is not None and about["side"] == "command":
            return passed_over(message, NAME, "a command to a device")
        return self._event(message, said, eui=about["eui"] if about else "", kind=about["kind"] if about else "")

    def _event(self, message: Message, said: Json, *, eui: str, kind: str) -> Frame | None:
        if not kind and is_callback(said):
            return callback(message, said, profile=self._profile, codec=self._codec)
        eui = canonical(name(table(said.get("deviceInfo")).get("devEui")) or name(eui))
        kind = kind or _kind(said)
        if not eui or not said:
            return None
        if kind == "up":
            return self._uplink(message, said, eui)
        told = _TOLD.get(kind)
        return told(message, said, eui) if told else passed_over(message, NAME, f"an event of kind {name(kind)}")

    def _uplink(self, message: Message, said: Json, eui: str) -> Frame:
        data, port = _data(said), integer(said.get("fPort"))
        payload = self._once(eui, self._payload(said, data, port))
        events = self._events(eui, said, payload, data, port)
        heard_at = moment(said.get("time"))
        return _frame(
            message,
            said,
            eui,
            events,
            {**_reception(said), **payload.fields},
            payload=payload,
            dedup_key=_key(said, eui, heard_at),
            window_s=0.0 if events[0] in _SIGNS_OF_LIFE else REPEAT_WINDOW_S,
        )

    def _payload(self, said: Json, data: bytes, port: int | None) -> Payload:
        tag = name(table(table(said.get("deviceInfo")).get("tags")).get("codec"))
        codec = codec_for(tag or self._codec, port)
        return codec(data) if codec and 0 < len(data) <= UPLINK_BYTES_MAX else NOT_KNOWN

    def _once(self, eui: str, payload: Payload) -> Payload:
        """The payload with an SOS that goes on told once: later ones only say that it goes on."""
        told = eui in self._in_sos
        if Event.PRESS in payload.events:
            self._in_sos[eui] = None
            if len(self._in_sos) > _SOS_REMEMBERED_MAX:
                self._in_sos.pop(next(iter(self._in_sos)))
        elif "sos_flag" in payload.fields:
            self._in_sos.pop(eui, None)
        if not (told and payload.standing):
            return payload
        return replace(payload, events=tuple(_STILL.get(event, event) for event in payload.events))

    def _events(self, eui: str, said: Json, payload: Payload, data: bytes, port: int | None) -> tuple[Event, ...]:
        """What an uplink says: by the settings, by its bytes, else in the words of the network's own codec."""
        own = self._profile.get(f"{port}:{data.hex()}") or self._profile.get(data.hex())
        if own:
            return (own,)
        pressed = self._profile.get(str(payload.fields.get("press_kind")), Event.PRESS)
        events = tuple(pressed if event is Event.PRESS else event for event in payload.events)
        state = payload.fields if payload.known else table(said.get("object"))
        events = events if payload.known else state_events(state)
        events = gravest_first((*events, *self._standing.ended(eui, events, state)))
        return events or (Event.UNKNOWN if data and not payload.known and not said.get("object") else Event.HEARTBEAT,)


def canonical(address: str) -> str:
    """The one spelling of an address: an EUI without dashes or colons between its bytes, all in lower case."""
    trimmed = address.strip().lower()
    bare = re.sub(r"[-:]", "", trimmed)
    return bare if re.fullmatch(r"[0-9a-f]{16}", bare) else trimmed


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0) -> bytes:
    """
    The message with which ChirpStack would report this device (`DEVEUI`), as a line of the envelope.

    What no payload here has a word for is sent as a mere sign of life. `count` is the frame counter, and the seconds
    since the beginning of 2026 at which it was sent.
    """
    eui, _, button = address.partition(":")
    kind, said = _encoded(event, int(button or 1))
    at = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=count)).isoformat()
    body = {"time": at, "deviceInfo": {"devEui": eui, "deviceName": eui}, "devAddr": "00189440", **said}
    if kind == "up":
        body |= {"fCnt": count, "rxInfo": [{"gatewayId": "0016c001f153a140", "rssi": -60, "snr": 9.5}]}
    return wrap(f"application/0/device/{eui}/event/{kind}", json.dumps(body).encode(), False)


def _encoded(event: Event, button: int) -> tuple[str, Json]:
    if event is Event.BUTTON:
        return "up", _sent(85, f"ff34{button:02x}0000")
    if event in _ENCODED:
        return "up", _sent(*_ENCODED[event])
    return _ENCODED_OTHERWISE.get(event, ("up", _sent(85, "017564")))


def _sent(port: int, hexadecimal: str) -> Json:
    return {"fPort": port, "data": base64.b64encode(bytes.fromhex(hexadecimal)).decode()}


_ENCODED: Mapping[Event, tuple[int, str]] = {
    Event.PRESS: (85, "ff2e02"),
    Event.CANCEL: (18, "0a00f9860008"),
    Event.FALL: (85, "03f804000a003c00"),
    Event.FALL_SUSPECTED: (85, "06fb01000801ff"),
    Event.INACTIVITY: (85, "03f800010a003c00"),
    Event.BED_EXIT: (85, "03f803000a003c00"),
    Event.BED_ENTER: (85, "03f802000a003c00"),
    Event.PRESENCE: (85, "03f801000a003c00"),
    Event.VITALS: (85, "08b102dc05"),
    Event.SMOKE: (210, "0001513101"),
    Event.WATER: (210, "0001112101"),
    Event.TAMPER: (210, "0001010301"),
    Event.LOW_BATTERY: (210, "0001010501"),
    Event.TEST: (210, "0001518201"),
    Event.LOCATION: (18, "036ac18900001d28b901603702"),
    Event.UNKNOWN: (199, "00"),
}
_ENCODED_OTHERWISE: Mapping[Event, tuple[str, Json]] = {
    Event.ONLINE: ("join", {}),
    Event.FAULT: ("log", {"level": "ERROR", "code": "UPLINK_MIC", "description": "MIC of uplink frame is invalid"}),
    Event.INFO: ("log", {"level": "INFO", "code": "DOWNLINK_GATEWAY", "description": ""}),
    Event.ACK: ("ack", {"acknowledged": True}),
}

_STILL: Mapping[Event, Event] = {Event.PRESS: Event.STATUS_PRESS}
_SIGNS_OF_LIFE = frozenset({Event.HEARTBEAT, Event.IGNORE, Event.TELEMETRY, Event.VITALS, Event.LOCATION})


def _kind(said: Json) -> str:
    """Which event a body without a topic is, by the names that only this one has."""
    return next((kind for kind, names in _NAMES if names & said.keys()), "")


_NAMES: Sequence[tuple[str, frozenset[str]]] = (
    ("log", frozenset({"code", "level"})),
    ("status", frozenset({"batteryLevel", "margin", "batteryLevelUnavailable", "externalPowerSource"})),
    ("up", frozenset({"data", "fPort", "rxInfo", "object", "dr"})),
    ("location", frozenset({"location"})),
    ("ack", frozenset({"acknowledged"})),
    ("txack", frozenset({"downlinkId", "queueItemId"})),
    ("join", frozenset({"devAddr"})),
)


def _data(said: Json) -> bytes:
    """The bytes of an uplink; none where it has none, or none that can be read."""
    try:
        return base64.b64decode(said["data"], validate=True) if isinstance(said.get("data"), str) else b""
    except (binascii.Error, ValueError):
        return b""


def _key(said: Json, eui: str, sent_at: datetime | None) -> str:
    counter, session = integer(said.get("fCnt")) or 0, name(said.get("devAddr")).lower()
    while_s = int(sent_at.timestamp()) // SAME_UPLINK_S if sent_at else ""
    return f"{NAME}:{eui}:{session}:{counter}:{while_s}"[:240]


def _reception(said: Json) -> dict[str, Any]:
    """Which gateways have heard an uplink, and how strongly the nearest of them."""
    heard = said.get("rxInfo")
    gateways = [table(each) for each in heard] if isinstance(heard, list) else []
    strengths = [strength for each in gateways if (strength := number(each.get("rssi"))) is not None]
    return {"gateways": len(gateways)} | ({"rssi": max(strengths)} if strengths else {})


def _frame(
    message: Message,
    said: Json,
    eui: str,
    events: tuple[Event, ...],
    fields: Json,
    *,
    payload: Payload = NOT_KNOWN,
    dedup_key: str = "",
    window_s: float = 0.0,
) -> Frame:
    addresses = (f"{eui}:{payload.button}", eui) if payload.button else (eui,)
    info = table(said.get("deviceInfo"))
    about = {"devEui": name(info.get("devEui")) or eui, "deviceName": name(info.get("deviceName"))}
    at = payload.at or moment(said.get("time"))
    return Frame(
        event=events[0],
        also=events[1:],
        raw=message.raw,
        address=addresses[0],
        alternatives=addresses[1:],
        explicit=events[0] in EMERGENCIES,
        dedup_key=dedup_key or f"{NAME}:{eui}:{events[0]}",
        window_s=window_s,
        sliding=False,
        sent_at=at,
        position=payload.position,
        position_at=at - timedelta(seconds=payload.age_s) if at and payload.position else None,
        fields=MappingProxyType(scalars(said) | about | dict(fields)),
    )


def _status(message: Message, said: Json, eui: str) -> Frame:
    """The battery, as the network has asked for it. On the mains, and where a device cannot tell, 0 means nothing."""
    told = not (said_true(said.get("externalPowerSource")) or said_true(said.get("batteryLevelUnavailable")))
    level = number(said.get("batteryLevel")) if told else None
    events = (Event.LOW_BATTERY if battery_is_low(level) else Event.HEARTBEAT,)
    return _frame(message, said, eui, events, {} if level is None else {"battery": level})


def _join(message: Message, said: Json, eui: str) -> Frame:
    return _frame(message, said, eui, (Event.ONLINE,), {})


def _log(message: Message, said: Json, eui: str) -> Frame:
    """Something went wrong with a device. What loses its presses is a fault, and so is every error."""
    code = name(said.get("code"))
    serious = code in _LOST or name(said.get("level")).upper() == "ERROR"
    fields = {"detail": code, "presses_lost": code in _LOST}
    return _frame(message, said, eui, (Event.FAULT if serious else Event.INFO,), fields)


def _location(message: Message, said: Json, eui: str) -> Frame:
    where = table(said.get("location"))
    found = place(where.get("latitude"), where.get("longitude"))
    fields = {"lat": found.lat, "lon": found.lng} if found else {}
    return _frame(message, said, eui, (Event.LOCATION,), fields, payload=Payload(position=found))


def _ack(message: Message, said: Json, eui: str) -> Frame:
    """The device has answered a command, or has not in time, which is no sign of its life."""
    if not said_true(said.get("acknowledged")):
        return passed_over(message, NAME, "a command that was not answered", {"devEui": eui})
    return _frame(message, said, eui, (Event.ACK,), {})


_TOLD: Mapping[str, Callable[[Message, Json, str], Frame]] = MappingProxyType(
    {"status": _status, "join": _join, "log": _log, "location": _location, "ack": _ack}
)

_CONNECTION = {"ONLINE": Event.ONLINE, "OFFLINE": Event.OFFLINE}


def _gateway(message: Message, said: Json, gateway: str, kind: str) -> Frame:
    """What a radio gateway says of itself, or that the network has lost it."""
    event = Event.HEARTBEAT if kind == "stats" else _CONNECTION.get(name(said.get("state")).upper())
    if event is None:
        return passed_over(message, NAME, "traffic of a radio gateway")
    fields = MappingProxyType({"gateway": name(gateway)})
    return Frame(event=event, raw=message.raw, scope=Scope.GATEWAY, dedup_key=f"{NAME}:gateway:{event}", fields=fields)
