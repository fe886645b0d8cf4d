"""
The contract of a decoder: bytes in, frames out, and back.

A decoder is made once for every connection and may remember what was said on it (a login, half a line). It touches no
line and no clock. To add a protocol: write `decoders/<name>.py` with a class that keeps this contract, and add one line
to `DECODERS` in `decoders/__init__.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol

from dispatch.rules.place import Position
from dispatch.rules.signal import Event, Scope

FRAME_BYTES_MAX = 65_536
"""No alarm frame is longer; what is, is noise, and the decoder looks for the next start after it."""

SEALED_EARLY, SEALED_LATE = timedelta(seconds=20), timedelta(seconds=40)
"""How far the time of a sealed message may be ahead of ours and behind it (default of pysiaalarm and others)."""

_NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class Frame:
    """
    One whole piece of a protocol.

    `event` is what it says if the device is *not* registered (`button`, `ambiguous` … never `press` where the frame
    alone cannot tell); `devices.rules.meaning` says what it means from a device registered in a role. `also` lists
    further events of the same frame, gravest first.

    `address` is what identifies the device to its gateway, in the form of the district file (`EV1527:0a1b2c:01`),
    None when the frame is the gateway's own or names nobody. `alternatives` are the addresses that a registered device
    may have instead, in order of preference (`Generic-Remote:5069` beside `Generic-Remote:5069:48`).

    `explicit` is True when the protocol itself says *emergency*, so that even an unknown account raises one.
    `dedup_key` is equal for all copies of one statement and `window_s` says for how long a copy counts as the same
    (`sliding`: each copy extends it; zero: never a copy). `trusted` is False when a checksum was wrong. `answers` is
    True when the sender waits for an acknowledgement. `sealed` is True when nobody but the sender can have written
    `sent_at`, so that an old one gives a recording away. `fields` are the decoded parts, for people and tests.

    `position` is where the device says it is and `position_at` when it found that out; a position of unknown age is
    never the alarm's place.

    Nothing of it ever changes, which the type checker sees to: making a frozen dataclass of so many parts takes three
    times as long, and 25,000 of them may stand in 64 KiB. For the same reason the parts may be given by position, which
    takes a third of the time of seventeen keywords; only the few places do so where a flood of messages ends up.
    """

    event: Final[Event]
    raw: Final[bytes]
    address: Final[str | None] = None
    alternatives: Final[tuple[str, ...]] = ()
    also: Final[tuple[Event, ...]] = ()
    scope: Final[Scope] = Scope.DEVICE
    explicit: Final[bool] = False
    dedup_key: Final[str] = ""
    window_s: Final[float] = 0.0
    sliding: Final[bool] = True
    trusted: Final[bool] = True
    answers: Final[bool] = False
    sealed: Final[bool] = False
    sent_at: Final[datetime | None] = None
    position: Final[Position | None] = None
    position_at: Final[datetime | None] = None
    fields: Final[Mapping[str, Any]] = field(default_factory=lambda: _NO_FIELDS)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address under which the sender may be registered, the most particular first."""
        return self.alternatives if self.address is None else (self.address, *self.alternatives)

    def is_timely(self, at: datetime) -> bool:
        """Whether it was said when it was heard, by the clock of its sender."""
        return self.sent_at is not None and at - SEALED_LATE <= self.sent_at <= at + SEALED_EARLY


@dataclass(slots=True)
class Tally:
    """What a connection has heard that came to nothing: counted, never raised. All are numbers of occurrences."""

    malformed: int = 0
    bad_checksum: int = 0
    noise_bytes: int = 0
    overlong: int = 0


class Tail:
    """
    The unfinished end of a stream, never more than `limit` bytes.

    What is over the limit goes from the front, because only the newest bytes can still become a frame. How much is
    kept depends on the bytes alone, never on how they were cut into reads.
    """

    __slots__ = ("_kept", "_limit", "_spilt", "_tally")

    def __init__(self, *, limit: int, tally: Tally) -> None:
        self._kept = bytearray()
        self._limit = limit
        self._tally = tally
        self._spilt = False

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, data: bytes) -> bool:
        return data in self._kept

    def add(self, data: bytes) -> None:
        """Appends, forgets the oldest above the limit, and counts once for each overlong piece."""
        if not data:
            return
        self._kept += data
        excess = len(self._kept) - self._limit
        if excess > 0:
            del self._kept[:excess]
            self._tally.noise_bytes += excess
            self._tally.overlong += not self._spilt
            self._spilt = True

    def ended(self, data: bytes, mark: bytes) -> list[bytes]:
        """The pieces that the marks in these bytes end, each without its mark; what follows the last one is kept."""
        *pieces, rest = data.split(mark)
        if pieces and self._kept:
            self.add(pieces[0])
            pieces[0] = self.take()
        if pieces and max(map(len, pieces)) > self._limit:
            pieces = [self._within(piece) for piece in pieces]
        self.add(rest)
        return pieces

    def _within(self, piece: bytes) -> bytes:
        if len(piece) <= self._limit:
            return piece
        self.add(piece)
        return self.take()

    def peek(self) -> bytes:
        """What is kept, left where it is."""
        return bytes(self._kept)

    def take(self) -> bytes:
        """What is kept; a new piece begins."""
        kept = bytes(self._kept)
        self._kept.clear()
        self._spilt = False
        return kept


class Decoder(Protocol):
    """
    One protocol on one connection.

    A protocol whose gateway answers when asked whether it lives (RFLink's PING) says so in a further attribute,
    `keepalive: bytes`: the gateway writes it to a line that has been quiet for a minute.
    """

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
        """
        The bytes that ask for a repetition of something garbled, empty where the protocol has none.

        Called after `feed(data)`, once for each by which `tally.malformed` has grown.
        """
        ...


NO_PROFILE: Mapping[str, Event] = MappingProxyType({})
"""The profile of a gateway whose codes mean what the standard says."""

_ORDER = (
    Event.PRESS, Event.DURESS, Event.FALL, Event.FALL_SUSPECTED, Event.SMOKE, Event.FIRE, Event.HEAT, Event.GAS,
    Event.CO, Event.WATER, Event.INACTIVITY, Event.WANDERING, Event.BED_EXIT, Event.ALARM, Event.ALARM_24H,
    Event.INTRUSION, Event.AMBIGUOUS, Event.BUTTON, Event.STATUS_PRESS, Event.CANCEL, Event.ATTENDANCE,
    Event.VOICE_REQUEST, Event.JAMMING, Event.OFFLINE, Event.LINK_FAULT, Event.TAMPER, Event.BATTERY_MISSING,
    Event.LOW_BATTERY, Event.MAINS_FAIL, Event.FAULT, Event.RESTORE,
)  # fmt: skip
_RANK = {event: rank for rank, event in enumerate(_ORDER)}
_LIFE_SIGNS = frozenset({Event.HEARTBEAT, Event.TELEMETRY, Event.TEST})


def profiled(frame: Frame, profile: Mapping[str, Event]) -> Frame:
    """The frame with the event that the gateway's profile gives to one of its addresses, the most particular first."""
    own = next((profile[address] for address in frame.addresses if address in profile), None)
    return frame if own is None else replace(frame, event=own)


def gravest_first(events: Iterable[Event]) -> tuple[Event, ...]:
    """
    The same events, each once, in the order in which they matter.

    Calls for help come first, then trouble of the equipment, then its state, then mere signs of life (PROTOCOLS
    section 13), so that none hides a graver one.
    """
    return tuple(sorted(dict.fromkeys(events), key=_rank))


def _rank(event: Event) -> int:
    if event in _LIFE_SIGNS:
        return len(_RANK) + 1
    return _RANK.get(event, len(_RANK))


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
