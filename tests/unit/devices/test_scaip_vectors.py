"""The SCAIP vectors in the order of their file, as they stand and with units, devices and references redrawn."""

import json
import random
import re

import pytest

from devices.decode import decoded
from tests.unit.devices.redraw import SEEDS, matches, vectors

EVERY = vectors("scaip")
PARTS = re.compile(r"<(ref|cid|did)>([0-9A-Za-z]+)</")


def drawn(seed: int):
    """Other units, devices and references of the same length; the same for the same, so that copies stay copies."""
    draw, swap = random.Random(f"scaip:{seed}"), {}

    def other(kind: str, value: str) -> str:
        digits = "0123456789" if kind == "cid" else "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
        return swap.setdefault((kind, value), "".join(draw.choice(digits) for _ in value))

    def redrawn(told):
        if isinstance(told, dict):
            names = {"duplicate_of": "ref"}
            return {
                name: other(names.get(name, name), value)
                if names.get(name, name) in {"ref", "cid", "did"}
                else redrawn(value)
                for name, value in told.items()
            }
        return told

    for vector in EVERY:
        body = PARTS.sub(lambda found: f"<{found[1]}>{other(found[1], found[2])}</", vector["input"]["body"])
        yield vector | {"input": vector["input"] | {"body": body}, "expect": redrawn(vector["expect"])}


def test_every_vector_is_decoded_and_answered_as_its_source_says():
    earlier: dict[str, str] = {}
    for vector in EVERY:
        given = decoded(vector, earlier)
        assert matches(vector["expect"], given["decoded"]), (vector, given)
        assert given["id"] == vector["id"]
        assert given["decoded"].get("reply") == vector["expect"]["reply"], "nothing more is answered than is known"
        assert given["decoded"].get("fields", {}) == vector["expect"].get("fields", given["decoded"].get("fields", {}))
        json.dumps(given)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_constant_of_a_vector_is_known_by_heart(seed):
    earlier: dict[str, str] = {}
    for vector in drawn(seed):
        given = decoded(vector, earlier)
        assert matches(vector["expect"], given["decoded"]), (vector, given)


def test_redrawing_really_changes_what_is_sent():
    changed = [one["id"] for one, other in zip(EVERY, drawn(1), strict=True) if one["input"] != other["input"]]
    assert len(changed) == len(EVERY)
    assert len({vector["id"] for vector in EVERY}) == 26


def test_a_copy_is_one_only_after_the_first():
    first, copy = EVERY[0], EVERY[-1]
    assert first["input"] == copy["input"]
    earlier: dict[str, str] = {}
    assert "duplicate_of" not in decoded(first, earlier)
    assert decoded(copy, earlier)["duplicate_of"] == "R0001"
    assert "duplicate_of" not in decoded(copy)
