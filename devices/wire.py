"""
A frame on its way from a forwarding gateway to the service, in the words of `POST /api/v1/signals`, and back.

Everything that a gateway wired to the service would hand to reception arrives there: what it says, whose it is, for how
long it counts as a copy, the bytes themselves. A sender that says only what it must (`device`, `event`) is understood
as before.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devices.decoders import addresses
from devices.decoders.decoder import Frame
from devices.rules.urgency import life_sign
from dispatch.rules.place import Position
from dispatch.rules.signal import Event, Scope

ADDRESS_MAX = 160
KEY_MAX = 240
"""Characters of an address and of a key by which copies are known: what the database keeps."""

ALTERNATIVES_MAX = 8
ALSO_MAX = 16
RAW_MAX = 65_536
"""Bytes of a frame as it came: `FRAME_BYTES_MAX` of the decoders."""

PARTS_MAX = 8_192
"""Characters of the decoded parts, as JSON; longer ones stay behind, their bytes do not."""

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A clock that has lost its battery says 1970. Times outside are not told, because the service refuses them."""

EDGE = "edge"
"""The protocol of what a forwarding gateway says about itself."""

RADIO = frozenset({"rflink", "rtl433"})
"""Fixed-code radio: anybody's remote control may sound like a pendant, so it is never an emergency by itself."""


def told(frame: Frame, *, protocol: str, receiver: str, station: str = "") -> dict[str, Any]:
    """
    The frame as plain values, without its number and time. `receiver` is the gateway that heard it, `station` the code
    of the one that answers for strangers there.

    A position of unknown age stays behind: it is nobody's place. So does what is no plain value among the parts.
    """
    said: dict[str, Any] = {
        "protocol": protocol,
        "receiver": receiver,
        "device": _readable(frame.address or receiver, ADDRESS_MAX),
        "event": str(frame.event),
    }
    if frame.alternatives != tuple(addresses(protocol, said["device"])[1:]):
        said["alternatives"] = [_readable(each, ADDRESS_MAX) for each in frame.alternatives[:ALTERNATIVES_MAX]]
    if not life_sign(frame):
        said |= _statement(frame) | ({"station": station} if station else {})
    return said | _differing(frame) | _parts(frame.fields)


def _statement(frame: Frame) -> dict[str, Any]:
    """What tells a statement from its copies and proves it; a mere life sign needs none of that, and there are many."""
    said = {
        "explicit": frame.explicit,
        "dedup_key": key_on_file(frame.dedup_key),
        "window_s": max(0.0, frame.window_s),
        "raw": frame.raw[:RAW_MAX].hex(),
    }
    return {key: value for key, value in said.items() if value or key == "explicit"}


def _differing(frame: Frame) -> dict[str, Any]:
    """What is not as in most frames, so that a heartbeat stays short."""
    said: dict[str, Any] = {
        "anonymous": frame.address is None,
        "also": [str(event) for event in frame.also[:ALSO_MAX]],
        "scope": "" if frame.scope is Scope.DEVICE else str(frame.scope),
        "answers": frame.answers,
        "sealed": frame.sealed,
    }
    unlike: dict[str, Any] = {"sliding": False} if not frame.sliding else {}
    unlike |= {"trusted": False} if not frame.trusted else {}
    if frame.sent_at is not None and EARLIEST <= frame.sent_at <= LATEST:
        unlike["sent_at"] = frame.sent_at.isoformat()
    if frame.position is not None and frame.position_at is not None and EARLIEST <= frame.position_at <= LATEST:
        unlike |= {"lat": frame.position.lat, "lng": frame.position.lng, "position_at": frame.position_at.isoformat()}
    return {key: value for key, value in said.items() if value} | unlike


def key_on_file(key: str) -> str:
    """
    A key by which copies are known, as every database keeps it: the same for all copies, and another for each other.

    It may hold control characters, because some protocols' messages end with one.
    """
    plain = "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in key)
    if len(plain) <= KEY_MAX:
        return plain
    return plain[: KEY_MAX - 64] + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _readable(text: str, longest: int) -> str:
    """What the service takes for a text: something, without control characters or halves of pairs."""
    plain = "".join(char if char.isprintable() else "\ufffd" for char in text)[:longest]
    return plain if plain.strip() else "?"


def _parts(fields: Mapping[str, Any]) -> dict[str, Any]:
    plain = {str(key): value for key, value in fields.items() if _is_plain(value)}
    return {"fields": plain} if plain and len(json.dumps(plain)) <= PARTS_MAX else {}


def _is_plain(value: object) -> bool:
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, str | int | None)


def frame_of(said: Mapping[str, Any], *, received_at: datetime) -> Frame:
    """
    The frame that was told, from values that the schema has checked; `received_at` is when the gateway heard it.

    Who tells only what it must is a receiver with words of its own: from it also an unknown account raises an alarm,
    unless it is a radio.
    """
    protocol, nameless = said["protocol"], said.get("anonymous", False)
    precise, *whole = addresses(protocol, said["device"])
    position = said.get("position")
    return Frame(
        event=Event(said["event"]),
        raw=said.get("raw", b""),
        address=None if nameless else precise,
        alternatives=tuple(said.get("alternatives", whole)),
        also=tuple(said.get("also", ())),
        scope=said.get("scope", Scope.DEVICE),
        explicit=said.get("explicit", True) and protocol not in RADIO,
        dedup_key=said.get("dedup_key", ""),
        window_s=said.get("window_s", 0.0),
        sliding=said.get("sliding", True),
        trusted=said.get("trusted", True),
        answers=said.get("answers", False),
        sealed=said.get("sealed", False),
        sent_at=said.get("sent_at"),
        position=position if isinstance(position, Position) else None,
        position_at=said.get("position_at", received_at) if position else None,
        fields=said.get("fields", {}),
    )
