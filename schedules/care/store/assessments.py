"""
Assessments on file, and when each has to be thought of again.

`due_at` waits twice: some weeks before the last day of an assessment, and when that day is over. Its instants are those
of local days, like those of shifts: a clock that was set wrong and is set right moves none of them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.store.database import Instant, Json, metadata
from schedules.care.rules.assessment import Assessment, Reason

bed_assessments = Table(
    "bed_assessments", metadata,
    Column("id", String(40), primary_key=True),
    Column("bed_id", String(40), ForeignKey("beds.id"), nullable=False, index=True),
    Column("standard", String(40), nullable=False),
    Column("score", Integer),
    Column("initial_level", String(16), nullable=False),
    Column("adjustments", Json, nullable=False),
    Column("final_level", String(16), nullable=False),
    Column("reason", String(12), nullable=False),
    Column("assessed_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("org", String(120), nullable=False),
    Column("by", String(80), nullable=False),
    Column("due_at", Instant),
    Column("told", Integer, nullable=False),
    CheckConstraint("valid_until >= assessed_on", name="valid_until"),
)  # fmt: skip
_WAITS = bed_assessments.c.due_at.is_not(None)
Index("ix_bed_assessments_due_at", bed_assessments.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

_NEWEST = (bed_assessments.c.assessed_on.desc(), bed_assessments.c.id.desc())


class Assessments:
    """The shelf of assessments."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, assessment: Assessment, *, due_at: datetime) -> None:
        """A new one; those of the same bed before it are not waited for any more."""
        self.rest(assessment.bed_id)
        row = {name: getattr(assessment, name) for name in Assessment.__slots__}
        changed = {"reason": assessment.reason.value, "adjustments": list(assessment.adjustments)}
        self._connection.execute(insert(bed_assessments), row | changed | {"due_at": due_at, "told": 0})

    def rest(self, bed_id: str) -> None:
        """Nothing of this bed is waited for."""
        query = update(bed_assessments).where(bed_assessments.c.bed_id == bed_id, _WAITS)
        self._connection.execute(query.values(due_at=None))

    def wait(self, id_: str, due_at: datetime | None, *, told: int) -> None:
        query = update(bed_assessments).where(bed_assessments.c.id == id_)
        self._connection.execute(query.values(due_at=due_at, told=told))

    def get(self, id_: str) -> tuple[Assessment, int, datetime | None]:
        """
        One with how often it was told about, and when it is due.

        Raises:
            NotFound: there is none.
        """
        query = select(bed_assessments).where(bed_assessments.c.id == id_)
        found = self._connection.execute(query).mappings().first()
        if found is None:
            raise NotFound("There is no such assessment.")
        return _value(dict(found)), found["told"], found["due_at"]

    def of(self, bed_id: str) -> list[Assessment]:
        """Those of a bed, the newest first."""
        query = select(bed_assessments).where(bed_assessments.c.bed_id == bed_id).order_by(*_NEWEST)
        return [_value(dict(row)) for row in self._connection.execute(query).mappings()]

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(bed_assessments.c.id).where(bed_assessments.c.due_at <= now)
        return list(self._connection.execute(query.order_by(bed_assessments.c.due_at).limit(most)).scalars())

    def next_due(self) -> datetime | None:
        found: datetime | None = self._connection.execute(
            select(func.min(bed_assessments.c.due_at)).where(_WAITS)
        ).scalar()
        return found


def _value(row: dict[str, Any]) -> Assessment:
    own = {name: row[name] for name in Assessment.__slots__}
    return Assessment(**own | {"reason": Reason(row["reason"]), "adjustments": tuple(row["adjustments"])})
