"""
Gaps that are on file against those that were just found: which are new, which have changed, which are closed.

And when people are told of each: a week, a day and an hour ahead, or at once where there is no such time left. So a
roster may be worked on for days without one letter, and no gap comes as a surprise.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from schedules.coverage.rules.reach import Gap


class Told(IntEnum):
    """How near a gap was when people were last told of it."""

    NOT_YET = 0
    WEEK = 1
    DAY = 2
    HOUR = 3


AHEAD = {Told.HOUR: timedelta(hours=1), Told.DAY: timedelta(hours=26), Told.WEEK: timedelta(days=7)}
"""
Nearest first. A day has two hours to spare, because coverage is worked out once an hour at least and 24 hours are
promised (PROMISES, H1, D5).
"""

CLOSED_FOR = timedelta(minutes=10)
"""A gap that is closed for so long is told to be closed. A plan that is being changed opens and closes gaps."""

ALIKE = 0.5
"""The share of homes, of all that are in one gap or the other, from which two gaps of a community are the same."""

GROWN = 1.5
"""A gap with so many times the homes or the length is told anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    A gap on file. `told` is what people know of it, with `homes_told` homes and for `length_told`; `closed_at` says
    since when it is gone, `closing_told` that people know that too.
    """

    id: str
    gap: Gap
    found_at: datetime
    told: Told = Told.NOT_YET
    told_at: datetime | None = None
    homes_told: int = 0
    length_told: timedelta = timedelta()
    closed_at: datetime | None = None
    closing_told: bool = False

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be written: gaps never seen before, rows that are different now, closed ones among them."""

    new: list[Gap]
    changed: list[Standing]


def compared(standing: Sequence[Standing], found: Sequence[Gap], now: datetime) -> Changes:
    """
    `standing` are the rows that are open, and those closed that nobody has been told of yet; those open again are the
    same gap as before.
    """
    left = dict(enumerate(found))
    by_place: dict[str, list[int]] = defaultdict(list)
    for number, gap in left.items():
        by_place[gap.community].append(number)
    changed = []
    # Those that are the very same find their gap first, so that a neighbour that only looks alike does not take it.
    for row in sorted(
        standing, key=lambda each: not any(_same(each, left[n], now) for n in by_place[each.gap.community])
    ):
        near = [n for n in by_place[row.gap.community] if n in left]
        best = max(near, key=lambda n: _likeness(row, left[n], now), default=None)
        if best is None or _likeness(row, left[best], now) < ALIKE:
            fresh = _gone(row, now)
        else:
            fresh = _renewed(row, left.pop(best), now)
        if fresh != row:
            changed.append(fresh)
    return Changes(new=list(left.values()), changed=changed)


def telling(row: Standing, now: datetime) -> Told | None:
    """How near this gap is, if that is nearer than people know; None where there is nothing to tell."""
    if not row.is_open or row.gap.end_at <= now:
        return None
    nearest = next((told for told, ahead in AHEAD.items() if row.gap.start_at - now <= ahead), Told.NOT_YET)
    return nearest if nearest > row.told else None


def tells_closing(row: Standing, now: datetime) -> bool:
    """Whether people who know of this gap should hear that it is gone; one that has simply passed is no news."""
    closed = row.closed_at
    known = closed is not None and row.told > Told.NOT_YET and not row.closing_told
    return known and closed is not None and closed < row.gap.end_at and now - closed >= CLOSED_FOR


def _gone(row: Standing, now: datetime) -> Standing:
    """A gap that is not there any more; one that has passed was never closed, and is no news."""
    if row.gap.end_at <= now:
        return replace(row, closed_at=row.closed_at or row.gap.end_at, closing_told=True)
    return row if row.closed_at else replace(row, closed_at=now)


def _renewed(row: Standing, gap: Gap, now: datetime) -> Standing:
    """The row of a gap that is still there, as it is now. What has begun keeps its beginning."""
    start_at = min(row.gap.start_at, gap.start_at) if gap.start_at <= now else gap.start_at
    fresh = replace(row, gap=replace(gap, start_at=start_at), closed_at=None)
    length = gap.end_at - gap.start_at
    has_grown = len(gap.homes) > GROWN * row.homes_told or length > GROWN * row.length_told
    return replace(fresh, told=Told.NOT_YET) if has_grown and row.told else fresh


def _same(row: Standing, gap: Gap, now: datetime) -> bool:
    begins = row.gap.start_at == gap.start_at or max(row.gap.start_at, gap.start_at) <= now
    return begins and (row.gap.reason, row.gap.end_at, row.gap.homes) == (gap.reason, gap.end_at, gap.homes)


def _likeness(row: Standing, gap: Gap, now: datetime) -> float:
    """From 0, another gap, to 2, the very same; only gaps that share time and homes are alike at all."""
    if gap.start_at >= row.gap.end_at or row.gap.start_at >= gap.end_at:
        return 0.0
    if _same(row, gap, now):
        return 2.0
    mine, theirs = set(row.gap.homes), set(gap.homes)
    return len(mine & theirs) / len(mine | theirs)
