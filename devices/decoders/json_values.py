"""
Values out of foreign JSON: whatever stands there, what comes out has the type that was asked for, or is absent.

Whoever writes JSON at a gateway may write anything: a number as text, `NaN`, ten thousand brackets, half a character.
None of it may lose the press beside it, so a value that makes no sense is absent and the rest counts.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from json.scanner import make_scanner
from typing import Any

from dispatch.rules.place import Position

Json = Mapping[str, Any]

NAME_CHARACTERS_MAX = 160
"""The longest address that a district file may register; a longer name is cut, so that it can still be listed."""

FIELDS_MAX = 64
"""Values of one object that are shown to people; no device in the vectors sends half as many."""

_WHOLE_DIGITS_MAX = 18
"""Eighteen digits fit into 64 bits everywhere behind us; no counter, id or time of the protocols is longer."""

_BEYOND = 10**_WHOLE_DIGITS_MAX
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def loaded(text: str) -> Any:
    """The JSON value of this text; None when it is none, or one nested beyond reason."""
    try:
        if text.startswith("{"):  # as almost all do, and then end with the object
            said, end = _SCAN(text, 0)
            return said if end == len(text) or not text[end:].strip(_WHITE) else None
        return _JSON.decode(text)
    except (ValueError, StopIteration, RecursionError):
        return None


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _WHOLE_DIGITS_MAX else None


def _broken(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _absent(word: str) -> None:
    """NaN and Infinity are not JSON, but some senders print them."""


# A control character in a text hurts nobody: every text is made printable before it is used.
_JSON = json.JSONDecoder(parse_int=_whole, parse_float=_broken, parse_constant=_absent, strict=False)
_SCAN: Callable[[str, int], tuple[Any, int]] = make_scanner(_JSON)  # type: ignore[arg-type]  # the stub wants itself
_WHITE = " \t\n\r"


def table(value: object) -> Json:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def number(value: object) -> int | float | None:
    """The number, also one written as text (`"57"`); None for anything else, a truth value included."""
    if value is None or type(value) is int:
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return _whole(value.strip()) if value.strip().lstrip("+-").isdigit() else float(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def integer(value: object) -> int | None:
    """The whole number of at most 64 bits, also one written as text; None for anything else."""
    found = number(value)
    return int(found) if found is not None and abs(found) < _BEYOND and found == int(found) else None


def said_true(value: object) -> bool:
    """Whether this says yes: true, 1, or the words that bridges make of them."""
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in {"true", "on", "1"})


def said_false(value: object) -> bool:
    """Whether this says no, in the same words; what is absent says nothing."""
    return value is False or value == 0 or (isinstance(value, str) and value.strip().lower() in {"false", "off", "0"})


def name(value: object) -> str:
    """
    A text or a whole number as the name of a device or a word of a table: printable, trimmed, at most
    `NAME_CHARACTERS_MAX` characters; empty for anything else.
    """
    if isinstance(value, str):
        if len(value) <= NAME_CHARACTERS_MAX and value.isprintable():
            return value.strip()
        text = value[: 2 * NAME_CHARACTERS_MAX]
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        return ""
    return printable(text).strip()[:NAME_CHARACTERS_MAX]


def printable(text: str) -> str:
    """The text with U+FFFD for every character that no database and no line of a log takes."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)


def scalars(said: Json) -> dict[str, Any]:
    """The single values of an object, for people: no lists, no objects, texts made printable and cut."""
    kept: dict[str, Any] = {}
    for key, value in islice(said.items(), FIELDS_MAX):
        if isinstance(value, str):
            kept[name(key)] = name(value)
        elif not isinstance(value, (dict, list)):
            kept[name(key)] = value
    return kept


def moment(value: object) -> datetime | None:
    """
    When: ISO 8601 with its zone, or seconds or milliseconds since 1970, also as text. None when it is none of these or
    not within this century: a clock that has lost its battery tells nothing.
    """
    if value is None:
        return None
    count = number(value)
    if count is not None:
        return _believable(_since_1970(float(count)))
    return _believable(_iso(value[:40])) if isinstance(value, str) else None


def _since_1970(count: float) -> datetime | None:
    seconds = count / 1000 if abs(count) > _LATEST.timestamp() else count
    return datetime.fromtimestamp(seconds, UTC) if abs(seconds) < _LATEST.timestamp() else None


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _believable(at: datetime | None) -> datetime | None:
    return at if at is not None and _EARLIEST <= at < _LATEST else None


def place(lat: object, lng: object) -> Position | None:
    """
    A position in degrees; None when a part is absent or impossible.

    Zero and zero is what trackers say without a fix; nobody we serve lives in the Gulf of Guinea.
    """
    north, east = number(lat), number(lng)
    if north is None or east is None or not (abs(north) <= 90 and abs(east) <= 180) or (north == 0 == east):
        return None
    return Position(float(north), float(east))
