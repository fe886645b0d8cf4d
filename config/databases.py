"""Opening the database: brought up to date, owned by one process where it is SQLite, looked over for `doctor`."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.store.database import (
    SQLITE_SAFE,
    is_sqlite,
    kept_revision,
    reading_engine,
    sqlite_file,
    sqlite_module,
    writing_engine,
)
from dispatch.store.database import Engine as Engine
from dispatch.store.precedence import Precedence
from dispatch.store.transactions import OnJump, PooledTransactions
from dispatch.store.writer import WriterTransactions

MIGRATIONS = Path(__file__).with_name("migrations")
_REVISION_LENGTH = len("20261121_2030")

SWAPPING = ".swapping"
"""What is added to the name of a database while a backup is put in its place."""

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


def revision_of(settings: Settings) -> str | None:
    """Which migration the tables are at; None where there are none yet."""
    path = sqlite_file(settings.database_url)
    if is_sqlite(settings.database_url) and (path is None or not path.is_file()):
        return None
    engine = reading_engine(settings.database_url)
    try:
        return revision(engine)
    finally:
        engine.dispose()


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
        Misconfigured: the tables are newer than this program, a restore was broken off, or the folder cannot be
            written.
    """
    path = sqlite_file(settings.database_url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.with_name(path.name + SWAPPING).exists():
            raise Misconfigured("database_url", f"putting back a backup of {path} was broken off; restore it again")
    engine = writing_engine(settings.database_url)
    at = revision(engine)
    if at is not None and at not in known():
        raise Misconfigured(
            "database_url", f"its tables are at {at}, newer than this program; install the newer program"
        )
    upgrade(engine)
    return engine


def transactions_on(
    engine: Engine, clock: Clock, ids: Callable[[], str], on_jump: OnJump, precedence: Precedence | None = None
) -> Owned:
    """Units of work as this database wants them: one writer for SQLite, a pool for PostgreSQL."""
    if engine.dialect.name == "sqlite":
        return WriterTransactions(engine, clock, ids, on_jump=on_jump, precedence=precedence)
    return PooledTransactions(engine, clock, ids, on_jump=on_jump)


def _make_folder(folder: Path, *, key: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        cure = "Choose another, or give the right to make it."
        raise Misconfigured(key, f"the folder {folder} cannot be made: {failure.strerror}. {cure}") from None


class Ownership:
    """
    On SQLite one process owns the file, by a lock the system takes back when the process dies.

    On PostgreSQL any number may own it, and this does nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._lock: FileLock | None = None
        if is_sqlite(settings.database_url):
            path = sqlite_file(settings.database_url)
            assert path is not None
            _make_folder(settings.home, key="home")
            _make_folder(path.parent, key="database_url")
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
