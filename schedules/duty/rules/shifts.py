"""Who is on duty, from the shifts alone. Windows are half-open: who is relieved at eight is off duty at eight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from dispatch.ids import CarerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """
    One planned stretch of duty of one carer, [start_at, end_at). Shifts of a carer may overlap; PROMISES, D6.

    `sequence` counts how often it was moved, which calendars want to know (RFC 5545, 3.8.7.4).
    """

    id: str
    carer_id: CarerId
    start_at: datetime
    end_at: datetime
    sequence: int = 0
    changed_at: datetime | None = None

    def __post_init__(self) -> None:
        assert self.start_at < self.end_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Unbroken presence of one carer, [start_at, end_at): adjoining and overlapping shifts joined."""

    carer_id: CarerId
    start_at: datetime
    end_at: datetime


def on_duty(shifts: Iterable[Shift], at: datetime) -> dict[CarerId, datetime]:
    """
    Everybody on duty at an instant, each with the end of the current stretch.

    A carer whose next shift begins where this one ends is on duty until the later end.
    """
    return present(joined(shifts), at)


def joined(shifts: Iterable[Shift]) -> list[Stretch]:
    """The shifts as stretches that neither touch nor overlap for the same carer, ordered by carer and start."""
    stretches: list[Stretch] = []
    for shift in sorted(shifts, key=attrgetter("carer_id", "start_at")):
        last = stretches[-1] if stretches else None
        if last and last.carer_id == shift.carer_id and shift.start_at <= last.end_at:
            stretches[-1] = _longer(last, shift.end_at)
        else:
            stretches.append(Stretch(carer_id=shift.carer_id, start_at=shift.start_at, end_at=shift.end_at))
    return stretches


def present(stretches: Iterable[Stretch], at: datetime) -> dict[CarerId, datetime]:
    """Of stretches that are joined already: who is on duty, and until when."""
    return {each.carer_id: each.end_at for each in stretches if each.start_at <= at < each.end_at}


def changes_after(windows: Sequence[Shift] | Sequence[Stretch], at: datetime) -> datetime | None:
    """The next start or end after an instant; None when nothing is planned to begin or end any more."""
    edges = (edge for each in windows for edge in (each.start_at, each.end_at) if edge > at)
    return min(edges, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Time in which nobody is on duty, [start_at, end_at)."""

    start_at: datetime
    end_at: datetime


def overlapping(shift: Shift, others: Iterable[Shift]) -> list[Shift]:
    """Those of the same carer that share time with this one; shifts that only touch do not."""
    return [
        each for each in others
        if each.carer_id == shift.carer_id and each.start_at < shift.end_at and shift.start_at < each.end_at
    ]  # fmt: skip


def holes(shifts: Iterable[Shift], start: datetime, end: datetime) -> list[Hole]:
    """The parts of [start, end) that none of these shifts covers, in order."""
    found, covered = [], start
    for each in sorted(shifts, key=attrgetter("start_at")):
        if each.start_at > covered:
            found.append(Hole(start_at=covered, end_at=min(each.start_at, end)))
        covered = max(covered, each.end_at)
        if covered >= end:
            return [hole for hole in found if hole.start_at < hole.end_at]
    return [hole for hole in [*found, Hole(start_at=covered, end_at=end)] if hole.start_at < hole.end_at]


def _longer(stretch: Stretch, end_at: datetime) -> Stretch:
    return Stretch(carer_id=stretch.carer_id, start_at=stretch.start_at, end_at=max(stretch.end_at, end_at))
