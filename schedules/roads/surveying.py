"""
Very many ways by the roads, beside alarms: for coverage, in the process that works it out.

Whoever looks for something asks for ways as they need them. What the router has not told yet the straight line answers
and is written down; then the router is asked, and the look is made again, until nothing new is asked for or the time is
over. So of a million ways only those are measured on which something hangs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import requests
import structlog

from dispatch.clock import SystemClock
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, TravelTime
from schedules.roads.line import Line
from schedules.roads.rules.router import DIALECTS, Garbled, Refused

PLACES_MAX = 49
"""
Places of one question: with its origin 50 points, which Valhalla's and OSRM's own settings allow (max_matrix_location
pairs 2,500, max-table-size 100).
"""

QUESTION_S = 5.0
FAILURES_MAX = 3
"""So many running, and the router is asked no more for this survey."""

FASTEST_M_S: Mapping[Means, float] = {Means.FOOT: 2.0, Means.EBIKE: 8.0, Means.CAR: 20.0}
"""No road is faster by these means, as the crow flies: who is further off is not asked about. Bounds of ours."""

log = structlog.get_logger()

T = TypeVar("T")
Way = tuple[Position, Position, Means]


@dataclass(slots=True, kw_only=True)
class Surveyed:
    """Keeps the promise `TravelTime`: what the router told, else what `fallback` says; `wanted` is what it did not."""

    fallback: TravelTime
    router: str
    known: dict[Way, float | None] = field(default_factory=dict)
    wanted: dict[Way, None] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return f"{self.router}({len(self.known)})+{self.fallback.source}"

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        """The time from `origin` to `to` in seconds."""
        way = (origin, to, means)
        if way not in self.known:
            self.wanted[way] = None
        told = self.known.get(way)
        return self.fallback.seconds(origin, to, means) if told is None else told

    def pace(self, means: Means) -> float:
        """A road may be faster than the straight line is reckoned."""
        return min(self.fallback.pace(means), 1 / FASTEST_M_S[means])


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """A router to survey by: its name in `DIALECTS`, its address, and for how long it may be asked for one survey."""

    router: str
    url: str
    for_s: float

    def survey(self, find: Callable[[TravelTime], T], fallback: TravelTime) -> tuple[T, Surveyed]:
        """
        What `find` finds by the roads. It is asked several times over, and must give the same for the same ways.

        What was not told in time is left in `wanted`, and the straight line has answered it.
        """
        travel = Surveyed(fallback=fallback, router=self.router)
        asking = _Asking(self)
        while True:
            travel.wanted.clear()
            found = find(travel)
            if not travel.wanted or asking.is_over():
                break
            travel.known |= asking.told(list(travel.wanted))
        if travel.wanted:
            log.warning("ways_not_measured", router=self.router, ways=len(travel.wanted))
        return found, travel


class _Asking:
    """One survey's questions, one after another."""

    def __init__(self, roads: Roads) -> None:
        self._line = Line(DIALECTS[roads.router], roads.url, budget_s=QUESTION_S, steady=steady)
        self._router = roads.router
        self._until_s = steady() + roads.for_s
        self._failures = 0

    def is_over(self) -> bool:
        return self._failures >= FAILURES_MAX or steady() >= self._until_s

    def told(self, ways: Sequence[Way]) -> dict[Way, float | None]:
        """What the router says of these; what it will not speak of is None and not asked again."""
        by_origin: dict[tuple[Position, Means], list[Position]] = defaultdict(list)
        for origin, to, means in ways:
            by_origin[origin, means].append(to)
        found: dict[Way, float | None] = {}
        for (origin, means), places in by_origin.items():
            for some, times in self._pieces(origin, places, means):
                found |= {(origin, to, means): each for to, each in zip(some, times, strict=True)}
        return found

    def _pieces(
        self, origin: Position, places: Sequence[Position], means: Means
    ) -> Iterator[tuple[Sequence[Position], Sequence[float | None]]]:
        waiting = [places[at : at + PLACES_MAX] for at in range(0, len(places), PLACES_MAX)]
        while waiting and not self.is_over():
            some = waiting.pop(0)
            try:
                yield some, self._line.told([origin], some, means)[0]
                self._failures = 0
            except Refused:
                half = len(some) // 2
                waiting += [some[:half], some[half:]] if half else []
                if not half:
                    yield some, [None]
            except (requests.RequestException, Garbled) as failed:
                log.warning("router_failed", router=self._router, why=type(failed).__name__)
                self._failures += 1


def steady() -> float:
    """Seconds of a clock that nobody sets."""
    return SystemClock().look().steady_s
