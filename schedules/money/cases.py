"""
Reads a case: one question to the rules, as a mapping out of JSON.

    {"id", "policy", "ask", "date" | "at", "person": {…}, "meal": {…}, "used": {…}, "facts": {…}}

Money is text in yuan. `ask` is "meal" where it is left out. The day of the meal or service is `date`, or the local day
of the instant `at`; both may also stand in `meal` or `facts`. A person has an `age`, or `born_on` and the case a day.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

from schedules.calendar import Calendar
from schedules.money.rules.ages import full_years
from schedules.money.rules.amounts import loose_fen
from schedules.money.rules.beds import Built
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.facts import NO_MEAL, NOBODY, UNUSED, Meal, Person, Used
from schedules.money.rules.usage import Change, used_before

BORN = ("born_on", "birth_date", "birthday", "born", "birth", "birthdate", "date_of_birth")
"""Names of the birthday in a case; the first is ours."""
DAYS = ("date", "on", "day")
"""Names of the day of the meal or service; the first is ours."""
CASE = frozenset({"id", "policy", "ask", "person", "meal", "used", "facts", *DAYS, "at", "expect", "note"})
"""Keys of a case. Others are told as ignored: people keep their own notes in such lines."""
PERSON = frozenset({"age", *BORN, "cats", "level", "hukou", "residence", "income", "schemes", "id", "name", "sex"})
MEAL = frozenset({"type", "price", "point", "workday", "delivery", "delivery_fee", *DAYS, "at", "id", "canteen"})
USED = frozenset({"same_type_today", "today", "week", "quota", "meals"})
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)


class BadCase(Exception):
    """A case that cannot be answered: where, what is wrong, and the cure."""

    def __init__(self, place: str, what: str, cure: str) -> None:
        super().__init__(f"{place}: {what}; {cure}")


class Workdays(Protocol):
    """Who knows whether people work on a local day."""

    def __call__(self, day: date) -> bool: ...


class CaseReader:
    """Makes values of the parts of a case."""

    def __init__(
        self, *, implications: Implications, calendar: Calendar, is_workday: Workdays, leap_day: str = "mar_1"
    ) -> None:
        self._implications, self._calendar = implications, calendar
        self._is_workday, self._leap_day = is_workday, leap_day

    def day(self, case: Mapping[str, Any], default: date | None) -> date | None:
        """The local day of the meal or service; None when neither the case nor the caller says one."""
        for part in (case, case.get("meal"), case.get("facts")):
            if type(part) is not dict:
                continue
            for name in DAYS:
                if name in part:
                    return _day(part[name], name)
            if "at" in part:
                return self._local_day(part["at"])
        return default

    def person(self, raw: object, on: date | None) -> Person:
        """The person on that day."""
        if raw is None:
            return NOBODY
        known = _part(raw, "person", PERSON)
        income = known.get("income")
        return Person(
            self._age(known, on),
            self._implications.of(_words(known.get("cats", ()), "person.cats")),
            _text(known["level"], "person.level") if known.get("level") is not None else None,
            _area(known.get("hukou") or "", "person.hukou"),
            _area(known.get("residence") or "", "person.residence"),
            None if income is None else money(income, "person.income"),
            frozenset(_words(known.get("schemes", ()), "person.schemes")),
        )

    def meal(self, raw: object, on: date | None) -> Meal:
        """The meal; whether its day is a workday is asked of the calendar where the case does not say it."""
        if raw is None:
            return NO_MEAL
        known = _part(raw, "meal", MEAL)
        if "type" not in known or "price" not in known:
            raise BadCase("meal", "type or price is missing", 'write "type": "lunch", "price": "12.00"')
        workday = _flag(known["workday"], "meal.workday") if "workday" in known else None
        return Meal(
            _text(known["type"], "meal.type"),
            money(known["price"], "meal.price"),
            _area(known.get("point") or "", "meal.point"),
            self._is_workday(on) if workday is None and on is not None else workday,
            _flag(known.get("delivery", False), "meal.delivery"),
            money(known["delivery_fee"], "meal.delivery_fee") if "delivery_fee" in known else 0,
        )

    def used(self, raw: object, on: date | None, meal_type: str) -> Used:
        """What was used: as numbers, or as the meals themselves, `"meals": [{"date": …, "type": …}]`."""
        if raw is None:
            return UNUSED
        known = _part(raw, "used", USED)
        quota = money(known["quota"], "used.quota") if "quota" in known else None
        if "meals" in known:
            return self._counted(known["meals"], on, meal_type, quota)
        same = whole(known.get("same_type_today", 0), "used.same_type_today")
        today = max(same, whole(known.get("today", 0), "used.today"))
        return Used(same, today, max(today, whole(known.get("week", 0), "used.week")), quota)

    def _counted(self, raw: object, on: date | None, meal_type: str, quota_fen: int | None) -> Used:
        if on is None:
            raise BadCase("used.meals", "the day of this meal is missing", 'write "date": "2026-03-01"')
        meals = [
            (_day(each.get("date"), "used.meals.date"), _text(each.get("type"), "used.meals.type"))
            for each in items(raw, "used.meals")
            if _part(each, "used.meals", frozenset({"date", "type"})) is not None
        ]
        return used_before(meals, on, meal_type, quota_fen)

    def _age(self, known: Mapping[str, Any], on: date | None) -> int | None:
        if "age" in known:
            return whole(known["age"], "person.age", most=150)
        born = next((known[key] for key in BORN if key in known), None)
        if born is None:
            return None
        if on is None:
            raise BadCase("person.born_on", "the day of the meal or service is missing", 'write "date": "2026-03-01"')
        age = full_years(_day(born, "person.born_on"), on, self._leap_day)
        if age < 0:
            raise BadCase("person.born_on", f"{born} is after the day {on}", "mend one of the two")
        return age

    def _local_day(self, raw: object) -> date:
        try:
            at = datetime.fromisoformat(_text(raw, "at"))
        except ValueError:
            raise BadCase("at", f"{raw!r} is no time", 'write it like "2026-03-01T12:00:00+08:00"') from None
        return at.date() if at.tzinfo is None else self._calendar.day_of(at)


# ------------------------------------------------------------------------------------------------ single values


def built(facts: Mapping[str, Any]) -> Built:
    """What is known of a bed that was built."""
    return Built(
        cost_fen=money(facts["cost"], "facts.cost") if "cost" in facts else None,
        payer=_text(facts["payer"], "facts.payer") if "payer" in facts else None,
        prior_adaptation=_flag(facts.get("prior_adaptation", False), "facts.prior_adaptation"),
        already_paid=_flag(facts.get("already_paid", False), "facts.already_paid"),
    )


def money(value: object, place: str) -> int:
    """Fen of a text in yuan."""
    if type(value) is str:
        try:
            return loose_fen(value)
        except ValueError:
            pass
    raise BadCase(place, f"{_shown(value)} is no amount", 'write yuan as text, like "12.00"')


def whole(value: object, place: str, most: int = 10**9) -> int:
    """A whole number from 0 on."""
    if type(value) is not int or not 0 <= value <= most:
        raise BadCase(place, f"{_shown(value)} is no whole number from 0 to {most}", "write it without quotes")
    return value


def number(value: object, place: str) -> Fraction:
    """A number from 0 on, written as such or as text."""
    if type(value) is int or type(value) is Decimal or type(value) is str:
        try:
            found = Fraction(value)
        except ValueError:
            found = Fraction(-1)
        if found >= 0:
            return found
    raise BadCase(place, f"{_shown(value)} is no number from 0 on", 'write it like 30 or "29.5"')


def month(value: object, place: str) -> str:
    """A month like "2023-03"."""
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise BadCase(place, f"{_shown(value)} is no month", 'write it like "2023-03"')
    return value


def days(value: object, place: str) -> list[date]:
    """A list of days."""
    return [_day(each, place) for each in items(value, place)]


def spends(value: object, place: str) -> list[Change]:
    """What was spent from an account: a list of `{"date", "amount"}`."""
    known = frozenset({"date", "amount"})
    found = [_part(each, place, known) for each in items(value, place)]
    return [Change(_day(each.get("date"), f"{place}.date"), money(each.get("amount"), f"{place}.amount")) for each in found]  # noqa: E501  # fmt: skip


def items(value: object, place: str) -> Sequence[Any]:
    """A list."""
    if not isinstance(value, list):
        raise BadCase(place, f"{_shown(value)} is no list", "write it in square brackets")
    return value


def word(value: object, place: str) -> str:
    """A text."""
    return _text(value, place)


def anything(value: object, _place: str) -> object:
    """A value of any kind, which the rule's own words are compared with."""
    return value


def need(part: Mapping[str, Any], key: str, read: Callable[[Any, str], Any], place: str = "facts") -> Any:
    """A fact that the question cannot be answered without."""
    if key not in part:
        raise BadCase(f"{place}.{key}", "missing", "the rule cannot be applied without it")
    return read(part[key], f"{place}.{key}")


def _part(raw: object, place: str, known: frozenset[str]) -> Mapping[str, Any]:
    if type(raw) is not dict:
        raise BadCase(place, f"{_shown(raw)} is no object", "write it in curly brackets")
    if not raw.keys() <= known:
        strange = ", ".join(sorted(raw.keys() - known))
        raise BadCase(place, f"unknown key {strange}", f"known are {', '.join(sorted(known))}")
    return raw


def _text(value: object, place: str) -> str:
    if type(value) is not str:
        raise BadCase(place, f"{_shown(value)} is no text", "write it in quotes")
    return value


def _flag(value: object, place: str) -> bool:
    if type(value) is not bool:
        raise BadCase(place, f"{_shown(value)} is neither true nor false", "write true or false without quotes")
    return value


def _area(value: object, place: str) -> str:
    if type(value) is not str or (value and not value.isdigit()):
        raise BadCase(place, f"{_shown(value)} is no area code", 'write its digits as text, like "440104"')
    return value


def _words(value: object, place: str) -> Sequence[str]:
    if type(value) is list and all(type(each) is str for each in value):
        return value
    if value == ():
        return ()
    raise BadCase(place, f"{_shown(value)} is no list of texts", 'write it like ["dibao"]')


@lru_cache(4096)
def _as_day(text: str) -> date:
    return date.fromisoformat(text)


def _day(value: object, place: str) -> date:
    if isinstance(value, str) and len(value) == 10:
        try:
            return _as_day(value)
        except ValueError:
            pass
    raise BadCase(place, f"{_shown(value)} is no day", 'write it like "2026-03-01"')


def _shown(value: object) -> str:
    said = repr(str(value) if isinstance(value, Decimal) else value)
    return said if len(said) <= 60 else f"{said[:57]}…"
