"""
How the engine shows that it lives: a beat on file, which says whether commits are possible and what is wrong.

The siren reads it from another process. A beat is written only by an engine whose timers and whose writer go on: a
stuck writer holds it up, and an old beat is the plainest sign there is.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from dispatch.clock import Clock
from dispatch.errors import Busy
from dispatch.store.database import Engine
from dispatch.store.pulse import NotWritten, Pulses
from dispatch.store.transactions import Transactions

EVERY_S = 2.0

PULSE_S = 5.0
"""So often a commit is tried for its own sake; PROMISES, S4: a read-only file is noticed within 5 s."""

PROVIDERS_LOOKED_BACK = timedelta(minutes=10)

log = structlog.get_logger()

Worries = Mapping[str, bool]


class Vitals:
    """Writes the beat. `check` is called every two seconds, by one thread."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        path: Path,
        *,
        database: Path | None,
        untaken_s: float,
        others: Callable[[], Worries],
    ) -> None:
        """
        `path` is the beat, `database` the file whose loss or write protection is noticed, `others` what else may be
        wrong, by the names of `dispatch.horn.judge.Reason`.
        """
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._path = path
        self._database = database
        self._inode = _inode(database)
        self._untaken_s = untaken_s
        self._others = others
        self._since_s: dict[str, float] = {}
        self._pulsed_s: float | None = None
        self._writable = True
        self._checked_s = clock.look().steady_s

    @property
    def worries(self) -> tuple[str, ...]:
        """What is wrong now, by name; may be asked from any thread."""
        return tuple(sorted(self._since_s))

    @property
    def since_check_s(self) -> float:
        """Seconds since a look came to its end: a writer that is stuck holds it up. May be asked from any thread."""
        return max(0.0, self._clock.look().steady_s - self._checked_s)

    def check(self) -> None:
        """One look, and the beat. What keeps it from being written keeps it from being written: nothing is hidden."""
        found = {"database_not_writable": not self._can_write(), **self._messages(), **self._others()}
        look = self._clock.look()
        wrong = [name for name, is_wrong in found.items() if is_wrong]
        for name in set(wrong) - set(self._since_s):
            log.warning("worry_began", worry=name)
        for name in set(self._since_s) - set(wrong):
            log.info("worry_ended", worry=name)
        self._since_s = {name: self._since_s.get(name, look.steady_s) for name in wrong}
        beat = {
            "at": look.wall.isoformat(), "boot": look.boot, "steady_s": look.steady_s, "pid": os.getpid(),
            "worries": self._since_s,
        }  # fmt: skip
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(json.dumps(beat), encoding="utf-8")
        fresh.replace(self._path)
        self._checked_s = self._clock.look().steady_s

    def _can_write(self) -> bool:
        """Whether a commit came through within the last seconds, and the file is still the one that was opened."""
        now_s = self._clock.look().steady_s
        if self._pulsed_s is None or not self._writable or now_s - self._pulsed_s >= PULSE_S:
            self._pulsed_s = now_s
            self._writable = self._pulse()
        return self._writable and self._is_same_file()

    def _pulse(self) -> bool:
        try:
            self._transactions.run(lambda tx: Pulses(tx.connection).beat("engine", tx.now))
        except (NotWritten, Busy) as error:
            log.warning("pulse_not_kept", why=type(error).__name__)
            return False
        return True

    def _is_same_file(self) -> bool:
        if self._database is None:
            return True
        return _inode(self._database) == self._inode and os.access(self._database, os.W_OK)

    def _messages(self) -> Worries:
        try:
            with self._reading.connect() as connection:
                shelf, now = Pulses(connection), self._clock.now()
                taking = shelf.providers_take(now, PROVIDERS_LOOKED_BACK)
                return {
                    "message_not_taken": bool(shelf.untaken(now, self._untaken_s)), "no_provider_takes": taking is False
                }  # fmt: skip
        except NotWritten as error:
            log.warning("vitals_not_read", why=type(error).__name__)
            return {"database_not_readable": True}


def _inode(path: Path | None) -> int | None:
    try:
        return None if path is None else path.stat().st_ino
    except OSError:
        return None
