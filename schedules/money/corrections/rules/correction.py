"""
A correction of rules, and what it prices otherwise.

    looking ─► found ─► wanted ─► approved ─► done          another person approves than wanted it
       │         └────────┴─► declined
       └─► nothing                    void: the rules were changed again before anybody approved
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from dispatch.errors import Conflict
from schedules.money.rules.outdated import Outdated
from schedules.money.rules.policy import Policy
from schedules.money.rules.shared import Shared


class State(StrEnum):
    """Where it stands."""

    LOOKING = "looking"
    FOUND = "found"
    WANTED = "wanted"
    APPROVED = "approved"
    DONE = "done"
    DECLINED = "declined"
    NOTHING = "nothing"
    VOID = "void"


OPEN = frozenset({State.LOOKING, State.FOUND, State.WANTED, State.APPROVED})
LEGAL: Mapping[str, frozenset[State]] = {
    "want": frozenset({State.FOUND}), "approve": frozenset({State.WANTED}),
    "decline": frozenset({State.FOUND, State.WANTED}),
}  # fmt: skip
"""From which state each deed of a person is legal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One meal or bill: `before_fen` of public money and `after_fen`; `paid_fen` of the diner and `pays_fen` (0 of bills).

    What has the same `together` is priced in one unit of work: it holds the same claim. `facts` are for whoever prices
    it. Where `differs` is False the money stays, and only what counts against its limits is written anew.
    """

    source: str
    together: str
    resident_id: str
    on: date
    before_fen: int
    after_fen: int
    paid_fen: int = 0
    pays_fen: int = 0
    differs: bool = True
    old_version: str | None = None
    new_version: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One correction. `mark` tells by which book of rules it was looked at."""

    id: str
    kind: str
    mark: str
    state: State
    outdated: tuple[Outdated, ...]
    cursor: str
    found_at: datetime
    wanted_by: str | None = None
    wanted_at: datetime | None = None
    note: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def first(self) -> date:
        """The first day that is priced otherwise."""
        return min(each.first for each in self.outdated)

    def refuse(self, deed: str, by: str) -> None:
        """
        Raises:
            Conflict: this is not legal from here, or whoever wanted it would approve it.
        """
        if self.state not in LEGAL[deed]:
            raise Conflict("Somebody decided otherwise meanwhile: look at it again.")
        if deed == "approve" and by == self.wanted_by:
            raise Conflict("Whoever wanted it does not approve it: ask another person.")


def book_mark(kind: str, policies: Iterable[Policy], shared: Shared, *beside: str) -> str:
    """The same as long as the same versions of all rules are in force, and what they share or ask `beside` is."""
    said = sorted(each.version for each in policies), shared.mark, *filter(None, beside)
    return hashlib.sha256(json.dumps([kind, *said]).encode()).hexdigest()
