"""
Zigbee2MQTT, as messages of its MQTT topics (see `envelope.py`).

    zigbee2mqtt/<friendly name>                 {"action":"emergency","battery":80,"linkquality":144}
    zigbee2mqtt/<friendly name>/action          emergency                   the same again, older versions
    zigbee2mqtt/<friendly name>/<attribute>     true                        with `output: attribute`
    zigbee2mqtt/<friendly name>/availability    {"state":"offline"}         or plain text, retained
    zigbee2mqtt/bridge/state                    {"state":"online"}          or plain text, retained; the last will
    zigbee2mqtt/bridge/event                    {"type":"device_leave","data":{"friendly_name":…,"ieee_address":…}}
    zigbee2mqtt/<friendly name>/set | get       somebody's command to a device

A friendly name may hold slashes and blanks. One way: nothing is acknowledged, QoS 0, and what is retained is old.
Sources: `Koenkk/zigbee2mqtt` (lib/controller.ts, mqtt.ts, extension/availability.ts), its page on topics and messages,
issues 2797, 7184, 12819, 31727, 31821.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tally, gravest_first
from devices.decoders.envelope import RETAINED, Lines, Message, passed_over, wrap
from devices.decoders.json_values import Json, loaded, moment, name, scalars, table
from devices.decoders.state_words import ATTRIBUTES, EMERGENCIES, Standing, action_event, state_events
from dispatch.rules.signal import Event, Scope

REPEAT_WINDOW_S = 2.0
"""The same action of the same device nearer than this is one press, told on two topics (PROTOCOLS section 13)."""

BASE = "zigbee2mqtt"
"""The base topic unless somebody has configured another."""

_COMMANDS = frozenset({"set", "get"})
_EQUIPMENT = frozenset({Event.LOW_BATTERY, Event.TAMPER, Event.FAULT, Event.MAINS_FAIL})


class Zigbee2Mqtt:
    """
    One bridge.

    `profile` may give an event to an action, for all devices (`single`) or for one (`bed_sos:single`): some sold as
    emergency buttons only say `single`, and some (TS0601_sos) say `emergency` without having been pressed.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._lines = Lines(tally=self.tally)
        self._standing = Standing()

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes: at most one for each message."""
        return [frame for message in self._lines.feed(data) if (frame := self._frame(message)) is not None]

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing: there is no one to tell."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: there is no one to ask."""
        return b""

    def _frame(self, message: Message) -> Frame | None:
        if message.topic is None:
            frame = self._device(_name_inside(table(message.said)), message, table(message.said))
        else:
            frame = self._by_topic(_below_base(message.topic), message)
        self.tally.malformed += frame is None
        return frame

    def _by_topic(self, path: list[str], message: Message) -> Frame | None:
        if path[:1] == ["bridge"]:
            return _bridge("/".join(path[1:]), message)
        if not path:
            return passed_over(message, BASE, "not a topic of the bridge")
        if _COMMANDS & set(path[1:]):
            return passed_over(message, BASE, "a command to a device")
        if not message.text.strip():
            return passed_over(message, BASE, "a retained message was taken back")
        if path[-1:] == ["availability"]:
            return _availability("/".join(path[:-1]), message)
        if not isinstance(message.said, dict) and len(path) > 1 and path[-1] not in ATTRIBUTES:
            return passed_over(message, BASE, "an attribute that says nothing")
        return self._device(*_state_of(path, message))

    def _device(self, device: str, message: Message, said: Json) -> Frame | None:
        """What a device says of itself; None without its name or a state."""
        device = name(device)
        if not device or not said:
            return None
        if message.retain:
            return _kept(device, message, said)
        events, action = self._events(device, said), name(said.get("action"))
        return _frame(message, device, events, said, key=_key(device, action, events))

    def _events(self, device: str, said: Json) -> tuple[Event, ...]:
        """Everything it says, gravest first. The empty action that follows a press repeats its battery: nothing new."""
        state, action = state_events(said), said.get("action")
        if action == "":
            return tuple(event for event in state if event in EMERGENCIES) or (Event.IGNORE,)
        pressed = (self._action(device, name(action)),) if name(action) else ()
        ended = self._standing.ended(device, state, said)
        return gravest_first((*pressed, *state, *ended)) or (Event.HEARTBEAT,)

    def _action(self, device: str, action: str) -> Event:
        own = self._profile.get(f"{device}:{action}") or self._profile.get(action)
        return own or action_event(action)


def canonical(address: str) -> str:
    """The one spelling of an address: the friendly name as it is, trimmed; the bridge tells capitals from small."""
    return address.strip()


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0) -> bytes:
    """
    The message with which a bridge would report this device, as a line of the envelope.

    What Zigbee2MQTT has no word for is sent as a mere sign of life. `count` is the link quality.
    """
    topic, said = _ENCODED.get(event, ("{}", {}))
    said = {**said, "linkquality": count % 256} if topic == "{}" else said
    return wrap(f"{BASE}/{topic.format(address)}", json.dumps(said).encode(), False)


_ENCODED: Mapping[Event, tuple[str, Json]] = {
    Event.PRESS: ("{}", {"action": "emergency", "battery": 80}),
    Event.BUTTON: ("{}", {"action": "single", "battery": 80}),
    Event.ARM_DISARM: ("{}", {"action": "disarm"}),
    Event.FIRE: ("{}", {"action": "fire"}),
    Event.FALL: ("{}", {"fall_status": "fall_alarm"}),
    Event.FALL_SUSPECTED: ("{}", {"fall_status": "fall_warning"}),
    Event.SMOKE: ("{}", {"smoke": True}),
    Event.GAS: ("{}", {"gas": True}),
    Event.CO: ("{}", {"carbon_monoxide": True}),
    Event.WATER: ("{}", {"water_leak": True}),
    Event.ALARM: ("{}", {"alarm": True}),
    Event.TAMPER: ("{}", {"tamper": True}),
    Event.LOW_BATTERY: ("{}", {"battery": 7}),
    Event.FAULT: ("{}", {"trouble": True}),
    Event.MAINS_FAIL: ("{}", {"ac_connected": False}),
    Event.MOTION: ("{}", {"occupancy": True}),
    Event.PRESENCE: ("{}", {"presence": True}),
    Event.VIBRATION: ("{}", {"vibration": True}),
    Event.CONTACT_OPEN: ("{}", {"contact": False}),
    Event.CONTACT_CLOSED: ("{}", {"contact": True}),
    Event.TEST: ("{}", {"test": True}),
    Event.HEARTBEAT: ("{}", {"action": None, "battery": 80}),
    Event.OFFLINE: ("{}/availability", {"state": "offline"}),
    Event.ONLINE: ("{}/availability", {"state": "online"}),
}
"""Below which topic, and what, for everything the bridge can say of a device."""


def _below_base(topic: str) -> list[str]:
    """The parts of a topic below the base, which is the first part unless one of them is named like the bridge."""
    parts = topic.split("/")
    if parts[0] == "homeassistant":  # Announcements for another program.
        return []
    base = next((at for at, part in enumerate(parts) if part.startswith(BASE)), 0)
    return parts[base + 1 :]


def _name_inside(said: Json) -> str:
    """The name in a payload that includes its device (`include_device_information`)."""
    device = table(said.get("device"))
    return name(device.get("friendlyName")) or name(device.get("ieeeAddr"))


def _state_of(path: list[str], message: Message) -> tuple[str, Message, Json]:
    """The device of a topic and its state; one attribute under its own topic makes a state of one value."""
    if isinstance(message.said, dict):
        return "/".join(path), message, message.said
    value = loaded(message.text)
    return "/".join(path[:-1]), message, {path[-1]: message.text.strip() if value is None else value}


def _kept(device: str, message: Message, said: Json) -> Frame:
    """
    What the broker has kept of a device. A press or a fire in it is over; the state of the equipment may still hold.
    """
    events = state_events(said)
    if name(said.get("action")) or not events or not _EQUIPMENT.issuperset(events):
        return passed_over(message, BASE, RETAINED, {"device": device})
    return _frame(message, device, events, {**said, "retained": True}, key=f"{device}:{events[0]}")


def _key(device: str, action: str, events: tuple[Event, ...]) -> str:
    """
    The same for the same press, whichever of its topics told it and whatever battery was told beside it.
    """
    told = [action, *(event for event in events if event in EMERGENCIES)] if action else events[:1]
    return f"{device}:{','.join(dict.fromkeys(told))}"


def _frame(
    message: Message, device: str, events: tuple[Event, ...], said: Json, *, key: str, scope: Scope = Scope.DEVICE
) -> Frame:
    address, ieee = canonical(device), name(table(said.get("device")).get("ieeeAddr") or said.get("ieee_address"))
    fields = scalars(said) | {"device": device}
    return Frame(
        event=events[0],
        also=events[1:],
        raw=message.raw,
        address=address,
        alternatives=(ieee,) if ieee and ieee != address else (),
        scope=scope,
        explicit=events[0] in EMERGENCIES,
        dedup_key=f"{BASE}:{key}"[:240],
        window_s=0.0 if events[0] in _NEVER_COPIES else REPEAT_WINDOW_S,
        sliding=False,
        sent_at=moment(said.get("last_seen")),
        fields=MappingProxyType(fields | ({"needs_registration": True} if events[0] is Event.BUTTON else {})),
    )


_NEVER_COPIES = frozenset({Event.HEARTBEAT, Event.IGNORE, Event.ONLINE, Event.OFFLINE})


def _state_word(message: Message) -> str:
    """`online` or `offline`, plain as before version 2 or in JSON."""
    return name(table(message.said).get("state") or message.text.strip().strip('"')).lower()


_STATES = {"online": Event.ONLINE, "offline": Event.OFFLINE}


def _availability(device: str, message: Message) -> Frame | None:
    """Retained, and still true: the bridge keeps it up to date."""
    event, device = _STATES.get(_state_word(message)), name(device)
    if event is None or not device:
        return None
    return _frame(message, device, (event,), {"state": str(event)}, key=f"{device}:{event}")


def _bridge(path: str, message: Message) -> Frame | None:
    """What the bridge says of itself."""
    head = path.partition("/")[0]
    told = _BRIDGE.get(head)
    return told(message) if told is not None else _own(Event.GATEWAY_INFO, message, {"topic": name(path)})


def _bridge_state(message: Message) -> Frame | None:
    event = _STATES.get(_state_word(message))
    return None if event is None else _own(event, message, {"state": str(event)})


def _bridge_event(message: Message) -> Frame | None:
    """A device has come, has left, or has been switched on. It is named by its name, or by its radio address."""
    said = table(message.said)
    about = table(said.get("data"))
    device, kind = name(about.get("friendly_name")) or name(about.get("ieee_address")), name(said.get("type"))
    if not device or message.retain:
        return _own(Event.GATEWAY_INFO, message, {"type": kind})
    event, reason = _MEMBERSHIP.get(kind, (Event.INFO, kind))
    return _frame(message, device, (event,), {**about, "type": kind, "reason": reason}, key=f"{device}:{kind}")


_MEMBERSHIP: Mapping[str, tuple[Event, str]] = {
    "device_joined": (Event.ONLINE, "joined the network"),
    "device_announce": (Event.ONLINE, "switched on"),
    "device_leave": (Event.OFFLINE, "left the network"),
}


def _own(event: Event, message: Message, fields: Mapping[str, Any]) -> Frame:
    return Frame(
        event=event,
        raw=message.raw,
        scope=Scope.GATEWAY,
        dedup_key=f"{BASE}:bridge:{event}",
        fields=MappingProxyType(dict(fields)),
    )


_BRIDGE: Mapping[str, Callable[[Message], Frame | None]] = MappingProxyType(
    {
        "state": _bridge_state,
        "event": _bridge_event,
        "health": lambda message: _own(Event.HEARTBEAT, message, {}),
        "request": lambda message: passed_over(message, BASE, "a command to the bridge"),
    }
)
