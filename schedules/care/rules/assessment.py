"""
How able somebody is: the levels of a standard, and how a score becomes one.

Which standards there are is data (config/care/assessments.toml, with their sources). Of GB/T 42195-2022 the bands of
the score and the rules of adjusting are known and computed here; any other standard is kept as it was named, with the
level that its paper says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.errors import Invalid
from dispatch.rules.people import Person


class Reason(StrEnum):
    """Why somebody was assessed: 首次, 常规, 即时, 复评, 其他 (CARE-RULES 1.2, S70b)."""

    FIRST = "first"
    REGULAR = "regular"
    AT_ONCE = "at_once"
    REVIEW = "review"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The level that a score of at least `least` gives."""

    level: str
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """
    One standard of assessment. `levels` from able to unable; `bands` from the highest score down, none where the level
    is taken from the paper.

    `at_once` are findings that decide by themselves, `raising` those that make the level graver by one: once in all
    where `raise_once`, else once for each.
    """

    id: str
    title: str
    levels: Sequence[str]
    score_max: int = 0
    bands: Sequence[Band] = ()
    at_once: Mapping[str, str]
    raising: Collection[str] = ()
    raise_once: bool = True
    valid_months: int = 12

    @property
    def adjustments(self) -> list[str]:
        return [*self.at_once, *self.raising]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One assessment on file. `valid_until` is its last day; `score` None where the paper has none."""

    id: str
    bed_id: str
    standard: str
    score: int | None
    initial_level: str
    adjustments: tuple[str, ...]
    final_level: str
    reason: Reason
    assessed_on: date
    valid_until: date
    org: str
    by: Person

    def __post_init__(self) -> None:
        assert self.assessed_on <= self.valid_until


def judge(standard: Standard, score: int | None, level: str | None, adjustments: Collection[str]) -> tuple[str, str]:
    """
    The initial and the final level: by score where the standard has bands, else as the paper says.

    Raises:
        Invalid: no score where one is needed, one that the standard does not have, a level or finding it does not know.
    """
    unknown = sorted(set(adjustments) - set(standard.adjustments))
    if unknown:
        raise _wrong("adjustments", "This standard does not know this finding.")
    initial = _initial(standard, score, level)
    return initial, _adjusted(standard, initial, adjustments)


def _initial(standard: Standard, score: int | None, level: str | None) -> str:
    if not standard.bands:
        if level not in standard.levels:
            raise _wrong("level", "Please choose a level of this standard.")
        return str(level)
    if score is None or not 0 <= score <= standard.score_max:
        raise _wrong("score", f"This standard has scores from 0 to {standard.score_max}.")
    return next(each.level for each in standard.bands if score >= each.least)


def _adjusted(standard: Standard, initial: str, adjustments: Collection[str]) -> str:
    order = list(standard.levels)
    raised = sum(each in standard.raising for each in set(adjustments))
    grade = order.index(initial) + (min(1, raised) if standard.raise_once else raised)
    decided = [order.index(standard.at_once[each]) for each in adjustments if each in standard.at_once]
    return order[min(len(order) - 1, max([grade, *decided]))]


def months_later(day: date, months: int) -> date:
    """The day before the same day so many months on: what was assessed on 1 March for a year ends on 28 February."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - date.resolution).day
    # A 31st, or a leap day, whose month has none ends with that month's last day.
    end = date(year, month + 1, min(day.day, last))
    return end if day.day > last else end - date.resolution


def _wrong(field: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [why]}})
