"""A frame over the wire and back: nothing that reception looks at is lost, and nothing is sent that is refused."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from devices.decoders import addresses
from devices.decoders.decoder import Frame
from devices.decoders.rflink import Rflink
from devices.decoders.surgard import Surgard
from devices.rules.urgency import life_sign
from devices.web.signals import _PLAIN, SignalSchema, SignalsSchema, _told
from devices.wire import ADDRESS_MAX, EARLIEST, KEY_MAX, LATEST, told
from dispatch.rules.place import Position
from dispatch.rules.signal import Event, Scope

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
SCHEMA = SignalSchema()


def sent(frame: Frame, *, protocol: str = "surgard", age_s: float = 1.5, **more) -> dict:
    """What leaves the edge, through JSON."""
    body = told(frame, protocol=protocol, receiver="hall-panel", station="S1") | more
    return json.loads(json.dumps(body | {"seq": 7, "age_s": age_s, "received_at": "2026-11-21T12:00:00+08:00"}))


def arrived(frame: Frame, **how):
    """What reception is handed: checked by the schema, understood."""
    return _told(SCHEMA.load(sent(frame, **how)), "garden-edge", NOW)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Cf", "Zl", "Zp")), min_size=1, max_size=60)
NAMES = TEXTS.filter(lambda text: text.strip() and text.isprintable())
INSTANTS = st.integers(0, 3_000_000_000).map(lambda seconds: EARLIEST + timedelta(seconds=seconds))
VALUES = st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=20), st.booleans(), st.none(), st.floats(-1e9, 1e9))
FRAMES = st.builds(
    Frame,
    event=st.sampled_from(Event),
    raw=st.binary(max_size=300),
    address=st.none() | NAMES,
    alternatives=st.lists(NAMES, max_size=3).map(tuple),
    also=st.lists(st.sampled_from(Event), max_size=4).map(tuple),
    scope=st.sampled_from(Scope),
    explicit=st.booleans(),
    dedup_key=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=240),
    window_s=st.floats(0, 3600),
    sliding=st.booleans(),
    trusted=st.booleans(),
    answers=st.booleans(),
    sealed=st.booleans(),
    sent_at=st.none() | INSTANTS,
    fields=st.dictionaries(st.text(max_size=8), VALUES, max_size=4),
)


@settings(max_examples=300)
@given(FRAMES, st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180), INSTANTS))
def test_every_frame_arrives_as_it_was(frame, fix):
    if fix is not None:
        frame = Frame(**{each.name: getattr(frame, each.name) for each in fields(Frame)}
                      | {"position": Position(*fix[:2]), "position_at": fix[2]})  # fmt: skip
    found = arrived(frame)
    precise = None if frame.address is None else addresses("surgard", frame.address)[0]
    for each in fields(Frame):
        if life_sign(frame) and each.name in {"raw", "explicit", "dedup_key", "window_s"}:
            continue
        expected = precise if each.name == "address" else getattr(frame, each.name)
        got = getattr(found.frame, each.name)
        assert (dict(got) if each.name == "fields" else got) == (dict(expected) if each.name == "fields" else expected)
    station = "" if life_sign(frame) else "S1"
    assert (found.gateway, found.station, found.waited_s) == ("hall-panel", station, 1.5)


@settings(max_examples=300)
@given(
    st.text(max_size=400), st.text(max_size=400), st.lists(st.text(max_size=300), max_size=12),
    st.datetimes().map(lambda at: at.replace(tzinfo=UTC)), st.floats(), st.binary(max_size=70_000),
)  # fmt: skip
def test_whatever_a_decoder_makes_up_is_taken_by_the_service(address, key, alternatives, at, number, raw):
    """A signal that the service refuses would be a press that only a log has."""
    frame = Frame(
        event=Event.PRESS, raw=raw, address=address, dedup_key=key, alternatives=tuple(alternatives), sent_at=at,
        window_s=number if number > 0 and number < 3600 else 60.0, position=Position(1.0, 2.0), position_at=at,
        also=(Event.LOW_BATTERY,) * 40, fields={"n": number, "o": object(), "a": address, "at": at},
    )  # fmt: skip
    found = arrived(frame)
    assert found.frame.event is Event.PRESS
    assert found.frame.raw == raw[:65_536]


def test_what_is_too_long_is_cut_and_what_is_unreadable_shown_as_such():
    found = arrived(Frame(event=Event.PRESS, raw=b"", address="a\x00" + "b" * 500, dedup_key="\ud800" + "k" * 500))
    assert arrived(Frame(event=Event.PRESS, raw=b"", dedup_key="k" * 501)).frame.dedup_key != found.frame.dedup_key
    assert found.frame.address.startswith("A\ufffdB") or found.frame.address.startswith("a\ufffdb")
    assert len(found.frame.address) == ADDRESS_MAX
    assert len(found.frame.dedup_key) == KEY_MAX


def test_keys_that_differ_far_behind_are_still_told_apart():
    """A key cut short would take the second press of two for a copy of the first."""
    one, other = (arrived(Frame(event=Event.PRESS, raw=b"", dedup_key="k" * 300 + end)).frame for end in "ab")
    assert one.dedup_key != other.dedup_key


def test_a_clock_that_lost_its_battery_does_not_refuse_a_press():
    for at in (datetime(1970, 1, 1, tzinfo=UTC), LATEST + timedelta(days=1), EARLIEST - timedelta(days=1)):
        frame = Frame(event=Event.PRESS, raw=b"", address="1", sent_at=at, position=Position(1, 2), position_at=at)
        found = arrived(frame)
        assert (found.frame.sent_at, found.frame.position) == (None, None)


def test_a_position_of_unknown_age_stays_behind():
    assert arrived(Frame(event=Event.PRESS, raw=b"", address="1", position=Position(1, 2))).frame.position is None


def test_parts_that_are_no_plain_values_stay_behind_and_those_that_are_too_many_too():
    frame = Frame(
        event=Event.PRESS, raw=b"", address="1", fields={"rssi": -70, "nan": float("nan"), "x": [1], "t": NOW}
    )
    assert arrived(frame).frame.fields == {"rssi": -70}
    assert arrived(Frame(event=Event.PRESS, raw=b"", address="1", fields={"x": "y" * 9_000})).frame.fields == {}


def test_a_radio_is_never_an_emergency_by_itself_whatever_is_told():
    frame = Frame(event=Event.PRESS, raw=b"", address="EV1527:0a1b2c:01", explicit=True)
    assert not arrived(frame, protocol="rflink").frame.explicit
    assert arrived(frame, protocol="surgard").frame.explicit


@pytest.mark.parametrize(
    ("decoder", "protocol", "line"),
    [(Rflink, "rflink", b"20;2A;EV1527;ID=0a1b2c;SWITCH=08;CMD=ON;\r\n"),
     (Surgard, "surgard", b"5011 181234E12001003\x14")],
)  # fmt: skip
def test_what_real_decoders_make_arrives_as_it_was(decoder, protocol, line):
    (frame,) = decoder().feed(line)
    found = arrived(frame, protocol=protocol).frame
    for name in ("event", "raw", "address", "alternatives", "explicit", "dedup_key", "window_s", "sliding", "answers"):
        assert getattr(found, name) == getattr(frame, name), name


def simple(**more):
    """What a forwarder that knows only the contract sends."""
    said = {"seq": 1, "protocol": "surgard", "device": "1234:001", "event": "press", "received_at": NOW.isoformat()}
    return _told(SCHEMA.load(said | more), "hall", NOW)


def test_a_sender_that_says_only_what_it_must_is_understood_as_before():
    found = simple()
    assert (found.gateway, found.station, found.waited_s) == ("hall", "", 0.0)
    assert (found.frame.address, found.frame.alternatives) == ("1234:001", ("1234",))
    assert found.frame.explicit
    assert (found.frame.dedup_key, found.frame.window_s, found.frame.trusted) == ("", 0.0, True)


def test_how_strongly_it_came_in_may_be_told_by_itself():
    assert simple(rssi=-70).frame.fields == {"rssi": -70}


def test_how_long_ago_it_was_heard_is_told_before_the_senders_clock_is_asked():
    old = (NOW - timedelta(hours=3)).astimezone(timezone(timedelta(hours=8))).isoformat()
    assert simple(received_at=old).waited_s == 3 * 3600
    assert simple(received_at=old, age_s=5).waited_s == 5
    assert simple(received_at=(NOW + timedelta(hours=3)).isoformat()).waited_s == 0


PLAIN = {"seq": 1, "protocol": "rflink", "device": "a", "event": "heartbeat", "received_at": NOW.isoformat()}


@given(
    st.dictionaries(
        st.sampled_from([*PLAIN, "age_s", "receiver", "alternatives"]),
        st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=200), st.just([]), st.just("press")),
    )
)  # fmt: skip
def test_the_shorter_schema_takes_and_refuses_the_same(changes):
    """The same signal, once so that the shorter one reads it, and once with a harmless word that it does not know."""
    short, full = PLAIN | changes, PLAIN | changes | {"sliding": True}
    batch = {"gateway": "g", "epoch": "e"}
    wrong = SignalsSchema().validate(batch | {"signals": [short]})
    assert wrong == SignalsSchema().validate(batch | {"signals": [full]})
    if not wrong:
        (one,), (other,) = (SignalsSchema().load(batch | {"signals": [each]})["signals"] for each in (short, full))
        assert one | {"sliding": True} == other


def test_a_life_sign_of_an_edge_is_short_and_read_by_the_shorter_schema():
    frame = Frame(event=Event.HEARTBEAT, raw=b"x" * 99, address="EV1527:0a1b2c:01", dedup_key="k", window_s=3)
    assert set(sent(frame, protocol="rflink")) - set(_PLAIN.fields) == set()
    assert len(json.dumps(sent(frame, protocol="rflink"))) < 250


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"age_s": -1}, "age_s"), ({"age_s": float("inf")}, "age_s"), ({"raw": "0g"}, "raw"), ({"also": ["yawn"]}, "also"),
     ({"window_s": 1e9}, "window_s"), ({"alternatives": [""]}, "alternatives"), ({"scope": "moon"}, "scope"),
     ({"fields": [1]}, "fields"), ({"raw": "00" * 65_537}, "raw"), ({"receiver": "x" * 81}, "receiver")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(wrong, field):
    with pytest.raises(ValidationError) as refused:
        simple(**wrong)
    assert field in refused.value.messages
