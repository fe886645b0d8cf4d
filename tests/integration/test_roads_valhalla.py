"""
What a real Valhalla said: its answers over HTTP, recorded, played back to the question each belongs to.

`tests/vectors/ours/valhalla.json` has the map (as osm.pbf), the people and the exchanges; docs/installers.md says how
such a router is set up.
"""

import json
from pathlib import Path

import pytest

from dispatch.clock import SystemClock
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine
from schedules.roads.asking import FAILURES_MAX, RoadTimes
from schedules.roads.rules.router import DIALECTS
from tests.fakes.clock import HandClock
from tests.fakes.http_standin import HttpStandin

SAID = json.loads((Path(__file__).parents[1] / "vectors/ours/valhalla.json").read_text(encoding="utf-8"))
HOME = Position(**SAID["home"])
PEOPLE = {who: Position(**at) for who, at in SAID["people"].items()}
ACROSS, ALONG, OFF, TOO_FAR = PEOPLE.values()
STRAIGHT = StraightLine()


def answering(asked):
    """As it answered this very question; a question that was never asked fails."""
    said = json.loads(asked.body)
    found = next((each for each in SAID["exchanges"] if each["asked"] == said), None)
    return (found["status"], found["answer"]) if found else (500, {})


@pytest.fixture
def standin():
    with HttpStandin(answering) as standin:
        yield standin


def times(standin):
    # Its answers come from this machine, which may be busy: what is tried here is what they mean.
    steady = SystemClock().look
    return RoadTimes(
        "valhalla", DIALECTS["valhalla"], standin.base_url, budget_s=10.0, steady=lambda: steady().steady_s
    )


@pytest.mark.parametrize("means", Means)
def test_across_a_river_is_further_than_along_the_street(standin, means):
    found = times(standin).measured([(ACROSS, means), (ALONG, means)], HOME, STRAIGHT)
    assert STRAIGHT.seconds(ACROSS, HOME, means) < STRAIGHT.seconds(ALONG, HOME, means)
    assert found.seconds(ACROSS, HOME, means) > 6 * found.seconds(ALONG, HOME, means)
    assert found.source.startswith("valhalla(2)+")


@pytest.mark.parametrize("means", Means)
def test_who_is_off_the_map_is_not_next_door(standin, means):
    """It puts them on the nearest road it knows, 25 km away, and calls it one minute by car."""
    found = times(standin).measured([(each, means) for each in (ACROSS, ALONG, OFF)], HOME, STRAIGHT)
    assert found.seconds(OFF, HOME, means) == STRAIGHT.seconds(OFF, HOME, means)
    assert found.source.startswith("valhalla(2)+")


def test_a_home_off_the_map_is_gone_to_by_the_straight_line(standin):
    found = times(standin).measured([(ALONG, Means.FOOT)], OFF, STRAIGHT)
    assert found.seconds(ALONG, OFF, Means.FOOT) == STRAIGHT.seconds(ALONG, OFF, Means.FOOT)


@pytest.mark.parametrize("means", Means)
def test_one_of_whom_it_will_not_speak_costs_nobody_else_their_way(standin, means):
    everybody = [(each, means) for each in (ACROSS, ALONG, OFF, TOO_FAR)]
    found = times(standin).measured(everybody, HOME, STRAIGHT)
    assert [SAID["exchanges"][n]["status"] for n in (2, 6)] == [400, 400]
    assert found.seconds(ACROSS, HOME, means) > 600
    assert found.seconds(ALONG, HOME, means) < 640
    assert found.seconds(TOO_FAR, HOME, means) == STRAIGHT.seconds(TOO_FAR, HOME, means)
    assert found.source.startswith("valhalla(2)+")


def test_a_router_that_refuses_questions_is_well_and_goes_on_being_asked(standin):
    clock = HandClock()
    roads = RoadTimes(
        "valhalla", DIALECTS["valhalla"], standin.base_url, budget_s=10.0, steady=lambda: clock.look().steady_s
    )
    for _ in range(FAILURES_MAX + 1):
        assert roads.measured([(TOO_FAR, Means.FOOT)], HOME, STRAIGHT).ways == {}
    assert roads.measured([(ALONG, Means.FOOT)], HOME, STRAIGHT).ways == {(ALONG, Means.FOOT): 635}
