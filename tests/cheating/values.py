"""What a month of visits consists of: places, plans, what was reported of them, and what was true."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

EARTH_M = 6_371_008.8

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, WGS-84."""

    lat: float
    lng: float

    def moved(self, metres: float, bearing: float) -> "Point":
        """So many metres away, in this direction (radians from north); flat earth, good to a few kilometres."""
        lat = self.lat + math.degrees(metres * math.cos(bearing) / EARTH_M)
        lng = self.lng + math.degrees(metres * math.sin(bearing) / (EARTH_M * math.cos(math.radians(self.lat))))
        return Point(round(lat, 7), round(lng, 7))

    def metres_to(self, other: "Point") -> float:
        """Great-circle distance in metres (law of haversines)."""
        up, down = math.radians(self.lat), math.radians(other.lat)
        half = math.sin((down - up) / 2) ** 2
        half += math.cos(up) * math.cos(down) * math.sin(math.radians(other.lng - self.lng) / 2) ** 2
        return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One home with its one resident and its landline."""

    code: str
    resident: str
    at: Point
    landline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A visit as it was planned: begun within `[start_from, start_by]`, `minutes` in the room, at least `least`."""

    key: str
    home: str
    resident: str
    carers: tuple[str, ...]
    on: date
    start_from: datetime
    start_by: datetime
    minutes: int
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One thing that was reported. `at` is when it happened by the device that says so, `received_at` when we heard it.

    `kind`: sign_in, sign_out, photo, confirmed (by the resident), family (says when the carer left), entry (an office
    types a whole visit in), reassigned. `via`: page, landline, button, office. `phone` is whose telephone it came from:
    a carer's code, or the number of a landline.
    """

    kind: str
    visit: str
    carer: str
    at: datetime
    received_at: datetime
    via: str = "page"
    phone: str = ""
    point: Point | None = None
    accuracy_m: float | None = None
    offline: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was so: whether a promised carer was there for long enough, and how the report of it came about."""

    visit: str
    honest: bool
    kind: str
    begun_at: datetime
    finished_at: datetime
    carers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A resident who is not at home: in hospital for a time, or dead (`until` None)."""

    resident: str
    why: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The whole of it; `events` in the order in which they were received."""

    seed: int
    zone: str
    first: date
    station: Point
    homes: tuple[Home, ...]
    carers: tuple[str, ...]
    away: tuple[Away, ...]
    plans: tuple[Plan, ...]
    events: tuple[Event, ...]
    truths: tuple[Truth, ...]

    def lines(self) -> Iterable[str]:
        """JSON lines: the district, then plans, then events by their arrival, then the truth."""
        head = {"seed": self.seed, "zone": self.zone, "first": self.first, "station": asdict(self.station)}
        yield _line("district", head | {"carers": self.carers})
        for kind, rows in (("home", self.homes), ("away", self.away), ("plan", self.plans), ("event", self.events),
                           ("truth", self.truths)):  # fmt: skip
            for row in rows:
                yield _line(kind, {**asdict(row), **({"event": row.kind} if isinstance(row, Event) else {})})


def _line(kind: str, row: Plain) -> str:
    told = {"type": kind, **row}
    return json.dumps(told, ensure_ascii=False, default=lambda each: each.isoformat(), sort_keys=True)
