"""A plan comes within its time by the wall, however busy the machine is."""

import pytest

from schedules.planning.child import WHY_UNTIL, budget_of
from schedules.planning.choosing import ChoosingPlanner
from schedules.planning.planner import LEAST_S, Budget
from schedules.planning.rules.problem import Job, Problem, Task, Worker
from schedules.planning.thinking import left_of
from schedules.planning.written import whys

ASKED = {"seconds": 60, "began": 1000.0, "iterations": 0}


@pytest.mark.parametrize(("now", "seconds"), [
    (1000.0, 54.0), (1002.0, 52.0), (1004.0, 48.0), (1010.0, 38.0), (1070.0, LEAST_S)
], ids=["at once: a tenth at least to answer", "two seconds to read", "four", "ten", "too long"])  # fmt: skip
def test_what_it_takes_to_start_to_read_and_to_answer_is_no_time_to_think(now, seconds):
    assert budget_of(ASKED, now).seconds == seconds


@pytest.mark.parametrize("whole", [1, 10, 30, 600])
@pytest.mark.parametrize("spent", [0.0, 0.01, 0.02, 0.05, 0.3])
def test_a_search_ends_before_reasons_are_given_up(whole, spent):
    asked = {**ASKED, "seconds": whole}
    ends = spent * whole + budget_of(asked, 1000.0 + spent * whole).seconds
    assert ends <= whole * (WHY_UNTIL - 0.04)


def test_steps_are_the_same_however_long_it_took_to_read():
    assert budget_of(ASKED | {"iterations": 300}, 1030.0).iterations == 300


def test_reasons_are_looked_for_until_the_time_is_over_and_no_longer():
    jobs = tuple(Job(id=f"v{n}", place=0, earliest=0, latest=9000, tasks=(Task(seconds=600),)) for n in range(4))
    workers = (Worker(id="w1", carer="c1", start_place=0, end_place=0, start=0, end=36_000),)
    problem = Problem(jobs=jobs, workers=workers, travel=(((0,),),))
    plan = ChoosingPlanner().solve(problem, Budget(iterations=20), seed=1)
    looks = iter([False, False, True])
    assert len(whys(plan, problem)) == 4
    assert len(whys(plan, problem, over=lambda: next(looks))) == 2


@pytest.mark.parametrize(("seconds", "spent", "left"), [(60, 0.0, 60), (60, 4.0, 52), (60, 20.0, 45), (1, 9.0, 0.75)])
def test_what_is_spent_on_reading_is_taken_off_the_seconds_twice_and_a_quarter_at_most(seconds, spent, left):
    assert left_of(seconds, spent) == left
