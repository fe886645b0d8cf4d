"""A plan: who does what when, who rests when, what was left out and why; and its cost in named parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from schedules.planning.rules.problem import Job, Problem, Worker, omitted, price


class Reason(StrEnum):
    """Why a visit has nobody."""

    NO_SKILL = "no_skill"
    """Too few on the list have the skills, or all who have them are not wanted at this door."""
    NO_SHIFT = "no_shift"
    """Too few of those who could are on duty at that time."""
    NO_WAY = "no_way"
    """Nobody who is on duty would arrive in time and be back before the shift ends, even with nothing else to do."""
    FULL = "full"
    """Somebody could, but every way to fit it in pushes another visit out."""
    PROMISED = "promised"
    """The carer who was promised cannot keep it."""
    WAITS = "waits"
    """It comes after a visit that is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One task of one visit, by one worker, at its time."""

    job: str
    task: int
    worker: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A break, by its number among the worker's."""

    worker: str
    number: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Stops ordered by worker and start. What is not among them is in `unassigned` with its reason."""

    stops: tuple[Stop, ...] = ()
    rests: tuple[Rest, ...] = ()
    unassigned: Mapping[str, Reason]

    def routes(self) -> dict[str, list[Stop]]:
        """The stops of each worker who has any, by their start."""
        found: dict[str, list[Stop]] = {}
        for stop in sorted(self.stops, key=lambda each: (each.worker, each.start)):
            found.setdefault(stop.worker, []).append(stop)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan costs, part by part, each already weighed; less is better."""

    travel: int = 0
    late: int = 0
    worst_late: int = 0
    people: int = 0
    """Strangers at the door, and carers exchanged after they were published."""
    unassigned: int = 0

    @property
    def total(self) -> int:
        return self.travel + self.late + self.worst_late + self.people + self.unassigned


def cost(plan: Plan, problem: Problem) -> Cost:
    """What this plan costs by the weights of the problem. It does not ask whether the plan holds."""
    jobs, workers = {each.id: each for each in problem.jobs}, {each.id: each for each in problem.workers}
    late = [max(0, stop.start - jobs[stop.job].latest) for stop in plan.stops]
    weights = problem.weights
    return Cost(
        travel=weights.travel * sum(travelled(each, plan, problem) for each in problem.workers),
        late=weights.late * sum(late),
        worst_late=weights.worst_late * max(late, default=0),
        people=sum(price(jobs[stop.job], workers[stop.worker], weights) for stop in plan.stops),
        unassigned=sum(omitted(jobs[each], weights) for each in plan.unassigned),
    )


def travelled(worker: Worker, plan: Plan, problem: Problem) -> int:
    """How long this worker is on the way; nobody who has no visit leaves home."""
    jobs = {each.id: each for each in problem.jobs}
    mine = sorted((each for each in plan.stops if each.worker == worker.id), key=lambda each: (each.start, each.job))
    return path(worker, [jobs[each.job] for each in mine], problem)


def path(worker: Worker, jobs: list[Job], problem: Problem) -> int:
    """How long the way is through these visits, from where the worker starts to where they end."""
    if not jobs:
        return 0
    places = [worker.start_place, *(each.place for each in jobs), worker.end_place]
    matrix = problem.travel[worker.means]
    return sum(matrix[here][there] for here, there in pairwise(places))
