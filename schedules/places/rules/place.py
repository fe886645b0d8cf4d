"""A service point, and which of them are near."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from dispatch.rules.place import Position
from dispatch.rules.travel import Means, TravelTime

WALK_S = 900.0
"""A walk of a quarter of an hour: the circle of life (一刻钟生活圈) that communities are planned by."""


class Kind(StrEnum):
    """What a service point is."""

    CANTEEN = "canteen"
    CLINIC = "clinic"
    REPAIR = "repair"
    STATION = "station"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePoint:
    """`hours` as `read_hours` understands them; `offers` in words."""

    id: str
    code: str
    kind: Kind
    name: str
    position: Position
    hours: str = ""
    phone: str = ""
    address: str = ""
    offers: str = ""
    version: int = 1
    ended_at: datetime | None = None


class Near(NamedTuple):
    """A service point and the walk to it, in seconds."""

    point: ServicePoint
    walk_s: float


def near(points: Iterable[ServicePoint], place: Position, travel: TravelTime, within_s: float = WALK_S) -> list[Near]:
    """Those within a walk of so many seconds, the nearest first."""
    walks = (Near(each, travel.seconds(place, each.position, Means.FOOT)) for each in points)
    return sorted((each for each in walks if each.walk_s <= within_s), key=lambda each: (each.walk_s, each.point.code))
