"""Who had which device from when until when: a register that keeps its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from devices.store.devices import devices
from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import Prepared

assignments = Table(
    "assignments", metadata,
    Column("id", String(40), primary_key=True),
    Column("device_id", String(40), ForeignKey("devices.id"), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False, index=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), index=True),
    Column("kind", String(8), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("back_at", Instant),
    Column("until_at", Instant),
    Column("by", String(80), nullable=False),
    Column("ended_by", String(80)),
    Column("reason", String(24)),
    CheckConstraint("kind IN ('given','lent')", name="kind"),
    Index("ix_assignments_device_id", "device_id", "from_at"),
)  # fmt: skip
"""`back_at`: when a lent device is to come back; `until_at`: when it did; `reason`: why it ended, in a word."""
_NOW = assignments.c.until_at.is_(None)
Index("ix_assignments_now", assignments.c.device_id, unique=True, sqlite_where=_NOW, postgresql_where=_NOW)

_BEGIN = Prepared(insert(assignments))
_WHOSE = Prepared(select(assignments).where(assignments.c.device_id == bindparam("device_id"), _NOW))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One stretch of time in which a device was somebody's."""

    id: str
    device_id: DeviceId
    home_id: HomeId
    resident_id: ResidentId | None
    kind: str
    from_at: datetime
    by: str
    back_at: datetime | None = None
    until_at: datetime | None = None
    ended_by: str | None = None
    reason: str | None = None


class Assignments:
    """The shelf of assignments."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, assignment: Assignment) -> None:
        """
        The device is somebody's from now on; what it was before must have been ended.

        Raises:
            IntegrityError: it is somebody's still.
        """
        _BEGIN.on(self._connection, **_row(assignment))

    def end(self, device_id: DeviceId, at: datetime, *, by: str, reason: str) -> None:
        """It is nobody's from now on."""
        now = update(assignments).where(assignments.c.device_id == device_id, _NOW)
        self._connection.execute(now.values(until_at=at, ended_by=by, reason=reason))

    def now(self, device_id: DeviceId) -> Assignment | None:
        """Whose it is."""
        row = _WHOSE.on(self._connection, device_id=device_id).first()
        return None if row is None else Assignment(**row._asdict())

    def of(self, device_id: DeviceId) -> list[Assignment]:
        """Whose it has been, the latest first."""
        query = select(assignments).where(assignments.c.device_id == device_id)
        query = query.order_by(assignments.c.from_at.desc(), assignments.c.id.desc())
        return [_assignment(row) for row in self._connection.execute(query)]

    def move(self, device_id: DeviceId, at: datetime, next_: Assignment, *, reason: str) -> None:
        """Ends what is and begins what comes, and the device itself belongs where it was put."""
        self.end(device_id, at, by=next_.by, reason=reason)
        self.begin(next_)
        where = {"home_id": next_.home_id, "resident_id": next_.resident_id}
        self._connection.execute(update(devices).where(devices.c.id == device_id).values(**where))


def _row(assignment: Assignment) -> Mapping[str, Any]:
    return {name: getattr(assignment, name) for name in Assignment.__dataclass_fields__}


def _assignment(row: Row[Any]) -> Assignment:
    return Assignment(**dict(row._mapping))
