"""What a frame means, coming from a device that is registered as something, or from one that is not."""

from collections.abc import Mapping

from devices.decoders.decoder import Frame, Role, gravest_first
from dispatch.rules.signal import CAUSES, Event

_UNTOLD = frozenset(
    {
        Event.BUTTON,
        Event.AMBIGUOUS,
        Event.ALARM,
        Event.ALARM_24H,
        Event.INTRUSION,
        Event.SENSOR_STATE,
        Event.CONTACT,
        Event.CONTACT_OPEN,
        Event.MOTION,
        Event.VIBRATION,
    }
)
"""
What a transmitter says that has no word for its purpose: a fixed-code chip in a pendant, a smoke detector or a door.

Any of these is what the device was registered for.
"""

_PENDANT_ONLY = {Event.CONTACT_CLOSED: Event.PRESS}
"""
A pendant in the shell of a contact reports a press as a change, and which way is the maker's choice (Honeywell, DSC).
"""

_MEANT: Mapping[str, Mapping[Event, Event]] = {
    Role.PENDANT: dict.fromkeys(_UNTOLD, Event.PRESS) | _PENDANT_ONLY,
    Role.FALL: dict.fromkeys(_UNTOLD, Event.FALL) | {Event.CONTACT_CLOSED: Event.RESTORE},
    Role.SMOKE: dict.fromkeys(_UNTOLD, Event.SMOKE) | {Event.CONTACT_CLOSED: Event.RESTORE},
    Role.GAS: dict.fromkeys(_UNTOLD, Event.GAS) | {Event.CONTACT_CLOSED: Event.RESTORE},
    Role.WATER: dict.fromkeys(_UNTOLD, Event.WATER) | {Event.CONTACT_CLOSED: Event.RESTORE},
    Role.CANCEL: dict.fromkeys(_UNTOLD | {Event.ARM_DISARM, Event.CONTACT_CLOSED}, Event.CANCEL),
    Role.MOTION: dict.fromkeys(_UNTOLD, Event.MOTION),
    Role.DOOR: dict.fromkeys(_UNTOLD - {Event.BUTTON, Event.CONTACT, Event.SENSOR_STATE}, Event.CONTACT_OPEN)
    | dict.fromkeys((Event.BUTTON, Event.SENSOR_STATE), Event.CONTACT),
    Role.BED: dict.fromkeys(_UNTOLD, Event.BED_EXIT) | {Event.CONTACT_CLOSED: Event.BED_ENTER},
    # A panel has words of its own for everything; a watch too, but for a bit that is SOS with some models only (H02).
    Role.PANEL: {},
    Role.WATCH: {Event.AMBIGUOUS: Event.ALARM},
}

_SOMETHING = dict.fromkeys(_UNTOLD, Event.ALARM)
"""
From a device registered as something we have no word for: somebody meant it to be heard, so it is an alarm of unknown
kind and never silence.
"""

_ALSO_PENDANTS = frozenset({"pull_cord", "button", "wristband", "base_unit"})
"""Other words in use for what a person presses or pulls."""


def meaning(frame: Frame, role: str | None) -> tuple[Event, ...]:
    """
    The events of the frame, gravest first, as said by a device registered as `role` (a word of `Role`).

    Only what the frame leaves open is decided by the role. What it says in words stays: a pendant's low battery is no
    press, and a press, a fall or a fire is never turned into anything less, whatever the role. A device that is not
    registered (None) says just what its frame says; one under a role unknown here raises an alarm of unknown kind.
    """
    meant = _MEANT.get(Role.PENDANT if role in _ALSO_PENDANTS else role, _SOMETHING) if role is not None else {}
    return gravest_first(meant.get(event, event) for event in (frame.event, *frame.also))


def calls_for_help(frame: Frame, role: str | None) -> tuple[Event, ...]:
    """
    Those events of the frame that raise an alarm, gravest first; empty when it raises none.

    From a device that is not registered, only a frame that says *emergency* itself (`explicit`: Contact ID, SIA)
    raises one. A radio never is explicit: its decoders see ghosts (PROTOCOLS section 2.4), and a stranger's pendant
    belongs to nobody we could send a carer to; it is shown in the list of the unregistered instead.
    """
    if role is None and not frame.explicit:
        return ()
    return tuple(event for event in meaning(frame, role) if event in CAUSES)
