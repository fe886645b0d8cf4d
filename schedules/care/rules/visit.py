"""
What a planned visit is asked to be, and what is left of one once it is proved: the two ends of a visit's life.

    care plans ─┐                                       ┌─► the month's duty of a bed
    orders      ├─► Wanted ─► planned, begun, finished ─┤
    rounds     ─┘                                       └─► Proved ─► money
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dispatch.ids import CarerId, HomeId, ResidentId


class Source(StrEnum):
    """Where a visit comes from."""

    PLAN = "plan"
    """The care plan of a home-care bed."""
    ORDER = "order"
    """A service that the family or the hotline booked."""
    ROUND = "round"
    """A round (探访) that is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    One visit that ought to take place. Whoever wants the same visit twice says the same `key`, so it is planned once.

    `items` are codes of the service list. `carers` is how many must stand in the room at once: two to lift somebody.
    """

    key: str
    """Unique for ever: `plan:<care plan>:<line>:<local day>`, `order:<order>`, `round:<round>`."""
    source: Source
    home_id: HomeId
    resident_id: ResidentId
    on: date
    """The local day."""
    start_from: datetime
    """The earliest start, aware UTC."""
    start_by: datetime
    """The latest start, aware UTC: past it the carer is late."""
    minutes: int
    items: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()
    carers: int = 1
    medical: bool = False
    usual: tuple[CarerId, ...] = ()
    """Who usually comes: continuity of carer, dearest first."""
    not_with: tuple[CarerId, ...] = ()
    """Whom this household does not want at the door."""
    least_minutes: int | None = None
    """The fewest minutes that count, where the items ask for more or less than the service's share of `minutes`."""

    def __post_init__(self) -> None:
        assert self.start_from <= self.start_by
        assert self.minutes > 0
        assert self.carers >= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A visit that counts: each of the six points is known and no finding stands against it."""

    visit_id: str
    resident_id: ResidentId
    carer_ids: tuple[CarerId, ...]
    on: date
    """The local day on which it began; its minutes count to this day."""
    begun_at: datetime
    finished_at: datetime
    items: tuple[str, ...] = ()
    medical: bool = False

    @property
    def minutes(self) -> int:
        """Whole minutes in the room, cut off, never rounded up: 59 s more are no minute more."""
        return int((self.finished_at - self.begun_at).total_seconds()) // 60
