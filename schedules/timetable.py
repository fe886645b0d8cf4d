"""The periodic jobs as data. The rows are written in the wiring, where the agents that do the work are known."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """
    Work that is done again and again: a watch's round, a month's settling, a purge.

    `work` finds what is due by itself and does a limited amount of it; it may be called late, and once for several
    turns that were missed, and never runs twice at the same time. `name` is what the log calls it and is its only one.
    """

    name: str
    every_s: float
    work: Callable[[], object]

    def __post_init__(self) -> None:
        assert self.every_s > 0
