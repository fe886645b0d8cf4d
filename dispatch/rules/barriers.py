"""
Rivers, railways and motorways: what a straight line would cross and nobody does, but where there is a crossing.

    carer ●────────╳ (the river)                 carer ●──╮
                    ╲                                      ╰──◆ (the bridge)──╮
                     ● home: 200 m, says the line                             ╰──● home: 3 km, says the way

The way is the shortest chain of straight pieces over crossings; nobody goes round the end of a line, because a line
ends where the map of the district does and not where the river does.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.rules.place import EARTH_RADIUS_M, Position, distance_m
from dispatch.rules.travel import Means, TravelTime

CROSSING_M = 50.0
"""A straight piece that meets a barrier this close to a crossing goes over it; the width of a large bridge, chosen."""

NO_WAY_S = 86_400.0
"""The time of a way that does not exist: a day, which no limit of any setting allows, and finite as promised."""

KEPT_MAX = 4096
"""Places whose ways to the crossings are remembered."""

_Flat = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A bridge, ford or underpass, and who gets over it."""

    at: Position
    means: frozenset[Means] = frozenset(Means)


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A line that is crossed at its crossings only. `name` is for people."""

    name: str
    line: tuple[Position, ...]
    crossings: tuple[Crossing, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.line) >= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Detours:
    """Keeps the promise `TravelTime`: what `open_country` says of each straight piece, over crossings where needed."""

    open_country: TravelTime
    barriers: Sequence[Barrier]
    _over: Mapping[Means, "_Crossings"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        over = {means: _Crossings(self.open_country, self.barriers, means) for means in Means}
        object.__setattr__(self, "_over", over)

    @property
    def source(self) -> str:
        """For example `straight_line(…)+barriers(2;3)`: so many barriers with so many crossings in all."""
        crossings = sum(len(each.crossings) for each in self.barriers)
        return f"{self.open_country.source}+barriers({len(self.barriers)};{crossings})"

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        """The time in seconds; `NO_WAY_S` where there is none."""
        return self._over[means].seconds(origin, to)

    def pace(self, means: Means) -> float:
        """No detour is shorter than the straight line."""
        return self.open_country.pace(means)


class _Crossings:
    """The shortest ways between all crossings that one means of travel may use (Floyd and Warshall)."""

    def __init__(self, travel: TravelTime, barriers: Sequence[Barrier], means: Means) -> None:
        self._travel, self._means = travel, means
        self._walls = [_Wall(each, means) for each in barriers]
        self._nodes = [each.at for one in barriers for each in one.crossings if means in each.means]
        self._between = self._shortest()
        self._leaving: dict[Position, list[tuple[int, float]]] = {}

    def seconds(self, origin: Position, to: Position) -> float:
        direct = self._piece(origin, to)
        if direct < math.inf:
            return direct
        arriving = self._pieces(to)
        ways = (out + self._between[i][j] + back for i, out in self._kept(origin) for j, back in arriving)
        return min(min(ways, default=math.inf), NO_WAY_S)

    def _kept(self, origin: Position) -> list[tuple[int, float]]:
        """A carer's place is asked about for every home; a few thousand of them are kept."""
        if origin not in self._leaving:
            if len(self._leaving) >= KEPT_MAX:
                self._leaving.clear()
            self._leaving[origin] = self._pieces(origin)
        return self._leaving[origin]

    def _pieces(self, place: Position) -> list[tuple[int, float]]:
        """The crossings that can be seen from a place, and how far they are. A way is as long as the way back."""
        seen = ((number, self._piece(place, node)) for number, node in enumerate(self._nodes))
        return [(number, seconds) for number, seconds in seen if seconds < math.inf]

    def _piece(self, origin: Position, to: Position) -> float:
        """Straight there, infinite where a barrier is in between."""
        if any(wall.stops(origin, to) for wall in self._walls):
            return math.inf
        return self._travel.seconds(origin, to, self._means)

    def _shortest(self) -> list[list[float]]:
        ways = [[self._piece(a, b) for b in self._nodes] for a in self._nodes]
        for over, onward in enumerate(ways):
            for row in ways:
                row[:] = [min(known, row[over] + more) for known, more in zip(row, onward, strict=True)]
        return ways


class _Wall:
    """One barrier on a flat map around its first point, for the small distances of a district."""

    def __init__(self, barrier: Barrier, means: Means) -> None:
        self._zero = barrier.line[0]
        self._narrow = math.cos(math.radians(self._zero.lat))
        line = [self._flat(each) for each in barrier.line]
        self._pieces = list(itertools.pairwise(line))
        self._crossings = [each.at for each in barrier.crossings if means in each.means]
        self._south, self._north = min(y for _, y in line), max(y for _, y in line)
        self._west, self._east = min(x for x, _ in line), max(x for x, _ in line)

    def stops(self, origin: Position, to: Position) -> bool:
        """Whether the straight line meets this barrier anywhere but at a crossing."""
        a, b = self._flat(origin), self._flat(to)
        if max(a[1], b[1]) < self._south or min(a[1], b[1]) > self._north:
            return False
        if max(a[0], b[0]) < self._west or min(a[0], b[0]) > self._east:
            return False
        met = (_meeting(a, b, c, d) for c, d in self._pieces)
        return any(point is not None and not self._is_crossing(point) for point in met)

    def _is_crossing(self, point: _Flat) -> bool:
        lng = math.degrees(point[0] / EARTH_RADIUS_M / self._narrow) + self._zero.lng
        here = Position(math.degrees(point[1] / EARTH_RADIUS_M) + self._zero.lat, lng)
        return any(distance_m(here, each) <= CROSSING_M for each in self._crossings)

    def _flat(self, position: Position) -> _Flat:
        east = math.radians(position.lng - self._zero.lng) * self._narrow
        return east * EARTH_RADIUS_M, math.radians(position.lat - self._zero.lat) * EARTH_RADIUS_M


def _meeting(a: _Flat, b: _Flat, c: _Flat, d: _Flat) -> _Flat | None:
    """Where the pieces a–b and c–d meet, ends included; None where they do not or run side by side."""
    ab, cd, ac = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1]), (c[0] - a[0], c[1] - a[1])
    turn = ab[0] * cd[1] - ab[1] * cd[0]
    if turn == 0.0:
        return None
    along, across = (ac[0] * cd[1] - ac[1] * cd[0]) / turn, (ac[0] * ab[1] - ac[1] * ab[0]) / turn
    if not (0.0 <= along <= 1.0 and 0.0 <= across <= 1.0):
        return None
    return a[0] + along * ab[0], a[1] + along * ab[1]
