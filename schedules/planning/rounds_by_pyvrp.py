"""
PyVRP behind the contract, for rounds in which every visit has one carer.

PyVRP gives the routes; our own decoding gives the times, the breaks and what falls out, and a short cool annealing
mends what PyVRP cannot say. So whatever its next version does, no plan leaves here that our decoding did not time.

* Skills, persons not wanted, usual carers and carers of the plan in force: one profile (a pair of matrices) for each
  class of workers who are the same in all of them; a way to a visit that is not theirs is closed, one to a visit where
  they are strangers is dearer in distance, not in duration.
* A break: two half shifts. A visit that may be left out: not required, with a prize.
* Memory is profiles x places^2 x 16 bytes: `schedules.planning.parts` cuts large problems before they come here.

pyvrp 0.14 has locations, clients and depots apart; 0.13 had not. It is pinned below 0.15 in `pyproject.toml`.
"""

from typing import Any

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
        rough = _rough(problem, budget.share(PYVRP_PART), seed, lambda part, cost: told(part * PYVRP_PART, cost))
        return improved(
            rough, problem, budget.share(1 - PYVRP_PART), seed=seed,
            told=lambda part, cost: told(PYVRP_PART + part * (1 - PYVRP_PART), cost),
        )  # fmt: skip


def _rough(problem: Problem, budget: Budget, seed: int, told: Told) -> Plan:
    """Routes without breaks kept in them; starts are only their order."""
    import pyvrp

    halves = [half for worker in problem.workers for half in _halves(worker)]
    data = _data(problem, halves)
    stop = _Stop(budget, told)
    result = pyvrp.solve(data, stop, seed=seed, collect_stats=False, display=False)
    order: dict[str, list[tuple[int, str]]] = {}
    for route in result.best.routes():
        worker, start, _ = halves[route.vehicle_type()]
        for activity in route:
            if activity.is_client():
                order.setdefault(worker.id, []).append((max(start, activity.start_time), problem.jobs[activity.idx].id))
    stops = tuple(
        Stop(job=job, task=0, worker=worker, start=at) for worker, jobs in order.items() for at, job in sorted(jobs)
    )
    there = {each.job for each in stops}
    return Plan(stops=stops, unassigned={job.id: Reason.FULL for job in problem.jobs if job.id not in there})


def _halves(worker: Worker) -> list[tuple[Worker, int, int]]:
    """A shift cut at its breaks, each as early as it may be."""
    found, begins = [], worker.start
    for rest in worker.breaks:
        found.append((worker, begins, max(begins, rest.earliest)))
        begins = min(worker.end, max(begins, rest.earliest) + rest.seconds)
    return [*found, (worker, begins, worker.end)]


def _data(problem: Problem, halves: list[tuple[Worker, int, int]]) -> Any:
    import numpy as np
    import pyvrp

    jobs, weights = problem.jobs, problem.weights
    places = sorted({job.place for job in jobs} | {place for w in problem.workers for place in _ends(w)})
    ends = sorted({place for worker in problem.workers for place in _ends(worker)})
    # Depots stand before the visits, each visit at a location of its own, for what it costs to go there is its own.
    spots = ends + [job.place for job in jobs]
    index = {place: number for number, place in enumerate(places)}
    rows = [index[place] for place in spots]
    base = [
        np.array([[matrix[here][there] for there in places] for here in places], dtype=np.int64)[np.ix_(rows, rows)]
        for matrix in problem.travel
    ]
    first = len(ends)
    profiles: dict[tuple[int, ...], int] = {}
    distances: list[Any] = []
    durations: list[Any] = []
    types = []
    for worker, start, end in halves:
        costs = _prices(problem, worker)
        profile = profiles.setdefault((worker.means, *costs), len(profiles))
        if profile == len(distances):
            closed = np.array([cost < 0 for cost in costs])
            distance = base[worker.means] * max(1, weights.travel)
            distance[:, first:] += np.array([max(0, cost) for cost in costs], dtype=np.int64)
            duration = base[worker.means].copy()
            distance[:, first:][:, closed] = CLOSED
            duration[:, first:][:, closed] = CLOSED
            np.fill_diagonal(distance, 0)
            np.fill_diagonal(duration, 0)
            distances.append(distance)
            durations.append(duration)
        types.append(
            pyvrp.VehicleType(
                start_depot=ends.index(worker.start_place),
                end_depot=ends.index(worker.end_place),
                tw_early=start,
                tw_late=end,
                profile=profile,
            )
        )
    clients = [
        pyvrp.Client(
            location=first + number,
            service_duration=job.tasks[0].seconds,
            tw_early=job.earliest,
            tw_late=job.latest + (problem.late_max or 0),
            required=False,
            prize=omitted(job, weights),
        )
        for number, job in enumerate(jobs)
    ]
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in spots], clients=clients,
        depots=[pyvrp.Depot(location=number) for number in range(first)], vehicle_types=types,
        distance_matrices=distances, duration_matrices=durations,
    )  # fmt: skip


def _prices(problem: Problem, worker: Worker) -> tuple[int, ...]:
    return tuple(
        price(job, worker, problem.weights) if may(job, 0, worker) and in_time(job, worker, problem.late_max) else -1
        for job in problem.jobs
    )


def _ends(worker: Worker) -> tuple[int, int]:
    return worker.start_place, worker.end_place


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
