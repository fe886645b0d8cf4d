"""
The file under the spool: every change durable or not made, also where the disk is full, or the file gone or damaged.

SQLite keeps it, with `synchronous=FULL`. Its log has a checksum for every page, and a tail torn by a power cut is cut
off at the last whole commit (https://www.sqlite.org/wal.html#walformat).
"""

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog

from dispatch.clock import Clock
from dispatch.store.database import sqlite_module

RESERVE_BYTES = 1024 * 1024
"""Set aside on disk, and let go when the disk is full, so that there is room to write down what is heard."""

T = TypeVar("T")
Connect = Callable[[Path], Any]
"""Opens the file: a connection of Python's database interface, in autocommit."""

_log = structlog.get_logger()


class SpoolBroken(Exception):
    """The file cannot be read or written for now; nothing was kept of what was to be kept."""


class SpoolFile:
    """
    One file, one process, several threads.

    Promises: what `durably` has returned from survives a power cut, unless the file had to be kept `elsewhere`, in a
    folder that may not. A file that was deleted under us is written anew from what is still open; one that cannot be
    read is set aside, never emptied.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        make: Callable[[Any], None],
        give_up: Callable[[Any], int],
        limit_bytes: int,
        connect: Connect | None,
        refuge: Path | None,
        salvage: Callable[[Path], None],
    ) -> None:
        """
        `make` makes the tables where there are none; `give_up` deletes a chunk of what may be given up and says how
        many records that were; above `limit_bytes` it is called until there is room or nothing left to give up.
        `salvage` is given a file that was found damaged while it was in use, and set aside.
        `refuge` is where the file is kept while it cannot be kept at `path`: to hear without power-proof memory is
        better than not to hear.

        Raises:
            SpoolBroken: the file can be opened at neither place.
        """
        self.path = path
        self.set_aside: Path | None = None
        self._home, self._refuge = path, refuge
        self._clock = clock
        self._make = make
        self._give_up = give_up
        self._salvage = salvage
        self._limit_bytes = limit_bytes
        self._connect = connect or open_file
        self._lock = threading.RLock()
        self._inode: tuple[int, int] | None = None
        self._connection: Any = None
        self._begin()
        self.reserve()

    @property
    def elsewhere(self) -> bool:
        """Whether it is kept in the refuge for now."""
        return self.path != self._home

    def read(self, question: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of an answer. Raises `SpoolBroken` when there is none."""
        with self._lock:
            try:
                return list(self._opened().execute(question, values).fetchall())
            except sqlite_module().Error as error:
                if _is_damage(error):
                    self._begin_again()
                raise SpoolBroken(str(error)) from error

    def durably(self, work: Callable[[Any], T]) -> T:
        """
        Runs the work on the connection, in a transaction of its own; returns when it is on disk.

        Raises:
            SpoolBroken: it is not, and nothing of it is.
        """
        with self._lock:
            try:
                self._opened()
                if self._inode != self._inode_now():
                    self._renew(self.path)
                return self._transact(work)
            except _refusals() as error:
                if "full" in str(error):
                    return self._in_the_reserve(work)
                self._begin_again() if _is_damage(error) else self._distrust()
                raise SpoolBroken(str(error)) from error

    def look(self) -> None:
        """
        Writes the file anew if somebody has deleted it: until then what is in it outlives no power cut.

        Raises:
            SpoolBroken: it cannot be written.
        """
        with self._lock:
            if self._connection is None or self._inode == self._inode_now():
                return
            try:
                self._renew(self.path)
            except _refusals() as error:
                raise SpoolBroken(str(error)) from error

    def used(self) -> int:
        """Bytes in use; what was deleted is used again."""
        return sum(pages * size for pages, size in self.read(_USED))

    def reserve(self) -> None:
        """Sets room aside, in real blocks; on a disk that is full there is nothing to set aside."""
        self.come_home()
        with contextlib.suppress(OSError), self._reserved.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    # ------------------------------------------------------------------------------------------------ one transaction

    def _transact(self, work: Callable[[Any], T]) -> T:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(connection)
            while self.used() > self._limit_bytes and self._give_up(connection):
                pass
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite_module().Error):
                connection.execute("ROLLBACK")
            raise
        return done

    def _in_the_reserve(self, work: Callable[[Any], T]) -> T:
        """The disk is full. The reserve goes first, because giving something up needs room to be written down."""
        self._reserved.unlink(missing_ok=True)
        _log.error("spool_full", path=str(self.path))
        try:
            self._transact(self._give_up)
            return self._transact(work)
        except _refusals() as error:
            if self._refuge is not None:
                with contextlib.suppress(*_refusals()):
                    self._renew(self._refuge)
            raise SpoolBroken(str(error)) from error

    @property
    def _reserved(self) -> Path:
        return self.path.with_name(f"{self.path.name}.reserve")

    # ------------------------------------------------------------------------------------------------ gone or damaged

    def _opened(self) -> Any:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _begin(self) -> None:
        """What lies in the refuge is newer than what lies at home: it was put there when home could not be written."""
        if self._refuge is not None and self._refuge.exists():
            self.path = self._refuge
        try:
            self._connection = self._open()
        except SpoolBroken:
            if self._refuge is None or self.elsewhere:
                raise
            self._flee()
        self.come_home()

    def come_home(self) -> None:
        """Tries to keep it again where it belongs; does nothing where it is."""
        if self.elsewhere:
            with contextlib.suppress(*_refusals()):
                self._renew(self._home)

    def _distrust(self) -> None:
        """
        After a write that failed nobody knows what is on disk, and asking again does not tell (a failed sync is not
        repeated by the kernel): a fresh file, written whole, is certain. Here if possible, else in the refuge.
        """
        for path in (self.path, self._refuge):
            if path is not None:
                with contextlib.suppress(*_refusals()):
                    self._renew(path)
                    return
        if self._refuge is not None and not self.elsewhere:
            with contextlib.suppress(SpoolBroken):
                self._flee()

    def _begin_again(self) -> None:
        """What is on disk makes no sense any more. Looked at anew, it is well or is set aside with what is in it."""
        before = self.set_aside
        with contextlib.suppress(sqlite_module().Error):
            self._connection.close()
        self._connection = None
        self._connection = self._open()
        if self.set_aside is not None and self.set_aside != before:
            self._salvage(self.set_aside)

    def _flee(self) -> None:
        """Nothing can be read any more: an empty file in the refuge, under an epoch of its own."""
        assert self._refuge is not None
        self.path, self._connection = self._refuge, None
        self._connection = self._open()
        _log.error("spool_elsewhere", path=str(self.path))

    def _renew(self, path: Path) -> None:
        """
        Writes all that is known into a fresh file there and goes on with that: same epoch, same numbers, nothing
        doubled. The old connection still reads a file that was deleted.
        """
        with self._lock:
            fresh = path.with_name(f"{path.name}.fresh")
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            self._opened().execute("VACUUM INTO ?", (str(fresh),))
            _sync(fresh)
            # Closing takes the log beside the old file away by its name; that comes before the new file has one.
            self._connection.close()
            self._connection = None
            _leave_log(path)
            fresh.replace(path)
            _sync(path.parent)
            before, self.path = self.path, path
            self._connection = self._open()
            if before == self._refuge != path:
                _leave_log(before)
                before.unlink(missing_ok=True)
            _log.error("spool_renewed", path=str(path))

    def _open(self) -> Any:
        """The file, its tables made if it is new; one that is damaged is set aside and a new one begun."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._opened_whole()
            except sqlite_module().OperationalError:
                raise
            except sqlite_module().DatabaseError as error:
                self._set_aside(str(error))
            return self._opened_whole()
        except _refusals() as error:
            raise SpoolBroken(str(error)) from error

    def _opened_whole(self) -> Any:
        connection = self._connect(self.path)
        try:
            self._make(connection)
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            if found != "ok":
                raise sqlite_module().DatabaseError(found)
        except BaseException:
            connection.close()
            raise
        self._inode = self._inode_now()
        return connection

    def _set_aside(self, reason: str) -> None:
        self.set_aside = self.path.with_name(f"{self.path.name}.bad-{self._clock.now():%Y%m%dT%H%M%S}")
        self.path.replace(self.set_aside)
        _leave_log(self.path)
        _log.error("spool_set_aside", path=str(self.set_aside), reason=reason)

    def _inode_now(self) -> tuple[int, int] | None:
        try:
            seen = self.path.stat()
        except FileNotFoundError:
            return None
        return seen.st_dev, seen.st_ino


def open_file(path: Path, *, read_only: bool = False) -> Any:
    """A connection in autocommit that loses nothing it has committed."""
    if read_only:
        connection = sqlite_module().connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
        connection.text_factory = _text
        return connection
    connection = sqlite_module().connect(str(path), isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.text_factory = _text
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "journal_size_limit = 4194304"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _text(found: bytes) -> str:
    """Of one text that the disk has changed every row of an answer would be refused; its checksum tells it instead."""
    return found.decode("utf-8", "replace")


_USED = """
SELECT page_count - freelist_count, page_size FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()
"""


def _refusals() -> tuple[type[Exception], ...]:
    """What the database and the folder refuse with, and what we made of it."""
    return (sqlite_module().Error, OSError, SpoolBroken)


def _is_damage(error: Exception) -> bool:
    """Of all that a database refuses with, that its file is none or is malformed."""
    return type(error) is sqlite_module().DatabaseError


def _leave_log(path: Path) -> None:
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    line = os.open(path, os.O_RDONLY)
    try:
        os.fsync(line)
    finally:
        os.close(line)
