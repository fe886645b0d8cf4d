"""Cutting windows of duty: out of a shift for somebody who stands in or is absent, and the holes that leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schedules.duty.rules.shifts import Hole, Shift, holes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """
    A shift with the window `taken` out of it.

    `kept` is the part before the window, or else the one after it, under the shift's id; `rest` is what lies behind the
    window besides, a shift of its own that has no id yet.
    """

    kept: Shift | None
    rest: Hole | None
    taken: Hole


def cut(shift: Shift, start: datetime, end: datetime) -> Cut | None:
    """The shift without what it shares with [start, end); None where it shares nothing."""
    first, last = max(shift.start_at, start), min(shift.end_at, end)
    if first >= last:
        return None
    taken, sequence = Hole(start_at=first, end_at=last), shift.sequence + 1
    has_before, has_after = first > shift.start_at, last < shift.end_at
    if has_before:
        kept = replace(shift, end_at=first, sequence=sequence)
        return Cut(kept=kept, rest=Hole(start_at=last, end_at=shift.end_at) if has_after else None, taken=taken)
    kept_after = replace(shift, start_at=last, sequence=sequence) if has_after else None
    return Cut(kept=kept_after, rest=None, taken=taken)


def left_open(windows: Iterable[Hole], staying: Sequence[Shift]) -> list[Hole]:
    """Of windows that lose somebody: the parts in which none of those who stay is there, in order and joined."""
    found = sorted(
        (hole for each in windows for hole in holes(staying, each.start_at, each.end_at)),
        key=lambda each: each.start_at,
    )
    joined: list[Hole] = []
    for each in found:
        if joined and each.start_at <= joined[-1].end_at:
            joined[-1] = Hole(start_at=joined[-1].start_at, end_at=max(joined[-1].end_at, each.end_at))
        else:
            joined.append(each)
    return joined
