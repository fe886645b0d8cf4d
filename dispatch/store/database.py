"""
The database underneath: one metadata, one type for instants, engines with the settings that durability needs.

SQLite is the embedded default, PostgreSQL the city's. SQLite gets WAL and `synchronous=FULL` (with NORMAL, 80 % of
simulated power cuts lost acknowledged commits; PROMISES, section 1), and pysqlite3 where its wheel exists, because
SQLite before 3.51.3 can corrupt a WAL file when several connections write and checkpoint.
"""

import importlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, MetaData, TypeDecorator, create_engine, event, inspect, text
from sqlalchemy import Connection as Connection
from sqlalchemy import Engine as Engine
from sqlalchemy import Table as Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import Text

from dispatch.errors import Misconfigured

SQLITE_SAFE = (3, 51, 3)
"""The first SQLite release without the WAL-reset race (release notes of 3.51.3)."""

WRITER_CACHE = "-65536"
"""KiB of pages that the one writer keeps at hand, as `PRAGMA cache_size` has it; by itself SQLite keeps 2,000."""

WRITTEN_BACK_AT = "4000"
"""
Pages in the write-ahead log from which a commit writes them back, 16 MB; by itself SQLite does at 1,000. What is
written to again and again is written back once. Of 10,000 commits of presses the slowest hundredth took 4.4 ms, and
1.3 so; the slowest of all 6 to 11, and 26 (docs/adr/0112).
"""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

WRITING, READING = 12, 16
"""
Connections to PostgreSQL that one engine keeps for units of work and for pages at most; one more listens.

The record gives its numbers to one unit after the other, so that more of them at once only wait, each with a connection
of a server that allows a hundred to all (`max_connections`): three engines of this size find room.
"""

POOL_WAIT_S = 5
"""So long a unit waits for one of them; after it the caller is told to come again, as by a busy writer on SQLite."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC instant of `to_us`."""
    return _EPOCH + timedelta(microseconds=us)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as integer microseconds since 1970 UTC: ordered, exact, the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_us(value)


class Json(TypeDecorator[Any]):
    """A plain value, or a dataclass of such, as JSON text, with Chinese left readable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


def sqlite_module() -> ModuleType:
    """pysqlite3 where its wheel exists (it carries a current SQLite), else the standard module."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")


def writing_engine(url: str, *, synchronous: str = "FULL") -> Engine:
    """An engine that may write. On SQLite every transaction begins with BEGIN IMMEDIATE."""
    if not is_sqlite(url):
        return _pooled_engine(url, WRITING)
    # What is erased is overwritten at once, so that no free page keeps it (sqlite.org/pragma.html, secure_delete).
    pragmas = {
        "synchronous": synchronous,
        "cache_size": WRITER_CACHE,
        "secure_delete": "ON",
        "wal_autocheckpoint": WRITTEN_BACK_AT,
    }
    return _sqlite_engine(url, pragmas, begin="BEGIN IMMEDIATE")


def reading_engine(url: str) -> Engine:
    """An engine that only reads, for pages and predicates; on SQLite beside the writer, never in its way."""
    if not is_sqlite(url):
        return _pooled_engine(url, READING)
    return _sqlite_engine(url, {"query_only": "ON"}, begin=None)


def _pooled_engine(url: str, connections: int) -> Engine:
    # SQLAlchemy 2.1 says -1 of an INSERT otherwise, and whoever asks whether a row is new is told that it is not.
    options = {"preserve_rowcount": True}
    kept, more = connections // 2, connections - connections // 2
    try:
        return create_engine(
            url,
            pool_size=kept,
            max_overflow=more,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=True,
            execution_options=options,
        )
    except ModuleNotFoundError as lacking:
        cure = "Install it with `.venv/bin/pip install 'psycopg[binary]'`, or use SQLite."
        raise Misconfigured("database_url", f"PostgreSQL needs the driver {lacking.name}. {cure}") from None


def sweep(engine: Engine) -> bool:
    """
    On SQLite: what the write-ahead log still holds of older pages is gone; False where a reader was in the way.

    Nobody waits for it longer than a moment: while it does, an alarm would. PostgreSQL overwrites at its own vacuum.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        for pragma in ("query_only=OFF", "busy_timeout=50"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        for pragma in ("query_only=ON", "busy_timeout=5000"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
    return busy == 0


def vacuum(url: str) -> None:
    """Writes an SQLite file anew, without what was deleted before deleting overwrote; nobody else may have it open."""
    engine = writing_engine(url)
    if engine.dialect.name == "sqlite":
        connection: Any = engine.raw_connection()
        connection.driver_connection.execute("VACUUM")
        connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    engine.dispose()


def kept_revision(engine: Engine) -> str | None:
    """Which migration the tables are at, as Alembic keeps it; None for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for any other."""
    parsed = make_url(url)
    return Path(parsed.database or "anling.db") if parsed.get_backend_name() == "sqlite" else None


def _sqlite_engine(url: str, pragmas: Mapping[str, str], *, begin: str | None) -> Engine:
    """`begin` starts a transaction; None leaves each statement its own, which is all that reading needs."""
    engine = create_engine(
        url, module=sqlite_module(), pool_size=20, max_overflow=40, connect_args={"cached_statements": 512}
    )
    settings = {"journal_mode": "WAL", "foreign_keys": "ON", "busy_timeout": "5000", **pragmas}
    if "query_only" in pragmas:
        del settings["journal_mode"]

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one.
        for name, value in settings.items():
            connection.execute(f"PRAGMA {name}={value}")

    if begin is not None:
        statement = begin

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            _run(connection, statement)

    return engine


def connect_by(engine: Engine, connection_class: type[Any], **pragmas: str) -> None:
    """From its next connection on the engine uses this class of the driver's, with these settings: for a simulation."""

    @event.listens_for(engine, "do_connect")
    def _choose(_dialect: Any, _record: Any, _arguments: Any, values: dict[str, Any]) -> None:
        values["factory"] = connection_class

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _: Any) -> None:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """
    What is done inside is taken back if it raises, and the transaction goes on.

    By the driver alone: SQLAlchemy's own takes a tenth of a millisecond, and each alarm passes several.

    Raises:
        TransactionLost: there is no transaction left to go on with.
    """
    _run(connection, "SAVEPOINT part")
    try:
        yield
    except BaseException:
        refuse_lost(connection)
        _run(connection, "ROLLBACK TO SAVEPOINT part")
        _run(connection, "RELEASE SAVEPOINT part")
        raise
    _run(connection, "RELEASE SAVEPOINT part")


class TransactionLost(Exception):
    """The database took a transaction back by itself. Units that shared it may each be run again."""


def refuse_lost(connection: Connection) -> None:
    """
    On a full disk, a read error or want of memory SQLite takes the whole transaction back by itself: then what was
    done before is not kept, and whatever follows would run without one. PostgreSQL refuses the rest on its own.

    Raises:
        TransactionLost: nothing of it is kept.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and not driver.in_transaction:
        raise TransactionLost("the database took the transaction back; nothing of it is kept")


SQLITE_PASSING = frozenset({5, 6, 8, 10, 13, 14, 15})
"""
Result codes of SQLite (sqlite.org/rescode.html) that tell of the machine and not of the statement: busy, locked,
read-only, input or output failed, full, cannot open, locking protocol. Somebody ends them, and then the same works.
"""

_READ_ONLY = "25006"
"""PostgreSQL refuses to write, as a standby does until it is promoted (Appendix A of its manual)."""


def is_passing(error: BaseException) -> bool:
    """
    Whether the database keeps nothing for now, whatever it is told: held by another program, full, write-protected,
    gone, or out of connections. A statement that is wrong fails again however often it is repeated, and is not meant.
    """
    if isinstance(error, TransactionLost | PoolEmpty):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        # Extended codes have the plain one in their lowest byte.
        return code & 0xFF in SQLITE_PASSING
    state = getattr(error.orig, "sqlstate", None)
    of_the_server = isinstance(error, OperationalError | InterfaceError) and hasattr(error.orig, "sqlstate")
    return error.connection_invalidated or of_the_server or state == _READ_ONLY


def _run(connection: Connection, statement: str) -> None:
    """
    A statement without values, by the driver alone.

    Raises:
        DBAPIError: what SQLAlchemy itself would raise, by which everybody knows a database that does not work: its own
            events hand on what the driver says.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    except connection.dialect.loaded_dbapi.Error as error:
        raise told_of(error, connection.dialect, statement) from error
    finally:
        cursor.close()


def told_of(error: Exception, dialect: Dialect, sql: str) -> BaseException:
    """What the driver raised, as SQLAlchemy tells it."""
    return DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def insert_once(table: Table, connection: Connection) -> Insert:
    """An INSERT that leaves a row alone whose unique key is there already: what must happen once happens once."""
    return _insert_once(table, connection.dialect.name)


@cache
def _insert_once(table: Table, dialect: str) -> Insert:
    # Built once: making a statement anew costs more than running it.
    statement: Insert = insert_into(table, dialect).on_conflict_do_nothing()
    return statement


def insert_into(table: Table, dialect: str) -> Any:
    """An INSERT that may say what happens on a conflict, in the words of this kind of database."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    # Whoever keeps everything in a file does not wait at each start for what it takes to speak with a server.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def upsert(
    table: Table, connection: Connection, key: str, row: Mapping[str, Any], *, once: Collection[str] = ()
) -> None:
    """Inserts the row, or makes the row with the same key like it; columns in `once` are left as they have become."""
    changed = tuple(column for column in row if column not in {key, "id", *once})
    connection.execute(_upsert(table, connection.dialect.name, key, changed), row)


@cache
def _upsert(table: Table, dialect: str, key: str, changed: tuple[str, ...]) -> Insert:
    statement = insert_into(table, dialect)
    changes = {column: statement.excluded[column] for column in changed}
    built: Insert = statement.on_conflict_do_update(index_elements=[key], set_=changes)
    return built
