"""Statements on file: what a payee is owed or a fund gives by a closed month, their steps, objections, and budgets."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound, Stale
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, insert_once, metadata
from schedules.money.rules.statement import Deed, Kind, Objection, State, Statement, Step
from schedules.money.store.refusing import refuse_changes

Row = dict[str, Any]

statements = Table(
    "statements",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("month", String(7), ForeignKey("ledger_months.month"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("account", String(120), nullable=False),
    Column("name", String(120), nullable=False),
    Column("station_id", String(40), ForeignKey("stations.id"), index=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("submitted_by", String(80)),
    Column("objections_until", Date),
    Column("version", Integer, nullable=False),
    CheckConstraint("kind IN ('payee','fund')", name="kind"),
    CheckConstraint("state IN ('draft','review','published','approved','paid')", name="state"),
    CheckConstraint("state NOT IN ('published','approved','paid') OR objections_until IS NOT NULL", name="published"),
    UniqueConstraint("month", "account"),
)

statement_steps = Table(
    "statement_steps",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("statement_id", String(40), ForeignKey("statements.id"), nullable=False, index=True),
    Column("deed", String(12), nullable=False),
    Column("state", String(10), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("on", Date),
    Column("reference", String(80), nullable=False),
    Column("note", Text, nullable=False),
)

statement_objections = Table(
    "statement_objections",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("statement_id", String(40), ForeignKey("statements.id"), nullable=False, index=True),
    Column("said_by", String(120), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("upheld", Boolean),
    Column("answer", Text, nullable=False),
    Column("answered_by", String(80)),
    Column("answered_at", Instant),
    CheckConstraint("(upheld IS NULL) = (answered_by IS NULL)", name="answered"),
)

money_budgets = Table(
    "money_budgets",
    metadata,
    Column("fund", String(120), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("amount_fen >= 0", name="amount_fen"),
)
"""Every budget that was set; the one with the highest number holds."""

refuse_changes(money_budgets)


class Statements:
    """The shelf of statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def draw(self, statement: Statement) -> bool:
        """A new one; False when there is one of this account and month."""
        added = self._connection.execute(insert_once(statements, self._connection).values(**_row(statement)))
        return added.rowcount > 0

    def save(self, statement: Statement, *, before: int) -> None:
        """
        Writes what has become of it, if it is as it was read (`before` is that version).

        Raises:
            Stale: somebody else was faster.
        """
        query = update(statements).where(statements.c.id == statement.id, statements.c.version == before)
        if not self._connection.execute(query.values(_row(statement) | {"version": before + 1})).rowcount:
            raise Stale("Somebody else has changed this meanwhile", {})

    def get(self, statement_id: str, area: Area) -> Statement:
        """
        One by its id.

        Raises:
            NotFound: there is none in this area.
        """
        row = self._connection.execute(select(statements).where(statements.c.id == statement_id)).mappings().first()
        if row is None or not area.covers(row["station_id"]):
            raise NotFound(f"no statement {statement_id[:40]}")
        return _value(dict(row))

    def page(
        self, area: Area, *, month: str = "", kind: str = "", state: str = "", after: str = "", most: int = 50
    ) -> list[Statement]:
        """Those of an area behind this id, the newest first."""
        query = select(statements).order_by(statements.c.id.desc()).limit(most)
        for column, value in ((statements.c.month, month), (statements.c.kind, kind), (statements.c.state, state)):
            query = query.where(column == value) if value else query
        if area.stations is not None:
            query = query.where(statements.c.station_id.in_(sorted(area.stations)))
        query = query.where(statements.c.id < after) if after else query
        return [_value(dict(row)) for row in self._connection.execute(query).mappings()]

    def add_step(self, step: Step) -> None:
        self._connection.execute(insert(statement_steps), {name: getattr(step, name) for name in Step.__slots__})

    def steps(self, statement_id: str) -> list[Step]:
        """What was done with it, the first first."""
        query = select(statement_steps).where(statement_steps.c.statement_id == statement_id)
        rows = self._connection.execute(query.order_by(statement_steps.c.at, statement_steps.c.id)).mappings()
        return [Step(**dict(row) | {"deed": Deed(row["deed"]), "state": State(row["state"])}) for row in rows]

    def object(self, objection: Objection) -> None:
        self._connection.execute(
            insert(statement_objections), {name: getattr(objection, name) for name in Objection.__slots__}
        )

    def objections(self, statement_id: str) -> list[Objection]:
        """What was said against it, the first first."""
        query = select(statement_objections).where(statement_objections.c.statement_id == statement_id)
        rows = self._connection.execute(query.order_by(statement_objections.c.at, statement_objections.c.id))
        return [Objection(**dict(row)) for row in rows.mappings()]

    def answer(self, objection: Objection) -> None:
        """Writes the answer to an objection that has none."""
        mine = (statement_objections.c.id == objection.id, statement_objections.c.upheld.is_(None))
        told = {name: getattr(objection, name) for name in ("upheld", "answer", "answered_by", "answered_at")}
        if not self._connection.execute(update(statement_objections).where(*mine).values(told)).rowcount:
            raise Stale("Somebody else has changed this meanwhile", {})

    def counts(self) -> dict[str, int]:
        """How many there are by month."""
        query = select(statements.c.month, func.count().label("many")).group_by(statements.c.month)
        return {row.month: row.many for row in self._connection.execute(query)}

    def amounts(self, year: int) -> dict[str, dict[str, int]]:
        """Fen of the year's statements of funds, by fund and state."""
        s = statements.c
        query = (
            select(s.account, s.state, func.sum(s.amount_fen).label("fen"))
            .where(s.kind == Kind.FUND.value, s.month.between(f"{year}-01", f"{year}-12")).group_by(s.account, s.state)
        )  # fmt: skip
        found: dict[str, dict[str, int]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.account, {})[row.state] = int(row.fen)
        return found


class Budgets:
    """The shelf of budgets: what a fund may give in a year."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, year: int) -> dict[str, int]:
        """Fen by fund."""
        query = select(money_budgets).where(money_budgets.c.year == year).order_by(money_budgets.c.number)
        return {row.fund: row.amount_fen for row in self._connection.execute(query)}

    def set(self, row: Row) -> None:
        """A budget from now on: fund, year, amount_fen, by, at; those before stay where they are."""
        same = (money_budgets.c.fund == row["fund"], money_budgets.c.year == row["year"])
        last = self._connection.execute(select(func.max(money_budgets.c.number)).where(*same)).scalar()
        self._connection.execute(insert(money_budgets), row | {"number": (last or 0) + 1})


def _row(statement: Statement) -> Row:
    return {name: getattr(statement, name) for name in Statement.__slots__}


def _value(row: Row) -> Statement:
    return Statement(**row | {"kind": Kind(row["kind"]), "state": State(row["state"])})
