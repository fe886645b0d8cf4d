"""A version of a rule made ready once: its conditions and meals as functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from schedules.money.rules.conditions import Test, asks_age, compiled
from schedules.money.rules.exclusions import Exclusion, excluded_by
from schedules.money.rules.facts import Meal, Person
from schedules.money.rules.meals import MealRule, compiled_meal
from schedules.money.rules.policy import Policy
from schedules.money.rules.ways import CUSTOMARY, Ways


@dataclass(frozen=True, slots=True)
class Ready:
    """A version of a rule made ready once: who is admitted, and the function of its meals."""

    policy: Policy
    admits: Test
    meal: MealRule
    needs_age: bool


def ready(policy: Policy, exclusions: Sequence[Exclusion], ways: Ways = CUSTOMARY) -> Ready:
    """The rule ready to be asked, with what excludes it."""
    admits = _admission(policy, exclusions)
    lists = (policy.discount, policy.tier, policy.delivery, policy.quota, policy.service_fee_tier)
    conditions = [policy.eligible, *(each.when for several in lists for each in several)]
    needs_age = any(map(asks_age, conditions))
    return Ready(policy, admits, compiled_meal(policy, admits, ways), needs_age)


def _admission(policy: Policy, exclusions: Sequence[Exclusion]) -> Test:
    """Who may have it at all: whom `eligible` names and no other scheme excludes."""
    eligible = compiled(policy.eligible)
    about = [each for each in exclusions if each.is_about(policy.id, policy.kind) or policy.id in each.not_with]
    if not about:
        return eligible

    named = frozenset(word for each in about if each.is_about(policy.id, policy.kind) for word in each.not_with)

    def admits(person: Person, meal: Meal) -> bool:
        if not eligible(person, meal):
            return False
        if not person.schemes and named.isdisjoint(person.cats):  # nearly everybody, and cheaper than to look closely
            return True
        return excluded_by(about, policy, person) is None

    return admits
