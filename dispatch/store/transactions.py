"""
Units of work: the only way anything is written.

A unit of work is a function handed to `run`. It is run inside a transaction and a savepoint of its own, and its
result is given back to the caller once it is durable. Its rules:

* it may run again, so the time and new ids come from `tx`;
* no network, no serial line, no sleeping, no password hashing inside; nothing over 50 ms;
* it holds the home first (`tx.hold`), before it looks at alarms;
* acknowledging, nudging and telling the stream are the caller's, after `run` has returned.

On SQLite one thread at a time has the one writing connection, with two lanes: emergencies (presses, replies, wakes,
receipts) before bulk (heartbeats, supervision, imports). On PostgreSQL the caller's thread takes a connection from a
pool and the row lock of `hold` does what the single writer did.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from dispatch.clock import Clock, Instant, jump_s
from dispatch.errors import Busy
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store import record

EMERGENCY_BATCH_MAX = 32
"""So many emergency units share one commit at most; then a bulk batch may pass."""

BULK_WAIT_S = 0.2
"""Bulk that has waited so long is let in after the next commit, so that a stream of emergencies never starves it."""

RETRIES_MAX = 5
"""On PostgreSQL a unit that lost a race (class 40) is run again this often."""

CALLER_WAIT_S = 5.0
"""A caller gives up after this time; the unit may still be done, and an idempotency key finds its result."""

JUMP_S = 2.0
"""A step of the wall clock larger than this is recorded and mended; PROMISES, I12."""

T = TypeVar("T")
log = structlog.get_logger()


class Lane(Enum):
    """Which queue a unit of work waits in."""

    EMERGENCY = "emergency"
    BULK = "bulk"


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
            Busy: it did not come to its turn within `CALLER_WAIT_S`.
            Exception: whatever the work raised; then nothing of it was kept.
        """
        ...


OnJump = Callable[[Tx, float], None]


class _Units:
    """What both kinds share: running one unit in a savepoint, its log at the end, and an eye on the clock."""

    def __init__(self, clock: Clock, ids: Callable[[], str], on_jump: OnJump | None) -> None:
        self._clock = clock
        self._ids = ids
        self._on_jump = on_jump
        self._last: Instant | None = None
        # Whoever writes alone knows the head of the record without asking; anybody else must lock it and look.
        self._alone = False
        self._head: record.Head | None = None

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
        head = self._head
        try:
            with connection.begin_nested():
                return self.unit(connection, work)
        except BaseException:
            self._head = head
            raise

    def mend_clock(self, connection: Connection) -> None:
        """
        Notices that somebody moved the wall clock since the last look, before anything new is written with it.

        Set back, every waiting row is moved back by as much, so that nothing is delayed; set forward, rows fall due
        early. Either is an entry in the record. Committed by itself, so that no unit refused afterwards takes it back.
        """
        instant = self._clock.look()
        if self._last is None:
            self._last = _newest(connection) or instant
        before, self._last = self._last, instant
        moved_s = moved(before, instant)
        if abs(moved_s) > JUMP_S:
            log.warning("clock_jumped", seconds=round(moved_s, 3))
            try:
                with connection.begin():
                    self.unit(connection, lambda tx: self._jumped(tx, moved_s))
            except BaseException:
                self._last = before
                raise

    def _jumped(self, tx: Tx, moved_s: float) -> None:
        tx.log(Line(kind="clock_jumped", by=SERVICE, facts={"milliseconds": round(moved_s * 1000)}))
        if self._on_jump is not None:
            self._on_jump(tx, moved_s)


def moved(before: Instant, after: Instant) -> float:
    """
    Seconds by which the wall clock was certainly moved between two looks.

    Over a restart of the machine steady time says nothing; but a clock that shows less than what is already on file was
    set back by at least the difference.
    """
    if before.boot == after.boot:
        return jump_s(before, after)
    return min(0.0, (after.wall - before.wall).total_seconds())


def _newest(connection: Connection) -> Instant | None:
    """When the newest entry of the record was written: what a service that starts knows of the clock before it."""
    with connection.begin():
        entry = record.newest(connection)
    return None if entry is None else Instant(wall=entry.at, steady_s=entry.steady_us / 1_000_000, boot=entry.boot)


class SerialTransactions(_Units):
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
        self._connection.close()


class WriterTransactions(_Units):
    """
    SQLite's writer: one connection, two lanes, one leader at a time.

    Who finds nobody leading runs the next batch, its own unit in it, in its own thread: a press in a quiet house waits
    for no other thread. Whatever has come meanwhile is left to the writer thread, so that nobody works for the others
    for longer than one commit.
    """

    def __init__(self, engine: Engine, clock: Clock, ids: Callable[[], str], *, on_jump: OnJump | None = None) -> None:
        super().__init__(clock, ids, on_jump)
        self._alone = True
        self._engine = engine
        self._connection: Connection | None = None
        self._lanes: dict[Lane, deque[tuple[Work[Any], Future[Any]]]] = {lane: deque() for lane in Lane}
        self._ready = threading.Condition()
        self._leader: int | None = None
        self._stopping = False
        self._bulk_s = 0.0
        self.beats = 0
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    def run(self, work: Work[T], *, lane: Lane = Lane.EMERGENCY) -> T:
        assert threading.get_ident() != self._leader, "run inside a unit of work"
        future: Future[T] = Future()
        with self._ready:
            if self._stopping:
                raise Busy("the service is stopping")
            self._lanes[lane].append((work, future))
            leads = self._leader is None
            if leads:
                self._leader = threading.get_ident()
        if leads:
            self._lead()
        try:
            return future.result(CALLER_WAIT_S if lane is Lane.EMERGENCY else 12 * CALLER_WAIT_S)
        except TimeoutError:
            if not future.done():
                raise Busy("the database is busy; try again") from None
            raise

    def waiting(self) -> int:
        """How many units wait, for the health page."""
        return sum(len(lane) for lane in self._lanes.values())

    def close(self) -> None:
        """Finishes what waits, stops the thread and gives the connection back."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def _write(self) -> None:
        while self._wait_to_lead():
            self._lead()

    def _wait_to_lead(self) -> bool:
        """Until there is something to do and nobody does it; False when it is time to end."""
        with self._ready:
            while self._leader is not None or not any(self._lanes.values()):
                if self._stopping and self._leader is None:
                    return False
                self._ready.wait()
            self._leader = threading.get_ident()
            return True

    def _lead(self) -> None:
        """One batch. Whoever leads may catch everything, because a writer that stops would silence the house."""
        batch: list[tuple[Work[Any], Future[Any]]] = []
        try:
            batch = self._next()
            self._commit(self._open(), batch)
            self.beats += 1
        except BaseException as error:
            self._throw_away()
            log.exception("commit_failed", units=len(batch))
            _fail(batch, error)
            if not isinstance(error, Exception):
                raise
        finally:
            with self._ready:
                self._leader = None
                if self._stopping or any(self._lanes.values()):
                    self._ready.notify()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _throw_away(self) -> None:
        """A connection that failed goes, with whatever it had open; the next batch takes a fresh one."""
        self._head = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _next(self) -> list[tuple[Work[Any], Future[Any]]]:
        with self._ready:
            emergency = _take(self._lanes[Lane.EMERGENCY], EMERGENCY_BATCH_MAX)
            now_s = self._clock.look().steady_s
            let_in = not emergency or now_s - self._bulk_s > BULK_WAIT_S
            # Bulk units carry many rows each: one to a commit, so that a press waits for no more than that.
            bulk = _take(self._lanes[Lane.BULK], 1) if let_in else []
            if bulk or not self._lanes[Lane.BULK]:
                self._bulk_s = now_s
            return emergency + bulk

    def _commit(self, connection: Connection, batch: list[tuple[Work[Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, Exception | None]] = []
        self.mend_clock(connection)
        with connection.begin() as transaction:
            for work, future in batch:
                try:
                    outcomes.append((future, self._one(connection, work, among=len(batch)), None))
                except Exception as error:  # noqa: BLE001 - handed to the unit's own caller
                    outcomes.append((future, None, error))
            if len(batch) == 1 and outcomes[0][2] is not None:
                transaction.rollback()
        for future, result, failure in outcomes:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    def _one(self, connection: Connection, work: Work[T], *, among: int) -> T:
        """
        A unit among others has a savepoint: if it raises, that is rolled back and its neighbours go on. One alone does
        without, because the transaction is its own.
        """
        if among > 1:
            return self.saved_unit(connection, work)
        head = self._head
        try:
            return self.unit(connection, work)
        except BaseException:
            self._head = head
            raise


def _take(lane: deque[tuple[Work[Any], Future[Any]]], most: int) -> list[tuple[Work[Any], Future[Any]]]:
    return [lane.popleft() for _ in range(min(most, len(lane)))]


def _fail(batch: list[tuple[Work[Any], Future[Any]]], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)


class PooledTransactions(_Units):
    """PostgreSQL: each caller takes a connection; units that lost a race are run again."""

    def __init__(self, engine: Engine, clock: Clock, ids: Callable[[], str], *, on_jump: OnJump | None = None) -> None:
        super().__init__(clock, ids, on_jump)
        self._engine = engine
        self._clock_lock = threading.Lock()

    def run(self, work: Work[T], *, lane: Lane = Lane.EMERGENCY) -> T:
        for attempt in range(RETRIES_MAX):
            try:
                with self._engine.connect() as connection:
                    with self._clock_lock:
                        self.mend_clock(connection)
                    with connection.begin():
                        return self.unit(connection, work)
            except OperationalError as error:
                if attempt + 1 == RETRIES_MAX or not _lost_race(error):
                    raise
        raise AssertionError("unreachable")

    def waiting(self) -> int:
        return 0

    def close(self) -> None:
        self._engine.dispose()


def _lost_race(error: OperationalError) -> bool:
    return str(getattr(error.orig, "sqlstate", "") or "").startswith("40")
