"""The draws of months and the checks on site, on file."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.rules.people import Person
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, insert_once, metadata
from schedules.money.anomalies.rules.draw import Lot
from schedules.money.anomalies.rules.judging import Check, Draw, Result
from schedules.money.anomalies.store.findings import inside

money_draws = Table(
    "money_draws", metadata,
    Column("month", String(7), primary_key=True),
    Column("seed", String(64), nullable=False),
    Column("ledger_hash", String(64), nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("drawn_at", Instant, nullable=False),
)  # fmt: skip

money_checks = Table(
    "money_checks", metadata,
    Column("id", String(40), primary_key=True),
    Column("month", String(7), ForeignKey("money_draws.month"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("source", String(80), nullable=False),
    Column("place", String(80), nullable=False),
    Column("resident_id", String(40), nullable=False, index=True),
    Column("on", Date, nullable=False),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("result", String(10)),
    Column("by", String(80)),
    Column("at", Instant),
    Column("note", Text, nullable=False),
    CheckConstraint("result IN ('right','wrong','not_found')", name="result"),
    CheckConstraint("(result IS NULL) = (\"by\" IS NULL)", name="by_whom"),
    UniqueConstraint("month", "kind", "source"),
    Index("ix_money_checks_month", "month", "place", "id"),
)  # fmt: skip


class Checks:
    """The shelf of draws and checks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, draw: Draw, checks: Sequence[Check]) -> bool:
        """Keeps a month's draw; False where the month has one: it is never drawn anew."""
        row = {
            "month": draw.month, "seed": draw.seed, "ledger_hash": draw.ledger_hash, "settled": draw.settled,
            "drawn_at": draw.drawn_at,
        }  # fmt: skip
        if self._connection.execute(insert_once(money_draws, self._connection), row).rowcount == 0:
            return False
        if checks:
            self._connection.execute(insert(money_checks), [_row(each) for each in checks])
        return True

    def months(self) -> list[str]:
        """The months that were drawn, the newest first."""
        return list(
            self._connection.execute(select(money_draws.c.month).order_by(money_draws.c.month.desc())).scalars()
        )

    def draw(self, month: str) -> Draw | None:
        row = self._connection.execute(select(money_draws).where(money_draws.c.month == month)).first()
        return None if row is None else Draw(**row._mapping)

    def of(self, month: str, area: Area) -> list[Check]:
        """A month's checks of an area, by place."""
        query = select(money_checks).where(money_checks.c.month == month, inside(money_checks, area))
        query = query.order_by(money_checks.c.place, money_checks.c.on, money_checks.c.id)
        return [_check(row) for row in self._connection.execute(query)]

    def get(self, id_: str, area: Area) -> Check:
        """
        One check.

        Raises:
            NotFound: there is none in this area.
        """
        query = select(money_checks).where(money_checks.c.id == id_, inside(money_checks, area))
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such check.")
        return _check(row)

    def save(self, check: Check) -> None:
        """Its result."""
        changes = {"result": check.result, "by": check.by, "at": check.at, "note": check.note}
        self._connection.execute(update(money_checks).where(money_checks.c.id == check.id).values(**changes))

    def done(self, month: str) -> int:
        """How many of a month have a result, in all stations."""
        query = select(func.count()).where(money_checks.c.month == month, money_checks.c.result.is_not(None))
        return self._connection.execute(query).scalar_one()


def _row(check: Check) -> dict[str, Any]:
    lot = check.lot
    return {
        "id": check.id, "month": check.month, "kind": lot.kind, "source": lot.id, "place": lot.place,
        "resident_id": lot.resident, "on": lot.on, "station_id": check.station, "note": "",
    }  # fmt: skip


def _check(row: Any) -> Check:
    lot = Lot(kind=row.kind, id=row.source, place=row.place, resident=row.resident_id, on=row.on)
    return Check(
        id=row.id, month=row.month, lot=lot, station=row.station_id, result=Result(row.result) if row.result else None,
        by=Person(row.by) if row.by else None, at=row.at, note=row.note,
    )  # fmt: skip
