"""
The service's threads stay on one core: the one that others leave most of.

One interpreter lets one thread compute at a time. On several cores whoever gives it up for a moment, as each call of
the database does, finds it taken by a thread that woke on another core, and waits for a turn; on one core it goes on
(docs/adr/0111).

    cores = OneCore(SystemClock())
    cores.start()          from now on, each second: hold to the best core, move to a better one, or let go
    cores.stop()           all threads may run anywhere again

Haste and nothing else: where it cannot be had, everything runs where the system likes. Processes that we begin run
anywhere, at the latest after a second.
"""

import threading
from collections.abc import Mapping

import structlog

from config.cores_system import Idle, Machine
from dispatch.clock import Clock
from dispatch.errors import SLIPS

LOOK_S = 1.0
"""So often we look who else is on our core, in seconds."""

GAIN = 0.2
"""Another core must be freer by so much of itself before we move."""

FULL = 0.5
"""Where others take so much of every core, the system distributes better than we do."""

FREE = ("cores", "hasher")
"""Threads that stay free, by how their names begin: the one that looks, and those that hash passwords."""

log = structlog.get_logger()


def choose(held: int | None, filled: Mapping[int, float]) -> int | None:
    """
    The core to hold to, None for none: `filled` is the share of each that others took lately, 0 to 1. We stay unless
    another is much freer, for what a core's caches know is lost with each move.
    """
    best = min(filled, key=lambda core: (filled[core], core))
    if filled[best] >= FULL:
        return None
    if held is not None and held in filled and filled[held] < min(FULL, filled[best] + GAIN):
        return held
    return best


def taken_by_others(before: Idle, after: Idle, own: Mapping[int, float], lasted_s: float) -> dict[int, float]:
    """
    The share of each core that was neither idle nor ours within `lasted_s`; `own` are the seconds that we took. A core
    that stood still was all taken, and one that has just come says nothing yet.
    """
    return {
        core: max(0.0, 1.0 - (after[core] - before[core] + own.get(core, 0.0)) / lasted_s)
        for core in after.keys() & before.keys()
    }


class OneCore:
    """Holds the threads of this process to one core, in a thread of its own that stays free."""

    def __init__(self, clock: Clock, machine: Machine | None = None) -> None:
        self._clock = clock
        self._machine = machine or Machine()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._all: frozenset[int] = frozenset()
        self._seen: tuple[float, Idle, float] | None = None
        self.held: int | None = None

    def start(self) -> None:
        """Nothing is held before the first second is over. Never raises: a service must not end for want of haste."""
        try:
            self._begin()
        except (OSError, *SLIPS) as failure:
            log.warning("cores_not_chosen", why=str(failure))

    def stop(self) -> None:
        """Everything runs anywhere again, and so does what this process becomes if it begins anew."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """
        Once: what others took since the last look decides where we run until the next.

        Raises:
            OSError: the system does not tell, or does not let us.
        """
        filled = self._filled()
        if filled:
            self._hold(choose(self.held, filled))

    def _begin(self) -> None:
        self.look()
        if len(self._all) > 1:
            self._machine.place(threading.get_native_id(), self._all)
            thread = threading.Thread(target=self._run, name="cores", daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        try:
            try:
                while not self._stopping.wait(LOOK_S):
                    self.look()
            finally:
                self._hold(None)
        except (OSError, *SLIPS) as failure:
            log.warning("cores_not_chosen", why=str(failure))

    def _filled(self) -> dict[int, float]:
        """Of each core that we may use the share that others took since the last look; empty at the first."""
        before, machine = self._seen, self._machine
        now_s, idle, own_s = self._seen = self._clock.look().steady_s, machine.idle(), machine.own_s()
        if before is None:
            self._all = machine.allowed()
        if before is None or now_s <= before[0]:
            return {}
        ours_s, on = own_s - before[2], self._all if self.held is None else (self.held,)
        filled = taken_by_others(before[1], idle, dict.fromkeys(on, ours_s / len(on)), now_s - before[0])
        return {core: share for core, share in filled.items() if core in self._all}

    def _hold(self, core: int | None) -> None:
        before, self.held = self.held, core
        if core != before:
            log.debug("core_chosen", core=core, before=before)
        if before is not None:
            self._free_others(before)
        if before is not None or core is not None:
            self._place(self._all if core is None else {core})

    def _place(self, cores: frozenset[int] | set[int]) -> None:
        for thread in threading.enumerate():
            if thread.native_id is not None:
                self._machine.place(thread.native_id, self._all if thread.name.startswith(FREE) else cores)

    def _free_others(self, core: int) -> None:
        """A process begun by a thread that is held is held as well, and a siren must not wait for us."""
        for thread in self._machine.begun_by_us():
            if self._machine.is_held(thread, core):
                self._machine.place(thread, self._all)
