"""What a gateway has heard and nobody has kept yet: in memory, bounded, in an order that no single frame can block."""

import bisect
from dataclasses import dataclass, field

import structlog

from devices.decoders.decoder import Frame
from devices.rules.urgency import urgent

TURNS = 3
"""After so many misses of its own a frame lets the others go first: it may be the one that cannot be kept."""

BACKLOG_MAX = 1000
"""Frames that wait at most; kept again at 3 ms each, all of them are through in 3 s."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Waiting:
    """A frame that is not durable yet: which one of the gateway, on which connection, since when, how often tried."""

    frame: Frame
    number: int = field(kw_only=True)
    line: int = field(kw_only=True)
    at_s: float = field(kw_only=True)
    tries: int = field(kw_only=True, default=0)

    @property
    def urgent(self) -> bool:
        """Whether it may be about a person in need."""
        return urgent(self.frame)

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Those tried less, then the urgent, then the earlier."""
        return (self.tries // TURNS, not self.urgent, self.number)

    def repeats(self, other: "Waiting") -> bool:
        """Whether this says nothing that the other did not: a copy within its window, whose sender wants no answer."""
        mine, theirs = self.frame, other.frame
        same = bool(mine.dedup_key) and (mine.dedup_key, mine.event) == (theirs.dedup_key, theirs.event)
        return same and not mine.answers and self.at_s - other.at_s <= mine.window_s


class Backlog:
    """What was heard and is not durable yet, by rank. Changed by one thread; its length may be asked by any."""

    def __init__(self, gateway: str) -> None:
        self.dropped = 0
        self._gateway = gateway
        self._frames: list[Waiting] = []

    def __len__(self) -> int:
        return len(self._frames)

    def all(self) -> list[Waiting]:
        """A copy, in order."""
        return list(self._frames)

    def first(self) -> Waiting | None:
        """The one whose turn it is."""
        return self._frames[0] if self._frames else None

    def put(self, waiting: Waiting, *, failing: bool) -> Waiting | None:
        """
        Add one. While frames cannot be kept, copies slide the window of the first instead of taking a place.

        Gives back whoever has no place after that: this one as a copy, or the one that was dropped for want of room.
        """
        if failing:
            for other in self._frames:
                if waiting.repeats(other):
                    other.at_s = waiting.at_s if waiting.frame.sliding else other.at_s
                    return waiting
        self._insert(waiting)
        return self._drop_one() if len(self._frames) > BACKLOG_MAX else None

    def postpone(self, waiting: Waiting) -> None:
        """It had its try."""
        self.remove(waiting)
        waiting.tries += 1
        self._insert(waiting)

    def remove(self, waiting: Waiting) -> None:
        """It is durable, or about to be put elsewhere."""
        self._frames = [other for other in self._frames if other is not waiting]

    def _insert(self, waiting: Waiting) -> None:
        bisect.insort(self._frames, waiting, key=lambda each: each.rank)

    def _drop_one(self) -> Waiting:
        """The newest that can wait; only when there is none, the newest of all."""
        victim = max(self._frames, key=lambda each: (not each.urgent, each.number))
        self.remove(victim)
        self.dropped += 1
        _log.error("frame_dropped", gateway=self._gateway, raw=victim.frame.raw.hex())
        return victim
