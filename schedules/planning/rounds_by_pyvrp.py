"""
PyVRP behind the contract, for rounds in which every visit has one carer.

PyVRP gives the routes; our own decoding gives the times, the breaks and what falls out, and a short cool annealing
mends what PyVRP cannot say. So whatever its next version does, no plan leaves here that our decoding did not time.

* Skills, persons not wanted, usual carers and carers of the plan in force: one profile (a pair of matrices) for each
  class of workers who are the same in all of them; a way to a visit that is not theirs is closed, one to a visit where
  they are strangers is dearer in distance, not in duration.
* Workers who are alike in everything are one type of vehicle, which PyVRP searches faster than many.
* A break: two half shifts. A visit that may be left out: not required, with a prize.
* Memory is profiles x places^2 x 16 bytes: `schedules.planning.parts` cuts large problems before they come here.

pyvrp 0.14 has locations, clients and depots apart; 0.13 had not. It is pinned below 0.15 in `pyproject.toml`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schedules.planning.own import improved
from schedules.planning.planner import Budget, Told, unheard
from schedules.planning.rules.plan import Plan, Reason, Stop
from schedules.planning.rules.problem import Problem, Worker, in_time, may, omitted, price

CLOSED = 1 << 28
"""A way that nobody takes: eight years in seconds, and a hundred of them still fit in PyVRP's 64 bits."""

PYVRP_PART = 0.8
"""Of the budget; the rest mends."""

SLICE = 50
"""Iterations between two words of progress."""


class PyvrpPlanner:
    """Plans problems whose visits all have one task; the caller looks (`schedules.planning.choosing`)."""

    def solve(self, problem: Problem, budget: Budget, *, seed: int, told: Told = unheard) -> Plan:
        """See `Planner`."""
        assert all(len(job.tasks) == 1 for job in problem.jobs)
        if not problem.jobs or not problem.workers:
            return improved(Plan(unassigned={job.id: Reason.FULL for job in problem.jobs}), problem, budget, seed=seed)
        began = budget.clock()
        rough = _rough(problem, budget.share(PYVRP_PART), seed, lambda part, cost: told(part * PYVRP_PART, cost))
        rest = budget.share(1 - PYVRP_PART) if budget.iterations else budget.since(began)
        return improved(
            rough, problem, rest, seed=seed,
            told=lambda part, cost: told(PYVRP_PART + part * (1 - PYVRP_PART), cost),
        )  # fmt: skip


def _rough(problem: Problem, budget: Budget, seed: int, told: Told) -> Plan:
    """Routes without breaks kept in them; starts are only their order."""
    import pyvrp

    alike: dict[_Kind, list[Worker]] = {}
    for worker in problem.workers:
        for kind in _kinds(worker, problem):
            alike.setdefault(kind, []).append(worker)
    result = pyvrp.solve(_data(problem, alike), _Stop(budget, told), seed=seed, collect_stats=False, display=False)
    groups, order = list(alike.items()), dict[str, list[tuple[int, str]]]()
    free = [list(workers) for _, workers in groups]
    for route in result.best.routes():
        worker, kind = free[route.vehicle_type()].pop(), groups[route.vehicle_type()][0]
        for activity in route:
            if activity.is_client():
                at = max(kind.start, activity.start_time)
                order.setdefault(worker.id, []).append((at, problem.jobs[activity.idx].id))
    stops = tuple(
        Stop(job=job, task=0, worker=worker, start=at) for worker, jobs in order.items() for at, job in sorted(jobs)
    )
    there = {each.job for each in stops}
    return Plan(stops=stops, unassigned={job.id: Reason.FULL for job in problem.jobs if job.id not in there})


class _Kind(NamedTuple):
    """What makes workers alike: their window, where they start and end, their load, their means and prices."""

    start: int
    end: int
    start_place: int
    end_place: int
    load_max: int
    profile: tuple[int, ...]


def _kinds(worker: Worker, problem: Problem) -> list[_Kind]:
    """A shift, cut at its breaks, each as early as it may be."""
    profile = (worker.means, *_prices(problem, worker))
    load = max(1, sum(job.load for job in problem.jobs)) if worker.load_max is None else worker.load_max

    def kind(start: int, end: int) -> _Kind:
        return _Kind(start, end, worker.start_place, worker.end_place, load, profile)

    found, begins = [], worker.start
    for rest in worker.breaks:
        found.append(kind(begins, max(begins, rest.earliest)))
        begins = min(worker.end, max(begins, rest.earliest) + rest.seconds)
    return [*found, kind(begins, worker.end)]


def _data(problem: Problem, alike: Mapping[_Kind, Sequence[Worker]]) -> Any:
    import pyvrp

    ends = sorted({place for kind in alike for place in (kind.start_place, kind.end_place)})
    base, first = _matrices(problem, ends), len(ends)
    profiles: dict[tuple[int, ...], int] = {}
    distances: list[Any] = []
    durations: list[Any] = []
    types = []
    for kind, workers in alike.items():
        number = profiles.setdefault(kind.profile, len(profiles))
        if number == len(distances):
            distance, duration = _priced(base[kind.profile[0]], kind.profile[1:], first, problem.weights.travel)
            distances.append(distance)
            durations.append(duration)
        types.append(
            pyvrp.VehicleType(
                num_available=len(workers),
                capacity=[kind.load_max],
                start_depot=ends.index(kind.start_place),
                end_depot=ends.index(kind.end_place),
                tw_early=kind.start,
                tw_late=kind.end,
                profile=number,
            )
        )
    clients = [
        pyvrp.Client(
            location=first + number,
            delivery=[job.load],
            service_duration=job.tasks[0].seconds,
            tw_early=job.earliest,
            tw_late=job.latest + (problem.late_max or 0),
            required=False,
            prize=omitted(job, problem.weights),
        )
        for number, job in enumerate(problem.jobs)
    ]
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(first + len(clients))], clients=clients,
        depots=[pyvrp.Depot(location=number) for number in range(first)], vehicle_types=types,
        distance_matrices=distances, duration_matrices=durations,
    )  # fmt: skip


def _matrices(problem: Problem, ends: Sequence[int]) -> list[Any]:
    """
    The ways between ends and visits, by means. Each visit has a location of its own, for its price is its own.

    Shapes: (ends + visits, ends + visits), whole numbers of 64 bits.
    """
    import numpy as np

    spots = [*ends, *(job.place for job in problem.jobs)]
    places = sorted(set(spots))
    rows = [places.index(place) for place in spots]
    return [
        np.array([[matrix[here][there] for there in places] for here in places], dtype=np.int64)[np.ix_(rows, rows)]
        for matrix in problem.travel
    ]


def _priced(base: Any, prices: Sequence[int], first: int, travel: int) -> tuple[Any, Any]:
    """The matrices of one profile: what a way costs, and how long it takes."""
    import numpy as np

    told = np.array(prices, dtype=np.int64)
    distance, duration = base * max(1, travel), base.copy()
    distance[:, first:] += np.maximum(told, 0)
    for matrix in (distance, duration):
        matrix[:, first:][:, told < 0] = CLOSED
        np.fill_diagonal(matrix, 0)
    return distance, duration


def _prices(problem: Problem, worker: Worker) -> tuple[int, ...]:
    return tuple(
        price(job, worker, problem.weights) if may(job, 0, worker) and in_time(job, worker, problem.late_max) else -1
        for job in problem.jobs
    )


class _Stop:
    """Tells PyVRP when to stop, and others how far it is."""

    def __init__(self, budget: Budget, told: Told) -> None:
        self._budget = budget
        self._told = told
        self._began = budget.clock()
        self._turns = 0

    def __call__(self, best_cost: float) -> bool:
        self._turns += 1
        if self._budget.iterations:
            part = self._turns / self._budget.iterations
        else:
            part = (self._budget.clock() - self._began) / self._budget.seconds
        if self._turns % SLICE == 0:
            self._told(min(1.0, part), int(min(best_cost, 1 << 60)))
        return part >= 1.0
