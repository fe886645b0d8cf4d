"""Why a visit went where it went, as it is kept with the plan."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Another worker who could have come, and what the whole plan would have cost more (less, if negative)."""

    worker: str
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """
    For one visit: what it costs the plan, the next best workers, and how many were no choice and why.

    The others keep their visits while each is tried, and their times move as they must; so it answers "why not she
    instead", not "what if everything were planned anew".
    """

    job: str
    cost: int
    """What the plan would save without this visit, not counting that it is left out: way, lateness, strangers."""
    others: tuple[Choice, ...] = ()
    barred: Mapping[str, int]
    """By `no_skill`, `not_wanted`, `off_shift`, `no_room`: how many workers."""
