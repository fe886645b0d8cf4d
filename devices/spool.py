"""
The spool of a forwarding gateway: what was heard is on disk before anybody is answered, and stays until the service
has it, and a while longer.

```
  add ──► │ calls  1 2 3 4 5 6 7 8           each numbered as it is heard, never given up
          │        └─ held ─┘ └ waiting ┘
  add ──► │ news   1 2 3 4 5 … … …           numbered when it is sent; what waits may be replaced or given up
          │              └ sent ┘ └ no number yet
```

Two lanes, so that no press waits behind a storm of life signs. Each has an epoch drawn at random and numbers without a
gap; `held` is how far the service says it has them. When it says less than before, its database was restored, and what
it lacks is sent again. Each record carries a checksum, because SQLite has none for what it keeps. See docs/adr/0021.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from devices import spool_rows as rows
from devices.spool_file import Connect, SpoolFile, open_file
from devices.spool_rows import Entry, Kept, Lane, Registered, Waiting, Weight
from dispatch.clock import Clock, Instant
from dispatch.store.database import sqlite_module, to_us

__all__ = ["Entry", "Kept", "Lane", "Registered", "Spool", "Waiting", "Weight", "age_s"]

KEPT_FOR = timedelta(days=7)
"""How far the service's own database may be behind: what it held is kept so long, to be sent again."""

LIMIT_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger()


class Spool:
    """
    Serves one process, all its threads. Every method may raise `SpoolBroken` (see `spool_file`).

    Promises: what `add` has returned from is there after a power cut, in the order in which it was added; a number is
    given once; a call is never given up.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        limit_bytes: int = LIMIT_BYTES,
        refuge: Path | None = None,
        connect: Connect | None = None,
    ) -> None:
        """
        `limit_bytes` is what the file may hold before something is given up; `refuge` is where it is kept while its
        own place cannot be written; `connect` opens it.
        """
        self._clock = clock
        self.saved = 0
        self._file = SpoolFile(
            path, clock, make=rows.make, give_up=rows.give_up, limit_bytes=limit_bytes, connect=connect,
            refuge=refuge, salvage=self._save_from,
        )  # fmt: skip
        if self._file.set_aside is not None:
            self._save_from(self._file.set_aside)

    @property
    def set_aside(self) -> Path | None:
        """The file that could not be read and was put out of the way, if there was one; `saved` calls came from it."""
        return self._file.set_aside

    @property
    def elsewhere(self) -> bool:
        """Whether it is kept in the refuge, because its own place cannot be written."""
        return self._file.elsewhere

    def close(self) -> None:
        self._file.close()

    # ------------------------------------------------------------------------------------------------ in

    def add(self, entries: Sequence[Entry]) -> None:
        """Keeps all of these in one commit; returns when they are on disk. If it raises, nothing of them is kept."""
        if entries:
            self._file.durably(lambda connection: rows.insert(connection, entries))

    # ------------------------------------------------------------------------------------------------ out

    def epoch(self, lane: Lane) -> str:
        """What the numbers of this lane count within."""
        return str(self._file.read("SELECT epoch FROM lanes WHERE lane = ?", (lane,))[0][0])

    def held(self, lane: Lane) -> int:
        """How far the service has this lane, by its own word; 0 for nothing."""
        return int(self._file.read("SELECT held FROM lanes WHERE lane = ?", (lane,))[0][0])

    def last(self, lane: Lane) -> int:
        """The last number given; 0 for none."""
        return int(self._file.read("SELECT last FROM lanes WHERE lane = ?", (lane,))[0][0])

    def batch(self, lane: Lane, *, most: int, most_bytes: int) -> list[Kept]:
        """
        The next records of the lane that the service does not hold, in order, at least one if there is any.

        What is given a number here keeps it: the same records have the same numbers after a restart.
        """
        found = self._numbered(lane, 0, most)
        if not found and lane is Lane.NEWS and self._file.read(f"{rows.UNNUMBERED} LIMIT 1", (lane,)):
            self._file.durably(lambda connection: rows.number(connection, lane, most))
            found = self._numbered(lane, 0, most)
        kept: list[Kept] = []
        size = 0
        for row in found:
            size += len(row[1])
            if kept and size > most_bytes:
                break
            kept.append(rows.kept(row))
        return kept

    def hold(self, lane: Lane, seq: int) -> None:
        """
        The service says that it has everything up to `seq`; less than before means that it has to be sent again.

        Life signs it has are forgotten at once, everything else is kept for `KEPT_FOR`.
        """
        if seq != self.held(lane):
            self._file.durably(lambda connection: rows.hold(connection, lane, seq))

    def replace(self, lane: Lane, seq: int, body: str) -> None:
        """Another body under the same number, for a record that the service will never take."""
        change = "UPDATE kept SET body = ?, checksum = ? WHERE lane = ? AND seq = ?"
        self._file.durably(lambda connection: connection.execute(change, (body, rows.sum_of(body), lane, seq)))

    def begin_anew(self, lane: Lane) -> None:
        """
        A new epoch: this file is a copy older than what the service already has of it.

        What is not known to be held is numbered again from 1; what is held was sent under the old epoch and is let go.
        """
        self._file.durably(lambda connection: rows.begin_anew(connection, lane))

    def waiting(self) -> Waiting:
        """What waits at this moment."""
        counts = {str(lane): int(count) for lane, count in self._file.read(rows.WAITING)}
        oldest = self._file.read(rows.OLDEST)
        return Waiting(
            calls=counts.get(Lane.CALLS, 0),
            news=counts.get(Lane.NEWS, 0),
            oldest=rows.instant(*oldest[0]) if oldest else None,
        )

    def missing(self, lane: Lane) -> int:
        """How many numbered records that the service does not hold are not there any more: the disk has lost them."""
        return int(self._file.read(rows.MISSING, (lane,))[0][0])

    def dropped(self) -> int:
        """How many records were given up that nobody has, since the file was made."""
        return int(self._file.read("SELECT sum(dropped) FROM lanes")[0][0])

    def since(self, lane: Lane, seq: int, *, most: int) -> list[Kept]:
        """The numbered records behind `seq` that the service does not hold."""
        return [rows.kept(row) for row in self._numbered(lane, seq, most)]

    def _numbered(self, lane: Lane, behind: int, most: int) -> list[Any]:
        return self._file.read(rows.NUMBERED, (lane, max(behind, self.held(lane)), most))

    # ------------------------------------------------------------------------------------------------ small things

    def remember(self, name: str, value: str) -> None:
        """A word that outlives the process."""
        self._file.durably(lambda connection: connection.execute(rows.REMEMBER, (name, value)))

    def remembered(self, name: str) -> str:
        """What was remembered under this name; empty for nothing."""
        found = self._file.read("SELECT value FROM words WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def learn(self, register: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """What the service has registered now, whole: by protocol and address, a code and a kind."""
        devices = [
            (protocol, address, *each) for protocol, known in register.items() for address, each in known.items()
        ]
        self._file.durably(lambda connection: rows.learn(connection, devices))

    @property
    def knows_register(self) -> bool:
        """Whether the service has ever told what is registered."""
        return bool(self.remembered("register"))

    def registered(self, protocol: str, address: str) -> Registered | None:
        """What the service last knew this device as, if it did."""
        asked = "SELECT code, kind FROM register WHERE protocol = ? AND address = ?"
        found = self._file.read(asked, (protocol, address))
        return Registered(code=str(found[0][0]), kind=str(found[0][1])) if found else None

    def look(self) -> None:
        """Whether the file is still there; one that was deleted is written anew. To be called every second or so."""
        self._file.look()

    def tidy(self) -> None:
        """Forgets what the service has had for `KEPT_FOR`, and sets room aside again. To be called now and then."""
        now = self._clock.look()
        after_s, after_us = now.steady_s - KEPT_FOR.total_seconds(), to_us(now.wall - KEPT_FOR)
        values = (now.boot, after_s, now.boot, rows.KNOWN_US, after_us)
        self._file.durably(lambda connection: connection.execute(rows.OUTDATED, values))
        self._file.reserve()

    def _save_from(self, damaged: Path) -> None:
        """Calls that can still be read out of a damaged file: under the new epoch, so at worst they come twice."""
        held = next((row[0] for row in _readable(damaged, rows.HELD_CALLS)), 0)
        found: dict[int, Kept] = {}
        for direction in ("ASC", "DESC"):
            # A page that cannot be read ends the walk; what lies behind it is found from the other end.
            found |= {id_: rows.kept(row) for id_, *row in _readable(damaged, rows.SALVAGE + direction)}
        whole = [each for _, each in sorted(found.items()) if each.body is not None and each.seq > held]
        self.add([Entry(lane=Lane.CALLS, body=each.body or "", heard=each.heard) for each in whole])
        self.saved = len(whole)


def _readable(damaged: Path, question: str) -> Iterator[Any]:
    """The rows of an answer up to the first that cannot be read."""
    try:
        with contextlib.closing(open_file(damaged, read_only=True)) as connection:
            yield from connection.execute(question)
    except sqlite_module().Error as error:
        _log.error("spool_not_read", reason=str(error))


def age_s(heard: Instant, now: Instant) -> float:
    """
    How long ago something was heard, in seconds: exact within one run of the machine, else by the wall clock.

    Where that cannot be believed, it is at least as long ago as the machine runs.
    """
    if heard.boot == now.boot:
        return max(0.0, now.steady_s - heard.steady_s)
    if min(to_us(heard.wall), to_us(now.wall)) < rows.KNOWN_US:
        return max(0.0, now.steady_s)
    return max(0.0, now.steady_s, (now.wall - heard.wall).total_seconds())
