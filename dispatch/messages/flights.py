"""Attempts under way, by when they began: so that nobody looks for slow ones while none is slow."""

import threading

from dispatch.ids import AttemptId

PAUSE_S = 0.02
"""Nobody looks again sooner, so that a house full of slow providers is no busy loop."""


class Flights:
    """
    Safe to use from several threads. Times are those of the steady clock, in seconds.

    Only a bell: what is slow stands in the database, and every engine on it may find it there.
    """

    def __init__(self, slow_s: float | None) -> None:
        """An attempt is slow after `slow_s`; None: nobody wants to know."""
        self._slow_s = slow_s
        self._lock = threading.Lock()
        self._begun: dict[AttemptId, float] = {}

    def begin(self, id_: AttemptId, now_s: float) -> None:
        if self._slow_s is not None:
            with self._lock:
                self._begun[id_] = now_s

    def end(self, id_: AttemptId) -> None:
        if self._slow_s is not None:
            with self._lock:
                self._begun.pop(id_, None)

    def wait_s(self, now_s: float, most_s: float) -> float:
        """Seconds until the next is slow, or `most_s`."""
        if self._slow_s is None:
            return most_s
        with self._lock:
            begun_s = next(iter(self._begun.values()), None)  # They stand in the order in which they began.
        return most_s if begun_s is None else max(PAUSE_S, min(most_s, begun_s + self._slow_s - now_s))

    def overdue(self, now_s: float) -> bool:
        """Whether any is slow that was not hedged yet."""
        return self._slow_s is not None and self.wait_s(now_s, 1.0) <= PAUSE_S

    def hedged(self, now_s: float) -> None:
        """All that are slow by now have their second road, or there is none."""
        if self._slow_s is None:
            return
        with self._lock:
            for id_ in [each for each, begun_s in self._begun.items() if begun_s + self._slow_s <= now_s]:
                del self._begun[id_]
