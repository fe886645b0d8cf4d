"""Puts service points on file, and answers what is open near a home and who has one near."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.rules.travel import Means, TravelTime
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.coverage.rules.gaps import gaps
from schedules.coverage.rules.reach import Dwelling, Helper
from schedules.coverage.store import Lived, lived_in
from schedules.places.rules.hours import IsHoliday, read_hours
from schedules.places.rules.place import WALK_S, Kind, Near, ServicePoint, near
from schedules.places.store import ReadingEngine, ServicePoints

FIELDS = ("code", "kind", "name", "lat", "lng", "hours", "phone", "address", "offers")
"""The columns of a list of service points; the first five have to be there."""

ROWS_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A service point as it is now: until when it is open, None where it is closed, and the walk to it if asked for."""

    point: ServicePoint
    until: time | None
    walk_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of a community's homes have a service point of one kind within the walk."""

    community: str
    homes: int
    near: int


class PlacesDesk:
    """The register of service points."""

    def __init__(
        self, transactions: Transactions, reading: ReadingEngine, clock: Clock, calendar: Calendar,
        travel: TravelTime, *, is_holiday: IsHoliday,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._travel = travel
        self._is_holiday = is_holiday

    # ------------------------------------------------------------------------------------------- keeping

    def put(self, rows: Sequence[Mapping[str, str]], *, by: Person) -> int:
        """
        Puts all of these on file, or none; a row of a known code makes that one like it. Gives how many.

        Raises:
            Invalid: a row is not in order; says which and why.
        """
        wanted = [_point(row, number) for number, row in enumerate(rows, 1)]
        self._transactions.run(lambda tx: _keep(tx, wanted, by))
        return len(wanted)

    def put_list(self, text: str, *, by: Person) -> int:
        """
        The same from a list as CSV with a head (`FIELDS`).

        Raises:
            Invalid: the head or a row is not in order.
        """
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        missing = [name for name in FIELDS[:5] if name not in (reader.fieldnames or ())]
        if missing:
            raise Invalid(f"no column {', '.join(missing)}; the head is {','.join(FIELDS)}")
        rows = list(reader)
        if len(rows) > ROWS_MAX:
            raise Invalid(f"more than {ROWS_MAX} rows")
        return self.put([{name: row.get(name) or "" for name in FIELDS} for row in rows], by=by)

    def end(self, code: str, *, by: Person) -> None:
        """
        It is closed for good.

        Raises:
            NotFound: there is none of this code.
        """

        def work(tx: Tx) -> None:
            shelf = ServicePoints(tx.connection)
            point = shelf.by_code(code)
            if point is None or point.ended_at is not None:
                raise NotFound("There is no service point with this code.")
            shelf.put(replace(point, ended_at=tx.now, version=point.version + 1), is_new=False)
            tx.log(Line(kind="place_ended", by=by, facts={"place": point.id}))

        self._transactions.run(work)

    # ------------------------------------------------------------------------------------------- asking

    def all(self, kind: str = "") -> list[Open]:
        """Every service point as it is now, of one kind if one is named."""
        return [self._open(each, None) for each in self._points() if kind in ("", each.kind)]

    def near(self, place: Position, *, kind: str = "", within_s: float = WALK_S, only_open: bool = False) -> list[Open]:
        """Those within a walk, the nearest first."""
        points = [each for each in self._points() if kind in ("", each.kind)]
        found = [self._open(each.point, each) for each in near(points, place, self._travel, within_s)]
        return [each for each in found if each.until is not None or not only_open]

    def home(self, code: str, area: Area) -> Lived:
        """
        A home of this area by its code or id.

        Raises:
            NotFound: there is none, or nobody knows where it is.
        """
        with self._reading.connect() as connection:
            found = [each for each in lived_in(connection) if code in (each.code, each.id)]
        if not found or not area.covers(found[0].station_id):
            raise NotFound("There is no home with this code.")
        if found[0].position is None:
            raise NotFound("This home has no position on file.")
        return found[0]

    def shares(self, area: Area, kind: Kind = Kind.CANTEEN) -> list[Share]:
        """The share of homes of each community that have one of these within the walk, the worst first."""
        with self._reading.connect() as connection:
            homes = [each for each in lived_in(connection) if each.position and area.covers(each.station_id)]
        count = Counter(each.community for each in homes)
        far = Counter(self._far(homes, kind))
        shares = [Share(community=name, homes=n, near=n - far[name]) for name, n in count.items()]
        return sorted(shares, key=lambda each: (each.near / each.homes, each.community))

    def _far(self, homes: Sequence[Lived], kind: Kind) -> list[str]:
        """The community of each home without one: a canteen covers homes as a carer on foot does who never leaves."""
        now = self._clock.now()
        until = datetime.max.replace(tzinfo=now.tzinfo)
        points = [
            Helper(carer_id=each.id, place=each.position, means=Means.FOOT, reachable=True, presence=[(now, until)])  # type: ignore[arg-type]
            for each in self._points() if each.kind == kind
        ]  # fmt: skip
        dwellings = [
            Dwelling(code=each.code, community=each.community, position=each.position, limit_s=WALK_S) for each in homes
        ]
        found = gaps(dwellings, points, start=now, end=until, travel=self._travel)
        return [gap.community for gap in found for _ in gap.homes]

    def _points(self) -> list[ServicePoint]:
        with self._reading.connect() as connection:
            return ServicePoints(connection).all()

    def _open(self, point: ServicePoint, at: Near | None) -> Open:
        local = self._calendar.local(self._clock.now())
        until = read_hours(point.hours).closes(local, self._is_holiday)
        return Open(point=point, until=until, walk_s=at.walk_s if at else None)


def _point(row: Mapping[str, Any], number: int) -> ServicePoint:
    try:
        lat, lng = float(row["lat"]), float(row["lng"])
        if not (abs(lat) <= 90 and abs(lng) <= 180):
            raise ValueError(f"{lat}, {lng} is no position on the earth; WGS-84 degrees")
        read_hours(str(row.get("hours") or ""))
        said = {
            name: str(row.get(name) or "").strip() for name in ("code", "name", "hours", "phone", "address", "offers")
        }
        for name, longest in (("code", 40), ("name", 120), ("hours", 400), ("phone", 20), ("address", 240)):
            if len(said[name]) > longest:
                raise ValueError(f"{name} is longer than {longest} characters")
        if not said["code"] or not said["name"]:
            raise ValueError("a service point has a code and a name")
        return ServicePoint(
            id="", kind=_kind(str(row["kind"])), position=Position(lat, lng), code=said["code"], name=said["name"],
            hours=said["hours"], phone=said["phone"], address=said["address"], offers=said["offers"],
        )  # fmt: skip
    except (KeyError, ValueError) as wrong:
        raise Invalid(f"row {number}: {wrong}") from None


def _kind(said: str) -> Kind:
    try:
        return Kind(said.strip())
    except ValueError:
        raise ValueError(f'"{said}" is no kind; known are {", ".join(Kind)}') from None


def _keep(tx: Tx, wanted: Sequence[ServicePoint], by: Person) -> None:
    shelf = ServicePoints(tx.connection)
    for each in wanted:
        known = shelf.by_code(each.code)
        fresh = replace(each, id=known.id if known else tx.new_id(), version=known.version if known else 1)
        if fresh != known:
            fresh = replace(fresh, version=known.version + 1) if known else fresh
            shelf.put(fresh, is_new=known is None)
            tx.log(Line(kind="place_kept", by=by, facts={"place": fresh.id, "of": str(fresh.kind)}))
