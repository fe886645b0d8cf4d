"""
The contract with a road router, and the two that there are.

    Valhalla  POST /sources_to_targets  {"sources": [{"lat", "lon"}…], "targets": […], "costing": "pedestrian"}
              → {"sources_to_targets": [[{"time": seconds or null, …}], …],
                 "sources": [{"lat", "lon"}…], "targets": […]}
              (https://valhalla.github.io/valhalla/api/matrix/api-reference/)
    OSRM      GET /table/v1/foot/lng,lat;lng,lat…?sources=0;1&destinations=2&annotations=duration
              → {"code": "Ok", "durations": [[seconds or null], …], "sources": [{"location": [lng, lat]}…],
                 "destinations": […]}
              (https://project-osrm.org/docs/v5.24.0/api/#table-service)

Both put every position on the nearest road they know, however far that is, and say where that was: Valhalla 3.9.1
called a carer 25 km outside of its map 46 s away. Both refuse a question whole (400) for one position they cannot use.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Means

STRAYED_M = 500.0
"""Who stands further than this from the road that the router put them on is on no road it knows; a default of ours."""

Seconds = list[float | None]
"""The time from each origin, None where the router knows no way."""


class Garbled(Exception):
    """The answer is not what the router promises."""


class Refused(Garbled):
    """The router is well and will not answer this question: somebody stands where its map has nothing."""


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
    placed: Callable[[Any], list[Position]]
    """Where the origins, and behind them the one place, were put; KeyError and the like where it is not said."""


_COSTING = {Means.FOOT: "pedestrian", Means.EBIKE: "bicycle", Means.CAR: "auto"}
_PROFILE = {Means.FOOT: "foot", Means.EBIKE: "bike", Means.CAR: "driving"}


def read(dialect: Dialect, text: bytes, origins: Sequence[Position], to: Position) -> Seconds:
    """
    The times from these origins to a place out of an answer; None also for whoever was put on a road far away.

    Raises:
        Garbled: it is no such answer.
    """
    try:
        said = json.loads(text)
        found = dialect.read(said)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise Garbled("the router's answer cannot be read") from None
    if len(found) != len(origins) or not all(each is None or _is_time(each) for each in found):
        raise Garbled("the router's answer has other times than were asked for")
    return [None if gone else each for each, gone in zip(found, _strayed(dialect, said, origins, to), strict=True)]


def _strayed(dialect: Dialect, said: Any, origins: Sequence[Position], to: Position) -> list[bool]:
    """Of whom the router tells a way that does not begin, or end, near them. Where it does not tell it is believed."""
    try:
        *starts, end = dialect.placed(said)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError):
        return [False] * len(origins)
    if len(starts) != len(origins):
        return [False] * len(origins)
    lost = distance_m(end, to) > STRAYED_M
    return [lost or distance_m(a, b) > STRAYED_M for a, b in zip(starts, origins, strict=True)]


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


def _placed_by_valhalla(said: Any) -> list[Position]:
    return [Position(lat=float(each["lat"]), lng=float(each["lon"])) for each in (*said["sources"], *said["targets"])]


def _placed_by_osrm(said: Any) -> list[Position]:
    places = [each["location"] for each in (*said["sources"], *said["destinations"])]
    return [Position(lat=float(lat), lng=float(lng)) for lng, lat in places]


def _read_osrm(said: Any) -> Seconds:
    if said["code"] != "Ok":
        raise ValueError(said["code"])
    return [row[0] for row in said["durations"]]


DIALECTS: Mapping[str, Dialect] = {
    "valhalla": Dialect(
        _ask_valhalla, lambda said: [row[0]["time"] for row in said["sources_to_targets"]], _placed_by_valhalla
    ),
    "osrm": Dialect(_ask_osrm, _read_osrm, _placed_by_osrm),
}
