"""Calls that rang in, on file before the provider is answered; one row a call, however often it is told."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    func,
    literal,
    select,
    update,
)

from dispatch.ids import AlarmId, CallId
from dispatch.rules.calls import Call, CallState, Judgement
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import Prepared, once

calls = Table(
    "calls", metadata,
    Column("id", String(40), primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("key", String(80), nullable=False),
    Column("sender", String(40), nullable=False),
    Column("to", String(40), nullable=False),
    Column("state", String(12), nullable=False),
    Column("came_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("alarm_id", String(40), ForeignKey(alarms.c.id)),
    Column("judged", String(12)),
    Column("judged_by", String(80)),
    Column("judged_at", Instant),
    Column("failures", Integer, nullable=False),
    CheckConstraint("state IN ('ringing','answered','missed')", name="state"),
    CheckConstraint("judged IN ('alarm','no_alarm')", name="judged"),
    CheckConstraint("(judged IS NULL) = (judged_by IS NULL)", name="judged_by_somebody"),
    Index("ix_calls_key", "provider", "key", unique=True),
    Index("ix_calls_came_at", "came_at"),
    Index("ix_calls_alarm_id", "alarm_id"),
)  # fmt: skip
_WAITS = calls.c.due_at.is_not(None)
Index("ix_calls_due_at", calls.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_UNJUDGED = calls.c.judged.is_(None) & calls.c.alarm_id.is_(None)
Index("ix_calls_to_judge", calls.c.came_at, sqlite_where=_UNJUDGED, postgresql_where=_UNJUDGED)

_OF_ALARM = Prepared(
    select(calls).where(calls.c.alarm_id == bindparam("alarm_id")).order_by(calls.c.came_at, calls.c.id)
)
_DUE = Prepared(
    select(calls.c.id).where(calls.c.due_at <= bindparam("now")).order_by(calls.c.due_at).limit(bindparam("most"))
)
_ADD = once(calls)
_NEXT_DUE = Prepared(select(func.min(calls.c.due_at).label("at")).where(_WAITS))
_TO_JUDGE = select(calls).where(_UNJUDGED).order_by(calls.c.came_at.desc(), calls.c.id.desc())


class Calls:
    """The shelf of calls."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, call: Call) -> bool:
        """Puts a call on file; False when the same was put there by somebody else at this very moment."""
        return _ADD.on(self._connection, **_row(call)).rowcount == 1

    def change(self, call: Call) -> None:
        """The call as it now stands."""
        self._connection.execute(update(calls).where(calls.c.id == call.id).values(_row(call)))

    def get(self, id_: CallId) -> Call | None:
        """One call, locked until the unit ends where several engines share a database."""
        return self._one(calls.c.id == id_)

    def of_key(self, provider: str, key: str) -> Call | None:
        """The call that this provider calls so, locked as well."""
        return self._one((calls.c.provider == provider) & (calls.c.key == key))

    def due(self, now: datetime, most: int) -> list[CallId]:
        return [CallId(row.id) for row in _DUE.on(self._connection, now=now, most=most)]

    def next_due(self) -> datetime | None:
        found: datetime | None = _NEXT_DUE.on(self._connection).scalar()
        return found

    def to_judge(self, most: int) -> list[Call]:
        """What is no alarm, and of which nobody has said that it is none, the newest first."""
        return [_value(row) for row in self._connection.execute(_TO_JUDGE.limit(most))]

    def recent(self, most: int) -> list[Call]:
        """The newest."""
        found = self._connection.execute(select(calls).order_by(calls.c.came_at.desc(), calls.c.id.desc()).limit(most))
        return [_value(row) for row in found]

    def between(self, start: datetime, end: datetime, senders: Collection[str]) -> list[CallId]:
        """The calls that came from these numbers in this time, the first first."""
        query = select(calls.c.id).where(calls.c.came_at.between(start, end), calls.c.sender.in_(senders))
        return list(self._connection.execute(query.order_by(calls.c.came_at)).scalars())

    def of_alarm(self, alarm_id: AlarmId) -> list[Call]:
        """The calls that made this alarm or joined it, oldest first."""
        return [_value(row) for row in _OF_ALARM.on(self._connection, alarm_id=alarm_id)]

    def counts(self, since: datetime) -> dict[CallState, int]:
        """How many calls came since then, by how they stand."""
        query = select(calls.c.state, func.count().label("n")).where(calls.c.came_at >= since).group_by(calls.c.state)
        found = {row.state: int(row.n) for row in self._connection.execute(query)}
        return {state: found.get(state.value, 0) for state in CallState}

    def shift_due(self, seconds: float) -> None:
        """Moves all waiting calls, because somebody moved the clock."""
        by = literal(round(seconds * 1_000_000), BigInteger)
        self._connection.execute(update(calls).where(_WAITS).values(due_at=calls.c.due_at + by))

    def _one(self, wanted: Any) -> Call | None:
        row = self._connection.execute(select(calls).where(wanted).with_for_update()).first()
        return None if row is None else _value(row)


def _row(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in Call.__dataclass_fields__} | {
        "state": call.state.value,
        "judged": call.judged and call.judged.value,
    }


def _value(row: Any) -> Call:
    fields = {name: getattr(row, name) for name in Call.__dataclass_fields__}
    return Call(**fields | {"state": CallState(row.state), "judged": Judgement(row.judged) if row.judged else None})
