"""
Events and positions that a Traccar server forwards as JSON, over HTTP or MQTT (see `envelope.py`).

    {"event":{"type":"alarm","attributes":{"alarm":"sos"},"eventTime":…},"device":{"uniqueId":…},"position":{…}}
    {"device":{"uniqueId":…},"position":{"attributes":{"alarm":"sos,lowBattery"},"latitude":…,"fixTime":…}}

Two traps on the server's side: `event.ignoreDuplicateAlerts` is true by default and drops a second SOS while the first
is in the last position, and events are forwarded once, without a retry. So positions are to be forwarded too, with
retries, and their alarms are read here as well; the same press told both ways is one. Several alarms of one position
are joined by commas. Sources: `traccar/traccar` (forward/EventData.java, model/Event.java, model/Position.java).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tally, gravest_first
from devices.decoders.envelope import RETAINED, Lines, Message, passed_over
from devices.decoders.json_values import Json, moment, name, number, place, said_false, table
from devices.decoders.state_words import EMERGENCIES, Standing, battery_is_low
from dispatch.rules.place import Position
from dispatch.rules.signal import Event, Scope

NAME = "traccar"

REPEAT_WINDOW_S = 600.0
"""The same alarm of the same moment, as event and as position, with all retries (PROTOCOLS section 13, watches)."""


class Traccar:
    """
    One Traccar server.

    `profile` may give an event to an alarm word (`general`, `vibration`) or to an event type (`geofenceExit`).
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._words = {**_WORDS, **profile}
        self._lines = Lines(tally=self.tally)
        self._standing = Standing()

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes: at most one for each message."""
        return [frame for message in self._lines.feed(data) if (frame := self._frame(message)) is not None]

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing of its own: the port answers the request that brought it."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: what is garbled is not forwarded better a second time."""
        return b""

    def _frame(self, message: Message) -> Frame | None:
        said = table(message.said)
        device = canonical(name(table(said.get("device")).get("uniqueId")))
        if message.retain:
            return passed_over(message, NAME, RETAINED, {"device": device})
        if not device or not (table(said.get("event")) or table(said.get("position"))):
            self.tally.malformed += 1
            return None
        return self._said(message, device, table(said.get("event")), table(said.get("position")))

    def _said(self, message: Message, device: str, event: Json, position: Json) -> Frame:
        kind = name(event.get("type"))
        about = {} if kind in _OF_THE_SERVER else position
        words = _alarms(event, about)
        events = self._events(device, kind, words, about)
        found = _position(about)
        at = moment(about.get("deviceTime")) or moment(event.get("eventTime")) or moment(about.get("fixTime"))
        return Frame(
            event=events[0],
            also=events[1:],
            raw=message.raw,
            address=device,
            scope=Scope.GATEWAY if words == ["lowPower"] else Scope.DEVICE,
            explicit=events[0] in EMERGENCIES,
            dedup_key=_key(device, kind, events, at),
            window_s=0.0 if events[0] in _SIGNS_OF_LIFE else REPEAT_WINDOW_S,
            sliding=False,
            sent_at=at,
            position=found,
            position_at=_fixed_at(about) if found else None,
            fields=MappingProxyType(_fields(device, kind, words, about, found)),
        )

    def _events(self, device: str, kind: str, words: Iterable[str], position: Json) -> tuple[Event, ...]:
        """Everything that is told, gravest first. An alarm that nobody knows is an alarm, not nothing."""
        told = [self._words.get(word, Event.ALARM) for word in words]
        if kind and kind != "alarm":
            told.append(self._words.get(kind, Event.INFO))
        elif kind and not told:
            told.append(Event.ALARM)
        battery = {"battery": table(position.get("attributes")).get("batteryLevel")}
        low = [Event.LOW_BATTERY] if battery_is_low(battery["battery"]) else []
        ended = self._standing.ended(device, (*told, *low), battery)
        where = [] if kind else [Event.LOCATION]
        return gravest_first((*told, *low, *where, *ended))


def canonical(address: str) -> str:
    """The one spelling of an address: the uniqueId as it is, trimmed."""
    return address.strip()


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0) -> bytes:
    """
    The body with which Traccar would forward this, as one line.

    What has no word there is sent as a position. `count` is the number of the event and the seconds since the beginning
    of 2026 at which it happened.
    """
    at = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=count)).isoformat(timespec="milliseconds")
    position: dict[str, Any] = {"id": count, "deviceTime": at, "fixTime": at, "valid": True, "attributes": {}}
    position |= {"latitude": 38.05, "longitude": 114.5}
    said: dict[str, Any] = {"device": {"id": 1, "uniqueId": address, "name": address}, "position": position}
    if event in _ENCODED:
        kind, alarm = _ENCODED[event]
        position["attributes"] = {"alarm": alarm} if alarm else {}
        said["event"] = {"id": count, "type": kind, "eventTime": at, "attributes": position["attributes"]}
    return json.dumps(said).encode() + b"\n"


_ENCODED: Mapping[Event, tuple[str, str]] = {
    Event.PRESS: ("alarm", "sos"),
    Event.FALL: ("alarm", "fallDown"),
    Event.ALARM: ("alarm", "general"),
    Event.LOW_BATTERY: ("alarm", "lowBattery"),
    Event.TAMPER: ("alarm", "removing"),
    Event.MAINS_FAIL: ("alarm", "powerCut"),
    Event.MAINS_RESTORE: ("alarm", "powerRestored"),
    Event.JAMMING: ("alarm", "jamming"),
    Event.FAULT: ("alarm", "fault"),
    Event.VIBRATION: ("alarm", "vibration"),
    Event.WANDERING: ("geofenceExit", ""),
    Event.RESTORE: ("geofenceEnter", ""),
    Event.OFFLINE: ("deviceOffline", ""),
    Event.ONLINE: ("deviceOnline", ""),
    Event.INFO: ("ignitionOn", ""),
}

_WORDS: Mapping[str, Event] = MappingProxyType(
    {
        "sos": Event.PRESS,
        "fallDown": Event.FALL,
        "general": Event.ALARM,
        "accident": Event.ALARM,
        "geofence": Event.WANDERING,
        "geofenceExit": Event.WANDERING,
        "geofenceEnter": Event.RESTORE,
        "tampering": Event.TAMPER,
        "removing": Event.TAMPER,
        "lowBattery": Event.LOW_BATTERY,
        "lowPower": Event.LOW_BATTERY,
        "powerCut": Event.MAINS_FAIL,
        "powerRestored": Event.MAINS_RESTORE,
        "powerOff": Event.OFFLINE,
        "powerOn": Event.ONLINE,
        "jamming": Event.JAMMING,
        "fault": Event.FAULT,
        "gpsAntennaCut": Event.FAULT,
        "vibration": Event.VIBRATION,
        "shock": Event.VIBRATION,
        "movement": Event.LOCATION,
        "deviceOnline": Event.ONLINE,
        "deviceOffline": Event.OFFLINE,
        "deviceUnknown": Event.OFFLINE,
        "deviceInactive": Event.OFFLINE,
        "deviceMoving": Event.LOCATION,
        "deviceStopped": Event.LOCATION,
    }
    | dict.fromkeys(("lowspeed", "overspeed", "door", "lock", "unlock", "tow", "idle", "highRpm"), Event.INFO)
    | dict.fromkeys(("hardAcceleration", "hardBraking", "hardCornering", "laneChange", "fatigueDriving"), Event.INFO)
    | dict.fromkeys(("temperature", "parking", "bonnet", "footBrake", "fuelLeak"), Event.INFO)
)
"""The words of Position.ALARM_… and Event.TYPE_…; those about driving a car are noted and no more."""

_OF_THE_SERVER = frozenset(
    {"deviceOnline", "deviceOffline", "deviceUnknown", "deviceInactive", "commandResult", "queuedCommandSent"}
)
"""Events that the server makes by itself: the position beside them is the last one, however old, with its old alarm."""

_SIGNS_OF_LIFE = frozenset({Event.LOCATION, Event.INFO, Event.ONLINE, Event.OFFLINE})


def _alarms(event: Json, position: Json) -> list[str]:
    """The alarm words of an event and of its position, each once."""
    both = (table(event.get("attributes")).get("alarm"), table(position.get("attributes")).get("alarm"))
    words = [word.strip() for said in both for word in name(said).split(",")]
    return list(dict.fromkeys(word for word in words if word))


def _key(device: str, kind: str, events: tuple[Event, ...], at: datetime | None) -> str:
    """
    The same for an alarm told as an event and in its position. Without a moment the kind of the event must do.
    """
    told = ",".join(event for event in events if event not in _BESIDE) or kind
    return f"{NAME}:{device}:{at.timestamp() if at else kind}:{told}"[:240]


_BESIDE = frozenset({Event.LOCATION, Event.BATTERY_RESTORE})


def _position(position: Json) -> Position | None:
    """Where the device is; None where it says itself that it does not know."""
    if said_false(position.get("valid", True)):
        return None
    return place(position.get("latitude"), position.get("longitude"))


def _fixed_at(position: Json) -> datetime | None:
    """When the position was found, by the device's clock, which may run ahead, but not of the server that heard it."""
    fixed, heard = moment(position.get("fixTime")), moment(position.get("serverTime"))
    return min(fixed, heard) if fixed and heard else fixed


def _fields(device: str, kind: str, words: Sequence[str], position: Json, found: Position | None) -> dict[str, Any]:
    attributes = table(position.get("attributes"))
    where = {"lat": found.lat, "lng": found.lng, "accuracy_m": number(position.get("accuracy"))} if found else {}
    battery = number(attributes.get("batteryLevel"))
    return {
        "device": device,
        "type": kind or "position",
        "alarms": list(words),
        **({} if battery is None else {"battery": battery}),
        **where,
    }
