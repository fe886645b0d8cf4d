"""What is asked of Valhalla and OSRM, and which answers are believed."""

import json

import pytest

from dispatch.rules.place import Position
from dispatch.rules.travel import Means
from schedules.roads.rules.router import DIALECTS, Garbled, read

A, B, HOME = Position(47.14, 9.52), Position(47.15, 9.53), Position(47.16, 9.51)
VALHALLA, OSRM = DIALECTS["valhalla"], DIALECTS["osrm"]


def test_valhalla_is_asked_in_its_own_words():
    ask = VALHALLA.ask([A, B], HOME, Means.EBIKE)
    said = json.loads(ask.body)
    assert ask.path == "/sources_to_targets"
    assert said["sources"] == [{"lat": 47.14, "lon": 9.52}, {"lat": 47.15, "lon": 9.53}]
    assert (said["targets"], said["costing"]) == ([{"lat": 47.16, "lon": 9.51}], "bicycle")


def test_osrm_is_asked_with_the_longitude_first():
    ask = OSRM.ask([A, B], HOME, Means.FOOT)
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
    assert read(dialect, text.encode(), 2) == [61, None]


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
        read(dialect, text.encode("latin-1"), 2)
