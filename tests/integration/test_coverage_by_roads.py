"""Coverage by a road router over real HTTP: what the roads say decides, and few of all ways are asked about."""

import json
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from dispatch.ids import CarerId
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine
from schedules.coverage.rules.gaps import gaps
from schedules.coverage.rules.reach import CITY_S, Dwelling, Helper, Reason
from schedules.roads.surveying import FAILURES_MAX, PLACES_MAX, Roads
from tests.fakes.http_standin import HttpStandin
from tests.fakes.twilio_faults import CLOSE, EMPTY_503, HALF_BODY, HTML_201, RESET
from tests.integration.test_coverage import told, world
from tests.property.test_coverage import ACROSS, HOUR, STRAIGHT, town
from tests.property.test_coverage import NOON as START

__all__ = ["told", "world"]

COSTING = {"pedestrian": Means.FOOT, "bicycle": Means.EBIKE, "auto": Means.CAR}
PROFILE = {"foot": Means.FOOT, "bike": Means.EBIKE, "driving": Means.CAR}


def answering(travel, refused=()):
    """Both routers in one, who know the ways as `travel` does and will not speak of some places."""

    def answer(asked):
        if asked.path.startswith("/table/v1/"):
            means = PROFILE[asked.path.split("/")[3]]
            points = [tuple(map(float, each.split(","))) for each in asked.path.rsplit("/", 1)[1].split(";")]
            places = [Position(lat, lng) for lng, lat in points]
            sources = list(map(int, asked.query["sources"].split(";")))
            ends = list(map(int, asked.query["destinations"].split(";")))
        else:
            said = json.loads(asked.body)
            means = COSTING[said["costing"]]
            places = [Position(each["lat"], each["lon"]) for each in (*said["sources"], *said["targets"])]
            sources = list(range(len(said["sources"])))
            ends = list(range(len(sources), len(places)))
        if any(each in refused for each in places):
            return 400, {"error_code": 171, "code": "NoSegment"}
        rows = [[travel.seconds(places[a], places[b], means) for b in ends] for a in sources]
        return 200, {
            "code": "Ok", "durations": rows, "sources_to_targets": [[{"time": each} for each in row] for row in rows]
        }  # fmt: skip

    return answer


@pytest.fixture
def router():
    with HttpStandin(answering(ACROSS)) as standin:
        yield standin


def roads(standin, name="valhalla", for_s=60.0):
    return Roads(router=name, url=standin.base_url, for_s=for_s)


def find_in(dwellings, helpers, start, end):
    return lambda travel: gaps(dwellings, helpers, start=start, end=end, travel=travel)


def fixed(place):
    """As OSRM is told it: six digits."""
    return place and Position(round(place.lat, 6), round(place.lng, 6))


@pytest.mark.parametrize("name", ["valhalla", "osrm"])
@pytest.mark.parametrize("seed", range(4))
def test_the_gaps_are_those_of_somebody_who_knows_the_roads_by_heart(router, name, seed):
    dwellings, helpers, start, end = town(seed, homes=30, carers=9)
    dwellings = [replace(each, position=fixed(each.position)) for each in dwellings]
    helpers = [replace(each, place=fixed(each.place)) for each in helpers]
    find = find_in(dwellings, helpers, start, end)
    found, travel = roads(router, name).survey(find, STRAIGHT)
    assert found == find(ACROSS)
    assert travel.wanted == {}


def test_a_river_nobody_drew_is_a_gap_and_somebody_on_this_side_closes_it(router):
    home = Position(38.07, 114.4895)
    across, here = Position(38.07, 114.4905), Position(38.065, 114.4885)
    dwellings = [Dwelling(code="H1", community="K", position=home, limit_s=CITY_S)]
    window = [(START, START + HOUR)]
    one = Helper(carer_id=CarerId("C1"), place=across, means=Means.EBIKE, reachable=True, presence=window)
    two = replace(one, carer_id=CarerId("C2"), place=here)
    assert find_in(dwellings, [one], START, START + HOUR)(STRAIGHT) == []
    [gap], _ = roads(router).survey(find_in(dwellings, [one], START, START + HOUR), STRAIGHT)
    assert (gap.reason, gap.homes) == (Reason.TOO_FAR, ("H1",))
    assert roads(router).survey(find_in(dwellings, [one, two], START, START + HOUR), STRAIGHT)[0] == []


def test_a_road_that_is_faster_than_the_line_invents_no_gap(router):
    router.answering = answering(StraightLine(car_mps=16.0, detour=1.1))
    home, far = Position(38.07, 114.40), Position(38.15, 114.44)
    dwellings = [Dwelling(code="H1", community="K", position=home, limit_s=CITY_S)]
    helper = Helper(
        carer_id=CarerId("C1"), place=far, means=Means.CAR, reachable=True, presence=[(START, START + HOUR)]
    )
    find = find_in(dwellings, [helper], START, START + HOUR)
    assert find(STRAIGHT) != []
    assert roads(router).survey(find, STRAIGHT)[0] == []


def test_of_all_ways_few_are_asked_about_and_many_in_one_question(router):
    dwellings, helpers, start, end = town(3, homes=400, carers=40)
    _, travel = roads(router).survey(find_in(dwellings, helpers, start, end), STRAIGHT)
    assert len(travel.known) < len(dwellings) * len(helpers) / 2
    assert len(router.asked) < len(travel.known) / 3
    assert max(len(json.loads(each.body)["targets"]) for each in router.asked) == PLACES_MAX


@pytest.mark.parametrize("fault", [CLOSE, RESET, HALF_BODY, EMPTY_503, HTML_201], ids=lambda each: each.how)
def test_a_router_that_is_not_well_leaves_the_straight_line_and_says_so(router, fault):
    router.will(*[fault] * FAILURES_MAX)
    find = find_in(*town(1))
    with capture_logs() as logs:
        found, travel = roads(router).survey(find, STRAIGHT)
    assert found == find(travel) == find(replace(travel, known={}, wanted={}))
    assert len(router.asked) == FAILURES_MAX
    assert [each["event"] for each in logs][-1] == "ways_not_measured"


def test_a_survey_ends_with_its_time(router):
    _, travel = roads(router, for_s=0.0).survey(find_in(*town(1)), STRAIGHT)
    assert router.asked == []
    assert travel.wanted


def test_one_place_of_which_it_will_not_speak_costs_the_others_nothing(router):
    dwellings, helpers, start, end = town(2, homes=60)
    lost = dwellings[7].position
    router.answering = answering(ACROSS, refused=[lost])
    find = find_in(dwellings, helpers, start, end)
    _, travel = roads(router).survey(find, STRAIGHT)
    assert travel.wanted == {}
    assert {to for (_, to, _), seconds in travel.known.items() if seconds is None} <= {lost}
    assert any(seconds is not None for seconds in travel.known.values())


def test_the_command_goes_by_the_roads_and_says_how_many_it_measured(told, monkeypatch):
    """Every home is an hour away, by the roads."""
    slow = StraightLine(foot_mps=0.01, ebike_mps=0.01, car_mps=0.01)
    with HttpStandin(answering(slow)) as router:
        assert told("--at", "2026-11-21T20:00", "--json").exit_code == 0
        monkeypatch.setenv("ANLING_TRAVEL__ROUTER", "valhalla")
        monkeypatch.setenv("ANLING_TRAVEL__URL", router.base_url)
        answer = told("--at", "2026-11-21T20:00", "--json")
    assert answer.exit_code == 1
    assert {row["reason"] for row in json.loads(answer.stdout)["uncovered"]} == {"too_far"}
    assert "ways measured" in answer.stderr
    assert router.asked
