"""
What a modem says, line by line: final results, answers, and what it says unasked (3GPP TS 27.005 and 27.007).

Modems differ in blanks after the colon and in lines of their own (`^BOOT`, `+QIND`), which come at any moment.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = str | int | None

REGISTERED = frozenset({"home", "roaming"})
"""The registrations with which a text can leave."""

_STATES = {
    0: "off", 1: "home", 2: "searching", 3: "denied", 4: "unknown", 5: "roaming", 6: "home", 7: "roaming",
}  # fmt: skip
"""TS 27.007, 7.2; 6 and 7 are registered for SMS only."""

_ERRORS = {"+CMS ERROR": "cms", "+CME ERROR": "cme"}
_REFUSALS = frozenset({"ERROR", "COMMAND NOT SUPPORT", "NO CARRIER", "NO DIALTONE", "NO ANSWER", "BUSY"})
_ITEM = re.compile(r'\s*(?:"([^"]*)"|([^,]*))\s*(?:,|$)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    One line understood. `name` is what stands before the colon, without the plus; `items` what stands behind it.

    `final` ends a command, and `ok` says how. `values` are the items by name, for the lines known here: `urc` names a
    line that comes unasked, `reg` a registration, `rssi` and `dbm` the signal, `error` and `code` a refusal.
    """

    text: str
    name: str = ""
    items: tuple[str, ...] = ()
    final: bool = False
    ok: bool = True
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


def read_line(text: str) -> Line:
    """A line without its ending. Never raises: what is not known is a line with its text alone."""
    plain = text.strip()
    if plain == "OK":
        return Line(text=plain, final=True)
    if plain.upper() in _REFUSALS:
        return Line(text=plain, final=True, ok=False, values={"error": "at", "code": None})
    head, colon, rest = plain.partition(":")
    if head in _ERRORS:
        return _refused(plain, head, rest.strip())
    if plain == "RING":
        return Line(text=plain, name="RING", values={"urc": "RING"})
    if not colon or not plain.startswith(("+", "^", "*", "#")):
        return Line(text=plain)
    items, name = items_of(rest), head[1:]
    read = _KNOWN.get(name)
    return Line(text=plain, name=name, items=items, values=MappingProxyType(read(items) if read else {}))


def items_of(text: str) -> tuple[str, ...]:
    """What stands behind a colon, at its commas; a comma between quotation marks is none."""
    return tuple(quoted or plain.strip() for quoted, plain in _ITEM.findall(text.strip()))[: _count(text)]


def _count(text: str) -> int:
    return len(re.sub(r'"[^"]*"', "", text).split(","))


def _refused(text: str, head: str, reason: str) -> Line:
    """With a number, or in words where the modem was told to use them (`AT+CMEE=2`)."""
    values: dict[str, Value] = {"error": _ERRORS[head], "code": _number(reason)}
    return Line(text=text, name=head[1:], final=True, ok=False, values=MappingProxyType(values))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _at(items: tuple[str, ...], place: int) -> str:
    return items[place] if place < len(items) else ""


def _registration(items: tuple[str, ...]) -> dict[str, Value]:
    """
    `mode,state[,"lac","ci"[,act]]` as an answer, `state[,"lac","ci"[,act]]` unasked: a second number is the state.
    """
    second = _number(_at(items, 1))
    behind = items[1:] if second is None or len(_at(items, 1)) > 2 else items[2:]
    state = _number(_at(items, 0)) if behind == items[1:] else second
    found: dict[str, Value] = {"reg": _STATES.get(state if state is not None else -1, "unknown")}
    if len(behind) >= 2:
        found |= {"lac": behind[0], "ci": behind[1]}
    act = _number(_at(behind, 2))
    return found | ({"act": act} if act is not None else {})


def _signal(items: tuple[str, ...]) -> dict[str, Value]:
    """0 to 31 in steps of two dB from -113 dBm; 99 is not known (TS 27.007, 8.5)."""
    rssi = _number(_at(items, 0))
    if rssi is None or rssi > 31:
        return {"rssi": None}
    return {"rssi": rssi, "dbm": 2 * rssi - 113}


def _stored(urc: str) -> Callable[[tuple[str, ...]], dict[str, Value]]:
    return lambda items: {"urc": urc, "mem": _at(items, 0), "index": _number(_at(items, 1))}


def _calling(items: tuple[str, ...]) -> dict[str, Value]:
    return {"urc": "CLIP", "number": _at(items, 0) or None}


def _room(items: tuple[str, ...]) -> dict[str, Value]:
    """How full the memory is that messages are read from; a full one loses the next in silence."""
    numbers = [number for item in items if (number := _number(item)) is not None]
    return {"used": numbers[0], "total": numbers[1]} if len(numbers) > 1 else {}


_KNOWN: Mapping[str, Callable[[tuple[str, ...]], dict[str, Value]]] = MappingProxyType(
    {
        "CDSI": _stored("CDSI"),
        "CEREG": _registration,
        "CGREG": _registration,
        "CLIP": _calling,
        "CMGS": lambda items: {"ref": _number(_at(items, 0))},
        "CMTI": _stored("CMTI"),
        "CPIN": lambda items: {"pin": _at(items, 0)},
        "CPMS": _room,
        "CREG": _registration,
        "CSQ": _signal,
    }
)
