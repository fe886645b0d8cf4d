"""
The protocol vectors, as they stand and with other ids, accounts and buttons drawn from a seed.

No constant of the vector files means anything outside them. A decoder that has learnt one by heart passes them and
fails here.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.unit.devices import redraw_panels
from tests.unit.devices.redraw_trackers import redraw_tracker

VECTORS = Path(__file__).parents[2] / "vectors"
FILES = ("rflink", "rtl433", "rtl433_bursts", "surgard", "contact_id", "dc09", "trackers")
SEEDS = range(5)

Vector = dict[str, Any]


def vectors(file: str) -> list[Vector]:
    """The vectors of one file, as they stand."""
    loaded: list[Vector] = json.loads((VECTORS / f"{file}.json").read_text("utf-8"))
    # One line among the trackers is a Sigfox button, which comes over another road (test_decode_json.py).
    return [vector for vector in loaded if vector["protocol"] != "sigfox-json"]


def redrawn(file: str, seed: int) -> Iterator[Vector]:
    """The same vectors with their constants replaced, alike in input and expectation."""
    for vector in vectors(file):
        draw = random.Random(f"{file}:{vector['id']}:{seed}")
        rewrite = _REWRITES.get(file, _rtl433)
        yield rewrite(vector, draw)


def matches(expected: object, given: object) -> bool:
    """Whether `given` has at least what is expected, lists item by item."""
    if isinstance(expected, dict):
        return isinstance(given, Mapping) and all(
            key in given and matches(value, given[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(given, list) and len(given) == len(expected) and all(map(matches, expected, given))
    return type(expected) is type(given) and expected == given


def _rflink(vector: Vector, draw: random.Random) -> Vector:
    """Other IDs and SWITCHes of the same length and case, in text or in the hex of reads."""
    swap: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        return found[1] + swap.setdefault(found[0], _other_hex(found[2], draw))

    pattern = r"(ID=|SWITCH=)([0-9A-Fa-f]+)(?=;)"
    given = vector["input"]
    if isinstance(given, list):
        changed: Any = [re.sub(pattern, other, _text(part)).encode("latin-1").hex() for part in given]
    else:
        changed = re.sub(pattern, other, given)
    values = {old.partition("=")[2]: new for old, new in swap.items()}
    return vector | {"input": changed, "expect": _replaced(vector["expect"], values, keys=("id", "switch"))}


def _rtl433(vector: Vector, draw: random.Random) -> Vector:
    """Other ids for every model, and other buttons where a button is a number without a meaning."""
    swap: dict[tuple[str, str], str] = {}

    def other(found: re.Match[str]) -> str:
        key = (found["name"], found["value"])
        return found["head"] + swap.setdefault(key, _other_value(found["value"], draw))

    def rewritten(text: str) -> str:
        names = "id|device|cmd" if "Generic-Remote" in text else "id|device"
        return re.sub(rf'(?P<head>"(?P<name>{names})"\s*:\s*)(?P<value>"[^"]*"|\d+)', other, text)

    given = vector["input"]
    if isinstance(given, list):
        given = [rewritten(part) for part in given]
    elif isinstance(given, str):
        given = rewritten(given)
    ids = {json.loads(old): json.loads(new) for (name, old), new in swap.items() if name != "cmd"}
    buttons = {json.loads(old): json.loads(new) for (name, old), new in swap.items() if name == "cmd"}
    expected = _replaced(vector["expect"], ids, keys=("id",))
    return vector | {"input": given, "expect": _replaced(expected, buttons, keys=("button",))}


def _surgard(vector: Vector, draw: random.Random) -> Vector:
    """Other accounts; a message never holds its account's digits elsewhere, or the vector is left as it is."""
    text = _text(vector["input"])
    expected = vector["expect"]
    account = expected.get("account") or next(iter(re.findall(r"18(\d{4})[ERP]", text)), "")
    events = max(1, len(expected.get("events", ())) + expected.get("duplicates", 0))
    if not account or text.count(account) != events:
        return vector
    new = "".join(draw.choice("0123456789BCDEF") for _ in account)
    changed = text.replace(account, new).encode("latin-1").hex()
    return vector | {"input": changed, "expect": _replaced(expected, {account: new}, keys=("account",))}


def _text(hexadecimal: str) -> str:
    return bytes.fromhex(hexadecimal).decode("latin-1")


def _replaced(expected: Any, swap: Mapping[Any, Any], *, keys: tuple[str, ...]) -> Any:
    if isinstance(expected, list):
        return [_replaced(part, swap, keys=keys) for part in expected]
    if not isinstance(expected, dict):
        return expected
    return {
        key: swap.get(value, value)
        if key in keys and not isinstance(value, (dict, list))
        else _replaced(value, swap, keys=keys)
        for key, value in expected.items()
    }


def _other_value(value: str, draw: random.Random) -> str:
    """Another JSON value of the same kind; the first hex digit of a string id is a device type and stays."""
    if not value.startswith('"'):
        return str(draw.randrange(1, 256 if int(value) < 256 else 65_536))
    inner = value[1:-1]
    kept = 1 if len(inner) > 1 else 0
    return f'"{inner[:kept]}{_other_hex(inner[kept:], draw)}"'


def _other_hex(text: str, draw: random.Random) -> str:
    digits = "0123456789ABCDEF" if text.isupper() else "0123456789abcdef"
    return "".join(draw.choice(digits) for _ in text)


_REWRITES = {
    "rflink": _rflink, "surgard": _surgard, "contact_id": redraw_panels.contact_id, "dc09": redraw_panels.dc09,
    "trackers": redraw_tracker,
}  # fmt: skip
