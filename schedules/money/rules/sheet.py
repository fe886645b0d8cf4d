"""One policy file while it is read: every key has a reader, and every mistake is kept with its place and its cure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, TypeAlias

from schedules.money.rules import amounts


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file: in which table, at which key, and what cures it."""

    file: str
    table: str
    key: str
    what: str
    cure: str

    def __str__(self) -> str:
        place = ".".join(part for part in (self.table, self.key) if part)
        return f"{self.file}: {place}: {self.what}; {self.cure}" if place else f"{self.file}: {self.what}; {self.cure}"


class Wrong(Exception):
    """A value that a reader refuses, with its cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what, self.cure = what, cure


@dataclass(slots=True)
class Sheet:
    """Where the faults (the file is refused) and doubts (it is used, and somebody should look) of a file gather."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)

    def fault(self, table: str, key: str, what: str, cure: str) -> None:
        self.faults.append(Fault(self.file, table, key, what, cure))

    def doubt(self, table: str, key: str, what: str, cure: str) -> None:
        self.doubts.append(Fault(self.file, table, key, what, cure))

    def table(self, place: str, raw: object, keys: Mapping[str, "Reader"], needed: Collection[str] = ()) -> dict[str, Any]:  # noqa: E501  # fmt: skip
        """The keys of a table that could be read; what could not is a fault."""
        if not isinstance(raw, dict):
            self.fault(place, "", f"a table is expected, not {_kind(raw)}", f"write [{place}] with its keys below")
            return {}
        for key in needed:
            if key not in raw:
                self.fault(place, key, "missing", f'add {key} = "…"')
        return {key: value for key, value in ((key, self._read(place, key, raw[key], keys)) for key in raw) if value is not None}  # noqa: E501  # fmt: skip

    def _read(self, place: str, key: str, value: object, keys: Mapping[str, "Reader"]) -> Any:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            cure = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(keys))}"
            self.fault(place, key, "unknown key", cure)
            return None
        try:
            return keys[key](self, f"{place}.{key}", value)
        except Wrong as wrong:
            self.fault(place, key, wrong.what, wrong.cure)
            return None


Reader: TypeAlias = Callable[[Sheet, str, Any], Any]
"""Takes the sheet, the place and the raw value; gives the value or raises `Wrong`."""


# ------------------------------------------------------------------------------------------------ readers of one value


def text(_sheet: Sheet, _place: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"a text is expected, not {_kind(value)}", "write it in quotes, and not empty")
    return value


def day(_sheet: Sheet, _place: str, value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Wrong(f"a day is expected, not {_kind(value)}", "write it like 2026-01-01, without quotes and time")
    return value


def amount(_sheet: Sheet, _place: str, value: object) -> int:
    try:
        return amounts.fen(_quoted(value, '"3.00"'))
    except ValueError:
        raise Wrong(f"{value!r} is no amount", 'write yuan with two decimals, like "3.00"') from None


def share(_sheet: Sheet, _place: str, value: object) -> Fraction:
    try:
        found = amounts.share(_quoted(value, '"0.25" or "1/4"'))
    except ValueError:
        raise Wrong(f"{value!r} is no ratio", 'write it like "0.25" or "1/4"') from None
    if found > 1:
        raise Wrong(f"{value!r} is more than the whole", "a ratio lies between 0 and 1")
    return found


def number(_sheet: Sheet, _place: str, value: object) -> Fraction:
    """A whole number, or one with decimals in quotes."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Fraction(value)
    try:
        return amounts.share(_quoted(value, '"30.0"'))
    except ValueError:
        raise Wrong(f"{value!r} is no number", 'write a whole number, or decimals in quotes like "30.0"') from None


def flag(_sheet: Sheet, _place: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"true or false is expected, not {_kind(value)}", "write true or false without quotes")
    return value


def whole(least: int, most: int = 10**9) -> Reader:
    def read(_sheet: Sheet, _place: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Wrong(f"a whole number is expected, not {_kind(value)}", f"write it without quotes, from {least} on")
        if not least <= value <= most:
            raise Wrong(f"{value} is out of range", f"a whole number from {least} to {most}")
        return value

    return read


def one_of(*choices: str) -> Reader:
    def read(_sheet: Sheet, _place: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Wrong(f"{value!r} is not known here", f"one of {', '.join(choices)}")
        return value

    return read


def words(_sheet: Sheet, _place: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise Wrong(f"a list of texts is expected, not {_kind(value)}", 'write it like ["lunch", "dinner"]')
    if not value:
        raise Wrong("an empty list, which nobody fulfils", "name at least one, or leave the key out")
    if len(set(value)) < len(value):
        raise Wrong("the same word twice", "name each once")
    return tuple(value)


def area(_sheet: Sheet, _place: str, value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or not 2 <= len(value) <= 12:
        raise Wrong(f"{value!r} is no area code", 'write the first 2 to 12 digits in quotes, like "4401"')
    return value


def _quoted(value: object, example: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f"{value!s} is {_kind(value)}", f"amounts and ratios are texts: write {example} in quotes")
    return value


def _kind(value: object) -> str:
    kinds = {bool: "true or false", int: "a whole number", Decimal: "a number with decimals", str: "a text",
             list: "a list", dict: "a table"}  # fmt: skip
    return kinds.get(type(value), "a day or time")
