"""The function behind `anling decode`, held against every vector, as it stands and with its constants redrawn."""

import json

import pytest

from devices.decode import PROTOCOLS, decoded
from tests.unit.devices.redraw import FILES, SEEDS, matches, redrawn, vectors

EVERY = [pytest.param(vector, id=vector["id"]) for file in FILES for vector in vectors(file)]


@pytest.mark.parametrize("vector", EVERY)
def test_every_vector_is_decoded_as_its_source_says(vector):
    given = decoded(vector)
    assert matches(vector["expect"], given.get("decoded", given)), given
    flat = {key: value for key, value in vector["expect"].items() if key != "id"}
    assert matches(flat, given)
    assert given["id"] == vector["id"]
    json.dumps(given)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("file", FILES)
def test_no_constant_of_a_vector_is_known_by_heart(file, seed):
    for vector in redrawn(file, seed):
        given = decoded(vector)
        assert matches(vector["expect"], given["decoded"]), (vector, given)


def test_redrawing_really_changes_what_is_sent():
    changed = sum(
        a["input"] != b["input"] for file in FILES for a, b in zip(vectors(file), redrawn(file, 1), strict=True)
    )
    assert changed > 130


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"id": 1},
        {"id": 1, "protocol": "semaphore", "encoding": "text", "input": ""},
        {"id": 1, "protocol": ["rflink"], "encoding": "text", "input": ""},
        {"id": 1, "protocol": "rflink", "encoding": "morse", "input": ""},
        {"id": 1, "protocol": "rflink", "encoding": "text"},
        {"id": 1, "protocol": "rflink", "encoding": "text", "input": 7},
        {"id": 1, "protocol": "surgard", "encoding": "hex", "input": "5g"},
        {"id": 1, "protocol": "surgard", "encoding": "hex", "input": None},
        {"id": 1, "protocol": "rtl_433-mqtt", "encoding": "mqtt", "input": {"topic": "rtl_433/a/events"}},
        {"id": 1, "protocol": "surgard", "encoding": "hex", "input": "14", "profile": "nobody"},
        {"id": 1, "protocol": "surgard", "encoding": "hex", "input": "14", "profile": {"120": "nothing"}},
    ],
)
def test_what_cannot_be_read_is_refused_in_words(line):
    given = decoded(line)
    assert given["ok"] is False
    assert given["id"] == line.get("id")
    assert given["error"]


def test_a_profile_may_be_a_table_or_a_name():
    fall = {"id": 1, "protocol": "surgard", "encoding": "text", "input": "5011 181234E12001003\x14"}
    assert decoded(fall)["event"] == "press"
    assert decoded(fall | {"profile": "climax-pers"})["event"] == "fall"
    assert decoded(fall | {"profile": {"120": "smoke"}})["event"] == "smoke"


def test_a_panel_message_with_a_wrong_check_is_shown_and_not_ok():
    raw = {"id": 1, "protocol": "contact-id-raw", "encoding": "text", "input": "123418110101001C"}
    told = decoded(raw)
    assert (told["ok"], told["event"], told["trusted"], told["ack_hex"]) == (False, "press", False, None)
    damaged = b'\n00000029"ADM-CID"0041R0L0#1234[#1234|1101 01 001]\r'.hex()
    stream = decoded({"id": 1, "protocol": "sia-dc09-stream", "encoding": "hex-chunks", "input": [damaged, damaged]})
    assert [event["event"] for event in stream["events"]] == ["press"]
    assert (stream["acks"], stream["duplicates"]) == (0, 1)


@pytest.mark.parametrize("key", ["00", "no key", 7, ["41"]])
def test_a_key_of_no_form_is_refused_in_words(key):
    line = {"id": 1, "protocol": "sia-dc09", "encoding": "text", "input": "", "key_hex": key}
    assert "hexadecimal" in decoded(line)["error"]


def test_a_retained_object_on_mqtt_is_an_old_press():
    press = {"topic": "rtl_433/hall/events", "payload": '{"model":"Generic-Remote","id":7,"cmd":1}'}
    line = {"id": 1, "protocol": "rtl_433-mqtt", "encoding": "mqtt", "registered_as": "pendant"}
    assert decoded(line | {"input": press})["event"] == "press"
    assert decoded(line | {"input": press | {"retain": True}})["event"] == "ignore"


def test_the_shadows_of_a_registered_press_say_nothing():
    press = '{"time":"@0.1s","model":"Generic-Remote","id":9,"cmd":48}'
    smoke = '{"time":"@0.1s","model":"Smoke-GS558","id":27,"unit":2,"learn":0,"code":"8d3cf6"}'
    shadow = '{"time":"@0.2s","model":"Chuango-Security","id":811,"cmd":"Test","cmd_id":0}'
    line = {"id": 1, "protocol": "rtl_433-burst", "encoding": "json-lines", "input": [smoke, press, shadow, smoke]}
    assert [event["model"] for event in decoded(line | {"registered_as": "pendant"})["events"]] == ["Generic-Remote"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("encoding", ["text", "hex", "hex-chunks", "json-line", "json-lines", "mqtt"])
@pytest.mark.parametrize("given", ["", "00ff14", [], ["7b7d0a"], {"topic": "a/events", "payload": "}"}, [[{}]]])
def test_no_input_makes_it_raise(protocol, encoding, given):
    result = decoded({"id": 1, "protocol": protocol, "encoding": encoding, "input": given})
    assert "ok" in result
