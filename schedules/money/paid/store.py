"""
What was paid for a source and why, as rows, and the shelf of them: the same for beds and services and for serving.

A source is paid once at a time: what changed is taken back (`live` no more) and paid anew under the next number. `id`
is the id of the ledger's entry, `booked` the ledger's month; a row without money has none.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Index,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from dispatch.store.database import Instant, Json, metadata
from schedules.money.rules.ledger import Entry, Kind, Posting, Source

Row = dict[str, Any]


def paid_table(name: str, *own: Column[Any] | Index, source_max: int, has_version: bool) -> Table:
    """
    A table of what was paid, with columns and indexes of its `own`. `source_max` characters has a source at most;
    without `has_version` a row may be of no rule, because none was in force.
    """
    table = Table(
        name, metadata,
        Column("id", String(source_max + 10), primary_key=True),
        Column("source", String(source_max), nullable=False),
        Column("claim", String(200), nullable=False),
        Column("kind", String(12), nullable=False),
        Column("policy_id", String(80), nullable=False),
        Column("version", String(64), nullable=not has_version),
        Column("month", String(7), nullable=False),
        Column("on", Date, nullable=False),
        Column("amount_fen", BigInteger, nullable=False),
        Column("fund", String(80), nullable=False),
        Column("owed_to", String(80), nullable=False),
        Column("outcome", String(24), nullable=False),
        Column("because", Json, nullable=False),
        Column("booked", String(7)),
        Column("live", Boolean, nullable=False),
        Column("by", String(80), nullable=False),
        Column("at", Instant, nullable=False),
        Column("reversed_at", Instant),
        CheckConstraint("(amount_fen > 0) = (booked IS NOT NULL)", name="booked"),
        CheckConstraint("live = (reversed_at IS NULL)", name="live"),
        *own,
    )  # fmt: skip
    live = table.c.live
    Index(f"ix_{name}_live", table.c.source, unique=True, sqlite_where=live, postgresql_where=live)
    return table


class Paid:
    """The shelf."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection, self._table = connection, table

    def live(self, source: str) -> Row | None:
        """What holds for this source now."""
        c = self._table.c
        found = self._connection.execute(select(self._table).where(c.source == source, c.live)).mappings().first()
        return None if found is None else dict(found)

    def count(self, source: str) -> int:
        """How often this source was booked."""
        query = select(func.count()).select_from(self._table).where(self._table.c.source == source)
        return int(self._connection.execute(query).scalar() or 0)

    def add(self, row: Row) -> None:
        self._connection.execute(insert(self._table), row)

    def take_back(self, id_: str, at: datetime) -> None:
        """It holds no more."""
        query = update(self._table).where(self._table.c.id == id_)
        self._connection.execute(query.values(live=False, reversed_at=at))

    def of_months(self, months: Collection[str]) -> dict[str, Row]:
        """What holds of these months, by source."""
        c = self._table.c
        rows = self._connection.execute(select(self._table).where(c.month.in_(list(months)), c.live)).mappings()
        return {row["source"]: dict(row) for row in rows}


def entry_of(row: Row) -> Entry:
    """The ledger's entry behind a row that was booked, as it was entered."""
    return Entry(
        id=row["id"], on=row["on"], month=row["booked"], claim=row["claim"], source=Source(Kind.BILL, row["source"]),
        version=row["version"], late="late" if row["booked"] > f"{row['on']:%Y-%m}" else "",
        postings=(
            Posting(f"fund:{row['fund']}", -row["amount_fen"]), Posting(f"owed:{row['owed_to']}", row["amount_fen"]),
        ),
    )  # fmt: skip
