"""`anling decode` against every vector that is a message: as it stands, with other names, and with wrong types."""

import json
import random

import pytest

from devices.decode import decoded
from devices.decoders import DECODERS
from devices.decoders.envelope import wrap
from tests.unit.devices.redraw import SEEDS, matches, vectors
from tests.unit.devices.redraw_json import FILES, redrawn

EVERY = [pytest.param(vector, id=vector["id"]) for file in FILES for vector in vectors(file)]
SIGFOX = {
    "id": "s",
    "protocol": "sigfox-json",
    "encoding": "text",
    "input": '{ "device": "40D310", "payload": "62", "time": 1563043532, "seqNumber": 1076 }',
    "expect": {"ok": True, "event": "press", "device": "40D310"},
}
"""From the tests of Traccar's decoder for Sigfox."""


@pytest.mark.parametrize("vector", [*EVERY, pytest.param(SIGFOX, id="sigfox")])
def test_every_vector_is_decoded_as_its_source_says(vector):
    given = decoded(vector)
    assert matches(vector["expect"], given["decoded"]), given
    assert given["id"] == vector["id"]
    json.dumps(given, allow_nan=False)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("file", FILES)
def test_no_constant_of_a_vector_is_known_by_heart(file, seed):
    for vector in redrawn(file, seed):
        given = decoded(vector)
        assert matches(vector["expect"], given["decoded"]), (vector, given)


def test_redrawing_really_changes_what_is_sent():
    changed = {
        file: sum(a["input"] != b["input"] for a, b in zip(vectors(file), redrawn(file, 1), strict=True))
        for file in FILES
    }
    assert changed == {"zigbee2mqtt": 16, "lorawan": 18, "traccar_forward": 8, "bed_fall": 2}


def test_a_posted_body_may_have_line_ends():
    press = json.dumps({"pushType": 1, "Action": 7}, indent=2)
    assert (
        decoded({"id": 1, "protocol": "cn-elder-platform-push", "encoding": "json", "input": press})["event"] == "press"
    )


def test_a_message_may_be_given_as_an_object():
    given = {"topic": "zigbee2mqtt/d", "payload": {"action": "emergency"}}
    assert decoded({"id": 1, "protocol": "zigbee2mqtt", "encoding": "mqtt", "input": given})["event"] == "press"


def test_a_codec_may_be_named_where_the_port_is_another():
    vector = next(each for each in vectors("lorawan") if each["id"] == "lorawan-o-002")
    moved = json.loads(json.dumps(vector).replace('\\"fPort\\":85', '\\"fPort\\":3'))
    assert decoded(moved)["event"] == "press"
    assert decoded({key: value for key, value in moved.items() if key != "codec"})["event"] == "unknown"


# ------------------------------------------------------------------------------------------------ wrong types


JUNK = [None, True, False, 0, -1, 10**30, 1e308, float("nan"), float("-inf"), "", "NaN", "\x00", "\ud800", "x" * 300,
        [], {}, [[[[]]]], {"a": {"b": {"c": 1}}}, "２０", "1e999", [None] * 50, "=", "0x"]  # fmt: skip

DECIDING = {
    "zigbee2mqtt": {"action", "fall_status", "fall_down_status", "gas", "water_leak"},
    "lorawan": {"data"},
    "traccar_forward": {"device", "uniqueId"},
    "bed_fall": {"Action", "code"},
}
"""What alone says what has happened, or to whom; anything else may be of any type without anything being lost."""


def payload_of(vector):
    given = vector["input"]
    return json.loads(given["payload"] if isinstance(given, dict) else given)


def with_payload(vector, payload):
    text = json.dumps(payload)
    given = vector["input"]
    return vector | {"input": given | {"payload": text} if isinstance(given, dict) else text}


def paths(value, path=()):
    """Where every value of an object stands, itself excluded."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from paths(part, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


MESSAGES = [(file, each) for file in FILES for each in vectors(file) if each["encoding"] in {"mqtt", "json"}]
CALLS = {"press", "fall", "gas", "water", "smoke", "co"}


def test_no_value_of_any_type_anywhere_makes_it_raise():
    draw = random.Random(3)
    for _, vector in MESSAGES:
        payload = payload_of(vector)
        for path in paths(payload):
            for junk in draw.sample(JUNK, 8):
                result = decoded(with_payload(vector, changed(payload, path, junk)))
                json.dumps(result, allow_nan=False)
                assert isinstance(result["ok"], bool)


def test_no_call_for_help_is_lost_to_a_value_beside_it():
    tried = 0
    for file, vector in MESSAGES:
        payload = payload_of(vector)
        for path in paths(payload):
            if vector["expect"].get("event") not in CALLS or path[-1] in DECIDING[file]:
                continue
            for junk in JUNK:
                tried += 1
                assert decoded(with_payload(vector, changed(payload, path, junk)))["event"] == vector["expect"]["event"]
    assert tried > 3000


def test_what_comes_out_fits_the_database_whatever_came_in():
    draw = random.Random(5)
    frames = []
    for _, vector in MESSAGES:
        payload, given = payload_of(vector), vector["input"]
        for path in paths(payload):
            body = json.dumps(changed(payload, path, draw.choice(JUNK))).encode()
            line = wrap(given["topic"], body, False) if isinstance(given, dict) else body + b"\n"
            for name in ("zigbee2mqtt", "chirpstack", "traccar", "bed"):
                frames += DECODERS[name]().feed(line)
    assert len(frames) > 1000
    for frame in frames:
        assert 0 < len(frame.dedup_key) <= 240
        for text in (*frame.addresses, frame.dedup_key):
            text.encode()
            assert text.isprintable()
            assert len(text) <= 240
        assert all(len(address) <= 160 for address in frame.addresses)
        assert frame.sent_at is None or frame.sent_at.tzinfo is not None
