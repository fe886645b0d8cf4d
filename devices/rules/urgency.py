"""What may wait behind a call for help, what must never be given up, and what the next of its kind makes worthless."""

from collections.abc import Iterable

from devices.decoders.decoder import Frame, Role
from devices.rules.meaning import calls_for_help
from dispatch.rules.signal import Event

CAN_WAIT = frozenset(
    {
        *(Event.LOW_BATTERY, Event.BATTERY_RESTORE, Event.BATTERY_MISSING, Event.MAINS_FAIL, Event.MAINS_RESTORE),
        *(Event.TAMPER, Event.TAMPER_RESTORE, Event.OFFLINE, Event.ONLINE, Event.LINK_FAULT, Event.LINK_RESTORE),
        *(Event.JAMMING, Event.JAMMING_RESTORE, Event.FAULT, Event.HEARTBEAT, Event.TEST, Event.TELEMETRY),
        *(Event.VITALS, Event.LOCATION, Event.PRESENCE, Event.MOTION, Event.VIBRATION, Event.SENSOR_STATE),
        *(Event.BED_ENTER, Event.ACK, Event.NACK, Event.GATEWAY_BOOT, Event.GATEWAY_INFO, Event.UPDATE),
        *(Event.INFO, Event.IGNORE, Event.ARM_DISARM, Event.RESTORE),
    }
)
"""What a press may overtake (R18). All others may be about a person, also a `button` nobody has registered yet."""

_SUPERSEDED = frozenset(
    {
        *(Event.HEARTBEAT, Event.TELEMETRY, Event.VITALS, Event.LOCATION, Event.PRESENCE, Event.IGNORE),
        *(Event.INFO, Event.UPDATE, Event.ACK, Event.NACK),
    }
)
"""Of these only the last one of a device counts: they say that it is there, and how it is now."""

_ROLES = tuple(word for name, word in vars(Role).items() if not name.startswith("_"))


def urgent(frame: Frame) -> bool:
    """Whether it may be about a person in need."""
    return frame.explicit or not CAN_WAIT.issuperset(_events(frame))


def life_sign(frame: Frame) -> bool:
    """Whether the next one from the same device says all that this one does."""
    return not frame.explicit and _SUPERSEDED.issuperset(_events(frame))


def may_call(frame: Frame) -> bool:
    """
    Whether it calls for help from some device, registered as something: a fixed-code pendant may sit in the shell of a
    motion sensor. Whoever does not know the register must not give it up.
    """
    return frame.explicit or not _CALLS_FROM_SOME.isdisjoint(_events(frame))


def _events(frame: Frame) -> Iterable[Event]:
    return (frame.event, *frame.also)


_CALLS_FROM_SOME = frozenset(
    event for event in Event if any(calls_for_help(Frame(event=event, raw=b""), role) for role in _ROLES)
)
