"""
Who could travel to a place, and how long it takes: the question as a protocol, the answer by a straight line.

And how far a place is at least, by cells of a mesh, so that a search knows where to stop.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from dispatch.ids import CarerId, StationId
from dispatch.rules.place import EARTH_RADIUS_M, Position, distance_m


class Means(StrEnum):
    """What a carer travels by."""

    FOOT = "foot"
    EBIKE = "ebike"
    CAR = "car"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """
    A carer on duty, as far as it matters for being sent.

    `base` is the carer's registered base, or else the station's place. `engaged` counts the alarms the carer is busy
    with. Instants are aware UTC.
    """

    carer_id: CarerId
    code: str
    station_id: StationId | None
    means: Means
    base: Position | None = None
    position: Position | None = None
    position_at: datetime | None = None
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    on_duty_until: datetime
    engaged: int = 0
    last_callout_at: datetime | None = None
    phone: bool = True
    suspended: bool = False
    opted_out: bool = False
    unreached: bool = False

    def __post_init__(self) -> None:
        assert (self.position is None) == (self.position_at is None)
        assert self.engaged >= 0


class TravelTime(Protocol):
    """Somebody who knows how long a way takes. A straight line here; a road router can answer later."""

    @property
    def source(self) -> str:
        """Who answered and with which numbers: part of a choice's version, so that it can be recomputed."""
        ...

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        """The time from `origin` to `to` in seconds: finite, not negative, and the same for the same question."""
        ...

    def pace(self, means: Means) -> float:
        """
        Seconds per metre of straight line that `seconds` never goes below.

        It lets a search stop without asking for carers who are too far away whatever the roads are like.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightLine:
    """
    Great-circle distance × detour ÷ speed.

    The detour is chosen a little above the 1.34 measured as the median of road against straight line (p90: 2.4, where a
    river or a hill is in the way); the speeds, in metres a second and door to door in a city, are chosen. See the ADR.
    """

    detour: float = 1.4
    foot_mps: float = 1.25
    ebike_mps: float = 4.5
    car_mps: float = 6.5
    _paces: dict[Means, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        assert self.detour >= 1.0
        assert min(self.foot_mps, self.ebike_mps, self.car_mps) > 0.0
        speeds = {Means.FOOT: self.foot_mps, Means.EBIKE: self.ebike_mps, Means.CAR: self.car_mps}
        object.__setattr__(self, "_paces", {means: self.detour / speed for means, speed in speeds.items()})

    @property
    def source(self) -> str:
        """For example `straight_line(1.4;1.25,4.5,6.5)`: the detour, then the speeds on foot, by e-bike, by car."""
        return f"straight_line({self.detour};{self.foot_mps},{self.ebike_mps},{self.car_mps})"

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        """The time from `origin` to `to` in seconds."""
        return distance_m(origin, to) * self._paces[means]

    def pace(self, means: Means) -> float:
        """Seconds per metre of straight line: here exact, not only a bound."""
        return self._paces[means]


# ---------------------------------------------------------------------------------------------- how far at least

Point: TypeAlias = tuple[float, float, float]
"""A place in metres from the middle of the earth. Straight distances through it are never longer than great circles."""


def point_of(position: Position) -> Point:
    """A position on the sphere of `EARTH_RADIUS_M`, as a point in space."""
    lat, lng = math.radians(position.lat), math.radians(position.lng)
    around = EARTH_RADIUS_M * math.cos(lat)
    return around * math.cos(lng), around * math.sin(lng), EARTH_RADIUS_M * math.sin(lat)


@dataclass(frozen=True, slots=True)
class Mesh:
    """Cells of equal degrees. A key is row · columns + column; rows from the south pole, columns from −180°."""

    per_degree: int

    @property
    def columns(self) -> int:
        """All the way round."""
        return 360 * self.per_degree

    @property
    def reach_m(self) -> float:
        """From the middle of a cell to its farthest corner, at most: half the diagonal of one on the equator."""
        return 0.7072 * EARTH_RADIUS_M * math.radians(1 / self.per_degree)

    def key(self, position: Position) -> int:
        """The cell that a position is in."""
        row, column = self._row_column(position)
        return row * self.columns + column % self.columns

    def middle(self, key: int) -> Point:
        """The middle of a cell. The north pole is a row of its own, with the pole for its middle."""
        row, column = divmod(key, self.columns)
        lat = min(90.0, (row + 0.5) / self.per_degree - 90)
        return point_of(Position(lat, (column + 0.5) / self.per_degree - 180))

    def square(self, place: Position, r: int) -> list[int]:
        """The cells on the rim of the square that reaches `r` cells around a place; not all need exist."""
        row, column = self._row_column(place)
        across = [(column + step) % self.columns for step in range(-r, r + 1)]
        between = range(row - r + 1, row + r)
        rim = [side * self.columns + one for side in {row - r, row + r} for one in across]
        return rim + [middle * self.columns + one for middle in between for one in (across[0], across[-1])]

    def edge_m(self, place: Position, r: int) -> float:
        """
        Metres from a place to the nearest edge of its square, infinite where nothing lies beyond.

        Beyond a pole lies nothing. A meridian `gap` degrees away is asin(cos lat · sin gap) away at its nearest
        point, or as far as the pole when it is a quarter of the earth or more to the side.
        """
        row, column = self._row_column(place)
        north_deg, east_deg = place.lat + 90, place.lng + 180
        south = north_deg - (row - r) / self.per_degree if row > r else math.inf
        north = (row + r + 1) / self.per_degree - north_deg if row + r < 180 * self.per_degree else math.inf
        gap = min(east_deg - (column - r) / self.per_degree, (column + r + 1) / self.per_degree - east_deg)
        side = math.asin(math.cos(math.radians(place.lat)) * math.sin(math.radians(min(gap, 90.0))))
        return EARTH_RADIUS_M * min(math.radians(south), math.radians(north), side)

    def _row_column(self, position: Position) -> tuple[int, int]:
        """At +180° the column is one too many; whoever makes a key of it wraps it."""
        return math.floor((position.lat + 90) * self.per_degree), math.floor((position.lng + 180) * self.per_degree)
