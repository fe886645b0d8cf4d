"""Visits that count, by the stations that the homes belong to, for money that stations have by the people served."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from dispatch.store.moves import RegisterMoves, belonged
from dispatch.store.people import homes
from schedules.care.store.visit_points import visit_findings
from schedules.care.store.visits import visit_carers, visits

_PIECE = 500


class StationVisits:
    """Reads only."""

    def __init__(self, connection: Connection, day_of: Callable[[datetime], date]) -> None:
        """`day_of` is the local day of an instant."""
        self._connection, self._day_of = connection, day_of

    def of(self, first: date, last: date) -> Sequence[tuple[str | None, str, date]]:
        """Station of the home on that day, resident and local day of each visit that counts, both days inclusive."""
        v = visits.c
        query = (
            select(v.home_id, homes.c.station_id, v.resident_id, v.counted_on).join(homes, homes.c.id == v.home_id)
            .where(v.counts, v.counted_on >= first, v.counted_on <= last).order_by(v.counted_on, v.id)
        )  # fmt: skip
        moves = RegisterMoves(self._connection).of("homes", "station_id", self._day_of)
        return [
            (belonged(moves.get(row.home_id, ()), row.counted_on, row.station_id), row.resident_id, row.counted_on)
            for row in self._connection.execute(query)
        ]

    def told(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        """
        Every visit of these local days that was begun, whether or not it counts, as plain values: what a program of
        others needs in order to find out which count, on which day, and for which station.
        """
        v, on = visits.c, func.coalesce(visits.c.counted_on, visits.c.on)
        moves = RegisterMoves(self._connection).of("homes", "station_id", self._day_of)
        query = (
            select(visits, homes.c.station_id, on.label("day")).join(homes, homes.c.id == v.home_id)
            .where(on >= first, on <= last, v.begun_at.is_not(None)).order_by(on, v.id)
        )  # fmt: skip
        rows = list(self._connection.execute(query))
        findings = self._beside(visit_findings, rows, ("code", "resolution"))
        carers = self._beside(visit_carers, rows, ("carer_id", "begun_at", "finished_at"))
        for row in rows:
            yield {
                "id": row.id, "resident": row.resident_id, "home": row.home_id, "date": row.day.isoformat(),
                "station": belonged(moves.get(row.home_id, ()), row.day, row.station_id), "state": row.state,
                "begun_at": _plain(row.begun_at), "finished_at": _plain(row.finished_at),
                "judged_at": _plain(row.judged_at), "counts": bool(row.counts),
                "findings": findings.get(row.id, []), "carers": carers.get(row.id, []),
            }  # fmt: skip

    def _beside(self, table: Table, rows: Sequence[Any], names: Sequence[str]) -> dict[str, list[list[Any]]]:
        """These columns of what belongs to these visits, by visit."""
        found: dict[str, list[list[Any]]] = {}
        for start in range(0, len(rows), _PIECE):
            ids = [row.id for row in rows[start : start + _PIECE]]
            query = select(table).where(table.c.visit_id.in_(ids)).order_by(*table.primary_key.columns)
            for row in self._connection.execute(query).mappings():
                found.setdefault(row["visit_id"], []).append([_plain(row[name]) for name in names])
        return found

    def changed(self, before: date, since: datetime) -> Sequence[date]:
        """Days before this one of which a visit was judged from then on."""
        day = func.coalesce(visits.c.counted_on, visits.c.on)
        query = select(day).where(visits.c.judged_at >= since, day < before).distinct()
        return list(self._connection.scalars(query))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
