"""Why an answer is what it is: codes with their facts. The words are in `schedules/money/wording.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Fact: TypeAlias = "int | str | tuple[Part, ...] | tuple[str, ...]"


class Outcome(StrEnum):
    """The one word for an answer, as other programs read it."""

    OK = "ok"
    NOT_ELIGIBLE = "not_eligible"
    MEAL_TYPE = "meal_type"
    NOT_WORKDAY = "not_workday"
    LIMIT_MEAL_TYPE = "limit_meal_type"
    LIMIT_DAY = "limit_day"
    LIMIT_WEEK = "limit_week"
    BELOW_MIN_PRICE = "below_min_price"
    NO_TIER = "no_tier"
    PRICE_NOT_ABOVE_SUBSIDY = "price_not_above_subsidy"
    ALREADY_PAID = "already_paid"
    PAYER = "payer"
    NOT_IN_FORCE = "not_in_force"
    DUTY_FAILED = "duty_failed"
    NOTHING_SHOWN = "nothing_shown"


@dataclass(frozen=True, slots=True)
class Part:
    """A key of a condition with what it asks for."""

    key: str
    wanted: object


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence to be: its code in the table of words, and what is filled in. Facts that end in `_fen` are money."""

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
