"""Conditions made into functions once, and taken apart again to say which of their parts is missing."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from schedules.money.rules.facts import Meal, Person
from schedules.money.rules.policy import EVERYBODY, Condition
from schedules.money.rules.reasons import Part

Test = Callable[[Person, Meal], bool]

AREA_DIGITS = {"district": 6, "town": 9}
"""Digits of an area code that name it: 12 in all, the county 6 (GB/T 2260), the town 3 more, the community 3 more."""


def compiled(condition: Condition) -> Test:
    """A function that says whether a condition holds for a person and a meal."""
    tests = [_TESTS[part.key](part.wanted) for part in parts(condition)]
    if not tests:
        return lambda _person, _meal: True
    if len(tests) == 1:
        return tests[0]

    def all_hold(person: Person, meal: Meal) -> bool:
        for test in tests:  # noqa: SIM110 - `all` over a generator takes twice as long, a million times a month
            if not test(person, meal):
                return False
        return True

    return all_hold


def parts(condition: Condition) -> Iterator[Part]:
    """What a condition asks for, key by key, in a fixed order."""
    for each in fields(condition):
        wanted = getattr(condition, each.name)
        if wanted is not None:
            yield Part(each.name, wanted)


def missing(condition: Condition, person: Person, meal: Meal) -> tuple[Part, ...]:
    """The parts that do not hold; empty when the condition does."""
    return tuple(part for part in parts(condition) if not _TESTS[part.key](part.wanted)(person, meal))


def asks_age(condition: Condition) -> bool:
    """Whether it cannot be decided without an age."""
    return (
        condition.age_min is not None
        or condition.age_max is not None
        or any(asks_age(one) for one in condition.any or ())
    )


OF_MEALS = ("same", "meal_types", "delivery")
"""Keys that ask for something of a meal; where there is none, nothing fulfils them."""


def of_person(condition: Condition) -> Condition:
    """What a condition asks of the person alone: an account is credited on the first, when nobody knows the meals."""
    ways = tuple(of_person(way) for way in condition.any or ())
    # One alternative that asks for nothing but a meal is open to everybody.
    some = ways if ways and EVERYBODY not in ways else None
    return replace(condition, any=some, **dict.fromkeys(OF_MEALS))


# ------------------------------------------------------------------------------------------------ one test a key


def _age_min(least: int) -> Test:
    return lambda person, _: person.age is not None and person.age >= least


def _age_max(most: int) -> Test:
    return lambda person, _: person.age is not None and person.age <= most


def _cats_any(cats: tuple[str, ...]) -> Test:
    wanted = frozenset(cats)
    return lambda person, _: not wanted.isdisjoint(person.cats)


def _cats_all(cats: tuple[str, ...]) -> Test:
    wanted = frozenset(cats)
    return lambda person, _: wanted <= person.cats


def _cats_none(cats: tuple[str, ...]) -> Test:
    unwanted = frozenset(cats)
    return lambda person, _: unwanted.isdisjoint(person.cats)


def _levels(levels: tuple[str, ...]) -> Test:
    return lambda person, _: person.level in levels


def _hukou(prefix: str) -> Test:
    return lambda person, _: person.hukou.startswith(prefix)


def _residence(prefix: str) -> Test:
    return lambda person, _: person.residence.startswith(prefix)


def _income_max(most_fen: int) -> Test:
    return lambda person, _: person.income_fen is not None and person.income_fen <= most_fen


def _same(area: str) -> Test:
    digits = AREA_DIGITS[area]
    return lambda person, meal: len(meal.point) >= digits and person.hukou[:digits] == meal.point[:digits]


def _meal_types(types: tuple[str, ...]) -> Test:
    return lambda _, meal: meal.type in types


def _delivery(wanted: bool) -> Test:
    return lambda _, meal: meal.delivery is wanted


def _any(ways: tuple[Condition, ...]) -> Test:
    tests = [compiled(way) for way in ways]
    return lambda person, meal: any(test(person, meal) for test in tests)


_TESTS: dict[str, Callable[..., Test]] = {
    "age_min": _age_min,
    "age_max": _age_max,
    "cats_any": _cats_any,
    "cats_all": _cats_all,
    "cats_none": _cats_none,
    "levels": _levels,
    "hukou": _hukou,
    "residence": _residence,
    "income_max": _income_max,
    "same": _same,
    "meal_types": _meal_types,
    "delivery": _delivery,
    "any": _any,
}
