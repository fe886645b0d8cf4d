"""Rows that wait until their `due_at`: what every table of them is asked."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, bindparam, func, literal, select, update

from dispatch.store.prepared import Prepared


class Waiting:
    """One table whose rows have `id` and `due_at`; `waits` says which of them wait."""

    def __init__(self, table: Table, waits: ColumnElement[bool]) -> None:
        self._table = table
        self._waits = waits
        self._due = Prepared(
            select(table.c.id).where(table.c.due_at <= bindparam("now")).order_by(table.c.due_at)
            .limit(bindparam("most"))
        )  # fmt: skip
        self._next = Prepared(select(func.min(table.c.due_at).label("at")).where(table.c.due_at.is_not(None)))

    def due(self, connection: Connection, now: datetime, most: int) -> list[str]:
        """The ids whose time has come, the longest overdue first."""
        return [str(row.id) for row in self._due.on(connection, now=now, most=most)]

    def next_due(self, connection: Connection) -> datetime | None:
        """When something falls due next."""
        found: datetime | None = self._next.on(connection).scalar()
        return found

    def shift_due(self, connection: Connection, seconds: float, *also: str) -> None:
        """Moves what waits, and these further instants of it, because somebody moved the clock."""
        by = literal(round(seconds * 1_000_000), BigInteger)
        moved: dict[str, Any] = {name: self._table.c[name] + by for name in ("due_at", *also)}
        connection.execute(update(self._table).where(self._waits).values(**moved))
