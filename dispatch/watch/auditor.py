"""One who goes through the books again and again and says which promises are broken, and by what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.clock import Clock
from dispatch.store.audit import GENESIS, Books, Engine, Page, Values
from dispatch.store.database import to_us
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.promise import CONSTANTS, RESTART_GRACE_S, SECOND, Predicate, all_of

RECENT_S = 2 * 3600
"""A short look covers the open alarms and those raised since; whatever is older waits for the full look."""

FULL_EVERY_S = 3600.0
"""A full look this often; it reads every alarm and every entry once."""

SLICE = 20_000
"""So many entries are gone through at a time, so that a full look over years holds no long transaction open."""

SIGNALS_BACK = 500
"""A short look covers so many of the newest signals on SQLite, which has no index on them by time."""

OVERLAP_S = 5
"""On PostgreSQL units of work run side by side and read the clock before they take their number, so that neighbours in
the record may overlap by what a unit takes or waits for its lock. On SQLite one writer keeps them in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A broken promise: its name, the id of what broke it (an alarm, offer, message, entry …), and a few words."""

    promise: str
    id: str
    what: str


class Auditor:
    """
    Keeps where it has looked, so that each pass costs what happened since, not what ever happened.

    `started_at` tells since when the engine has been up, None if that is unknown: within five seconds of it lateness is
    not yet held against the engine. `full_every_s` is how often a pass is a full one, by the steady clock; None for the
    first only. `predicates` are those judged by.
    """

    def __init__(
        self,
        reading: Engine,
        clock: Clock,
        *,
        started_at: Callable[[], datetime | None] = lambda: None,
        full_every_s: float | None = FULL_EVERY_S,
        predicates: Sequence[Predicate] = PREDICATES,
    ) -> None:
        self._books = Books(reading)
        self._clock = clock
        self._started_at = started_at
        self._full_every_s = full_every_s
        self._seen: tuple[int, str] | None = None
        self._full_at_s = 0.0
        self._all = self._books.prepare(all_of(predicates))
        self._walks = any(each.log for each in predicates)
        self._log = self._books.prepare(all_of([each for each in predicates if each.log]))
        self._rest = self._books.prepare(all_of([each for each in predicates if not each.log]))

    def pass_(self, full: bool = False) -> list[Broken]:
        """
        One look. Full at the first pass, when the time for it has come, and when asked; else at what may have changed.

        Raises:
            Unreadable: the books could not be read.
        """
        steady_s = self._clock.look().steady_s
        full = full or self._is_time(steady_s)
        with self._books.open() as page:
            head = page.head()
            broken = self._full(page, head) if full else self._short(page, head)
        if full:
            self._full_at_s = steady_s
        self._seen = head
        return broken

    def _is_time(self, steady_s: float) -> bool:
        aged = self._full_every_s is not None and abs(steady_s - self._full_at_s) >= self._full_every_s
        return self._seen is None or aged

    def _short(self, page: Page, head: tuple[int, str]) -> list[Broken]:
        assert self._seen is not None
        from_number = min(self._seen[0], head[0])
        broken = _found(page.rows(self._all, self._values(from_number, head[0])))
        return broken + self._hashes(page, from_number, head[0])

    def _hashes(self, page: Page, from_number: int, to_number: int) -> list[Broken]:
        """New entries are also counted over by their hashes; the whole chain is `anling record verify`'s."""
        fault = page.chain_fault(from_number, to_number) if to_number > from_number else None
        return [] if fault is None else [Broken(promise=HASH, id=str(fault[0]), what=fault[1])]

    def _full(self, page: Page, head: tuple[int, str]) -> list[Broken]:
        broken = _found(page.rows(self._rest, self._values(0, head[0], full=True)))
        if self._seen is not None:
            broken += self._hashes(page, min(self._seen[0], head[0]), head[0])
        for start in range(0, head[0] if self._walks else 0, SLICE):
            with self._books.open() as slice_:
                values = self._values(start, min(start + SLICE, head[0]), full=True)
                broken += _found(slice_.rows(self._log, values))
        return broken

    def _values(self, from_number: int, to_number: int, *, full: bool = False) -> Values:
        now_us = to_us(self._clock.now())
        started_at = self._started_at()
        seen = self._seen or (0, GENESIS)
        return limits(now_us, to_us(started_at) if started_at else 0) | {
            "since_us": 0 if full else now_us - RECENT_S * SECOND,
            "tail": 2**60 if full else SIGNALS_BACK,
            "from_number": from_number,
            "to_number": to_number,
            "seen_number": seen[0],
            "seen_hash": seen[1],
            "overlap_us": 0 if self._books.dialect == "sqlite" else OVERLAP_S * SECOND,
        }


def limits(now_us: int, up_us: int) -> dict[str, int | str]:
    """What the promises are measured by at this moment, for an engine that has been up since `up_us`."""
    is_up = now_us >= up_us + RESTART_GRACE_S * SECOND
    return {
        **FIGURES,
        "now_us": now_us,
        "up_us": up_us,
        "late_us": now_us - FIGURES["epsilon_us"] if is_up else 0,
        "late_look_us": now_us - FIGURES["look_us"] if is_up else 0,
        "late_send_us": now_us - FIGURES["send_us"] if is_up else 0,
        "stuck_us": now_us - FIGURES["unknown_us"] - FIGURES["epsilon_us"] if is_up else 0,
        "genesis": GENESIS,
    }


HASH = "I11.hash"
"""The one promise that is arithmetic and not SQL: every new entry's hash is that of its content."""

FIGURES = {name: int(each.seconds * SECOND) for name, each in CONSTANTS.items()}


def _found(rows: Sequence[tuple[str, ...]]) -> list[Broken]:
    return [Broken(promise=promise, id=id_, what=what) for promise, id_, what in rows]
