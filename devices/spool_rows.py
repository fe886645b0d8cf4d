"""The rows of a spool: what is kept, what was given up, and every statement about them."""

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import structlog

from dispatch.clock import Instant
from dispatch.store.database import from_us, to_us

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A device in the service's register: its code, and what it is registered as."""

    code: str
    kind: str


def insert(connection: Any, entries: Sequence[Entry]) -> None:
    for entry in entries:
        seq = next_number(connection, entry.lane) if entry.lane is Lane.CALLS else None
        heard = (entry.heard.boot, entry.heard.steady_s, to_us(entry.heard.wall))
        values = (entry.lane, seq, entry.slot, int(entry.weight), *heard, entry.body, sum_of(entry.body))
        connection.execute(INSERT, values)


def next_number(connection: Any, lane: Lane) -> int:
    return int(
        connection.execute("UPDATE lanes SET last = last + 1 WHERE lane = ? RETURNING last", (lane,)).fetchone()[0]
    )


def number(connection: Any, lane: Lane, most: int) -> None:
    for (id_,) in connection.execute(f"{UNNUMBERED} ORDER BY id LIMIT ?", (lane, most)).fetchall():
        connection.execute("UPDATE kept SET seq = ?, slot = NULL WHERE id = ?", (next_number(connection, lane), id_))


def hold(connection: Any, lane: Lane, seq: int) -> None:
    connection.execute("UPDATE lanes SET held = min(last, ?) WHERE lane = ?", (seq, lane))
    connection.execute("DELETE FROM kept WHERE lane = ? AND weight = ? AND seq <= ?", (lane, int(Weight.LIFE), seq))


def begin_anew(connection: Any, lane: Lane) -> None:
    connection.execute(LET_GO, (lane,))
    numbered = "SELECT id FROM kept WHERE lane = ? AND seq IS NOT NULL ORDER BY seq"
    ids = [row[0] for row in connection.execute(numbered, (lane,)).fetchall()]
    connection.execute("UPDATE kept SET seq = -seq WHERE lane = ? AND seq IS NOT NULL", (lane,))
    connection.executemany("UPDATE kept SET seq = ? WHERE id = ?", list(enumerate(ids, 1)))
    change = "UPDATE lanes SET epoch = ?, last = ?, held = 0 WHERE lane = ?"
    connection.execute(change, (secrets.token_hex(16), len(ids), lane))


def learn(connection: Any, rows: Sequence[tuple[str, ...]]) -> None:
    connection.execute("DELETE FROM register")
    connection.executemany(LEARN, rows)
    connection.execute(REMEMBER, ("register", "known"))


def give_up(connection: Any) -> int:
    """One chunk of the first kind that there is; how many records that were. A call that waits is not among them."""
    for statement, waits in GIVEN_UP:
        gone = int(connection.execute(statement, (CHUNK,)).rowcount)
        if gone and waits:
            connection.execute("UPDATE lanes SET dropped = dropped + ? WHERE lane = ?", (gone, Lane.NEWS))
            _log.error("spool_dropped", records=gone)
        if gone:
            return gone
    return 0


def make(connection: Any) -> None:
    connection.executescript(SCHEMA)
    for lane in Lane:
        connection.execute("INSERT OR IGNORE INTO lanes VALUES (?, ?, 0, 0, 0)", (lane, secrets.token_hex(16)))


def sum_of(body: str) -> int:
    return zlib.crc32(body.encode("utf-8", "surrogatepass"))


def kept(row: Sequence[Any]) -> Kept:
    seq, body, checksum, *heard = row
    whole = isinstance(body, str) and sum_of(body) == checksum
    return Kept(seq=seq, body=body if whole else None, heard=instant(*heard))


def instant(boot: Any, steady_s: Any, wall_us: Any) -> Instant:
    """When it was heard; times that the disk has changed into nonsense are those of a clock without a battery."""
    if isinstance(steady_s, float) and isinstance(wall_us, int) and abs(wall_us) <= _LATEST_US:
        return Instant(wall=from_us(wall_us), steady_s=steady_s, boot=str(boot))
    return Instant(wall=from_us(0), steady_s=0.0, boot="")


KNOWN_US = 946_684_800_000_000
"""The year 2000: a clock that says less has lost its battery."""

_LATEST_US = 10 * KNOWN_US

SCHEMA = """
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
CREATE TABLE IF NOT EXISTS register (
    protocol TEXT NOT NULL, address TEXT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (protocol, address)
);
COMMIT;
"""

_HELD = "(SELECT held FROM lanes WHERE lanes.lane = kept.lane)"
_WAITS = f"(seq IS NULL OR seq > {_HELD})"
_HEARD = "boot, steady_s, wall_us"
INSERT = f"""
INSERT INTO kept (lane, seq, slot, weight, {_HEARD}, body, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (slot) DO UPDATE SET boot = excluded.boot, steady_s = excluded.steady_s, wall_us = excluded.wall_us,
    body = excluded.body, checksum = excluded.checksum
"""  # noqa: S608  put together from the words above only, as are those below
NUMBERED = f"SELECT seq, body, checksum, {_HEARD} FROM kept WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
UNNUMBERED = "SELECT id FROM kept WHERE lane = ? AND seq IS NULL"
WAITING = f"SELECT lane, count(*) FROM kept WHERE {_WAITS} GROUP BY lane"  # noqa: S608
MISSING = """
SELECT last - held - (SELECT count(*) FROM kept WHERE kept.lane = lanes.lane AND seq > held) FROM lanes WHERE lane = ?
"""
OLDEST = f"SELECT {_HEARD} FROM kept WHERE {_WAITS} ORDER BY id LIMIT 1"  # noqa: S608
SALVAGE = f"SELECT id, seq, body, checksum, {_HEARD} FROM kept NOT INDEXED WHERE lane = 'calls' ORDER BY id "  # noqa: S608
HELD_CALLS = "SELECT held FROM lanes NOT INDEXED WHERE lane = 'calls'"
OUTDATED = f"""
DELETE FROM kept WHERE seq <= {_HELD}
    AND ((boot = ? AND steady_s < ?) OR (boot <> ? AND wall_us > ? AND wall_us < ?))
"""  # noqa: S608
LET_GO = f"DELETE FROM kept WHERE lane = ? AND seq <= {_HELD}"  # noqa: S608
REMEMBER = "INSERT INTO words VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
LEARN = "INSERT OR REPLACE INTO register VALUES (?, ?, ?, ?)"
GIVEN_UP = tuple(
    (f"DELETE FROM kept WHERE id IN (SELECT id FROM kept WHERE {which} ORDER BY id LIMIT ?)", waits)  # noqa: S608
    for which, waits in (
        (f"lane = 'news' AND seq <= {_HELD}", False),
        (f"seq IS NULL AND weight = {Weight.LIFE:d}", True),
        (f"lane = 'calls' AND seq <= {_HELD}", False),
        (f"seq IS NULL AND weight = {Weight.NEWS:d}", True),
    )
)
"""What may be given up, in this order, and whether anybody still waits for it."""
