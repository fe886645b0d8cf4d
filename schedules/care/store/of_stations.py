"""Visits that count, by the stations that the homes belong to, for money that stations have by the people served."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from dispatch.store.people import homes
from schedules.care.store.visits import visits


class StationVisits:
    """Reads only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, first: date, last: date) -> Sequence[tuple[str | None, str, date]]:
        """Station of the home, resident and local day of each visit that counts, both days inclusive."""
        v = visits.c
        query = (
            select(homes.c.station_id, v.resident_id, v.counted_on).join(homes, homes.c.id == v.home_id)
            .where(v.counts, v.counted_on >= first, v.counted_on <= last).order_by(v.counted_on, v.id)
        )  # fmt: skip
        return [(row.station_id, row.resident_id, row.counted_on) for row in self._connection.execute(query)]

    def changed(self, before: date, since: datetime) -> Sequence[date]:
        """Days before this one of which a visit was judged from then on."""
        day = func.coalesce(visits.c.counted_on, visits.c.on)
        query = select(day).where(visits.c.judged_at >= since, day < before).distinct()
        return list(self._connection.scalars(query))
