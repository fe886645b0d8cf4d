"""`anling decode` from the command line: what may stand on a line, what is answered, and how it ends."""

import json

import pytest
from click.testing import CliRunner

from config.main import cli
from devices.decode import PROTOCOLS
from devices.decode_lines import BY_DECODER
from devices.decoders import DECODERS
from tests.unit.devices.redraw import FILES, vectors

SOS = "787801990d0a"


def run(said: str | bytes, *options: str):
    done = CliRunner().invoke(cli, ["decode", *options], input=said)
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def asked(**line) -> str:
    return json.dumps(line) + "\n"


def test_all_vectors_are_answered_in_order_and_none_is_refused():
    lines = [vector for file in FILES for vector in vectors(file)]
    code, answers, _ = run("".join(json.dumps(line) + "\n" for line in lines))
    assert code == 0
    assert [answer["id"] for answer in answers] == [line["id"] for line in lines]


def test_a_file_is_read_like_standard_input(tmp_path):
    file = tmp_path / "frames.jsonl"
    file.write_bytes(
        b"\xef\xbb\xbf" + asked(id="a", protocol="topin", encoding="hex", input=SOS).encode() + b"\r\n\r\n"
    )
    code, (answer,), _ = run("", str(file))
    assert (code, answer["id"], answer["event"]) == (0, "a", "press")


def test_what_a_damaged_frame_says_is_an_answer():
    code, (answer,), _ = run(asked(id=1, protocol="gt06", encoding="hex", input=SOS[:6]))
    assert (code, answer["ok"]) == (0, False)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (asked(id=1, protocol="morse", encoding="text", input="..."), "morse"),
        (asked(id=1, protocol="gt06", encoding="base64", input="eHg="), "base64"),
        (asked(id=1, protocol="gt06", encoding="hex", input="7g"), "hexadecimal"),
        ("sos\n", "line 1"),
        ("[1]\n", "line 1"),
        ("[" * 100_000 + "\n", "line 1"),
        (b"\xff\xfe\x00\n", "line 1"),
    ],
)
def test_a_line_that_cannot_be_understood_names_the_place_and_the_rest_is_answered(line, place):
    said = line if isinstance(line, bytes) else line.encode()
    code, answers, _ = run(said + asked(id=2, protocol="topin", encoding="hex", input=SOS).encode())
    assert code == 1
    assert place in answers[0]["error"]
    assert answers[1]["event"] == "press"


@pytest.mark.parametrize(("protocol", "frame", "event"), [("topin", SOS, "press"), ("dc09", "0a", None)])
def test_captured_bytes_are_read_by_the_name_of_their_gateways_protocol(protocol, frame, event):
    code, (answer,), _ = run(f"{frame}\n", "--protocol", protocol, "--hex")
    assert (code, answer["id"], answer["event"]) == (0, 1, event)


def test_captured_texts_are_read_line_by_line():
    lines = "20;01;EV1527;ID=0a1b2c;SWITCH=08;CMD=ON;\r\n\r\n20;02;PONG;\r\n"
    code, answers, _ = run(lines, "--protocol", "rflink")
    assert (code, [answer["event"] for answer in answers]) == (0, ["button", "heartbeat"])


@pytest.mark.parametrize("options", [["--protocol", "morse"], ["--hex"], ["no-such-file"]])
def test_wrong_use_ends_with_two_and_a_sentence(options):
    code, answers, sentence = run("", *options)
    assert (code, answers) == (2, [])
    assert "Error" in sentence


def test_every_decoder_has_a_name_here():
    assert all(name in PROTOCOLS or BY_DECODER[name] in PROTOCOLS for name in DECODERS)
