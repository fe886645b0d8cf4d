"""A version of a rule made ready once: its conditions and meals as functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from schedules.money.rules.conditions import Test, asks_age, compiled, of_person
from schedules.money.rules.exclusions import Exclusion, excluded_by
from schedules.money.rules.facts import NO_MEAL, Meal, Person
from schedules.money.rules.meals import MealRule, compiled_meal
from schedules.money.rules.policy import Condition, Policy
from schedules.money.rules.usage import Change, credit_of
from schedules.money.rules.ways import CUSTOMARY, Ways


@dataclass(frozen=True, slots=True)
class Ready:
    """
    A version of a rule made ready once: who is admitted, the function of its meals, and what the first of a month
    credits to somebody's account.
    """

    policy: Policy
    admits: Test
    meal: MealRule
    needs_age: bool
    credit: Callable[[date, Person], Change | None]


def ready(policy: Policy, exclusions: Sequence[Exclusion], ways: Ways = CUSTOMARY) -> Ready:
    """The rule ready to be asked, with what excludes it."""
    admits = _admission(policy, policy.eligible, exclusions)
    lists = (policy.discount, policy.tier, policy.delivery, policy.quota, policy.service_fee_tier)
    conditions = [policy.eligible, *(each.when for several in lists for each in several)]
    needs_age = any(map(asks_age, conditions))
    return Ready(policy, admits, compiled_meal(policy, admits, ways), needs_age, _crediting(policy, exclusions))


def _crediting(policy: Policy, exclusions: Sequence[Exclusion]) -> Callable[[date, Person], Change | None]:
    """What is asked of a meal (where, which, whether it is brought) is asked at the meal and not on the first."""
    admits = _admission(policy, of_person(policy.eligible), exclusions)
    quotas = [compiled(of_person(each.when)) for each in policy.quota]

    def credit(month: date, person: Person) -> Change | None:
        found = credit_of(policy, month, [holds(person, NO_MEAL) for holds in quotas])
        return found if found is not None and admits(person, NO_MEAL) else None

    return credit


def _admission(policy: Policy, condition: Condition, exclusions: Sequence[Exclusion]) -> Test:
    """Who may have it at all: whom the condition names and no other scheme excludes."""
    eligible = compiled(condition)
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
