"""What is well written in a policy file and cannot be meant: tiers nobody reaches, two answers for one person."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Protocol

from schedules.money.rules.conditions import of_person
from schedules.money.rules.policy import Condition, Policy
from schedules.money.rules.sheet import Said, Sheet

LEVELS = ("intact", "mild", "moderate", "severe", "total")
"""Codes of the five ability levels of GB/T 42195-2022."""
MEAL_TYPES = ("breakfast", "lunch", "dinner")
PAYERS = ("provider", "family")
"""Who can have paid for the building of a bed, as bills say it."""

LIVES_BY: Mapping[str, Sequence[str]] = {
    "meal": ("tier", "discount", "delivery"),
    "meal_operator": ("slab", "operator"),
    "station_operator": ("monthly", "slab", "operating"),
    "home_bed": ("construction", "service_fee", "service_fee_tier", "operating", "standard"),
    "home_bed_standard": ("standard",),
    "visit_unit": ("unit",),
    "voucher": ("voucher",),
    "retrofit": ("construction", "service_fee_tier", "service_fee"),
    "call_fee": ("monthly",),
}
"""By kind: the tables of which it needs at least one to give anything."""

ALSO: Mapping[str, Sequence[str]] = {"meal": ("limit", "guard", "quota", "operator")}
"""By kind: the tables it may have besides, apart from `policy` and `eligible`, which all may have."""


WITHOUT_MEAL = "leave out same, meal_types and delivery"


class Conditional(Protocol):
    """Anything that is for somebody."""

    @property
    def when(self) -> Condition: ...


def look_for(sheet: Sheet, policy: Policy, raw: Mapping[str, Any]) -> None:
    """Adds faults and doubts of a policy that could be read."""
    _window(sheet, policy)
    _tables_of_kind(sheet, policy, raw)
    for table, place, each in _conditionals(policy):
        _reached(sheet, f"{table}[{place}]", policy, each.when)
    _twice(sheet, policy)
    _discounts(sheet, policy)
    _quota(sheet, policy)
    _words(sheet, policy)
    _of_meals(sheet, policy)


def _window(sheet: Sheet, policy: Policy) -> None:
    start, end = policy.effective_from, policy.effective_to
    if start and end and start > end:
        sheet.fault(
            "policy",
            "effective_to",
            Said("it ends on %(end)s before it begins on %(start)s", end=end, start=start),
            "exchange the two",
        )


def _tables_of_kind(sheet: Sheet, policy: Policy, raw: Mapping[str, Any]) -> None:
    lives_by = LIVES_BY[policy.kind]
    if not any(table in raw for table in lives_by):
        what = Said("a %(kind)s without any of %(tables)s gives nothing", kind=policy.kind, tables=", ".join(lives_by))
        sheet.fault("policy", "kind", what, "add one")
    for table in sorted(raw.keys() - {"policy", "eligible", *lives_by, *ALSO.get(policy.kind, ())}):
        what = Said("has no effect in a %(kind)s", kind=policy.kind)
        sheet.doubt(table, "", what, "leave it out, or say another kind")


def _conditionals(policy: Policy) -> Iterator[tuple[str, int, Conditional]]:
    for table in ("discount", "tier", "delivery", "quota", "service_fee_tier"):
        for place, each in enumerate(getattr(policy, table), 1):
            yield table, place, each


def _reached(sheet: Sheet, place: str, policy: Policy, when: Condition) -> None:
    """A discount is given to whoever its own `when` names; everything else only to whom the policy is for."""
    if place.startswith(("discount", "delivery")):
        return
    both = ages_of(policy.eligible), ages_of(when)
    if max(low for low, _ in both) > min(high for _, high in both):
        sheet.fault(place, "when", "nobody whom [eligible] admits has this age", "mend the age here or in [eligible]")
    allowed, asked = policy.limit.meal_types, when.meal_types
    if allowed and asked and not set(allowed) & set(asked):
        sheet.fault(place, "when", "for meals that [limit] leaves out", "mend meal_types here or in [limit]")


def ages_of(condition: Condition) -> tuple[int, int]:
    """The youngest and the oldest age that a condition admits, alternatives left out."""
    return condition.age_min or 0, 999 if condition.age_max is None else condition.age_max


def _twice(sheet: Sheet, policy: Policy) -> None:
    for (low, one), (high, other) in combinations(enumerate(policy.tier, 1), 2):
        same = (one.group, one.when, one.min_price, one.per) == (other.group, other.when, other.min_price, other.per)
        if same:
            what = Said("tier %(number)s is for exactly the same people in the same group", number=low)
            sheet.fault(f"tier[{high}]", "when", what, "keep one, or say how they differ")
        elif one.group == other.group and one.min_price == other.min_price and _straddle(one.when, other.when):
            what = Said("its ages overlap with those of tier %(number)s; the higher of the two wins there", number=low)
            sheet.doubt(f"tier[{high}]", "when", what, "is this meant?")


def _straddle(one: Condition, other: Condition) -> bool:
    """Whether two conditions differ in age alone, and each has an age the other lacks, and they share one."""
    if _ageless(one) != _ageless(other):
        return False
    (low, low_end), (high, high_end) = sorted((ages_of(one), ages_of(other)))
    return low < high <= low_end < high_end


def _ageless(condition: Condition) -> Condition:
    return replace(condition, age_min=None, age_max=None)


def _discounts(sheet: Sheet, policy: Policy) -> None:
    """Discounts of one stage multiply, so two bands that share an age give somebody both."""
    for (low, one), (high, other) in combinations(enumerate(policy.discount, 1), 2):
        if one.stage == other.stage and _ageless(one.when) == _ageless(other.when):
            start = max(ages_of(one.when)[0], ages_of(other.when)[0])
            if start <= min(ages_of(one.when)[1], ages_of(other.when)[1]):
                what = Said(
                    "at age %(age)s discount %(number)s holds as well, and both would be taken off",
                    age=start,
                    number=low,
                )
                sheet.fault(f"discount[{high}]", "when", what, "let the ages not overlap")


def _quota(sheet: Sheet, policy: Policy) -> None:
    if any(tier.quota for tier in policy.tier) and not policy.quota:
        sheet.fault("tier", "up_to", "draws on a quota, and there is no [[quota]]", "add one, or write an amount")
    if policy.quota and not any(tier.quota for tier in policy.tier):
        sheet.doubt("quota", "", "no tier draws on it", 'add a tier with up_to = "quota"')


def _of_meals(sheet: Sheet, policy: Policy) -> None:
    """What is asked of a meal where there is none: in rules of other kinds, and on the first of a month."""
    where = [(f"{table}[{place}]", "when", each.when) for table, place, each in _conditionals(policy)]
    for table, key, condition in [("eligible", "", policy.eligible), *where]:
        if of_person(condition) == condition:
            continue
        if policy.kind != "meal":
            sheet.doubt(table, key, "asks for something of a meal, and there is none: nobody fulfils it", WITHOUT_MEAL)
        elif table.startswith("quota"):
            sheet.doubt(table, key, "what it asks of a meal is not asked when the account is credited", WITHOUT_MEAL)


def _words(sheet: Sheet, policy: Policy) -> None:
    """Words that are spelt like no known one are used as they stand, and told."""
    conditions = [(f"{table}[{place}].when", each.when) for table, place, each in _conditionals(policy)]
    for where, condition in [("eligible", policy.eligible), *conditions]:
        for inner, each in _within(where, condition):
            _known(sheet, inner, "levels", each.levels, LEVELS)
            _known(sheet, inner, "meal_types", each.meal_types, MEAL_TYPES)
    _known(sheet, "limit", "meal_types", policy.limit.meal_types, MEAL_TYPES)
    if policy.construction is not None and policy.construction.payer:
        _known(sheet, "construction", "payer", [policy.construction.payer], PAYERS)


def _within(where: str, condition: Condition) -> Iterator[tuple[str, Condition]]:
    """A condition and the alternatives within it, with their places."""
    yield where, condition
    for place, each in enumerate(condition.any or (), 1):
        yield from _within(f"{where}.any[{place}]", each)


def _known(sheet: Sheet, where: str, key: str, words: Collection[str] | None, known: Sequence[str]) -> None:
    strange = sorted(set(words or ()) - set(known))
    if strange:
        what = Said("%(words)s is none of %(known)s", words=", ".join(strange), known=", ".join(known))
        sheet.doubt(where, key, what, "is this meant?")
