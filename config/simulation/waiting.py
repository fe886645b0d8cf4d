"""What waits in which table, as SQL: what is due at a moment, and when something falls due next."""

from collections.abc import Callable, Sequence
from typing import Any

from config.simulation.world import SimClock
from config.simulation.written import Written
from dispatch.messages.claiming import LANES

OF_PEOPLE = {"alarms", "replies"}
OF_DEVICES = {"vigils", "press_tests", "repairs", "checks"}
"""
Tables whose rows are woken by the timers; what is in `messages` is claimed by the courier, and what became of
`attempts` is asked by the reconciler.
"""

SHELVES = ("alarms", "replies", "messages", "attempts", "vigils", "press_tests", "repairs", "checks")

_KEYS = {"vigils": "device_id"}
_TIMES = {"attempts": "look_at"}


_LANES = {"messages": f"priority <= {int(LANES[True][1])}"}
_UNDER_WAY = {"messages": "state = 'claimed'"}


def _due(shelf: str) -> str:
    key, time = _KEYS.get(shelf, "id"), _TIMES.get(shelf, "due_at")
    more = f"{_LANES.get(shelf, '0')}, {_UNDER_WAY.get(shelf, '0')}"
    return f"SELECT '{shelf}', {key}, {time}, {more} FROM {shelf} WHERE {time} IS NOT NULL AND {time} <= ?"  # noqa: S608


def _soonest(shelf: str) -> str:
    time = _TIMES.get(shelf, "due_at")
    return f"SELECT MIN({time}) AS due_at FROM {shelf} WHERE {time} IS NOT NULL"  # noqa: S608


DUE = " UNION ALL ".join(map(_due, SHELVES))
"""
Table, id and time of whatever is due, whether it is an emergency, and whether somebody is under way with it; asks for
the moment once for each table.
"""

NEXT = {each: _soonest(each) for each in SHELVES}
"""When something falls due next, by table."""


class Waiting:
    """What the service's rows wait for, looked at here because an empty pass of its own costs more than this look."""

    def __init__(self, look: Callable[..., Sequence[tuple[Any, ...]]], written: Written, clock: SimClock) -> None:
        """`look` puts a query to the file; `written` notes what the service writes to it."""
        self._look, self._written, self._clock = look, written, clock
        self._next: dict[str, tuple[int, int | None]] = {}
        self._soonest: tuple[int, int | None] | None = None

    def due(self) -> list[tuple[Any, ...]]:
        """What is due at this moment, by shelf."""
        soonest_us, now_us = self.soonest_us(), self._clock.now_us()
        return [] if soonest_us is None or soonest_us > now_us else list(self._look(DUE, *[now_us] * len(SHELVES)))

    def soonest_us(self) -> int | None:
        """When something falls due next; looked for only when anything was written since."""
        changes = self._written.changes
        if self._soonest is None or self._soonest[0] != changes:
            self._soonest = (changes, self._look_again())
        return self._soonest[1]

    def forget(self) -> None:
        """The service is gone, and whatever it had not kept."""
        self._next.clear()
        self._soonest = None

    def _look_again(self) -> int | None:
        """A table is asked only when it was written."""
        stamps = self._written.stamps
        for shelf, query in NEXT.items():
            stamp, known = stamps[shelf], self._next.get(shelf)
            if known is None or known[0] != stamp:
                self._next[shelf] = (stamp, self._look(query)[0][0])
        return min((at for _, at in self._next.values() if at is not None), default=None)
