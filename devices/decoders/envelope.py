"""How messages that are no stream of bytes reach a decoder: one JSON object a line."""

import json


def wrap(topic: str, payload: bytes, retain: bool) -> bytes:
    """An MQTT message as one line, its end included."""
    try:
        body = {"payload": payload.decode()}
    except UnicodeDecodeError:
        body = {"payload_hex": payload.hex()}
    line = json.dumps({"topic": topic, **body, "retain": retain}, ensure_ascii=False)
    return line.encode("utf-8", "replace") + b"\n"
