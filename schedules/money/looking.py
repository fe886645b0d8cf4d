"""
Months that somebody looks at: small ones reckoned where they are shown, large ones elsewhere and kept for a while.

    large ─► kept and fresh: shown at once
          ─► kept and older: shown with its moment, and worked out anew meanwhile
          ─► not kept: worked out; whoever asked waits two seconds at most, and looks again later

A month of 200,000 meals is two seconds of a processor, and twelve where a rule asks who was served. In the interpreter
in which presses are heard, three people who looked at one made each press take three times as long.

What is kept is kept in memory: it is nobody's only copy, and a restart works it out again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog

from dispatch.clock import Clock
from dispatch.errors import Busy
from dispatch.store.idempotency import MISTAKES

T = TypeVar("T")
V = TypeVar("V")

FRESH = timedelta(seconds=60)
"""So long a month is shown as it was worked out, before that is done again; what is changed here ends it at once."""

WAIT_S = 2
"""Whoever asks first waits so long for an answer. A thread of the web that waits is one that no text can come in by."""

KEPT_MAX = 24
UNDER_WAY_MAX = 4
"""So many months are worked out or wait for it, one at a time; who asks for more asks again later."""

AGAIN_S = 5
"""After so many seconds a page looks again."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[T]):
    """
    A month as it was reckoned at an instant; `found` is None while nobody knows it. `under_way` says that it is being
    worked out, anew where something is found already.
    """

    found: T | None
    at: datetime
    under_way: bool = False
    failed: bool = False
    """It was tried since, and could not be worked out."""


@dataclass(slots=True)
class _Kept(Generic[T]):
    found: T
    at: datetime
    since: int
    """How often something had been changed when it was begun."""


class Looking(Generic[T]):
    """Shows months. Nothing that is large is reckoned in the process that hears presses."""

    def __init__(
        self, clock: Clock, here: Callable[[str], T], elsewhere: Callable[[str], T] | None = None, *,
        is_large: Callable[[str], bool] = lambda _month: True, wait_s: int = WAIT_S,
    ) -> None:  # fmt: skip
        """`here` and `elsewhere` reckon a month ("2026-03"); without `elsewhere` all is reckoned here."""
        self._clock = clock
        self._here, self._elsewhere = here, elsewhere
        self._is_large = is_large
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._kept: dict[str, _Kept[T]] = {}
        self._ends: dict[str, threading.Event] = {}
        self._failed: dict[str, datetime] = {}
        self._changes = 0

    def at(self, month: str) -> Seen[T]:
        """
        A month as it is known, at once or nearly.

        Raises:
            Busy: other months are being worked out, and this one is not known.
        """
        now = self._clock.now()
        if self._elsewhere is None or not self._is_large(month):
            return Seen(found=self._here(month), at=now)
        with self._lock:
            begun = not self._is_fresh(month, now) and self._begin(month)
            end = self._ends.get(month)
        if begun and end is not None:
            end.wait(self._wait_s)
        with self._lock:
            return self._seen(month, now)

    def changed(self) -> None:
        """Something was written here that months depend on: what is kept is worked out again when it is looked at."""
        with self._lock:
            self._changes += 1

    def _is_fresh(self, month: str, now: datetime) -> bool:
        """What failed is fresh as well: it is not tried again at each look."""
        kept, failed = self._kept.get(month), self._failed.get(month)
        known = kept is not None and kept.since == self._changes and _lately(kept.at, now)
        return known or (failed is not None and _lately(failed, now))

    def _seen(self, month: str, now: datetime) -> Seen[T]:
        kept, failed = self._kept.get(month), month in self._failed
        at, found = (kept.at, kept.found) if kept else (now, None)
        return Seen(found=found, at=at, under_way=month in self._ends, failed=failed)

    def _begin(self, month: str) -> bool:
        if month in self._ends:
            return False
        if len(self._ends) >= UNDER_WAY_MAX:
            if month not in self._kept:
                raise Busy("Other months are being worked out. Try again in a few seconds.")
            return False
        self._ends[month] = threading.Event()
        threading.Thread(target=self._work, args=(month,), name=f"look-{month}", daemon=True).start()
        return True

    def _work(self, month: str) -> None:
        """One at a time: each is a process with the whole month."""
        assert self._elsewhere is not None
        known: _Kept[T] | None = None
        try:
            with self._turn:
                with self._lock:
                    at, since = self._clock.now(), self._changes
                known = _Kept(self._elsewhere(month), at, since)
        except (OSError, *MISTAKES) as failure:
            log.error("month_not_worked_out", month=month, why=str(failure))
        finally:
            with self._lock:
                if known is None:
                    _put(self._failed, month, self._clock.now())
                else:
                    self._failed.pop(month, None)
                    _put(self._kept, month, known)
                self._ends.pop(month).set()


def _lately(at: datetime, now: datetime) -> bool:
    return timedelta() <= now - at < FRESH


def _put(shelf: dict[str, V], month: str, what: V) -> None:
    """Keeps the newest ones."""
    shelf.pop(month, None)
    shelf[month] = what
    while len(shelf) > KEPT_MAX:
        del shelf[next(iter(shelf))]
