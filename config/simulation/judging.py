"""Who judges a run: the watch's own predicates, looked at in simulated time, and what no wake may raise."""

from datetime import datetime, timedelta

from config.simulation.agenda import Stage
from config.simulation.faults import Poison
from config.simulation.ledger import Ledger
from config.simulation.post import Post
from config.simulation.result import Broke
from dispatch.store.database import Engine
from dispatch.watch.auditor import Auditor
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.supervision import SUPERVISION
from schedules.timers import Owner

AFTER_STEP_S = 20.0
"""Longer than any attempt is in flight: so long after a step of the clock ages by the wall say nothing."""
OF_ALARMS = [each for each in PREDICATES if each not in SUPERVISION]
"""Looked at after every step; what is promised of devices, with every beat of the sensors."""


class Judge:
    """Raises `Broke` at the first broken promise. `settled_t`: since when nothing has disturbed the run."""

    def __init__(self, reading: Engine, stage: Stage, ledger: Ledger, post: Post) -> None:
        self.settled_t = 0.0
        self._stage, self._ledger, self._post = stage, ledger, post
        self._devices = Auditor(
            reading, stage.clock, started_at=self._undisturbed_since, full_every_s=None, predicates=SUPERVISION
        )
        self._alarms = Auditor(
            reading, stage.clock, started_at=self._undisturbed_since, full_every_s=None, predicates=OF_ALARMS
        )

    def judge(self) -> None:
        """The predicates of the watch. What is not written cannot break them, but by being late."""
        self._ledger.judge_times()
        if not self._stage.is_up:
            return
        for each in self._alarms.pass_():
            raise Broke(each.promise, each.id, each.what)

    def audit_devices(self) -> None:
        for each in self._devices.pass_(full=True):
            raise Broke(each.promise, each.id, each.what)

    def judge_all(self) -> None:
        """At the end: everything once more from the beginning."""
        self._ledger.judge_count()
        if self._stage.is_up:
            for each in self._alarms.pass_(full=True):
                raise Broke(each.promise, each.id, each.what)

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
