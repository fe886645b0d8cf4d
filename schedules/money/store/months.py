"""Closed months and those being closed, on file; the tables are those of `store.ledger`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from dispatch.errors import Conflict
from dispatch.store.database import savepoint
from schedules.money.store.ledger import ledger_closings, ledger_entries, ledger_months, ledger_sums
from schedules.money.store.versions import policy_versions

Sums = Mapping[tuple[str, str], tuple[int, int]]
"""Fen and entries by payee and fund."""


class Months:
    """The shelf of months."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, month: str, *, by: str, at: datetime) -> None:
        """The month takes no more entries."""
        self._connection.execute(insert(ledger_closings), {"month": month, "by": by, "at": at})

    def end(self, month: str, *, before: str, hash_: str, entries: int, sums: Sums, at: datetime) -> None:
        """
        What it comes to.

        Raises:
            Conflict: it is closed.
        """
        row = {"month": month, "before": before, "hash": hash_, "entries": entries, "at": at}
        try:
            with savepoint(self._connection):
                self._connection.execute(insert(ledger_months), row)
        except IntegrityError:
            raise Conflict(f"{month} is closed") from None
        rows = [
            {"month": month, "payee": payee, "fund": fund, "amount_fen": fen, "entries": many}
            for (payee, fund), (fen, many) in sorted(sums.items())
        ]
        if rows:
            self._connection.execute(insert(ledger_sums), rows)

    def get(self, month: str) -> Mapping[str, Any] | None:
        """A closed month: `before`, `hash`, `entries`, `at`; None of an open one and of one being closed."""
        query = select(ledger_months).where(ledger_months.c.month == month)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else dict(row)

    def newest(self, most: int) -> list[tuple[str, str, int]]:
        """Closed months, the newest first: month, hash, entries."""
        query = select(ledger_months).order_by(ledger_months.c.month.desc()).limit(most)
        return [(row.month, row.hash, row.entries) for row in self._connection.execute(query)]

    def head(self, until: str = "9999-12") -> str:
        """The hash of the last closed month before another one; empty before the first."""
        query = select(ledger_months.c.hash).where(ledger_months.c.month < until)
        found = self._connection.execute(query.order_by(ledger_months.c.month.desc()).limit(1)).scalar()
        return str(found or "")

    def entries(self, month: str) -> int:
        """How many entries are booked in it."""
        query = select(func.count()).select_from(ledger_entries).where(ledger_entries.c.month == month)
        return int(self._connection.execute(query).scalar() or 0)

    def first_open(self, closed: str | None) -> str | None:
        """The first month behind the last closed one that has entries."""
        query = select(func.min(ledger_entries.c.month)).where(ledger_entries.c.month > (closed or ""))
        month: str | None = self._connection.execute(query).scalar()
        return month

    def unkept(self, month: str = "") -> list[str]:
        """Versions that entries (of a month) name and that nobody kept: such a month could not be counted again."""
        used = select(ledger_entries.c.version).where(ledger_entries.c.version.is_not(None)).distinct()
        used = used.where(ledger_entries.c.month == month) if month else used
        query = used.where(ledger_entries.c.version.not_in(select(policy_versions.c.version)))
        return sorted(filter(None, self._connection.execute(query).scalars()))
