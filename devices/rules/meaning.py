"""
What a frame means, coming from a device that is registered as something, or from one that is not, for this person.

The one place that decides what is help, what is a fault of the equipment and what is neither: by the vocabulary, by
what the device is registered as, and by what a district, a resident or a device has been given as meanings of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from devices.decoders.decoder import Frame, Role, gravest_first
from dispatch.rules.signal import CAUSES, Cause, Event

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


FAULTS = frozenset({
    Event.LOW_BATTERY, Event.BATTERY_MISSING, Event.MAINS_FAIL, Event.TAMPER, Event.OFFLINE, Event.LINK_FAULT,
    Event.JAMMING, Event.FAULT,
})  # fmt: skip
"""Events after which something must be repaired (PROTOCOLS, section 13: *service ticket*)."""

MENDS: Mapping[Event, frozenset[Event]] = MappingProxyType({
    Event.BATTERY_RESTORE: frozenset({Event.LOW_BATTERY, Event.BATTERY_MISSING}),
    Event.MAINS_RESTORE: frozenset({Event.MAINS_FAIL}),
    Event.TAMPER_RESTORE: frozenset({Event.TAMPER}),
    Event.ONLINE: frozenset({Event.OFFLINE}),
    Event.LINK_RESTORE: frozenset({Event.LINK_FAULT}),
    Event.JAMMING_RESTORE: frozenset({Event.JAMMING}),
})  # fmt: skip
"""What takes which fault back. The device says so of itself; a repair case ends only with a test press."""

_WORN = frozenset({Role.WATCH, "wristband"})
"""Kinds whose *tamper* says that they were taken off: every night, as a rule, and no fault (PROTOCOLS, section 13)."""


class Handling(StrEnum):
    """What an event may mean that is no call for help."""

    FAULT = "fault"
    IGNORE = "ignore"


Meanings = Mapping[Event, Cause | Handling]
"""Event → the cause it calls for help with, or that it is a fault, or that it is neither."""

NO_MEANINGS: Meanings = MappingProxyType({})

_TAKING_BACK = frozenset({Event.CANCEL, Event.ATTENDANCE, Event.RESTORE, *MENDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    What somebody's device said, understood.

    `events` are all of it, gravest first. `call` is the event that asks for help and `cause` why, both None when it
    does not. `kept` is the event to be kept as a signal, None for mere signs of life. `faults` are to be repaired.
    `changes` are the faults (True) and the ends of faults (False) among the events, in the order of `events`.
    `pressed` is True when a person or sensor called, whatever that means here: it proves the way from them to us.
    `worn` is False when it was taken off, True when it was put on, None when nothing was said about that.
    """

    events: tuple[Event, ...]
    call: Event | None = None
    cause: Cause | None = None
    kept: Event | None = None
    faults: tuple[Event, ...] = ()
    changes: tuple[tuple[Event, bool], ...] = ()
    pressed: bool = False
    worn: bool | None = None


def understood(
    events: Sequence[Event], role: str | None, *, explicit: bool = False, meanings: Meanings = NO_MEANINGS
) -> Said:
    """
    What these events of one frame come to, from a device registered as `role` (None: not registered).

    A device that is not registered calls for help only where the protocol itself says *emergency* (`explicit`). A call
    that was given the meaning of a fault or of nothing is still kept as a signal: no press leaves no trace. What takes
    something back raises an alarm if it was given a cause, and never closes one.
    """
    if not meanings:
        return _by_the_vocabulary(tuple(events), role, explicit)
    return _understood(events, role, explicit, meanings)


@lru_cache(maxsize=4096)
def _by_the_vocabulary(events: tuple[Event, ...], role: str | None, explicit: bool) -> Said:
    """The same few statements are made a hundred thousand times an hour."""
    return _understood(events, role, explicit, NO_MEANINGS)


def _understood(events: Sequence[Event], role: str | None, explicit: bool, meanings: Meanings) -> Said:
    said = roled(events, role)
    calls = _calls(said, meanings) if role is not None or explicit else []
    known = [event for event in said if event in CAUSES or event in _TOLD]
    faults = tuple(event for event in said if _is_fault(event, role, meanings))
    return Said(
        events=said,
        call=calls[0][0] if calls else None,
        cause=calls[0][1] if calls else None,
        kept=calls[0][0] if calls else next(iter(known), None),
        faults=faults,
        changes=tuple((event, event in faults) for event in said if event in faults or event in MENDS),
        pressed=any(event in CAUSES or event is Event.TEST for event in said),
        worn=_worn(said) if role in _WORN else None,
    )


_TOLD = frozenset({Event.CANCEL, Event.ATTENDANCE, Event.VOICE_REQUEST, Event.RESTORE, Event.TEST, Event.GATEWAY_BOOT})
"""Events without a cause that are kept as signals: people will ask about them."""


_USUAL = {event: place for place, event in enumerate(gravest_first(CAUSES))}
_OF_CAUSE = {cause: min(_USUAL[event] for event in CAUSES if CAUSES[event] is cause) for cause in CAUSES.values()}
"""The place of each call, and of the gravest with its cause, in the order in which they matter."""


def _calls(said: Sequence[Event], meanings: Meanings) -> list[tuple[Event, Cause]]:
    """The events that call for help with their causes; one that was given a cause stands where that cause stands."""
    calls = [(event, cause) for event in said if (cause := cause_of(event, meanings)) is not None]
    last = len(_USUAL)
    return sorted(calls, key=lambda call: _USUAL.get(call[0], _OF_CAUSE.get(call[1], last)))


def cause_of(event: Event, meanings: Meanings = NO_MEANINGS) -> Cause | None:
    """Why somebody must come when this was said; None when nobody must."""
    meant = meanings.get(event, CAUSES.get(event))
    return meant if isinstance(meant, Cause) else None


def _is_fault(event: Event, role: str | None, meanings: Meanings) -> bool:
    if event in meanings:
        return meanings[event] is Handling.FAULT
    return event in FAULTS and not (event is Event.TAMPER and role in _WORN)


def _worn(said: Sequence[Event]) -> bool | None:
    if Event.TAMPER in said:
        return False
    return True if Event.TAMPER_RESTORE in said else None


def overlaid(*layers: Meanings) -> Meanings:
    """One set of meanings out of several, the more particular last: district, resident, device."""
    return MappingProxyType({event: meant for layer in layers for event, meant in layer.items()})


def read_meaning(word: str) -> Cause | Handling:
    """
    The meaning a word stands for.

    Raises:
        ValueError: it stands for none.
    """
    return Handling(word) if word in set(Handling) else Cause(word)


def refusal_of(event: Event, meant: Cause | Handling, *, everywhere: bool) -> str | None:
    """
    Why this meaning cannot be given, as a sentence for whoever wrote it; None when it can.

    `everywhere` says that it is a whole district's.
    """
    if event in _TAKING_BACK and meant not in set(Cause):
        return "What takes something back is neither a fault nor nothing; it may only be given a cause."
    if everywhere and event in {Event.PRESS, Event.DURESS} and meant is Handling.IGNORE:
        return "A whole district cannot ignore calls for help. Give the meaning to one resident or device."
    return None


def counts_as_test(kind: str, said: Said) -> bool:
    """
    Whether this is what is waited for when somebody was told to press: what its button says, or a test in words.

    Duress, fire from a pendant and the like never are: they are not what a tester does.
    """
    expected = _PRESSES | set(_meant_by(kind).values()) - {Event.RESTORE, *_UNTESTED.get(kind, ())}
    calls = {event for event in said.events if event in CAUSES}
    return calls <= expected and not expected.isdisjoint(said.events)


_PRESSES = frozenset({Event.PRESS, Event.TEST})
_UNTESTED: Mapping[str, frozenset[Event]] = {Role.WATCH: frozenset({Event.ALARM})}
"""What a bit with two meanings may stand for: rather an alarm too many during a test than a fall taken for one."""


def roled(events: Iterable[Event], role: str | None) -> tuple[Event, ...]:
    """The same events, gravest first, where those that the frame leaves open mean what the role says."""
    meant = _meant_by(role)
    return gravest_first(meant.get(event, event) for event in events)


def _meant_by(role: str | None) -> Mapping[Event, Event]:
    if role is None:
        return {}
    return _MEANT.get(Role.PENDANT if role in _ALSO_PENDANTS else role, _SOMETHING)


def meaning(frame: Frame, role: str | None) -> tuple[Event, ...]:
    """
    The events of the frame, gravest first, as said by a device registered as `role` (a word of `Role`).

    Only what the frame leaves open is decided by the role. What it says in words stays: a pendant's low battery is no
    press, and a press, a fall or a fire is never turned into anything less, whatever the role. A device that is not
    registered (None) says just what its frame says; one under a role unknown here raises an alarm of unknown kind.
    """
    return roled((frame.event, *frame.also), role)


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
