"""
Our own frames, beside the shared vectors: written from PROTOCOLS and the makers' documents without a look at the
decoders, with other accounts, codes, spellings and damage. `tests/vectors/ours/frames.jsonl` has one on a line.
"""

import json
from itertools import groupby

import pytest

from devices.decode import decoded
from tests.unit.devices.redraw import VECTORS

LINES = [json.loads(line) for line in (VECTORS / "ours" / "frames.jsonl").read_text(encoding="utf-8").splitlines()]
BY_PROTOCOL = {name: list(lines) for name, lines in groupby(LINES, key=lambda line: line["protocol"])}


@pytest.mark.parametrize("protocol", BY_PROTOCOL)
def test_each_of_our_frames_says_what_was_meant(protocol):
    lines = BY_PROTOCOL[protocol]
    wrong = {line["id"]: told for line in lines if (told := _told(line)) != line["expect"]}
    assert not wrong, {id_: (told, _by_id(id_)["expect"]) for id_, told in wrong.items()}


def test_there_are_at_least_ten_frames_of_each_decoder_that_is_written_by_hand():
    families = {
        "contact": 10, "surgard": 10, "ademco": 3, "radionics": 3, "sia-dc09": 40, "scaip": 10, "zigbee2mqtt": 10,
        "chirpstack4": 10, "watch-3g": 10, "eview": 10, "gt06": 10, "h02": 10, "jt808": 10, "topin": 10, "trv": 10,
        "traccar": 10, "mmwave": 5, "cn-elder": 5, "http-bed": 2,
    }  # fmt: skip
    counted = {family: sum(line["protocol"].startswith(family) for line in LINES) for family in families}
    assert {family: n for family, n in counted.items() if n < families[family]} == {}


def _told(line):
    """What is said of this line, of the parts that it expects."""
    said = decoded({name: part for name, part in line.items() if name != "expect"})
    return {name: _same_parts(said.get(name), expected) for name, expected in line["expect"].items()}


def _same_parts(told, expected):
    if isinstance(told, list) and told and isinstance(told[0], dict):
        names = expected[0] if expected and isinstance(expected[0], dict) else {}
        return [{name: one.get(name) for name in names} for one in told]
    return told


def _by_id(id_):
    return next(line for line in LINES if line["id"] == id_)
