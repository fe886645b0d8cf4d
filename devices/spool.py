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
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

import structlog

from devices.spool_file import Connect, SpoolFile, open_file
from dispatch.clock import Clock, Instant
from dispatch.store.database import from_us, sqlite_module, to_us

KEPT_FOR = timedelta(days=7)
"""How far the service's own database may be behind: what it held is kept so long, to be sent again."""

LIMIT_BYTES = 64 * 1024 * 1024
CHUNK = 500
"""Records given up at a time, oldest first."""

_log = structlog.get_logger()


class Lane(StrEnum):
    """Which queue: what may be about a person, and everything else."""

    CALLS = "calls"
    NEWS = "news"


class Weight(IntEnum):
    """What is given up first when there is no room: the highest; what is LASTING never."""

    LASTING = 0
    NEWS = 1
    LIFE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    Something to be kept. `body` is JSON; `heard` when it was heard, by both clocks. `slot` is whose life sign it is:
    while one waits there, the next one takes its place.
    """

    lane: Lane
    body: str
    heard: Instant
    weight: Weight = Weight.LASTING
    slot: str | None = None

    def __post_init__(self) -> None:
        assert self.lane is Lane.NEWS or (self.weight is Weight.LASTING and self.slot is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A numbered record. `body` is None when its checksum does not fit: the disk has changed it."""

    seq: int
    body: str | None
    heard: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Records that the service does not hold: how many of each lane, and when the oldest was heard."""

    calls: int
    news: int
    oldest: Instant | None


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
        self._file = SpoolFile(
            path, clock, make=_make, give_up=_give_up, limit_bytes=limit_bytes, connect=connect,
            refuge=refuge,
        )  # fmt: skip
        self.saved = 0
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
            self._file.durably(lambda connection: _insert(connection, entries))

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
        rows = self._numbered(lane, most)
        if not rows and lane is Lane.NEWS and self._file.read(f"{_UNNUMBERED} LIMIT 1", (lane,)):
            self._file.durably(lambda connection: _number(connection, lane, most))
            rows = self._numbered(lane, most)
        kept: list[Kept] = []
        size = 0
        for row in rows:
            size += len(row[1])
            if kept and size > most_bytes:
                break
            kept.append(_kept(row))
        return kept

    def hold(self, lane: Lane, seq: int) -> None:
        """
        The service says that it has everything up to `seq`; less than before means that it has to be sent again.

        Life signs it has are forgotten at once, everything else is kept for `KEPT_FOR`.
        """
        if seq != self.held(lane):
            self._file.durably(lambda connection: _hold(connection, lane, seq))

    def replace(self, lane: Lane, seq: int, body: str) -> None:
        """Another body under the same number, for a record that the service will never take."""
        change = "UPDATE kept SET body = ?, checksum = ? WHERE lane = ? AND seq = ?"
        self._file.durably(lambda connection: connection.execute(change, (body, _checksum(body), lane, seq)))

    def begin_anew(self, lane: Lane) -> None:
        """
        A new epoch: this file is a copy older than what the service already has of it.

        What is not known to be held is numbered again from 1; what is held was sent under the old epoch and is let go.
        """
        self._file.durably(lambda connection: _begin_anew(connection, lane))

    def waiting(self) -> Waiting:
        """What waits at this moment."""
        counts = {str(lane): int(count) for lane, count in self._file.read(_WAITING)}
        oldest = self._file.read(_OLDEST)
        return Waiting(
            calls=counts.get(Lane.CALLS, 0),
            news=counts.get(Lane.NEWS, 0),
            oldest=_instant(*oldest[0]) if oldest else None,
        )

    def dropped(self) -> int:
        """How many records were given up that nobody has, since the file was made."""
        return int(self._file.read("SELECT sum(dropped) FROM lanes")[0][0])

    def _numbered(self, lane: Lane, most: int) -> list[Any]:
        return self._file.read(_NUMBERED, (lane, self.held(lane), most))

    # ------------------------------------------------------------------------------------------------ small things

    def remember(self, name: str, value: str) -> None:
        """A word that outlives the process."""
        self._file.durably(lambda connection: connection.execute(_REMEMBER, (name, value)))

    def remembered(self, name: str) -> str:
        """What was remembered under this name; empty for nothing."""
        found = self._file.read("SELECT value FROM words WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def learn(self, codes: Mapping[str, str]) -> None:
        """Which devices are registered with the service, and under which code."""
        if codes:
            self._file.durably(lambda connection: connection.executemany(_LEARN, list(codes.items())))

    def code_of(self, device: str) -> str | None:
        """The code of a registered device, as far as the service has told."""
        found = self._file.read("SELECT code FROM codes WHERE device = ?", (device,))
        return str(found[0][0]) if found else None

    def tidy(self) -> None:
        """Forgets what the service has had for `KEPT_FOR`, and sets room aside again. To be called now and then."""
        now = self._clock.look()
        after_s, after_us = now.steady_s - KEPT_FOR.total_seconds(), to_us(now.wall - KEPT_FOR)
        values = (now.boot, after_s, now.boot, _KNOWN_US, after_us)
        self._file.durably(lambda connection: connection.execute(_OUTDATED, values))
        self._file.reserve()

    def _save_from(self, damaged: Path) -> None:
        """Calls that can still be read out of a damaged file: under the new epoch, so at worst they come twice."""
        held = next((row[0] for row in _readable(damaged, _HELD_CALLS)), 0)
        found: dict[int, Kept] = {}
        for direction in ("ASC", "DESC"):
            # A page that cannot be read ends the walk; what lies behind it is found from the other end.
            found |= {id_: _kept(row) for id_, *row in _readable(damaged, _SALVAGE + direction)}
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
    if min(to_us(heard.wall), to_us(now.wall)) < _KNOWN_US:
        return max(0.0, now.steady_s)
    return max(0.0, now.steady_s, (now.wall - heard.wall).total_seconds())


# ------------------------------------------------------------------------------------------------ statements


def _insert(connection: Any, entries: Sequence[Entry]) -> None:
    for entry in entries:
        seq = _next(connection, entry.lane) if entry.lane is Lane.CALLS else None
        heard = (entry.heard.boot, entry.heard.steady_s, to_us(entry.heard.wall))
        values = (entry.lane, seq, entry.slot, int(entry.weight), *heard, entry.body, _checksum(entry.body))
        connection.execute(_INSERT, values)


def _next(connection: Any, lane: Lane) -> int:
    return int(
        connection.execute("UPDATE lanes SET last = last + 1 WHERE lane = ? RETURNING last", (lane,)).fetchone()[0]
    )


def _number(connection: Any, lane: Lane, most: int) -> None:
    for (id_,) in connection.execute(f"{_UNNUMBERED} ORDER BY id LIMIT ?", (lane, most)).fetchall():
        connection.execute("UPDATE kept SET seq = ?, slot = NULL WHERE id = ?", (_next(connection, lane), id_))


def _hold(connection: Any, lane: Lane, seq: int) -> None:
    connection.execute("UPDATE lanes SET held = min(last, ?) WHERE lane = ?", (seq, lane))
    connection.execute("DELETE FROM kept WHERE lane = ? AND weight = ? AND seq <= ?", (lane, int(Weight.LIFE), seq))


def _begin_anew(connection: Any, lane: Lane) -> None:
    connection.execute(_LET_GO, (lane,))
    numbered = "SELECT id FROM kept WHERE lane = ? AND seq IS NOT NULL ORDER BY seq"
    ids = [row[0] for row in connection.execute(numbered, (lane,)).fetchall()]
    connection.execute("UPDATE kept SET seq = -seq WHERE lane = ? AND seq IS NOT NULL", (lane,))
    connection.executemany("UPDATE kept SET seq = ? WHERE id = ?", list(enumerate(ids, 1)))
    change = "UPDATE lanes SET epoch = ?, last = ?, held = 0 WHERE lane = ?"
    connection.execute(change, (secrets.token_hex(16), len(ids), lane))


def _give_up(connection: Any) -> int:
    """One chunk of the first kind that there is; how many records that were. A call that waits is not among them."""
    for statement, waits in _GIVEN_UP:
        gone = int(connection.execute(statement, (CHUNK,)).rowcount)
        if gone and waits:
            connection.execute("UPDATE lanes SET dropped = dropped + ? WHERE lane = ?", (gone, Lane.NEWS))
            _log.error("spool_dropped", records=gone)
        if gone:
            return gone
    return 0


def _make(connection: Any) -> None:
    connection.executescript(_SCHEMA)
    for lane in Lane:
        connection.execute("INSERT OR IGNORE INTO lanes VALUES (?, ?, 0, 0, 0)", (lane, secrets.token_hex(16)))


def _checksum(body: str) -> int:
    return zlib.crc32(body.encode("utf-8", "surrogatepass"))


def _kept(row: Sequence[Any]) -> Kept:
    seq, body, checksum, *heard = row
    whole = isinstance(body, str) and _checksum(body) == checksum
    return Kept(seq=seq, body=body if whole else None, heard=_instant(*heard))


def _instant(boot: str, steady_s: float, wall_us: int) -> Instant:
    return Instant(wall=from_us(wall_us), steady_s=steady_s, boot=boot)


_KNOWN_US = 946_684_800_000_000
"""The year 2000: a clock that says less has lost its battery."""

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS lanes (
    lane TEXT PRIMARY KEY, epoch TEXT NOT NULL, last INTEGER NOT NULL, held INTEGER NOT NULL, dropped INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS kept (
    id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, seq INTEGER, slot TEXT UNIQUE, weight INTEGER NOT NULL,
    boot TEXT NOT NULL, steady_s REAL NOT NULL, wall_us INTEGER NOT NULL, body TEXT NOT NULL, checksum INTEGER NOT NULL,
    UNIQUE (lane, seq)
);
CREATE INDEX IF NOT EXISTS kept_unnumbered ON kept (lane, id) WHERE seq IS NULL;
CREATE TABLE IF NOT EXISTS words (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS codes (device TEXT PRIMARY KEY, code TEXT NOT NULL);
COMMIT;
"""

_HELD = "(SELECT held FROM lanes WHERE lanes.lane = kept.lane)"
_WAITS = f"(seq IS NULL OR seq > {_HELD})"
_HEARD = "boot, steady_s, wall_us"
_INSERT = f"""
INSERT INTO kept (lane, seq, slot, weight, {_HEARD}, body, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (slot) DO UPDATE SET boot = excluded.boot, steady_s = excluded.steady_s, wall_us = excluded.wall_us,
    body = excluded.body, checksum = excluded.checksum
"""  # noqa: S608  put together from the words above only, as are those below
_NUMBERED = f"SELECT seq, body, checksum, {_HEARD} FROM kept WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_UNNUMBERED = "SELECT id FROM kept WHERE lane = ? AND seq IS NULL"
_WAITING = f"SELECT lane, count(*) FROM kept WHERE {_WAITS} GROUP BY lane"  # noqa: S608
_OLDEST = f"SELECT {_HEARD} FROM kept WHERE {_WAITS} ORDER BY id LIMIT 1"  # noqa: S608
_SALVAGE = f"SELECT id, seq, body, checksum, {_HEARD} FROM kept NOT INDEXED WHERE lane = 'calls' ORDER BY id "  # noqa: S608
_HELD_CALLS = "SELECT held FROM lanes NOT INDEXED WHERE lane = 'calls'"
_OUTDATED = f"""
DELETE FROM kept WHERE seq <= {_HELD}
    AND ((boot = ? AND steady_s < ?) OR (boot <> ? AND wall_us > ? AND wall_us < ?))
"""  # noqa: S608
_LET_GO = f"DELETE FROM kept WHERE lane = ? AND seq <= {_HELD}"  # noqa: S608
_REMEMBER = "INSERT INTO words VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_LEARN = "INSERT INTO codes VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET code = excluded.code"
_GIVEN_UP = tuple(
    (f"DELETE FROM kept WHERE id IN (SELECT id FROM kept WHERE {which} ORDER BY id LIMIT ?)", waits)  # noqa: S608
    for which, waits in (
        (f"lane = 'news' AND seq <= {_HELD}", False),
        (f"seq IS NULL AND weight = {Weight.LIFE:d}", True),
        (f"lane = 'calls' AND seq <= {_HELD}", False),
        (f"seq IS NULL AND weight = {Weight.NEWS:d}", True),
    )
)
"""What may be given up, in this order, and whether anybody still waits for it."""
