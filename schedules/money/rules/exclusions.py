"""Schemes that may not be drawn together, and categories that imply others: both are data, and no rule knows them."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schedules.money.rules import sheet as read
from schedules.money.rules.facts import Person
from schedules.money.rules.policy import Policy
from schedules.money.rules.sheet import Fault, Sheet
from schedules.money.rules.tables import one, several


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Who has any of `not_with` (categories, ids of schemes) has nothing from `scheme`: an id, or "any_<kind>"."""

    scheme: str
    not_with: tuple[str, ...]

    def is_about(self, scheme: str, kind: str) -> bool:
        return self.scheme in (scheme, f"any_{kind}")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two things that one person has and may not have together."""

    scheme: str
    other: str


def excluded_by(exclusions: Iterable[Exclusion], policy: Policy, person: Person) -> str | None:
    """
    What this person has that excludes the policy; None when nothing does.

    Between two schemes it holds both ways: who already draws A and asks for B gets nothing from B, whichever of the two
    files names the other, or both would be paid when they are asked for in the other order.
    """
    has = person.cats | person.schemes
    for each in exclusions:
        if each.is_about(policy.id, policy.kind):
            found = sorted(has.intersection(each.not_with) - {policy.id})
            if found:
                return found[0]
        elif policy.id in each.not_with and each.scheme in person.schemes:
            return each.scheme
    return None


def conflicts(exclusions: Iterable[Exclusion], schemes: Mapping[str, str], cats: Iterable[str]) -> list[Conflict]:
    """Every pair that one person draws and must not; `schemes` maps the id of each scheme drawn to its kind."""
    has = set(cats) | set(schemes)
    found = {
        (scheme, other)
        for each in exclusions
        for scheme, kind in schemes.items()
        if each.is_about(scheme, kind)
        for other in has.intersection(each.not_with) - {scheme}
    }
    return [Conflict(scheme, other) for scheme, other in sorted(found)]


class Implications:
    """What a category means besides itself: `tekun_scattered` is also `tekun`."""

    def __init__(self, implied: Mapping[str, Sequence[str]]) -> None:
        self.whole: Mapping[str, frozenset[str]] = {cat: frozenset(_closure(cat, implied)) for cat in implied}
        self._seen: dict[tuple[str, ...], frozenset[str]] = {}

    def of(self, cats: Sequence[str]) -> frozenset[str]:
        """These categories with everything they imply."""
        key = tuple(cats)
        if key not in self._seen:
            if len(self._seen) > 4096:
                self._seen.clear()
            self._seen[key] = frozenset().union(cats, *(self.whole.get(cat, ()) for cat in cats))
        return self._seen[key]


def _closure(cat: str, implied: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [cat]
    while waiting:
        for more in implied.get(waiting.pop(), ()):
            if more not in found:
                found.add(more)
                waiting.append(more)
    return found


def read_exclusions(text: str, file: str) -> tuple[list[Exclusion], list[Fault]]:
    """The exclusions in a file of `[[exclude]]` tables, and what is wrong in it."""
    sheet = Sheet(file)
    keys = {"scheme": read.text, "not_with": read.words}
    found = _table(sheet, text, {"exclude": several(one(Exclusion, keys, "scheme", "not_with"))})
    for each in found.get("exclude", ()):
        if each.scheme in each.not_with:
            what = read.Said("%(scheme)s excludes itself", scheme=each.scheme)
            sheet.fault("exclude", "not_with", what, "name the other scheme")
    return list(found.get("exclude", ())), sheet.faults


def read_implications(text: str, file: str) -> tuple[dict[str, tuple[str, ...]], list[Fault]]:
    """What each category implies, out of the table `[implies]`, and what is wrong in it."""
    sheet = Sheet(file)

    def implies(sheet: Sheet, _place: str, raw: Any) -> dict[str, Any]:
        return sheet.table("implies", raw, dict.fromkeys(raw if isinstance(raw, dict) else (), read.words))

    return _table(sheet, text, {"implies": implies}).get("implies", {}), sheet.faults


def _table(sheet: Sheet, text: str, keys: Mapping[str, read.Reader]) -> dict[str, Any]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sheet.fault("", "", *read.no_toml(error))
        return {}
    return sheet.table("", raw, keys)
