"""What is wrong with a database file, each with the cure."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.databases import known
from dispatch.clock import Instant
from dispatch.store.audit import Unreadable
from dispatch.store.database import kept_revision, reading_engine, sqlite_module
from dispatch.store.pulse import NotWritten
from dispatch.store.record import Record
from dispatch.watch.auditor import Auditor
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.roads import ROADS

SQLITE_HEADER = b"SQLite format 3\0"
"""The first sixteen bytes of every SQLite database (sqlite.org, "Database File Format", 1.3)."""

SHOWN_MAX = 5

RESTORE = "put back the newest verified backup: stop the service, anling db restore FOLDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is broken, and what cures it."""

    what: str
    cure: str


def faults(path: Path) -> list[Fault]:
    """
    Everything that is wrong with an SQLite file: it is no database, cut short, its pages or indexes do not fit, rows
    point nowhere, the record's chain is broken, or it belongs to a newer program. Reads only.
    """
    return list(_faults(path))


def _faults(path: Path) -> Iterator[Fault]:
    if not path.is_file():
        yield Fault(what=f"{path} is not there", cure=RESTORE)
        return
    with path.open("rb") as file:
        header = file.read(len(SQLITE_HEADER))
    if header != SQLITE_HEADER:
        what = "is empty" if not header else "is no SQLite database, or its first page is destroyed"
        yield Fault(what=f"{path} {what}", cure=RESTORE)
        return
    sqlite = sqlite_module()
    try:
        found = list(_pages(path))
        yield from found
        if not found:
            yield from _contents(path)
    except (sqlite.DatabaseError, NotWritten, Unreadable) as error:
        yield Fault(what=f"{path} cannot be read: {getattr(error, 'orig', None) or error}", cure=RESTORE)


def _pages(path: Path) -> Iterator[Fault]:
    sqlite = sqlite_module()
    with closing(sqlite.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)) as connection:
        for (line,) in connection.execute(f"PRAGMA integrity_check({SHOWN_MAX})").fetchall():
            if line == "ok":
                continue
            index_alone = "index" in line and "page" not in line
            cure = "sqlite3 FILE REINDEX, with the service stopped, then check again" if index_alone else RESTORE
            yield Fault(what=line, cure=cure)
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(SHOWN_MAX):
            yield Fault(what=f"row {row} of {table} names a row of {parent} that is not there", cure=RESTORE)


def _contents(path: Path) -> Iterator[Fault]:
    engine = reading_engine(f"sqlite:///{path}")
    try:
        at = kept_revision(engine)
        if at is None:
            yield Fault(what="it has no tables of ours", cure="anling db upgrade makes them, if this is a new database")
            return
        if at not in known():
            yield Fault(what=f"its tables are at {at}, newer than this program", cure="install the newer program")
            return
        with engine.connect() as connection:
            fault = next(Record(connection).faults(), None)
        if fault:
            cure = f"keep this file as evidence; {RESTORE}; anling record verify says the same"
            yield Fault(what=f"entry {fault[0]} of the record {fault[1]}", cure=cure)
    finally:
        engine.dispose()


def broken_promises(path: Path, at: datetime) -> tuple[str, ...]:
    """
    The promises that `anling watch --once` would call broken in this file, as of an instant: "name id". A service that
    was in trouble when its backup was made is in trouble in the backup too: that is no fault of the copy.

    Raises:
        Unreadable: they could not be judged.
    """
    engine = reading_engine(f"sqlite:///{path}")
    try:
        auditor = Auditor(engine, _Stopped(at), predicates=(*PREDICATES, *ROADS))
        return tuple(sorted(f"{each.promise} {each.id}" for each in auditor.pass_(full=True)))
    finally:
        engine.dispose()


class _Stopped:
    """A clock that stands at the moment when the copy was made."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def look(self) -> Instant:
        return Instant(wall=self._at, steady_s=0.0, boot="backup")

    def now(self) -> datetime:
        return self._at
