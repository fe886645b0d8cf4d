"""All ways between many places by a router over real HTTP: what it tells decides, whatever else goes by the line."""

import json

import pytest

from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Means, StraightLine
from schedules.planning.gathering import _matrices, by_roads
from schedules.roads.squares import GROUP, ways_by_roads
from schedules.roads.surveying import FAILURES_MAX, Roads
from tests.fakes.http_standin import HttpStandin
from tests.fakes.osrm import osrm_routed
from tests.fakes.twilio_faults import CLOSE, EMPTY_503, HALF_BODY, HTML_201, RESET
from tests.unit.schedules.test_planning_ways import places

FOOT = [Means.FOOT]


def by_road(here, there):
    """Half as long again as the line, at a metre a second."""
    return round(1.5 * distance_m(here, there), 1)


@pytest.fixture
def router():
    with HttpStandin(osrm_routed(by_road)) as standin:
        yield standin


def roads(standin, for_s=60.0):
    return Roads(router="osrm", url=standin.base_url, for_s=for_s)


def test_every_way_of_many_places_is_told_and_no_question_is_too_large(router):
    spots = places(70)
    found = ways_by_roads(roads(router), spots, [Means.FOOT, Means.CAR])
    assert len(found) == 2
    assert all(each is not None for known in found for row in known for each in row)
    # The place is sent with six decimals: a tenth of a metre.
    assert all(abs(found[0][i][j] - by_road(spots[i], spots[j])) < 1 for i in range(70) for j in range(70))
    assert len(router.asked) == 2 * 9
    assert max(len(each.path.split(";")) for each in router.asked) <= 2 * GROUP


def test_one_place_without_a_road_costs_its_own_ways_only(router):
    spots = [Position(round(each.lat, 6), round(each.lng, 6)) for each in places(35)]
    router.answering = osrm_routed(by_road, off_road={spots[3]})
    known = ways_by_roads(roads(router), spots, FOOT)[0]
    lost = {(i, j) for i in range(35) for j in range(35) if known[i][j] is None}
    assert lost == {(i, j) for i in range(35) for j in range(35) if 3 in {i, j}}


def test_a_way_that_there_is_none_of_and_a_place_nobody_knows_are_left_to_the_line(router):
    spots = [*(Position(round(each.lat, 6), round(each.lng, 6)) for each in places(4)), None]
    router.answering = osrm_routed(lambda a, b: None if a == spots[0] else by_road(a, b))
    known = ways_by_roads(roads(router), spots, FOOT)
    lines = _matrices(spots, FOOT, StraightLine())
    found = by_roads(lines, known)[0]
    assert found[0] == lines[0][0]
    assert [row[4] for row in found] == [row[4] for row in lines[0]]
    assert found[1][2] == -int(-known[0][1][2] // 1) > lines[0][1][2]


def test_the_nearest_are_asked_about_first_and_when_the_time_is_over_nobody_is(router, monkeypatch):
    spots = sorted(places(90), key=lambda each: each.lat)
    now = iter(range(1_000))
    monkeypatch.setattr("schedules.roads.squares.steady", lambda: float(next(now)))
    known = ways_by_roads(roads(router, for_s=8.0), spots, FOOT)[0]
    told = [distance_m(spots[i], spots[j]) for i in range(90) for j in range(90) if known[i][j] is not None]
    untold = [distance_m(spots[i], spots[j]) for i in range(90) for j in range(90) if known[i][j] is None]
    assert 0 < len(told) < 90 * 90
    assert sum(told) / len(told) < sum(untold) / len(untold)


@pytest.mark.parametrize("fault", [CLOSE, RESET, HALF_BODY, EMPTY_503, HTML_201], ids=lambda each: each.how)
def test_a_router_that_is_not_well_is_asked_no_further(router, fault):
    router.will(*[fault] * 20)
    known = ways_by_roads(roads(router), places(90), FOOT)[0]
    assert {each for row in known for each in row} == {None}
    assert len(router.asked) == FAILURES_MAX


@pytest.mark.parametrize("broken", ["NaN", "-1", '"61"', "Infinity", "true"])
def test_a_table_with_one_time_that_is_none_is_believed_in_nothing(router, broken):
    whole = osrm_routed(by_road)

    def answer(asked):
        status, said = whole(asked)
        said["durations"][0][0] = "HERE"
        return status, json.dumps(said).replace('"HERE"', broken).encode()

    router.answering = answer
    known = ways_by_roads(roads(router), places(5), FOOT)[0]
    assert {each for row in known for each in row} == {None}
