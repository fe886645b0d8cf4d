"""One policy file while it is read: every key has a reader, and every mistake is kept with its place and its cure."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, TypeAlias

from schedules.money.rules import amounts

Gettext: TypeAlias = Callable[..., str]
"""Takes a sentence and what is filled into its `%(name)s`, and gives it in a language."""


NAME_MAX = 80
"""Signs of an id at most: the ledger's column has no more."""


class Said(str):
    """A sentence with something filled in, in English as it stands; it can be told in another language."""

    sentence: str
    values: Mapping[str, object]

    def __new__(cls, sentence: str, **values: object) -> "Said":
        made = super().__new__(cls, sentence % values if values else sentence)
        made.sentence, made.values = sentence, values
        return made

    def told(self, gettext: Gettext) -> str:
        return gettext(self.sentence, **{name: told(value, gettext) for name, value in self.values.items()})


def told(value: object, gettext: Gettext) -> object:
    """What is filled into a sentence: itself a sentence now and then."""
    return value.told(gettext) if isinstance(value, Said) else value


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file: in which table, at which key, and what cures it."""

    file: str
    table: str
    key: str
    what: str
    cure: str

    def told(self, gettext: Gettext) -> str:
        """The whole of it in a language."""
        what, cure = (
            each.told(gettext) if isinstance(each, Said) else gettext(each) for each in (self.what, self.cure)
        )
        return str(replace(self, what=what, cure=cure))

    def __str__(self) -> str:
        place = ".".join(part for part in (self.table, self.key) if part)
        return f"{self.file}: {place}: {self.what}; {self.cure}" if place else f"{self.file}: {self.what}; {self.cure}"


class Faults(tuple[Fault, ...]):
    """Several, as one sentence."""

    __slots__ = ()

    def told(self, gettext: Gettext) -> str:
        return "; ".join(each.told(gettext) for each in self)

    def __str__(self) -> str:
        return "; ".join(map(str, self))


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
            self.fault(
                place,
                "",
                Said("a table is expected, not %(kind)s", kind=_kind(raw)),
                Said("write [%(place)s] with its keys below", place=place),
            )
            return {}
        for key in needed:
            if key not in raw:
                self.fault(place, key, "missing", Said('add %(key)s = "…"', key=key))
        return {key: value for key, value in ((key, self._read(place, key, raw[key], keys)) for key in raw) if value is not None}  # noqa: E501  # fmt: skip

    def _read(self, place: str, key: str, value: object, keys: Mapping[str, "Reader"]) -> Any:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            known = ", ".join(sorted(keys))
            cure = Said("did you mean %(near)s?", near=near[0]) if near else Said("known are %(known)s", known=known)
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
    if isinstance(value, str) and not value.strip():
        raise Wrong("it is empty", "write something between the quotes")
    if not isinstance(value, str):
        raise Wrong(Said("a text is expected, not %(kind)s", kind=_kind(value)), "write it in quotes, and not empty")
    return value


def name(sheet: Sheet, place: str, value: object) -> str:
    """An id, which the ledger keeps and which stands in names of files."""
    said = text(sheet, place, value)
    if len(said) > NAME_MAX or any(sign in "/\\" or not sign.isprintable() or sign.isspace() for sign in said):
        raise Wrong(
            Said("%(name)s is no id", name=repr(said[:NAME_MAX])),
            Said("write at most %(most)s signs, without blanks and slashes", most=NAME_MAX),
        )
    return said


def day(_sheet: Sheet, _place: str, value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Wrong(
            Said("a day is expected, not %(kind)s", kind=_kind(value)),
            "write it like 2026-01-01, without quotes and time",
        )
    return value


def amount(_sheet: Sheet, _place: str, value: object) -> int:
    try:
        return amounts.fen(_quoted(value, '"3.00"'))
    except ValueError:
        raise Wrong(
            Said("%(value)s is no amount", value=repr(value)), 'write yuan with two decimals, like "3.00"'
        ) from None


def share(_sheet: Sheet, _place: str, value: object) -> Fraction:
    try:
        found = amounts.share(_quoted(value, '"0.25" or "1/4"'))
    except ValueError:
        raise Wrong(Said("%(value)s is no ratio", value=repr(value)), 'write it like "0.25" or "1/4"') from None
    if found > 1:
        raise Wrong(Said("%(value)s is more than the whole", value=repr(value)), "a ratio lies between 0 and 1")
    return found


def number(_sheet: Sheet, _place: str, value: object) -> Fraction:
    """A whole number, or one with decimals in quotes."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Fraction(value)
    try:
        return amounts.share(_quoted(value, '"30.0"'))
    except ValueError:
        raise Wrong(
            Said("%(value)s is no number", value=repr(value)), 'write a whole number, or decimals in quotes like "30.0"'
        ) from None


def flag(_sheet: Sheet, _place: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong(
            Said("true or false is expected, not %(kind)s", kind=_kind(value)), "write true or false without quotes"
        )
    return value


def whole(least: int, most: int = 10**9) -> Reader:
    def read(_sheet: Sheet, _place: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Wrong(
                Said("a whole number is expected, not %(kind)s", kind=_kind(value)),
                Said("write it without quotes, from %(least)s on", least=least),
            )
        if not least <= value <= most:
            raise Wrong(
                Said("%(value)s is out of range", value=value),
                Said("a whole number from %(least)s to %(most)s", least=least, most=most),
            )
        return value

    return read


def one_of(*choices: str) -> Reader:
    def read(_sheet: Sheet, _place: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Wrong(
                Said("%(value)s is not known here", value=repr(value)),
                Said("one of %(choices)s", choices=", ".join(choices)),
            )
        return value

    return read


def words(_sheet: Sheet, _place: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise Wrong(
            Said("a list of texts is expected, not %(kind)s", kind=_kind(value)), 'write it like ["lunch", "dinner"]'
        )
    if not value:
        raise Wrong("an empty list, which nobody fulfils", "name at least one, or leave the key out")
    if len(set(value)) < len(value):
        raise Wrong("the same word twice", "name each once")
    return tuple(value)


def area(_sheet: Sheet, _place: str, value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or not 2 <= len(value) <= 12:
        raise Wrong(
            Said("%(value)s is no area code", value=repr(value)),
            'write the first 2 to 12 digits in quotes, like "4401"',
        )
    return value


def _quoted(value: object, example: str) -> str:
    if not isinstance(value, str):
        raise Wrong(
            Said("%(value)s is %(kind)s", value=value, kind=_kind(value)),
            Said("amounts and ratios are texts: write %(example)s in quotes", example=example),
        )
    return value


_KINDS: Mapping[type, Said] = {
    bool: Said("true or false"), int: Said("a whole number"), Decimal: Said("a number with decimals"),
    str: Said("a text"), list: Said("a list"), dict: Said("a table"),
}  # fmt: skip
_OTHER = Said("a day or time")


def _kind(value: object) -> Said:
    return _KINDS.get(type(value), _OTHER)


def no_toml(error: Exception) -> tuple[Said, str]:
    """What the parser of TOML says, and its cure: the place in our words, the rest in the parser's."""
    at = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if at is None:
        return Said("this is no TOML: %(error)s", error=error), "mend the end of the file"
    where = Said(
        "this is no TOML at line %(line)s, column %(column)s: %(error)s", error=at[1], line=at[2], column=at[3]
    )
    return where, "mend the line it names"
