"""Who is where and who could come, as far as coverage asks: a home, a carer with their shifts, and a gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from dispatch.ids import CarerId
from dispatch.rules.place import Position
from dispatch.rules.travel import Means

CITY_S = 900.0
"""A quarter of an hour: the service radius in the centre (Guangzhou) and the reach asked by Hubei; CARE-RULES, 1.4."""

COUNTRY_S = 1800.0
"""Half an hour in remote rural parts (Guangzhou); CARE-RULES, 1.4."""

Window: TypeAlias = tuple[datetime, datetime]
"""A half-open stretch of time [start, end), aware UTC."""


class Reason(StrEnum):
    """Why nobody could be with a home in time; the first that holds."""

    NOBODY_ON_DUTY = "nobody_on_duty"
    """In the whole district nobody has a shift."""
    NOBODY_REACHABLE = "nobody_reachable"
    """Somebody who is near enough is on duty, or nobody else is, and their telephone is known not to answer."""
    TOO_FAR = "too_far"
    """Whoever is on duty and can be reached needs longer than is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwelling:
    """
    A home to be reached within `limit_s` seconds. Without a position it counts as reached by anybody who can be
    reached at all: a missing coordinate is no missing carer, and is told by itself.
    """

    code: str
    community: str
    position: Position | None
    limit_s: float

    def __post_init__(self) -> None:
        assert self.limit_s > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A carer: where from and by what they would come, when they are on duty, and whether they can be reached."""

    carer_id: CarerId
    place: Position | None
    means: Means
    reachable: bool
    presence: Sequence[Window]

    def __post_init__(self) -> None:
        assert all(start < end for start, end in self.presence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """
    Homes of one community that nobody can reach in [start_at, end_at), all of them for the same reason.

    Each home is in gaps for exactly the time it is uncovered: homes that lose their last carer, or find one again, at
    other instants are a gap of their own. So nothing is claimed of a home that is not true of it.
    """

    community: str
    reason: Reason
    start_at: datetime
    end_at: datetime
    homes: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.start_at < self.end_at
        assert self.homes


def uncovered_at(gaps: Iterable[Gap], at: datetime) -> dict[str, Reason]:
    """The codes of homes that these gaps leave alone at an instant, each with the reason."""
    return {code: gap.reason for gap in gaps if gap.start_at <= at < gap.end_at for code in gap.homes}
