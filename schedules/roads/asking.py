"""
Asks a road router about the best few, within a budget that holds whatever the router does.

Each question has a thread of its own that nobody waits for longer than the budget; a few at once at most. A question
that is refused because of one place is halved and asked again, so that it costs nobody else their way. After three
failures running the router is left alone for half a minute. Whatever fails, the straight line answers, as if there were
no router; what was not measured is said in the source of the travel time, which is part of a choice's version.
"""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import requests
import structlog

from dispatch.rules.place import Position
from dispatch.rules.travel import Means, TravelTime
from schedules.roads.line import Line
from schedules.roads.rules.router import Dialect, Garbled, Refused, Seconds

AT_ONCE = 6
"""Questions under way at most, abandoned ones too: two alarms and all three means of travel."""

FAILURES_MAX = 3
REST_S = 30.0
log = structlog.get_logger()

Way = tuple[Position, Means]
"""Where somebody starts, and by what."""

_Answers = queue.SimpleQueue[dict[Way, float] | bool]
"""What is known so far, piece by piece; at the end of each question whether the router was well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Keeps the promise `TravelTime`: what a router said of ways to one place, for all others what `fallback` says."""

    fallback: TravelTime
    to: Position
    ways: Mapping[Way, float] = field(repr=False)
    router: str

    @property
    def source(self) -> str:
        """For example `valhalla(8)+straight_line(…)`: so many ways were measured; `valhalla(late)+…` where none was."""
        return f"{self.router}({len(self.ways) or 'late'})+{self.fallback.source}"

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        """The time from `origin` to `to` in seconds."""
        known = self.ways.get((origin, means)) if to == self.to else None
        return self.fallback.seconds(origin, to, means) if known is None else known

    def pace(self, means: Means) -> float:
        """No bound: a road may be faster than any straight line by the speeds of the settings."""
        return 0.0 if self.ways else self.fallback.pace(means)


class RoadTimes:
    """One router behind one contract. May be asked from any thread; never raises."""

    def __init__(
        self, name: str, dialect: Dialect, url: str, *, budget_s: float, steady: Callable[[], float]
    ) -> None:  # fmt: skip
        """`url` is the router's address without a slash at the end, `budget_s` what an alarm may wait for it."""
        self.name = name
        self._line = Line(dialect, url, budget_s=budget_s, steady=steady)
        self._budget_s = budget_s
        self._steady = steady
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until_s = 0.0

    def measured(self, ways: Iterable[Way], to: Position, fallback: TravelTime) -> Measured:
        """The ways to a place as the router knows them, within the budget; the others by `fallback`."""
        by_means: dict[Means, list[Position]] = defaultdict(list)
        for origin, means in dict.fromkeys(ways):
            by_means[means].append(origin)
        found = self._within_budget(by_means, to) if by_means and self._steady() >= self._rests_until_s else {}
        return Measured(fallback=fallback, to=to, ways=found, router=self.name)

    def _within_budget(self, by_means: Mapping[Means, list[Position]], to: Position) -> dict[Way, float]:
        end_s, answers = self._steady() + self._budget_s, _Answers()
        begun = sum(self._begin(origins, to, means, answers, end_s) for means, origins in by_means.items())
        found: dict[Way, float] = {}
        waiting, good = begun, begun == len(by_means)
        while waiting:
            try:
                answer = answers.get(timeout=max(0.0, end_s - self._steady()))
            except queue.Empty:
                log.warning("router_late", router=self.name)
                good = False
                break
            if isinstance(answer, bool):
                waiting, good = waiting - 1, good and answer
            else:
                found |= answer
        self._judge(good=good)
        return found

    def _begin(
        self, origins: Sequence[Position], to: Position, means: Means, answers: "_Answers", end_s: float
    ) -> bool:
        """Whether the question is under way; not where too many are already."""
        if not self._places.acquire(blocking=False):
            return False

        def work() -> None:
            well = False
            try:
                for some, times in self._pieces(origins, to, means, end_s):
                    answers.put({(a, means): s for a, s in zip(some, times, strict=True) if s is not None})
                well = True
            except (requests.RequestException, Garbled) as failed:
                log.warning("router_failed", router=self.name, why=type(failed).__name__)
            finally:
                self._places.release()
                answers.put(well)

        try:
            threading.Thread(target=work, name="router", daemon=True).start()
        except RuntimeError:  # The machine has no thread left; an alarm does without.
            self._places.release()
            return False
        return True

    def _pieces(
        self, origins: Sequence[Position], to: Position, means: Means, end_s: float
    ) -> Iterator[tuple[Sequence[Position], Seconds]]:
        """What is known of them, the larger pieces first; of whom the router will not speak at all nothing."""
        waiting = [origins]
        while waiting and self._steady() < end_s:
            some = waiting.pop(0)
            try:
                yield some, [row[0] for row in self._line.told(some, [to], means)]
            except Refused:
                half = len(some) // 2
                waiting += [some[:half], some[half:]] if half else []

    def _judge(self, *, good: bool) -> None:
        with self._lock:
            self._failures = 0 if good else self._failures + 1
            if self._failures >= FAILURES_MAX:
                self._failures, self._rests_until_s = 0, self._steady() + REST_S
                log.warning("router_rests", router=self.name, for_s=REST_S)
