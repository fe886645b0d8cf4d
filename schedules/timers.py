"""
The timers: a loop over everybody who keeps waiting rows.

```
  nudge() ──► loop thread: a pass ──► owner.due() ──► a queue for each owner ──► wake threads: owner.wake(id)
  next due ─►      ▲                                                                   │ raises
  sweep, 1 s ─►    └──────────── the row stays due, and rests for a second ◄───────────┴─► owner.stumble(id, error)
```

Nothing that waits is kept here: what is due is asked of the rows each time, and a row stays due until its owner has
committed otherwise. So a crash, a full queue or a wake that raises can delay an action and never lose one (PROMISES,
P12).
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

import structlog

from dispatch.clock import Clock, Instant, jump_s

DUE_MAX = 200
"""So many ids of one owner are in the hands of the wake threads at most; the others wait in their rows."""

SWEEP_S = 1.0
"""Everybody is asked this often whatever anybody said or forgot to say: the net below the nudges."""

GAP_S = 0.01
"""Between two looks that nudges caused, in seconds: half of what a timer may be late (20 ms at the 99th percentile)."""

ASIDE_S = 0.005
"""A look that was nudged for waits so long in any case: what is urgent was handed over, and leaves in this time."""

FOR_THE_FIRST = 4
"""One wake thread of so many wakes presses alone: answers that give way to a press must not stand in its way."""

WAKERS = 12
"""
Wake threads. Each waits for its turn at the writer, in a crowd for a sixth of a second: four of them had no thread left
for whom to ask next while the writer had room (ADR 0105).
"""

REST_S = 1.0
"""An id whose wake raised, or an owner who did, is left alone for so long (steady seconds)."""

RECHECK_S = 0.025
"""While something due is being woken or rests, what is due behind it cannot be seen, and is looked for this often."""

JUMP_S = 2.0
"""A step of the wall clock larger than this is told to those who keep times of their own; PROMISES, C1 and I12."""

STOP_S = 10.0
"""Stopping waits so long for the wakes under way; longer than a unit of work may wait for its turn."""

_RECHECK, _SWEEP = timedelta(seconds=RECHECK_S), timedelta(seconds=SWEEP_S)

T = TypeVar("T")
log = structlog.get_logger()


class Owner(Protocol):
    """
    Whoever keeps rows with a `due_at`. May be asked and told from several threads at once.

    One whose rows bear a second of delay says so in a further attribute, `patient = True`: the patient have one wake
    thread between them, so that a morning on which every home is looked at leaves the others to the alarms. One whose
    rows are presses says `first = True`: all others give way before they are woken.
    """

    @property
    def name(self) -> str:
        """What the log calls this owner; no two have the same."""
        ...

    def due(self, now: datetime, most: int) -> Sequence[str]:
        """The ids due at or before `now`, the longest overdue first, `most` of them at most."""
        ...

    def wake(self, id_: str, /) -> None:
        """
        Looks at one row and does what is due, in a transaction of its own.

        Called at least once for each due row, and sometimes for one that is not due any more, which it leaves alone.
        When it raises, the row stays due.
        """
        ...

    def next_due(self) -> datetime | None:
        """The earliest `due_at` of all, past or future; None when nothing waits."""
        ...

    def stumble(self, id_: str, error: Exception, /) -> None:
        """Its wake raised this: the owner's chance to fall back and to put the row off."""
        ...


class _Queue:
    """What the timers know of one owner for the moment. Guarded by the timers' condition."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.waiting: deque[str] = deque()
        self.held: set[str] = set()  # Waiting for a wake thread or with one.
        self.resting: dict[str, float] = {}  # id → the steady second at which it may be woken again.
        self.silent_until = 0.0
        # Who keeps rows for minutes and days is asked with each sweep, not for every nudge of an alarm.
        self.patient: bool = getattr(owner, "patient", False)
        self.first: bool = getattr(owner, "first", False)
        self.next_at: datetime | None = None

    def rested(self, steady_s: float) -> tuple[int, int, frozenset[str]]:
        """Room for more ids, how many to ask for to fill it, and which of them to pass over."""
        self.resting = {id_: until for id_, until in self.resting.items() if until > steady_s}
        most = DUE_MAX + len(self.resting)
        return DUE_MAX - len(self.held), most, frozenset(self.held | self.resting.keys())


class Timers:
    """
    Wakes what is due, soon and each on its own.

    One thread asks the owners; `workers` threads wake, so that homes that have nothing to do with each other share a
    commit. Owners take turns at the wake threads: a long queue of one keeps no other waiting. The same id is never
    woken twice at the same time. Measured over SQLite with a million rows waiting: tests/integration/test_timers.py.

    With `workers=0` there are no wake threads and `run_pass` wakes in the caller's: for simulations and tests.
    """

    def __init__(
        self, owners: Sequence[Owner], clock: Clock, *,
        workers: int = WAKERS, give_way: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`give_way` returns once no press is on its way, or soon anyhow."""
        assert len({owner.name for owner in owners}) == len(owners), "two owners of one name"
        self._clock = clock
        self._give_way = give_way
        self._queues = [_Queue(owner) for owner in owners]
        self._turns = deque(self._queues)
        self._ready = threading.Condition()
        self._nudged = threading.Event()
        self._stopped = threading.Event()
        self._stopping = False
        self._loop = threading.Thread(target=self._run, name="timers", daemon=True)
        self._workers = [threading.Thread(target=self._work, name=f"wake{n}", daemon=True) for n in range(workers)]
        self._working: dict[int, float] = {}
        self._patient_at_work, self._others_at_work = False, 0
        self._others_max = max(1, workers - workers // FOR_THE_FIRST)
        self._look_at: datetime | None = None
        self._told: datetime | None = None
        self._on_next: list[Callable[[datetime], None]] = []
        self._on_jump: list[Callable[[], None]] = []
        self._seen = clock.look()
        self._swept_s = self._seen.steady_s - SWEEP_S
        self.beats = 0
        self.failures = 0
        self.last_pass_at = self._seen.steady_s

    def join(self, owners: Sequence[Owner]) -> None:
        """From now on these have their rows woken as well; what waited for them is due at once."""
        queues = [_Queue(owner) for owner in owners]
        with self._ready:
            taken = {each.owner.name for each in self._queues}
            assert not taken & {owner.name for owner in owners}, "two owners of one name"
            self._queues = [*self._queues, *queues]
            self._turns.extend(queues)
        self.nudge()

    def on_next(self, tell: Callable[[datetime], None]) -> None:
        """From now on `tell` hears, in the loop's thread, of each new instant at which something will be due."""
        self._on_next.append(tell)

    def on_jump(self, tell: Callable[[], None]) -> None:
        """
        From now on `tell` is called, in the loop's thread, when somebody has set the wall clock.

        An empty unit of work is a good thing to hand in: it makes the transactions mend the waiting rows at once
        rather than at the next press.
        """
        self._on_jump.append(tell)

    def start(self) -> None:
        """Starts the threads; whatever fell due while nobody looked is woken at once."""
        self.last_pass_at = self._clock.look().steady_s
        for thread in (*self._workers, self._loop):
            thread.start()

    def stop(self) -> None:
        """Lets the wakes under way finish and stops; what had not begun stays due in its row."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        self._nudged.set()
        self._stopped.set()
        for thread in (self._loop, *self._workers):
            if thread.is_alive():
                thread.join(STOP_S)

    def nudge(self) -> None:
        """Something has become due: look now. Called after a commit, from any thread; costs microseconds."""
        self._nudged.set()

    def hand_over(self, owner: str, id_: str) -> None:
        """
        This row of this owner has just become due: wake it at once, without looking for it first.

        Only haste: the row stays the truth, and one that was not taken up here is found by the next look.
        """
        queue = next(each for each in self._queues if each.owner.name == owner)
        with self._ready:
            busy = id_ in queue.held or id_ in queue.resting or len(queue.held) >= DUE_MAX
            if self._workers and not busy:
                queue.held.add(id_)
                queue.waiting.append(id_)
                self._ready.notify()
                return
        self.nudge()

    def stuck_s(self) -> float:
        """
        For how many steady seconds there has been no progress: since the loop came round, or in the oldest wake under
        way.

        About a second at most while all is well. A watchdog that reads more than it can bear raises the technical
        alarm.
        """
        with self._ready:
            since = min([self.last_pass_at, *self._working.values()])
        return max(0.0, self._clock.look().steady_s - since)

    def run_pass(self) -> None:
        """
        One look at every owner: what is due is handed to the wake threads, or woken here if there are none.

        The loop's own work once it is started; by hand only without `start`.
        """
        self._watch_clock()
        instant = self._clock.look()
        full = instant.steady_s - self._swept_s >= SWEEP_S
        if full:
            self._swept_s = instant.steady_s
        looks = [self._gather(queue, instant, full=full) for queue in self._queues]
        while not self._workers and self._wake_one(wait=False):
            pass
        self._look_at = min(looks, default=None)
        self._announce(instant.wall)
        self.beats += 1
        self.last_pass_at = self._clock.look().steady_s

    def _run(self) -> None:
        while not self._stopping:
            self._nudged.clear()
            if isinstance(self._try("pass_failed", self.run_pass), Exception):
                self._look_at = None
            if self._nudged.wait(self._pause_s()) and not self._stopping:
                self._stopped.wait(self._hold_s())

    def _pause_s(self) -> float:
        if self._look_at is None:
            return SWEEP_S
        return min(SWEEP_S, max(0.0, (self._look_at - self._clock.now()).total_seconds()))

    def _hold_s(self) -> float:
        """
        How long a nudge waits for others to come: in a crowd each commit is one, and each look asks every owner.

        What is urgent is handed over, waits for no look, and is not disturbed by one on its way.
        """
        since_s = self._clock.look().steady_s - self.last_pass_at
        return min(max(GAP_S - since_s, ASIDE_S), self._pause_s())

    def _work(self) -> None:
        while self._wake_one(wait=True):
            pass

    def _watch_clock(self) -> None:
        before, self._seen = self._seen, self._clock.look()
        if abs(jump_s(before, self._seen)) > JUMP_S:
            for tell in self._on_jump:
                self._try("jump_not_told", tell)

    def _gather(self, queue: _Queue, instant: Instant, *, full: bool) -> datetime:
        """Queues what is due of one owner, and says when to look at this one again."""
        if queue.patient and not full:
            return instant.wall + _SWEEP
        queue.next_at = None
        if queue.silent_until > instant.steady_s:
            return instant.wall + _SWEEP
        queue.next_at = self._ask(queue, "next_due_failed", queue.owner.next_due)
        is_due = queue.next_at is not None and queue.next_at <= instant.wall
        if is_due or full:
            self._enqueue(queue, instant)
        return instant.wall + _RECHECK if is_due else queue.next_at or instant.wall + _SWEEP

    def _enqueue(self, queue: _Queue, instant: Instant) -> None:
        # What to pass over is noted before the rows are read: an id whose wake commits in between is not woken again.
        with self._ready:
            room, most, skip = queue.rested(instant.steady_s)
        if room <= 0:
            return
        due = self._ask(queue, "due_failed", partial(queue.owner.due, instant.wall, most)) or ()
        fresh = [id_ for id_ in dict.fromkeys(due) if id_ not in skip][:room]
        with self._ready:
            queue.held.update(fresh)
            queue.waiting.extend(fresh)
            self._ready.notify(len(fresh))

    def _wake_one(self, *, wait: bool) -> bool:
        """Wakes the id whose turn it is; False when there is none, or when it is time to stop."""
        turn = self._take(wait=wait)
        if turn is None:
            return False
        queue, id_ = turn
        if not queue.first:
            self._give_way()
        error = self._try("wake_failed", partial(queue.owner.wake, id_), owner=queue.owner.name, id=id_)
        if isinstance(error, Exception):
            self._try("stumble_failed", partial(queue.owner.stumble, id_, error), owner=queue.owner.name, id=id_)
        self._release(queue, id_, failed=isinstance(error, Exception))
        return True

    def _take(self, *, wait: bool) -> tuple[_Queue, str] | None:
        with self._ready:
            while not self._stopping:
                for _ in self._queues:
                    self._turns.rotate(-1)
                    queue = self._turns[0]
                    if queue.waiting and self._may(queue):
                        self._patient_at_work |= queue.patient
                        self._others_at_work += not queue.first
                        self._working[threading.get_ident()] = self._clock.look().steady_s
                        return queue, queue.waiting.popleft()
                if not wait:
                    break
                self._ready.wait()
        return None

    def _may(self, queue: _Queue) -> bool:
        if queue.first:
            return True
        return self._others_at_work < self._others_max and not (queue.patient and self._patient_at_work)

    def _release(self, queue: _Queue, id_: str, *, failed: bool) -> None:
        now_s = self._clock.look().steady_s
        with self._ready:
            del self._working[threading.get_ident()]
            self._patient_at_work &= not queue.patient
            self._others_at_work -= not queue.first
            queue.held.discard(id_)
            if failed:
                queue.resting[id_] = now_s + REST_S

    def _ask(self, queue: _Queue, event: str, question: Callable[[], T]) -> T | None:
        """An owner's answer; None from one who raised, who is then left alone for a while."""
        answer = self._try(event, question, owner=queue.owner.name)
        if isinstance(answer, Exception):
            queue.silent_until = self._clock.look().steady_s + REST_S
            return None
        return answer

    def _announce(self, now: datetime) -> None:
        soonest = min((queue.next_at for queue in self._queues if queue.next_at and queue.next_at > now), default=None)
        if soonest is None or soonest == self._told:
            return
        self._told = soonest
        for tell in self._on_next:
            self._try("next_not_told", partial(tell, soonest))

    def _try(self, event: str, work: Callable[[], T], **facts: str) -> T | Exception:
        """Does the work; what it raises is logged, counted and given back, so that one bad item stops no other."""
        try:
            return work()
        except Exception as error:
            log.exception(event, **facts)
            self.failures += 1
            return error
