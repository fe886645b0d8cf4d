"""Which planner a problem gets, and how a large one is cut, planned part by part and mended."""

from importlib.util import find_spec

from schedules.planning.own import OwnPlanner, improved
from schedules.planning.parts import PART_MAX, parts, together
from schedules.planning.planner import Budget, Planner, Told, unheard
from schedules.planning.rounds_by_pyvrp import PyvrpPlanner
from schedules.planning.rules.plan import Plan
from schedules.planning.rules.problem import Problem

PARTS_PART = 0.6
"""Of the budget for the parts; the rest mends the whole. To build the whole takes of it too."""


def pyvrp_there() -> bool:
    """Whether PyVRP is installed; the lock has it, a machine for which nobody builds it may do without."""
    return find_spec("pyvrp") is not None


def planner_for(problem: Problem) -> Planner:
    """
    PyVRP where it is installed and can say everything the problem says; our own search else.

    PyVRP has no words for two carers who meet, for a visit after another, and for lateness without bound.
    """
    single = all(len(job.tasks) == 1 and not job.after for job in problem.jobs)
    return PyvrpPlanner() if single and problem.late_max is not None and pyvrp_there() else OwnPlanner()


class ChoosingPlanner:
    """Plans a problem of any size with whoever suits it."""

    def __init__(self, part_max: int = PART_MAX) -> None:
        """`part_max`: the visits of one part at most."""
        self._part_max = part_max

    def solve(self, problem: Problem, budget: Budget, *, seed: int, told: Told = unheard) -> Plan:
        """See `Planner`."""
        began = budget.clock()
        pieces = parts(problem, self._part_max)
        if len(pieces) == 1 and pieces[0].jobs == problem.jobs:
            return planner_for(problem).solve(problem, budget, seed=seed, told=told)
        plans: list[Plan] = []
        done = 0
        for piece in pieces:
            share = PARTS_PART * len(piece.jobs) / len(problem.jobs)
            first = PARTS_PART * done / len(problem.jobs)
            plans.append(
                planner_for(piece).solve(
                    piece,
                    budget.share(share),
                    seed=seed,
                    told=lambda part, cost, first=first, share=share: told(first + part * share, cost),  # type: ignore[misc]
                )
            )
            done += len(piece.jobs)
        rest = budget.share(1 - PARTS_PART) if budget.iterations else budget.since(began)
        return improved(
            together(plans, problem), problem, rest, seed=seed,
            told=lambda part, cost: told(PARTS_PART + part * (1 - PARTS_PART), cost),
        )  # fmt: skip
