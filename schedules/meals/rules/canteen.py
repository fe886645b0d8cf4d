"""Canteens, the rules that are in force at them, and their tills."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from dispatch.ids import StationId


class Kind(StrEnum):
    """A kitchen cooks, a point hands out, a canteen does both."""

    KITCHEN = "kitchen"
    CANTEEN = "canteen"
    POINT = "point"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canteen:
    """
    Where meals are cooked or handed out. `area_code` has 12 digits: county 6 (GB/T 2260), town 3, community 3.

    `hours` as service points have them; `place` is the code of the service point on the map, if there is one.
    """

    id: str
    code: str
    name: str
    kind: Kind
    area_code: str
    station_id: StationId | None = None
    place: str = ""
    hours: str = ""
    version: int = 1
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The rule that a canteen goes by from a local day until another, both inclusive; without an end it goes on."""

    policy: str
    from_on: date
    until_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """A till. `key` is the caller (`key:…`) that alone speaks for it; empty: any key with the scope `till` does."""

    id: str
    code: str
    canteen_id: str
    key: str = ""
    ended_at: datetime | None = None


def terms_on(terms: Iterable[Term], day: date) -> list[Term]:
    """Those in force on a day: one, unless somebody made a mistake."""
    return [each for each in terms if each.covers(day)]


def overlapping(terms: Iterable[Term]) -> tuple[Term, Term] | None:
    """Two that are in force on the same day."""
    ordered = sorted(terms, key=lambda each: each.from_on)
    for one, other in pairwise(ordered):
        if one.until_on is None or other.from_on <= one.until_on:
            return one, other
    return None
