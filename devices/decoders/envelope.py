r"""
How messages that are no stream of bytes reach a decoder: one JSON object a line.

    {"topic": "zigbee2mqtt/bed_sos", "payload": "{\"action\":\"emergency\"}", "retain": false}⏎     from MQTT
    {"topic": "…", "payload_hex": "0a1b", "retain": false}⏎                                          not UTF-8
    {"event": {"type": "alarm", …}, "device": {…}}⏎                                                  a body over HTTP

An object that is no envelope is a payload without a topic: what was posted over HTTP, or a file of messages.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from devices.decoders.decoder import FRAME_BYTES_MAX, Frame, Tail, Tally
from devices.decoders.json_values import Json, loaded, said_true
from dispatch.rules.signal import Event

OBJECT_BYTES_MIN = 12
"""The shortest message that says anything, like `{"Action":7}`; what is shorter is noise and not worth reading."""

RETAINED = "retained message replayed at subscribe"
"""Why an old message says nothing."""


class Message(NamedTuple):
    """
    One message. `topic` is None where there was none; `retain` tells an old message that the broker has kept from one
    that is said now. `said` is the payload as JSON, None when it is none, `text` the payload as text, `raw` the line.
    """

    raw: bytes
    text: str
    said: Any
    topic: str | None = None
    retain: bool = False


class Lines:
    """
    Splits a stream into messages; remembers an unfinished line and nothing else, at most `FRAME_BYTES_MAX` bytes.

    A line that is no JSON object is counted as malformed if it looks like one, else as noise.
    """

    def __init__(self, *, tally: Tally) -> None:
        self._tally = tally
        self._tail = Tail(limit=FRAME_BYTES_MAX, tally=tally)

    def __len__(self) -> int:
        return len(self._tail)

    def feed(self, data: bytes) -> Sequence[Message]:
        """The messages completed by these bytes, in order, however they were cut."""
        *ended, rest = data.split(b"\n")
        messages = []
        for part in ended:
            message = self._message(self._whole(part)) if part or len(self._tail) else None
            if message is not None:
                messages.append(message)
        self._tail.add(rest)
        return messages

    def _whole(self, part: bytes) -> bytes:
        """The line that ends with this part. Most come in one piece and never see the tail."""
        if not len(self._tail) and len(part) <= FRAME_BYTES_MAX:
            return part
        self._tail.add(part)
        return self._tail.take()

    def _message(self, line: bytes) -> Message | None:
        line = line.strip()
        if not line.startswith(b"{"):
            self._tally.noise_bytes += len(line)
            return None
        message = unwrap(line)
        self._tally.malformed += message is None
        return message


def wrap(topic: str, payload: bytes, retain: bool) -> bytes:
    """An MQTT message as one line, its end included."""
    try:
        body = {"payload": payload.decode()}
    except UnicodeDecodeError:
        body = {"payload_hex": payload.hex()}
    line = json.dumps({"topic": topic, **body, "retain": retain}, ensure_ascii=False)
    return line.encode("utf-8", "replace") + b"\n"


def unwrap(line: bytes) -> Message | None:
    """The message of one line, None when it is no JSON object."""
    if len(line) < OBJECT_BYTES_MIN or not line.endswith(b"}"):
        return None
    text = line.decode("utf-8", "replace")
    said = loaded(text)
    if not isinstance(said, dict):
        return None
    return ("topic" in said and enclosed(said, line)) or Message(line, text, said)


def enclosed(said: Json, raw: bytes) -> Message | None:
    """The message inside an envelope, None when this object is none."""
    topic, payload = said.get("topic"), _payload(said)
    if not isinstance(topic, str) or payload is None:
        return None
    return Message(raw, payload, loaded(payload), topic, said_true(said.get("retain")))


def _payload(said: Json) -> str | None:
    payload, hexadecimal = said.get("payload"), said.get("payload_hex")
    if isinstance(payload, str):
        return payload
    try:
        return bytes.fromhex(hexadecimal).decode("utf-8", "replace") if isinstance(hexadecimal, str) else None
    except ValueError:
        return None


def passed_over(message: Message, protocol: str, reason: str, fields: Mapping[str, Any] | None = None) -> Frame:
    """
    The frame of a message that is understood and says nothing now.

    It names nobody: what the broker has kept, or what somebody else has sent to a device, is no sign of its life.
    """
    said = {"reason": reason} | dict(fields or {})
    return Frame(
        event=Event.IGNORE, raw=message.raw, dedup_key=f"{protocol}:{Event.IGNORE}", fields=MappingProxyType(said)
    )
