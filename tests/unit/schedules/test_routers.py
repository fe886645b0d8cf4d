"""What is asked of Valhalla and OSRM, and which answers are believed."""

import json

import pytest

from dispatch.rules.place import Position
from dispatch.rules.travel import Means
from schedules.roads.rules.router import DIALECTS, Garbled, read

A, B, HOME = Position(47.14, 9.52), Position(47.15, 9.53), Position(47.16, 9.51)
VALHALLA, OSRM = DIALECTS["valhalla"], DIALECTS["osrm"]


def test_valhalla_is_asked_in_its_own_words():
    ask = VALHALLA.ask([A, B], [HOME], Means.EBIKE)
    said = json.loads(ask.body)
    assert ask.path == "/sources_to_targets"
    assert said["sources"] == [{"lat": 47.14, "lon": 9.52}, {"lat": 47.15, "lon": 9.53}]
    assert (said["targets"], said["costing"]) == ([{"lat": 47.16, "lon": 9.51}], "bicycle")


def test_osrm_is_asked_with_the_longitude_first():
    ask = OSRM.ask([A, B], [HOME], Means.FOOT)
    assert ask.body is None
    assert ask.path == (
        "/table/v1/foot/9.520000,47.140000;9.530000,47.150000;9.510000,47.160000"
        "?sources=0;1&destinations=2&annotations=duration"
    )


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (
            VALHALLA,
            '{"sources_to_targets": [[{"time": 61, "distance": 0.1}], [{"time": null}]], "units": "kilometers"}',
        ),
        (OSRM, '{"code": "Ok", "durations": [[61.0], [null]], "sources": []}'),
    ],
    ids=["valhalla", "osrm"],
)
def test_a_good_answer_is_read_and_no_way_is_none(dialect, text):
    assert read(dialect, text.encode(), [A, B], [HOME]) == [[61], [None]]


@pytest.mark.parametrize("dialect", [VALHALLA, OSRM], ids=["valhalla", "osrm"])
@pytest.mark.parametrize(
    "text",
    ["", "<html>", "[]", "{}", "null", "1", '{"code": "NoTable"}', '{"code": "Ok", "durations": [[1]]}',
     '{"code": "Ok", "durations": [[-1], [2]]}', '{"code": "Ok", "durations": [["1"], [2]]}',
     '{"code": "Ok", "durations": [[NaN], [2]]}', '{"code": "Ok", "durations": [[true], [2]]}',
     '{"sources_to_targets": [[{"time": 1}]]}', '{"sources_to_targets": [[{"time": -1}], [{"time": 1}]]}',
     '{"sources_to_targets": [[{}], [{}]]}', "[" * 50_000, "\u00ff"],
)  # fmt: skip
def test_anything_else_is_garbled(dialect, text):
    with pytest.raises(Garbled):
        read(dialect, text.encode("latin-1"), [A, B], [HOME])


FAR = Position(47.40, 9.52)
"""Some 25 km from A."""


def told(dialect, places):
    """An answer of 61 s each that says where the router put everybody."""
    if dialect is VALHALLA:
        rows = [{"lat": each.lat, "lon": each.lng} for each in places]
        return {"sources_to_targets": [[{"time": 61}], [{"time": 61}]], "sources": rows[:-1], "targets": rows[-1:]}
    rows = [{"location": [each.lng, each.lat], "name": "", "hint": ""} for each in places]
    return {"code": "Ok", "durations": [[61], [61]], "sources": rows[:-1], "destinations": rows[-1:]}


@pytest.mark.parametrize("dialect", [VALHALLA, OSRM], ids=["valhalla", "osrm"])
@pytest.mark.parametrize(
    ("places", "times"),
    [([A, B, HOME], [61, 61]), ([FAR, B, HOME], [None, 61]), ([A, B, FAR], [None, None]), ([A, HOME], [61, 61])],
    ids=["all on their roads", "one put on a road far away", "the home on a road far away", "not told of all"],
)
def test_a_way_that_begins_or_ends_elsewhere_is_none(dialect, places, times):
    said = told(dialect, places)
    assert read(dialect, json.dumps(said).encode(), [A, B], [HOME]) == [[each] for each in times]


def test_where_the_router_does_not_say_where_it_put_somebody_it_is_believed():
    said = {**told(VALHALLA, [A, B, HOME]), "sources": [[{"lon": 9.5}], None]}
    assert read(VALHALLA, json.dumps(said).encode(), [A, B], [HOME]) == [[61], [61]]
