"""The grid's own behaviour: updates, edges of the map, and how little it looks at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.ids import CarerId
from dispatch.rules.grid import Grid
from dispatch.rules.nearest import Candidate, Need, Weights
from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Means, StraightLine

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


class CountingLine(StraightLine):
    """Counts how often it is asked for a way."""

    asked = 0

    def seconds(self, origin, to, means):
        CountingLine.asked += 1
        return distance_m(origin, to) * self.pace(means)


def carer(code, lat, lng, **changed):
    position = Position(lat, lng)
    until = NOW + timedelta(hours=8)
    whole = Candidate(carer_id=CarerId(code), code=code, station_id=None, means=Means.CAR, base=position, position=position, position_at=NOW, on_duty_until=until)  # noqa: E501  # fmt: skip
    return replace(whole, **changed)


def nearest(grid, place, *, travel=None, now=NOW, **need):
    asked = Need(place=place, **need)
    return grid.nearest(asked, now=now, travel=travel or StraightLine(), weights=Weights(), version="1", k=3)


def codes(choice):
    return [ranked.code for ranked in choice.ranked]


def test_a_carer_who_becomes_engaged_falls_back():
    grid = Grid([carer("A", 30.0, 120.0), carer("B", 30.01, 120.0)])
    grid.replace(carer("A", 30.0, 120.0, engaged=1))
    assert codes(nearest(grid, Position(30.0, 120.0))) == ["B", "A"]


def test_engagements_come_and_go_and_are_never_fewer_than_none():
    grid = Grid([carer("A", 30.0, 120.0), carer("B", 30.01, 120.0), carer("C", 30.0, 120.0, phone=False)])
    grid.engage(CarerId("A"), 1)
    assert codes(nearest(grid, Position(30.0, 120.0))) == ["B", "A"]
    for who in ("A", "A", "C", "nobody"):
        grid.engage(CarerId(who), -1)
    assert codes(nearest(grid, Position(30.0, 120.0))) == ["A", "B"]
    assert [grid.known(CarerId(who)).engaged for who in "ABC"] == [0, 0, 0]


def test_a_carer_who_is_removed_is_forgotten():
    grid = Grid([carer("A", 30.0, 120.0), carer("B", 30.01, 120.0, phone=False)])
    grid.remove(CarerId("A"))
    grid.remove(CarerId("B"))
    choice = nearest(grid, Position(30.0, 120.0))
    assert (choice.ranked, choice.considered, dict(choice.excluded), len(grid)) == ((), 0, {}, 0)


def test_a_position_grows_old_without_an_update():
    grid = Grid([carer("A", 30.0, 120.0, base=Position(31.0, 120.0)), carer("B", 30.1, 120.0)])
    later = nearest(grid, Position(30.0, 120.0), now=NOW + timedelta(minutes=61))
    assert codes(nearest(grid, Position(30.0, 120.0))) == ["A", "B"]
    assert codes(later) == ["B", "A"]


@pytest.mark.parametrize("lng", [180.0, -180.0, 179.9999, -179.9999])
def test_the_date_line_separates_nobody(lng):
    grid = Grid([carer("far", -16.0, 179.9), carer("near", -16.0, -179.999)])
    assert codes(nearest(grid, Position(-16.0, lng))) == ["near", "far"]


@pytest.mark.parametrize("lat", [90.0, -90.0])
def test_at_a_pole_every_longitude_is_next_door(lat):
    grid = Grid([carer("near", lat * 0.99999, 170.0), carer("far", lat * 0.999, 0.0)])
    assert codes(nearest(grid, Position(lat, 0.0))) == ["near", "far"]


def test_one_carer_at_the_other_end_of_the_earth_is_found():
    assert codes(nearest(Grid([carer("A", -30.0, -60.0)]), Position(30.0, 120.0))) == ["A"]


def test_an_empty_grid_has_nobody():
    assert codes(nearest(Grid([]), Position(30.0, 120.0))) == []


def test_in_a_city_few_are_looked_at():
    grid = Grid(carer(f"{number:04}", 30 + number // 60 * 0.003, 120 + number % 60 * 0.003) for number in range(3600))
    CountingLine.asked = 0
    choice = nearest(grid, Position(30.09, 120.09), travel=CountingLine())
    assert (len(choice.ranked), choice.considered) == (3, 3600)
    assert CountingLine.asked < 40
