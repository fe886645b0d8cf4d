"""Findings about public money, on file: each once, with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    func,
    select,
    true,
    tuple_,
    update,
)

from dispatch.errors import NotFound
from dispatch.rules.people import Person
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, Json, insert_once, metadata
from schedules.money.anomalies.rules.judging import Case, State
from schedules.money.anomalies.rules.serving import Code, Finding, Severity

money_findings = Table(
    "money_findings", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("code", String(20), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("canteen", String(80)),
    Column("resident_id", String(40), index=True),
    Column("operator", String(80)),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("evidence", Json, nullable=False),
    Column("figures", Json, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("judged_by", String(80)),
    Column("judged_at", Instant),
    Column("note", Text, nullable=False),
    Column("recovered_fen", BigInteger, nullable=False),
    CheckConstraint("state IN ('open','explained','confirmed','recovered')", name="state"),
    CheckConstraint("(state = 'open') = (judged_by IS NULL)", name="judged"),
    CheckConstraint("(state = 'recovered') = (recovered_fen > 0)", name="recovered"),
    CheckConstraint("amount_fen >= 0 AND recovered_fen >= 0", name="amounts"),
    Index("ix_money_findings_state", "state", "first_on", "id"),
)  # fmt: skip
"""Who is named here may be on no register (a padded list), so a resident is kept by the id that the till said."""

money_looks = Table(
    "money_looks", metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("meals", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
)  # fmt: skip
"""What was looked at: `day:2026-03-01`, `again:2026-03-01`, `month:2026-03`, `closed:2026-03`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which findings: every one where nothing is said. `after` is the last one of the page before."""

    state: State | None = State.OPEN
    code: Code | None = None
    canteen: str = ""
    after: tuple[date, str] | None = None
    most: int = 50


class Findings:
    """The shelf of findings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, case: Case) -> bool:
        """
        Keeps a finding; False where it was found before.

        One that is open and goes on (a habit) is kept as it is now, and never made smaller.
        """
        row = _row(case)
        if self._connection.execute(insert_once(money_findings, self._connection), row).rowcount > 0:
            return True
        grown = ("last_on", "evidence", "figures", "amount_fen")
        self._connection.execute(
            update(money_findings)
            .where(money_findings.c.key == case.found.key, money_findings.c.state == State.OPEN.value)
            .where(
                (money_findings.c.last_on <= case.found.last) & (money_findings.c.amount_fen <= case.found.amount_fen)
            )
            .values({name: row[name] for name in grown})
        )
        return False

    def save(self, case: Case) -> None:
        """What became of it."""
        row = _row(case)
        changes = {name: row[name] for name in ("state", "judged_by", "judged_at", "note", "recovered_fen")}
        self._connection.execute(update(money_findings).where(money_findings.c.id == case.id).values(**changes))

    def get(self, id_: str, area: Area) -> Case:
        """
        One finding.

        Raises:
            NotFound: there is none in this area.
        """
        query = select(money_findings).where(money_findings.c.id == id_, inside(money_findings, area))
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such finding.")
        return _case(row)

    def some(self, wanted: Wanted, area: Area) -> list[Case]:
        """The oldest first."""
        query = select(money_findings).where(inside(money_findings, area))
        if wanted.state is not None:
            query = query.where(money_findings.c.state == wanted.state.value)
        if wanted.code is not None:
            query = query.where(money_findings.c.code == wanted.code.value)
        if wanted.canteen:
            query = query.where(money_findings.c.canteen == wanted.canteen)
        if wanted.after is not None:
            query = query.where(tuple_(money_findings.c.first_on, money_findings.c.id) > tuple_(*wanted.after))
        query = query.order_by(money_findings.c.first_on, money_findings.c.id).limit(wanted.most)
        return [_case(row) for row in self._connection.execute(query)]

    def tally(self, area: Area) -> dict[State, tuple[int, int]]:
        """By state: how many, and how many fen came back."""
        query = (
            select(money_findings.c.state, func.count(), func.sum(money_findings.c.recovered_fen))
            .where(inside(money_findings, area)).group_by(money_findings.c.state)
        )  # fmt: skip
        return {State(row[0]): (row[1], int(row[2] or 0)) for row in self._connection.execute(query)}

    # ------------------------------------------------------------------------------------------- what was looked at

    def was_looked_at(self, names: Sequence[str]) -> set[str]:
        query = select(money_looks.c.name).where(money_looks.c.name.in_(names))
        return set(self._connection.execute(query).scalars())

    def looked(self, name: str, at: datetime, *, meals: int, found: int) -> None:
        row = {"name": name, "at": at, "meals": meals, "found": found}
        self._connection.execute(insert_once(money_looks, self._connection), row)


def inside(table: Table, area: Area) -> ColumnElement[bool]:
    """What is of these stations; what belongs to none is the district's."""
    return true() if area.stations is None else table.c.station_id.in_(sorted(area.stations))


def _row(case: Case) -> dict[str, Any]:
    found = case.found
    return {
        "id": case.id, "key": found.key[:255], "code": found.code.value, "severity": found.severity.value,
        "first_on": found.first, "last_on": found.last, "canteen": found.canteen, "resident_id": found.resident,
        "operator": found.operator, "station_id": case.station, "evidence": list(found.evidence),
        "figures": dict(found.figures), "amount_fen": found.amount_fen, "found_at": case.found_at,
        "state": case.state.value, "judged_by": case.judged_by, "judged_at": case.judged_at, "note": case.note,
        "recovered_fen": case.recovered_fen,
    }  # fmt: skip


def _case(row: Any) -> Case:
    found = Finding(
        code=Code(row.code), key=row.key, severity=Severity(row.severity), first=row.first_on, last=row.last_on,
        canteen=row.canteen, resident=row.resident_id, operator=row.operator, evidence=tuple(row.evidence),
        figures=row.figures, amount_fen=row.amount_fen,
    )  # fmt: skip
    return Case(
        id=row.id, found=found, station=row.station_id, found_at=row.found_at, state=State(row.state),
        judged_by=Person(row.judged_by) if row.judged_by else None, judged_at=row.judged_at, note=row.note,
        recovered_fen=row.recovered_fen,
    )  # fmt: skip
