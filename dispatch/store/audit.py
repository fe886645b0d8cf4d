"""
The books as an auditor reads them: plain SQL over the tables, without any of the code that writes them.

Nothing here imports the rules, not even by a detour: the watch judges by the tables alone.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy import Engine as Engine
from sqlalchemy.exc import SQLAlchemyError

from dispatch.store.database import from_us

GENESIS = "0" * 64
"""What the first entry of the record is chained to; docs of the record's format, stated here on its own."""

CHAINED = ("number", "at", "boot", "steady_us", "kind", "by", "alarm_id", "version", "body", "note_hash")
"""The columns of an entry that its hash covers, `at` in microseconds since 1970."""

Values = Mapping[str, int | str]


class Unreadable(Exception):
    """The books could not be read at all, which is a finding by itself."""


class Page:
    """The books at one moment, open for reading."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry of the record; (0, GENESIS) of an empty one."""
        row = self._connection.execute(_HEAD).first()
        return (row[0], row[1]) if row else (0, GENESIS)

    def rows(self, statement: TextClause, values: Values) -> Sequence[tuple[str, ...]]:
        """What the statement finds, as texts."""
        return [tuple(str(each) for each in row) for row in self._connection.execute(statement, dict(values))]

    def chain_fault(self, from_number: int, to_number: int | None = None) -> tuple[int, str] | None:
        """The first entry behind `from_number` that does not fit, and why; see the function of the same name."""
        return chain_fault(self._connection, from_number, to_number)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All columns of every entry, oldest first, in pages; `at` in microseconds."""
        number = 0
        while rows := self._connection.execute(_NEXT, {"number": number, "most": 1000}).mappings().all():
            yield from (dict(row) for row in rows)
            number = rows[-1]["number"]

    def notes(self) -> Mapping[str, tuple[str, str | None]]:
        """Salt and words behind every hash of a note; the words are None where they were erased."""
        return {row[0]: (row[1], row[2]) for row in self._connection.execute(_NOTES)}


class Books:
    """The books on a reading engine. `dialect` is `sqlite` or `postgresql`."""

    def __init__(self, reading: Engine) -> None:
        self._reading = reading
        self.dialect = reading.dialect.name

    def prepare(self, sql: str) -> TextClause:
        """The portable SQL in the words of this database."""
        return text(in_dialect(sql, self.dialect))

    @contextmanager
    def open(self) -> Iterator[Page]:
        """
        One look at the books.

        Raises:
            Unreadable: the database is gone, locked, damaged or not the one expected.
        """
        try:
            with self._reading.connect() as connection:
                yield Page(connection)
        except SQLAlchemyError as error:
            raise Unreadable(f"{type(error).__name__}: {str(error).splitlines()[0][:160]}") from error


_HEAD = text("SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1")
_NEXT = text("SELECT * FROM entries WHERE number > :number ORDER BY number LIMIT :most")
_BEHIND = text("SELECT * FROM entries WHERE number > :number AND number <= :last ORDER BY number")
_HASH_OF = text("SELECT hash FROM entries WHERE number = :number")
_NOTES = text("SELECT hash, salt, text FROM notes")
_NO_END = 2**62


def chain_fault(connection: Connection, from_number: int, to_number: int | None = None) -> tuple[int, str] | None:
    """
    Recomputes the hashes of the entries behind `from_number`, which is taken to be right, up to `to_number`.

    Returns the number of the first entry that does not fit and why, None if all do. The arithmetic is stated here a
    second time on purpose: h(n) = SHA-256(h(n-1), newline, canonical JSON of the entry).
    """
    before = connection.execute(_HASH_OF, {"number": from_number}).scalar() if from_number else GENESIS
    if before is None:
        return from_number, "is missing"
    last = _NO_END if to_number is None else to_number
    number = from_number
    for row in connection.execute(_BEHIND, {"number": from_number, "last": last}).mappings():
        number += 1
        if row["number"] != number:
            return row["number"], f"expected number {number}"
        if row["before"] != before:
            return number, "is not chained to the entry before it"
        before = row["hash"]
        if before != digest(row["before"], row):
            return number, "its content does not match its hash"
    return None


def digest(before: str, entry: Mapping[Any, Any]) -> str:
    """The hash of an entry, from the hash before and its columns as they lie in the table."""
    fields = {name: entry[name] for name in CHAINED}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()


def iso(us: int) -> str:
    """Microseconds since 1970 as ISO 8601 in UTC, always with six decimals."""
    return from_us(us).isoformat(timespec="microseconds")


_FACT = re.compile(r"FACT\((\w+)\.body, (\w+)\)")
_RECENT = re.compile(r"RECENT\((\w+)\)")
_KIND = re.compile(r"KIND\((\w+)\)")
_WORDS = {
    "sqlite": (
        r"CASE WHEN json_valid(\1.body) THEN json_extract(\1.body, '$.\2') END",
        # The newest rows by their place in the table, because there is no index by time alone; the plus keeps SQLite
        # from walking through all signals without an alarm instead.
        r"\1.rowid > (SELECT MAX(rowid) FROM signals) - :tail AND +\1.alarm_id IS NULL",
        # The plus keeps SQLite from walking through all entries of that kind there ever were, by their index.
        r"+\1.kind",
    ),
    "postgresql": (
        r"(CAST(\1.body AS json) ->> '\2')",
        r"\1.received_at >= :since_us AND \1.alarm_id IS NULL",
        r"\1.kind",
    ),
}


def in_dialect(sql: str, dialect: str) -> str:
    """
    Three pseudo-functions put into the words of a database: the only places where the predicates need different SQL.

    `FACT(e.body, name)` is a fact of an entry as text, NULL where it is missing; `RECENT(s)` says of a signal that it
    is among the newest and belongs to no alarm; `KIND(e)` is the kind of an entry that is found by its number.
    """
    fact, recent, kind = _WORDS[dialect]
    return _KIND.sub(kind, _RECENT.sub(recent, _FACT.sub(fact, sql)))
