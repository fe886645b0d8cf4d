"""Handovers of the watch, on file."""

from typing import Any

from sqlalchemy import Column, Connection, Index, String, Table, Text, insert, select, update

from dispatch.rules.handing_over import Handover
from dispatch.rules.people import Person
from dispatch.store.database import Instant, Json, metadata

handovers = Table(
    "handovers", metadata,
    Column("id", String(40), primary_key=True),
    Column("outgoing", String(80), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("alarms", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("incoming", String(80)),
    Column("taken_at", Instant),
    Index("ix_handovers_begun_at", "begun_at"),
)  # fmt: skip
"""`note` may be emptied when a person is erased: the record has it by its hash alone."""


class Handovers:
    """The shelf of handovers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, handover: Handover) -> None:
        self._connection.execute(insert(handovers).values(
            id=handover.id, outgoing=handover.outgoing, begun_at=handover.begun_at, alarms=list(handover.alarms),
            note=handover.note, incoming=handover.incoming, taken_at=handover.taken_at,
        ))  # fmt: skip

    def take(self, handover: Handover) -> None:
        signed = {"incoming": handover.incoming, "taken_at": handover.taken_at}
        self._connection.execute(update(handovers).where(handovers.c.id == handover.id).values(**signed))

    def get(self, id_: str) -> Handover | None:
        row = self._connection.execute(select(handovers).where(handovers.c.id == id_)).first()
        return None if row is None else _value(row)

    def recent(self, most: int) -> list[Handover]:
        """The newest first."""
        query = select(handovers).order_by(handovers.c.begun_at.desc(), handovers.c.id.desc()).limit(most)
        return [_value(row) for row in self._connection.execute(query)]


def _value(row: Any) -> Handover:
    return Handover(
        id=row.id, outgoing=Person(row.outgoing), begun_at=row.begun_at, alarms=tuple(row.alarms), note=row.note,
        incoming=Person(row.incoming) if row.incoming else None, taken_at=row.taken_at,
    )  # fmt: skip
