"""The service list: what carers do in a home, each with the national platform's type and whether it is a basic item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item. `type` is 01 to 06; `name` is empty until the city has filled it in."""

    code: str
    type: str
    basic: bool
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceList:
    """All items, and what the six types are called, in Chinese."""

    types: Mapping[str, str]
    items: Sequence[Item]
    counts: bool = True
    """False where it only stands in for the centre's own: which items are basic ones is not known then."""

    def name(self, code: str) -> str:
        """What people read: the item's name, else its type and code."""
        found = next((each for each in self.items if each.code == code), None)
        if found is None:
            return code
        return found.name or f"{self.types[found.type]} {code}"

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(each.code for each in self.items)

    @property
    def basic(self) -> frozenset[str] | None:
        """The codes of the basic items; None where nobody knows."""
        if not self.counts:
            return None
        return frozenset(each.code for each in self.items if each.basic)
