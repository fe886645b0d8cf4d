"""
The contract of a decoder: bytes in, frames out, and back.

A decoder is made once for every connection and may remember what was said on it (a login, half a line). It touches no
line and no clock. To add a protocol: write `decoders/<name>.py` with a class that keeps this contract, and add one line
to `DECODERS` in `decoders/__init__.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from dispatch.rules.signal import Event, Scope

FRAME_BYTES_MAX = 65_536
"""No alarm frame is longer; what is, is noise, and the decoder looks for the next start after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """
    One whole piece of a protocol.

    `event` is what it says if the device is *not* registered (`button`, `ambiguous` … never `press` where the frame
    alone cannot tell); `as_registered(role)` says what it means from a device registered in that role.

    `address` is what identifies the device to its gateway, in the form of the district file (`EV1527:0a1b2c:01`),
    None when the frame is the gateway's own or names nobody. `also` lists further events of the same frame, gravest
    first. `explicit` is True when the protocol itself says *emergency*, so that even an unknown account raises one.
    `dedup_key` is equal for all copies of one statement and `window_s` says for how long a copy counts as the same
    (sliding: each copy extends it). `trusted` is False when a checksum was wrong.
    `answers` is True when the sender waits for an acknowledgement. `fields` are the decoded parts, for people and tests.
    """

    event: Event
    raw: bytes
    address: str | None = None
    also: tuple[Event, ...] = ()
    scope: Scope = Scope.DEVICE
    explicit: bool = False
    dedup_key: str = ""
    window_s: float = 0.0
    trusted: bool = True
    answers: bool = False
    sent_at: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Tally:
    """What a connection has heard that came to nothing: counted, never raised. All are numbers of occurrences."""

    malformed: int = 0
    bad_checksum: int = 0
    noise_bytes: int = 0
    overlong: int = 0


class Decoder(Protocol):
    """One protocol on one connection."""

    tally: Tally

    def feed(self, data: bytes) -> Sequence[Frame]:
        """
        The frames completed by these bytes, in order. Any split of the same bytes gives the same frames.

        Never raises for what a line may carry: garbage is counted in `tally` and skipped.
        """
        ...

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """
        The bytes that tell the sender its frame is safe; empty for one-way protocols.

        `at` and `pad` (random bytes) are for protocols whose answers carry the time or padding. Called only after the
        frame is durable, for every copy again.
        """
        ...

    def refuse(self, data: bytes) -> bytes:
        """The bytes that ask for a repetition of something garbled, empty where the protocol has none."""
        ...


class Role:
    """
    What a device is registered as, for those protocols whose frames only name a button.

    Kept as plain strings in the district file (`kind = "pendant"`).
    """

    PENDANT = "pendant"
    SMOKE = "smoke"
    FALL = "fall"
    GAS = "gas"
    WATER = "water"
    DOOR = "door"
    MOTION = "motion"
    BED = "bed"
    PANEL = "panel"
    WATCH = "watch"
    CANCEL = "cancel"
