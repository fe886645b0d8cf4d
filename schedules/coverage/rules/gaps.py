"""
Every gap of a stretch of time, exactly: who is on duty, can be reached, and is near enough by their own means.

Homes are looked at cell by cell of a mesh, so that carers who are too far from the whole cell, whatever the roads are
like, are never asked about; of the others only those are asked who would be there at a time when nobody else is.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.rules.travel import Mesh, Point, TravelTime, point_of
from schedules.coverage.rules.axis import Axis
from schedules.coverage.rules.reach import Dwelling, Gap, Helper, Reason, Window

CELLS = Mesh(per_degree=200)
"""Cells of half a kilometre: small against the 800 m that somebody on foot comes in a quarter of an hour."""

SPARE_M = 1.0
"""What the bound is stretched by, so that rounding never leaves out somebody who is exactly near enough."""


def gaps(
    dwellings: Iterable[Dwelling], helpers: Sequence[Helper], *, start: datetime, end: datetime, travel: TravelTime
) -> list[Gap]:
    """
    The gaps of [start, end), aware UTC, ordered by start, community and end.

    `travel` is asked for the way from a carer's place to a home, in seconds; somebody who needs exactly the limit is
    in time.
    """
    axis = Axis(start, end, (window for each in helpers for window in each.presence))
    there = _There.of(helpers, axis, travel)
    found: dict[tuple[str, Reason, Window], list[str]] = defaultdict(list)
    for near, dwelling in _with_near(dwellings, there):
        for reason, missing in there.missing(dwelling, near, travel):
            for window in axis.windows(missing):
                found[dwelling.community, reason, window].append(dwelling.code)
    made = (
        Gap(community=community, reason=reason, start_at=window[0], end_at=window[1], homes=tuple(sorted(homes)))
        for (community, reason, window), homes in found.items()
    )
    return sorted(made, key=lambda gap: (gap.start_at, gap.community, gap.end_at, gap.reason))


@dataclass(frozen=True, slots=True)
class _One:
    """A helper as the search wants them: the bits of their presence, the point they start from, seconds a metre."""

    helper: Helper
    bits: int
    point: Point | None
    pace: float


@dataclass(frozen=True, slots=True)
class _There:
    """Everybody who is on duty at all, and when anybody is."""

    reachable: list[_One]
    others: list[_One]
    on_duty: int
    answering: int
    whole: int

    @classmethod
    def of(cls, helpers: Sequence[Helper], axis: Axis, travel: TravelTime) -> "_There":
        ones = [_one(each, axis.bits(each.presence), travel) for each in helpers]
        reachable = [one for one in ones if one.bits and one.helper.reachable]
        others = [one for one in ones if one.bits and not one.helper.reachable]
        answering = _union(reachable)
        return cls(reachable, others, answering | _union(others), answering, axis.whole)

    def near(self, ones: list[_One], key: int, limit_s: float) -> list[_One]:
        """Those who might be in time at some place of a cell, the nearest first."""
        middle = CELLS.middle(key)
        measured = ((math.dist(middle, one.point) - CELLS.reach_m - SPARE_M, one) for one in ones if one.point)
        kept = [(metres * one.pace, one) for metres, one in measured if metres * one.pace <= limit_s]
        return [one for _, one in sorted(kept, key=lambda each: each[0])]

    def missing(self, dwelling: Dwelling, near: "_Near", travel: TravelTime) -> Iterable[tuple[Reason, int]]:
        """When nobody could come, by reason."""
        missing = self.whole & ~_covered(dwelling, near.reachable, travel, self.whole)
        if not missing:
            return
        near_by = _covered(dwelling, near.others, travel, missing)
        silent = missing & self.on_duty & (near_by | ~self.answering)
        yield from (
            (reason, bits)
            for reason, bits in (
                (Reason.NOBODY_ON_DUTY, missing & ~self.on_duty),
                (Reason.NOBODY_REACHABLE, silent),
                (Reason.TOO_FAR, missing & self.on_duty & ~silent),
            )
            if bits
        )


@dataclass(frozen=True, slots=True)
class _Near:
    reachable: list[_One]
    others: list[_One]


def _with_near(dwellings: Iterable[Dwelling], there: _There) -> Iterable[tuple[_Near, Dwelling]]:
    cells: dict[tuple[int, float] | None, list[Dwelling]] = defaultdict(list)
    for each in dwellings:
        cells[(CELLS.key(each.position), each.limit_s) if each.position else None].append(each)
    for cell, living in cells.items():
        near = _Near(there.reachable, there.others)
        if cell is not None:
            near = _Near(there.near(there.reachable, *cell), there.near(there.others, *cell))
        yield from ((near, each) for each in living)


def _covered(dwelling: Dwelling, ones: list[_One], travel: TravelTime, wanted: int) -> int:
    """When one of these could be with the home in time; looked for only until all that is wanted is found."""
    found = 0
    point = point_of(dwelling.position) if dwelling.position else None
    for one in ones:
        if one.bits & wanted & ~found and _in_time(dwelling, point, one, travel):
            found |= one.bits
            if not wanted & ~found:
                break
    return found


def _in_time(dwelling: Dwelling, point: Point | None, one: _One, travel: TravelTime) -> bool:
    """The straight line is asked first: it costs a tenth of the whole question."""
    if dwelling.position is None or point is None:
        return True
    if one.helper.place is None or one.point is None:
        return False
    if (math.dist(point, one.point) - SPARE_M) * one.pace > dwelling.limit_s:
        return False
    return travel.seconds(one.helper.place, dwelling.position, one.helper.means) <= dwelling.limit_s


def _one(helper: Helper, bits: int, travel: TravelTime) -> _One:
    return _One(helper, bits, point_of(helper.place) if helper.place else None, travel.pace(helper.means))


def _union(ones: list[_One]) -> int:
    bits = 0
    for one in ones:
        bits |= one.bits
    return bits
