"""
The contract with a road router, and the two that there are.

    Valhalla  POST /sources_to_targets  {"sources": [{"lat", "lon"}…], "targets": […], "costing": "pedestrian"}
              → {"sources_to_targets": [[{"time": seconds or null, …}], …]}
              (https://valhalla.github.io/valhalla/api/matrix/api-reference/)
    OSRM      GET /table/v1/foot/lng,lat;lng,lat…?sources=0;1&destinations=2&annotations=duration
              → {"code": "Ok", "durations": [[seconds or null], …]}
              (https://project-osrm.org/docs/v5.24.0/api/#table-service)
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.rules.place import Position
from dispatch.rules.travel import Means

Seconds = list[float | None]
"""The time from each origin, None where the router knows no way."""


class Garbled(Exception):
    """The answer is not what the router promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: a path under the router's address, and a body to post or none to get."""

    path: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a kind of router is asked from some origins to one place, and how its JSON is read."""

    ask: Callable[[Sequence[Position], Position, Means], Ask]
    read: Callable[[Any], Seconds]


_COSTING = {Means.FOOT: "pedestrian", Means.EBIKE: "bicycle", Means.CAR: "auto"}
_PROFILE = {Means.FOOT: "foot", Means.EBIKE: "bike", Means.CAR: "driving"}


def read(dialect: Dialect, text: bytes, count: int) -> Seconds:
    """
    The times of `count` origins out of an answer.

    Raises:
        Garbled: it is no such answer.
    """
    try:
        found = dialect.read(json.loads(text))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise Garbled("the router's answer cannot be read") from None
    if len(found) != count or not all(each is None or _is_time(each) for each in found):
        raise Garbled("the router's answer has other times than were asked for")
    return found


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _ask_valhalla(origins: Sequence[Position], to: Position, means: Means) -> Ask:
    said = {
        "sources": [_named(each) for each in origins], "targets": [_named(to)], "costing": _COSTING[means],
        "verbose": True,
    }  # fmt: skip
    return Ask(path="/sources_to_targets", body=json.dumps(said).encode())


def _named(position: Position) -> dict[str, float]:
    return {"lat": position.lat, "lon": position.lng}


def _ask_osrm(origins: Sequence[Position], to: Position, means: Means) -> Ask:
    places = ";".join(f"{each.lng:.6f},{each.lat:.6f}" for each in (*origins, to))
    sources = ";".join(map(str, range(len(origins))))
    query = f"sources={sources}&destinations={len(origins)}&annotations=duration"
    return Ask(path=f"/table/v1/{_PROFILE[means]}/{places}?{query}")


def _read_osrm(said: Any) -> Seconds:
    if said["code"] != "Ok":
        raise ValueError(said["code"])
    return [row[0] for row in said["durations"]]


DIALECTS: Mapping[str, Dialect] = {
    "valhalla": Dialect(_ask_valhalla, lambda said: [row[0]["time"] for row in said["sources_to_targets"]]),
    "osrm": Dialect(_ask_osrm, _read_osrm),
}
