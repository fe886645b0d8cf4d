"""Trying a dump of PostgreSQL: it is restored into a database of its own, looked over, and that one dropped again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from config.backup.copying import load_postgres
from config.databases import known, revision
from dispatch.errors import Refusal
from dispatch.ids import new_id
from dispatch.store.database import reading_engine
from dispatch.store.record import Record


def head_of_dump(url: str, dump: Path) -> tuple[str, int, str, tuple[str, ...]]:
    """
    Revision, number and hash of the newest entry in a dump, and no broken promises: those are judged in SQLite only.

    Raises:
        Refusal: it cannot be restored, or its record does not hold.
    """
    with _scratch(url) as scratch:
        load_postgres(scratch, dump)
        engine = reading_engine(scratch)
        try:
            at = revision(engine)
            if at not in known():
                raise Refusal(f"the copy did not stand its trial: its tables are at {at}")
            with engine.connect() as connection:
                record = Record(connection)
                fault = next(record.faults(), None)
                entries, head = record.head()
        finally:
            engine.dispose()
    if fault:
        raise Refusal(f"the copy did not stand its trial: entry {fault[0]} of the record {fault[1]}")
    return at, entries, head, ()


@contextmanager
def _scratch(url: str) -> Iterator[str]:
    """A database for this trial alone, on the same server."""
    name = f"anling_trial_{new_id().replace('-', '')}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        try:
            _tell(engine, f'CREATE DATABASE "{name}"')
        except SQLAlchemyError as error:
            raise Refusal(
                f"a backup counts only once it was restored, and no database could be made for that: {_why(error)}; "
                "look whether the server answers, and ALTER ROLE … CREATEDB"
            ) from None
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        except SQLAlchemyError as error:
            raise Refusal(f"the trial of the copy was broken off: {_why(error)}; make another backup") from None
        finally:
            _tell(engine, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        engine.dispose()


def _why(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", error)).splitlines()[0]


def _tell(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(statement))
