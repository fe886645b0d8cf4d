"""When each part of the way was last shown to work, and what was put back from a backup: one row each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, Text, insert, select, update

from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, Json, metadata, upsert
from dispatch.store.outbox import messages
from dispatch.store.people import homes
from dispatch.store.transactions import Tx

HOLD = timedelta(seconds=120)
"""So long after a restore open alarms wait for a human, who may know what became of them; then they go on."""

LOST_MAX = 500

proofs = Table(
    "proofs", metadata,
    Column("name", String(80), primary_key=True),
    Column("tried_at", Instant, nullable=False),
    Column("proven_at", Instant),
    Column("detail", String(240), nullable=False),
)  # fmt: skip

restorations = Table(
    "restorations", metadata,
    Column("id", String(40), primary_key=True),
    Column("restored_at", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("head", String(64), nullable=False),
    Column("open_alarms", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("lost", Json, nullable=False),
    Column("told_at", Instant),
    Column("looked_at", Instant),
    Column("looked_by", Text),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A part of the way, by name: when it was last tried, when it last worked (None: never), what was seen then."""

    name: str
    tried_at: datetime
    proven_at: datetime | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """
    A backup that was put back. `lost` are the alarms that the database before it had raised since the backup was made;
    `looked_at` is when a human said that all of them were looked at.
    """

    id: str
    restored_at: datetime
    made_at: datetime
    entries: int
    head: str
    open_alarms: int
    withdrawn: int
    lost: Sequence[Mapping[str, Any]]
    told_at: datetime | None = None
    looked_at: datetime | None = None
    looked_by: str | None = None


class Proofs:
    """The shelf of proofs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, name: str, now: datetime, *, worked: bool, detail: str = "") -> None:
        """How a try ended. A failed one leaves the time of the last that worked."""
        row: dict[str, Any] = {"name": name, "tried_at": now, "detail": detail[:240]}
        upsert(proofs, self._connection, "name", row | ({"proven_at": now} if worked else {}))

    def all(self) -> list[Proof]:
        rows = self._connection.execute(select(proofs).order_by(proofs.c.name))
        return [Proof(**dict(row._mapping)) for row in rows]


class Restorations:
    """The shelf of what was put back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self) -> list[Restoration]:
        """Those that nobody has looked through yet, the newest first."""
        query = select(restorations).where(restorations.c.looked_at.is_(None)).order_by(restorations.c.id.desc())
        return [Restoration(**dict(row._mapping)) for row in self._connection.execute(query)]

    def told(self, id_: str, now: datetime) -> None:
        self._connection.execute(update(restorations).where(restorations.c.id == id_).values(told_at=now))

    def looked(self, id_: str, now: datetime, by: Person) -> bool:
        """False when somebody has looked it through already, or it is not there."""
        fresh = (restorations.c.id == id_) & restorations.c.looked_at.is_(None)
        done = self._connection.execute(update(restorations).where(fresh).values(looked_at=now, looked_by=by))
        return done.rowcount == 1


def reconcile(tx: Tx, *, made_at: datetime, entries: int, head: str, lost: Sequence[Mapping[str, Any]]) -> Restoration:
    """
    What a database must know before it goes on from a backup.

    Nobody knows which of the messages that waited then have left since, so none of them leaves now. Open alarms stay
    open and go on by themselves after `HOLD`: a message twice is better than none, but first a human may say what
    became of them. The entry in the record shows where the chain forks.
    """
    waiting = update(messages).where(messages.c.due_at.is_not(None))
    withdrawn = tx.connection.execute(waiting.values(state="cancelled", reason="restored", due_at=None)).rowcount
    still = alarms.c.state != "closed"
    held = tx.connection.execute(update(alarms).where(still).values(due_at=tx.now + HOLD)).rowcount
    made = Restoration(
        id=tx.new_id(), restored_at=tx.now, made_at=made_at, entries=entries, head=head, open_alarms=held,
        withdrawn=withdrawn, lost=tuple(lost)[:LOST_MAX],
    )  # fmt: skip
    tx.connection.execute(insert(restorations).values({name: getattr(made, name) for name in _COLUMNS}))
    facts: dict[str, Fact] = {
        "made_at": made_at.isoformat(), "entries": entries, "head": head, "open_alarms": held,
        "messages_withdrawn": withdrawn, "alarms_lost": len(lost),
    }  # fmt: skip
    tx.log(Line(kind="restored", by=SERVICE, facts=facts))
    return made


_COLUMNS = tuple(Restoration.__dataclass_fields__)


def raised_since(connection: Connection, at: datetime) -> list[dict[str, Any]]:
    """The alarms that a database has raised since an instant, for those who have to ask what became of them."""
    query = (
        select(alarms.c.number, alarms.c.raised_at, alarms.c.cause, alarms.c.state, homes.c.address)
        .join(homes, homes.c.id == alarms.c.home_id, isouter=True)
        .where(alarms.c.raised_at > at)
        .order_by(alarms.c.raised_at)
    )
    return [
        {
            "number": row.number,
            "raised_at": row.raised_at.isoformat(),
            "cause": row.cause,
            "state": row.state,
            "address": row.address or "",
        }
        for row in connection.execute(query)
    ]
