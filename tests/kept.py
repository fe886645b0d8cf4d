"""
Work that every test would do over again, done once in a run: an empty database, a loaded one, compiled templates.

A copy is as good as what it was copied from, and each test has one of its own: nothing that a test changes is kept.
"""

from collections.abc import Hashable
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine

from config.tables import metadata
from dispatch.store.database import sqlite_module, writing_engine

LOADED_MAX = 8
"""How many loaded databases are kept, of about 1 MB each: tests that draw their districts would fill the memory."""

_loaded: dict[Hashable, tuple[bytes, int]] = {}


def lay_tables(engine: Engine, file: Path) -> None:
    """Every table that is known by now, in the file of this engine; a file that is there keeps what it holds."""
    if not file.exists():
        file.write_bytes(_empty(frozenset(metadata.tables)))
    elif not _laid(engine) >= set(metadata.tables):
        metadata.create_all(engine)


def _laid(engine: Engine) -> set[str]:
    """The tables that are there, by one question: SQLAlchemy would put one for each table it knows, 10 ms in all."""
    with engine.connect() as connection:
        return set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())


@lru_cache(maxsize=4)
def _empty(_tables: frozenset[str]) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        engine = writing_engine(f"sqlite:///{file}", synchronous="OFF")
        metadata.create_all(engine)
        engine.dispose()
        return file.read_bytes()


class Numbers:
    """Identities that count, the same in every run; `given` is how many have been given out."""

    def __init__(self, given: int = 0) -> None:
        self.given = given

    def __call__(self) -> str:
        self.given += 1
        return f"{self.given:032x}"


def copy_loaded(file: Path, key: Hashable) -> int | None:
    """
    Puts the database kept under this key into a file that is not there yet.

    How many identities its loading took, or None where nothing is kept or the file is there already. The key is
    everything that the loading depends on; nothing may be connected to the file yet.
    """
    kept = _loaded.get((key, frozenset(metadata.tables)))
    if kept is None or file.exists():
        return None
    file.write_bytes(kept[0])
    return kept[1]


def keep_loaded(file: Path, key: Hashable, given: int) -> None:
    """
    Keeps what was loaded into this file for the next one that asks for the same; while somebody reads it, nothing.

    Byte for byte: what VACUUM writes has remains of rows between rows, which the tests of erasing would find.
    """
    with closing(sqlite_module().connect(str(file))) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if not busy:
        _loaded[key, frozenset(metadata.tables)] = file.read_bytes(), given
    while len(_loaded) > LOADED_MAX:
        _loaded.pop(next(iter(_loaded)))


def keep_templates() -> None:
    """
    From now on every application made in this process takes its templates as they were compiled first, by whatever
    process of the tests, into a folder of this user's own; each has an environment of its own and would do it again.
    """
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache()}
