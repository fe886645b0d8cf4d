"""What statements are made of: the sums of closed months, and the entries behind them, read from the ledger."""

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import Connection, func, select

from dispatch.store.people import residents
from schedules.money.rules.statement import Kind, Statement
from schedules.money.store.ledger import ledger_entries, ledger_postings, ledger_sums


class Sums:
    """Reads only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_account(self, month: str) -> dict[tuple[Kind, str], tuple[int, int]]:
        """Fen and entries of every payee and every fund. A payee's entries are counted where no fund stands."""
        sums: dict[tuple[Kind, str], tuple[int, int]] = {}

        def add(key: tuple[Kind, str], fen: int, entries: int) -> None:
            before = sums.get(key, (0, 0))
            sums[key] = (before[0] + fen, before[1] + entries)

        for row in self._connection.execute(select(ledger_sums).where(ledger_sums.c.month == month)):
            add((Kind.PAYEE, row.payee), row.amount_fen, 0 if row.fund else row.entries)
            add((Kind.FUND, row.fund), row.amount_fen, row.entries)
        return {key: found for key, found in sums.items() if key[1]}

    def parts(self, statement: Statement) -> dict[str, tuple[int, int]]:
        """Fen and entries of a statement by the accounts of the other side."""
        own, other = ("payee", "fund") if statement.kind is Kind.PAYEE else ("fund", "payee")
        here = (ledger_sums.c.month == statement.month, ledger_sums.c[own] == statement.account)
        rows = self._connection.execute(select(ledger_sums).where(*here).order_by(ledger_sums.c[other])).mappings()
        return {row[other]: (row["amount_fen"], row["entries"]) for row in rows if row[other] or row["amount_fen"]}

    def claims(self, month: str, account: str) -> Iterator[tuple[str, str, int]]:
        """Claim, why late and fen of every posting of an account in a month, as they come."""
        query = (
            select(ledger_entries.c.claim, ledger_entries.c.late, ledger_postings.c.amount_fen)
            .join(ledger_postings, ledger_postings.c.entry_id == ledger_entries.c.id)
            .where(ledger_postings.c.account == account, ledger_entries.c.month == month)
        )  # fmt: skip
        for row in self._connection.execute(query.execution_options(yield_per=2000)):
            yield row.claim, row.late, row.amount_fen

    def of_resident(self, resident_id: str, month: str) -> list[tuple[date, str, str, str, int]]:
        """A resident's entries of a month: day, source, who is owed, why late, fen; by their days."""
        entries, postings = ledger_entries.c, ledger_postings.c
        query = (
            select(entries.on, entries.source_kind, postings.account, entries.late, postings.amount_fen)
            .join(ledger_postings, postings.entry_id == entries.id)
            .where(entries.month == month, entries.claim.startswith(f"{resident_id}/", autoescape=True),
                   ~postings.account.startswith("fund:"))
            .order_by(entries.on, entries.id, postings.place)
        )  # fmt: skip
        return [
            (row.on, row.source_kind or "reversal", row.account.partition(":")[2], row.late, row.amount_fen)
            for row in self._connection.execute(query)
        ]

    def given(self, year: int) -> dict[str, int]:
        """Fen that each fund gave in the closed months of a year."""
        query = (
            select(ledger_sums.c.fund, func.sum(ledger_sums.c.amount_fen).label("fen"))
            .where(ledger_sums.c.month.between(f"{year}-01", f"{year}-12"), ledger_sums.c.fund != "")
            .group_by(ledger_sums.c.fund)
        )  # fmt: skip
        return {row.fund: int(row.fen) for row in self._connection.execute(query)}

    def names(self, resident_ids: Iterable[str]) -> dict[str, str]:
        """The names of residents, those who are served no more too."""
        ids, found = list(resident_ids), dict[str, str]()
        for start in range(0, len(ids), 500):
            query = select(residents.c.id, residents.c.name).where(residents.c.id.in_(ids[start : start + 500]))
            found |= {row.id: row.name for row in self._connection.execute(query)}
        return found
