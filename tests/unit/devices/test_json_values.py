"""Values of every wrong type, and what is left of them."""

from datetime import UTC, datetime

import pytest

from devices.decoders.json_values import (
    NAME_CHARACTERS_MAX,
    integer,
    loaded,
    moment,
    name,
    number,
    place,
    said_false,
    said_true,
    scalars,
    table,
)
from dispatch.rules.place import Position

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
JUNK = [None, True, [], {}, [1], {"a": 1}, "", " ", "x", "1e5", "--1", "\ud800", "0x10", "١٢"]


@pytest.mark.parametrize(("said", "value"), [(7, 7), (9.5, 9.5), ("57", 57), (" -5.5 ", -5.5), ("9" * 19, None)])
def test_a_number_may_be_written_as_text(said, value):
    assert number(said) == value


@pytest.mark.parametrize("junk", JUNK)
def test_nothing_else_is_a_number(junk):
    assert number(junk) is None
    assert integer(junk) is None


@pytest.mark.parametrize(("said", "value"), [(7, 7), (7.0, 7), ("7", 7), (7.5, None), (1e300, None), (-3, -3)])
def test_a_whole_number(said, value):
    assert integer(said) == value


@pytest.mark.parametrize("yes", [True, 1, 1.0, "true", "ON", " True "])
def test_yes(yes):
    assert (said_true(yes), said_false(yes)) == (True, False)


@pytest.mark.parametrize("no", [False, 0, 0.0, "false", "OFF"])
def test_no(no):
    assert (said_true(no), said_false(no)) == (False, True)


@pytest.mark.parametrize("neither", [None, [], {}, "yes", 2, "normal", [True]])
def test_neither(neither):
    assert (said_true(neither), said_false(neither)) == (False, False)


def test_a_name_is_printable_and_short():
    assert name(" bed/sos 1 ") == "bed/sos 1"
    assert name("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert name(5069) == "5069"
    assert len(name("x" * 5000)) == NAME_CHARACTERS_MAX
    assert [name(junk) for junk in (None, True, [], {}, 1.5)] == [""] * 5


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.000+0000",
        "2026-11-21T20:00:00+08:00",
        "2026-11-21T12:00:00.000000000Z",
        NOON.timestamp(),
        int(NOON.timestamp()) * 1000,
        str(int(NOON.timestamp())),
    ],
)
def test_a_moment_in_every_spelling(said):
    assert moment(said) == NOON


@pytest.mark.parametrize(
    "said",
    [*JUNK, "2026-11-21T12:00:00", "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", 0, -1, 1e300, 10**17, "noon"],
)
def test_a_moment_that_cannot_be_believed_is_none(said):
    assert moment(said) is None


def test_a_place():
    assert place(22.571707, "113.8613968") == Position(22.571707, 113.8613968)
    assert place(0, 113.8) == Position(0.0, 113.8)
    for lat, lng in [(0, 0), (91, 0), (0, -181), (None, 1), ("x", 1), (True, 1), ([], {})]:
        assert place(lat, lng) is None


def test_what_is_shown_is_single_short_and_printable():
    shown = scalars({"a": 1, "b": [1], "c": {"d": 1}, "e": "x" * 500, "f\n": None, "g": "\x07"})
    assert shown == {"a": 1, "e": "x" * NAME_CHARACTERS_MAX, "f\ufffd": None, "g": "\ufffd"}
    assert len(scalars({str(count): count for count in range(1000)})) == 64


def test_only_an_object_is_a_table():
    assert table({"a": 1}) == {"a": 1}
    assert [table(junk) for junk in (None, [], "a", 1)] == [{}] * 4


def test_a_control_character_in_a_text_hurts_nobody():
    assert loaded('{"a":"x\x01\ty"}') == {"a": "x\x01\ty"}


@pytest.mark.parametrize("text", ["", "{", "{'a':1}", "[" * 100_000, "nul", '{"a":1} x'])
def test_what_is_no_json_is_none(text):
    assert loaded(text) is None
