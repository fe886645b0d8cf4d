"""
The words in which smart-home bridges report a device's state: `{"smoke":true,"battery_low":false}`.

Sources: the converters and device files of `Koenkk/zigbee-herdsman-converters` (fromZigbee.ts, heiman.ts, tuya.ts,
climax.ts, feibit.ts), whose words ChirpStack codecs and others use too.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import gravest_first
from devices.decoders.json_values import Json, number, said_false, said_true
from dispatch.rules.signal import CAUSES, Event

EMERGENCIES = frozenset(
    {
        Event.PRESS,
        Event.DURESS,
        Event.FALL,
        Event.SMOKE,
        Event.FIRE,
        Event.HEAT,
        Event.GAS,
        Event.CO,
        Event.WATER,
    }
)
"""
What a device of one of these bridges says in so many words, so that even one that is not registered is heard.

A bridge's device may be renamed with a click, and then nobody is registered under its new name. Left out is what only
means something in a home we know: leaving a zone, lying still, an alarm of unknown kind.
"""

BATTERY_LOW_PERCENT = 15
BATTERY_WELL_PERCENT = 25
"""
At or below the first a battery is low, at or above the second it is well again; between them nothing changes
(PROTOCOLS section 8: the threshold is ours, with hysteresis).
"""

TRUE: Mapping[str, Event] = MappingProxyType(
    {
        "sos": Event.PRESS,
        "emergency": Event.PRESS,
        "panic": Event.PRESS,
        "fall": Event.FALL,
        "smoke": Event.SMOKE,
        "gas": Event.GAS,
        "carbon_monoxide": Event.CO,
        "water_leak": Event.WATER,
        "alarm": Event.ALARM,
        "tamper": Event.TAMPER,
        "battery_low": Event.LOW_BATTERY,
        "battery_defect": Event.FAULT,
        "trouble": Event.FAULT,
        "vibration": Event.VIBRATION,
        "occupancy": Event.MOTION,
        "motion": Event.MOTION,
        "presence": Event.PRESENCE,
        "contact": Event.CONTACT_CLOSED,
        "test": Event.TEST,
    }
)
FALSE: Mapping[str, Event] = MappingProxyType({"contact": Event.CONTACT_OPEN, "ac_connected": Event.MAINS_FAIL})
CHOICES: Mapping[str, Mapping[str, Event]] = MappingProxyType(
    {
        "fall_status": {"fall_alarm": Event.FALL, "fall_warning": Event.FALL_SUSPECTED},
        "fall_down_status": {"fall": Event.FALL, "maybe_fall": Event.FALL_SUSPECTED},
    }
)
"""What an attribute means when it is true, when it is false, and by the word that it has."""

ATTRIBUTES = frozenset({"action", "battery", *TRUE, *FALSE, *CHOICES})
"""Every attribute that says something to us."""

_ENDED: Mapping[Event, Event] = MappingProxyType(
    {
        Event.LOW_BATTERY: Event.BATTERY_RESTORE,
        Event.TAMPER: Event.TAMPER_RESTORE,
        Event.MAINS_FAIL: Event.MAINS_RESTORE,
    }
    | dict.fromkeys(EMERGENCIES | {Event.FALL_SUSPECTED, Event.ALARM}, Event.RESTORE)
)
"""What it is called when a state ends. Of the others nobody needs to hear the end."""

_OWN_WORDS = frozenset({*CHOICES, *(word for word, event in TRUE.items() if event in EMERGENCIES)})
_BESIDE: Mapping[Event, Event] = MappingProxyType(
    {
        Event.MOTION: Event.PRESENCE,
        Event.VIBRATION: Event.TELEMETRY,
        Event.CONTACT_OPEN: Event.TELEMETRY,
        Event.CONTACT_CLOSED: Event.TELEMETRY,
    }
)
"""
A device that has a word for its emergency says nothing of it by moving: without this, a radar registered for falls
would call one whenever somebody walks by.
"""

_ENDPOINT = re.compile(r"_(?:l?[0-9]{1,2}|left|right|top|bottom|center)$")
_EMERGENCY_WORDS = frozenset({"emergency", "panic", "sos"})
_UNDONE = frozenset({"cancel", "clear", "stop", "off", "release", "reset"})
_ARMING = frozenset({"arm", "disarm", "armed", "disarmed"})


def action_event(action: str) -> Event:
    """
    What an `action` says of itself: an emergency in so many words, or that a button was used.

    Multi-button devices add their endpoint (`panic_1`); `single`, `double`, `hold` mean what the device is
    registered as.
    """
    words = set(re.split(r"[^a-z0-9]+", action.lower()))
    if words & _EMERGENCY_WORDS and not words & _UNDONE:
        return Event.PRESS
    if words == {"fire"}:
        return Event.FIRE
    return Event.ARM_DISARM if words & _ARMING else Event.BUTTON


def state_events(said: Json) -> tuple[Event, ...]:
    """What the state says now, gravest first; nothing of its `action`, and empty when all is well."""
    state = _attributes(said)
    told = [event for word, value in state if (event := _event(word, value)) is not None]
    if told and not _OWN_WORDS.isdisjoint(word for word, _ in state):
        told = [_BESIDE.get(event, event) for event in told]
    return gravest_first(told + ([Event.LOW_BATTERY] if battery_is_low(said.get("battery")) else []))


def battery_is_low(percent: object) -> bool:
    """Whether this is a percentage and says that the battery wants changing."""
    level = number(percent)
    return level is not None and level <= BATTERY_LOW_PERCENT


def _attributes(said: Json) -> list[tuple[str, Any]]:
    """The attributes that say something, without the endpoint that a device with several adds to them."""
    bare = ((word if word in ATTRIBUTES or "_" not in word else _ENDPOINT.sub("", word), said[word]) for word in said)
    return [(word, value) for word, value in bare if word in ATTRIBUTES]


def _event(attribute: str, value: object) -> Event | None:
    if attribute in CHOICES:
        return CHOICES[attribute].get(value) if isinstance(value, str) else None
    if said_true(value):
        return TRUE.get(attribute)
    return FALSE.get(attribute) if said_false(value) else None


class Standing:
    """
    Which states of which devices have not ended yet, at most `REMEMBERED_MAX` of them, the latest.

    A bridge repeats a device's whole state with every message. That a state has ended is news only after it was told
    that it began; after a new connection nobody knows, and then nothing is said.
    """

    REMEMBERED_MAX = 10_000

    def __init__(self) -> None:
        self._begun: OrderedDict[tuple[str, Event], None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._begun)

    def ended(self, device: str, events: tuple[Event, ...], said: Json) -> tuple[Event, ...]:
        """What has ended, by the words of its end, now that the device tells these events in this state."""
        over = [event for event in _denied(said) if event not in events and (device, event) in self._begun]
        for event in over:
            del self._begun[device, event]
        for event in events:
            if event in _ENDED:
                self._remember(device, event)
        ends = dict.fromkeys(_ENDED[event] for event in over)
        if not CAUSES.keys().isdisjoint(events):  # A warning that has become an alarm has not ended well.
            ends.pop(Event.RESTORE, None)
        return tuple(ends)

    def _remember(self, device: str, event: Event) -> None:
        self._begun[device, event] = None
        self._begun.move_to_end((device, event))
        if len(self._begun) > self.REMEMBERED_MAX:
            self._begun.popitem(last=False)


def _denied(said: Json) -> list[Event]:
    """The events of which this state says that they are not so."""
    over = [event for word, value in _attributes(said) for event in _opposites(word, value)]
    return [event for event in over if event is not Event.LOW_BATTERY] + ([Event.LOW_BATTERY] if _is_well(said) else [])


def _is_well(said: Json) -> bool:
    """Whether the battery is surely well: by its percentage where there is one, else by the word."""
    level, low = number(said.get("battery")), said.get("battery_low")
    if level is not None:
        return level >= BATTERY_WELL_PERCENT and not said_true(low)
    return low is not None and said_false(low)


def _opposites(attribute: str, value: object) -> list[Event]:
    if attribute in CHOICES:
        return [event for word, event in CHOICES[attribute].items() if isinstance(value, str) and word != value]
    if said_false(value) and attribute in TRUE:
        return [TRUE[attribute]]
    return [FALSE[attribute]] if said_true(value) and attribute in FALSE else []
