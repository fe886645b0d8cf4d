"""
Working coverage out: the question, and what was found.

Two weeks of 20,000 homes are seconds of pure arithmetic; in the engine's interpreter every press would share them. So a
process of its own does it (`schedules.apart`), which only reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.rules.travel import TravelTime
from dispatch.store.database import reading_engine
from schedules.coverage.picture import Terms, picture
from schedules.coverage.rules.reach import Gap
from schedules.duty.store import Shifts
from schedules.roads.surveying import Roads, Surveyed


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    From when on, for how long, on which database, on which terms; `roads` measure the ways on which something hangs,
    where there is a router.
    """

    url: str
    now: datetime
    ahead: timedelta
    terms: Terms
    travel: TravelTime
    roads: Roads | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All gaps of [at, until), and what they were worked out from."""

    at: datetime
    until: datetime
    shifts_version: int
    homes: int
    unplaced: int
    silent: dict[str, str]
    baseless: list[str]
    gaps: list[Gap]


def work_out(question: Question) -> Found:
    """Reads everything and finds the gaps, in this process."""
    reading, until = reading_engine(question.url), question.now + question.ahead
    try:
        with reading.connect() as connection:
            # Read first: a change in between is looked at again, because the version is an older one.
            version = Shifts(connection).version()
            seen = picture(connection, question.now, until, now=question.now, terms=question.terms)
    finally:
        reading.dispose()
    return Found(
        at=question.now, until=until, shifts_version=version, homes=len(seen.dwellings), unplaced=len(seen.unplaced),
        silent=seen.silent, baseless=list(seen.baseless),
        gaps=by_roads(lambda travel: seen.gaps(question.now, until, travel), question.travel, question.roads)[0],
    )  # fmt: skip


def by_roads(
    find: Callable[[TravelTime], list[Gap]], travel: TravelTime, roads: Roads | None
) -> tuple[list[Gap], Surveyed | None]:
    """The gaps by the roads where there is a router, with what was measured; by `travel` alone where there is none."""
    return (find(travel), None) if roads is None else roads.survey(find, travel)
