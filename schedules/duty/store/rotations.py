"""Rotations on file, and every turn they have dealt with: what was laid once is not laid again."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from dispatch.ids import CarerId, StationId
from dispatch.store.database import Instant, Json, insert_once, metadata
from dispatch.store.people import carers, stations
from schedules.duty.rules.rotation import Laid, Place, Rotation, Turn, Window
from schedules.duty.rules.shifts import Shift
from schedules.duty.store.shifts import shifts

rotations = Table(
    "rotations", metadata,
    Column("id", String(40), primary_key=True),
    Column("station_id", String(40), ForeignKey(stations.c.id), nullable=False),
    Column("name", String(80), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10)),
    Column("cycle", Json, nullable=False),
    Column("places", Json, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("changed_at", Instant, nullable=False),
)  # fmt: skip
"""`cycle` is a list of days, each a list of `["08:00", "20:00"]`; `places` a list of `[carer's id, offset]`."""

rotation_turns = Table(
    "rotation_turns", metadata,
    Column("rotation_id", String(40), ForeignKey(rotations.c.id), primary_key=True),
    Column("carer_id", String(40), ForeignKey(carers.c.id), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("shift_id", String(40)),
    Column("why", String(12), nullable=False),
    Index("ix_rotation_turns_end_at", "end_at"),
)  # fmt: skip
"""`shift_id` may be of a shift that is gone: then somebody took it out. `why` is what kept a turn from being laid."""

_SHIFT = ("id", "carer_id", "start_at", "end_at", "sequence", "changed_at")
_LAID = select(rotation_turns, *(shifts.c[name].label(f"shift_{name}_") for name in _SHIFT)).select_from(
    rotation_turns.outerjoin(shifts, shifts.c.id == rotation_turns.c.shift_id)
)
_KEY = and_(
    rotation_turns.c.rotation_id == bindparam("r"), rotation_turns.c.carer_id == bindparam("c"),
    rotation_turns.c.day == bindparam("d"), rotation_turns.c.number == bindparam("n"),
)  # fmt: skip


class Rotations:
    """The shelf of both."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Rotation]:
        """By name; those that are over too."""
        query = select(rotations).order_by(rotations.c.name, rotations.c.id)
        return [_rotation(row) for row in self._connection.execute(query)]

    def get(self, id_: str) -> Rotation | None:
        row = self._connection.execute(select(rotations).where(rotations.c.id == id_)).first()
        return None if row is None else _rotation(row)

    def version(self, id_: str) -> int:
        """How often it was changed; 0 where there is none."""
        return self._connection.execute(select(rotations.c.version).where(rotations.c.id == id_)).scalar() or 0

    def put(self, rotation: Rotation, *, by: str, at: datetime) -> None:
        """Keeps a new one, or gives the one of this id these values."""
        version = self.version(rotation.id)
        values = {**_values(rotation), "version": version + 1, "by": by, "changed_at": at}
        if version:
            self._connection.execute(update(rotations).where(rotations.c.id == rotation.id).values(**values))
        else:
            self._connection.execute(insert(rotations).values(id=rotation.id, **values))

    def laid(self, id_: str, after: datetime) -> list[Laid]:
        """The turns of a rotation that end after an instant, each with the shift that stands for it now."""
        query = _LAID.where(rotation_turns.c.rotation_id == id_, rotation_turns.c.end_at > after)
        return [_laid(row) for row in self._connection.execute(query.order_by(rotation_turns.c.start_at))]

    def one(self, id_: str, turn: Turn) -> Laid | None:
        """What became of one turn; None where nothing has yet."""
        row = self._connection.execute(_LAID.where(_KEY), _key(id_, turn)).first()
        return None if row is None else _laid(row)

    def skipped(self, after: datetime) -> list[tuple[str, Laid]]:
        """Turns of all rotations that could not be laid and are still to come, with the rotation's id."""
        query = _LAID.where(rotation_turns.c.why != "", rotation_turns.c.start_at > after)
        rows = self._connection.execute(query.order_by(rotation_turns.c.start_at, rotation_turns.c.carer_id))
        return [(row.rotation_id, _laid(row)) for row in rows]

    def keep(self, id_: str, turn: Turn, *, shift_id: str | None, why: str = "") -> None:
        """Writes down what became of a turn; the newest word counts."""
        values = {"start_at": turn.start_at, "end_at": turn.end_at, "shift_id": shift_id, "why": why}
        key = {"rotation_id": id_, "carer_id": turn.carer_id, "day": turn.day.isoformat(), "number": turn.number}
        if not self._connection.execute(insert_once(rotation_turns, self._connection).values(**key, **values)).rowcount:
            self._connection.execute(update(rotation_turns).where(_KEY).values(**values), _key(id_, turn))

    def forget(self, id_: str, turn: Turn) -> None:
        self._connection.execute(delete(rotation_turns).where(_KEY), _key(id_, turn))


def _key(id_: str, turn: Turn) -> Mapping[str, Any]:
    return {"r": id_, "c": turn.carer_id, "d": turn.day.isoformat(), "n": turn.number}


def _values(rotation: Rotation) -> dict[str, Any]:
    return {
        "station_id": rotation.station_id, "name": rotation.name, "first_day": rotation.first_day.isoformat(),
        "last_day": rotation.last_day.isoformat() if rotation.last_day else None,
        "cycle": [[[f"{each.start:%H:%M}", f"{each.end:%H:%M}"] for each in day] for day in rotation.cycle],
        "places": [[each.carer_id, each.offset] for each in rotation.places], "reason": rotation.reason,
    }  # fmt: skip


def _rotation(row: Row[Any]) -> Rotation:
    return Rotation(
        id=row.id, station_id=StationId(row.station_id), name=row.name, first_day=date.fromisoformat(row.first_day),
        last_day=date.fromisoformat(row.last_day) if row.last_day else None,
        cycle=tuple(tuple(Window(start=time.fromisoformat(a), end=time.fromisoformat(b)) for a, b in day)
                    for day in row.cycle),
        places=tuple(Place(carer_id=CarerId(who), offset=offset) for who, offset in row.places), reason=row.reason,
    )  # fmt: skip


def _laid(row: Row[Any]) -> Laid:
    turn = Turn(
        carer_id=CarerId(row.carer_id), day=date.fromisoformat(row.day), number=row.number, start_at=row.start_at,
        end_at=row.end_at,
    )  # fmt: skip
    shift = Shift(**{name: getattr(row, f"shift_{name}_") for name in _SHIFT}) if row.shift_id_ else None
    return Laid(turn=turn, shift=shift, why=row.why)
