"""
The vectors of messages in JSON with other names, ids, counters and times drawn from a seed, as `redraw` does for lines.

What a device is called stands in topics, payloads and expectations; it is replaced wherever it stands.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.unit.devices.redraw import Vector, vectors

FILES = ("zigbee2mqtt", "lorawan", "traccar_forward", "bed_fall")
NAMED = {"device", "devEui"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_ -./:#王秀英ÄÖß"


def redrawn(file: str, seed: int) -> Iterator[Vector]:
    """The same vectors with every name, and every number that means nothing, drawn anew."""
    for vector in vectors(file):
        draw = random.Random(f"{file}:{vector['id']}:{seed}")
        yield _renamed(_recounted(vector, draw), draw)


def _renamed(vector: Vector, draw: random.Random) -> Vector:
    old = next((vector["expect"][key] for key in NAMED if key in vector["expect"]), _in_topic(vector))
    if old is None:
        return vector
    new = _other(old, draw)
    return vector | {key: _replaced(vector[key], old, new) for key in ("input", "expect")}


def _in_topic(vector: Vector) -> str | None:
    """The device of an event that is expected without naming it."""
    given = vector["input"]
    parts = given["topic"].split("/") if isinstance(given, dict) else []
    return parts[3] if parts[:1] == ["application"] else None


def _other(old: str, draw: random.Random) -> str:
    """Another of the same kind: an EUI, a MAC, a number, or any name that a person may give."""
    if len(old) == 16 and all(each in "0123456789abcdef" for each in old):
        return f"{draw.getrandbits(64):016x}"
    if old.count(":") == 5:
        return ":".join(f"{draw.randrange(256):02x}" for _ in range(6))
    if old.isdigit():
        return str(draw.randrange(10**9, 10**15))
    return "n" + "".join(draw.choice(_LETTERS) for _ in range(draw.randrange(1, 30))) + "x"


def _recounted(vector: Vector, draw: random.Random) -> Vector:
    """Counters, sessions and moments, none of which says what has happened."""
    given = vector["input"]
    if isinstance(given, dict):
        return vector | {"input": given | {"payload": _with_others(given["payload"], draw)}}
    return vector | {"input": _with_others(given, draw)} if vector["encoding"] == "json" else vector


def _with_others(payload: str, draw: random.Random) -> str:
    said = json.loads(payload)
    for key in ("fCnt", "linkquality", "timestamp", "positionId"):
        if key in said:
            said[key] = draw.randrange(1, 10**6)
    if "devAddr" in said:
        said["devAddr"] = f"{draw.getrandbits(32):08x}"
    for key in ("event", "device", "position"):
        if isinstance(said.get(key), dict):
            said[key]["id"] = draw.randrange(1, 10**6)
    return json.dumps(said, ensure_ascii=draw.random() < 0.5)


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(part, old, new) for key, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, old, new) for part in value]
    if not isinstance(value, str):
        return value
    try:
        inside = json.loads(value)
    except ValueError:
        return value.replace(old, new)
    return json.dumps(_replaced(inside, old, new)) if isinstance(inside, dict) else value.replace(old, new)
