"""
Every way between many places by the roads, beside alarms: for plans of visits, in a process of its own.

Places that lie near each other are asked about together, and the nearest pairs of such groups first: what the router
has not told when the time is over is far apart, and goes by the straight line.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import requests
import structlog

from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Means
from schedules.roads.line import Line
from schedules.roads.rules.router import DIALECTS, Garbled, Refused, Rows
from schedules.roads.surveying import FAILURES_MAX, QUESTION_S, Roads, steady

GROUP = 30
"""
Places of a group. Thirty to thirty are 900 ways: far below what Valhalla and OSRM answer by their own settings (2,500
pairs, a table of 100), and some 120 kB of Valhalla's words.
"""

DEGREES = 0.01
"""The side of the squares by which places are put in order, about a kilometre."""

Known = list[list[float | None]]
"""From each place to each, in seconds; None where the router did not tell."""

log = structlog.get_logger()


def ways_by_roads(roads: Roads, spots: Sequence[Position | None], means: Sequence[Means]) -> list[Known]:
    """
    For each of these means every way that the router tells within `roads.for_s`. Never raises for what a router does.

    A place that nobody knows has no ways.
    """
    line = Line(DIALECTS[roads.router], roads.url, budget_s=QUESTION_S, steady=steady)
    found: list[Known] = [[[None] * len(spots) for _ in spots] for _ in means]
    until_s, failures = steady() + roads.for_s, 0
    for here, there in _nearest_first(_groups(spots), spots):
        for known, each in zip(found, means, strict=True):
            if failures >= FAILURES_MAX or steady() >= until_s:
                return found
            try:
                _ask(line, spots, here, there, each, known)
                failures = 0
            except (requests.RequestException, Garbled) as failed:
                log.warning("router_failed", router=roads.router, why=type(failed).__name__)
                failures += 1
    return found


def _groups(spots: Sequence[Position | None]) -> list[list[int]]:
    """Places by rows of squares, every other row backwards, so that neighbours in the order are near each other."""

    def square(number: int) -> tuple[int, int]:
        at = spots[number]
        assert at is not None
        row, column = int(at.lat // DEGREES), int(at.lng // DEGREES)
        return row, column if row % 2 else -column

    order = sorted((number for number, at in enumerate(spots) if at is not None), key=square)
    return [order[at : at + GROUP] for at in range(0, len(order), GROUP)]


def _nearest_first(
    groups: Sequence[list[int]], spots: Sequence[Position | None]
) -> list[tuple[list[int], list[int]]]:  # fmt: skip
    middles = [_middle([at for number in group if (at := spots[number]) is not None]) for group in groups]
    pairs = sorted(
        product(range(len(groups)), repeat=2), key=lambda pair: distance_m(*(middles[each] for each in pair))
    )
    return [(groups[a], groups[b]) for a, b in pairs]


def _middle(places: Sequence[Position]) -> Position:
    return Position(
        lat=sum(each.lat for each in places) / len(places), lng=sum(each.lng for each in places) / len(places)
    )


def _ask(
    line: Line, spots: Sequence[Position | None], here: list[int], there: list[int], means: Means, known: Known
) -> None:  # fmt: skip
    for starts, ends, rows in _pieces(line, spots, here, there, means):
        for start, row in zip(starts, rows, strict=True):
            for end, seconds in zip(ends, row, strict=True):
                known[start][end] = seconds


def _pieces(
    line: Line, spots: Sequence[Position | None], here: list[int], there: list[int], means: Means
) -> Iterator[tuple[list[int], list[int], Rows]]:  # fmt: skip
    """What is told; a question that is refused for one of its places is asked again in halves, the longer side cut."""
    waiting = [(here, there)]
    while waiting:
        starts, ends = waiting.pop()
        try:
            yield starts, ends, line.told(_at(spots, starts), _at(spots, ends), means)
        except Refused:
            half = max(len(starts), len(ends)) // 2
            if half and len(starts) >= len(ends):
                waiting += [(starts[:half], ends), (starts[half:], ends)]
            elif half:
                waiting += [(starts, ends[:half]), (starts, ends[half:])]


def _at(spots: Sequence[Position | None], numbers: Sequence[int]) -> list[Position]:
    return [at for number in numbers if (at := spots[number]) is not None]
