"""A ledger on file: its tables alone, units of work, a hand clock, and entries drawn by chance."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from config.tables import metadata
from dispatch.rules.people import operator
from dispatch.store.database import reading_engine, writing_engine
from dispatch.store.transactions import SerialTransactions
from schedules.calendar import Calendar
from schedules.money.closing import Closing
from schedules.money.rules.ledger import Kind, Source, subsidy
from schedules.money.store.ledger import Books
from schedules.money.store.versions import Rule, Versions
from tests.builders import numbered_ids
from tests.fakes.clock import HandClock

KEEPER = operator("keeper")
FIRST = date(2025, 11, 20)
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
TABLES = (
    "entries", "notes", "ledger_entries", "ledger_postings", "ledger_live", "ledger_closings", "ledger_months",
    "ledger_sums", "policy_versions",
)  # fmt: skip


def meal(number, *, day=0, fen=300, closed=None, claim=None, payee="canteen-1", version="v1", layers=None):
    on = FIRST + timedelta(days=day)
    return subsidy(
        entry_id=f"e{number}", source=Source(Kind.MEAL, f"m{number}"), version=version,
        claim=claim or f"r{number}/{on}/lunch", on=on, layers=layers or {"city": fen, "town": fen // 3},
        owed_to=payee, closed=closed,
    )  # fmt: skip


class LedgerRig:
    """The ledger's tables on an engine of their own."""

    def __init__(self, folder: Path, engine=None, kind=SerialTransactions) -> None:
        url = f"sqlite:///{folder / 'ledger.db'}"
        self.writing = engine or writing_engine(url, synchronous="OFF")
        self.reading = engine or reading_engine(url)
        metadata.create_all(self.writing, tables=[metadata.tables[each] for each in TABLES])
        self.clock, self.calendar = HandClock(NOW), Calendar("Asia/Shanghai")
        self.transactions = kind(self.writing, self.clock, numbered_ids())
        self.closing = Closing(self.transactions, self.reading, self.clock, self.calendar)
        self.keep("v1")

    def keep(self, version, content="[policy]\n") -> None:
        self.transactions.run(
            lambda tx: Versions(tx.connection).keep(
                Rule(version=version, policy_id="p", file="p.toml", content=content)
            )
        )

    def enter(self, *entries):
        """Each is entered in one unit of work; what each gave."""
        return self.transactions.run(lambda tx: [Books(tx.connection).enter(each) for each in entries])

    def close(self, month, **more):
        return self.closing.close(month, by=KEEPER, **more)

    def all(self, month):
        with self.reading.connect() as connection:
            return list(Books(connection).entries(month))

    @property
    def closed(self):
        with self.reading.connect() as connection:
            return Books(connection).closed()

    def stop(self) -> None:
        self.reading.dispose()
        self.writing.dispose()
