"""Positions on the earth. Everything inside is WGS-84; GCJ-02 is converted at the door."""

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the WGS-84 ellipsoid (IUGG)."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point in degrees, WGS-84."""

    lat: float
    lng: float

    def __post_init__(self) -> None:
        assert -90.0 <= self.lat <= 90.0
        assert -180.0 <= self.lng <= 180.0


def distance_m(a: Position, b: Position) -> float:
    """Great-circle distance in metres (haversine; error against the ellipsoid below 0.6 %)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lng - a.lng) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


# GCJ-02, the datum of Chinese street maps, shifts a point by up to some 700 m. The formula was never published
# officially; the constants below are those that all public implementations share (for one: gcoord, MIT).
_AXIS_M = 6_378_245.0
_ECCENTRICITY2 = 0.006_693_421_622_965_943


def wgs84_to_gcj02(point: Position) -> Position:
    """The same point as Chinese street maps draw it. Outside mainland China the two are the same."""
    if _outside_china(point):
        return point
    shift_lat, shift_lng = _shift(point)
    return Position(point.lat + shift_lat, point.lng + shift_lng)


def gcj02_to_wgs84(point: Position) -> Position:
    """The true point behind one on a Chinese street map, to a micrometre: the shift is undone by eight rounds."""
    if _outside_china(point):
        return point
    guess = point
    for _ in range(8):
        shown = wgs84_to_gcj02(guess)
        guess = Position(guess.lat + point.lat - shown.lat, guess.lng + point.lng - shown.lng)
    return guess


def _outside_china(point: Position) -> bool:
    return not (0.8293 <= point.lat <= 55.8271 and 72.004 <= point.lng <= 137.8347)


def _shift(point: Position) -> tuple[float, float]:
    """What the map adds, in degrees of latitude and longitude."""
    x, y = point.lng - 105.0, point.lat - 35.0
    radians = math.radians(point.lat)
    magic = 1 - _ECCENTRICITY2 * math.sin(radians) ** 2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY2) / (magic * math.sqrt(magic))
    parallel_m = _AXIS_M / math.sqrt(magic) * math.cos(radians)
    return math.degrees(_north_m(x, y) / meridian_m), math.degrees(_east_m(x, y) / parallel_m)


def _north_m(x: float, y: float) -> float:
    plane = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    long_waves = 160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y / 30.0 * math.pi)
    return plane + (_ripple(x) + _swell(y) + long_waves) * 2.0 / 3.0


def _east_m(x: float, y: float) -> float:
    plane = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    long_waves = 150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)
    return plane + (_ripple(x) + _swell(x) + long_waves) * 2.0 / 3.0


def _ripple(x: float) -> float:
    return 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)


def _swell(along: float) -> float:
    return 20.0 * math.sin(along * math.pi) + 40.0 * math.sin(along / 3.0 * math.pi)
