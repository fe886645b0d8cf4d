"""A carer's break in a plan: taken on the way where it must be, at the end where it can be, and never forgotten."""

import pytest

from schedules.planning.own import OwnPlanner
from schedules.planning.planner import Budget
from schedules.planning.rules.check import checked
from schedules.planning.rules.plan import Rest
from schedules.planning.rules.problem import Break, Job, Problem, Task, Worker

MINUTE = 60
NOON = 12 * 60
WAY = 5


def visit(name, at, minutes):
    return Job(id=name, place=1, earliest=at * MINUTE, latest=at * MINUTE, tasks=(Task(seconds=minutes * MINUTE),))


def planned(end, *visits):
    """By one carer who rests half an hour that begins between noon and half past, and is off duty at `end`."""
    rest = Break(earliest=NOON * MINUTE, latest=(NOON + 30) * MINUTE, seconds=30 * MINUTE)
    carer = Worker(id="w", carer="c", start_place=0, end_place=0, start=0, end=end * MINUTE, breaks=(rest,))
    way = ((0, WAY * MINUTE), (WAY * MINUTE, 0))
    problem = Problem(jobs=visits, workers=(carer,), travel=(way,))
    plan = OwnPlanner().solve(problem, Budget(iterations=200), seed=1)
    assert checked(plan, problem) == []
    return plan


def test_between_two_visits_the_break_is_taken_on_the_way():
    plan = planned(NOON + 300, visit("before", NOON - 60, 30), visit("after", NOON + 120, 30))
    assert [each.job for each in plan.stops] == ["before", "after"]
    assert NOON * MINUTE <= plan.rests[0].start <= (NOON + 30) * MINUTE


@pytest.mark.parametrize(("end", "fits"), [(NOON + 55, True), (NOON + 54, False)])
def test_a_break_at_the_end_belongs_to_the_shift(end, fits):
    plan = planned(end, visit("last", NOON - 20, 40))
    assert (plan.unassigned == {}) is fits
    if fits:
        assert plan.rests == (Rest(worker="w", number=0, start=(NOON + 20) * MINUTE),)


@pytest.mark.parametrize(("minutes", "fits"), [(40, True), (41, False)])
def test_no_visit_lasts_until_the_break_cannot_begin_any_more(minutes, fits):
    assert (planned(NOON + 300, visit("long", NOON - 10, minutes)).unassigned == {}) is fits
