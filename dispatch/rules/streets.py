"""The streets of a district, drawn from the homes that stand in them: the base of a map that has no tiles."""

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.rules.people import Home, compound

MARGIN = 0.0004
"""Degrees around the outermost homes: about 40 m, so that a street of one home is a block and not a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A street or compound as a box around its homes, WGS-84 degrees."""

    name: str
    south: float
    west: float
    north: float
    east: float


def streets(homes: Iterable[Home]) -> list[Street]:
    """The streets in which these homes stand, by name; homes without a position or a street are left out."""
    points: dict[str, list[tuple[float, float]]] = {}
    for home in homes:
        name = compound(home.address)
        if name and home.position is not None:
            points.setdefault(name, []).append((home.position.lat, home.position.lng))
    return [_street(name, at) for name, at in sorted(points.items())]


def _street(name: str, points: list[tuple[float, float]]) -> Street:
    lats, lngs = [lat for lat, _ in points], [lng for _, lng in points]
    return Street(
        name=name, south=min(lats) - MARGIN, west=min(lngs) - MARGIN, north=max(lats) + MARGIN,
        east=max(lngs) + MARGIN,
    )  # fmt: skip
