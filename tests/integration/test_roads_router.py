"""A road router over real HTTP: it decides when it is well, and costs an alarm its budget at most when it is not."""

import json
import time
from urllib.parse import urlsplit

import pytest

from config.settings import read_settings
from config.travel import measure_of
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.rules.travel import Means, StraightLine
from dispatch.situations import Situations
from schedules.roads.asking import AT_ONCE, FAILURES_MAX, REST_S, RoadTimes
from schedules.roads.rules.router import DIALECTS
from tests.builders import build_world
from tests.fakes.clock import HandClock
from tests.fakes.http_standin import HttpStandin
from tests.fakes.line import until
from tests.fakes.osrm import osrm_routed
from tests.fakes.twilio_faults import CLOSE, DRIP, EMPTY_503, HALF_BODY, HANG, HTML_201, RESET
from tests.unit.schedules.test_routers import HOME, A, B

STRAIGHT, BUDGET_S, PATIENCE_S = StraightLine(), 0.2, 60.0
"""A router that is well is waited for as long as a busy machine needs: what it says is looked at, not how soon."""

SLACK_S = 15.0
"""What a busy machine may add: whoever waited for a drip to its end would wait for 24 s, for one that hangs 60."""

TIMES = {(9.52, 47.14): 300, (9.53, 47.15): 60}


def answering(asked):
    """Both routers in one: who is asked by GET is OSRM."""
    if asked.path.startswith("/table/v1/"):
        places = [tuple(map(float, each.split(","))) for each in asked.path.rsplit("/", 1)[1].split(";")]
        return 200, {"code": "Ok", "durations": [[TIMES.get(each)] for each in places[:-1]]}
    said = json.loads(asked.body)
    return 200, {"sources_to_targets": [[{"time": TIMES.get((s["lon"], s["lat"]))}] for s in said["sources"]]}


@pytest.fixture
def standin():
    with HttpStandin(answering) as standin:
        yield standin


def times(standin, name="valhalla", clock=None, budget_s=PATIENCE_S):
    steady = (clock or SystemClock()).look
    return RoadTimes(name, DIALECTS[name], standin.base_url, budget_s=budget_s, steady=lambda: steady().steady_s)


@pytest.mark.parametrize("name", ["valhalla", "osrm"])
def test_the_roads_decide_and_what_they_do_not_know_the_straight_line_does(standin, name):
    found = times(standin, name).measured([(A, Means.FOOT), (B, Means.FOOT), (HOME, Means.FOOT)], HOME, STRAIGHT)
    assert [found.seconds(each, HOME, Means.FOOT) for each in (A, B)] == [300, 60]
    assert found.seconds(A, HOME, Means.CAR) == STRAIGHT.seconds(A, HOME, Means.CAR)
    assert found.seconds(A, B, Means.FOOT) == STRAIGHT.seconds(A, B, Means.FOOT)
    assert found.source.startswith(f"{name}(2)+straight_line")


@pytest.mark.parametrize("fault", [HANG, DRIP, CLOSE, RESET, HALF_BODY, EMPTY_503, HTML_201], ids=lambda each: each.how)
def test_whatever_goes_wrong_costs_the_budget_at_most(standin, fault):
    standin.will(fault)
    began = time.monotonic()
    found = times(standin, budget_s=BUDGET_S).measured([(A, Means.FOOT)], HOME, STRAIGHT)
    assert time.monotonic() - began < BUDGET_S + SLACK_S
    assert found.seconds(A, HOME, Means.FOOT) == STRAIGHT.seconds(A, HOME, Means.FOOT)
    assert found.source.startswith("valhalla(late)+")


def test_a_router_that_is_not_there_is_left_alone_for_a_while(standin):
    clock = HandClock()
    roads = times(standin, clock=clock)
    standin.will(*[EMPTY_503] * FAILURES_MAX)
    for _ in range(FAILURES_MAX):
        roads.measured([(A, Means.FOOT)], HOME, STRAIGHT)
    assert roads.measured([(A, Means.FOOT)], HOME, STRAIGHT).ways == {}
    assert len(standin.asked) == FAILURES_MAX
    clock.advance(REST_S)
    assert roads.measured([(A, Means.FOOT)], HOME, STRAIGHT).ways == {(A, Means.FOOT): 300}


def test_questions_that_hang_never_pile_up(standin):
    roads = RoadTimes("osrm", DIALECTS["osrm"], standin.base_url, budget_s=0.01, steady=lambda: 0.0)
    taken = sum(roads._places.acquire(blocking=False) for _ in range(AT_ONCE + 1))
    assert taken == AT_ONCE
    assert roads.measured([(A, Means.FOOT)], HOME, STRAIGHT).ways == {}
    assert standin.asked == []


def test_who_is_behind_a_river_is_asked_later_when_the_roads_say_so(tmp_path, standin):
    """C1 is nearest by the line and half an hour away by the roads."""
    world = build_world(tmp_path, on_duty=("C1", "C2"))
    standin.answering = lambda asked: (200, {"sources_to_targets": [[{"time": 1800}], [{"time": 120}]]})
    with_roads = Situations(
        world.reading, world.muster, world.clock, operators=(), two_way=lambda _: True, emergency_number=None,
        measure=times(standin).measured,
    )  # fmt: skip
    alarm = world.press()
    by_line = world.situations.propose(alarm).choice
    by_road = with_roads.propose(alarm)
    assert [each.code for each in by_line.ranked] == ["C1", "C2"]
    assert [(each.code, each.travel_s) for each in by_road.choice.ranked] == [("C2", 120), ("C1", 1800)]
    assert by_road.choice.version != by_line.version
    again = world.transactions.run(lambda tx: with_roads.load(tx, alarm, by_road)).choice
    assert [each.code for each in again.ranked] == ["C2", "C1"]
    world.close()


def test_the_settings_name_the_router_and_it_needs_an_address(standin):
    said = {"travel": {"router": "osrm", "url": standin.base_url}}
    measure = measure_of(read_settings(said, environ={}), SystemClock())
    assert measure is not None
    # It has 200 ms by the wall; on a machine that is busy with other tests some questions are given up.
    until(lambda: measure([(A, Means.CAR)], HOME, STRAIGHT).seconds(A, HOME, Means.CAR) == 300)
    assert urlsplit(standin.asked[0].path).path.startswith("/table/v1/driving/")
    assert measure_of(read_settings({}, environ={}), SystemClock()) is None
    with pytest.raises(Misconfigured, match=r"travel\.url"):
        read_settings({"travel": {"router": "osrm"}}, environ={})


@pytest.mark.parametrize(
    ("off_road", "measured"), [((A,), {B}), ((B,), {A}), ((A, B), set()), ((HOME,), set()), ((), {A, B})],
    ids=["one carer", "another carer", "both carers", "the home", "nobody"],
)  # fmt: skip
def test_what_osrm_has_no_segment_for_costs_nobody_else_their_way(standin, off_road, measured):
    standin.answering = osrm_routed(lambda a, _: {A: 300.4, B: 60.0}[a], off_road=off_road)
    found = times(standin, "osrm").measured([(A, Means.FOOT), (B, Means.FOOT)], HOME, STRAIGHT)
    assert {each for each, _ in found.ways} == measured
    assert all(found.seconds(each, HOME, Means.FOOT) == {A: 300.4, B: 60.0}[each] for each in measured)


@pytest.mark.parametrize(
    "code", ["InvalidOptions", "InvalidQuery", "InvalidValue", "TooBig", "NoTable", "NotImplemented"]
)
def test_whatever_osrm_refuses_whole_goes_by_the_line(standin, code):
    standin.answering = lambda _: (400, {"code": code, "message": "no"})
    found = times(standin, "osrm").measured([(A, Means.FOOT), (B, Means.FOOT)], HOME, STRAIGHT)
    assert found.ways == {}
    assert found.seconds(A, HOME, Means.FOOT) == STRAIGHT.seconds(A, HOME, Means.FOOT)
