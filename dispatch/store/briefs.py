"""
Many alarms in short at once: their homes, residents, stations and shadows in four statements, however many there are.

One alarm at a time took five statements each: 200 open ones kept a board waiting for a fifth of a second.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select

from dispatch.ids import AlarmId, HomeId, ResidentId
from dispatch.rules.alarm import Alarm
from dispatch.rules.people import Household, Resident
from dispatch.store.people import People, home_of, homes, resident_of, residents
from dispatch.store.prepared import Prepared
from dispatch.store.shadows import shadowed

_HOMES = Prepared(select(homes).where(homes.c.id.in_(bindparam("ids", expanding=True))))
_RESIDENTS = Prepared(
    select(residents).where(residents.c.home_id.in_(bindparam("ids", expanding=True))).order_by(residents.c.code)
)
_MOVED = Prepared(select(residents).where(residents.c.id.in_(bindparam("ids", expanding=True))))
_SHADES = Prepared(
    select(shadowed.c.alarm_id, shadowed.c.area).where(
        shadowed.c.alarm_id.in_(bindparam("ids", expanding=True)), shadowed.c.until_at.is_(None)
    )
)
T = TypeVar("T")
PIECE = 128
"""Ids asked for at once: the largest list that a prepared statement keeps ready."""


class Briefs:
    """What is told of these alarms besides what stands in their own rows; contacts are left out."""

    def __init__(self, connection: Connection, alarms: Sequence[Alarm]) -> None:
        self._connection = connection
        self._households = self._read(
            {each.home_id for each in alarms if each.home_id},
            {each.resident_id: each.home_id for each in alarms if each.home_id and each.resident_id},
        )
        self._shades = self._read_shades([each.id for each in alarms])

    def household(self, id_: HomeId | None) -> Household | None:
        return self._households.get(id_) if id_ else None

    def shade(self, id_: AlarmId) -> str | None:
        return self._shades.get(id_)

    def _read(self, ids: Collection[HomeId], about: Mapping[ResidentId, HomeId]) -> dict[HomeId, Household]:
        if not ids:
            return {}
        stations = {each.id: each for each in People(self._connection).stations()}
        living: dict[HomeId, list[Resident]] = {}
        for piece in _pieces(list(ids)):
            for row in _RESIDENTS.on(self._connection, ids=piece):
                living.setdefault(row.home_id, []).append(resident_of(row))
        here = {each.id for some in living.values() for each in some}
        for gone in _pieces([each for each in about if each not in here]):
            # Whoever the alarm is about has moved or left since; it is still theirs.
            for row in _MOVED.on(self._connection, ids=gone):
                living.setdefault(about[ResidentId(row.id)], []).append(resident_of(row))
        found = [home_of(row) for piece in _pieces(list(ids)) for row in _HOMES.on(self._connection, ids=piece)]
        return {
            home.id: Household(
                home=home, residents=tuple(living.get(home.id, ())), contacts=(),
                station=stations.get(home.station_id) if home.station_id else None,
            )
            for home in found
        }  # fmt: skip

    def _read_shades(self, ids: list[AlarmId]) -> dict[AlarmId, str]:
        rows = [row for piece in _pieces(ids) for row in _SHADES.on(self._connection, ids=piece)]
        return {AlarmId(row.alarm_id): str(row.area) for row in rows}


def _pieces(ids: list[T]) -> list[list[T]]:
    return [ids[start : start + PIECE] for start in range(0, len(ids), PIECE)]
