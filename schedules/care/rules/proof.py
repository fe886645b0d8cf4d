"""
Whether a visit is proved: the six points (who, whom, what, where, when it began, when it ended), and what speaks
against them.

```
  Case (every fact) ──► find(case, limits) ──► findings, each with a code and its evidence; none: it counts
```

One rule stands above the others: what is not shown does not count, and waits for a human; nothing is dropped.
"""

from collections.abc import Sequence

from schedules.care.rules.checks import ALONE, BETWEEN
from schedules.care.rules.evidence import (
    BETWEEN_VISITS,
    Away,
    Case,
    Code,
    Entry,
    Finding,
    Limits,
    Place,
    Shown,
    Trip,
    place_of,
    shown,
)

__all__ = [
    "BETWEEN_VISITS", "Away", "Case", "Code", "Entry", "Finding", "Limits", "Place", "Shown", "Trip", "find",
    "is_sound", "place_of", "shown",
]  # fmt: skip

_ORDER = {code: place for place, code in enumerate(Code)}


def find(case: Case, limits: Limits) -> list[Finding]:
    """Everything that speaks against this visit, each code once, in the order of `Code`; none: it counts."""
    seen = shown(case.visit, case.points, case.home, limits)
    alone = [finding for check in ALONE for finding in check(case, seen, limits)]
    sound = is_sound(alone)
    others = [each for each in case.others if each.sound or not sound]
    between = [finding for check in BETWEEN for finding in check(case, seen, limits, others)]
    once = {each.code: each for each in reversed([*alone, *between])}
    return sorted(once.values(), key=lambda each: _ORDER[each.code])


def is_sound(found: Sequence[Finding]) -> bool:
    """
    Whether what was said holds together by itself. Of two visits that cannot both be true, one that does not speaks not
    against one that does: whoever adds a false visit must not take the true one away.
    """
    return all(each.code in BETWEEN_VISITS for each in found)
