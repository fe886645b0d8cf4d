"""What forwarding gateways last told of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, String, Table, delete, select

from dispatch.store.database import Instant, Json, metadata, upsert

edges = Table(
    "edges", metadata,
    Column("name", String(80), primary_key=True),
    Column("last_at", Instant, nullable=False),
    Column("status", Json, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """A forwarding gateway: when it last told how it is, and what."""

    name: str
    last_at: datetime
    status: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class EdgeShelf:
    """The shelf of forwarding gateways."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[EdgeRow]:
        """By name."""
        rows = self._connection.execute(select(edges).order_by(edges.c.name))
        return [EdgeRow(name=row.name, last_at=row.last_at, status=row.status) for row in rows]

    def put(self, row: EdgeRow) -> None:
        """The newest word counts."""
        upsert(
            edges,
            self._connection,
            "name",
            {"name": row.name, "last_at": row.last_at, "status": dict(row.status)},
        )

    def remove(self, name: str) -> None:
        """It was taken down on purpose."""
        self._connection.execute(delete(edges).where(edges.c.name == name))
