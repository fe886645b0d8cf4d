"""`anling decode` for messages by modem: units that came in, texts that are to go out, and a modem's lines."""

from collections.abc import Mapping
from typing import Any

from dispatch.messages.modem.lines import read_line
from dispatch.messages.modem.pdu import BadPdu, Deliver, read, submit

Decoded = dict[str, Any]

_REFERENCE = 5
"""A unit carries some number that the modem replaces; the vectors were made with this one (their source says so)."""


def read_unit(line: Mapping[str, Any]) -> Decoded:
    """A DELIVER or STATUS-REPORT in hexadecimal."""
    try:
        unit = read(str(line.get("input")))
    except BadPdu as wrong:
        return {"ok": False, "error": str(wrong)}
    if not isinstance(unit, Deliver):
        return {
            "ok": True,
            "type": "status-report",
            "number": unit.number,
            "ref": unit.reference,
            "status": unit.status,
        }
    part = unit.part
    return {
        "ok": True,
        "type": "deliver",
        "smsc": unit.smsc,
        "sender": unit.sender,
        "text": unit.text,
        "sent_at": unit.sent_at.isoformat() if unit.sent_at else None,
        "partial": {"reference": part.reference, "parts_count": part.count, "part_number": part.number}
        if part
        else None,
    }


def make_units(line: Mapping[str, Any]) -> Decoded:
    """`{"to", "text"}` as the parts that a modem is given; `reference` and `validity_s` as said."""
    said = line.get("input")
    if not isinstance(said, dict) or not isinstance(said.get("text"), str):
        return {"ok": False, "error": "the input has no text"}
    reference, validity_s = (said.get(key) for key in ("reference", "validity_s"))
    try:
        parts = submit(
            str(said.get("to")),
            said["text"],
            reference=reference if isinstance(reference, int) else _REFERENCE,
            validity_s=validity_s if isinstance(validity_s, int) else None,
            report=said.get("report") is not False,
        )
    except BadPdu as wrong:
        return {"ok": False, "error": str(wrong)}
    if not parts:
        return {"ok": False, "error": "the input has no text"}
    return {
        "ok": True,
        "parts": len(parts),
        "cmgs_length": parts[0].length,
        "pdu": parts[0].pdu,
        "cmgs_lengths": [each.length for each in parts],
        "pdus": [each.pdu for each in parts],
    }


def read_modem_line(line: Mapping[str, Any]) -> Decoded:
    """One line of a modem. `ok` says that it was understood, a refusal too."""
    given = line.get("input")
    if not isinstance(given, str):
        return {"ok": False, "error": "the input is not a text"}
    found = read_line(given)
    return {"ok": bool(found.values) or found.final, "line": found.text, **found.values}
