"""Positions: the datum of Chinese street maps, and distances."""

import math

import pytest

from dispatch.rules.place import EARTH_RADIUS_M, Position, distance_m, gcj02_to_wgs84, wgs84_to_gcj02

CHINA = [Position(lat + 0.123, lng + 0.456) for lat in range(19, 50, 3) for lng in range(75, 131, 7)]


def test_tiananmen_is_drawn_where_all_implementations_draw_it():
    shown = wgs84_to_gcj02(Position(39.915, 116.404))
    assert (shown.lat, shown.lng) == pytest.approx((39.91640428150164, 116.41024449916938), abs=1e-11)


@pytest.mark.parametrize("place", [Position(48.8584, 2.2945), Position(-33.86, 151.21), Position(35.68, 139.76)])
def test_outside_china_both_datums_are_one(place):
    assert wgs84_to_gcj02(place) == place == gcj02_to_wgs84(place)


def test_the_way_back_ends_within_a_micrometre():
    assert len(CHINA) >= 88
    assert max(distance_m(place, gcj02_to_wgs84(wgs84_to_gcj02(place))) for place in CHINA) < 1e-6


def test_the_shift_is_hundreds_of_metres():
    shifts = [distance_m(place, wgs84_to_gcj02(place)) for place in CHINA]
    assert 50 < min(shifts) < max(shifts) < 1000


def test_a_degree_of_latitude_is_111_kilometres():
    assert distance_m(Position(30.0, 120.0), Position(31.0, 120.0)) == pytest.approx(111_195.08, abs=0.01)


def test_a_degree_of_longitude_shrinks_with_the_latitude():
    assert distance_m(Position(60.0, 10.0), Position(60.0, 11.0)) == pytest.approx(111_195 / 2, rel=1e-4)


def test_the_other_end_of_the_earth_is_half_way_round():
    assert distance_m(Position(30.0, 120.0), Position(-30.0, -60.0)) == pytest.approx(math.pi * EARTH_RADIUS_M)


def test_the_date_line_is_no_distance():
    assert distance_m(Position(10.0, 180.0), Position(10.0, -180.0)) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("lat", "lng"), [(90.1, 0.0), (0.0, 180.1), (-91.0, 0.0), (math.nan, 0.0)])
def test_what_is_not_on_the_earth_is_refused(lat, lng):
    with pytest.raises(AssertionError):
        Position(lat, lng)
