"""Opening the database: brought up to date, owned by one process where it is SQLite, looked over for `doctor`."""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.store.database import (
    SQLITE_SAFE,
    is_sqlite,
    kept_revision,
    sqlite_file,
    sqlite_module,
    writing_engine,
)
from dispatch.store.database import Engine as Engine
from dispatch.store.record import Record
from dispatch.store.transactions import OnJump, PooledTransactions
from dispatch.store.writer import WriterTransactions

MIGRATIONS = Path(__file__).with_name("migrations")
_REVISION_LENGTH = len("20261121_2030")

Owned = PooledTransactions | WriterTransactions


def upgrade(engine: Engine) -> None:
    """Brings the tables up to date; does nothing where they are."""
    if revision(engine) == newest():
        return
    # Loaded only where it is needed: it is a sixth of what a start takes.
    from alembic import command
    from alembic.config import Config

    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def revision(engine: Engine) -> str | None:
    """Which migration the tables are at; None for an empty database."""
    return kept_revision(engine)


def newest() -> str:
    """The newest migration this program knows."""
    return max(known())


def known() -> set[str]:
    """All migrations this program knows, by their files: a name begins with its revision, which is a time."""
    return {path.name[:_REVISION_LENGTH] for path in MIGRATIONS.glob("versions/*.py")}


def open_for_writing(settings: Settings) -> Engine:
    """
    The engine that writes, its tables up to date.

    Raises:
        Misconfigured: the tables are newer than this program, or the folder cannot be written.
    """
    path = sqlite_file(settings.database_url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = writing_engine(settings.database_url)
    at = revision(engine)
    if at is not None and at not in known():
        raise Misconfigured(
            "database_url", f"its tables are at {at}, newer than this program; install the newer program"
        )
    upgrade(engine)
    return engine


def transactions_on(engine: Engine, clock: Clock, ids: Callable[[], str], on_jump: OnJump) -> Owned:
    """Units of work as this database wants them: one writer for SQLite, a pool for PostgreSQL."""
    if engine.dialect.name == "sqlite":
        return WriterTransactions(engine, clock, ids, on_jump=on_jump)
    return PooledTransactions(engine, clock, ids, on_jump=on_jump)


class Ownership:
    """
    On SQLite one process owns the file, by a lock the system takes back when the process dies.

    On PostgreSQL any number may own it, and this does nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._lock: FileLock | None = None
        if is_sqlite(settings.database_url):
            settings.home.mkdir(parents=True, exist_ok=True)
            path = sqlite_file(settings.database_url)
            assert path is not None
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(f"{path}.lock")

    def take(self) -> bool:
        """Whether this process owns the database now."""
        if self._lock is None:
            return True
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()


def sqlite_version() -> tuple[str, bool]:
    """Which SQLite is used, and whether it is past the WAL-reset race."""
    version = sqlite_module().sqlite_version
    return version, tuple(int(part) for part in version.split(".")) >= SQLITE_SAFE


def back_up(settings: Settings, into: Path, at: datetime) -> Path:
    """
    One consistent copy of the SQLite file, made while the service runs; verified before it counts.

    Raises:
        Misconfigured: the database is not SQLite; use the tools of PostgreSQL.
    """
    source = sqlite_file(settings.database_url)
    if source is None:
        raise Misconfigured(
            "database_url", "only SQLite is backed up here; use pg_dump or WAL archiving for PostgreSQL"
        )
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"anling-{at:%Y%m%dT%H%M%S}.db"
    sqlite = sqlite_module()
    with closing(sqlite.connect(f"file:{source}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    found = check(target)
    if found:
        shutil.move(target, f"{target}.bad")
        raise Misconfigured(str(target), f"the copy is not sound: {found}")
    return target


def check(path: Path) -> str | None:
    """What is wrong with a database file; None when integrity and chain hold."""
    sqlite = sqlite_module()
    with closing(sqlite.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        return str(answer)
    engine = writing_engine(f"sqlite:///{path}")
    with closing_engine(engine), engine.connect() as connection:
        fault = next(Record(connection).faults(), None)
    return None if fault is None else f"entry {fault[0]} of the record {fault[1]}"


class closing_engine:  # noqa: N801  reads like contextlib.closing, whose sibling it is
    """Disposes of an engine afterwards."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()
