"""Shifts on file, what is planned and not published yet, and which address of a calendar feed holds."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from dispatch.store.database import Instant, insert_once, metadata, upsert
from dispatch.store.people import carers
from dispatch.store.prepared import Prepared
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
_VERSION = Prepared(select(shift_changes.c.version))
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

    def of_carer(self, carer_id: str, start: datetime, end: datetime) -> list[Shift]:
        """One carer's shifts that share time with [start, end), by their start."""
        query = select(shifts).where(shifts.c.carer_id == carer_id, shifts.c.end_at > start, shifts.c.start_at < end)
        return [_value(row) for row in self._connection.execute(query.order_by(shifts.c.start_at, shifts.c.id))]

    def future(self, at: datetime) -> list[Shift]:
        """All shifts that are not over at `at`, in the order they begin."""
        return [_value(row) for row in self._connection.execute(_FUTURE, {"at": at})]

    def version(self) -> int:
        """How often the shifts have changed. The same number means the same shifts."""
        return _VERSION.on(self._connection).scalar() or 0

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


shift_drafts = Table(
    "shift_drafts", metadata,
    Column("id", String(40), primary_key=True),
    Column("what", String(4), nullable=False),
    Column("shift_id", String(40)),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", Text),
    CheckConstraint("what IN ('put','take')", name="what"),
)  # fmt: skip

feeds = Table(
    "feeds", metadata,
    Column("owner", String(80), primary_key=True),
    Column("generation", Integer, nullable=False),
)  # fmt: skip
"""How often the address of a feed (`carer:<id>`, `station:<id>`) was renewed; one without a row has its first."""

PUT, TAKE = "put", "take"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftDraft:
    """
    A shift to be put in, or one on file (`shift_id`) to be taken out, once the plan is published.

    `reason` is why it is to be put in although something speaks against it.
    """

    id: str
    what: str
    shift_id: str | None
    carer_id: str
    start_at: datetime
    end_at: datetime
    by: str
    reason: str | None = None


class Plans:
    """The shelf of both."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[ShiftDraft]:
        """In the order they begin."""
        query = select(shift_drafts).order_by(shift_drafts.c.start_at, shift_drafts.c.id)
        return [ShiftDraft(**row._mapping) for row in self._connection.execute(query)]

    def add(self, draft: ShiftDraft) -> None:
        names = shift_drafts.columns.keys()
        self._connection.execute(insert(shift_drafts).values({name: getattr(draft, name) for name in names}))

    def remove(self, id_: str) -> bool:
        """Forgets a draft and says whether it was there."""
        return bool(self._connection.execute(delete(shift_drafts).where(shift_drafts.c.id == id_)).rowcount)

    def generations(self) -> dict[str, int]:
        """Of every feed whose address was renewed."""
        return {row.owner: row.generation for row in self._connection.execute(select(feeds))}

    def renew(self, owner: str) -> None:
        """The old address of this feed is dead from now on."""
        now = self.generations().get(owner, 1)
        upsert(feeds, self._connection, "owner", {"owner": owner, "generation": now + 1})
