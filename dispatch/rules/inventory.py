"""
What is kept about people: every column of every table, and what becomes of it when one resident is erased.

    none     nothing about a person
    staff    about people who work here: kept while they do, never part of a resident's data
    erase    about the resident: `empty`, `null`, `list`, `dict`, `bytes` or `unique` stands there afterwards
    keep     about the resident, and kept lawfully: with the reason

`rows` says by which column a row is found to be about the resident, `gives` what a found row leads to. The words of
the sets (`home`, `phone`, `alarm` …) are free; a resident begins with `resident`, `person` and `phone`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

REASON_MIN = 12
"""A shorter reason is none; `as <column>` is that of another column."""


class Blank(StrEnum):
    """What stands in an erased column. `unique` is a word that nothing else has, for keys."""

    EMPTY = "empty"
    NULL = "null"
    LIST = "list"
    DICT = "dict"
    BYTES = "bytes"
    UNIQUE = "unique"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one table keeps about people."""

    table: str
    none: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    erase: Mapping[str, Blank] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[str, str | list[str]] = field(default_factory=dict)
    phones: frozenset[str] = frozenset()
    delete: bool = False
    last: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Every column that is classified."""
        return self.none | self.staff | frozenset(self.erase) | frozenset(self.keep)

    @property
    def is_personal(self) -> bool:
        """Whether any row of it may be about a resident."""
        return bool(self.rows or self.contains)


Inventory = Mapping[str, Holding]


def read_inventory(said: Mapping[str, Any]) -> Inventory:
    """
    The inventory in these tables of TOML.

    Raises:
        ValueError: a column is classified twice, a word is not known, or a reason is missing.
    """
    return {name: _holding(name, table) for name, table in said["tables"].items()}


def _holding(name: str, said: Mapping[str, Any]) -> Holding:
    unknown = set(said) - set(Holding.__dataclass_fields__)
    classes = [*said.get("none", ()), *said.get("staff", ()), *said.get("erase", {}), *said.get("keep", {})]
    twice = {each for each in classes if classes.count(each) > 1}
    keep = said.get("keep", {})
    same = {f"as {column}" for column in keep}
    reasonless = {column for column, reason in keep.items() if len(reason) < REASON_MIN and reason not in same}
    if unknown or twice or reasonless:
        raise ValueError(f"{name}: unknown {sorted(unknown)}, twice {sorted(twice)}, no reason {sorted(reasonless)}")
    return Holding(
        table=name, none=frozenset(said.get("none", ())), staff=frozenset(said.get("staff", ())),
        erase={column: Blank(word) for column, word in said.get("erase", {}).items()}, keep=said.get("keep", {}),
        rows=said.get("rows", {}), contains=said.get("contains", {}), gives=said.get("gives", {}),
        phones=frozenset(said.get("phones", ())), delete=said.get("delete", False), last=said.get("last", False),
    )  # fmt: skip
