"""What the pages and the API of settlement share."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from dispatch.logbook.sheets import Column, Kind, Table, file_name, write_xlsx
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions
from dispatch.web.i18n import gettext
from schedules.money.rules.statement import Statement, masked
from schedules.money.settling import Settling


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDesk:
    """The service, and what reads beside it. `year` is the local year now, `seen` keeps that a file was opened."""

    settling: Settling
    reading: Reading
    transactions: Transactions
    zone: tzinfo
    year: Callable[[], int]
    names: Callable[[], Mapping[str, str]]
    seen: Callable[..., None]

    def unit(self) -> str:
        """The district's name, as it stands over what is filed."""
        with self.reading.connect() as connection:
            return People(connection).district()[0] or "安铃"

    def table(self, statement: Statement, *, by: Person, maker: str, is_public: bool) -> tuple[bytes, str]:
        """
        The people of a statement as an Excel file (台账), and its name. Numbers of people are in none; for publication
        (`is_public`) names are masked.

        Raises:
            TotalsDiffer: the rows do not add up to the statement; the file does not leave the house.
        """
        people = self.settling.people(statement)
        rows = [
            (
                number,
                masked(each.name) if is_public and not each.is_serving else each.name,
                each.entries,
                each.late,
                each.amount_fen,
            )
            for number, each in enumerate(people, 1)
        ]
        expected = {
            "rows": len(people), "amount": statement.amount_fen, "entries": sum(each.entries for each in people),
        }  # fmt: skip
        unit = self.unit()
        name = gettext("Published list") if is_public else gettext("Settlement list")
        with tempfile.TemporaryDirectory(prefix="anling-") as folder:
            path = Path(folder, "statement.xlsx")
            write_xlsx(path, self._sheet(statement, unit, name, maker), rows, expected)
            body = path.read_bytes()
        facts = {"statement": statement.id, "month": statement.month, "public": str(is_public).lower()}
        self.transactions.run(lambda tx: tx.log(Line(kind="statement_exported", by=by, facts=facts)), lane=Lane.BULK)
        return body, file_name(unit, f"{name} {statement.name}", statement.month, "1", "xlsx")

    def _sheet(self, statement: Statement, unit: str, name: str, maker: str) -> Table:
        columns = [
            Column(key="number", title=gettext("No."), kind=Kind.NUMBER, width=8),
            Column(key="name", title=gettext("Name")),
            Column(key="entries", title=gettext("Entries"), kind=Kind.NUMBER, is_summed=True),
            Column(key="late", title=gettext("of these late or corrections"), kind=Kind.NUMBER),
            Column(key="amount", title=gettext("Amount (yuan)"), kind=Kind.FEN, is_summed=True),
        ]
        facts = {gettext("Month"): statement.month, gettext("Account"): statement.account, gettext("Made by"): maker}
        return Table(
            name=name, title=f"{unit}　{name}　{statement.name}　{statement.month}　{maker}", columns=columns,
            zone=self.zone, facts=facts, total=gettext("Total"), about=gettext("About this table"),
            rows_word=gettext("Rows"),
        )  # fmt: skip
