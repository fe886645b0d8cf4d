"""
`anling decode`, line by line: JSON as the vectors have it, or frames as they were captured (a log's `raw`, a dump).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from devices.decode import PROTOCOLS, decoded

BY_DECODER: Mapping[str, str] = MappingProxyType(
    {
        "bed": "http-bed-json",
        "chirpstack": "chirpstack4-up",
        "contact_id": "contact-id-raw",
        "dc09": "sia-dc09",
        "ev07b": "eview-ev07",
        "rtl433": "rtl_433-json",
        "scaip": "scaip-mrq",
        "traccar": "traccar-event-json",
        "watch3g": "watch-3g",
    }
)
"""Which protocol of the vectors a frame of a gateway's decoder is read as, where the decoder's name is no such name."""

NAMES = tuple(sorted({*PROTOCOLS, *BY_DECODER}))
"""Every word that stands for a protocol here."""


def answers(lines: Iterable[bytes], *, protocol: str = "", hexadecimal: bool = False) -> Iterator[dict[str, Any]]:
    """
    What the decoders make of each line, in order; nothing for blank ones.

    With a `protocol` each line is one frame, `hexadecimal` or as text, and its `id` the number of the line; without, it
    is JSON. A line that cannot be understood gives `ok` false and an `error`, and `is_refused` is true of it.
    """
    earlier: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.decode("utf-8", "replace").removeprefix("\ufeff").strip("\r\n")
        if not text.strip():
            continue
        asked = _captured(text, number, protocol, hexadecimal) if protocol else _json(text)
        if isinstance(asked, str):
            yield {"id": None, "ok": False, "error": f"line {number} is {asked}"}
        else:
            yield decoded(_named(asked), earlier)


def is_refused(answer: Mapping[str, Any]) -> bool:
    """Whether this answers a question that could not be understood; a damaged frame is understood, and not `ok`."""
    return "decoded" not in answer


def _captured(text: str, number: int, protocol: str, hexadecimal: bool) -> dict[str, Any]:
    return {"id": number, "protocol": protocol, "encoding": "hex" if hexadecimal else "text", "input": text}


def _named(asked: dict[str, Any]) -> dict[str, Any]:
    protocol = asked.get("protocol")
    return asked | {"protocol": BY_DECODER.get(protocol, protocol)} if isinstance(protocol, str) else asked


def _json(text: str) -> dict[str, Any] | str:
    """The question that a line asks, else why it asks none."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError) as error:
        cure = "write one object a line, or name the --protocol of captured frames"
        return f"not JSON: {error if isinstance(error, ValueError) else 'nested too deep'}; {cure}"
    return asked if isinstance(asked, dict) else "not an object"
