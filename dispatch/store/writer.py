"""
SQLite's writer: one connection, three lanes, one leader at a time.

```
  run(work) ──► lane ──► nobody leads? the caller runs one batch ──► commit ──► futures
                  └────► somebody leads: wait; what has gathered by then the writer thread takes
```
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from dispatch.clock import Clock
from dispatch.errors import Busy
from dispatch.store.database import refuse_lost
from dispatch.store.precedence import Precedence
from dispatch.store.transactions import Lane, OnJump, T, Units, Work

EMERGENCY_BATCH_MAX = 32
"""So many units of one lane share one commit at most."""

EMERGENCY_WAIT_S = 0.05
BULK_WAIT_S = 0.2
"""A lane that has waited so long is let in beside the next units of those before it, so that no stream starves it."""

BATCH_S = 0.02
"""
So long, or twice as long as a commit takes, may the emergencies of one commit work, as far as that can be foreseen: a
press that comes meanwhile waits for all of them.
"""

BATCH_MIN, HABIT = 4, 0.2
"""Never fewer than so many; and how much the last commit counts in what is foreseen."""

CALLER_WAIT_S = 5.0
"""
A caller gives up after this time, one of bulk after twelve times as long; the unit may still be done, and an
idempotency key finds its result.
"""

log = structlog.get_logger()


class WriterTransactions(Units):
    """
    SQLite's writer: one connection, three lanes, one leader at a time.

    Who finds nobody leading runs the next batch, its own unit in it, in its own thread: a press in a quiet house waits
    for no other thread. Whatever has come meanwhile is left to the writer thread, so that nobody works for the others
    for longer than one commit.
    """

    def __init__(
        self, engine: Engine, clock: Clock, ids: Callable[[], str], *,
        on_jump: OnJump | None = None, precedence: Precedence | None = None,
    ) -> None:  # fmt: skip
        """`precedence` knows of presses that are between their units: meanwhile few others share a commit."""
        super().__init__(clock, ids, on_jump)
        self._alone = True
        self._precedence = precedence or Precedence(clock)
        self._engine = engine
        self._connection: Connection | None = None
        self._lanes: dict[Lane, deque[tuple[Work[Any], Future[Any]]]] = {lane: deque() for lane in Lane}
        self._ready = threading.Condition()
        self._leader: int | None = None
        self._stopping = False
        self._served_s = dict.fromkeys(Lane, 0.0)
        self._unit_s = self._commit_s = 0.0
        self._beside = 0
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
            return future.result(12 * CALLER_WAIT_S if lane is Lane.BULK else CALLER_WAIT_S)
        except TimeoutError:
            if not future.done():
                raise Busy("the database is busy; try again") from None
            # Its own, or it came to its end in this very moment.
            return future.result()

    def waiting(self) -> int:
        """How many units wait, for the health page."""
        return sum(len(lane) for lane in self._lanes.values())

    def urgent(self) -> int:
        """How many emergencies wait for the unit that runs: a long one looks at it now and then, and makes room."""
        return len(self._lanes[Lane.PRESS]) + len(self._lanes[Lane.EMERGENCY]) + self._beside

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
            now_s = self._clock.look().steady_s
            batch = self._let_in(Lane.PRESS, now_s, most=EMERGENCY_BATCH_MAX)
            batch += self._let_in(Lane.EMERGENCY, now_s, most=self._foreseen(), beside=batch, wait_s=EMERGENCY_WAIT_S)
            # What shares the commit is answered with it.
            self._beside = len(batch)
            # Bulk units carry many rows each: one to a commit, so that a press waits for no more than that.
            return batch + self._let_in(Lane.BULK, now_s, most=1, beside=batch, wait_s=BULK_WAIT_S)

    def _let_in(
        self, lane: Lane, now_s: float, *, most: int, beside: Sequence[object] = (), wait_s: float = 0.0
    ) -> list[tuple[Work[Any], Future[Any]]]:
        """The next of this lane; none while there is something before it, unless it has waited for long enough."""
        may = not beside or now_s - self._served_s[lane] > wait_s
        taken = _take(self._lanes[lane], most) if may else []
        if taken or not self._lanes[lane]:
            self._served_s[lane] = now_s
        return taken

    def _foreseen(self) -> int:
        """
        How many emergencies one commit may hold, by how long they and a commit took lately: as many as are worth a
        commit while a press is on its way, which will be back in a moment.
        """
        least, may_s = (1, 0.0) if self._precedence.busy() else (BATCH_MIN, BATCH_S)
        may_s = max(may_s, 2 * self._commit_s)
        return max(least, min(EMERGENCY_BATCH_MAX, int(may_s / max(self._unit_s, 1e-6))))

    def _learn(self, begun_s: float, done_s: float, many: int) -> None:
        """What to foresee: so many units, none of them bulk, took from `begun_s` to `done_s` and are on disk by now."""
        on_disk_s = self._clock.look().steady_s
        self._unit_s += HABIT * ((done_s - begun_s) / many - self._unit_s)
        self._commit_s += HABIT * (on_disk_s - done_s - self._commit_s)

    def _commit(self, connection: Connection, batch: list[tuple[Work[Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, Exception | None]] = []
        self.mend_clock(connection)
        begun_s = self._clock.look().steady_s
        with connection.begin() as transaction:
            for work, future in batch:
                try:
                    outcomes.append((future, self._one(connection, work, among=len(batch)), None))
                except Exception as error:  # noqa: BLE001 - handed to the unit's own caller
                    outcomes.append((future, None, error))
                refuse_lost(connection)
            if len(batch) == 1 and outcomes[0][2] is not None:
                transaction.rollback()
            done_s = self._clock.look().steady_s
        if len(batch) == self._beside:
            self._learn(begun_s, done_s, len(batch))
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
        with self.head_in_doubt():
            return self.unit(connection, work)


def _take(lane: deque[tuple[Work[Any], Future[Any]]], most: int) -> list[tuple[Work[Any], Future[Any]]]:
    return [lane.popleft() for _ in range(min(most, len(lane)))]


def _fail(batch: list[tuple[Work[Any], Future[Any]]], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
