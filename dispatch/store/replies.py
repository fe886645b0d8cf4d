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

from dispatch.ids import AttemptId, OfferId, ReplyId
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import Prepared, once

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
    Column("offer_id", String(40)),
    Index("ix_replies_key", "provider", "key", unique=True),
    Index("ix_replies_received_at", "received_at"),
    Index("ix_replies_attempt_id", "attempt_id"),
)  # fmt: skip
_WAITS = replies.c.due_at.is_not(None)
Index("ix_replies_due_at", replies.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

_DUE = Prepared(
    select(replies.c.id).where(replies.c.due_at <= bindparam("now")).order_by(replies.c.due_at).limit(bindparam("most"))
)
_NEXT_DUE = Prepared(select(func.min(replies.c.due_at).label("at")).where(_WAITS))
_KEEP = once(replies)
_GET = Prepared(select(replies).where(replies.c.id == bindparam("id")).with_for_update())
_TEXT = Prepared(select(replies.c.text).where(replies.c.id == bindparam("id")))
_OF_ATTEMPT = Prepared(
    select(replies).where(replies.c.attempt_id == bindparam("id")).order_by(replies.c.received_at.desc()).limit(1)
)
_CHANGE = Prepared(update(replies).where(replies.c.id == bindparam("its_id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    One answer as it came. `result` says what became of it, None while it waits. `offer_id` is set where it was given on
    the page of that offer.
    """

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
    offer_id: OfferId | None = None


class Replies:
    """The shelf of replies."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, id_: ReplyId, key: str, now: datetime, *, said_at: datetime | None = None, **values: Any) -> bool:
        """
        Keeps a reply, due now; False when the same was kept before. `said_at`: when it was given, if it is told late.
        """
        at = said_at or now
        kept = _KEEP.on(self._connection, id=id_, key=key, received_at=at, due_at=now, failures=0, **values)
        return kept.rowcount == 1

    def get(self, id_: ReplyId) -> Reply | None:
        """One reply, locked until the unit ends where several engines share a database."""
        row = _GET.on(self._connection, id=id_).first()
        return None if row is None else _value(row)

    def text_of(self, id_: ReplyId) -> str | None:
        """What was said, whoever holds the row."""
        text: str | None = _TEXT.on(self._connection, id=id_).scalar()
        return text

    def of_attempt(self, id_: AttemptId) -> Reply | None:
        """What was pressed last in this call; None while nothing was."""
        row = _OF_ATTEMPT.on(self._connection, id=id_).first()
        return None if row is None else _value(row)

    def due(self, now: datetime, most: int) -> list[ReplyId]:
        return [ReplyId(row.id) for row in _DUE.on(self._connection, now=now, most=most)]

    def next_due(self) -> datetime | None:
        found: datetime | None = _NEXT_DUE.on(self._connection).scalar()
        return found

    def change(self, id_: ReplyId, values: Mapping[str, Any]) -> None:
        _CHANGE.on(self._connection, **values, its_id=id_)

    def recent(self, limit: int) -> list[Reply]:
        query = select(replies).order_by(replies.c.received_at.desc(), replies.c.id.desc()).limit(limit)
        return [_value(row) for row in self._connection.execute(query)]

    def shift_due(self, seconds: float) -> None:
        by = literal(round(seconds * 1_000_000), BigInteger)
        self._connection.execute(update(replies).where(_WAITS).values(due_at=replies.c.due_at + by))


def _value(row: Any) -> Reply:
    return Reply(**{name: getattr(row, name) for name in Reply.__dataclass_fields__})
