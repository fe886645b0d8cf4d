"""Why a visit went where it went: what each other carer instead would have cost, to the second."""

import pytest

from schedules.planning.own import OwnPlanner
from schedules.planning.planner import Budget
from schedules.planning.rules.problem import Job, Problem, Task, Weights, Worker
from schedules.planning.written import whys

DAY = 100_000


def problem(tasks):
    """One visit, and four carers who live 100, 200, 300 and 400 seconds away; the last has other skills."""
    need = frozenset({"nurse"})
    visit = Job(id="v", place=0, earliest=0, latest=DAY, tasks=(Task(seconds=60, skills=need),) * tasks)
    workers = tuple(
        Worker(id=f"w{number}", carer=f"c{number}", start_place=number, end_place=number, start=0, end=DAY,
               skills=need if number < 4 else frozenset())
        for number in (1, 2, 3, 4)
    )  # fmt: skip
    travel = tuple(tuple(abs(here - there) * 100 for there in range(5)) for here in range(5))
    return Problem(jobs=(visit,), workers=workers, travel=(travel,), weights=Weights())


@pytest.mark.parametrize(
    ("tasks", "cost", "others"),
    [(1, 200, [("w2", 200), ("w3", 400)]), (2, 600, [("w3", 200)])],
)
def test_others_are_named_with_what_they_would_have_cost(tasks, cost, others):
    asked = problem(tasks)
    plan = OwnPlanner().solve(asked, Budget(iterations=50), seed=1)
    (why,) = whys(plan, asked)
    assert (why.cost, [(each.worker, each.more) for each in why.others]) == (cost, others)
    assert why.barred == {"no_skill": 1}
