"""
What osrm-routed says to a question for a table, by its documentation (project-osrm.org, API v5, "Table service").

Durations are seconds with a decimal, null where there is no way; sources and destinations come back as waypoints on
the road. Whatever it does not like is a 400 with a `code` and no table at all: NoSegment names the first place that is
on no road, TooBig a table larger than `--max-table-size` squared, InvalidOptions an index that is none. It knows one
means of travel, whatever stands in the path.
"""

from collections.abc import Callable, Collection

from dispatch.rules.place import Position
from tests.fakes.http_standin import Asked

TABLE_MAX = 100

Seconds = Callable[[Position, Position], float | None]


def osrm_routed(seconds: Seconds, *, off_road: Collection[Position] = ()) -> Callable[[Asked], tuple[int, object]]:
    """What such a server answers; it has no road near the places `off_road`."""

    def answer(asked: Asked) -> tuple[int, object]:
        _, service, version, _, coordinates = asked.path.split("/")
        if (service, version) != ("table", "v1"):
            return 400, _wrong("InvalidService", f"Service {service} not found!")
        points = [tuple(map(float, each.split(","))) for each in coordinates.split(";")]
        places = [Position(lat, lng) for lng, lat in points]
        sources, destinations = (list(map(int, asked.query[name].split(";"))) for name in ("sources", "destinations"))
        if max(*sources, *destinations) >= len(places):
            return 400, _wrong("InvalidOptions", "Number of coordinates needs to be at least two.")
        if len(sources) * len(destinations) > TABLE_MAX**2:
            return 400, _wrong("TooBig", "Too many table coordinates")
        gone = [number for number, each in enumerate(places) if each in off_road]
        if gone:
            return 400, _wrong("NoSegment", f"Could not find a matching segment for coordinate {gone[0]}")
        return 200, {
            "code": "Ok",
            "durations": [[seconds(places[a], places[b]) for b in destinations] for a in sources],
            "sources": [_waypoint(places[each]) for each in sources],
            "destinations": [_waypoint(places[each]) for each in destinations],
        }

    return answer


def _wrong(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def _waypoint(at: Position) -> dict[str, object]:
    return {
        "hint": "6nYKgP___38AAAAAEAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAA", "distance": 4.152629,
        "name": "Friedrichstraße", "location": [round(at.lng, 6), round(at.lat, 6)],
    }  # fmt: skip
