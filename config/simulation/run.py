"""
A run: the agenda of a seed, one event after the other, and after each of them every promise.

    event ──► what is due is woken, what is posted is claimed, until nothing is ──► predicates and ledger ──► next event
      │ Crash
      └──► every object is dropped ──► some seconds ──► new objects on the same file
"""

import gc
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from config.simulation.agenda import Agenda, Event
from config.simulation.disk import Disk, fresh_disk
from config.simulation.faults import ROUGH, USUAL, Crash, Faults, Tripwire, Ways
from config.simulation.judging import Judge, Seen
from config.simulation.ledger import Ledger
from config.simulation.people import People
from config.simulation.post import Post
from config.simulation.presses import Presses
from config.simulation.provider import Carrier
from config.simulation.result import Breach, Broke, Result
from config.simulation.sensors import Sensors
from config.simulation.waiting import OF_DEVICES, OF_PEOPLE, Waiting
from config.simulation.world import START, Service, SimClock, build_town, load, numbered_ids
from dispatch.ids import AlarmId
from dispatch.store.database import sqlite_module

DAY_S = 86_400.0
PASSES_MAX = 200
"""Rounds of waking and claiming within one instant; more means that something makes itself due without end."""

LAST_STEPS = 20

PRESETS = {"usual": USUAL, "rough": ROUGH}


@dataclass
class _Streams:
    """A stream of chance for each concern, so that more of one does not change the others."""

    seed: int
    drawn: dict[str, Random] = field(default_factory=dict)

    def __call__(self, concern: str) -> Random:
        return self.drawn.setdefault(concern, Random(f"{self.seed}/{concern}"))


class Play:
    """One run of one seed. Whoever acts in it sees it as a `Stage`."""

    def __init__(self, seed: int, days: float, faults: Faults, disk: Disk, progress: Callable[[float], None]) -> None:
        self.faults = faults
        self.clock = SimClock(START + timedelta(hours=Random(f"{seed}/hour").randrange(24)))
        self.counts: Counter[str] = Counter()
        self.steps = 0
        self._days, self._disk, self._progress = days, disk, progress
        self._streams = streams = _Streams(seed)
        self.town = build_town(streams("district"), days)
        self._agenda, self._last = Agenda(), deque[tuple[int, Event]](maxlen=LAST_STEPS)
        self._ids, self._tripwire, self._ways = numbered_ids(), Tripwire(), Ways()
        load(disk, self.clock, self._ids, self.town)
        self._file = sqlite_module().connect(str(disk.path), cached_statements=512)
        self._columns = [each[0] for each in self._file.execute("SELECT * FROM entries LIMIT 0").description]
        self._service: Service | None = None
        self._waiting = Waiting(self.look, disk.written, self.clock)
        self._up_t = self._down_s = 0.0
        self._tick_t: float | None = None
        self._read = -1
        self._judged = 0
        self.ledger = Ledger(self, self._uptime, self._on_raised)
        self.presses = Presses(streams("presses"), self, self.ledger)
        self.people = People(streams("people"), self, self.presses.press_at, self.ledger.may_close.add)
        self.carriers = {
            name: Carrier(name, streams(f"provider {name}"), self, self.people.receive) for name in ("first", "second")
        }
        self.post = Post(streams("latency"), self, self.ledger, self.carriers)
        self._judge = Judge(disk, self._ask, self._aside, self, self.ledger, self.post)
        self.sensors = Sensors(streams("sensors"), self, self.ledger, self._judge.audit_devices)

    # ------------------------------------------------------------------------------------------- the stage

    @property
    def is_up(self) -> bool:
        return self._service is not None

    @property
    def service(self) -> Service:
        assert self._service is not None, "the service is down"
        return self._service

    def later(self, seconds: float, label: str, action: Callable[[], None], *, asks: bool = False) -> None:
        self._agenda.put(self.clock.t + seconds, label, action, asks=asks)

    def look(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._ask(sql, values)

    def _ask(self, sql: str, values: Any) -> Sequence[tuple[Any, ...]]:
        """Asks on the service's own connection while it is up: it has at hand what another must read again first."""
        file = self._file if self._service is None else self._service.file
        found: list[tuple[Any, ...]] = file.execute(sql, values).fetchall()
        return found

    def _aside(self, sql: str, values: Any) -> Sequence[tuple[Any, ...]]:
        """Asks as anybody else who has the file open would."""
        found: list[tuple[Any, ...]] = self._file.execute(sql, values).fetchall()
        return found

    def broken(self, promise: str, id_: object, what: str) -> None:
        raise Broke(promise, str(id_), what)

    def _on_raised(self, alarm_id: AlarmId) -> None:
        self.people.on_watch(alarm_id)

    def count(self, what: str) -> None:
        self.counts[what] += 1

    # ------------------------------------------------------------------------------------------- the loop

    def play(self) -> Breach | None:
        """Plays to the end of the last day, or to the first broken promise."""
        self._plan()
        self._start()
        end_t = self._days * DAY_S
        try:
            while (event := self._agenda.pop()) is not None and event.t <= end_t:
                self._step(event)
            self._judge.judge_all()
        except Broke as broke:
            return Breach(
                promise=broke.promise, id=broke.id, what=broke.what, step=self.steps, t=self.clock.t,
                last=self._told(),
            )  # fmt: skip
        except Exception as error:
            error.add_note("\n".join(("the last steps:", *self._told())))
            raise
        return None

    def _told(self) -> tuple[str, ...]:
        return tuple(f"{step:>6}  {event.t:>12.3f}  {event.label}" for step, event in self._last)

    def close(self) -> None:
        self._file.close()
        if self._service is not None:
            self._service.close()

    def _step(self, event: Event) -> None:
        self.steps += 1
        self.clock.t = event.t
        self._last.append((self.steps, event))
        if self.steps % 500 == 0:
            self._progress(min(1.0, event.t / (self._days * DAY_S)))
        if event.asks and not self.is_up:
            self._agenda.put(self._up_t + 0.5 + (event.number % 97) / 20, event.label, event.action, asks=True)
            return
        self._survive(event)
        if self._tripwire.commits != self._judged or self._waits_too_long():
            self._judged = self._tripwire.commits
            entries = self._new_entries()
            self.ledger.read(entries)
            self._judge.judge(entries)

    def _new_entries(self) -> Sequence[Mapping[str, Any]]:
        """What the record has grown by; asked only when it was written."""
        before, self._read = self._read, self._disk.written.stamps["entries"]
        if before == self._read:
            return []
        rows = self.look("SELECT * FROM entries WHERE number > ? ORDER BY number", self.ledger.head[0])
        return [dict(zip(self._columns, row, strict=True)) for row in rows]

    def _survive(self, event: Event) -> None:
        """The event and what follows from it at once; a crash on the way is a fact of life."""
        try:
            event.action()
            if self.is_up:
                self._settle()
        except Crash:
            self._crash()
            if event.asks and self._streams("retries").random() < 0.9:
                self._agenda.put(self._up_t + 2.0, f"{event.label} again", event.action, asks=True)

    def _settle(self) -> None:
        """Wakes what is due and claims what is posted until nothing more happens in this instant."""
        before: object = None
        for _ in range(PASSES_MAX):
            due = self._waiting.due()
            if not due or due == before:
                self._tick()
                return
            before = due
            self._pass(due)
        raise Broke("I14.endless", "", "the timers and the courier never come to rest")

    def _pass(self, due: Sequence[tuple[Any, ...]]) -> None:
        service, shelves = self.service, {each[0] for each in due}
        if shelves & OF_PEOPLE:
            service.timers.run_pass()
        if shelves & OF_DEVICES:
            service.upkeep.run_pass()
        if "attempts" in shelves:
            for look in service.reconciler.take():
                service.reconciler.ask(look)
        if shelves == {"messages"}:
            self._claim(emergencies={bool(each[3]) for each in due}, under_way=any(each[4] for each in due))

    def _claim(self, *, emergencies: set[bool], under_way: bool) -> None:
        """What the courier does in a round, but for the lanes in which nothing is due."""
        for emergency in sorted(emergencies, reverse=True):
            for job in self.service.courier.claim(16, emergency=emergency):
                self.post.carry_later(job)
        if under_way:
            for job in self.service.courier.hedge(16):
                self.post.carry_later(job)

    def _tick(self) -> None:
        """The next look: when something falls due, or in a second where something that is due rests."""
        soonest_us = self._waiting.soonest_us()
        if soonest_us is None:
            return
        wait_s = (soonest_us - self.clock.now_us()) / 1e6
        at_t = self.clock.t + (wait_s if wait_s > 0 else 1.0)
        if self._tick_t is None or at_t < self._tick_t or self._tick_t <= self.clock.t:
            self._tick_t = at_t
            self._agenda.put(at_t, "tick", _nothing)

    # ------------------------------------------------------------------------------------------- faults

    def _plan(self) -> None:
        """Puts presses and faults on the agenda, each at its own times."""
        faults = self.faults
        self._scatter("press", faults.presses_day, self.presses.some_press)
        self._scatter("stuck", faults.stuck_day, self.presses.stuck_button)
        self._scatter("flood", faults.floods_day, self.presses.flood)
        self._scatter("stranger", faults.strangers_day, self.presses.stranger)
        self._scatter("silence", faults.silences_day, self.sensors.fall_silent)
        self._scatter("crash", faults.crashes_day, self._arm)
        self._scatter("clock", faults.clock_steps_day, self._step_clock)
        self._scatter("outage", faults.outages_day, self._outage)
        self._scatter("poison", faults.poisons_day, self._poison)
        self.later(1.0, "sightings", self._write_down)
        self.later(DAY_S, "day", self._end_day)
        self.later(2.0, "sensors", self.sensors.beat)

    def _scatter(self, label: str, a_day: float, action: Callable[[], None]) -> None:
        random, t = self._streams(f"times of {label}"), 0.0
        while a_day > 0 and t < self._days * DAY_S:
            t += random.expovariate(a_day / DAY_S)
            self._agenda.put(t, label, action)

    def _write_down(self) -> None:
        if self.is_up:
            self.service.supervision.write_down()
        self.later(600.0, "sightings", self._write_down)

    def _end_day(self) -> None:
        self._judge.judge_day()
        self.later(DAY_S, "day", self._end_day)

    def _arm(self) -> None:
        """Some commits from now the process dies; often there is a press on the way then."""
        random = self._streams("crashes")
        self._tripwire.arm(random.randint(1, 14), after=random.random() < 0.5)
        if random.random() < 0.6:
            self.presses.some_press()

    def _crash(self) -> None:
        random = self._streams("crashes")
        self.count("crash")
        self.ledger.crashed()
        if self._service is not None:
            self._service.close()
        self._disk.let_go()
        self._service = None
        self._waiting.forget()
        down_s = random.choice((0.5, 1.0, 2.0, 5.0, 20.0, 120.0))
        self._down_s += down_s + 5.0
        self._up_t = self.clock.t + down_s
        if random.random() < 0.3:
            self.clock.reboot()
        self._agenda.put(self._up_t, "start", self._start_again)

    def _start(self) -> None:
        self.post.forget()
        self._service = Service(
            self._disk, self.clock, self._ids, self.carriers, self._tripwire, self._ways, partial(Seen, self._judge)
        )
        self._judge.settled_t = self.clock.t

    def _start_again(self) -> None:
        self._start()
        self.ledger.came_back()

    def _step_clock(self) -> None:
        seconds = self._streams("clock").choice((-3600, -600, -90, -1, 1, 90, 600, 3600))
        self.count(f"clock {'set back' if seconds < 0 else 'set forward'}")
        self.clock.step_wall(seconds)
        self.ledger.clock_stepped()
        self.sensors.clock_stepped()
        self._judge.settled_t = self.post.stepped_t = self.clock.t
        self._tick_t = None

    def _outage(self) -> None:
        random = self._streams("outages")
        self.count("provider dead")
        for carrier in random.choice(([0], [0], [1], [0, 1])):
            dead = list(self.carriers.values())[carrier]
            dead.dead += 1
            self.later(random.uniform(60, 9000), "provider lives", partial(_revive, dead))

    def _poison(self) -> None:
        self.count("poison")
        self._ways.broken.append(True)
        self.later(self._streams("poison").uniform(2, 400), "healed", self._ways.broken.clear)
        self.presses.some_press()

    # ------------------------------------------------------------------------------------------- what the judge asks

    def _uptime(self) -> float:
        return self.clock.t - self._down_s

    def _waits_too_long(self) -> bool:
        """Whether something is due and was left: then every promise is looked at although nothing was written."""
        return self.is_up and bool(self._waiting.due())

    def digest(self) -> str:
        """One hash over the whole record, but for the salted hashes of notes: the same seed gives the same."""
        total = hashlib.sha256()
        for row in self._file.execute(_RECORD):
            total.update(repr(row).encode())
        return total.hexdigest()


_RECORD = 'SELECT number, at, boot, steady_us, kind, "by", alarm_id, version, body FROM entries ORDER BY number'


def _nothing() -> None:
    """Time has come; the passes after every event do the rest."""


def _unheard(done: float) -> None:
    """Nobody wants to know how far the run is."""


def _revive(carrier: Carrier) -> None:
    carrier.dead -= 1


@contextmanager
def _rarely_tidied() -> Iterator[None]:
    """What there is when a run begins is there at its end, so that nobody looks through it a thousand times a day."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def run(days: float, seed: int, *, faults: Faults = USUAL, progress: Callable[[float], None] | None = None) -> Result:
    """
    Plays `days` days of the district of `seed`.

    Returns what happened; `breach` is set where a promise was broken, which ends the run.
    """
    with fresh_disk() as disk, _rarely_tidied():
        play = Play(seed, days, faults, disk, progress or _unheard)
        try:
            breach = play.play()
            return Result(
                seed=seed, days=days, steps=play.steps, breach=breach, head=play.ledger.head[0], digest=play.digest(),
                counts=dict(sorted((play.counts + play.ledger.kinds).items())), figures=play.ledger.figures,
            )  # fmt: skip
        finally:
            play.close()
