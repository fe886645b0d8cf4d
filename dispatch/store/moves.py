"""Where a row of a register belonged before: whose a home or a canteen was, and in which home a resident lived."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import CheckConstraint, Column, Connection, Date, String, Table, select

from dispatch.store.database import Instant, insert_once, metadata

register_moves = Table(
    "register_moves", metadata,
    Column("register", String(12), primary_key=True),
    Column("row_id", String(40), primary_key=True),
    Column("what", String(12), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("was", String(40)),
    Column("since", Date),
    CheckConstraint("register IN ('homes','canteens','residents')", name="register"),
)  # fmt: skip
"""
`was` is what stood in the column `what` of that row until `at`. What holds since its last move is in the register
itself, and who never moved has no row here. `since` is the local day from which on it was otherwise, where that is not
the day on which it was written.
"""

BELONGS: Mapping[str, tuple[str, ...]] = {
    "homes": ("station_id",), "canteens": ("station_id", "area_code"), "residents": ("home_id",),
}  # fmt: skip
"""By register: the columns that say where a row belongs, and money depends on."""


Move: TypeAlias = tuple[date, str | None]
"""The local day from which on something else holds, and what held before it."""


class RegisterMoves:
    """The shelf of moves."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(
        self, table: Table, row_id: str, changes: Mapping[str, Any], at: datetime, *, since: date | None = None
    ) -> None:  # fmt: skip
        """
        To be called before these columns of a row are written: where it is to belong elsewhere, where it belonged is
        kept. Of two moves at one instant the first is kept: nobody belonged anywhere in between.
        """
        columns = [each for each in BELONGS.get(table.name, ()) if each in changes]
        if not columns:
            return
        was = self._connection.execute(select(table).where(table.c.id == row_id)).first()
        if was is None:
            return
        for column in columns:
            before = was._mapping[column]
            if before != changes[column]:
                row = {
                    "register": table.name,
                    "row_id": row_id,
                    "what": column,
                    "at": at,
                    "was": before,
                    "since": since,
                }
                self._connection.execute(insert_once(register_moves, self._connection).values(row))

    def of(
        self, register: str, what: str, day_of: Callable[[datetime], date], *, of: str | None = None
    ) -> dict[str, list[Move]]:  # fmt: skip
        """
        The moves of a register (or `of` one row) by row, the earliest first, with the local day from which on each
        holds: its own, else that on which it was written. One that was written later holds before what it lies before.
        """
        c = register_moves.c
        query = select(c.row_id, c.at, c.was, c.since).where(c.register == register, c.what == what).order_by(c.at)
        query = query if of is None else query.where(c.row_id == of)
        found: dict[str, list[Move]] = {}
        for row in self._connection.execute(query):
            _then(found.setdefault(row.row_id, []), row.since or day_of(row.at), row.was)
        return found


def _then(moves: list[Move], day: date, was: str | None) -> None:
    """
    One more move, which was written after all of these: from its day on there is nothing else. What stood before it is
    what stood until the first of those that are gone by it.
    """
    gone = [each for each in moves if each[0] > day]
    del moves[len(moves) - len(gone) :]
    moves.append((day, gone[0][1] if gone else was))


def belonged(moves: Sequence[Move], day: date, now: str | None) -> str | None:
    """
    Where a row belonged on a local day. `moves` have the day of each, the earliest first; `now` is what the register
    says. The day on which it moved is the new one's already.
    """
    return next((was for moved_on, was in moves if moved_on > day), now)
