"""
Requests that were answered once already, by the key their caller gave them.

    (nothing) ──► begun ──► answered, for a day
                    └─────► (nothing again), when it was refused: nothing was changed

What was begun and never answered (the machine stopped, the caller gave up) may be begun again after `STUCK`: the work
behind it is done at least once, and every work that takes such a key bears that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Index, Integer, String, Table, Text, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from dispatch.errors import SLIPS
from dispatch.store.database import Instant, insert_once, metadata

KEPT = timedelta(hours=24)
"""So long the same key gets the same answer."""

STUCK = timedelta(seconds=10)
"""Twice as long as a caller waits for a unit of work."""

KEY_MAX = 200

StorageFailed = SQLAlchemyError
"""What the database raises when it keeps nothing, by a name other rooms may say without knowing its library."""

MISTAKES = (StorageFailed, *SLIPS)
"""What may be wrong with something that an alarm can do without: also what the database says to it."""

idempotency = Table(
    "idempotency", metadata,
    Column("caller", String(80), primary_key=True),
    Column("route", String(160), primary_key=True),
    Column("key", String(KEY_MAX), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    Index("ix_idempotency_begun_at", "begun_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: who asks, by which method and path, under which key; `body_hash` is SHA-256 of its body."""

    caller: str
    route: str
    key: str
    body_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    What is on file for a key; `status` is None while the answer is not known, `body` also where it may not be kept.
    """

    body_hash: str
    begun_at: datetime
    status: int | None
    body: str | None


class Idempotency:
    """The shelf of answered requests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, ask: Ask, now: datetime) -> Kept | None:
        """Takes the request up: None when it is now ours to do, else what is known of the same key."""
        self._connection.execute(delete(idempotency).where(idempotency.c.begun_at < now - KEPT))
        row = {
            "caller": ask.caller, "route": ask.route, "key": ask.key, "body_hash": ask.body_hash, "begun_at": now,
        }  # fmt: skip
        if self._connection.execute(insert_once(idempotency, self._connection), row).rowcount == 1:
            return None
        kept = self._kept(ask)
        # Without its sign: a clock set back must not keep a key stuck.
        stuck = kept.status is None and kept.body_hash == ask.body_hash and abs(now - kept.begun_at) >= STUCK
        if stuck:
            self._connection.execute(update(idempotency).where(_same(ask)).values(begun_at=now))
        return None if stuck else kept

    def answer(self, ask: Ask, *, status: int, body: str | None) -> None:
        """The request was answered so; None is a body that nobody may read again."""
        self._connection.execute(update(idempotency).where(_same(ask)).values(status=status, body=body))

    def forget(self, ask: Ask) -> None:
        """The request was refused and changed nothing: the key is free again."""
        self._connection.execute(delete(idempotency).where(_same(ask), idempotency.c.status.is_(None)))

    def _kept(self, ask: Ask) -> Kept:
        row = self._connection.execute(select(idempotency).where(_same(ask))).one()
        return Kept(body_hash=row.body_hash, begun_at=row.begun_at, status=row.status, body=row.body)


def _same(ask: Ask) -> ColumnElement[bool]:
    return (idempotency.c.caller == ask.caller) & (idempotency.c.route == ask.route) & (idempotency.c.key == ask.key)
