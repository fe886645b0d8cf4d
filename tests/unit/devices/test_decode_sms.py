"""`anling decode` for messages by modem, held against every vector, and with other numbers and texts."""

import json
import random

import pytest

from devices.decode import decoded
from tests.unit.devices.redraw import SEEDS, matches, vectors

EVERY = [pytest.param(vector, id=vector["id"]) for vector in vectors("sms")]


@pytest.mark.parametrize("vector", EVERY)
def test_every_vector_is_decoded_as_its_source_says(vector):
    given = decoded(vector)
    assert matches({"ok": True, **vector["expect"]}, given), given
    json.dumps(given)


def swapped(digits: str) -> str:
    """Semi-octets: each pair of digits the other way round."""
    return "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_number_of_a_vector_is_known_by_heart(seed):
    draw = random.Random(seed)
    for vector in vectors("sms"):
        number = next((vector["expect"][key] for key in ("sender", "number") if vector["expect"].get(key)), None)
        to = vector["input"].get("to") if isinstance(vector["input"], dict) else None
        if to:
            other = "+86138" + "".join(draw.choices("0123456789", k=8))
            given = decoded(vector | {"input": {**vector["input"], "to": other}})
            expected = vector["expect"]["pdu"].replace(swapped(f"{to[1:]}F"), swapped(f"{other[1:]}F"))
            assert (given["pdu"], given["cmgs_length"]) == (expected, vector["expect"]["cmgs_length"])
        elif number and vector["protocol"] == "sms-pdu":
            other = "+" + "".join(draw.choices("0123456789", k=len(number) - 1))
            unit = vector["input"].replace(swapped(f"{number[1:]}F"), swapped(f"{other[1:]}F"))
            assert unit != vector["input"] or other == number
            assert other in {decoded(vector | {"input": unit}).get(key) for key in ("sender", "number")}


@pytest.mark.parametrize("protocol", ["sms-pdu", "sms-submit", "at-line"])
@pytest.mark.parametrize("given", [None, "", "zz", 7, [], {}, {"to": "x", "text": "y"}, {"to": "+1", "text": ""}])
def test_what_cannot_be_read_is_refused_in_words(protocol, given):
    found = decoded({"id": 1, "protocol": protocol, "encoding": "json", "input": given})
    assert found["ok"] is False
    assert found.get("error") or "line" in found
