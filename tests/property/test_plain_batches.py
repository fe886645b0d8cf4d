"""What is plain and right is loaded without the schema's machinery, and never otherwise than by it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from devices.web.signals import PlainSignalSchema, SignalsSchema, plainly
from dispatch.rules.signal import Event
from dispatch.web.schemas import Quick

SCHEMA, PLAIN = SignalsSchema(), PlainSignalSchema()
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=1), st.just("x" * 200), st.just(2**63),
    *map(st.just, ["\x00", "2026-11-21T04:00:00", "1970-01-01T00:00:00+00:00", "2026-11-21T04:00:00,5+08"]),
)  # fmt: skip
SIGNAL: dict[str, st.SearchStrategy[Any]] = {
    "seq": st.integers(0, 2**63 - 1),
    "protocol": st.sampled_from(["rflink", "surgard", "门铃"]),
    "device": st.text("abcdef0123456789:", min_size=1, max_size=20),
    "event": st.sampled_from([str(each) for each in Event]),
    "received_at": st.datetimes().map(lambda at: at.replace(year=2026).isoformat() + "+08:00"),
}
MORE: dict[str, st.SearchStrategy[Any]] = {
    "age_s": st.floats(0, 60), "receiver": st.just("hall"), "alternatives": st.just(["a", "b"]), "lat": st.just(38.0),
    "lng": st.just(114.5), "raw": st.just("00ff"), "explicit": st.booleans(), "fields": st.just({"rssi": -70}),
}  # fmt: skip
BATCH: dict[str, st.SearchStrategy[Any]] = {"gateway": st.just("hall"), "epoch": st.just("e1")}
BESIDE: dict[str, st.SearchStrategy[Any]] = {
    "after": st.integers(0, 9), "ask_register": st.just(["rflink"]), "status": st.just({"calls": 0, "new": 1}),
}  # fmt: skip


@st.composite
def marred(draw: st.DrawFn, said: dict[str, Any]) -> dict[str, Any]:
    """The same with one thing wrong, missing or besides, or nothing."""
    name = draw(st.sampled_from([*said, "other"]))
    how = draw(st.sampled_from(["as it is", "without", "odd"]))
    rest = {key: value for key, value in said.items() if key != name}
    return said if how == "as it is" else rest if how == "without" else {**rest, name: draw(ODD)}


signals = st.fixed_dictionaries(SIGNAL, optional=MORE).flatmap(marred)
batches = st.fixed_dictionaries({**BATCH, "signals": st.lists(signals, max_size=3)}, optional=BESIDE).flatmap(marred)


@given(batches | ODD)
def test_a_batch_is_read_as_its_schema_reads_it_or_left_to_that(said):
    try:
        loaded = SCHEMA.load(said)
    except ValidationError:
        loaded = None
    if loaded is None:
        assert plainly(said) is None
    else:
        assert plainly(said) == (loaded if loaded["signals"] else None)


@given(signals | ODD)
def test_a_signal_is_read_as_its_schema_reads_it_or_refused(said):
    try:
        loaded = PLAIN.load(said)
    except ValidationError:
        loaded = None
    assert Quick(PLAIN).load(said) == loaded


@pytest.mark.parametrize("more", [{"load_default": 3}, {"attribute": "other"}, {"data_key": "other"}])
def test_what_a_schema_does_besides_is_not_passed_over(more):
    with pytest.raises(AssertionError):
        Quick(Schema.from_dict({"field": fields.Integer(**more)})())
