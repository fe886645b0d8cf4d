"""
The alarms of the record as one row each, filled behind from the entries: what makes ten million of them searchable.

Nothing here is the truth. Each row is what `rules/told.py` makes of an alarm's entries, written by a follower that
keeps a bookmark; all of it may be thrown away and is filled again. `first` is the number of the entry that raised the
alarm: it sorts by time, is the cursor of every list, and on SQLite it is the row's place in the table.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from dispatch.ids import AlarmId, StationId
from dispatch.rules.record import Entry
from dispatch.rules.review import Breach, Limits, Stage
from dispatch.rules.told import Told
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, Json, insert_into, metadata, to_us
from dispatch.store.prepared import Prepared

HOUR_US = 3_600_000_000

_Number = BigInteger().with_variant(Integer, "sqlite")
"""On SQLite only a key of the type INTEGER is the row's own place, and saves an index."""

log_alarms = Table(
    "log_alarms", metadata,
    Column("first", _Number, primary_key=True, autoincrement=False),
    Column("alarm_id", String(40), nullable=False, unique=True),
    Column("last", BigInteger, nullable=False),
    Column("number", String(24), nullable=False),
    Column("cause", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    Column("home_id", String(40)), Column("resident_id", String(40)), Column("station_id", String(40)),
    Column("raised_at", Instant, nullable=False),
    Column("answered_at", Instant), Column("accepted_at", Instant), Column("attended_at", Instant),
    Column("closed_at", Instant), Column("closed_by", String(80)), Column("outcome", String(20)),
    Column("lapses", Integer, nullable=False), Column("failures", Integer, nullable=False),
    Column("breaches", Integer, nullable=False),
    Column("is_drawn", Boolean, nullable=False),
    Column("stage", String(8), nullable=False),
    Column("act_number", BigInteger, nullable=False),
    Index("ix_log_alarms_stage", "stage", "first"),
    Index("ix_log_alarms_station_id", "station_id", "first"),
    Index("ix_log_alarms_cause", "cause", "first"),
    Index("ix_log_alarms_outcome", "outcome", "first"),
)  # fmt: skip
"""`breaches` has one bit for each `Breach`, in their order; `act_number` is the review's last entry, 0 for none."""

log_people = Table(
    "log_people", metadata,
    Column("person", String(80), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Everybody who stands in an alarm's entries: carers, operators, contacts, the resident."""

log_notes = Table(
    "log_notes", metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("note_hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Where words of people about an alarm stand; the words themselves lie in `notes` alone, and are erased there."""

log_hours = Table(
    "log_hours", metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("least", BigInteger, nullable=False),
    Column("most", BigInteger, nullable=False),
)  # fmt: skip
"""Which numbers the entries of an hour since 1970 have: found at once whatever somebody did to the clock."""

log_findings = Table(
    "log_findings", metadata,
    Column("id", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("alarm_id", String(40), nullable=False, index=True),
    Column("at", Instant, nullable=False), Column("by", String(80), nullable=False),
    Column("cause", String(24), nullable=False), Column("measure", String(24), nullable=False),
    Column("station_id", String(40)),
    Column("follow_up_on", Date),
    Column("done_at", Instant), Column("done_by", String(80)),
)  # fmt: skip
_WAITS = log_findings.c.done_at.is_(None) & log_findings.c.follow_up_on.is_not(None)
Index("ix_log_findings_waits", log_findings.c.follow_up_on, sqlite_where=_WAITS, postgresql_where=_WAITS)

log_audits = Table(
    "log_audits", metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("promise", String(40), primary_key=True),
    Column("alarm_id", String(40), nullable=False, index=True),
    Column("what", String(240), nullable=False),
)  # fmt: skip
"""What the watch's predicates found broken in an alarm's entries."""

log_limits = Table(
    "log_limits", metadata,
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("limits", Json, nullable=False),
)  # fmt: skip
"""The limits that hold for the entries behind a number."""

log_bookmarks = Table(
    "log_bookmarks", metadata,
    Column("name", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
)  # fmt: skip

BITS: Mapping[Breach, int] = {each: 1 << place for place, each in enumerate(Breach)}
_BOOKMARK = "log"


def bits_of(breaches: Collection[Breach]) -> int:
    return sum(BITS[each] for each in breaches)


def breaches_of(bits: int) -> tuple[Breach, ...]:
    return tuple(each for each, bit in BITS.items() if bits & bit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An alarm as it is told, and what follows from the limits."""

    told: Told
    breaches: tuple[Breach, ...]
    is_drawn: bool
    stage: Stage


# ------------------------------------------------------------------------------------------------ filling


_PUT = Prepared(lambda dialect: _upsert(dialect))  # noqa: PLW0108  it stands below
_HOUR = Prepared(lambda dialect: _widen(dialect))  # noqa: PLW0108
_PERSON = Prepared(lambda dialect: insert_into(log_people, dialect).on_conflict_do_nothing())
_NOTE = Prepared(lambda dialect: insert_into(log_notes, dialect).on_conflict_do_nothing())
_AUDIT = Prepared(lambda dialect: insert_into(log_audits, dialect).on_conflict_do_nothing())
_TURN = Prepared(
    update(log_bookmarks)
    .where(log_bookmarks.c.name == _BOOKMARK, log_bookmarks.c.number == bindparam("was"))
    .values(number=bindparam("now"))
)


def _upsert(dialect: str) -> Any:
    statement = insert_into(log_alarms, dialect)
    changes = {each.name: statement.excluded[each.name] for each in log_alarms.c if each.name != "first"}
    return statement.on_conflict_do_update(index_elements=["first"], set_=changes)


def _widen(dialect: str) -> Any:
    statement = insert_into(log_hours, dialect)
    least, most = (func.min, func.max) if dialect == "sqlite" else (func.least, func.greatest)
    changes = {
        "least": least(log_hours.c.least, statement.excluded.least),
        "most": most(log_hours.c.most, statement.excluded.most),
    }
    return statement.on_conflict_do_update(index_elements=["hour"], set_=changes)


class LogWriting:
    """The rows as the follower fills them; in a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def turn(self, was: int, now: int) -> bool:
        """Moves the bookmark; False where another follower has been there."""
        if was == 0:
            begin = insert_into(log_bookmarks, self._connection.dialect.name)
            self._connection.execute(begin.values(name=_BOOKMARK, number=0).on_conflict_do_nothing())
        return _TURN.on(self._connection, was=was, now=now).rowcount == 1

    def put_hours(self, entries: Sequence[Entry]) -> None:
        spans: dict[int, tuple[int, int]] = {}
        for each in entries:
            hour = to_us(each.at) // HOUR_US
            least, most = spans.get(hour, (each.number, each.number))
            spans[hour] = min(least, each.number), max(most, each.number)
        if spans:
            _HOUR.each(self._connection, [{"hour": h, "least": a, "most": z} for h, (a, z) in spans.items()])

    def put_audits(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `number`, `promise`, `alarm_id`, `what`."""
        if rows:
            _AUDIT.each(self._connection, rows)

    def put(self, judged: Sequence[Judged]) -> None:
        if not judged:
            return
        _PUT.each(self._connection, [_row(each) for each in judged])
        people = [{"person": who, "first": each.told.first} for each in judged for who in sorted(each.told.people)]
        if people:
            _PERSON.each(self._connection, people)
        notes = [
            {"first": each.told.first, "number": number, "note_hash": hash_}
            for each in judged for number, hash_ in each.told.notes
        ]  # fmt: skip
        if notes:
            _NOTE.each(self._connection, notes)
        for each in judged:
            if each.told.findings:
                self._put_findings(each.told)

    def _put_findings(self, told: Told) -> None:
        self._connection.execute(delete(log_findings).where(log_findings.c.alarm_id == told.alarm_id))
        self._connection.execute(insert(log_findings), [
            {"id": each.id, "number": each.number, "alarm_id": told.alarm_id, "at": each.at, "by": each.by,
             "cause": each.cause, "measure": each.measure, "station_id": each.station_id,
             "follow_up_on": each.follow_up_on, "done_at": each.done_at, "done_by": each.done_by}
            for each in told.findings
        ])  # fmt: skip

    def put_limits(self, since: int, limits: Mapping[str, Any]) -> None:
        self._connection.execute(insert(log_limits).values(since=since, limits=dict(limits)))


def _row(judged: Judged) -> dict[str, Any]:
    told = judged.told
    return {
        "first": told.first, "alarm_id": told.alarm_id, "last": told.last, "number": told.number or "",
        "cause": told.cause, "state": told.state, "home_id": told.home_id, "resident_id": told.resident_id,
        "station_id": told.station_id, "raised_at": told.raised_at, "answered_at": told.answered_at,
        "accepted_at": told.accepted_at, "attended_at": told.attended_at, "closed_at": told.closed_at,
        "closed_by": told.closed_by, "outcome": told.outcome, "lapses": told.lapses, "failures": told.failures,
        "breaches": bits_of(judged.breaches), "is_drawn": judged.is_drawn, "stage": judged.stage.value,
        "act_number": told.act_number,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ reading


class Log:
    """The rows, for the follower and for single alarms."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bookmark(self) -> int:
        """The number of the last entry that was looked at."""
        found = self._connection.execute(select(log_bookmarks.c.number).where(log_bookmarks.c.name == _BOOKMARK))
        return int(found.scalar() or 0)

    def limits(self) -> list[tuple[int, Limits]]:
        """Behind which number which limits hold, oldest first."""
        query = select(log_limits).order_by(log_limits.c.since)
        return [(row.since, Limits(**row.limits)) for row in self._connection.execute(query)]

    def closed_among(self, ids: Collection[AlarmId]) -> set[AlarmId]:
        """Which of these alarms are on file as closed."""
        query = select(log_alarms.c.alarm_id).where(log_alarms.c.alarm_id.in_(ids), log_alarms.c.state == "closed")
        return {AlarmId(row[0]) for row in self._connection.execute(query)}

    def audits(self, ids: Collection[AlarmId]) -> list[dict[str, Any]]:
        """What the watch found in these alarms' entries."""
        query = select(log_audits).where(log_audits.c.alarm_id.in_(ids)).order_by(log_audits.c.number)
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def row(self, alarm_id: AlarmId) -> dict[str, Any] | None:
        """An alarm's row; None where it is not on file yet."""
        found = self._connection.execute(select(log_alarms).where(log_alarms.c.alarm_id == alarm_id)).mappings().first()
        return None if found is None else dict(found)

    def station_of(self, alarm_id: AlarmId) -> tuple[bool, StationId | None]:
        """Whether there is such an alarm, and which station it belongs to: by its own row, however far the log is."""
        row = self._connection.execute(select(alarms.c.station_id).where(alarms.c.id == alarm_id)).first()
        return (False, None) if row is None else (True, row[0])

    def unnamed(self, ids: Collection[AlarmId]) -> dict[str, dict[str, Any]]:
        """Number, resident and station of alarms whose first entry did not say them yet."""
        query = select(alarms.c.id, alarms.c.number, alarms.c.resident_id, alarms.c.station_id)
        return {row.id: dict(row._mapping) for row in self._connection.execute(query.where(alarms.c.id.in_(ids)))}

    def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int] | None:
        """The numbers among which all entries of `[since, until)` are; None where there are none."""
        query = select(func.min(log_hours.c.least), func.max(log_hours.c.most))
        if since is not None:
            query = query.where(log_hours.c.hour >= to_us(since) // HOUR_US)
        if until is not None:
            query = query.where(log_hours.c.hour <= (to_us(until) - 1) // HOUR_US)
        least, most = self._connection.execute(query).one()
        return None if least is None else (least, most)


@contextmanager
def one_look(reading: Engine) -> Iterator[Connection]:
    """A connection for which nothing changes until it is given back: what is added up is what is written out."""
    with reading.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # Giving the connection back ends the transaction.
        yield connection
