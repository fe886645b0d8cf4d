"""
The numbers with which a Chinese elder-care platform says what it pushes: `{"pushType":4,"Action":115}`.

`pushType` is 1 SOS, 2 vital values, 3 position, 4 notice, and a notice's `Action` says of what. Source: "alert.md" of a
client of that platform (page on a git host, vendor not named; PROTOCOLS section 12).
"""

from collections.abc import Mapping
from types import MappingProxyType

from devices.decoders.json_values import Json, integer
from dispatch.rules.signal import Event

SOS_PUSH = 1
_BY_PUSH: Mapping[int, Event] = MappingProxyType({2: Event.VITALS, 3: Event.LOCATION})


def _table(*groups: tuple[Event, str]) -> Mapping[int, Event]:
    return MappingProxyType({int(code): event for event, codes in groups for code in codes.split()})


ACTIONS: Mapping[int, Event] = _table(
    (Event.PRESS, "7 50 115 131 456"),  # button, NB button, pull cord, intercom, emergency button of a kit
    (Event.FALL, "11 118 127"),  # watch, fall radar, fall sensor
    (Event.SMOKE, "124 452"),
    (Event.GAS, "123 129 454"),
    (Event.CO, "455"),
    (Event.WATER, "125 458"),
    (Event.WANDERING, "5"),  # left its fence
    (Event.RESTORE, "6 52"),  # back inside its fence; alarm reset or device well again
    (Event.ALARM, "35 36 45 61 121 134"),  # some device alarms, and the notice does not say of what
    (Event.INTRUSION, "49 453 459"),  # infrared
    (Event.CONTACT_OPEN, "113 117 451"),  # door
    (Event.LOW_BATTERY, "9"),
    (Event.TAMPER, "10 51 457"),  # taken off, opened
    (Event.OFFLINE, "28 84"),
    (Event.ONLINE, "85"),
    (Event.TEST, "67"),
    (Event.PRESENCE, "63"),
    (Event.ARM_DISARM, "42 43 44"),
    (Event.LOCATION, "4"),  # stays inside its fence
    (Event.INFO, "22 23 24 26 27 37 47 86 87 114 116 119 122 126 200"),  # weather, SIM, Wi-Fi, members, cameras
)
"""What each `Action` means. What alarms without saying of what is an alarm of unknown kind."""

_GATEWAYS = frozenset({84, 85})
_ONLINE_CHANGED = -1

ACTION_OF: Mapping[Event, int] = MappingProxyType(
    {event: min(code for code, each in ACTIONS.items() if each is event) for event in dict.fromkeys(ACTIONS.values())}
)
"""A number for each event that the platform can say, the lowest."""


def pushed(push: int | None, action: int | None, said: Json) -> Event:
    """
    What a push says, by its `pushType` and its `Action`, None where one is missing.

    An SOS is one whatever stands beside it. A number that nobody knows is shown as unknown.
    """
    if push == SOS_PUSH:
        return Event.PRESS
    if action == _ONLINE_CHANGED:
        return Event.ONLINE if integer(said.get("OL")) == 1 else Event.OFFLINE
    known = ACTIONS.get(action) if action is not None else None
    return known or (_BY_PUSH.get(push, Event.UNKNOWN) if push is not None else Event.UNKNOWN)


def is_about_gateway(action: int | None) -> bool:
    """Whether an `Action` is about the box in the home that hears the sensors."""
    return action in _GATEWAYS
