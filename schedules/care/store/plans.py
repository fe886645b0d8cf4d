"""Versions of care plans on file. A version is written once and never changed."""

from collections.abc import Collection
from datetime import date, time
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from dispatch.errors import Stale
from dispatch.ids import CarerId
from dispatch.store.database import Instant, Json, metadata
from schedules.care.rules.plan import Holidays, Line, Pattern, Plan

care_plans = Table(
    "care_plans", metadata,
    Column("id", String(40), primary_key=True),
    Column("bed_id", String(40), ForeignKey("beds.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("lines", Json, nullable=False),
    Column("not_with", Json, nullable=False),
    UniqueConstraint("bed_id", "version"),
)  # fmt: skip

Plain = dict[str, Any]


class Plans:
    """The shelf of care plans."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, plan: Plan) -> None:
        """
        A new version.

        Raises:
            Stale: somebody else wrote this version already.
        """
        row = {name: getattr(plan, name) for name in Plan.__slots__}
        row |= {"lines": [plain(each) for each in plan.lines], "not_with": list(plan.not_with)}
        try:
            self._connection.execute(insert(care_plans), row)
        except IntegrityError:
            raise Stale("Somebody else has changed this meanwhile", {}) from None

    def of(self, bed_ids: Collection[str]) -> dict[str, list[Plan]]:
        """All versions of these beds, each bed's in order; a bed without a plan is left out."""
        found: dict[str, list[Plan]] = {}
        query = select(care_plans).order_by(care_plans.c.bed_id, care_plans.c.version)
        for piece in _pieces(sorted(bed_ids)):
            for row in self._connection.execute(query.where(care_plans.c.bed_id.in_(piece))).mappings():
                found.setdefault(row["bed_id"], []).append(_value(dict(row)))
        return found


def plain(line: Line) -> Plain:
    """A line as JSON keeps it and the wire tells it."""
    return {
        "code": line.code, "pattern": line.pattern.value, "days": list(line.days), "times": line.times,
        "first_on": line.first_on.isoformat() if line.first_on else None, "start": f"{line.start:%H:%M}",
        "by": f"{line.by:%H:%M}", "minutes": line.minutes, "items": list(line.items), "skills": list(line.skills),
        "carers": line.carers, "usual": list(line.usual), "medical": line.medical, "holidays": line.holidays.value,
    }  # fmt: skip


def line_of(said: Plain) -> Line:
    """The line that `plain` told."""
    return Line(
        code=said["code"], pattern=Pattern(said["pattern"]), days=tuple(said["days"]), times=said["times"],
        first_on=date.fromisoformat(said["first_on"]) if said["first_on"] else None,
        start=time.fromisoformat(said["start"]), by=time.fromisoformat(said["by"]), minutes=said["minutes"],
        items=tuple(said["items"]), skills=tuple(said["skills"]), carers=said["carers"],
        usual=tuple(CarerId(each) for each in said["usual"]), medical=said["medical"],
        holidays=Holidays(said["holidays"]),
    )  # fmt: skip


def _value(row: Plain) -> Plan:
    not_with = tuple(CarerId(each) for each in row["not_with"])
    return Plan(**row | {"lines": tuple(line_of(each) for each in row["lines"]), "not_with": not_with})


def _pieces(ids: list[str], most: int = 500) -> list[list[str]]:
    """Lists of at most so many: SQLite takes no more than some thousand values in one statement."""
    return [ids[number : number + most] for number in range(0, len(ids), most)]
