"""Who is on duty, from the shifts alone. Windows are half-open: who is relieved at eight is off duty at eight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from dispatch.ids import CarerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One planned stretch of duty of one carer, [start_at, end_at). Shifts of a carer may overlap; PROMISES, D6."""

    id: str
    carer_id: CarerId
    start_at: datetime
    end_at: datetime

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


def _longer(stretch: Stretch, end_at: datetime) -> Stretch:
    return Stretch(carer_id=stretch.carer_id, start_at=stretch.start_at, end_at=max(stretch.end_at, end_at))
