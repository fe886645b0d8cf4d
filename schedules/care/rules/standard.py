"""
The monthly duty of a home-care bed as data, and which parts of it a month failed.

The keys are those of the `standard` table of a policy file; what they mean and where the published numbers come from
(Fujian, Nanjing) stands in each such file.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

Number: TypeAlias = int | Decimal | Fraction

DUTIES: Mapping[str, tuple[str, Callable[[Mapping[str, Number]], Number]]] = {
    "visits_per_day_min": ("daily_visit", lambda facts: Fraction(facts["days_with_visit"]) / Fraction(facts["days"])),
    "minutes_per_day_min": ("daily_minutes", lambda facts: facts["min_daily_minutes"]),
    "hours_per_month_min": ("hours", lambda facts: facts["hours"]),
    "medical_visits_per_month_min": ("medical_visits", lambda facts: facts["medical_visits"]),
    "basic_items_min": ("basic_items", lambda facts: facts["basic_items"]),
    "contract_months_min": ("contract_months", lambda facts: facts["contract_months"]),
    "satisfaction_min": ("satisfaction", lambda facts: facts["satisfaction"]),
    "remote_rounds_per_day_min": ("remote_rounds", lambda facts: facts["min_daily_remote_rounds"]),
}
"""By key of the standard: the name of the duty, and what of a month's facts is measured against it."""


def fails(standard: Mapping[str, Number], facts: Mapping[str, Number]) -> list[str]:
    """
    The duties that a month's facts do not reach, sorted by name; empty when all are.

    A duty that the standard does not name is not asked for. A fact that is missing counts as not reached: what nobody
    wrote down was not shown.
    """
    return sorted(name for key, (name, _) in DUTIES.items() if key in standard and not _reached(key, standard, facts))


def _reached(key: str, standard: Mapping[str, Number], facts: Mapping[str, Number]) -> bool:
    try:
        reached = DUTIES[key][1](facts)
    except (KeyError, ZeroDivisionError):
        return False
    return Fraction(reached) >= Fraction(standard[key])
