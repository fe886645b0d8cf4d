"""Beds on file: how far each has come, every step of its life, and the stretches of days in which it was in service."""

from datetime import date
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
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from dispatch.errors import Conflict, NotFound, Stale
from dispatch.ids import HomeId, ResidentId
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, insert_once, metadata
from dispatch.store.people import homes, residents
from schedules.care.rules.bed import Bed, Deed, State, Step, Why
from schedules.care.rules.month import Stretch
from schedules.care.rules.plan import Served

beds = Table(
    "beds", metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("applied_on", Date, nullable=False),
    Column("applied_by", String(80), nullable=False),
    Column("standard", String(40), nullable=False),
    Column("first_by", String(80)),
    Column("agency", String(120), nullable=False),
    Column("agreed_from", Date),
    Column("agreed_until", Date),
    Column("why", String(16)),
    Column("absence_id", String(40)),
    Column("before", String(12)),
    Column("ended_on", Date),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "state IN ('applied','assessed','approved','built','accepted','active','suspended','ended')", name="state"
    ),
    CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_on"),
)  # fmt: skip
_ALIVE = beds.c.state != "ended"
Index("ix_beds_alive", beds.c.resident_id, unique=True, sqlite_where=_ALIVE, postgresql_where=_ALIVE)
"""A resident has one bed at a time, whatever the service thinks."""

bed_steps = Table(
    "bed_steps", metadata,
    Column("id", String(40), primary_key=True),
    Column("bed_id", String(40), ForeignKey("beds.id"), nullable=False, index=True),
    Column("deed", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("on", Date, nullable=False),
    Column("post", String(80), nullable=False),
    Column("opinion", Text, nullable=False),
    Column("org", String(120), nullable=False),
    Column("number", String(80), nullable=False),
    Column("why", String(16)),
)  # fmt: skip

bed_stretches = Table(
    "bed_stretches", metadata,
    Column("bed_id", String(40), ForeignKey("beds.id"), primary_key=True),
    Column("from_on", Date, primary_key=True),
    Column("until_on", Date),
    CheckConstraint("until_on IS NULL OR until_on >= from_on", name="until_on"),
    Index("ix_bed_stretches_until_on", "until_on"),
)  # fmt: skip
_OPEN = bed_stretches.c.until_on.is_(None)
Index("ix_bed_stretches_open", bed_stretches.c.bed_id, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)

WHERE = (
    select(beds, residents.c.code.label("resident_code"), residents.c.name, residents.c.home_id, homes.c.station_id,
           homes.c.address)
    .join(residents, residents.c.id == beds.c.resident_id)
    .join(homes, homes.c.id == residents.c.home_id)
)  # fmt: skip
"""A bed with the resident and where they live."""

Row = dict[str, Any]

_TWO = "This resident has a bed already."


class Beds:
    """The shelf of beds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, bed: Bed) -> None:
        """
        A new one.

        Raises:
            Conflict: this resident has one that has not ended.
        """
        try:
            self._connection.execute(insert(beds), _row(bed))
        except IntegrityError:
            raise Conflict(_TWO) from None

    def save(self, bed: Bed, *, before: int) -> None:
        """
        Writes what has become of it, if it is as it was read (`before` is that version).

        Raises:
            Stale: somebody else was faster. Conflict: the resident has another one by now.
        """
        query = update(beds).where(beds.c.id == bed.id, beds.c.version == before)
        try:
            written = self._connection.execute(query.values(_row(bed) | {"version": before + 1})).rowcount
        except IntegrityError:
            raise Conflict(_TWO) from None
        if not written:
            raise Stale("Somebody else has changed this meanwhile", {})

    def get(self, name: str, area: Area) -> Bed:
        """
        A bed by its id or number.

        Raises:
            NotFound: there is none in this area.
        """
        return _value(self.row(name, area))

    def row(self, name: str, area: Area) -> Row:
        """The same with the resident and where they live. Raises: see `get`."""
        query = WHERE.where(or_(beds.c.id == name, beds.c.number == name))
        found = self._connection.execute(query).mappings().first()
        if found is None or not area.covers(found["station_id"]):
            raise NotFound(f"no bed {name[:40]}")
        return dict(found)

    def of(self, resident_id: ResidentId) -> list[Bed]:
        """Every bed this resident has or had."""
        query = select(beds).where(beds.c.resident_id == resident_id).order_by(beds.c.id)
        return [_value(dict(row)) for row in self._connection.execute(query).mappings()]

    def alive(self, resident_id: ResidentId) -> Bed | None:
        """The bed of this resident that has not ended."""
        query = select(beds).where(beds.c.resident_id == resident_id, _ALIVE)
        found = self._connection.execute(query).mappings().first()
        return None if found is None else _value(dict(found))

    def served(self, first: date, last: date, bed_id: str | None = None) -> list[tuple[Served, Stretch]]:
        """Who is visited between these days: in service and served, with each stretch; of one bed, or of all."""
        query = (
            select(beds.c.id, beds.c.resident_id, residents.c.home_id, bed_stretches.c.from_on,
                   bed_stretches.c.until_on)
            .join(beds, beds.c.id == bed_stretches.c.bed_id)
            .join(residents, residents.c.id == beds.c.resident_id)
            .where(bed_stretches.c.from_on <= last, _goes_on(first), residents.c.ended_at.is_(None))
            .order_by(beds.c.id, bed_stretches.c.from_on)
        )  # fmt: skip
        if bed_id is not None:
            query = query.where(bed_stretches.c.bed_id == bed_id)
        return [
            (
                Served(bed_id=row.id, resident_id=ResidentId(row.resident_id), home_id=HomeId(row.home_id)),
                Stretch(from_on=row.from_on, until_on=row.until_on),
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def left(self, most: int) -> list[tuple[Bed, str | None, date | None]]:
        """Beds that have not ended of residents who are not served any more, with why and the day of a death."""
        query = (
            select(beds, residents.c.ended_why, residents.c.died_on)
            .join(residents, residents.c.id == beds.c.resident_id)
            .where(_ALIVE, residents.c.ended_at.is_not(None)).order_by(beds.c.id).limit(most)
        )  # fmt: skip
        found = self._connection.execute(query).mappings()
        return [(_value(dict(row)), row["ended_why"], row["died_on"]) for row in found]

    def in_state(self, state: State) -> list[Bed]:
        query = select(beds).where(beds.c.state == state.value).order_by(beds.c.id)
        return [_value(dict(row)) for row in self._connection.execute(query).mappings()]

    def free_number(self, day: date) -> str:
        """The next number of the year: C2026-0007."""
        prefix = f"C{day.year}-"
        count = select(func.count()).select_from(beds).where(beds.c.number.like(f"{prefix}%"))
        number = int(self._connection.execute(count).scalar() or 0) + 1
        while self._connection.execute(select(beds.c.id).where(beds.c.number == f"{prefix}{number:04}")).first():
            number += 1
        return f"{prefix}{number:04}"


class Steps:
    """The shelf of steps and of stretches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, step: Step) -> None:
        self._connection.execute(insert(bed_steps), {name: getattr(step, name) for name in Step.__slots__})

    def of(self, bed_id: str) -> list[Step]:
        """A bed's steps, the first first."""
        query = select(bed_steps).where(bed_steps.c.bed_id == bed_id).order_by(bed_steps.c.at, bed_steps.c.id)
        return [_step(dict(row)) for row in self._connection.execute(query).mappings()]

    def stretches(self, bed_id: str) -> list[Stretch]:
        query = select(bed_stretches).where(bed_stretches.c.bed_id == bed_id).order_by(bed_stretches.c.from_on)
        return [Stretch(from_on=row.from_on, until_on=row.until_on) for row in self._connection.execute(query)]

    def elsewhere(self, bed: Bed) -> list[Stretch]:
        """When other beds of the same resident were in service."""
        query = select(bed_stretches.c.from_on, bed_stretches.c.until_on).join(
            beds, beds.c.id == bed_stretches.c.bed_id
        )
        query = query.where(beds.c.resident_id == bed.resident_id, beds.c.id != bed.id)
        return [Stretch(from_on=row.from_on, until_on=row.until_on) for row in self._connection.execute(query)]

    def begin(self, bed_id: str, day: date) -> None:
        """In service from this day on; one that stopped on the same day goes on as if it had not."""
        row = {"bed_id": bed_id, "from_on": day, "until_on": None}
        self._connection.execute(insert_once(bed_stretches, self._connection).values(**row))
        again = update(bed_stretches).where(bed_stretches.c.bed_id == bed_id, bed_stretches.c.from_on == day)
        self._connection.execute(again.values(until_on=None))

    def stop(self, bed_id: str, day: date) -> None:
        """Not in service from this day on; what was written down of later days is taken back."""
        mine, stretch = bed_stretches.c.bed_id == bed_id, bed_stretches.c
        later = or_(stretch.until_on.is_(None), stretch.until_on > day)
        self._connection.execute(update(bed_stretches).where(mine, stretch.from_on <= day, later).values(until_on=day))
        self._connection.execute(delete(bed_stretches).where(mine, stretch.from_on > day))


def _goes_on(first: date) -> Any:
    return or_(_OPEN, bed_stretches.c.until_on > first)


def _row(bed: Bed) -> Row:
    return {name: getattr(bed, name) for name in Bed.__slots__}


def _value(row: Row) -> Bed:
    own = {name: row[name] for name in Bed.__slots__}
    return Bed(
        **own
        | {
            "state": State(row["state"]), "why": Why(row["why"]) if row["why"] else None,
            "before": State(row["before"]) if row["before"] else None,
        }
    )  # fmt: skip


def _step(row: Row) -> Step:
    changed = {
        "deed": Deed(row["deed"]), "state": State(row["state"]), "why": Why(row["why"]) if row["why"] else None,
    }  # fmt: skip
    return Step(**row | changed)
