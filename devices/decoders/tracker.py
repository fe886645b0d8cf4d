"""
What the decoders of watches and trackers have in common: their words for help, and how a frame is put together.

These devices say *SOS* in words, so the frame is explicit and a watch that nobody registered raises an alarm without a
home (PROTOCOLS section 10.1: there is no authentication, the id is the whole secret; a district that finds strangers
at its door closes the port to them). Anything else a stranger says is only listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import Frame, gravest_first
from devices.decoders.fix import NO_FIX, Fix
from devices.decoders.state_words import BATTERY_LOW_PERCENT, BATTERY_WELL_PERCENT
from dispatch.rules.signal import CAUSES, Event, Scope

REPEAT_WINDOW_S = 600.0
"""
The same statement within ten minutes is a repetition (PROTOCOLS section 13).

It has the same device, the same time or number and the same words: whoever presses again makes another. So copies do
not extend it, and a statement without a time or a number has no window at all.
"""

EMERGENCIES = frozenset({Event.PRESS, Event.DURESS, Event.FALL, Event.FALL_SUSPECTED})
"""What these protocols call an emergency themselves. A fence or an alarm of unknown kind needs a device we know."""

_ALARMING = frozenset(CAUSES)

REMEMBERED_MAX = 10_000
"""Of so many devices on one connection it is remembered that their battery was low."""

IDS = str.strip
"""The one spelling of an id (an IMEI or the maker's own digits): leading zeros are part of it."""


def statement(
    protocol: str,
    events: Sequence[Event],
    raw: bytes,
    address: str | None,
    fields: Mapping[str, Any],
    *,
    number: str = "",
    answers: bool = True,
    trusted: bool = True,
    sent_at: datetime | None = None,
    fix: Fix = NO_FIX,
) -> Frame:
    """
    The frame of one statement. `number` is what tells it from the next one of the same device: a time, a serial.

    A device that has not said who it is (`address` None: its login was lost) is nobody's copy; whatever would raise an
    alarm for a device we know then raises one without a home, for it may be one of ours.
    """
    also: tuple[Event, ...] = ()
    if len(events) > 1:
        events = gravest_first(events)
        also = events[1:]
    known_by = number if address else ""
    # By position, for most of the time that a message takes is this line.
    return Frame(
        events[0],
        raw,
        address,
        (),
        also,
        Scope.DEVICE,
        not (EMERGENCIES if address else _ALARMING).isdisjoint(events),
        f"{protocol}:{address}:" + (known_by or events[0]),
        REPEAT_WINDOW_S if known_by else 0.0,
        False,
        trusted,
        answers,
        False,
        sent_at,
        fix.position,
        fix.at if fix.position else None,
        MappingProxyType({"device": address, **fields} if address else {**fields}),
    )


class Levels:
    """
    Whose batteries want charging, of the devices on one connection.

    A tracker that has a word for a low battery may never say it, and one that says so seldom says that it was charged:
    the level in its life signs and positions tells both. A device that knows no level says 0, and one that is empty
    says nothing, so 0 is no level.
    """

    def __init__(self) -> None:
        self._low: set[str] = set()

    def with_level(
        self, address: str | None, fields: Mapping[str, Any], events: Sequence[Event], level: int | None = None
    ) -> Sequence[Event]:
        """These events and what the `battery` of the fields adds, in per cent; `level` is said in its place."""
        percent = fields.get("battery") if level is None else level
        if not percent:
            return events
        said, who = Event.LOW_BATTERY in events, address or ""
        if said or percent <= BATTERY_LOW_PERCENT:
            if len(self._low) < REMEMBERED_MAX:
                self._low.add(who)
            return events if said else (*events, Event.LOW_BATTERY)
        if percent < BATTERY_WELL_PERCENT or who not in self._low:
            return events
        self._low.remove(who)
        return (*events, Event.BATTERY_RESTORE)


def words(
    codes: Iterable[str], table: Mapping[str, Event], profile: Mapping[str, Event], address: str | None
) -> list[Event]:
    """
    What these codes say; those that neither the gateway's profile nor the table knows say nothing.

    A profile gives a code (`bit18`) its meaning for the whole gateway, or for one model (`35350522:bit18`): the first
    eight digits of an IMEI are its model (3GPP TS 23.003, type allocation code). The longest beginning wins.
    """
    if not profile:
        return [table[code] for code in codes if code in table]
    said = (_own(code, profile, address) or table.get(code) for code in codes)
    return [event for event in said if event is not None]


def _own(code: str, profile: Mapping[str, Event], address: str | None) -> Event | None:
    beginnings = (f"{address[:end]}:{code}" for end in range(len(address or ""), 0, -1) if address)
    return next((profile[key] for key in (*beginnings, code) if key in profile), None)


def bits(word: int) -> list[str]:
    """The names of the bits that are set in a word of up to 32: `bit0` is the lowest."""
    found = []
    while word:
        lowest = word & -word
        found.append(_BITS[lowest.bit_length() - 1])
        word ^= lowest
    return found


_BITS = tuple(f"bit{place}" for place in range(32))


def place_fields(fix: Fix) -> dict[str, float]:
    """The position as decoded parts, for people: degrees to the tenth of a metre."""
    return {} if fix.position is None else {"lat": round(fix.position.lat, 6), "lng": round(fix.position.lng, 6)}
