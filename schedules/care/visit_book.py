"""Reads visits for pages and programs: a day's list with the late ones first, one visit whole, and the queue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.ids import CallId, CarerId, HomeId, ResidentId
from dispatch.rules.people import Carer, Home
from dispatch.rules.place import distance_m
from dispatch.rules.rights import Area
from dispatch.store.calls import Calls
from dispatch.store.database import Connection, Engine
from dispatch.store.people import People, carers
from schedules.calendar import Calendar
from schedules.care.rules.picture import Picture
from schedules.care.rules.presence import Photo, Point, State, Visit
from schedules.care.store.visit_pictures import Pictures
from schedules.care.store.visit_points import Findings, Kept, Points
from schedules.care.store.visits import Visits
from schedules.duty.store.away import CarerAbsence, CarerAbsences

QUEUE_MAX = 200
LATE_FIRST = {State.MISSED: 0, State.PLANNED: 2, State.BEGUN: 3, State.FINISHED: 4, State.CANCELLED: 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One visit with what people call things. `late_min` counts from the latest start, 0 where nobody is late; `away` are
    those of `carers` who are absent by then, so that somebody else has to go.
    """

    visit: Visit
    home: Home
    resident: str
    carers: tuple[Carer, ...]
    late_min: int
    open: int
    away: frozenset[CarerId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """
    One visit with everything that was said about it; `metres` from the home by the id of each point, `pictures` the
    ids of the photos that can be looked at.
    """

    row: Row
    points: Sequence[Point]
    photos: Sequence[Photo]
    pictures: Collection[str]
    findings: Sequence[Kept]
    metres: Mapping[str, int]
    names: Mapping[str, str]
    station_carers: Sequence[Carer]


class VisitBook:
    """Answers what is asked about visits, within the stations somebody works for."""

    def __init__(self, reading: Engine, clock: Clock, calendar: Calendar) -> None:
        self._reading = reading
        self._clock = clock
        self._calendar = calendar

    @property
    def zone(self) -> ZoneInfo:
        return self._calendar.tzinfo

    def today(self) -> date:
        return self._calendar.day_of(self._clock.now())

    def local(self, at: datetime) -> datetime:
        return self._calendar.local(at)

    def day(self, day: date, area: Area) -> list[Row]:
        """Every visit of a local day: missed and late ones first, then by their latest start."""
        with self._reading.connect() as connection:
            rows = self._rows(connection, Visits(connection).on(day), area)
            absences = CarerAbsences(connection).covering(*self._calendar.bounds(day))
        return sorted((replace(each, away=_away(each.visit, absences)) for each in rows), key=_urgency)

    def of_carer(self, carer_id: CarerId, day: date) -> list[Row]:
        """A carer's own visits of a day, whatever station they belong to."""
        with self._reading.connect() as connection:
            found = [each for each in Visits(connection).on(day) if carer_id in each.carer_ids]
            return self._rows(connection, [each for each in found if each.state is not State.CANCELLED], Area())

    def one(self, visit_id: str, area: Area) -> Whole:
        """
        One visit whole.

        Raises:
            NotFound: there is none, or none of a station somebody works for.
        """
        with self._reading.connect() as connection:
            rows = self._rows(connection, Visits(connection).chosen([visit_id]), area)
            if not rows:
                raise NotFound("There is no such visit.")
            row, points = rows[0], Points(connection).of([visit_id])
            people = People(connection)
            everybody = people.carers()
            metres = {
                each.id: round(distance_m(each.position, row.home.position))
                for each in points if each.position and row.home.position
            }  # fmt: skip
            return Whole(
                row=row, points=points, photos=Points(connection).photos_of(visit_id),
                pictures=Pictures(connection).of(visit_id),
                findings=Findings(connection).of([visit_id]), metres=metres,
                names={f"carer:{each.id}": f"{each.code} {each.name}" for each in everybody},
                station_carers=[each for each in everybody if not each.suspended and area.covers(each.station_id)],
            )  # fmt: skip

    def picture(self, visit_id: str, photo_id: str, area: Area) -> tuple[Picture, ResidentId]:
        """
        One picture of a visit, and whose home it shows.

        Raises:
            NotFound: there is none, or none of a station somebody works for.
        """
        with self._reading.connect() as connection:
            rows = self._rows(connection, Visits(connection).chosen([visit_id]), area)
            found = Pictures(connection).get(visit_id, photo_id) if rows else None
        if found is None:
            raise NotFound("There is no such photo.")
        return found, rows[0].visit.wanted.resident_id

    def queue(self, area: Area) -> list[tuple[Row, list[Kept]]]:
        """Visits that wait for a human, the one that waits longest first, each with its open findings."""
        with self._reading.connect() as connection:
            found: dict[str, list[Kept]] = {}
            for each in Findings(connection).open(QUEUE_MAX):
                found.setdefault(each.visit_id, []).append(each)
            rows = {each.visit.id: each for each in self._rows(connection, Visits(connection).chosen(found), area)}
        return [(rows[id_], some) for id_, some in found.items() if id_ in rows]

    def visit_of(self, *, finding: str | None = None, point: str | None = None) -> str:
        """
        The visit that a finding or a point is about.

        Raises:
            NotFound: there is no such finding or point.
        """
        with self._reading.connect() as connection:
            kept = Findings(connection).get(finding) if finding else Points(connection).get(point or "")
        if kept is None:
            raise NotFound("There is no such finding or entry.")
        return kept.visit_id

    def carer_id(self, named: str, area: Area) -> CarerId:
        """
        A carer by code or id.

        Raises:
            NotFound: there is none, or none of these stations.
        """
        with self._reading.connect() as connection:
            people = People(connection)
            id_ = CarerId(people.id_of(carers, named) or named)
            found = people.carers_by_id([id_]).get(id_)
        if found is None or not area.covers(found.station_id):
            raise NotFound("There is no such carer.")
        return id_

    def rang_from_home(self, call_id: str, home_id: HomeId) -> datetime:
        """
        When this call rang in from a number of this home.

        Raises:
            NotFound: there is no such call, or it did not come from there.
        """
        with self._reading.connect() as connection:
            call = Calls(connection).get(CallId(call_id))
            files = People(connection).files_of(call.number) if call and call.number else ()
        if call is None or all(each.home_id != home_id for each in files):
            raise NotFound("No such call came from this home.")
        return call.came_at

    def _rows(self, connection: Connection, found: Sequence[Visit], area: Area) -> list[Row]:
        people, now = People(connection), self._clock.now()
        homes = {each.id: each for each in people.homes()} if len(found) > 1 else {}
        carers_of = people.carers_by_id({id_ for each in found for id_ in each.carer_ids})
        names = self._names(connection, found)
        kept: dict[str, int] = {}
        for one in Findings(connection).of([each.id for each in found]):
            kept[one.visit_id] = kept.get(one.visit_id, 0) + int(one.blocks)
        rows = []
        for each in found:
            home = homes.get(each.wanted.home_id) or people.home(each.wanted.home_id)
            if area.covers(home.station_id):
                rows.append(Row(
                    visit=each, home=home, resident=names.get(each.wanted.resident_id, ""),
                    carers=tuple(carers_of[id_] for id_ in each.carer_ids if id_ in carers_of),
                    late_min=_late(each, now), open=kept.get(each.id, 0),
                ))  # fmt: skip
        return rows

    def _names(self, connection: Connection, found: Sequence[Visit]) -> dict[str, str]:
        ids = {each.wanted.resident_id for each in found}
        return Visits(connection).names(ids)


def _away(visit: Visit, absences: Sequence[CarerAbsence]) -> frozenset[CarerId]:
    """Whoever is sent, and absent through all of the time in which it may begin."""
    wanted = visit.wanted
    if visit.state is not State.PLANNED:
        return frozenset()
    gone = {each.carer_id for each in absences if each.from_at <= wanted.start_from and wanted.start_by < each.until_at}
    return frozenset(gone.intersection(visit.carer_ids))


def _late(visit: Visit, now: datetime) -> int:
    if visit.state not in {State.PLANNED, State.MISSED}:
        return 0
    return max(0, int((now - visit.wanted.start_by).total_seconds()) // 60)


def _urgency(row: Row) -> tuple[int, datetime, str]:
    late = row.late_min > 0 and row.visit.state is State.PLANNED
    return (1 if late else LATE_FIRST[row.visit.state], row.visit.wanted.start_by, row.visit.id)
