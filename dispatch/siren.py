"""
Whether anybody would hear an alarm: which consoles are there with working sound, and a page when none is.

    sounding ──► silent ──► paged after 60 s, and again every 10 min ──► sounding
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from dispatch.clock import Clock, Instant
from dispatch.horn.state import SirenState
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Transactions

PRESENT_S = 40.0
"""A board says every 15 s that it is there; after two that were missed it is taken for gone."""

SILENT_S = 60.0
"""No console with working sound for so long is a fault that somebody is paged for (ECOSYSTEM, 5.3)."""

AGAIN_S = 600.0

CONSOLES_MAX = 200
"""Consoles remembered at most; the one unheard for longest is forgotten first."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One console as it last spoke: `heard_s` on the steady clock."""

    console: str
    operator: Person
    sound: bool
    heard_s: float


class Consoles:
    """
    The consoles that said they are there, in memory and on the steady clock; may be asked from any thread.

    Silence is counted from the start of the service, so that a service nobody ever listened to is noticed too.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[Person, str], Presence] = {}
        self._sounded_s = clock.look().steady_s

    def present(self, console: str, operator: Person, *, sound: bool) -> None:
        """A console is there; `sound` says whether it could ring now."""
        now_s = self._clock.look().steady_s
        with self._lock:
            before = self._known.pop((operator, console), None)
            if sound or (before is not None and before.sound and now_s - before.heard_s < PRESENT_S):
                self._sounded_s = now_s
            self._known[operator, console] = Presence(console=console, operator=operator, sound=sound, heard_s=now_s)
            while len(self._known) > CONSOLES_MAX:
                del self._known[next(iter(self._known))]

    def all(self, now: Instant | None = None) -> list[Presence]:
        """Those that are there, sounding or not, the one heard longest ago first."""
        now_s = (now or self._clock.look()).steady_s
        with self._lock:
            return [each for each in self._known.values() if now_s - each.heard_s < PRESENT_S]

    def sounding(self, now: Instant | None = None) -> int:
        """How many could ring; at this moment unless another is given."""
        return sum(each.sound for each in self.all(now))

    def none_for_s(self) -> float:
        """For how many seconds no console could have rung: since the last one was heard; 0.0 while one is there."""
        now = self._clock.look()
        if self.sounding(now):
            return 0.0
        with self._lock:
            return max(0.0, now.steady_s - self._sounded_s)


class Siren:
    """Pages somebody when no console could ring. `check` is called every few seconds, by one thread."""

    def __init__(
        self,
        consoles: Consoles,
        transactions: Transactions,
        clock: Clock,
        *,
        page: Callable[[float], None],
        silent_s: float = SILENT_S,
    ) -> None:
        """`page` is told for how many seconds nobody would have heard anything; `silent_s` is how long is too long."""
        self._silent_s = silent_s
        self._consoles = consoles
        self._transactions = transactions
        self._clock = clock
        self._page = page
        self._paged_s: float | None = None

    @property
    def silent(self) -> bool:
        """Whether somebody has been paged and no console sounds yet."""
        return self._paged_s is not None

    def check(self) -> None:
        """Pages if it is time to; what `page` raises comes through, and the next check tries again."""
        none_s, now_s = self._consoles.none_for_s(), self._clock.look().steady_s
        if none_s >= self._silent_s and (self._paged_s is None or now_s - self._paged_s >= AGAIN_S):
            self._page(none_s)
            self._paged_s = now_s
            log.warning("no_console_sounded", seconds=round(none_s))
            self._tell("no_console_sounds", none_s)
        elif none_s < self._silent_s and self._paged_s is not None:
            self._tell("console_sounds", now_s - self._paged_s)
            self._paged_s = None
            log.info("console_sounded")

    def _tell(self, kind: str, seconds: float) -> None:
        """`seconds` are those of silence so far, or those between the last page and the end of it."""
        line = Line(kind=kind, by=SERVICE, facts={"seconds": round(seconds)})
        self._transactions.run(lambda tx: tx.log(line))


class SirenGuard:
    """Pages somebody when the siren's own process is gone or could not be heard. `check` is called now and then."""

    def __init__(
        self, home: Path, transactions: Transactions, clock: Clock, *, wanted: bool, page: Callable[[], None]
    ) -> None:
        """`home` is where its beat lies; `wanted` whether it is missed even where it has never run."""
        self._home = home
        self._transactions = transactions
        self._clock = clock
        self._wanted = wanted
        self._page = page
        self._since_s: float | None = None
        self._paged = False

    @property
    def well(self) -> bool | None:
        """Whether it runs and could be heard; None where none is set up and none ever ran."""
        state = SirenState.read(self._home, self._clock)
        if state is None:
            return False if self._wanted else None
        return state.well

    def check(self) -> None:
        """Pages once for each time it is gone; what `page` raises comes through, and the next check tries again."""
        now_s = self._clock.look().steady_s
        if self.well is not False:
            self._since_s = None
            if self._paged:
                self._tell("siren_found")
            self._paged = False
            return
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s >= SILENT_S and not self._paged:
            self._page()
            self._paged = True
            log.warning("siren_missed")
            self._tell("siren_missed")

    def _tell(self, kind: str) -> None:
        line = Line(kind=kind, by=SERVICE)
        self._transactions.run(lambda tx: tx.log(line))
