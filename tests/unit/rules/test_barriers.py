"""Ways over rivers: only at crossings, by whoever may use them, and never shorter than the straight line."""

import itertools

import pytest

from dispatch.rules.barriers import NO_WAY_S, Barrier, Crossing, Detours
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine

LINE = StraightLine()
WEST, EAST = Position(38.07, 114.489), Position(38.07, 114.491)
BRIDGE, FOOTBRIDGE = Position(38.08, 114.49), Position(38.072, 114.49)
RIVER = Barrier(
    name="river",
    line=(Position(38.0, 114.49), Position(38.05, 114.49), Position(38.2, 114.49)),
    crossings=(Crossing(at=BRIDGE), Crossing(at=FOOTBRIDGE, means=frozenset({Means.FOOT, Means.EBIKE}))),
)
ROADS = Detours(open_country=LINE, barriers=[RIVER])


def over(*stops: Position, means: Means) -> float:
    return sum(LINE.seconds(a, b, means) for a, b in itertools.pairwise(stops))


@pytest.mark.parametrize(
    ("means", "bridge"), [(Means.CAR, BRIDGE), (Means.FOOT, FOOTBRIDGE), (Means.EBIKE, FOOTBRIDGE)]
)
def test_the_way_goes_over_the_nearest_crossing_that_may_be_used(means, bridge):
    assert ROADS.seconds(WEST, EAST, means) == pytest.approx(over(WEST, bridge, EAST, means=means))
    assert ROADS.seconds(EAST, WEST, means) == pytest.approx(ROADS.seconds(WEST, EAST, means))


def test_on_the_same_bank_and_straight_over_a_bridge_nothing_changes():
    assert ROADS.seconds(WEST, Position(38.09, 114.48), Means.CAR) == LINE.seconds(
        WEST, Position(38.09, 114.48), Means.CAR
    )
    a, b = Position(38.08, 114.485), Position(38.08, 114.495)
    assert ROADS.seconds(a, b, Means.CAR) == pytest.approx(LINE.seconds(a, b, Means.CAR))


def test_a_bridge_that_lies_on_the_straight_way_helps_only_those_who_may_use_it():
    a, b = Position(38.072, 114.489), Position(38.072, 114.491)
    assert ROADS.seconds(a, b, Means.FOOT) == pytest.approx(LINE.seconds(a, b, Means.FOOT))
    assert ROADS.seconds(a, b, Means.CAR) == pytest.approx(over(a, BRIDGE, b, means=Means.CAR))


def test_all_of_a_river_is_in_the_way_its_bend_too_and_what_lies_beyond_its_ends_is_not():
    free = []
    for thousandths in range(-2, 203):
        here, there = (Position(38 + thousandths / 1000, lng) for lng in (114.4895, 114.4905))
        if ROADS.seconds(here, there, Means.CAR) <= LINE.seconds(here, there, Means.CAR) * 1.001:
            free.append(thousandths)
    assert free == [-2, -1, 80, 201, 202]


def test_two_rivers_are_crossed_one_after_the_other():
    second = Barrier(
        name="canal",
        line=(Position(38.0, 114.50), Position(38.2, 114.50)),
        crossings=(Crossing(at=Position(38.06, 114.5)),),
    )
    both, far = Detours(open_country=LINE, barriers=[RIVER, second]), Position(38.07, 114.505)
    way = over(WEST, BRIDGE, Position(38.06, 114.5), far, means=Means.CAR)
    assert both.seconds(WEST, far, Means.CAR) == pytest.approx(way)


def test_without_a_bridge_there_is_no_way_and_its_time_is_finite():
    walled = Detours(open_country=LINE, barriers=[Barrier(name="railway", line=RIVER.line)])
    assert walled.seconds(WEST, EAST, Means.CAR) == NO_WAY_S
    assert walled.source.endswith("+barriers(1;0)")


def test_no_way_is_shorter_than_the_bound_that_a_search_stops_by():
    assert all(ROADS.pace(means) == LINE.pace(means) for means in Means)
    assert all(ROADS.seconds(WEST, EAST, means) >= LINE.seconds(WEST, EAST, means) for means in Means)
