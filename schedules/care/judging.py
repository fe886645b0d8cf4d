"""Looks at what was said about a visit that is over, keeps what speaks against it, and says whether it counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch.errors import Conflict, NotFound
from dispatch.ids import CarerId
from dispatch.rules.absences import Kind
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.absences import Absences
from dispatch.store.people import People
from dispatch.store.transactions import Tx
from schedules.calendar import Calendar
from schedules.care.rules.evidence import Away, Case, Code, Entry, Finding, Limits, Shown, Trip, shown
from schedules.care.rules.picture import Picture
from schedules.care.rules.presence import Photo, Point, State, Visit
from schedules.care.rules.proof import find, is_sound
from schedules.care.store.visit_pictures import Pictures
from schedules.care.store.visit_points import Findings, Points
from schedules.care.store.visits import Visits

AROUND = timedelta(hours=3)
"""Other visits of a carer that end or begin so near are looked at: the way across a district, at most."""

NEVER_ACCEPTED = frozenset({Code.RESIDENT_DEAD.value, Code.OFFICE_ENTRY.value})
"""A dead resident was not visited: a wrong date is put right in the register. An entry is agreed to, not accepted."""

RESOLUTIONS = ("accepted", "rejected")


class Judging:
    """Works inside units of work of `Visiting`."""

    def __init__(self, calendar: Calendar, limits: Limits) -> None:
        self._calendar = calendar
        self._limits = limits

    def judge(self, tx: Tx, visit: Visit) -> None:
        """Looks at it afresh: what is found is kept, what is found no more is cleared, and others are woken."""
        shelf = Visits(tx.connection)
        if visit.state is not State.FINISHED:
            shelf.save(replace(visit, due_at=None))
            return
        case = self._case(tx, visit)
        seen = shown(visit, case.points, case.home, self._limits)
        found = find(case, self._limits)
        blocked = _keep(tx, visit, found)
        judged = replace(
            visit, begun_at=seen.begun_at, finished_at=seen.finished_at, due_at=None, judged_at=tx.now,
            sound=is_sound(found), counts=not blocked and seen.finished_at is not None,
        )  # fmt: skip
        shelf.save(judged, counted_on=case.local_day)
        if judged.counts != visit.counts or visit.judged_at is None:
            facts: dict[str, Fact] = {"visit": visit.id, "counts": int(judged.counts), "findings": len(found)}
            tx.log(Line(kind="visit_judged", by=SERVICE, facts=facts))
        if _is_news(visit, judged, case.points):
            # What was found here may speak against visits that were looked at before.
            ids = {each.visit_id for each in case.others} | {each.visit_id for each in case.entries}
            shelf.wake((ids | set(case.same_place.values())) - {visit.id}, tx.now)

    def add_photo(
        self, tx: Tx, visit: Visit, sha256: str, *, taken_at: datetime | None, by: Person, carer_id: CarerId | None,
        picture: Picture | None = None,
    ) -> bool:  # fmt: skip
        """Keeps a photo's hash and times, and its picture where there is one; False where the visit has it."""
        id_ = tx.new_id()
        photo = Photo(
            visit_id=visit.id, sha256=sha256, received_at=tx.now, taken_at=taken_at, carer_id=carer_id, id=id_
        )
        if not Points(tx.connection).add_photo(id_, photo, by):
            return False
        if picture is not None:
            Pictures(tx.connection).keep(id_, visit.id, visit.wanted.resident_id, picture, tx.now)
        facts: dict[str, Fact] = {
            "visit": visit.id,
            "photo": sha256[:16],
            "age_s": None if photo.age_s is None else int(photo.age_s),
        }
        tx.log(Line(kind="visit_photo", by=by, facts=facts))
        Visits(tx.connection).wake([visit.id], tx.now)
        return True

    def approve(self, tx: Tx, point_id: str, by: Person) -> None:
        """
        A second person agrees to an entry at the desk.

        Raises:
            NotFound: no such entry. Conflict: it is one's own, no desk's, or somebody has agreed.
        """
        shelf = Points(tx.connection)
        point = shelf.get(point_id)
        if point is None:
            raise NotFound("There is no such entry.")
        if not shelf.approve(point_id, by, tx.now):
            raise Conflict("Only a second person can agree to an entry, and once.")
        facts = {"visit": point.visit_id, "point": point.id, "entered_by": point.by}
        tx.log(Line(kind="visit_entry_approved", by=by, facts=facts))
        Visits(tx.connection).wake([point.visit_id], tx.now)

    def resolve(self, tx: Tx, finding_id: str, resolution: str, by: Person, note: str | None) -> None:
        """
        A human looked at the evidence.

        Raises:
            NotFound: no such finding. Conflict: it is resolved; it can never be accepted (a dead resident, an entry at
                a desk, which a second person agrees to instead); or whoever signed accepts it themselves.
        """
        assert resolution in RESOLUTIONS
        shelf = Findings(tx.connection)
        finding = shelf.get(finding_id)
        if finding is None:
            raise NotFound("There is no such finding.")
        if finding.resolution is not None:
            raise Conflict("Somebody has resolved this finding.")
        if resolution == "accepted" and finding.code in NEVER_ACCEPTED:
            raise Conflict("This cannot be accepted: put the register right, or let a second person agree.")
        if any(each.by == by for each in Points(tx.connection).of([finding.visit_id])):
            raise Conflict("Whoever entered a visit does not judge it.")
        shelf.resolve(finding_id, resolution, by, tx.now)
        facts = {"visit": finding.visit_id, "finding": finding.code, "resolution": resolution}
        tx.log(Line(kind="visit_finding_resolved", by=by, facts=facts, note=note))
        Visits(tx.connection).wake([finding.visit_id], tx.now)

    # ------------------------------------------------------------------------------------------- the facts

    def _case(self, tx: Tx, visit: Visit) -> Case:
        shelf, people = Points(tx.connection), People(tx.connection)
        points, photos = shelf.of([visit.id]), shelf.photos_of(visit.id)
        home = people.home(visit.wanted.home_id).position
        seen = shown(visit, points, home, self._limits)
        carers = [each.carer_id for each in seen.spans]
        died_on, left_at = shelf.end_of(visit.wanted.resident_id)
        return Case(
            visit=visit, points=points, home=home, photos=photos, others=_trips(shelf, visit, seen, carers),
            entries=self._entries(shelf, points, carers), used=shelf.shown_before(photos),
            means={each.id: each.means for each in people.carers_by_id(carers).values()},
            same_place=shelf.same_place(visit.id), away=_away(tx, visit), died_on=died_on, left_at=left_at,
            local_day=self._calendar.day_of(seen.begun_at) if seen.begun_at else None,
        )  # fmt: skip

    def _entries(self, shelf: Points, points: Sequence[Point], carers: Sequence[CarerId]) -> list[Entry]:
        within = self._limits.burst_within
        heard = [(each.received_at - within, each.received_at + within) for each in points if each.carer_id]
        return [each for start, end in heard for each in shelf.entries(carers, start, end)]


def _trips(shelf: Points, visit: Visit, seen: Shown, carers: Sequence[CarerId]) -> list[Trip]:
    if seen.begun_at is None or seen.finished_at is None:
        return []
    return shelf.trips(carers, but=visit.id, start=seen.begun_at - AROUND, end=seen.finished_at + AROUND)


def _away(tx: Tx, visit: Visit) -> list[Away]:
    return [
        Away(kind=each.kind.value, from_at=each.from_at, until_at=each.until_at)
        for each in Absences(tx.connection).of([visit.wanted.resident_id]) if each.kind is not Kind.TEST
    ]  # fmt: skip


def _is_news(before: Visit, after: Visit, points: Sequence[Point]) -> bool:
    judged_at = before.judged_at
    return judged_at is None or before.sound != after.sound or any(each.received_at > judged_at for each in points)


def _keep(tx: Tx, visit: Visit, found: Sequence[Finding]) -> bool:
    """Brings the findings on file in line; whether any blocks."""
    shelf = Findings(tx.connection)
    kept = {each.code: each for each in shelf.of([visit.id])}
    blocked = False
    for each in found:
        before = kept.pop(each.code.value, None)
        if before is None:
            shelf.add(tx.new_id(), visit.id, each, tx.now)
        elif before.resolution == "cleared" or (
            before.resolution == "accepted" and dict(before.evidence) != dict(each.evidence)
        ):
            shelf.reopen(before.id, each, tx.now)
        elif before.resolution == "accepted":
            continue
        blocked = True
    for gone in kept.values():
        if gone.resolution is None:
            shelf.resolve(gone.id, "cleared", SERVICE, tx.now)
    # What a human has rejected stays rejected, whatever is found later.
    return blocked or any(each.resolution == "rejected" for each in shelf.of([visit.id]))
