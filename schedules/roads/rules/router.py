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
"""The time of each way, None where the router knows none."""


class Garbled(Exception):
    """The answer is not what the router promises."""


class Refused(Garbled):
    """The router is well and will not answer this question: somebody stands where its map has nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: a path under the router's address, and a body to post or none to get."""

    path: str
    body: bytes | None = None


Rows = list[Seconds]
"""From each origin the time to each place."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    How a kind of router is asked from some origins to some places, and how its JSON is read.

    `placed` says where it put the origins, and behind them the places; KeyError and the like where it does not say.
    """

    ask: Callable[[Sequence[Position], Sequence[Position], Means], Ask]
    read: Callable[[Any], Rows]
    placed: Callable[[Any], list[Position]]


_COSTING = {Means.FOOT: "pedestrian", Means.EBIKE: "bicycle", Means.CAR: "auto"}
_PROFILE = {Means.FOOT: "foot", Means.EBIKE: "bike", Means.CAR: "driving"}


def read(dialect: Dialect, text: bytes, origins: Sequence[Position], places: Sequence[Position]) -> Rows:
    """
    The times from these origins to these places out of an answer; None also for whoever was put on a road far away.

    Raises:
        Garbled: it is no such answer.
    """
    try:
        said = json.loads(text)
        found = dialect.read(said)
        whole = len(found) == len(origins) and all(len(row) == len(places) for row in found)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise Garbled("the router's answer cannot be read") from None
    if not whole or not all(each is None or _is_time(each) for row in found for each in row):
        raise Garbled("the router's answer has other times than were asked for")
    gone = _strayed(dialect, said, [*origins, *places])
    starts, ends = gone[: len(origins)], gone[len(origins) :]
    return [
        [None if here or there else each for each, there in zip(row, ends, strict=True)]
        for row, here in zip(found, starts, strict=True)
    ]


def _strayed(dialect: Dialect, said: Any, asked: Sequence[Position]) -> list[bool]:
    """Who was put on a road that is not near them. Where the router does not tell it is believed."""
    try:
        put = dialect.placed(said)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError):
        put = []
    if len(put) != len(asked):
        return [False] * len(asked)
    return [distance_m(a, b) > STRAYED_M for a, b in zip(put, asked, strict=True)]


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _ask_valhalla(origins: Sequence[Position], places: Sequence[Position], means: Means) -> Ask:
    said = {
        "sources": [_named(each) for each in origins], "targets": [_named(each) for each in places],
        "costing": _COSTING[means], "verbose": True,
    }  # fmt: skip
    return Ask(path="/sources_to_targets", body=json.dumps(said).encode())


def _named(position: Position) -> dict[str, float]:
    return {"lat": position.lat, "lon": position.lng}


def _ask_osrm(origins: Sequence[Position], places: Sequence[Position], means: Means) -> Ask:
    points = ";".join(f"{each.lng:.6f},{each.lat:.6f}" for each in (*origins, *places))
    sources = ";".join(map(str, range(len(origins))))
    destinations = ";".join(map(str, range(len(origins), len(origins) + len(places))))
    query = f"sources={sources}&destinations={destinations}&annotations=duration"
    return Ask(path=f"/table/v1/{_PROFILE[means]}/{points}?{query}")


def _placed_by_valhalla(said: Any) -> list[Position]:
    return [Position(lat=float(each["lat"]), lng=float(each["lon"])) for each in (*said["sources"], *said["targets"])]


def _placed_by_osrm(said: Any) -> list[Position]:
    places = [each["location"] for each in (*said["sources"], *said["destinations"])]
    return [Position(lat=float(lat), lng=float(lng)) for lng, lat in places]


def _read_valhalla(said: Any) -> Rows:
    return [[each["time"] for each in row] for row in said["sources_to_targets"]]


def _read_osrm(said: Any) -> Rows:
    if said["code"] != "Ok":
        raise ValueError(said["code"])
    return [list(row) for row in said["durations"]]


DIALECTS: Mapping[str, Dialect] = {
    "valhalla": Dialect(_ask_valhalla, _read_valhalla, _placed_by_valhalla),
    "osrm": Dialect(_ask_osrm, _read_osrm, _placed_by_osrm),
}
