"""Service points on file. Rows are matched by their code."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Column, Connection, Engine, Float, Integer, String, Table, Text, insert, select, update

from dispatch.rules.place import Position
from dispatch.store.database import Instant, metadata
from schedules.places.rules.place import Kind, ServicePoint

ReadingEngine = Engine
"""What the agents read through, named here so that they need not know the library."""

places = Table(
    "places", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("name", String(120), nullable=False),
    Column("lat", Float, nullable=False), Column("lng", Float, nullable=False),
    Column("hours", String(400), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("address", String(240), nullable=False),
    Column("offers", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ended_at", Instant),
)  # fmt: skip


class ServicePoints:
    """The shelf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[ServicePoint]:
        """Those that are still there, by code."""
        query = select(places).where(places.c.ended_at.is_(None)).order_by(places.c.code)
        return [_value(row) for row in self._connection.execute(query)]

    def by_code(self, code: str) -> ServicePoint | None:
        """One of this code, also when it is closed for good."""
        row = self._connection.execute(select(places).where(places.c.code == code)).first()
        return None if row is None else _value(row)

    def put(self, point: ServicePoint, *, is_new: bool) -> None:
        values = asdict(point) | {"kind": str(point.kind), "lat": point.position.lat, "lng": point.position.lng}
        del values["position"]
        statement = insert(places) if is_new else update(places).where(places.c.id == point.id)
        self._connection.execute(statement.values(**values))


def _value(row: Any) -> ServicePoint:
    return ServicePoint(
        id=row.id, code=row.code, kind=Kind(row.kind), name=row.name, position=Position(row.lat, row.lng),
        hours=row.hours, phone=row.phone, address=row.address, offers=row.offers, version=row.version,
        ended_at=row.ended_at,
    )  # fmt: skip
