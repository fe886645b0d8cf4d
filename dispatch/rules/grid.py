"""
Carers on a grid of small cells: the same answer as `nearest.rank`, without looking at everybody.

    ┌───┬───┬───┬───┬───┐   Squares of cells grow around the place. What lies outside the square is at least as far
    │ 2 │ 2 │ 2 │ 2 │ 2 │   away as its nearest edge; once the fastest carer would need longer from there than the
    ├───┼───┼───┼───┼───┤   k-th best found so far, nobody outside can be among the best. A square with more cells
    │ 2 │ 1 │ 1 │ 1 │ 2 │   than are occupied in all is not worth drawing: then the cells that are left are visited
    ├───┼───┼───┼───┼───┤   from the nearest to the farthest, by straight distances through the earth, which know
    │ 2 │ 1 │ 0 │ 1 │ 2 │   neither poles nor a date line.
    └───┴───┴───┴───┴───┘

A carer lies in the cell of the last position and in that of the base. Which of the two counts depends on the age of
the position when the question is asked, so that a grid does not age.
"""

import heapq
import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

from dispatch.ids import CarerId, StationId
from dispatch.rules.nearest import (
    DISTRICT,
    KEEP_MAX,
    Candidate,
    Choice,
    Need,
    Question,
    Scored,
    Weights,
    chosen,
    handicap_s,
    passing,
    ring_of,
    score,
    standing,
)
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, Mesh, Point, TravelTime, point_of

PER_DEGREE = (320, 160, 80, 40, 20, 10)
"""Cells per degree, from 350 m to 11 km from south to north; chosen. The first with `_CARERS_A_CELL` is taken."""
_CARERS_A_CELL = 4
_SLACK_M = 0.001
"""What rounding may do to a bound: a thousand times more than it does."""
_NEVER = datetime.min.replace(tzinfo=UTC)

Entry: TypeAlias = tuple[Point, datetime, Candidate]
"""Where a carer may be, when the carer was last seen (`_NEVER`: not at all), and who it is."""


@dataclass(slots=True)
class _Cell:
    """The carers of one cell: by their last position, and by their base."""

    middle: Point
    seen: dict[CarerId, Entry] = field(default_factory=dict)
    based: dict[CarerId, Entry] = field(default_factory=dict)


class Grid:
    """
    All carers on duty, in memory, for one thread at a time: `replace` and `remove` must not run beside `nearest`.

    Whoever holds the grid says so with a lock, or by owning the only thread.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        everybody = sorted(candidates, key=lambda candidate: candidate.on_duty_until)
        self._mesh = _mesh_for(everybody)
        self._outgrown_at = _outgrown_at(len(everybody))
        self._carers: dict[CarerId, Candidate] = {}
        self._cells: dict[int, _Cell] = {}
        self._homeless: dict[CarerId, Candidate] = {}
        self._means: Counter[Means] = Counter()
        self._skills: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._barred: Counter[str] = Counter()
        self._until: list[datetime] = []
        for candidate in everybody:
            self.replace(candidate)

    def __len__(self) -> int:
        return len(self._carers)

    def engage(self, carer_id: CarerId, change: int) -> None:
        """So many alarms more or fewer are waiting for a carer, which no index here is ordered by."""
        known = self._carers.get(carer_id)
        if known is not None:
            self._carers[carer_id] = fresh = replace(known, engaged=max(0, known.engaged + change))
            if standing(fresh) is None:
                self._settle(fresh)

    def replace(self, candidate: Candidate) -> None:
        """Take in a carer, or what is new about one: a few microseconds."""
        self.remove(candidate.carer_id)
        self._carers[candidate.carer_id] = candidate
        barred = standing(candidate)
        if barred is None:
            self._place(candidate)
        else:
            self._barred[barred] += 1
        if len(self._carers) >= self._outgrown_at:
            self._lay_out_anew()

    def remove(self, carer_id: CarerId) -> None:
        """Forget a carer; nothing happens when there is none."""
        candidate = self._carers.pop(carer_id, None)
        if candidate is None:
            return
        barred = standing(candidate)
        if barred is None:
            self._displace(candidate)
        else:
            self._barred[barred] -= 1

    def known(self, carer_id: CarerId) -> Candidate:
        """
        What is known of a carer who is here.

        Raises:
            KeyError: there is none.
        """
        return self._carers[carer_id]

    def nearest(
        self,
        need: Need,
        *,
        now: datetime,
        travel: TravelTime,
        weights: Weights,
        version: str,
        k: int = KEEP_MAX,
    ) -> Choice:
        """The choice that `rank` would make of the same carers."""
        question = Question.of(need, now=now, travel=travel, weights=weights)
        best = _Best(k)
        if need.place is None:
            self._search_anywhere(question, best)
        else:
            self._search_around(question, need.place, best)
        excluded = self._excluded(question)
        return chosen(question, best.scored, excluded=excluded, considered=len(self._carers), version=version)

    # ------------------------------------------------------------------------------------------ keeping it

    def _place(self, candidate: Candidate) -> None:
        self._tally(candidate, 1)
        insort(self._until, candidate.on_duty_until)
        self._settle(candidate)

    def _settle(self, candidate: Candidate) -> None:
        seen_at = candidate.position_at or _NEVER
        if candidate.position is not None:
            self._cell(candidate.position).seen[candidate.carer_id] = (point_of(candidate.position), seen_at, candidate)
        if candidate.base is not None:
            self._cell(candidate.base).based[candidate.carer_id] = (point_of(candidate.base), seen_at, candidate)
        else:
            self._homeless[candidate.carer_id] = candidate

    def _lay_out_anew(self) -> None:
        """A grid that has grown to several times its size wants finer cells."""
        placed = [candidate for candidate in self._carers.values() if standing(candidate) is None]
        self._mesh, self._outgrown_at = _mesh_for(placed), _outgrown_at(len(self._carers))
        self._cells.clear()
        for candidate in placed:
            self._settle(candidate)

    def _displace(self, candidate: Candidate) -> None:
        self._tally(candidate, -1)
        del self._until[bisect_left(self._until, candidate.on_duty_until)]
        self._homeless.pop(candidate.carer_id, None)
        for position in (candidate.position, candidate.base):
            if position is not None:
                self._clear(self._mesh.key(position), candidate.carer_id)

    def _tally(self, candidate: Candidate, one: int) -> None:
        self._means[candidate.means] += one
        for skill in candidate.skills:
            self._skills[skill] += one
        for language in candidate.languages:
            self._languages[language] += one

    def _cell(self, position: Position) -> _Cell:
        key = self._mesh.key(position)
        if key not in self._cells:
            self._cells[key] = _Cell(self._mesh.middle(key))
        return self._cells[key]

    def _clear(self, key: int, carer_id: CarerId) -> None:
        """Take a carer out of a cell; a cell that is empty is no cell. Position and base may have shared one."""
        cell = self._cells.get(key)
        if cell is None:
            return
        cell.seen.pop(carer_id, None)
        cell.based.pop(carer_id, None)
        if not cell.seen and not cell.based:
            del self._cells[key]

    def _excluded(self, question: Question) -> Counter[str]:
        """How many are left out for which reason, counting only what the question adds to what is counted already."""
        excluded = self._barred.copy()
        excluded["shift_over"] = bisect_right(self._until, question.now)
        for carer_id in question.declined | question.asked:
            candidate = self._carers.get(carer_id)
            if candidate is not None and candidate.on_duty_until > question.now and standing(candidate) is None:
                excluded[passing(question, candidate) or ""] += 1
        return excluded

    # ------------------------------------------------------------------------------------------ asking it

    def _search_anywhere(self, question: Question, best: "_Best") -> None:
        """Nobody knows where the resident is: all travel alike, so only the least that each could cost is compared."""
        unknown_s = question.weights.unknown_travel_s
        heap = []
        for candidate in self._carers.values():
            if standing(candidate) is not None:
                continue
            ring = ring_of(question, candidate.station_id)
            floor_s = float(unknown_s + question.weights.ring_s[ring])
            heap.append((floor_s, ring, candidate.code, candidate.carer_id, 0.0, candidate))
        heapq.heapify(heap)
        while heap and best.may_take(heap[0]):
            best.offer(question, heapq.heappop(heap)[-1])

    def _search_around(self, question: Question, place: Position, best: "_Best") -> None:
        if self._cells:
            means = [one for one, count in self._means.items() if count]
            common_s = handicap_s(question, self._paragon(), 0.0) - question.weights.ring_s[DISTRICT]
            search = _Search.of(question, place, best, means=means, common_s=common_s, reach_m=self._mesh.reach_m)
            self._search_cells(search, place)
        if question.weights.unknown_travel_s <= best.limit_s:
            for candidate in self._homeless.values():
                if candidate.position_at is None or candidate.position_at < question.base_before:
                    best.offer(question, candidate)

    def _paragon(self) -> Candidate:
        """Whoever is handicapped least but for the ring: has what anybody has, and the longest shift of all."""
        return Candidate(
            carer_id=CarerId(""),
            code="",
            station_id=None,
            means=Means.CAR,
            skills=frozenset(skill for skill, count in self._skills.items() if count),
            languages=frozenset(language for language, count in self._languages.items() if count),
            on_duty_until=self._until[-1],
        )

    def _search_cells(self, search: "_Search", place: Position) -> None:
        """Growing squares first; what they do not reach, from near to far."""
        visited: set[int] = set()
        for r in range(math.isqrt(len(self._cells)) + 2):
            keys = [key for key in self._mesh.square(place, r) if key in self._cells]
            search.look([self._cells[key] for key in keys])
            visited.update(keys)
            if search.floor_s(self._mesh.edge_m(place, r)) > search.best.limit_s:
                return
        rest = ((search.cell_floor_s(cell), key) for key, cell in self._cells.items() if key not in visited)
        for floor_s, key in sorted(rest):
            if floor_s > search.best.limit_s:
                return
            search.look([self._cells[key]])


class _Best:
    """The best `k` so far. `limit_s` is the effective_s that one more must not exceed to be among them."""

    def __init__(self, k: int) -> None:
        assert k >= 1
        self.k = k
        self.limit_s = math.inf
        self.scored: list[Scored] = []

    def may_take(self, floor: Scored) -> bool:
        """False when nothing at or above `floor`, in the order of scores, can be among the best any more."""
        return len(self.scored) < self.k or floor[:4] < self.scored[-1][:4]

    def offer(self, question: Question, candidate: Candidate) -> None:
        """Look at a carer with no standing exclusion."""
        if passing(question, candidate) is None:
            insort(self.scored, score(question, candidate))
            if len(self.scored) >= self.k:
                del self.scored[self.k :]
                self.limit_s = self.scored[-1][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One search around a place: what the least costs of a carer are reckoned with."""

    question: Question
    best: _Best
    here: Point
    reach_m: float
    paces: dict[Means, float]
    fastest: float
    stations_s: dict[StationId | None, int]
    others_s: int
    least_s: int

    @classmethod
    def of(
        cls, question: Question, place: Position, best: _Best, *, means: Iterable[Means], common_s: int, reach_m: float
    ) -> "_Search":
        """`common_s` is what everybody is handicapped by at least, `reach_m` how far a cell reaches from its middle."""
        need, ring_s = question.need, question.weights.ring_s
        stations = [*need.lending, *([need.station_id] if need.station_id is not None else [])]
        paces = {one: question.travel.pace(one) for one in means}
        return cls(
            question=question,
            best=best,
            here=point_of(place),
            reach_m=reach_m,
            paces=paces,
            fastest=min(paces.values()),
            stations_s={one: ring_s[ring_of(question, one)] + common_s for one in stations},
            others_s=ring_s[DISTRICT] + common_s,
            least_s=min(ring_s) + common_s,
        )

    def floor_s(self, metres: float) -> float:
        """The least effective_s of anybody who is at least so far away."""
        return (metres - _SLACK_M) * self.fastest + self.least_s

    def cell_floor_s(self, cell: _Cell) -> float:
        """The least effective_s of anybody in a cell."""
        return self.floor_s(max(0.0, math.dist(self.here, cell.middle) - self.reach_m))

    def look(self, cells: Iterable[_Cell]) -> None:
        """Offer those who could be among the best, the most promising first, until one is too far away."""
        since, based_s = self.question.base_before, self.question.weights.base_position_s
        near = [cell for cell in cells if self.cell_floor_s(cell) <= self.best.limit_s]
        seen = [entry for cell in near for entry in cell.seen.values() if entry[1] >= since]
        based = [entry for cell in near for entry in cell.based.values() if entry[1] < since]
        found = sorted(self._hopeful(seen, 0) + self._hopeful(based, based_s))
        for floor_s, _, candidate in found:
            if floor_s > self.best.limit_s:
                return
            self.best.offer(self.question, candidate)

    def _hopeful(self, entries: list[Entry], based_s: int) -> list[tuple[float, CarerId, Candidate]]:
        """
        Those whose least effective_s, by way, ring and other alarms alone, could still be among the best; `based_s` is
        added for all of them, who are believed to be at their base.
        """
        here, paces, limit_s, engaged_s = self.here, self.paces, self.best.limit_s, self.question.weights.engaged_s
        stations_s, others_s, dist = self.stations_s, self.others_s, math.dist
        return [
            (floor_s, one.carer_id, one)
            for point, _, one in entries
            if (
                floor_s := (dist(here, point) - _SLACK_M) * paces[one.means]
                + stations_s.get(one.station_id, others_s)
                + engaged_s * one.engaged
                + based_s
            )
            <= limit_s
        ]


def _mesh_for(candidates: Sequence[Candidate]) -> Mesh:
    """The finest mesh that leaves a few carers in a cell; with too few for any, the coarsest."""
    places = [place for one in candidates if (place := one.position or one.base) is not None]
    for per_degree in PER_DEGREE[:-1]:
        mesh = Mesh(per_degree)
        if len(places) > _CARERS_A_CELL * len({mesh.key(place) for place in places}):
            return mesh
    return Mesh(PER_DEGREE[-1])


def _outgrown_at(carers: int) -> int:
    """From how many carers on a mesh that was made for `carers` is made anew: rarely, so that it costs little."""
    return 4 * carers + 64
