"""The response log on file: append-only, numbered densely, chained by hashes; the words of people lie beside it."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import Row

from dispatch import clock
from dispatch.ids import AlarmId
from dispatch.rules.people import Person
from dispatch.rules.record import GENESIS, Entry, Line, body_of, digest, note_hash
from dispatch.store.database import Instant, metadata, to_us
from dispatch.store.prepared import Prepared

entries = Table(
    "entries",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("boot", String(40), nullable=False),
    Column("steady_us", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("by", String(80), nullable=False),
    Column("alarm_id", String(40)),
    Column("version", Integer),
    Column("body", Text, nullable=False),
    Column("note_hash", String(64)),
    Column("before", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
    Index("ix_entries_alarm_id", "alarm_id", "number"),
)
Index("ix_entries_kind", entries.c.kind, entries.c.at)
Index("ix_entries_version", entries.c.alarm_id, entries.c.version, unique=True)

notes = Table(
    "notes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("text", Text),
)

# The database itself refuses to change the record: whoever wants to must first change the schema, and that shows.
_REFUSALS = {
    "sqlite": [
        f"CREATE TRIGGER entries_refuse_{verb.lower()} BEFORE {verb} ON entries "
        "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        (
            "CREATE OR REPLACE FUNCTION entries_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$"
        ),
        (
            "CREATE TRIGGER entries_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION entries_refuse()"
        ),
    ],
}


def refusals(dialect: str) -> list[str]:
    """The statements that make the record append-only on this kind of database, for the migration."""
    return _REFUSALS[dialect]


@event.listens_for(entries, "after_create")
def _refuse_changes(_: Table, connection: Connection, **__: object) -> None:
    for statement in refusals(connection.dialect.name):
        connection.exec_driver_sql(statement)


_HEAD_OF = Prepared(select(func.max(entries.c.number).label("number")).where(entries.c.alarm_id == bindparam("id")))
_OF_ALARM = Prepared(select(entries).where(entries.c.alarm_id == bindparam("alarm_id")).order_by(entries.c.number))
_NOTES = Prepared(select(notes.c.hash, notes.c.text).where(notes.c.hash.in_(bindparam("hashes", expanding=True))))
_HEAD = Prepared(select(entries.c.number, entries.c.hash).order_by(entries.c.number.desc()).limit(1))
_ADD = Prepared(insert(entries))
_ADD_NOTE = Prepared(insert(notes))
_LOCK = text("SELECT pg_advisory_xact_lock(8317)")
"""Any fixed number will do: it is the lock on the head of the chain."""


Head = tuple[int, str]
"""The number and hash of the newest entry."""


def append(
    connection: Connection,
    lines: Sequence[Line],
    instant: clock.Instant,
    look: Callable[[], clock.Instant],
    head: Head | None = None,
) -> Head:
    """
    Writes the lines at the end of the chain, in their order, and returns the new head. `head` is the one before, if the
    caller knows it for certain.

    Called once at the end of a unit of work, so that the head is locked as briefly as may be. `instant` is the unit's;
    where units run side by side, `look` is asked once the head is ours, so that time never runs backwards in the chain.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
        instant = look()
    number, before = head or Record(connection).head()
    rows = []
    for line in lines:
        number += 1
        row = _row(number, line, instant, _keep_note(connection, line.note))
        row["before"] = before
        row["hash"] = before = digest(before, {key: _plain(value) for key, value in row.items() if key != "before"})
        rows.append(row)
    _ADD.each(connection, rows)
    return number, before


def newest(connection: Connection) -> Entry | None:
    """The newest entry; None of an empty log."""
    row = connection.execute(select(entries).order_by(entries.c.number.desc()).limit(1)).first()
    return None if row is None else entry_of(row)


def moved_s(connection: Connection, *, after: int, boot: str) -> float:
    """By how many seconds the clock was moved in this boot, as the entries after a number say."""
    told = select(entries.c.body).where(
        entries.c.kind == "clock_jumped", entries.c.number > after, entries.c.boot == boot
    )
    milliseconds: int = sum(json.loads(body)["milliseconds"] for body in connection.execute(told).scalars())
    return milliseconds / 1000


def _keep_note(connection: Connection, note: str | None) -> str | None:
    if note is None:
        return None
    salt = secrets.token_hex(16)
    hash_ = note_hash(note, salt)
    _ADD_NOTE.on(connection, hash=hash_, salt=salt, text=note)
    return hash_


def _row(number: int, line: Line, instant: clock.Instant, hash_: str | None) -> dict[str, object]:
    return {
        "number": number,
        "at": instant.wall,
        "boot": instant.boot,
        "steady_us": int(instant.steady_s * 1_000_000),
        "kind": line.kind,
        "by": line.by,
        "alarm_id": line.alarm_id,
        "version": line.version,
        "body": body_of(line.facts),
        "note_hash": hash_,
    }


def _plain(value: object) -> object:
    return to_us(value) if hasattr(value, "tzinfo") else value  # type: ignore[arg-type]


class Record:
    """The log, for reading."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> Head:
        """The number and hash of the newest entry; (0, GENESIS) of an empty log."""
        row = _HEAD.on(self._connection).first()
        return (row.number, row.hash) if row else (0, GENESIS)

    def head_of(self, alarm_id: AlarmId) -> int:
        """The number of the newest entry about an alarm; 0 where there is none."""
        return int(_HEAD_OF.on(self._connection, id=alarm_id).scalar() or 0)

    def of_alarm(self, alarm_id: AlarmId) -> list[Entry]:
        """All entries about an alarm, oldest first."""
        return [entry_of(row) for row in _OF_ALARM.on(self._connection, alarm_id=alarm_id)]

    def after(self, number: int, limit: int, such: ColumnElement[bool] | None = None) -> list[Entry]:
        """The next entries after a number, oldest first, of those that fulfil a condition."""
        query = select(entries).where(entries.c.number > number).order_by(entries.c.number).limit(limit)
        query = query if such is None else query.where(such)
        return [entry_of(row) for row in self._connection.execute(query)]

    def notes_of(self, hashes: Sequence[str]) -> dict[str, str | None]:
        """The words behind these hashes; None where they were erased."""
        found = _NOTES.on(self._connection, hashes=list(hashes)) if hashes else ()
        return {row.hash: row.text for row in found}

    def hashes_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """The hashes of these entries, by their numbers."""
        query = select(entries.c.number, entries.c.hash).where(entries.c.number.in_(numbers))
        return {row.number: row.hash for row in self._connection.execute(query)}

    def salted(self, hashes: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """Salt and words behind these hashes; the words are None where they were erased."""
        query = select(notes).where(notes.c.hash.in_(hashes))
        return {row.hash: (row.salt, row.text) for row in self._connection.execute(query)}

    def faults(self) -> Iterator[tuple[int, str]]:
        """
        Walks the whole chain; yields the number of each entry that does not fit and why, in order.

        After the first fault of the chain itself everything behind it is in doubt, so the walk ends there.
        """
        expected, before = 1, GENESIS
        query = select(entries).order_by(entries.c.number).execution_options(yield_per=1000)
        for row in self._connection.execute(query):
            why = _fault(row, expected, before)
            if why:
                yield row.number, why
                return
            expected, before = row.number + 1, row.hash
        yield from self.note_faults()

    def note_faults(self) -> Iterator[tuple[int, str]]:
        """The entries whose words are missing or are not those that were written; erased ones are in order."""
        query = (
            select(entries.c.number, entries.c.note_hash, notes.c.salt, notes.c.text)
            .join(notes, notes.c.hash == entries.c.note_hash, isouter=True)
            .where(entries.c.note_hash.is_not(None))
        )
        for row in self._connection.execute(query):
            if row.salt is None:
                yield row.number, "its note is missing"
            elif row.text is not None and note_hash(row.text, row.salt) != row.note_hash:
                yield row.number, "its note was altered"


def _fault(row: Row[tuple[object, ...]], expected: int, before: str) -> str | None:
    if row.number != expected:
        return f"expected number {expected}"
    if row.before != before:
        return "is not chained to the entry before it"
    fields = {key: _plain(value) for key, value in row._mapping.items() if key not in {"before", "hash"}}
    return None if digest(before, fields) == row.hash else "its content does not match its hash"


def entry_of(row: Row[Any]) -> Entry:
    """The value of a row of `entries`."""
    fields = {name: getattr(row, name) for name in Entry.__dataclass_fields__}
    return Entry(**{**fields, "alarm_id": fields["alarm_id"], "by": Person(fields["by"])})
