"""Laws of nearest: the grid answers like looking at everybody, and the explanation adds up to the measure."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.ids import CarerId, StationId
from dispatch.rules.grid import PER_DEGREE, Grid
from dispatch.rules.nearest import Candidate, Choice, Need, Question, Weights, handicap_s, origin, rank, score
from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Means, Mesh, StraightLine, TravelTime, point_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STATIONS = [StationId("north"), StationId("south"), StationId("east")]
CENTRES = [
    (30.25, 120.17),
    (0.0, 0.0),
    (30.0, 180.0),
    (-16.5, -179.999),
    (90.0, 0.0),
    (-89.9999, 77.0),
    (89.99, -180.0),
]


class Roads:
    """A router that knows a river: everything takes at least as long as its pace says, some ways three times."""

    source = "roads"

    def seconds(self, origin: Position, to: Position, means: Means) -> float:
        crosses = (origin.lng > to.lng) == (origin.lat > to.lat)
        return distance_m(origin, to) * self.pace(means) * (3.0 if crosses else 1.0)

    def pace(self, means: Means) -> float:
        return {Means.FOOT: 0.8, Means.EBIKE: 0.2, Means.CAR: 0.1}[means]


def wrapped(lat: float, lng: float) -> Position:
    return Position(max(-90.0, min(90.0, lat)), (lng + 180.0) % 360.0 - 180.0)


@st.composite
def positions(draw: st.DrawFn, centre: tuple[float, float]) -> Position:
    """On a coarse lattice, so that ties are common; within a street, a city, or anywhere on earth."""
    reach = draw(st.sampled_from([0.001, 0.02, 0.3, 180.0]))
    lat, lng = draw(st.integers(-4, 4)) / 4, draw(st.integers(-4, 4)) / 4
    if draw(st.booleans()) and centre[1] == 180.0:
        return Position(centre[0], 180.0)
    return wrapped(centre[0] + lat * reach, centre[1] + lng * reach)


ago = st.sampled_from([0, 1, 599, 600, 601, 899, 900, 901, 1500, 3599, 3600, 3601, 9000, -5])


@st.composite
def candidates(draw: st.DrawFn, number: int, centre: tuple[float, float]) -> Candidate:
    position = draw(st.none() | positions(centre))
    skills = st.frozensets(st.sampled_from(["nurse", "lifting"]))
    return Candidate(
        carer_id=CarerId(f"c{number}"),
        code=f"{draw(st.integers(0, 5))}",
        station_id=draw(st.none() | st.sampled_from(STATIONS)),
        means=draw(st.sampled_from(Means)),
        base=draw(st.none() | positions(centre)),
        position=position,
        position_at=None if position is None else NOW - timedelta(seconds=draw(ago)),
        skills=draw(skills),
        languages=draw(st.frozensets(st.sampled_from(["zh", "yue"]))),
        on_duty_until=NOW + timedelta(seconds=draw(st.sampled_from([-60, 0, 1, 180, 900, 1500, 28_800]))),
        engaged=draw(st.sampled_from([0, 0, 0, 1, 2])),
        last_callout_at=draw(st.none() | ago.map(lambda seconds: NOW - timedelta(seconds=seconds))),
        phone=draw(st.sampled_from([True] * 5 + [False])),
        suspended=draw(st.sampled_from([False] * 5 + [True])),
        opted_out=draw(st.sampled_from([False] * 5 + [True])),
    )


@st.composite
def crowds(draw: st.DrawFn, most: int = 30) -> tuple[list[Candidate], tuple[float, float]]:
    centre = draw(st.sampled_from(CENTRES))
    count = draw(st.integers(0, most))
    return [draw(candidates(number, centre)) for number in range(count)], centre


@st.composite
def questions(draw: st.DrawFn, most: int = 12) -> tuple[list[Candidate], Need]:
    crowd, centre = draw(crowds(most))
    ids = st.lists(st.sampled_from([CarerId(f"c{number}") for number in range(most + 2)]), max_size=6)
    need = Need(
        place=draw(st.none() | positions(centre) | positions(centre)),
        station_id=draw(st.none() | st.sampled_from(STATIONS)),
        lending=draw(st.lists(st.sampled_from(STATIONS), max_size=2)),
        skills=draw(st.frozensets(st.sampled_from(["nurse", "lifting", "diver"]), max_size=2)),
        language=draw(st.none() | st.sampled_from(["zh", "yue", "bo"])),
        asked=draw(ids),
        declined=draw(ids),
    )
    return crowd, need


WEIGHTS = st.builds(
    Weights,
    ring_s=st.sampled_from([(0, 120, 300), (0, 0, 0), (300, 0, 120)]),
    skill_s=st.sampled_from([0, 900]),
    language_s=st.sampled_from([0, 300]),
    engaged_s=st.sampled_from([0, 900]),
    base_position_s=st.sampled_from([0, 120]),
    unknown_travel_s=st.sampled_from([0, 600]),
)
TRAVELS: st.SearchStrategy[TravelTime] = st.sampled_from(
    [StraightLine(), StraightLine(detour=1.0, car_mps=30.0), Roads()]
)


def both(grid: Grid, crowd: list[Candidate], need: Need, *, k: int, travel: TravelTime, weights: Weights):
    asked = {"now": NOW, "travel": travel, "weights": weights, "version": "7", "k": k}
    return grid.nearest(need, **asked), rank(need, crowd, **asked)


@settings(max_examples=80)
@given(questions(most=24), st.sampled_from([1, 2, 5, 20]), TRAVELS, WEIGHTS)
def test_the_grid_answers_like_looking_at_everybody(question, k, travel, weights):
    crowd, need = question
    found, expected = both(Grid(crowd), crowd, need, k=k, travel=travel, weights=weights)
    assert found == expected


@settings(max_examples=40)
@given(questions(), questions(), st.sampled_from([1, 20]))
def test_a_grid_that_was_changed_answers_like_a_new_one(before, after, k):
    crowd, need = after
    grid = Grid(before[0])
    for candidate in crowd:
        grid.replace(candidate)
    for candidate in before[0]:
        if candidate.carer_id not in {one.carer_id for one in crowd}:
            grid.remove(candidate.carer_id)
    grid.remove(CarerId("nobody"))
    found, expected = both(grid, crowd, need, k=k, travel=StraightLine(), weights=Weights())
    assert (found, len(grid)) == (expected, len(crowd))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(CENTRES), st.sampled_from([0.01, 0.2, 3.0]))
def test_in_a_crowd_the_grid_answers_like_looking_at_everybody(seed, centre, reach):
    """Clusters of engaged carers close by, free ones further off, and a grid that outgrew its cells twice."""
    random = Random(seed)
    crowd = []
    for number in range(400):
        spot = wrapped(centre[0] + random.gauss(0, reach), centre[1] + random.gauss(0, reach))
        lately = NOW - timedelta(seconds=random.choice([10, 1200, 5000]))
        crowd.append(
            Candidate(
                carer_id=CarerId(f"c{number}"),
                code=f"{number % 50:03}",
                station_id=random.choice(STATIONS),
                means=random.choice(list(Means)),
                base=wrapped(centre[0] + random.gauss(0, reach), centre[1]) if random.random() < 0.9 else None,
                position=spot,
                position_at=lately,
                on_duty_until=NOW + timedelta(hours=random.choice([0, 1, 8])),
                engaged=int(distance_m(spot, Position(*centre)) < reach * 60_000),
            )
        )
    grid = Grid([])
    for candidate in crowd:
        grid.replace(candidate)
    for place in (crowd[7].position, Position(*centre), wrapped(centre[0] + 3 * reach, centre[1] + 5 * reach)):
        need = Need(place=place, station_id=STATIONS[0], lending=STATIONS[1:2], asked=[CarerId("c1"), CarerId("c2")])
        found, expected = both(grid, crowd, need, k=20, travel=StraightLine(), weights=Weights())
        assert found == expected


@settings(max_examples=40)
@given(questions(), TRAVELS, WEIGHTS)
def test_the_reasons_add_up_to_the_measure(question, travel, weights):
    crowd, need = question
    choice = rank(need, crowd, now=NOW, travel=travel, weights=weights, version="7", k=100)
    for ranked in choice.ranked:
        assert ranked.effective_s == ranked.travel_s + sum(reason.seconds for reason in ranked.reasons)
        assert ranked.eta_s == math.ceil(ranked.travel_s)


@settings(max_examples=40)
@given(questions())
def test_everybody_is_ranked_or_counted_once(question):
    crowd, need = question
    choice = rank(need, crowd, now=NOW, travel=StraightLine(), weights=Weights(), version="7", k=100)
    assert len(choice.ranked) + sum(choice.excluded.values()) == choice.considered == len(crowd)


@settings(max_examples=40)
@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_the_roster_changes_nothing(question, random):
    crowd, need = question
    shuffled = random.sample(crowd, len(crowd))
    asked = {"now": NOW, "travel": StraightLine(), "weights": Weights(), "version": "7"}
    assert rank(need, crowd, **asked) == rank(need, shuffled, **asked)


@settings(max_examples=40)
@given(questions())
def test_a_choice_comes_back_from_json_as_it_went(question):
    crowd, need = question
    choice = rank(need, crowd, now=NOW, travel=StraightLine(), weights=Weights(), version="7")
    assert Choice.from_json(orjson.loads(orjson.dumps(choice))) == choice


@given(questions(most=4), st.floats(0, 5000), st.floats(0, 5000))
def test_more_travel_never_means_a_smaller_handicap(question, travel_s, more_s):
    crowd, need = question
    asked = Question.of(need, now=NOW, travel=StraightLine(), weights=Weights())
    for candidate in crowd:
        assert handicap_s(asked, candidate, travel_s) <= handicap_s(asked, candidate, travel_s + more_s)


@given(questions(most=8))
def test_a_carer_who_comes_free_never_falls_behind(question):
    crowd, need = question
    asked = Question.of(need, now=NOW, travel=StraightLine(), weights=Weights())
    for candidate in crowd:
        assert score(asked, replace(candidate, engaged=0))[:4] <= score(asked, candidate)[:4]


@given(st.sampled_from(CENTRES).flatmap(lambda centre: st.tuples(positions(centre), positions(centre))))
def test_the_way_through_the_earth_is_never_longer(ends):
    assert math.dist(point_of(ends[0]), point_of(ends[1])) <= distance_m(*ends) + 0.001


@settings(max_examples=100)
@given(st.sampled_from(CENTRES).flatmap(lambda c: st.tuples(positions(c), positions(c))), st.integers(0, 6), st.sampled_from(PER_DEGREE))  # noqa: E501  # fmt: skip
@example((Position(30.0, 180.0), Position(30.0, -179.999)), 0, 320)
@example((Position(90.0, 10.0), Position(89.999, -170.0)), 1, 320)
def test_outside_the_square_nobody_is_nearer_than_its_edge(ends, r, per_degree):
    place, other = ends
    mesh = Mesh(per_degree)
    inside = {key for step in range(r + 1) for key in mesh.square(place, step)}
    assert mesh.key(other) in inside or distance_m(place, other) >= mesh.edge_m(place, r) - 0.001


@given(st.sampled_from(CENTRES).flatmap(positions), st.sampled_from(PER_DEGREE))
def test_a_cell_reaches_everybody_in_it(position, per_degree):
    mesh = Mesh(per_degree)
    assert math.dist(mesh.middle(mesh.key(position)), point_of(position)) <= mesh.reach_m


@settings(max_examples=40)
@given(questions())
def test_a_carer_is_where_last_seen_for_an_hour_and_then_at_the_base(question):
    crowd, need = question
    asked = Question.of(need, now=NOW, travel=StraightLine(), weights=Weights())
    for candidate in crowd:
        seen_at = candidate.position_at
        lately = seen_at is not None and seen_at >= NOW - timedelta(hours=1)
        assert origin(asked, candidate) == (candidate.position if lately else candidate.base)
