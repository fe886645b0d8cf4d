"""
From visits, shifts and carers to a problem, and from a plan back to visits with times.

What is promised is kept: a visit that has begun, or that was published and begins soon, keeps its carers and its time,
unless one of them has no shift then any more; an order keeps the carer who has accepted it. Other visits that had
somebody may move, at a price.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from dispatch.ids import CarerId, HomeId
from dispatch.rules.people import Carer, Home
from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Means, StraightLine, TravelTime
from schedules.care.rules.visit import Source, Wanted
from schedules.duty.rules import Shift
from schedules.planning.process import Answer
from schedules.planning.rules.plan import Plan
from schedules.planning.rules.problem import Break, Job, Matrix, Problem, Task, Worker
from schedules.planning.store import Planned

UNKNOWN_S = 600
"""A way whose end is not known; as for alarms (`dispatch.rules.nearest`)."""

LUNCH_AFTER = timedelta(hours=3, minutes=30)
LUNCH_WINDOW = timedelta(hours=1, minutes=30)
LUNCH = timedelta(minutes=30)
LUNCH_FROM = timedelta(hours=6)
"""A shift of six hours or more has half an hour's rest, that begins between 3.5 and 5 hours after it began. Ours."""

MEANS = (Means.FOOT, Means.EBIKE, Means.CAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVisit:
    """A visit that is to take place: what is wanted, whom it has so far, and whether somebody is there already."""

    id: str
    wanted: Wanted
    carers: tuple[CarerId, ...] = ()
    begun: bool = False


class VisitBook(Protocol):
    """Whoever knows the visits."""

    def open_on(self, day: date) -> Sequence[OpenVisit]:
        """The visits of a local day that are not over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a plan is made from. `starts` says when a published plan has a visit begin."""

    visits: Sequence[OpenVisit]
    shifts: Sequence[Shift]
    carers: Mapping[CarerId, Carer]
    homes: Mapping[HomeId, Home]
    places: Mapping[CarerId, Position | None]
    """Where a carer starts from: the own base, or the station."""
    starts: Mapping[str, datetime]
    now: datetime
    promised_until: datetime
    """A published visit that begins before is promised."""


Known = Sequence[Sequence[Sequence[float | None]]]
"""For each means, from each place to each: what a road router told, in seconds; None where it did not."""

Asking = Callable[[Sequence[Position | None], Sequence[Means]], Known]
"""Asks a road router about every way between these places; empty where none answers."""


def straight(spots: Sequence[Position | None], means: Sequence[Means]) -> Known:  # noqa: ARG001  an `Asking`
    """No router: every way goes by the line."""
    return ()


def problem_of(facts: Facts, travel: TravelTime, ask: Asking = straight) -> Problem:
    """
    The problem in whole seconds since the epoch of 1970, so that days need no arithmetic.

    A way that `ask` does not tell is as long as `travel` says.
    """
    spots: list[Position | None] = []
    index: dict[Position | None, int] = {}

    def place(at: Position | None) -> int:
        if at not in index:
            index[at] = len(spots)
            spots.append(at)
        return index[at]

    shifts = [each for each in facts.shifts if each.carer_id in facts.carers and each.end_at > facts.now]
    # Matrices are most of a large problem: only those of means that somebody goes by.
    gone_by = {Means(facts.carers[each.carer_id].means) for each in shifts}
    means = tuple(each for each in MEANS if each in gone_by) or MEANS[:1]
    workers = tuple(_worker(shift, facts, place, means) for shift in shifts)
    jobs = tuple(_job(visit, facts, place) for visit in facts.visits)
    if not spots:
        place(None)
    matrices = by_roads(_matrices(spots, means, travel), ask(spots, means))
    return Problem(jobs=jobs, workers=workers, travel=matrices)


def _worker(
    shift: Shift, facts: Facts, place: Callable[[Position | None], int], means: Sequence[Means]
) -> Worker:  # fmt: skip
    carer = facts.carers[shift.carer_id]
    home = place(facts.places.get(shift.carer_id))
    start = max(shift.start_at, facts.now)
    return Worker(
        id=shift.id, carer=carer.id, start_place=home, end_place=home, start=_up(start), end=_s(shift.end_at),
        skills=carer.skills, means=means.index(Means(carer.means)), breaks=_breaks(shift, start),
    )  # fmt: skip


def _breaks(shift: Shift, start: datetime) -> tuple[Break, ...]:
    if shift.end_at - shift.start_at < LUNCH_FROM:
        return ()
    earliest = shift.start_at + LUNCH_AFTER
    if earliest + LUNCH_WINDOW < start:
        return ()
    rest = Break(
        earliest=max(_s(earliest), _up(start)), latest=_up(earliest + LUNCH_WINDOW), seconds=int(LUNCH.total_seconds())
    )
    return (rest,)


def _job(visit: OpenVisit, facts: Facts, place: Callable[[Position | None], int]) -> Job:
    wanted, home = visit.wanted, facts.homes.get(visit.wanted.home_id)
    start = facts.starts.get(visit.id)
    whole = bool(visit.carers) and len(visit.carers) == wanted.carers
    keeps = whole and _promised(visit, start, facts)
    stays = keeps or (whole and _accepted(visit, facts))
    earliest = start if keeps and start else wanted.start_from
    latest = start if keeps and start else wanted.start_by
    # Who is late for a visit that waits comes as soon as it can be.
    earliest, latest = max(earliest, facts.now), max(latest, facts.now)
    task = Task(seconds=wanted.minutes * 60, skills=wanted.skills)
    return Job(
        id=visit.id, place=place(home.position if home else None), earliest=_up(earliest), latest=_up(latest),
        tasks=(task,) * wanted.carers, usual=wanted.usual, not_with=wanted.not_with, before=visit.carers,
        promised=visit.carers if stays else (),
    )  # fmt: skip


def _promised(visit: OpenVisit, start: datetime | None, facts: Facts) -> bool:
    """Begun or announced, and everybody who was is still on duty then."""
    if not visit.begun and (start is None or start > facts.promised_until or start < facts.now):
        return False
    return _all_there(visit, facts, facts.now if visit.begun or start is None else start)


def _accepted(visit: OpenVisit, facts: Facts) -> bool:
    """An order that they said yes to, and are on duty for: nobody takes it from them who has not asked them."""
    return visit.wanted.source is Source.ORDER and _all_there(visit, facts, max(visit.wanted.start_from, facts.now))


def _all_there(visit: OpenVisit, facts: Facts, at: datetime) -> bool:
    """Whether everybody who is sent is on duty at that moment."""
    return set(visit.carers) <= {each.carer_id for each in facts.shifts if each.start_at <= at < each.end_at}


def _matrices(spots: Sequence[Position | None], means: Sequence[Means], travel: TravelTime) -> tuple[Matrix, ...]:
    if not isinstance(travel, StraightLine) or None in spots:
        return tuple(_matrix(spots, each, travel) for each in means)
    # Straight lines are as long there as back, for everybody: each is measured once. 1,650 places have 1.4 million.
    known = [spot for spot in spots if spot is not None]
    metres: list[list[float]] = []
    for number, here in enumerate(known):
        back = [row[number] for row in metres]
        metres.append([*back, 0.0, *(distance_m(here, there) for there in known[number + 1 :])])
    paces = [travel.pace(each) for each in means]
    return tuple(tuple(tuple(-int(-far * pace // 1) for far in row) for row in metres) for pace in paces)


def _matrix(spots: Sequence[Position | None], means: Means, travel: TravelTime) -> Matrix:
    def way(here: Position | None, there: Position | None) -> int:
        if here == there:
            return 0
        if here is None or there is None:
            return UNKNOWN_S
        return -int(-travel.seconds(here, there, means) // 1)

    return tuple(tuple(way(here, there) for there in spots) for here in spots)


def by_roads(lines: Sequence[Matrix], known: Known) -> tuple[Matrix, ...]:
    """The ways by the line, each of which a road router told something replaced by that."""
    if not known:
        return tuple(lines)
    return tuple(
        tuple(
            tuple(far if near is None else -int(-near // 1) for far, near in zip(row, told, strict=True))
            for row, told in zip(line, roads, strict=True)
        )
        for line, roads in zip(lines, known, strict=True)
    )


def planned_of(answer: Answer, problem: Problem, visits: Sequence[OpenVisit]) -> list[Planned]:
    """The visits with who comes when."""
    plan, jobs = answer.plan, {each.id: each for each in problem.jobs}
    carer_of = {each.id: CarerId(each.carer) for each in problem.workers}
    whys = {each.job: each for each in answer.whys}
    ways = _ways(plan, problem, jobs)
    found = []
    for visit in visits:
        stops = sorted((each for each in plan.stops if each.job == visit.id), key=lambda each: each.task)
        why = whys.get(visit.id)
        found.append(
            Planned(
                visit_id=visit.id,
                resident_id=visit.wanted.resident_id,
                home_id=visit.wanted.home_id,
                start_from=visit.wanted.start_from,
                minutes=visit.wanted.minutes,
                carers=tuple(carer_of[each.worker] for each in stops),
                had=visit.carers,
                start_at=datetime.fromtimestamp(stops[0].start, UTC) if stops else None,
                travel_s=ways.get((visit.id, stops[0].worker)) if stops else None,
                reason=str(plan.unassigned[visit.id]) if visit.id in plan.unassigned else None,
                why=None
                if why is None
                else {
                    "cost": why.cost,
                    "barred": dict(why.barred),
                    "others": [{"carer": carer_of[each.worker], "more": each.more} for each in why.others],
                },
            )
        )
    return found


def _ways(plan: Plan, problem: Problem, jobs: Mapping[str, Job]) -> dict[tuple[str, str], int]:
    """How long the way to each stop is, by visit and worker."""
    workers = {each.id: each for each in problem.workers}
    found = {}
    for name, stops in plan.routes().items():
        worker = workers[name]
        here = worker.start_place
        for stop in stops:
            there = jobs[stop.job].place
            found[stop.job, name] = problem.travel[worker.means][here][there]
            here = there
    return found


def _s(at: datetime) -> int:
    return int(at.timestamp())


def _up(at: datetime) -> int:
    """The next whole second: nothing is planned before its time."""
    return -int(-at.timestamp() // 1)
