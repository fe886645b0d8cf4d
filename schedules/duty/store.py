"""Shifts on file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.engine import Row

from dispatch.store.database import Instant, insert_once, metadata
from dispatch.store.people import carers
from schedules.duty.rules import Shift

ReadingEngine = Engine
"""What the roster reads through, named here so that the agents need not know the library."""

shifts = Table(
    "shifts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("changed_at", Instant),
    UniqueConstraint("carer_id", "start_at", "end_at"),
    CheckConstraint("end_at > start_at", name="end_at"),
    Index("ix_shifts_end_at", "end_at"),
)

shift_changes = Table(
    "shift_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""One row that counts the changes of `shifts`, so that a copy in memory learns from one row whether it still holds."""

_COVERING = (
    select(shifts)
    .where(shifts.c.end_at > bindparam("start"), shifts.c.start_at < bindparam("end"))
    .order_by(shifts.c.carer_id, shifts.c.start_at, shifts.c.id)
)
_FUTURE = (
    select(shifts).where(shifts.c.end_at > bindparam("at")).order_by(shifts.c.start_at, shifts.c.carer_id, shifts.c.id)
)
_REMOVE = delete(shifts).where(shifts.c.id == bindparam("key"))
_VERSION = select(shift_changes.c.version)
_COUNT = update(shift_changes).values(version=shift_changes.c.version + 1)


class Shifts:
    """
    The shelf of shifts. A shift is put there, moved, or taken away.

    Every writer comes through here, because here the version is counted; once the unit of work has committed, its
    caller tells the roster to forget.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_once(self, row: Mapping[str, Any]) -> bool:
        """
        Puts a shift there and says whether it is new: the same carer's same window again changes nothing.

        `row` has `id`, `carer_id`, `start_at` and `end_at`, instants as aware datetimes.

        Raises:
            sqlalchemy.exc.IntegrityError: there is no such carer, or the shift does not end after its start.
        """
        return self._counted(self._connection.execute(insert_once(shifts, self._connection).values(**row)).rowcount)

    def remove(self, id_: str) -> bool:
        """Takes a shift away and says whether it was there."""
        return self._counted(self._connection.execute(_REMOVE, {"key": id_}).rowcount)

    def get(self, id_: str) -> Shift | None:
        row = self._connection.execute(select(shifts).where(shifts.c.id == id_)).first()
        return None if row is None else _value(row)

    def move(self, shift: Shift, at: datetime) -> bool:
        """Gives the shift of this id these times, this carer and this sequence; says whether it was there."""
        values = {
            "carer_id": shift.carer_id, "start_at": shift.start_at, "end_at": shift.end_at, "sequence": shift.sequence,
            "changed_at": at,
        }  # fmt: skip
        return self._counted(
            self._connection.execute(update(shifts).where(shifts.c.id == shift.id).values(**values)).rowcount
        )

    def covering(self, start: datetime, end: datetime) -> list[Shift]:
        """The shifts that share time with [start, end), whole, ordered by carer and start."""
        return [_value(row) for row in self._connection.execute(_COVERING, {"start": start, "end": end})]

    def future(self, at: datetime) -> list[Shift]:
        """All shifts that are not over at `at`, in the order they begin."""
        return [_value(row) for row in self._connection.execute(_FUTURE, {"at": at})]

    def version(self) -> int:
        """How often the shifts have changed. The same number means the same shifts."""
        return self._connection.execute(_VERSION).scalar() or 0

    def _counted(self, changed: int) -> bool:
        if changed:
            self._connection.execute(insert_once(shift_changes, self._connection).values(id=1, version=0))
            self._connection.execute(_COUNT)
        return bool(changed)


def _value(row: Row[Any]) -> Shift:
    return Shift(
        id=row.id, carer_id=row.carer_id, start_at=row.start_at, end_at=row.end_at, sequence=row.sequence,
        changed_at=row.changed_at,
    )  # fmt: skip
