"""What a rule may look at: a person, a meal, and what was used before it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody on the day of the meal or service.

    `age` is full years. `cats` are category codes of the glossary with everything they imply; `schemes` are the
    other policies that pay for this person. `hukou` and `residence` are area codes of 2 to 12 digits. None and "" mean
    unknown, and an unknown fact never fulfils a condition.
    """

    age: int | None = None
    cats: frozenset[str] = frozenset()
    level: str | None = None
    hukou: str = ""
    residence: str = ""
    income_fen: int | None = None
    schemes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Meal:
    """One meal at a point. `price_fen` is the list price without delivery; `workday` is None where nobody knows."""

    type: str = ""
    price_fen: int = 0
    point: str = ""
    workday: bool | None = None
    delivery: bool = False
    delivery_fee_fen: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """
    How many meals already got money: of this type today, today, this week (Monday to Sunday).

    `quota_fen` is what is left of the virtual account; None where nobody said.
    """

    same_type_today: int = 0
    today: int = 0
    week: int = 0
    quota_fen: int | None = None


NOBODY, NO_MEAL, UNUSED = Person(), Meal(), Used()
