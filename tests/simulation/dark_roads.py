"""
Alarms while the first provider fails in one way for ever, on a hand clock: how long until a person is reached.

The desk, the courier, the reconciler and the store are the real ones. Calls take the time that the fault takes; what
the second provider is given reaches its person after a second, who comes; then the alarm is closed.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from dispatch.errors import Conflict
from dispatch.messages.breakers import Breakers
from dispatch.messages.providers.provider import Outcome, Outgoing, ReceiptKind, Sent
from dispatch.rules.alarm import Outcome as End
from dispatch.rules.alarm import State
from dispatch.rules.breaker import BreakerLimits
from dispatch.rules.people import operator
from tests.fakes.provider import ScriptedProvider
from tests.integration.post_rig import Post

TRUSTING = BreakerLimits(failures=1_000_000, calls_min=1_000_000)
"""A breaker that never opens: every alarm meets the fault."""

ARRIVES_S = 1.0
WAVE = 20
EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """How the first provider fails: what a call gives, after how long; `swallows`: it takes and delivers nothing."""

    name: str
    sent: Sent
    seconds: float
    swallows: bool = False


_UNKNOWN = Sent(outcome=Outcome.UNKNOWN)
FAULTS = (
    Fault("black-holed", Sent(outcome=Outcome.NOT_SENT, detail="no connection"), 2.0),
    Fault("silent", _UNKNOWN, 4.0),
    Fault("429", Sent(outcome=Outcome.NOT_SENT, http_status=429, retry_after_s=30.0), 0.1),
    Fault("5xx", _UNKNOWN, 0.1),
    Fault("garbage", _UNKNOWN, 0.1),
    Fault("dripping", _UNKNOWN, 6.0),
    Fault("swallowing", Sent(outcome=Outcome.TAKEN), 0.1, swallows=True),
)
"""Times: a connection that is not answered, a read that is not, the hard total of `twilio.py`."""


class Failing(ScriptedProvider):
    """Fails in its one way."""

    def __init__(self, name: str, fault: Fault) -> None:
        super().__init__(name)
        self.fault = fault

    def send(self, message: Outgoing) -> Sent:
        self.sent.append(message)
        return self.taken(message) if self.fault.swallows else self.fault.sent


@dataclass
class Measured:
    """Seconds, by alarm or by attempt."""

    reached: list[float] = field(default_factory=list)
    next_road: list[float] = field(default_factory=list)
    hedged: list[float] = field(default_factory=list)


class Darkness:
    """One run: waves of presses until so many alarms were raised and reached."""

    def __init__(self, folder: Path, fault: Fault, *, trusting: bool) -> None:
        self.a, self.b = Failing("a", fault), ScriptedProvider("b")
        self.post = Post(folder, self.a, self.b, homes=WAVE, carers=2 * WAVE)
        world = self.post.world
        breakers = Breakers(world.clock, TRUSTING if trusting else None)
        self.courier = self.post.courier = self.post.another_courier(breakers=breakers)
        self.reconciler = self.post.reconciler()
        self.measured = Measured()
        self._events: list[tuple[float, int, object]] = []
        self._numbers = itertools.count()
        self._begun_s = world.clock.look().steady_s
        self._raised: dict[str, float] = {}

    @property
    def now_s(self) -> float:
        return self.post.world.clock.look().steady_s - self._begun_s

    def run(self, alarms: int) -> Measured:
        for first in range(0, alarms, WAVE):
            for number in range(min(WAVE, alarms - first)):
                self._at(self.now_s + number * EVERY_S, lambda number=number: self._press(number))
            self._play()
            assert not self._raised, f"nobody was reached for {self._raised}"
        self._read()
        self.post.world.close()
        return self.measured

    def _press(self, number: int) -> None:
        alarm_id = self.post.world.press(f"H{100 + number}", dedup_key=f"k{next(self._numbers)}")
        self._raised[alarm_id] = self.now_s

    def _at(self, t: float, action: object) -> None:
        heapq.heappush(self._events, (t, next(self._numbers), action))

    def _play(self) -> None:
        """Until nothing is left of this wave."""
        while self._raised or self._events:
            self._settle()
            t = min(self._times(), default=None)
            if t is None:
                return
            self.post.wait(max(0.0, t - self.now_s))
            while self._events and self._events[0][0] <= self.now_s + 1e-6:
                heapq.heappop(self._events)[2]()  # type: ignore[operator]

    def _times(self) -> Iterator[float]:
        if self._events:
            yield self._events[0][0]
        with self.post.world.reading.connect() as connection:
            due = connection.execute(_NEXT).scalar()
        if due is not None:
            yield self.now_s + max(0.0, due / 1e6 - self.post.world.clock.now().timestamp()) + 1e-6

    def _settle(self) -> None:
        """Everything that is due at this moment."""
        for _ in range(100):
            woken = self.post.world.wake()
            jobs = [*self.courier.claim(64, emergency=True), *self.courier.hedge(64)]
            jobs += self.courier.claim(64, emergency=False)
            for job in jobs:
                slow_s = self.a.fault.seconds if job.provider is self.a else 0.1
                self._at(self.now_s + slow_s, lambda job=job: self._carry(job))
            looks = self.reconciler.take()
            for look in looks:
                self.reconciler.ask(look)
            if not (woken or jobs or looks):
                return
        raise AssertionError("it never comes to rest")

    def _carry(self, job) -> None:
        self.courier.carry(job)
        if job.provider is self.b:
            self._at(self.now_s + ARRIVES_S, lambda: self._arrives(job))

    def _arrives(self, job) -> None:
        """It reached a person, who comes if it asked; then somebody closes."""
        world, alarm_id = self.post.world, job.message.alarm_id
        self.courier.receive("b", [self.b.receipt(job.outgoing, ReceiptKind.DELIVERED)])
        if alarm_id not in self._raised or not job.message.answerable:
            return
        self.measured.reached.append(self.now_s - self._raised.pop(alarm_id))
        try:
            world.desk.accept(alarm_id, job.message.person, by=job.message.person)
        except Conflict:
            assert world.alarm(alarm_id).state is not State.RAISED
        world.desk.close(alarm_id, outcome=End.HELPED, by=operator("wang"))

    def _read(self) -> None:
        """How soon the next road was tried, from what is on file."""
        with self.post.world.reading.connect() as connection:
            for why, apart_us in connection.execute(_ROADS):
                seconds = apart_us / 1e6
                if why == "hedge":
                    self.measured.hedged.append(seconds)
                if why != "silent":
                    self.measured.next_road.append(seconds)


_NEXT = text("""
SELECT MIN(at) FROM (SELECT MIN(due_at) AS at FROM alarms WHERE due_at IS NOT NULL
UNION ALL SELECT MIN(due_at) FROM messages WHERE due_at IS NOT NULL
UNION ALL SELECT MIN(look_at) FROM attempts WHERE look_at IS NOT NULL)
""")
_ROADS = text("""
SELECT t.why, t.started_at - b.started_at FROM attempts b JOIN attempts t ON t.message_id = b.message_id
JOIN messages m ON m.id = b.message_id WHERE b.seq = 1 AND t.seq = 2 AND b.provider = 'a' AND m.offer_id IS NOT NULL
""")


def darkness(folder: Path, fault: Fault, alarms: int, *, trusting: bool) -> Measured:
    """Raises so many alarms while the first provider fails in this way."""
    return Darkness(folder, fault, trusting=trusting).run(alarms)
