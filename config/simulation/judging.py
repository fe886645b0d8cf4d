"""Who judges a run: the watch's own predicates, looked at in simulated time, and what no wake may raise."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from config.simulation.agenda import Stage
from config.simulation.disk import Disk
from config.simulation.faults import Poison
from config.simulation.ledger import Ledger
from config.simulation.post import Post
from config.simulation.result import Broke
from config.simulation.sieve import Ask, Sieve, Values, found
from dispatch.store.audit import in_dialect
from dispatch.store.database import to_us
from dispatch.watch.auditor import RECENT_S, SIGNALS_BACK, Auditor, Broken, limits
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.promise import SECOND, all_of
from dispatch.watch.supervision import SUPERVISION
from schedules.timers import Owner

AFTER_STEP_S = 20.0
"""Longer than any attempt is in flight: so long after a step of the clock ages by the wall say nothing."""
OF_ALARMS = [each for each in PREDICATES if each not in SUPERVISION]
"""Looked at after every step; what is promised of devices, with every beat of the sensors."""

Entry = Mapping[str, Any]


def _stop_at(broken: Sequence[Broken]) -> None:
    for each in broken:
        raise Broke(each.promise, each.id, each.what)


class Judge:
    """Raises `Broke` at the first broken promise. `settled_t`: since when nothing has disturbed the run."""

    def __init__(self, disk: Disk, ask: Ask, aside: Ask, stage: Stage, ledger: Ledger, post: Post) -> None:
        """`ask` puts a query to the service's own connection, `aside` to another one."""
        self.settled_t = 0.0
        self._disk, self._stage, self._ledger, self._post = disk, stage, ledger, post
        self._ask, self._aside = ask, aside
        self._devices = in_dialect(all_of(SUPERVISION), "sqlite")
        self._alarms = Sieve(ask, disk.written, OF_ALARMS, self._values())

    def judge(self, entries: Sequence[Entry]) -> None:
        """
        The predicates of the watch; `entries` are the new ones of the record. What is not written cannot break them,
        but by being late.
        """
        self._ledger.judge_times()
        _stop_at(self._alarms.read(entries))
        if self._stage.is_up:
            _stop_at(self._alarms.look(self._values()))

    def audit_devices(self) -> None:
        """What is promised of devices, over all of them."""
        _stop_at(found(self._ask, self._devices, self._values() | {"since_us": 0}))

    def judge_day(self) -> None:
        """Every predicate over everything, whatever was written, and as everybody else sees the file."""
        self._ledger.judge_count()
        if self._stage.is_up:
            _stop_at(self._alarms.whole(self._aside, self._values()))

    def judge_all(self) -> None:
        """At the end: everything once more from the beginning, by the watch itself."""
        self._ledger.judge_count()
        if self._stage.is_up:
            watch = Auditor(
                self._disk.reading, self._stage.clock, started_at=self._undisturbed_since, predicates=PREDICATES
            )
            _stop_at(watch.pass_(full=True))

    def _values(self) -> Values:
        now_us = self._stage.clock.now_us()
        return limits(now_us, to_us(self._undisturbed_since())) | {
            "since_us": now_us - RECENT_S * SECOND, "tail": SIGNALS_BACK, "overlap_us": 0,
            "from_number": 0, "to_number": 0, "seen_number": 0, "seen_hash": "",
        }  # fmt: skip

    def stumbled(self, owner: str, id_: str, error: Exception) -> None:
        """A wake raised: only what was poisoned may."""
        self._stage.count("stumbled")
        if not isinstance(error, Poison):
            self._stage.broken("P6.wake_failed", f"{owner} {id_}", f"{type(error).__name__}: {error}")

    def _undisturbed_since(self) -> datetime:
        """
        Since when the service has been up and nobody has touched the clock, by the clock as it is now.

        Whoever sets the clock makes everything look old that began before: what is in flight may end first.
        """
        if self._stage.clock.t - self._post.stepped_t < AFTER_STEP_S:
            return self._stage.clock.now()
        return self._stage.clock.now() - timedelta(seconds=self._stage.clock.t - self.settled_t)


class Seen:
    """An owner of waiting rows whose stumbles the simulation hears of."""

    def __init__(self, judge: Judge, owner: Owner) -> None:
        self._judge, self._owner = judge, owner
        self.name, self.due, self.next_due, self.stumble = owner.name, owner.due, owner.next_due, owner.stumble

    def wake(self, id_: str) -> None:
        try:
            self._owner.wake(id_)
        except Exception as error:
            self._judge.stumbled(self._owner.name, id_, error)
            raise
