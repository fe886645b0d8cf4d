"""Whom which rule pays for serving, what was booked for each period, and when a month was looked at last."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
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

from dispatch.errors import NotFound
from dispatch.store.database import Instant, Json, insert_once, metadata
from schedules.money.paid.store import Paid, paid_table
from schedules.money.rules.months import following
from schedules.money.rules.operators import CLAIM, Due, Term
from schedules.money.store.ledger import LATE, ledger_closings, ledger_entries, ledger_postings

Row = dict[str, Any]

operator_terms = Table(
    "operator_terms", metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("payee_id", String(40), nullable=False),
    Column("policy", String(80), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    Column("facts", Json, nullable=False),
    Column("fund", String(80), nullable=False),
    Column("period", String(8), nullable=False),
    Column("days", String(8), nullable=False),
    Column("by", String(80), nullable=False),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("kind IN ('canteen','station')", name="kind"),
    CheckConstraint("period IN ('','month','quarter','year')", name="period"),
    CheckConstraint("days IN ('calendar','served')", name="days"),
    Index("ix_operator_terms_payee_id", "payee_id", "from_on"),
)  # fmt: skip
"""One that ends on the day before it began was a mistake, and never held."""

operator_payments = paid_table(
    "operator_payments",
    Column("term_kind", String(8), nullable=False),
    Column("payee_id", String(40), nullable=False),
    Column("title", String(200), nullable=False),
    Column("period", String(8), nullable=False),
    Column("counted", String(60), nullable=False),
    Index("ix_operator_payments_month", "month", "payee_id"),
    source_max=110, has_version=True,
)  # fmt: skip
"""`month` is in which it is due, `booked` the ledger's."""

operator_months = Table(
    "operator_months", metadata,
    Column("month", String(7), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("whole", Boolean, nullable=False),
)  # fmt: skip
"""
Months whose money was booked, and until when what it is reckoned from was looked at. One that is not `whole` has a term
whose rule said nothing: it is looked at again each time.
"""


class Terms:
    """The shelf of terms."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Term]:
        """Every one, the oldest first."""
        query = select(operator_terms).order_by(operator_terms.c.from_on, operator_terms.c.id)
        return [_term(row) for row in self._connection.execute(query).mappings()]

    def get(self, id_: str) -> Term:
        """
        Raises:
            NotFound: there is none of this id.
        """
        row = self._connection.execute(select(operator_terms).where(operator_terms.c.id == id_)).mappings().first()
        if row is None:
            raise NotFound("There is no such term.")
        return _term(row)

    def add(self, term: Term, *, by: str, at: datetime) -> None:
        row = {each.name: getattr(term, each.name) for each in fields(term)} | {"facts": dict(term.facts)}
        self._connection.execute(insert(operator_terms), row | {"by": by, "changed_at": at})

    def end(self, id_: str, until_on: date, *, by: str, at: datetime) -> None:
        query = update(operator_terms).where(operator_terms.c.id == id_)
        self._connection.execute(query.values(until_on=until_on, by=by, changed_at=at))

    def changed(self, since: datetime) -> list[Term]:
        """Those that were written or ended from then on."""
        query = select(operator_terms).where(operator_terms.c.changed_at >= since)
        return [_term(row) for row in self._connection.execute(query).mappings()]


class OperatorPayments(Paid):
    """The shelf of what was booked; a row's month is that in which it is due."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, operator_payments)

    def versions(self) -> list[tuple[str, str]]:
        """By which versions money of which months holds."""
        c = operator_payments.c
        query = select(c.month, c.version).where(c.live).distinct()
        return [(row.month, row.version) for row in self._connection.execute(query)]

    def months(self) -> Mapping[str, tuple[datetime, bool]]:
        """Months that were booked: until when they were looked at, and whether every rule answered."""
        return {row.month: (row.at, row.whole) for row in self._connection.execute(select(operator_months))}

    def looked_at(self, months: Mapping[str, bool], at: datetime) -> None:
        """These were booked by what was known then; whether every rule answered."""
        for month, whole in months.items():
            row = {"month": month, "at": at, "whole": whole}
            self._connection.execute(insert_once(operator_months, self._connection).values(row))
            self._connection.execute(update(operator_months).where(operator_months.c.month == month).values(row))

    def entered(self, month: str, account: str) -> list[Row]:
        """
        The entries of a month of the ledger and an account that are about serving, with what they were booked for;
        `fen` is the posting's, `late` why it is not of this month, `back` whether it takes another one back.
        """
        e, p = ledger_entries.c, ledger_postings.c
        query = (
            select(operator_payments, e.late, e.reverses, p.amount_fen.label("fen"))
            .join_from(ledger_postings, ledger_entries, p.entry_id == e.id)
            .join(operator_payments, operator_payments.c.id == func.coalesce(e.reverses, e.id))
            .where(p.account == account, e.month == month, e.claim.startswith(CLAIM, autoescape=True))
            .order_by(operator_payments.c.owed_to, operator_payments.c.on, e.id)
        )
        rows = self._connection.execute(query).mappings()
        return [dict(row) | {"back": row["reverses"] is not None} for row in rows]


def late_days(connection: Connection, since: datetime) -> list[date]:
    """
    Days of which something else was booked late since then: in the months that were closed from then on, and in the one
    that is open now.
    """
    c, e = ledger_closings.c, ledger_entries.c
    first = connection.execute(select(func.min(c.month)).where(c.at >= since)).scalar()
    if first is None:
        closed = connection.execute(select(func.max(c.month))).scalar()
        first = following(closed) if closed else None
    if first is None:
        return []
    own = e.claim.startswith(CLAIM, autoescape=True)
    return list(connection.scalars(select(e.on).where(e.month >= first, LATE, ~own).distinct()))


def row_of(due: Due, because: Mapping[str, Sequence[str]]) -> Row:
    """What is kept of a due, but for its entry."""
    names = ("source", "claim", "kind", "term_kind", "payee_id", "owed_to", "policy_id", "version", "period", "month",
             "on", "amount_fen", "fund")  # fmt: skip
    return {name: getattr(due, name) for name in names} | {
        "title": due.title[:200], "counted": due.counted[:60], "outcome": due.outcome.value, "because": because,
    }  # fmt: skip


def months_between(first: date, last: date) -> list[str]:
    """Every month from that of one day to that of another."""
    found, month = [], f"{first:%Y-%m}"
    while month <= f"{last:%Y-%m}":
        found.append(month)
        month = following(month)
    return found


def _term(row: Any) -> Term:
    return Term(**{each.name: row[each.name] for each in fields(Term)})
