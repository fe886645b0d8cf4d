"""Messages on lines: in and out of the envelope, cut anywhere, damaged in every way."""

import json

import pytest

from devices.decoders.decoder import FRAME_BYTES_MAX, Tally
from devices.decoders.envelope import Lines, unwrap, wrap
from tests.thrift import processor_s

STATE = b'{"action":"emergency","battery":80}'


def read(*reads: bytes):
    tally = Tally()
    lines = Lines(tally=tally)
    return [message for data in reads for message in lines.feed(data)], tally


def test_what_is_wrapped_comes_out_as_it_was():
    (message,) = read(wrap("zigbee2mqtt/王 bed/sos", STATE, True))[0]
    assert (message.topic, message.retain) == ("zigbee2mqtt/王 bed/sos", True)
    assert message.said == {"action": "emergency", "battery": 80}
    assert message.text == STATE.decode()


def test_a_wrapped_message_is_one_line_of_the_agreed_form():
    line = wrap("a/b", b"one\ntwo", False)
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"topic": "a/b", "payload": "one\ntwo", "retain": False}
    assert json.loads(wrap("a/b", b"\xff\x00", False)) == {"topic": "a/b", "payload_hex": "ff00", "retain": False}


def test_a_payload_that_is_not_utf_8_comes_as_far_as_it_can_be_read():
    (message,) = read(wrap("a", b'{"action":"sos","name":"\xd5\xc5"}', False))[0]
    assert message.said["action"] == "sos"


def test_an_object_without_an_envelope_is_a_payload_without_a_topic():
    (message,) = read(b'{"payload":"62","device":"40D310"}\n')[0]
    assert (message.topic, message.retain) == (None, False)
    assert message.said == {"payload": "62", "device": "40D310"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "-" + "9" * 30])
def test_a_number_that_is_none_is_absent_and_the_press_beside_it_is_not(number):
    (message,) = read(b'{"action":"sos","battery":' + number.encode() + b"}\n")[0]
    assert message.said == {"action": "sos", "battery": None}


@pytest.mark.parametrize(
    "line",
    [
        b'{"action":"emergency"',
        b'{"action":"emergency"}}',
        b'{"action" "emergency"}',
        b"{" * 40_000 + b"}" * 20_000,
        b'{"a":' + b"[" * 30_000 + b"}",
        b"{}",
        b'{"a":1}',
    ],
)
def test_what_looks_like_an_object_and_is_none_is_counted(line):
    messages, tally = read(line + b"\n" + STATE + b"\n")
    assert [message.said["action"] for message in messages] == ["emergency"]
    assert tally.malformed == 1


@pytest.mark.parametrize(
    "line", [b"hello", b'["emergency","emergency"]', b'"emergency emergency"', b"\xff\xfe\x00", b"42"]
)
def test_everything_else_is_noise(line):
    messages, tally = read(line + b"\r\n" + STATE + b"\n")
    assert len(messages) == 1
    assert (tally.malformed, tally.noise_bytes) == (0, len(line))


def test_cuts_do_not_matter():
    stream = wrap("z/a", STATE, False) + b"\n\nnoise\n{broken} {\n" + STATE + b"\r\n" + wrap("z/b", b"\xff", True)
    whole = read(stream)
    assert [message.topic for message in whole[0]] == ["z/a", None, "z/b"]
    for size in (1, 2, 7, 64):
        assert read(*(stream[at : at + size] for at in range(0, len(stream), size))) == whole


def test_a_line_without_end_keeps_no_more_than_a_frame_and_the_next_one_is_heard():
    tally = Tally()
    lines = Lines(tally=tally)
    for _ in range(4):
        lines.feed(b'{"a":"' + b"x" * FRAME_BYTES_MAX)
        assert len(lines) <= FRAME_BYTES_MAX
    assert [message.said["action"] for message in lines.feed(b"\n" + STATE + b"\n")] == ["emergency"]
    assert tally.overlong == 1


@pytest.mark.parametrize(
    "envelope",
    [
        {"topic": 7, "payload": "x"},
        {"topic": "a"},
        {"payload": "x"},
        {"topic": "a", "payload": 1},
        {"topic": "a", "payload_hex": "0g"},
        {"topic": None, "payload": "x"},
    ],
)
def test_half_an_envelope_is_none(envelope):
    message = unwrap(json.dumps(envelope | {"retain": False}).encode())
    assert message is not None
    assert message.topic is None


@pytest.mark.parametrize(
    "unit", [b"\n", b"{\n", b"{}\n", b'{"Action":7}\n', b'{"a":', b"[", b'{"topic":"a","payload":"{}"}\n']
)
def test_a_full_read_of_anything_takes_little_time(unit):
    data = (unit * FRAME_BYTES_MAX)[:FRAME_BYTES_MAX] + b"\n"
    assert min(seconds(data) for _ in range(5)) < 0.1


def seconds(data: bytes) -> float:
    """The processor's time for one read, without that for clearing up after other tests."""
    return processor_s(lambda: read(data))
