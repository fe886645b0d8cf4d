"""The arithmetic of the chain."""

import hashlib

import pytest

from dispatch.rules.record import GENESIS, Line, body_of, digest, note_hash


def test_the_chain_begins_with_nothing():
    assert GENESIS == "0" * 64


def test_facts_have_one_form_whatever_their_order():
    assert (
        body_of({"b": None, "a": 1, "c": "王"})
        == '{"a":1,"b":null,"c":"王"}'
        == body_of({"c": "王", "a": 1, "b": None})
    )


def test_an_entry_is_hashed_with_the_one_before_it():
    expected = hashlib.sha256('before\n{"kind":"闭","number":2}'.encode()).hexdigest()
    assert digest("before", {"number": 2, "kind": "闭"}) == expected


@pytest.mark.parametrize(
    ("before", "fields"), [("other", {"number": 2}), ("before", {"number": 3}), ("before", {"number": "2"})]
)
def test_whatever_changes_the_hash_changes(before, fields):
    assert digest(before, fields) != digest("before", {"number": 2})


def test_a_note_is_hashed_with_its_salt():
    assert note_hash("安好", "ab") == hashlib.sha256("ab\n安好".encode()).hexdigest()
    assert note_hash("安好", "ab") != note_hash("安好", "ac")


def test_a_line_about_nothing_else_carries_no_facts():
    line = Line(kind="clock_jumped", by="service")
    assert (dict(line.facts), line.alarm_id, line.version, line.note) == ({}, None, None, None)
