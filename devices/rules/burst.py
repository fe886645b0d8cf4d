"""
Telling copies from statements: one press is heard many times, by several gateways, among ghosts.

Time is passed in, as seconds of a steady clock whose zero does not matter.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from devices.decoders.decoder import Frame
from devices.rules.meaning import meaning
from dispatch.rules.signal import Event

REMEMBERED_MAX = 10_000
"""
Statements remembered at a time. A district has some thousand devices, of which few speak within a minute; noise that
makes up more than this only makes a copy count as new, which joins the open alarm.
"""

BURST_GAP_S = 1.0
"""Frames whose starts are nearer than this belong to one burst (PROTOCOLS section 2.4); repeats are 60 ms apart."""

STRAY_SHARE = 4
"""A model heard less than once for this many of the most frequent one in a burst is a stray decode (section 2.4)."""


HELD_MAX_S = 30.0
"""
A window that slides along ends so long after the first statement, however often it is repeated: a button that is stuck
or held down is heard anew twice a minute, and mutes no press of its own or of a later hour (PROMISES, R20).
"""


class Windows:
    """
    What was said lately, so that a copy is known as one. Keeps at most `remembered_max` statements.

    Not safe for threads: the caller holds a lock or owns it alone.
    """

    def __init__(self, *, remembered_max: int = REMEMBERED_MAX) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._since: dict[str, float] = {}
        self._remembered_max = remembered_max

    def __len__(self) -> int:
        return len(self._until)

    def seen(self, key: str, at_s: float, window_s: float, *, sliding: bool = True) -> bool:
        """
        Whether this is a copy of something heard less than `window_s` seconds before; it is remembered either way.

        A sliding window begins anew with each copy, for half a minute at most; the other ends at its time after the
        first. A window of zero remembers nothing: such statements (heartbeats) are never copies.
        """
        if window_s <= 0:
            return False
        copy = at_s < self._until.get(key, float("-inf"))
        if copy and sliding and at_s - self._since[key] >= max(window_s, HELD_MAX_S):
            copy = False
        if not copy:
            self._since[key] = at_s
        if sliding or not copy:
            self._remember(key, until_s=at_s + window_s)
        return copy

    def heard(self, frame: Frame, at_s: float) -> bool:
        """The same by what the frame says of itself."""
        return self.seen(frame.dedup_key, at_s, frame.window_s, sliding=frame.sliding)

    def forget(self, key: str) -> None:
        """Takes back that it was heard: what could not be made durable must count as new when it is repeated."""
        self._until.pop(key, None)
        self._since.pop(key, None)

    def _remember(self, key: str, *, until_s: float) -> None:
        self._until[key] = max(until_s, self._until.get(key, until_s))
        self._until.move_to_end(key)
        if len(self._until) > self._remembered_max:
            oldest, _ = self._until.popitem(last=False)
            self._since.pop(oldest, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A frame, when it was heard (steady seconds), and as what its device is registered, None if it is not."""

    frame: Frame
    at_s: float
    role: str | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """What it means, gravest first."""
        return meaning(self.frame, self.role)


def bursts(heard: Iterable[Heard]) -> list[list[Heard]]:
    """The frames by burst: each begins more than `BURST_GAP_S` after the frame before. In the order heard."""
    groups: list[list[Heard]] = []
    last_s = float("-inf")
    for one in heard:
        if one.at_s - last_s > BURST_GAP_S:
            groups.append([])
        groups[-1].append(one)
        last_s = one.at_s
    return groups


def without_ghosts(burst: Sequence[Heard]) -> list[Heard]:
    """
    The frames of one burst that may create state, copies included.

    Whoever is registered silences all others: they are the same radio signal, misread. Without anybody registered,
    what is heard once among many of another is a stray, and a frame that says nothing is one beside one that does.
    """
    registered = [one for one in burst if one.role is not None]
    if registered:
        return registered
    often = Counter(_sender(one) for one in burst)
    most = max(often.values(), default=0)
    frequent = [one for one in burst if often[_sender(one)] * STRAY_SHARE >= most]
    return [one for one in frequent if one.frame.event is not Event.IGNORE] or frequent


def likeliest(burst: Sequence[Heard]) -> str | None:
    """
    The dedup key of the frame that most likely names the true sender of a burst, None for an empty one.

    A frame that says what it is before one that may be a ghost, then the one heard most, then the first.
    """
    often = Counter(one.frame.dedup_key for one in burst)
    clear = [one.frame.dedup_key for one in burst if one.frame.event not in _GHOSTLY]
    return max(clear or list(often), key=lambda key: often[key], default=None)


_GHOSTLY = frozenset({Event.AMBIGUOUS, Event.IGNORE, Event.UNKNOWN, Event.TELEMETRY})


def as_sent_by(burst: Sequence[Heard], key: str | None, role: str) -> list[Heard]:
    """The same burst with `role` given to the frames of this dedup key and to no other."""
    return [replace(one, role=role if one.frame.dedup_key == key else None) for one in burst]


def _sender(one: Heard) -> str:
    return one.frame.addresses[-1] if one.frame.addresses else one.frame.dedup_key
