"""
Units of work: the only way anything is written.

A unit of work is a function handed to `run`. It is run inside a transaction and a savepoint of its own, and its
result is given back to the caller once it is durable. Its rules:

* it may run again, so the time and new ids come from `tx`;
* no network, no serial line, no sleeping, no password hashing inside; nothing over 50 ms;
* it holds the home first (`tx.hold`), before it looks at alarms;
* acknowledging, nudging and telling the stream are the caller's, after `run` has returned.

On SQLite one thread at a time has the one writing connection, with three lanes: presses and whom to ask for them,
before other emergencies (replies, receipts, what a provider said), before bulk (heartbeats, supervision, imports). On
PostgreSQL the caller's thread takes a connection from a pool and the row lock of `hold` does what the one writer did.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from dispatch.clock import Clock, Instant, jump_s
from dispatch.errors import Busy
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store import record
from dispatch.store.bell import ring
from dispatch.store.database import POOL_WAIT_S, WRITING, savepoint

RETRIES_MAX = 5
"""On PostgreSQL a unit that lost a race (class 40) is run again this often."""

JUMP_S = 2.0
"""A step of the wall clock larger than this is recorded and mended; PROMISES, I12."""

T = TypeVar("T")
log = structlog.get_logger()


class Lane(Enum):
    """Which queue a unit of work waits in."""

    PRESS = "press"
    EMERGENCY = "emergency"
    BULK = "bulk"


PLACES = {Lane.EMERGENCY: WRITING // 2, Lane.BULK: WRITING // 4}
"""On PostgreSQL: how many units of these lanes hold a connection at once; presses have the rest, and what is free."""

LANE_WAIT_S = {Lane.EMERGENCY: float(POOL_WAIT_S), Lane.BULK: 12.0 * POOL_WAIT_S}
"""So long they wait for a place."""


class Tx:
    """One unit of work as the work sees it: the connection, the time, new ids, the log, and what is held."""

    def __init__(self, connection: Connection, instant: Instant, ids: Callable[[], str]) -> None:
        self.connection = connection
        self.instant = instant
        self.now = instant.wall
        self.new_id = ids
        self.held: set[str] = set()
        self.lines: list[Line] = []

    def log(self, *lines: Line) -> None:
        """These lines join the response log when the unit commits."""
        self.lines.extend(lines)

    def hold(self, subject: str) -> None:
        """
        Nobody else decides about this home (or homeless device) until the unit is over.

        Marks the transaction on every database, so that a forgotten hold shows on SQLite too.
        """
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(_HOLD, {"subject": subject})
        self.held.add(subject)


_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")

Work = Callable[[Tx], T]


class Transactions(Protocol):
    """Who runs units of work."""

    def run(self, work: Work[T], *, lane: Lane = Lane.EMERGENCY) -> T:
        """
        Runs the work durably and returns what it returned.

        Raises:
            Busy: it did not come to its turn in time.
            Exception: whatever the work raised; then nothing of it was kept.
        """
        ...


OnJump = Callable[[Tx, float], None]


class Units:
    """What both kinds share: running one unit in a savepoint, its log at the end, and an eye on the clock."""

    def __init__(self, clock: Clock, ids: Callable[[], str], on_jump: OnJump | None) -> None:
        self._clock = clock
        self._ids = ids
        self._on_jump = on_jump
        self._last: Instant | None = None
        # Whoever writes alone knows the head of the record without asking; anybody else must lock it and look.
        self._alone = False
        self._head: record.Head | None = None
        # The clock as the record tells it: from which entry on this process reads it, and how far it was moved since.
        self._from, self._told_s = 0, 0.0

    def unit(self, connection: Connection, work: Work[T]) -> T:
        """One unit that has the transaction to itself: if it raises, the transaction goes with it."""
        # The instant is the one `mend_clock` has judged, so that a clock set after it is not used before it is told.
        tx = Tx(connection, self._last or self._clock.look(), self._ids)
        result = work(tx)
        if tx.lines:
            head = self._head if self._alone else None
            self._head = record.append(connection, tx.lines, tx.instant, self._clock.look, head)
        return result

    def saved_unit(self, connection: Connection, work: Work[T]) -> T:
        """One unit among others in a transaction: if it raises, its savepoint takes it back and the others go on."""
        with self.head_in_doubt(), savepoint(connection):
            return self.unit(connection, work)

    @contextmanager
    def head_in_doubt(self) -> Iterator[None]:
        """
        Whatever raises here leaves the head of the record to be looked up: it may have failed because somebody else
        wrote to the file, against every rule, and a head believed in after that would refuse every alarm to come.
        """
        try:
            yield
        except BaseException:
            self._head = None
            raise

    def mend_clock(self, connection: Connection) -> None:
        """
        Notices that somebody moved the wall clock since the last look, before anything new is written with it.

        Set back, every waiting row is moved back by as much, so that nothing is delayed; set forward, rows fall due
        early. Either is an entry in the record. Committed by itself, so that no unit refused afterwards takes it back.
        """
        instant = self._clock.look()
        if self._last is None:
            self._last, self._from = _newest(connection) or (instant, 0)
        before, self._last = self._last, instant
        moved_s = moved(before, instant)
        if abs(moved_s) > JUMP_S:
            log.warning("clock_jumped", seconds=round(moved_s, 3))
            try:
                with connection.begin():
                    told_s = self.unit(connection, lambda tx: self._jumped(tx, moved_s))
            except BaseException:
                self._last = before
                raise
            self._told_s = told_s

    def _jumped(self, tx: Tx, moved_s: float) -> float:
        """
        Mends by as much as nobody else has: several processes on one machine see the same clock set, and what waits is
        moved once. Gives back by how much the record says the clock was moved since this process began.
        """
        tx.hold("clock")
        told_s = record.moved_s(tx.connection, after=self._from, boot=tx.instant.boot)
        left_s = moved_s - (told_s - self._told_s)
        if abs(left_s) <= JUMP_S:
            return told_s
        milliseconds = round(left_s * 1000)
        tx.log(Line(kind="clock_jumped", by=SERVICE, facts={"milliseconds": milliseconds}))
        if self._on_jump is not None:
            self._on_jump(tx, left_s)
        return told_s + milliseconds / 1000


def moved(before: Instant, after: Instant) -> float:
    """
    Seconds by which the wall clock was certainly moved between two looks.

    Over a restart of the machine steady time says nothing; but a clock that shows less than what is already on file was
    set back by at least the difference.
    """
    if before.boot == after.boot:
        return jump_s(before, after)
    return min(0.0, (after.wall - before.wall).total_seconds())


def _newest(connection: Connection) -> tuple[Instant, int] | None:
    """When the newest entry of the record was written, and its number: what who starts knows of the clock before."""
    with connection.begin():
        entry = record.newest(connection)
    if entry is None:
        return None
    return Instant(wall=entry.at, steady_s=entry.steady_us / 1_000_000, boot=entry.boot), entry.number


class SerialTransactions(Units):
    """
    Runs each unit at once in the caller's thread, one commit each: for commands, tests and the simulation.

    `before_commit` is where a simulation may crash.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        ids: Callable[[], str],
        *,
        on_jump: OnJump | None = None,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock, ids, on_jump)
        self._alone = engine.dialect.name == "sqlite"
        self._connection = engine.connect()
        self._before_commit = before_commit
        self._lock = threading.RLock()
        self._running = False

    def run(self, work: Work[T], *, lane: Lane = Lane.EMERGENCY) -> T:
        with self._lock:
            assert not self._running, "run inside a unit of work"
            self._running = True
            try:
                self.mend_clock(self._connection)
                with self._connection.begin():
                    result = self.unit(self._connection, work)
                    self._before_commit()
                return result
            except BaseException:
                self._head = None
                raise
            finally:
                self._running = False

    def close(self) -> None:
        # Whoever works in another thread comes to an end first.
        with self._lock:
            self._connection.close()


class PooledTransactions(Units):
    """
    PostgreSQL: each caller takes a connection; units that lost a race are run again.

    Presses find a connection whatever else there is to do: the others may hold so many of the pool at once and no more.
    """

    def __init__(self, engine: Engine, clock: Clock, ids: Callable[[], str], *, on_jump: OnJump | None = None) -> None:
        super().__init__(clock, ids, on_jump)
        self._engine = engine
        self._clock_lock = threading.Lock()
        self._places = {lane: threading.BoundedSemaphore(places) for lane, places in PLACES.items()}

    def run(self, work: Work[T], *, lane: Lane = Lane.EMERGENCY) -> T:
        with self._place(lane):
            return self._run(work, lane)

    @contextmanager
    def _place(self, lane: Lane) -> Iterator[None]:
        places = self._places.get(lane)
        if places is None:
            yield
            return
        if not places.acquire(timeout=LANE_WAIT_S[lane]):
            raise Busy("the database is busy; try again")
        try:
            yield
        finally:
            places.release()

    def _run(self, work: Work[T], lane: Lane) -> T:
        for attempt in range(RETRIES_MAX):
            try:
                with self._engine.connect() as connection:
                    with self._clock_lock:
                        self.mend_clock(connection)
                    with connection.begin():
                        result = self._steadily(connection, work)
                        if lane is not Lane.BULK:
                            ring(connection)
                        return result
            except (OperationalError, _ClockSet) as error:
                if attempt + 1 == RETRIES_MAX or not _lost_race(error):
                    raise
        raise AssertionError("unreachable")

    def _steadily(self, connection: Connection, work: Work[T]) -> T:
        """
        One unit in which nobody set the clock: otherwise what it wrote would wait by the clock of before, unseen by
        whoever mends what waits, and its entries would stand in the record before the one that tells of it.
        """
        before = self._last
        result = self.unit(connection, work)
        if before is not None and abs(moved(before, self._clock.look())) > JUMP_S:
            raise _ClockSet
        return result

    def waiting(self) -> int:
        return 0

    def urgent(self) -> int:
        """Nobody waits for another's unit but for the rows that both hold."""
        return 0

    def close(self) -> None:
        self._engine.dispose()


class _ClockSet(Exception):
    """The clock was set while the unit ran: it is run again."""


def _lost_race(error: OperationalError | _ClockSet) -> bool:
    return isinstance(error, _ClockSet) or str(getattr(error.orig, "sqlstate", "") or "").startswith("40")
