"""What one SCAIP message says: its events, who sent it, what is wrong with it, and what its copies have in common."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from devices.decoders.accounts import key_of
from devices.decoders.decoder import Frame, gravest_first
from devices.decoders.scaip_codes import STATUSES, padded, says_alarm, scaip_event, scaip_scope
from dispatch.rules.signal import CAUSES, Event, Scope

REPEAT_WINDOW_S = 3600.0
"""The same reference from the same unit within this time is a copy (PROTOCOLS section 13)."""

NAMELESS_WINDOW_S = 60.0
"""A message without a proper reference is known by its whole text, and for no longer than a sender may repeat it."""

TAKEN, TOO_LONG, NOT_XML, WRONG_DATA, TAG_MISSING = "0", "1", "2", "3", "7"
"""Status numbers of our answers (`StatusNumber` in `caruhome/scaip-gateway` and `Syntilio/Datahub-Scaip-Proxy`)."""

Tags = Mapping[str, str]

REFERENCE = re.compile(r"[0-9A-Za-z]{1,16}")
_FORMS: Mapping[str, re.Pattern[str]] = {
    "ref": REFERENCE,
    "mty": re.compile("ME|RE|IN|PI", re.IGNORECASE),
    "cid": re.compile("[0-9]{1,16}"),
    "dty": re.compile("[0-9]{1,4}"),
    "stc": re.compile("[0-9]{1,4}"),
}
"""The forms of the tags that decide what is meant; texts and places are taken as they come."""

_BEFORE = re.compile(r"^[\s+]+")
_PART_MAX = 48
"""So much of an identity is kept: three times the longest legal one, and no more than a register can hold."""


def frame_of(tags: dict[str, str], raw: bytes, profile: Mapping[str, Event]) -> Frame:
    """The frame of a request with these tags; one that is defective is decoded and marked as not trusted."""
    events, addresses = _events(tags, profile), _addresses(tags)
    key, window_s = _copies(tags, raw)
    head = events[0]
    return Frame(
        head,
        raw,
        addresses[0] if addresses else None,
        addresses[1:],
        events[1:],
        scaip_scope(tags.get("dty", ""), tags.get("did", "")),
        _is_explicit(tags, events),
        key,
        0.0 if head is Event.HEARTBEAT else window_s,
        False,
        status_number(tags) == TAKEN,
        True,
        False,
        None,
        None,
        None,
        MappingProxyType(tags),
    )


def reply_heard(tags: Tags, raw: bytes) -> Frame:
    """An answer, of whoever takes us for a unit: never answered, or two servers would go on for ever."""
    event = Event.ACK if tags.get("snu") == TAKEN else Event.NACK
    fields = MappingProxyType(dict(tags))
    return Frame(event=event, raw=raw, scope=Scope.GATEWAY, dedup_key=f"scaip:{event}", fields=fields)


def status_number(tags: Tags) -> str:
    """The status number of the answer to a request with these tags."""
    if not (tags.get("ref") and tags.get("cid") and tags.get("dty")):
        return TAG_MISSING
    return WRONG_DATA if any(_is_wrong(tags, name) for name in _FORMS) else TAKEN


def wants_callback(tags: Tags) -> bool:
    """Whether the unit waits to be called instead of calling itself (cha 1)."""
    return tags.get("cha", "") == "1"


def canonical(address: str) -> str:
    """The one spelling of an address: the unit's number without a plus, the device in upper case."""
    unit, colon, device = _BEFORE.sub("", address).rstrip().partition(":")
    return unit + colon + device.upper()


def _events(tags: Tags, profile: Mapping[str, Event]) -> tuple[Event, ...]:
    """
    What the message says, gravest first, except that one whose device type is missing is `unknown` before all else.

    Its alarm is not dropped for that: the status says *alarm*, so it is one of unknown kind from a registered unit.
    """
    if not tags:
        return (Event.UNKNOWN,)
    match tags.get("mty", "ME").upper():
        case "RE":
            return (Event.CANCEL,)
        case "PI":
            return gravest_first((Event.HEARTBEAT, *_trouble(tags, profile)))
        case "IN":
            return _trouble(tags, profile) or (Event.UPDATE,)
    if _is_wrong(tags, "dty") or not tags.get("dty"):
        return (Event.UNKNOWN, Event.ALARM) if says_alarm(tags.get("stc", "")) else (_untyped(tags, profile),)
    event = scaip_event(tags["dty"], tags.get("stc", ""), profile)
    return (event, Event.VOICE_REQUEST) if wants_callback(tags) and event in CAUSES else (event,)


def _trouble(tags: Tags, profile: Mapping[str, Event]) -> tuple[Event, ...]:
    """
    What a heartbeat or an information says of the equipment.

    Their status repeats what a message has said before, so that a call for help in it is no new one.
    """
    status = tags.get("stc", "")
    event = scaip_event(tags.get("dty", ""), status, profile) if padded(status) in STATUSES else Event.INFO
    return () if event in CAUSES or event is Event.INFO else (event,)


def _untyped(tags: Tags, profile: Mapping[str, Event]) -> Event:
    """A message without device type says no more than its status does by itself."""
    return scaip_event("", tags["stc"], profile) if tags.get("stc") else Event.UNKNOWN


def _is_explicit(tags: Tags, events: Sequence[Event]) -> bool:
    """Whether the message itself states the alarm; what we only take for one, for want of a status, is not."""
    return events[0] in CAUSES and padded(tags.get("stc", "")) not in {"", "0000", "0001"}


def _addresses(tags: Tags) -> tuple[str, ...]:
    """From the device to its unit; none for a message that names no unit."""
    if "cid" not in tags:
        return ()
    unit, device = canonical(_part(tags, "cid")), _part(tags, "did")
    if not unit:
        return ()
    return (canonical(f"{unit}:{device}"), unit) if device else (unit,)


def _part(tags: Tags, name: str) -> str:
    return tags.get(name, "")[:_PART_MAX].replace(":", "-").strip()


def _copies(tags: Tags, raw: bytes) -> tuple[str, float]:
    """
    What all copies of a message have in common, and for how long.

    Beside unit and reference it is what was said: a reset repeats the reference of what it resets, and a unit that
    counts from the beginning again after a restart must not have its next alarm taken for an old one.
    """
    if not tags.get("cid") or not REFERENCE.fullmatch(tags.get("ref", "")):
        return f"scaip:{key_of(raw.strip().decode('latin-1'))}", NAMELESS_WINDOW_S
    said = "+".join((tags.get("mty", "ME").upper(), padded(tags.get("dty", "")), padded(tags.get("stc", ""))))
    named = (_part(tags, name) for name in ("cid", "ref", "did"))
    return ":".join(("scaip", *named, said[:_PART_MAX])), REPEAT_WINDOW_S


def _is_wrong(tags: Tags, name: str) -> bool:
    return bool(tags.get(name)) and not _FORMS[name].fullmatch(tags[name])
