"""What people answered, kept before it is understood: a mistake in understanding must not lose an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.engine import Row

from dispatch.ids import AttemptId, ReplyId
from dispatch.store.database import Instant, insert_once, metadata

replies = Table(
    "replies", metadata,
    Column("id", String(40), primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("key", String(160), nullable=False),
    Column("sender", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("voice", Boolean, nullable=False),
    Column("attempt_id", String(40)),
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("result", String(24)),
    Column("person", String(80)),
    Column("alarm_id", String(40)),
    Index("ix_replies_key", "provider", "key", unique=True),
    Index("ix_replies_received_at", "received_at"),
)  # fmt: skip
_WAITS = replies.c.due_at.is_not(None)
Index("ix_replies_due_at", replies.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

_DUE = (
    select(replies.c.id).where(replies.c.due_at <= bindparam("now")).order_by(replies.c.due_at).limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer as it came. `result` says what became of it, None while it waits."""

    id: ReplyId
    provider: str
    sender: str
    text: str
    voice: bool
    attempt_id: AttemptId | None
    received_at: datetime
    due_at: datetime | None
    failures: int
    result: str | None
    person: str | None
    alarm_id: str | None


class Replies:
    """The shelf of replies."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, id_: ReplyId, key: str, now: datetime, **values: Any) -> bool:
        """Keeps a reply, due now; False when the same was kept before."""
        row = {"id": id_, "key": key, "received_at": now, "due_at": now, "failures": 0, **values}
        return self._connection.execute(insert_once(replies, self._connection), row).rowcount == 1

    def get(self, id_: ReplyId) -> Reply | None:
        """One reply, locked until the unit ends where several engines share a database."""
        row = self._connection.execute(select(replies).where(replies.c.id == id_).with_for_update()).first()
        return None if row is None else _value(row)

    def due(self, now: datetime, most: int) -> list[ReplyId]:
        return [ReplyId(row.id) for row in self._connection.execute(_DUE, {"now": now, "most": most})]

    def next_due(self) -> datetime | None:
        return self._connection.execute(select(func.min(replies.c.due_at)).where(_WAITS)).scalar()

    def change(self, id_: ReplyId, values: Mapping[str, Any]) -> None:
        self._connection.execute(update(replies).where(replies.c.id == id_).values(**values))

    def recent(self, limit: int) -> list[Reply]:
        query = select(replies).order_by(replies.c.received_at.desc(), replies.c.id.desc()).limit(limit)
        return [_value(row) for row in self._connection.execute(query)]

    def shift_due(self, seconds: float) -> None:
        by = literal(round(seconds * 1_000_000), BigInteger)
        self._connection.execute(update(replies).where(_WAITS).values(due_at=replies.c.due_at + by))


def _value(row: Row[Any]) -> Reply:
    return Reply(**{name: getattr(row, name) for name in Reply.__dataclass_fields__})
