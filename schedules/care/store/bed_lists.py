"""Lists of beds, as pages and programs turn them over: with the resident, and how the month stood last."""

from collections.abc import Collection

from sqlalchemy import Connection, or_

from dispatch.rules.rights import Area
from dispatch.store.people import homes, residents
from schedules.care.store.beds import WHERE, Row, beds
from schedules.care.store.standings import bed_standings

_WITH_COURSE = WHERE.add_columns(bed_standings.c.course, bed_standings.c.month).join(
    bed_standings, bed_standings.c.bed_id == beds.c.id, isouter=True
)


class BedLists:
    """Reads beds by the page."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self, area: Area, *, after: str = "", most: int, states: Collection[str] = (), resident: str = "",
        courses: Collection[str] = (), month: str = "",
    ) -> list[Row]:  # fmt: skip
        """
        Rows of an area in the order of their ids behind `after`. `resident` is an id or code; `courses` are asked of
        beds in service, as they stood in `month`.
        """
        query = _WITH_COURSE.where(beds.c.id > after)
        if area.stations is not None:
            query = query.where(homes.c.station_id.in_(sorted(area.stations)))
        if states:
            query = query.where(beds.c.state.in_(sorted(states)))
        if courses:
            query = query.where(bed_standings.c.course.in_(sorted(courses)), bed_standings.c.month == month)
        if resident:
            query = query.where(or_(residents.c.id == resident, residents.c.code == resident))
        return [dict(row) for row in self._connection.execute(query.order_by(beds.c.id).limit(most)).mappings()]
