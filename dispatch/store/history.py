"""Alarms that are over: looked through page by page, and counted for one home."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, func, literal_column, or_, select

from dispatch.errors import Invalid
from dispatch.ids import AlarmId, HomeId, ResidentId, StationId
from dispatch.rules.alarm import Outcome, State
from dispatch.rules.signal import Cause
from dispatch.store.alarms import alarms
from dispatch.store.database import from_us, to_us
from dispatch.store.people import homes, residents
from dispatch.store.prepared import Prepared

_TIMES = Prepared(
    select(func.count().label("times")).where(
        alarms.c.home_id == bindparam("home"),
        alarms.c.raised_at >= bindparam("since"),
        alarms.c.outcome == bindparam("outcome"),
    )
)
_TIMES_OF = Prepared(
    select(func.count().label("times")).where(
        alarms.c.home_id == bindparam("home"),
        alarms.c.resident_id == bindparam("resident"),
        alarms.c.raised_at >= bindparam("since"),
        alarms.c.outcome == bindparam("outcome"),
    )
)


_LONGEST = Prepared(
    select(func.min(alarms.c.raised_at).label("at")).where(
        alarms.c.due_at.is_not(None), alarms.c.state.in_([literal_column("'raised'"), literal_column("'offered'")])
    )
)
"""Only open alarms have a `due_at`, and those have an index of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the history is wanted; None asks for everything. Windows are half-open, `text` is a part of a name."""

    start: datetime | None = None
    end: datetime | None = None
    state: State | None = None
    cause: Cause | None = None
    outcome: Outcome | None = None
    station: StationId | None = None
    closed_by: str | None = None
    text: str = ""
    stations: Collection[StationId] | None = None
    """Those that the reader works for, None for all; what belongs to no station is everybody's."""


class History:
    """Reads alarms, open and closed, the newest first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, wanted: Wanted, *, limit: int, cursor: str | None = None) -> tuple[list[AlarmId], str | None]:
        """
        One page of what is wanted, and the cursor of the next; None at the end.

        Raises:
            Invalid: the cursor is none of ours.
        """
        query = _narrowed(select(alarms.c.id, alarms.c.raised_at), wanted)
        if cursor:
            at, id_ = _place_in(cursor)
            query = query.where((alarms.c.raised_at < at) | ((alarms.c.raised_at == at) & (alarms.c.id < id_)))
        query = query.order_by(alarms.c.raised_at.desc(), alarms.c.id.desc()).limit(limit + 1)
        rows = self._connection.execute(query).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return [AlarmId(row.id) for row in rows[:limit]], f"{to_us(last.raised_at)}.{last.id}" if last else None

    def longest_waiting(self) -> datetime | None:
        """When the alarm was raised that has waited longest for an answer; None when none waits."""
        found: datetime | None = _LONGEST.on(self._connection).scalar()
        return found

    def times(self, home: HomeId, resident: ResidentId | None, outcome: Outcome, since: datetime) -> int:
        """How many alarms of this home, or of this resident there, have ended so since then."""
        if resident is None:
            return int(_TIMES.on(self._connection, home=home, since=since, outcome=outcome.value).scalar())
        found = _TIMES_OF.on(self._connection, home=home, resident=resident, since=since, outcome=outcome.value)
        return int(found.scalar())


def _narrowed(query: Select[tuple[str, datetime]], wanted: Wanted) -> Select[tuple[str, datetime]]:
    exact = {
        alarms.c.state: wanted.state, alarms.c.cause: wanted.cause, alarms.c.outcome: wanted.outcome,
        alarms.c.station_id: wanted.station, alarms.c.closed_by: wanted.closed_by,
    }  # fmt: skip
    for column, value in exact.items():
        if value is not None:
            query = query.where(column == str(value))
    if wanted.start is not None:
        query = query.where(alarms.c.raised_at >= wanted.start)
    if wanted.end is not None:
        query = query.where(alarms.c.raised_at < wanted.end)
    if wanted.stations is not None:
        query = query.where(or_(alarms.c.station_id.is_(None), alarms.c.station_id.in_(wanted.stations)))
    return _with_text(query, wanted.text.strip()) if wanted.text.strip() else query


def _with_text(query: Select[tuple[str, datetime]], text: str) -> Select[tuple[str, datetime]]:
    """Those whose number, address or resident has this in it."""
    at = select(homes.c.id).where(homes.c.address.contains(text, autoescape=True))
    of = select(residents.c.id).where(residents.c.name.contains(text, autoescape=True))
    number = alarms.c.number.contains(text, autoescape=True)
    return query.where(or_(number, alarms.c.home_id.in_(at), alarms.c.resident_id.in_(of)))


def _place_in(cursor: str) -> tuple[datetime, str]:
    at_us, dot, id_ = cursor.partition(".")
    if not dot or not (at_us.isascii() and at_us.isdigit()) or len(at_us) > 17:
        raise Invalid("This cursor is none of ours.", {"query": {"cursor": ["not a cursor"]}})
    return from_us(int(at_us)), id_
