"""
The ledger on file: entries and their postings, the months that take no more of them, and the hashes of closed months.

Nothing here is ever changed: the database itself refuses UPDATE and DELETE, a second row under the same key, and
whatever is of a month that takes no more. `ledger_live` alone is written anew: it says which entry holds a claim or a
source now, its key is why two at once cannot both win, and it can be made again from the entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
)
from sqlalchemy.exc import IntegrityError

from dispatch.errors import Conflict, NotFound
from dispatch.store.database import Instant, metadata, savepoint
from dispatch.store.prepared import Prepared
from schedules.money.rules.ledger import Entry, Kind, Posting, Source, balances, booked_in, read_back
from schedules.money.store.refusing import refuse_changes
from schedules.money.store.versions import Rule, Versions

# Ids are compared by their bytes on every database, because the hash of a month goes by that order.
ID = String(120).with_variant(String(120, collation="C"), "postgresql")

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("on", Date, nullable=False),
    Column("month", String(7), nullable=False),
    Column("claim", String(200), nullable=False),
    Column("source_kind", String(10)),
    Column("source_id", String(120)),
    Column("version", String(64)),
    Column("reverses", ID, ForeignKey("ledger_entries.id"), unique=True),
    Column("late", String(200), nullable=False),
    CheckConstraint("(source_kind IS NULL) = (source_id IS NULL)", name="source"),
    CheckConstraint("(source_kind IS NULL) = (version IS NULL)", name="version"),
    CheckConstraint("(source_kind IS NULL) <> (reverses IS NULL)", name="either"),
    CheckConstraint("source_kind IN ('meal','visit','bill')", name="source_kind"),
    Index("ix_ledger_entries_month", "month", "id"),
)
Index("ix_ledger_entries_claim", ledger_entries.c.claim)
Index("ix_ledger_entries_source_id", ledger_entries.c.source_id)
LATE = text("late <> ''")
"""Written out, and not as a value: only then does SQLite see that the index below answers the question."""
Index("ix_ledger_entries_late", ledger_entries.c.month, ledger_entries.c.on, sqlite_where=LATE, postgresql_where=LATE)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("entry_id", ID, ForeignKey("ledger_entries.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("account", String(120), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Index("ix_ledger_postings_account", "account", "entry_id"),
)

ledger_live = Table(
    "ledger_live",
    metadata,
    Column("key", String(220), primary_key=True),
    Column("entry_id", ID, ForeignKey("ledger_entries.id"), nullable=False, index=True),
)

ledger_closings = Table(
    "ledger_closings",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)
"""Months that take no more entries; one that has no row in `ledger_months` is being counted."""

ledger_months = Table(
    "ledger_months",
    metadata,
    Column("month", String(7), ForeignKey("ledger_closings.month"), primary_key=True),
    Column("before", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("entries", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

ledger_sums = Table(
    "ledger_sums",
    metadata,
    Column("month", String(7), ForeignKey("ledger_months.month"), primary_key=True),
    Column("payee", String(120), primary_key=True),
    Column("fund", String(120), primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
)
"""What each fund gives for each payee in a closed month, added up while it was closed; under no fund, its entries."""

refuse_changes(ledger_entries, ledger_postings, ledger_closings, ledger_months, ledger_sums)

_ENTRY = Prepared(select(ledger_entries).where(ledger_entries.c.id == bindparam("id")))
_POSTINGS = Prepared(
    select(ledger_postings.c.account, ledger_postings.c.amount_fen)
    .where(ledger_postings.c.entry_id == bindparam("id")).order_by(ledger_postings.c.place)
)  # fmt: skip
_REVERSAL = Prepared(select(ledger_entries.c.id).where(ledger_entries.c.reverses == bindparam("id")))
_LIVE = Prepared(select(ledger_live.c.key, ledger_live.c.entry_id).where(ledger_live.c.key.in_(bindparam("keys", expanding=True))))  # noqa: E501  # fmt: skip
_CLOSED = Prepared(select(func.max(ledger_closings.c.month).label("month")))
_ADD, _ADD_POSTINGS, _ADD_LIVE = Prepared(insert(ledger_entries)), Prepared(insert(ledger_postings)), Prepared(insert(ledger_live))  # noqa: E501  # fmt: skip
_REST = Prepared(delete(ledger_live).where(ledger_live.c.entry_id == bindparam("id")))
_PIECE = Prepared(
    select(ledger_entries).where(ledger_entries.c.month == bindparam("month"), ledger_entries.c.id > bindparam("after"))
    .order_by(ledger_entries.c.id).limit(bindparam("most"))
)  # fmt: skip
_PIECE_POSTINGS = Prepared(
    select(ledger_postings.c.entry_id, ledger_postings.c.account, ledger_postings.c.amount_fen)
    .join(ledger_entries, ledger_entries.c.id == ledger_postings.c.entry_id)
    .where(ledger_entries.c.month == bindparam("month"), ledger_entries.c.id > bindparam("after"),
           ledger_entries.c.id <= bindparam("last"))
    .order_by(ledger_entries.c.id, ledger_postings.c.place)
)  # fmt: skip
_WRITTEN = Prepared(
    select(*[type_coerce(each, String).label("on") if each.name == "on" else each for each in ledger_entries.c])
    .where(ledger_entries.c.month == bindparam("month"), ledger_entries.c.id > bindparam("after"))
    .order_by(ledger_entries.c.id).limit(bindparam("most"))
)  # fmt: skip
"""As `_PIECE`, with the day as it is on file."""

_LOCK, _LOCK_SHARED = text("SELECT pg_advisory_xact_lock(8318)"), text("SELECT pg_advisory_xact_lock_shared(8318)")
"""Any fixed number will do: entries hold it together, beginning to close a month holds it alone."""

PIECE = 1000
"""Entries in memory at once while a month is read; five thousand took a quarter more processor time, for the cache."""

Told = tuple[str, bytes | None, list[tuple[str, int]]]
"""An entry read to be counted: its id, its canonical line (None where it is no sound entry), its postings."""


class Books:
    """The shelf of the ledger; enters by the rules of `rules.ledger.Ledger`."""

    def __init__(self, connection: Connection, rules: Mapping[str, Rule] | None = None) -> None:
        """`rules` are the texts of rules by version: each is kept with the first entry that names it."""
        self._connection = connection
        self._rules = rules or {}

    def enter(self, entry: Entry) -> bool:
        """
        Takes an entry; False when it is there already.

        Raises:
            Conflict: another entry has this id, this source or this claim, the month is closed, or what it reverses is
                reversed already or no entry of a subsidy.
            NotFound: what it reverses is not there.
        """
        self._hold(_LOCK_SHARED)
        if self._is_there(entry):
            return False
        closed = self.closed()
        if closed is not None and entry.month <= closed:
            raise Conflict(f"{entry.month} is closed; book it in {booked_in(entry.on, closed)}")
        keys = self._refuse(entry)
        try:
            with savepoint(self._connection):
                self._write(entry, keys)
        except IntegrityError:
            # Somebody else was faster within this very moment: with the same entry, or with another for the same meal.
            if self._is_there(entry):
                return False
            self._refuse(entry)
            raise Conflict(f"entry {entry.id} was overtaken by another one; try again") from None
        return True

    def entry(self, entry_id: str) -> Entry | None:
        """The entry with this id."""
        row = _ENTRY.on(self._connection, id=entry_id).first()
        return None if row is None else _value(row, _POSTINGS.on(self._connection, id=entry_id))

    def live(self, had: str | Source) -> Entry | None:
        """The entry that holds this claim or this source now: not taken back."""
        rows = _LIVE.on(self._connection, keys=[_key(had)])
        return self.entry(rows[0].entry_id) if rows else None

    def closed(self) -> str | None:
        """The last month that takes no more entries."""
        month: str | None = _CLOSED.on(self._connection).scalar()
        return month

    def entries(self, month: str, piece: int = PIECE) -> Iterator[Entry]:
        """The entries booked in a month by their ids; only `piece` of them are in memory at once."""
        after = ""
        while rows := _PIECE.on(self._connection, month=month, after=after, most=piece):
            yield from self._joined(month, after, rows)
            after = rows[-1].id

    def lines(self, month: str, after: str, most: int = PIECE) -> list[Told]:
        """The next entries of a month behind this id, by their ids, each as its canonical line and its postings."""
        rows = _WRITTEN.plain(self._connection, month=month, after=after, most=most)
        if not rows:
            return []
        postings: dict[str, list[tuple[str, int]]] = {row[0]: [] for row in rows}
        said = _PIECE_POSTINGS.plain(self._connection, month=month, after=after, last=rows[-1][0])
        for entry_id, account, fen in said:
            postings[entry_id].append((account, fen))
        # PostgreSQL's driver gives a day where that of SQLite gives its text.
        return [
            (row[0], read_back(row if type(row[1]) is str else (row[0], str(row[1]), *row[2:]), mine), mine)
            for row, mine in zip(rows, postings.values(), strict=True)
        ]

    def begin_closing(self) -> None:
        """Waits for entries that are being written, and keeps new ones out until the unit of work ends."""
        self._hold(_LOCK)

    # ------------------------------------------------------------------------------------------- the parts

    def _hold(self, lock: Any) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(lock)

    def _is_there(self, entry: Entry) -> bool:
        known = self.entry(entry.id)
        if known is not None and known != entry:
            raise Conflict(f"entry {entry.id} is there with other content")
        return known is not None

    def _refuse(self, entry: Entry) -> list[str]:
        """What it would hold from now on, by its keys; nothing of a reversal."""
        if entry.reverses is not None:
            self._refuse_reversal(entry, entry.reverses)
            return []
        assert entry.source is not None
        keys = {_key(entry.claim): entry.claim, _key(entry.source): entry.source}
        for row in _LIVE.on(self._connection, keys=list(keys)):
            raise Conflict(f"{keys[row.key]} was had with entry {row.entry_id}; take that back first")
        return list(keys)

    def _refuse_reversal(self, entry: Entry, reverses: str) -> None:
        taken = self.entry(reverses)
        if taken is None:
            raise NotFound(f"there is no entry {reverses} to take back")
        if taken.reverses is not None or _REVERSAL.on(self._connection, id=reverses):
            raise Conflict(f"entry {reverses} is a reversal or was taken back before")
        if {posting.account: -posting.amount_fen for posting in taken.postings} != balances([entry]):
            raise Conflict(f"entry {entry.id} does not take back what {reverses} gave")

    def _write(self, entry: Entry, keys: Sequence[str]) -> None:
        _ADD.on(self._connection, **_row(entry))
        _ADD_POSTINGS.each(self._connection, [
            {"entry_id": entry.id, "place": place, "account": each.account, "amount_fen": each.amount_fen}
            for place, each in enumerate(entry.postings)
        ])  # fmt: skip
        rule = self._rules.get(entry.version or "")
        if rule is not None:
            Versions(self._connection).keep(rule)
        if entry.reverses is not None:
            _REST.on(self._connection, id=entry.reverses)
        else:
            _ADD_LIVE.each(self._connection, [{"key": key, "entry_id": entry.id} for key in keys])

    def _joined(self, month: str, after: str, rows: Sequence[Any]) -> Iterator[Entry]:
        postings: dict[str, list[Any]] = {row.id: [] for row in rows}
        for each in _PIECE_POSTINGS.on(self._connection, month=month, after=after, last=rows[-1].id):
            postings[each.entry_id].append(each)
        return (_value(row, postings[row.id]) for row in rows)


def _key(had: str | Source) -> str:
    return f"claim {had}" if isinstance(had, str) else f"{had.kind.value} {had.id}"


def _row(entry: Entry) -> dict[str, Any]:
    source = entry.source
    return {
        "id": entry.id, "on": entry.on, "month": entry.month, "claim": entry.claim, "version": entry.version,
        "source_kind": source.kind.value if source else None, "source_id": source.id if source else None,
        "reverses": entry.reverses, "late": entry.late,
    }  # fmt: skip


def _value(row: Any, postings: Sequence[Any]) -> Entry:
    on: date = row.on
    return Entry(
        id=row.id, on=on, month=row.month, claim=row.claim, version=row.version, reverses=row.reverses, late=row.late,
        source=Source(Kind(row.source_kind), row.source_id) if row.source_kind else None,
        postings=tuple([Posting(each.account, each.amount_fen) for each in postings]),
    )  # fmt: skip
