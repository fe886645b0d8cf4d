"""The independent check finds each kind of broken promise; reasons and prices say what they mean."""

from dataclasses import replace

import pytest

from schedules.planning.rules.check import checked
from schedules.planning.rules.plan import Plan, Reason, Rest, Stop, cost
from schedules.planning.rules.problem import Break, Job, Problem, Task, Weights, Worker, price
from schedules.planning.rules.reasons import barred, plain_reason

WAY = ((0, 10, 20), (10, 0, 10), (20, 10, 0))
ONE = Job(id="one", place=1, earliest=100, latest=200, tasks=(Task(seconds=60, skills=frozenset({"nurse"})),), load=2)
TWO = Job(
    id="two", place=2, earliest=300, latest=400, tasks=(Task(seconds=60), Task(seconds=60, gap=(5, 50))),
    after=("one",), not_with=("evil",), usual=("ann",), before=("bob",),
)  # fmt: skip
ANN = Worker(
    id="a", carer="ann", start_place=0, end_place=0, start=50, end=600, skills=frozenset({"nurse"}), load_max=2,
    breaks=(Break(earliest=200, latest=260, seconds=30),),
)  # fmt: skip
BOB = Worker(id="b", carer="bob", start_place=0, end_place=0, start=50, end=600)
PROBLEM = Problem(jobs=(ONE, TWO), workers=(ANN, BOB), travel=(WAY,))
GOOD = Plan(
    stops=(
        Stop(job="one", task=0, worker="a", start=100), Stop(job="two", task=0, worker="a", start=300),
        Stop(job="two", task=1, worker="b", start=310),
    ),
    rests=(Rest(worker="a", number=0, start=200),), unassigned={},
)  # fmt: skip


def with_stop(index: int, **more: object) -> Plan:
    stops = list(GOOD.stops)
    stops[index] = replace(stops[index], **more)  # type: ignore[arg-type]
    return replace(GOOD, stops=tuple(stops))


def test_a_good_plan_has_nothing_against_it():
    assert checked(GOOD, PROBLEM) == []


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (with_stop(0, start=99), "too early"),
        (with_stop(1, start=401), "too late"),
        (with_stop(0, worker="b"), "lacks a skill"),
        (with_stop(2, start=304), "starts 4 after the first"),
        (with_stop(2, start=351), "starts 51 after the first"),
        (with_stop(2, worker="a", start=350), "the same carer twice"),
        (with_stop(0, worker="nobody"), "not of this problem"),
        (with_stop(0, job="none"), "not of this problem"),
        (replace(GOOD, stops=GOOD.stops[:2]), "has tasks [0] of 2"),
        (replace(GOOD, stops=GOOD.stops[1:]), "has tasks [] of 1"),
        (replace(GOOD, unassigned={"one": Reason.FULL}), "left out and planned"),
        (replace(GOOD, stops=GOOD.stops[1:], unassigned={"one": Reason.FULL}), "starts before one is over"),
        (replace(GOOD, rests=()), "0 of 1 breaks"),
        (replace(GOOD, rests=(Rest(worker="a", number=0, start=190),)), "outside its window"),
        (replace(GOOD, rests=(Rest(worker="a", number=0, start=261),)), "outside its window"),
    ],
)
def test_each_broken_promise_is_told(plan, said):
    assert any(said in each for each in checked(plan, PROBLEM)), checked(plan, PROBLEM)


def test_what_belongs_to_the_worker_is_looked_at_too():
    def against(**more):
        ann = replace(ANN, **more)
        return " ".join(checked(GOOD, replace(PROBLEM, workers=(ann, BOB))))

    assert "a load of 2, not 1" in against(load_max=1)
    assert "cannot be at 0 by 379" in against(end=379)
    assert "cannot be at 1 by 100" in against(start=91)
    long = replace(PROBLEM, workers=(replace(ANN, breaks=(Break(earliest=150, latest=260, seconds=135),)), BOB))
    rested = replace(GOOD, rests=(Rest(worker="a", number=0, start=160),))
    assert checked(rested, long) == ["a cannot be at 2 by 300"], "the way counts beside the rest"
    early = replace(GOOD, rests=(Rest(worker="a", number=0, start=120),))
    during = replace(PROBLEM, workers=(replace(ANN, breaks=(Break(earliest=0, latest=260, seconds=30),)), BOB))
    assert any("rests during a visit" in each for each in checked(early, during))
    before = replace(GOOD, rests=(Rest(worker="a", number=0, start=10),))
    assert any("rests outside the shift" in each for each in checked(before, during))
    twice = replace(ANN, breaks=ANN.breaks * 2)
    rests = (Rest(worker="a", number=0, start=200), Rest(worker="a", number=1, start=210))
    told = checked(replace(GOOD, rests=rests), replace(PROBLEM, workers=(twice, BOB)))
    assert any("rests twice at once" in each for each in told)


def test_who_is_promised_or_not_wanted_is_looked_at():
    promised = replace(PROBLEM, jobs=(replace(ONE, promised=("bob",)), TWO))
    assert checked(GOOD, promised) == ["one was promised to bob"]
    unwanted = replace(PROBLEM, jobs=(replace(ONE, not_with=("ann",)), TWO))
    assert checked(GOOD, unwanted) == ["one is not to be done by ann"]


def test_a_cost_has_its_parts():
    problem = replace(PROBLEM, weights=Weights(late=2, worst_late=3), late_max=None)
    late = with_stop(2, start=420)
    # Ann goes 0-1-2-0, Bob 0-2-0; Ann is no stranger but not who was sent before, Bob is a stranger.
    assert cost(late, problem).travel == 80
    assert (cost(late, problem).late, cost(late, problem).worst_late) == (40, 60)
    assert cost(late, problem).people == price(TWO, ANN, Weights()) + price(TWO, BOB, Weights()) == 1800 + 600
    out = replace(GOOD, stops=(), unassigned={"one": Reason.FULL, "two": Reason.FULL})
    assert cost(out, problem).total == 3 * 36_000


def test_reasons_that_need_no_planning():
    alone = replace(PROBLEM, workers=(BOB,))
    assert plain_reason(ONE, alone) is Reason.NO_SKILL
    assert plain_reason(TWO, alone) is Reason.NO_SKILL, "two tasks, one carer"
    assert plain_reason(TWO, PROBLEM, ["one"]) is Reason.WAITS
    assert plain_reason(ONE, replace(PROBLEM, workers=(replace(ANN, start=201),))) is Reason.NO_SHIFT
    assert plain_reason(replace(ONE, promised=("carl",)), PROBLEM) is Reason.PROMISED
    assert plain_reason(ONE, PROBLEM) is None
    assert barred(ONE, 0, BOB, 0) == "no_skill"
    assert barred(replace(TWO, not_with=("ann",)), 0, ANN, 0) == "not_wanted"
    assert barred(ONE, 0, replace(ANN, start=300), 0) == "off_shift"
    assert barred(ONE, 0, ANN, 0) is None
