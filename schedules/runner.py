"""
The metronome: APScheduler, behind its only door.

It beats and owns nothing. With a persistent job store of its own it lost 50 of 50 timers that were due while the
process was down, 788 of 1,000 to `kill -9`, and its thread died in silence of one "database is locked" (PROMISES,
section 1). So its store is in memory, what waits is a row, and `schedules.timers` would go on by itself if this
stopped.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.jobstores.memory import MemoryJobStore  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]

from dispatch.clock import Clock
from schedules.timers import SWEEP_S, Timers
from schedules.timetable import Periodic
from schedules.turns import TURNS_FROM_S, Turns

FIRST_S = 10.0
"""Every row of the timetable runs within so many seconds of the start, so that a daily one survives daily restarts."""

log = structlog.get_logger()


class Runner:
    """
    Starts and stops the timers, their metronome and the rows of the timetable. One in the whole service: the engine's.

    A row that raises is logged as `periodic_failed` and runs again at its next turn. A row still at work at its next
    turn misses it, logged as `periodic_overran`. Each row has a thread to itself, so that a slow one delays no other
    for long, and the beats have theirs; rows that come seldom take turns.
    """

    def __init__(self, timers: Timers, timetable: Sequence[Periodic], clock: Clock) -> None:
        self._timers = timers
        self._clock = clock
        self._turns = Turns()
        self._periods = {f"periodic:{row.name}": row for row in timetable}
        assert len(self._periods) == len(timetable), "two periodic jobs of one name"
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(1), "timetable": ThreadPoolExecutor(max(1, len(timetable)))},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._scheduler.add_listener(self._tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        timers.on_next(self._wake_at)
        timers.on_jump(self._after_jump)

    def start(self) -> None:
        """Starts everything; what fell due while the service was down is woken at once."""
        self._repeat("metronome", SWEEP_S, self._timers.nudge, executor="default")
        self._take_in(self._periods, executor="timetable")
        self._scheduler.start()
        self._timers.start()

    def join(self, timetable: Sequence[Periodic]) -> None:
        """From now on these rows run as well, each in a thread of its own."""
        rows = {f"periodic:{row.name}": row for row in timetable}
        assert not rows.keys() & self._periods.keys(), "two periodic jobs of one name"
        if rows:
            self._periods |= rows
            self._scheduler.add_executor(ThreadPoolExecutor(len(rows)), executor := f"joined:{len(self._periods)}")
            self._take_in(rows, executor=executor)

    def stop(self) -> None:
        """Stops everything after the work under way is done; what had not begun stays due in its row."""
        self._timers.stop()
        self._turns.end()
        self._scheduler.shutdown(wait=True)

    def _work_of(self, row: Periodic) -> Callable[[], object]:
        return row.work if row.every_s < TURNS_FROM_S else self._turns.taking(row.work)

    def _take_in(self, rows: Mapping[str, Periodic], *, executor: str) -> None:
        """Each begins a little after the one before, so that those of one period do not fall due together for ever."""
        for place, (id_, row) in enumerate(rows.items(), start=1):
            self._repeat(id_, row.every_s, self._work_of(row), executor=executor, share=place / len(rows))

    def _repeat(
        self, id_: str, every_s: float, work: Callable[[], object], *, executor: str, share: float = 1.0
    ) -> None:
        first = self._clock.now() + timedelta(seconds=min(every_s, FIRST_S) * share)
        self._scheduler.add_job(work, _Every(every_s), id=id_, name=id_, executor=executor, next_run_time=first)

    def _wake_at(self, due_at: datetime) -> None:
        """Keeps one job at the next due instant, in place of the one before."""
        self._scheduler.add_job(
            self._timers.nudge, DateTrigger(due_at, timezone=UTC), id="next_due", name="next_due", replace_existing=True
        )

    def _after_jump(self) -> None:
        """Somebody set the wall clock, by which APScheduler counts: nothing may wait longer than its period now."""
        self._hasten("metronome", SWEEP_S)
        for id_, row in self._periods.items():
            self._hasten(id_, row.every_s)

    def _hasten(self, id_: str, every_s: float) -> None:
        latest = self._clock.now() + timedelta(seconds=every_s)
        self._scheduler.modify_job(id_, next_run_time=min(latest, self._scheduler.get_job(id_).next_run_time))

    def _tell(self, event: Any) -> None:
        say: Callable[..., object] = {
            EVENT_JOB_ERROR: partial(log.error, "periodic_failed"),
            EVENT_JOB_MISSED: partial(log.error, "periodic_missed"),
            EVENT_JOB_MAX_INSTANCES: partial(log.warning, "periodic_overran"),
        }[event.code]
        facts = {"exc_info": event.exception} if event.code == EVENT_JOB_ERROR else {}
        say(job=event.job_id, **facts)


class _Every(BaseTrigger):  # type: ignore[misc]
    """
    Every so many seconds, and one turn for however many were missed.

    APScheduler's own interval trigger lists the missed turns one by one before it coalesces them: after a clock set
    forward by ten years (PROMISES, C3) that is 315 million for the metronome, with its lock held.
    """

    def __init__(self, every_s: float) -> None:
        self._every = timedelta(seconds=every_s)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        after = (previous or now) + self._every
        return after if now < after <= now + self._every else now + self._every
