"""Laws of planning: every plan holds, costs what it says, comes again from the same seed; small ones are the best."""

from dataclasses import replace
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.planning.choosing import ChoosingPlanner, planner_for, pyvrp_there
from schedules.planning.own import OwnPlanner, finished, improved
from schedules.planning.parts import parts, together
from schedules.planning.planner import Budget, unheard
from schedules.planning.rounds_by_pyvrp import PyvrpPlanner
from schedules.planning.rules.check import checked
from schedules.planning.rules.plan import Plan, Reason, cost
from schedules.planning.rules.problem import Job, Problem, Worker, may, omitted, price
from schedules.planning.search import HOT, Search
from schedules.planning.state import State
from schedules.planning.wire import plan_in, plan_out, problem_in, problem_out, why_in, why_out
from schedules.planning.written import order_of, whys
from tests.need import need
from tests.towns import town

SEEDS = st.integers(0, 10**9)
FEW = settings(max_examples=15, deadline=None)


def any_town(seed: int, **more: object) -> Problem:
    draw = Random(seed)
    return town(seed, visits=draw.randrange(0, 25), carers=draw.randrange(1, 7), **more)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ every plan


@FEW
@given(SEEDS, st.sampled_from((0, 0, 1200, None)))
def test_every_plan_of_our_own_holds_and_costs_what_it_says(seed, late_max):
    problem = any_town(seed, late_max=late_max, promised=0.1)
    search = Search(State(problem), seed)
    search.build()
    built = search.best_cost
    plan = OwnPlanner().solve(problem, Budget(iterations=2000), seed=seed)
    assert checked(plan, problem) == []
    assert cost(plan, problem).total <= built
    search.lay(order_of(plan, problem))
    assert search.state.cost() == cost(plan, problem).total


@FEW
@given(SEEDS)
def test_every_plan_with_pyvrp_holds(seed):
    need(pyvrp_there(), "pyvrp not found: pip install -r requirements.lock")
    problem = any_town(seed, doubles=0.0, after=0.0)
    assert isinstance(planner_for(problem), PyvrpPlanner)
    plan = PyvrpPlanner().solve(problem, Budget(iterations=200), seed=seed)
    assert checked(plan, problem) == []


@FEW
@given(SEEDS)
def test_a_problem_cut_in_parts_makes_one_plan_that_holds(seed):
    problem = town(seed, visits=40, carers=9, after=0.0)
    pieces = parts(problem, 12)
    assert sorted(job.id for piece in pieces for job in piece.jobs) == sorted(job.id for job in problem.jobs)
    assert len({worker.id for piece in pieces for worker in piece.workers}) == sum(len(each.workers) for each in pieces)
    plan = ChoosingPlanner(12).solve(problem, Budget(iterations=1500), seed=seed)
    assert checked(plan, problem) == []


@FEW
@given(SEEDS)
def test_the_state_after_refused_steps_is_the_state_decoded_afresh(seed):
    """Whatever a step changed and took back: nothing of it is left behind."""
    problem = any_town(seed, promised=0.1, late_max=Random(seed).choice((0, None)))
    search = Search(State(problem), seed)
    search.build()
    for _ in range(4):
        search.run(Budget(iterations=300, clock=lambda: 0.0), HOT, unheard)
        state = search.state
        order = sorted((state.key[v], v) for v in range(state.jobs) if v not in state.pool)
        afresh = Search(State(problem), 0)
        afresh.lay([(v, [state.who[t] for t in state.tasks[v]]) for _, v in order])
        assert state.start[: state.count] == afresh.state.start[: state.count]
        assert (state.travel, state.late_sum, state.people, state.left_out, state.excess, state.load) == (
            afresh.state.travel, afresh.state.late_sum, afresh.state.people, afresh.state.left_out, 0,
            afresh.state.load,
        )  # fmt: skip


@FEW
@given(SEEDS)
def test_the_same_seed_and_steps_give_the_same_plan(seed):
    problem = any_town(seed)
    one, two = (ChoosingPlanner().solve(problem, Budget(iterations=500), seed=seed) for _ in range(2))
    assert one == two


@FEW
@given(SEEDS)
def test_a_plan_goes_through_the_pipe_and_comes_out_the_same(seed):
    problem = any_town(seed, promised=0.2)
    assert problem_in(problem_out(problem)) == problem
    plan = OwnPlanner().solve(problem, Budget(iterations=300), seed=seed)
    assert plan_in(plan_out(plan)) == plan
    for why in whys(plan, problem):
        assert why_in(why_out(why)) == why


@FEW
@given(SEEDS)
def test_what_is_promised_is_kept_or_left_out_with_that_reason(seed):
    problem = any_town(seed, promised=0.5)
    plan = OwnPlanner().solve(problem, Budget(iterations=500), seed=seed)
    carers = {worker.id: worker.carer for worker in problem.workers}
    for job in problem.jobs:
        if job.promised and job.id in plan.unassigned:
            assert plan.unassigned[job.id] in {Reason.PROMISED, Reason.WAITS}
        elif job.promised:
            mine = sorted((stop for stop in plan.stops if stop.job == job.id), key=lambda stop: stop.task)
            assert [carers[stop.worker] for stop in mine] == list(job.promised)


@FEW
@given(SEEDS)
def test_planning_again_after_somebody_fell_ill_moves_only_what_it_must(seed):
    problem = town(seed, visits=14, carers=5, after=0.0)
    first = OwnPlanner().solve(problem, Budget(iterations=2500), seed=seed)
    carer_of = {worker.id: worker.carer for worker in problem.workers}
    in_turn = sorted(first.stops, key=lambda stop: stop.task)
    has = {job.id: tuple(carer_of[each.worker] for each in in_turn if each.job == job.id) for job in problem.jobs}
    starts = {stop.job: stop.start for stop in first.stops if stop.task == 0}
    ill = "c0"
    again = replace(
        problem, workers=tuple(each for each in problem.workers if each.carer != ill),
        jobs=tuple(
            replace(job, before=has[job.id], promised=has[job.id], earliest=starts[job.id], latest=starts[job.id])
            if has[job.id] and ill not in has[job.id] and all(not task.gap[1] for task in job.tasks)
            else replace(job, before=has[job.id])
            for job in problem.jobs
        ),
    )  # fmt: skip
    plan = OwnPlanner().solve(again, Budget(iterations=2500), seed=seed)
    assert checked(plan, again) == []
    for job in again.jobs:
        if job.promised:
            assert sorted(carer_of[each.worker] for each in plan.stops if each.job == job.id) == sorted(has[job.id])


# ------------------------------------------------------------------------------------------------ the best


def brute(problem: Problem) -> int:
    """The least cost there is, by trying every order and everybody; decoded here, in words of its own."""
    best = sum(omitted(job, problem.weights) for job in problem.jobs)
    choices = [_choices(job, problem.workers) for job in problem.jobs]
    for who in product(*choices):
        there = [index for index, each in enumerate(who) if each is not None]
        for order in permutations(there):
            found = _decoded(problem, order, who)
            if found is not None:
                best = min(best, found)
    return best


def _choices(job: Job, workers: tuple[Worker, ...]) -> list[tuple[int, ...] | None]:
    each = [[w for w, worker in enumerate(workers) if may(job, number, worker)] for number in range(len(job.tasks))]
    return [None, *(pair for pair in product(*each) if len(set(pair)) == len(pair))]


def _decoded(problem: Problem, order: tuple[int, ...], who: tuple[tuple[int, ...] | None, ...]) -> int | None:
    place = [worker.start_place for worker in problem.workers]
    free = [worker.start for worker in problem.workers]
    load = [0] * len(place)
    total = sum(omitted(job, problem.weights) for index, job in enumerate(problem.jobs) if index not in order)
    late: list[int] = []
    for index in order:
        job, pair = problem.jobs[index], who[index] or ()
        way = [problem.travel[problem.workers[w].means][place[w]][job.place] for w in pair]
        arrive = [free[w] + leg for w, leg in zip(pair, way, strict=True)]
        first = max([job.earliest, *(at - task.gap[1] for at, task in zip(arrive, job.tasks, strict=True))])
        for w, leg, at, task in zip(pair, way, arrive, job.tasks, strict=True):
            start = max(at, first + task.gap[0])
            late.append(max(0, start - job.latest))
            total += leg + price(job, problem.workers[w], problem.weights)
            place[w], free[w], load[w] = job.place, start + task.seconds, load[w] + job.load
    for w, worker in enumerate(problem.workers):
        back = problem.travel[worker.means][place[w]][worker.end_place]
        if free[w] + back > worker.end or load[w] > (worker.load_max or 99):
            return None
        total += back
    if problem.late_max is not None and any(each > problem.late_max for each in late):
        return None
    return total + problem.weights.late * sum(late) + problem.weights.worst_late * max(late, default=0)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("late_max", [0, None])
def test_small_problems_are_planned_as_well_as_can_be(seed, late_max):
    problem = town(seed, visits=4, carers=2, doubles=0.4, rests=False, after=0.0, late_max=late_max)
    plan = OwnPlanner().solve(problem, Budget(iterations=6000), seed=1)
    assert checked(plan, problem) == []
    assert cost(plan, problem).total == brute(problem)


@pytest.mark.parametrize("seed", range(6))
def test_small_rounds_of_one_are_planned_nearly_as_well_as_can_be_with_pyvrp(seed):
    need(pyvrp_there(), "pyvrp not found: pip install -r requirements.lock")
    problem = town(seed, visits=4, carers=2, doubles=0.0, rests=False, after=0.0)
    plan = PyvrpPlanner().solve(problem, Budget(iterations=6000), seed=1)
    assert cost(plan, problem).total <= 1.1 * brute(problem)


def test_improving_an_empty_plan_plans_everything_that_fits():
    problem = town(3, visits=10, carers=4)
    empty = Plan(unassigned={job.id: Reason.FULL for job in problem.jobs})
    plan = improved(empty, problem, Budget(iterations=50), seed=1)
    assert checked(plan, problem) == []
    assert len(plan.unassigned) < len(problem.jobs)


@pytest.mark.parametrize("late", [False, True])
def test_where_the_time_is_gone_nothing_more_is_put_in(late):
    search = Search(State(town(3, visits=10, carers=4)), 1)
    assert bool(finished(search, lambda: late).stops) is not late


def test_the_plans_of_no_parts_leave_everything_out():
    problem = town(3, visits=2, carers=1)
    assert together([], problem).unassigned == dict.fromkeys(("v0", "v1"), Reason.NO_SHIFT)
