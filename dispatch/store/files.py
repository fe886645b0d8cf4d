"""What a resident's file shows of alarms, and what asks for a visit at home: by person and by home, newest first."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from dispatch.ids import HomeId, ResidentId
from dispatch.rules.alarm import Outcome
from dispatch.rules.readings import after
from dispatch.rules.rights import Area
from dispatch.store.alarms import alarms
from dispatch.store.database import metadata

Plain = dict[str, Any]

_OPEN = alarms.c.state != "closed"


class Files:
    """Reads alarms by the people and homes they were about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alarms_of(self, resident_id: ResidentId, most: int) -> list[Plain]:
        """The newest alarms of this resident, wherever they lived then."""
        query = select(
            alarms.c.id, alarms.c.number, alarms.c.cause, alarms.c.state, alarms.c.raised_at, alarms.c.outcome
        ).where(alarms.c.resident_id == resident_id)
        found = self._connection.execute(query.order_by(alarms.c.raised_at.desc()).limit(most))
        return [dict(row._mapping) for row in found]

    def has_open(self, home_id: HomeId) -> bool:
        """Whether somebody is needed there at this moment."""
        query = select(alarms.c.id).where(alarms.c.home_id == home_id, _OPEN).limit(1)
        return self._connection.execute(query).first() is not None

    def false_alarms(self, since: datetime, least: int) -> dict[ResidentId, list[datetime]]:
        """Who had at least so many false alarms since then, and when these were closed."""
        false = (
            (alarms.c.outcome == Outcome.FALSE_ALARM.value) & (alarms.c.raised_at > since)
            & alarms.c.resident_id.is_not(None) & alarms.c.closed_at.is_not(None)
        )  # fmt: skip
        many = select(alarms.c.resident_id).where(false).group_by(alarms.c.resident_id).having(func.count() >= least)
        found: dict[ResidentId, list[datetime]] = {}
        query = select(alarms.c.resident_id, alarms.c.closed_at).where(false, alarms.c.resident_id.in_(many))
        for row in self._connection.execute(query):
            found.setdefault(ResidentId(row.resident_id), []).append(row.closed_at)
        return found

    def numbered(self, typed: str, area: Area, most: int) -> list[Plain]:
        """Alarms whose number begins so, or ends so behind the dash; the newest first."""
        stations = area.stations
        begins = (alarms.c.number >= typed) & (alarms.c.number < after(typed))
        inside = () if stations is None else (or_(alarms.c.station_id.is_(None), alarms.c.station_id.in_(stations)),)
        homes = metadata.tables["homes"]
        query = select(alarms.c.id, alarms.c.number, alarms.c.state, alarms.c.home_id, homes.c.address).join(
            homes, homes.c.id == alarms.c.home_id, isouter=True
        )
        found = self._connection.execute(query.where(begins, *inside).order_by(alarms.c.number.desc()).limit(most))
        return [dict(row._mapping) for row in found]
