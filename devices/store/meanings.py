"""What events mean to a district, a resident or a device, where it is not what they mean to everybody."""

from collections.abc import Mapping

from sqlalchemy import Column, Connection, String, Table, bindparam, delete, select

from devices.rules.meaning import NO_MEANINGS, Meanings, read_meaning
from dispatch.rules.signal import Event
from dispatch.store.database import Json, insert_into, metadata
from dispatch.store.prepared import Prepared

meanings = Table(
    "meanings", metadata,
    Column("scope", String(80), primary_key=True),
    Column("meanings", Json, nullable=False),
)  # fmt: skip
"""One row for each that has meanings of its own: `district`, `resident:<id>`, `device:<id>`."""

DISTRICT = "district"

_FORGET = Prepared(delete(meanings).where(meanings.c.scope == bindparam("scope")))


class GivenMeanings:
    """The shelf of meanings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, scope: str, given: Meanings) -> None:
        """These and no others are the meanings in this scope."""
        if not given:
            _FORGET.on(self._connection, scope=scope)
            return
        row = {"scope": scope, "meanings": {event.value: meant.value for event, meant in sorted(given.items())}}
        insert_ = insert_into(meanings, self._connection.dialect.name).values(**row)
        changes = {"meanings": insert_.excluded.meanings}
        self._connection.execute(insert_.on_conflict_do_update(index_elements=["scope"], set_=changes))

    def all(self) -> Mapping[str, Meanings]:
        """Every scope that has meanings of its own."""
        rows = self._connection.execute(select(meanings))
        return {row.scope: _meanings(row.meanings) for row in rows}

    def of(self, scope: str) -> Meanings:
        return self.all().get(scope, NO_MEANINGS)


def _meanings(stored: Mapping[str, str]) -> Meanings:
    return {Event(event): read_meaning(word) for event, word in stored.items()}
