"""Which backups are kept: the newest of each day, week and month, for so many of each that have one. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

Period = Callable[[datetime], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How many days, weeks and months keep their newest backup. Days begin at midnight UTC, weeks on Monday (ISO)."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 12


def kept(made: Collection[datetime], rule: Rule) -> set[datetime]:
    """Of the times at which backups were made (aware UTC), those whose backups stay. The newest always does."""
    periods: tuple[tuple[int, Period], ...] = (
        (rule.daily, lambda at: (at.year, at.month, at.day)),
        (rule.weekly, lambda at: at.isocalendar()[:2]),
        (rule.monthly, lambda at: (at.year, at.month)),
    )
    newest_first = sorted(made, reverse=True)
    stay = set(newest_first[:1])
    for most, period in periods:
        newest: dict[tuple[int, ...], datetime] = {}
        for at in newest_first:
            newest.setdefault(period(at), at)
        stay |= set(list(newest.values())[:most])
    return stay
