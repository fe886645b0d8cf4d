"""
Planned absences on file: who is away, until when, and when to look again.

Their instants are of the wall, like those of shifts: a clock that was set wrong and is set right moves none of them.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import HomeId, ResidentId
from dispatch.rules import absences as rules
from dispatch.rules.absences import Absence, Kind, State
from dispatch.rules.record import Line
from dispatch.rules.signal import Signal
from dispatch.store.database import Instant, metadata
from dispatch.store.people import People
from dispatch.store.prepared import Prepared
from dispatch.store.transactions import Tx

absences = Table(
    "absences", metadata,
    Column("id", String(40), primary_key=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False, index=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("by", String(80), nullable=False),
    Column("due_at", Instant),
    Column("warned", Boolean, nullable=False),
    CheckConstraint("state IN ('planned','away','overrun','over')", name="state"),
    CheckConstraint("(state = 'over') = (due_at IS NULL)", name="due"),
)  # fmt: skip
_WAITS = absences.c.due_at.is_not(None)
Index("ix_absences_due_at", absences.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)


_OF = Prepared(
    select(absences)
    .where(absences.c.resident_id.in_(bindparam("ids", expanding=True)), _WAITS)
    .order_by(absences.c.from_at)
)


class Absences:
    """The shelf of absences."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, absence: Absence) -> None:
        self._connection.execute(insert(absences), _row(absence))

    def save(self, absence: Absence) -> None:
        self._connection.execute(update(absences).where(absences.c.id == absence.id).values(**_row(absence)))

    def get(self, id_: str) -> Absence:
        """
        One absence.

        Raises:
            NotFound: there is none with this id.
        """
        row = self._connection.execute(select(absences).where(absences.c.id == id_)).first()
        if row is None:
            raise NotFound("There is no such absence.")
        return _value(row)

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(absences.c.id).where(absences.c.due_at <= now).order_by(absences.c.due_at).limit(most)
        return list(self._connection.execute(query).scalars())

    def rest(self, id_: str, until: datetime) -> None:
        """It is looked at again then, and not before."""
        self._connection.execute(update(absences).where(absences.c.id == id_, _WAITS).values(due_at=until))

    def next_due(self) -> datetime | None:
        found: datetime | None = self._connection.execute(select(func.min(absences.c.due_at)).where(_WAITS)).scalar()
        return found

    def of(self, ids: Collection[ResidentId]) -> list[Absence]:
        """Those of these residents that are not over, the earliest first."""
        return [_value(row) for row in _OF.on(self._connection, ids=list(ids))] if ids else []

    def current(self, most: int) -> list[Absence]:
        """All that are not over, those that end first first."""
        query = select(absences).where(_WAITS).order_by(absences.c.until_at, absences.c.id).limit(most)
        return [_value(row) for row in self._connection.execute(query)]


def is_held(tx: Tx, signal: Signal) -> bool:
    """
    Whether this silence means nothing because whoever it is about is away; says so in the record where it does.
    """
    if signal.home_id is None:
        return False
    living = [each.id for each in People(tx.connection).dwelling(signal.home_id).residents if each.is_served]
    away = [each for each in Absences(tx.connection).of(living) if each.holds(tx.now)] if living else []
    held = rules.is_held(living, {each.resident_id for each in away}, signal.resident_id)
    if held:
        facts = {"home": signal.home_id, "resident": signal.resident_id, "absence": away[0].id}
        tx.log(Line(kind="inactivity_held", by=f"device:{signal.address}", facts=facts))
    return held


def _row(absence: Absence) -> dict[str, Any]:
    return {name: getattr(absence, name) for name in Absence.__slots__} | {
        "kind": absence.kind.value, "state": absence.state.value,
    }  # fmt: skip


def _value(row: Any) -> Absence:
    found = {name: getattr(row, name) for name in Absence.__slots__}
    return Absence(
        **found
        | {
            "kind": Kind(found["kind"]), "state": State(found["state"]),
            "resident_id": ResidentId(found["resident_id"]), "home_id": HomeId(found["home_id"]),
        }
    )  # fmt: skip
