"""
The life of a repair case, as pure functions.

    a fault counts ──► open, with owner and date ──► ended, by a test press and by nothing else
                          │       ▲
                          │       └── a further fault joins, and may bring the date forward
                          └──► checks on the resident, again and again, until it ends
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from devices.rules.plan import Plan

REPORTED = "reported"
"""The fault of a device somebody complained about; one complaint is enough (PROMISES, section 3, no. 9)."""

NOBODY = "operators"
"""Who owns what no station answers for: the people on watch."""


class Result(StrEnum):
    """What came of asking a resident how they are."""

    WELL = "well"
    NO_ANSWER = "no_answer"
    NEEDS_HELP = "needs_help"


def joined(before: Sequence[str], new: Iterable[str]) -> tuple[str, ...]:
    """The faults of a case after further ones, in the order in which they came."""
    return tuple(dict.fromkeys([*before, *new]))


def repair_by(faults: Iterable[str], opened_at: datetime, plan: Plan) -> datetime:
    """Until when this must be repaired: the shortest time of any of the faults."""
    return opened_at + min(plan.remedy(fault).repair for fault in faults)


def next_check(faults: Iterable[str], after: datetime, plan: Plan) -> datetime:
    """When the resident is to be asked next, counted from when the fault began to count or they were last asked."""
    return after + min(plan.remedy(fault).check for fault in faults)


def owner_of(station_id: str | None) -> str:
    """Who sees to it unless somebody else is named: the station of the home."""
    return f"station:{station_id}" if station_id else NOBODY
