"""How a message of a broker is handed to a decoder: one JSON line, `{"topic": …, "payload": …, "retain": …}`."""

import json


def wrap(topic: str, payload: bytes, retain: bool) -> bytes:
    """
    One line of JSON with its line end. `payload` becomes a text; bytes that are no UTF-8 become U+FFFD.

    `retain` is true for what the broker had kept from before: an old state, never a new press.
    """
    said = {"topic": topic, "payload": payload.decode("utf-8", "replace"), "retain": retain}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
