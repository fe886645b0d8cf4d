"""One message of an alarm receiver as it was printed, and the frame of what it says."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from devices.decoders.accounts import EMERGENCIES, addresses_of, key_of
from devices.decoders.decoder import Frame
from dispatch.rules.signal import Event, Scope

REPEAT_WINDOW_S = 60.0
"""
The same message nearer than this to the first is a retransmission: 4 s, three times, with room for a busy line
(PROTOCOLS section 13). Copies do not extend it: who presses every half minute is heard every minute.
"""

Profile = Mapping[str, Event]


class Print(NamedTuple):
    """One message as printed, what tells it from others, its number on the connection, the code table of the panels."""

    raw: bytes
    key: str
    number: int
    profile: Profile


def frame_of(
    said: Print,
    event: Event,
    fields: dict[str, Any],
    *,
    scope: Scope = Scope.DEVICE,
    zone: str = "",
    also: tuple[Event, ...] = (),
    own: bool = False,
) -> Frame:
    """
    An event of a message about an account; copies are known by their whole text, for there is no sequence number.

    What is the receiver's `own` names nobody and is about the gateway.
    """
    addresses = addresses_of(fields["account"], zone.replace(" ", "")) if not own else ()
    return Frame(
        event,
        said.raw,
        addresses[0] if addresses else None,
        addresses[1:],
        also,
        scope if not own else Scope.GATEWAY,
        event in EMERGENCIES,
        f"{said.key}:1",
        REPEAT_WINDOW_S,
        False,
        True,
        True,
        False,
        None,
        None,
        None,
        MappingProxyType(fields),
    )


def printed(raw: bytes, number: int, profile: Profile) -> Print:
    """Message `number` of a connection."""
    return Print(raw, f"surgard:{key_of(raw.strip(_ENDS).decode('latin-1'))}", number, profile)


_ENDS = b" \r\n\x14"
