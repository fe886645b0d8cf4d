"""
What the rule of a canteen gives for one meal, out of what is on file: pure but for the book of rules it holds.

A person has one meal of a type with public money a day, whatever canteen and whatever the rule of the city leaves open:
every rule is asked as if it said `per_meal_type_per_day = 1`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from dispatch.errors import Refusal
from schedules.meals.rules.canteen import Canteen, Term, terms_on
from schedules.meals.rules.serving import Answer, Money, Presented, Why, unaided
from schedules.meals.store.diners import Diner
from schedules.meals.words import told
from schedules.money.book import Book
from schedules.money.rules.ages import full_years
from schedules.money.rules.exclusions import excluded_by
from schedules.money.rules.facts import Meal, Person, Used
from schedules.money.rules.meals import MealAnswer
from schedules.money.rules.policies import NoRule, NotInForce
from schedules.money.rules.policy import Policy
from schedules.money.rules.ready import Ready, ready
from schedules.money.rules.reasons import Outcome
from schedules.money.rules.usage import Change, available, months, used_before
from schedules.money.rules.ways import CUSTOMARY, Ways
from schedules.money.rules.why import why_meal
from schedules.money.wording import LANGUAGES, sentence

QUARTER_MONTHS = 3
"""No virtual account keeps anything longer than a quarter (`quota.expires`)."""


_DAY = timedelta(days=1)

Asked = Mapping[str, Any]
"""The facts of `schedules.meals.rules.serving.Answer.asked`."""

PersonOn = Callable[[date], Person]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is on file of a diner: meals with money around the day, and what was drawn from the rule's account."""

    meals: Sequence[tuple[date, str]] = ()
    drawn: Callable[[str, date, date], Sequence[tuple[date, int]]] = lambda _policy, _first, _last: ()


class Deciding:
    """The rules of a book, asked one meal at a time."""

    def __init__(
        self, book: Book, *, is_workday: Callable[[date], bool], ways: Ways = CUSTOMARY,
        days_mark: Callable[[], str] = lambda: "",
    ) -> None:  # fmt: skip
        """`days_mark` is another one whenever another day is off, or worked."""
        self.book, self.is_workday, self._ways = book, is_workday, ways
        self._days_mark = days_mark
        self._ready = {each.version: ready(_once_a_day(each), book.exclusions, ways) for each in book.policies}

    def answer(
        self, presented: Presented, canteen: Canteen, terms: Sequence[Term], diner: Diner, on: date, before: Before
    ) -> Answer:  # fmt: skip
        """The money for this meal on this local day, with its reasons."""
        held = terms_on(terms, on)
        if len(held) != 1:
            return refused(presented, Why.TWO_RULES if held else Why.NO_RULE)
        try:
            policy = self.book.policies.in_force(held[0].policy, on)
        except NotInForce:
            return replace(refused(presented, Outcome.NOT_IN_FORCE), policy=held[0].policy)
        except NoRule as no:
            why = Why.TWO_RULES if len(self.book.policies.versions(held[0].policy)) > 1 else Why.NO_RULE
            return replace(refused(presented, why, no), policy=held[0].policy)
        if policy.kind != "meal":
            return refused(presented, Why.NO_RULE)
        rule, person = self._ready[policy.version], self._person(diner, on)
        if rule.needs_age and person.age is None:
            return replace(refused(presented, Why.NO_AGE), policy=policy.id, version=policy.version)
        return self._asked(presented, canteen, rule, diner, person, on, before)

    @property
    def days_mark(self) -> str:
        """Tells one table of days off from another; empty where no rule asks for it."""
        return self._days_mark() if any(each.limit.days for each in self.book.policies) else ""

    def can_ask(self, terms: Sequence[Term], on: date) -> bool:
        """Whether a canteen with these terms has a rule for meals of this day."""
        held = terms_on(terms, on)
        try:
            return len(held) == 1 and self.book.policies.in_force(held[0].policy, on).kind == "meal"
        except NoRule:
            return False

    def _asked(
        self, presented: Presented, canteen: Canteen, rule: Ready, diner: Diner, person: Person, on: date,
        before: Before,
    ) -> Answer:  # fmt: skip
        meal = Meal(
            str(presented.meal_type), presented.price_fen, canteen.area_code, self.is_workday(on), presented.delivery,
            presented.delivery_fee_fen if presented.delivery else 0,
        )  # fmt: skip
        left = self._left(rule.policy, lambda day: self._person(diner, day), on, before) if rule.policy.quota else None
        used = used_before(before.meals, on, str(presented.meal_type), left)
        return replace(self._given(rule, person, meal, used), asked=_asked_with(diner, person, meal, used))

    def _given(self, rule: Ready, person: Person, meal: Meal, used: Used) -> Answer:
        got = rule.meal(person, meal, used)
        other = None
        if got.reason is Outcome.NOT_ELIGIBLE:
            other = excluded_by(self.book.exclusions, rule.policy, person)
        why = why_meal(rule.policy, person, meal, used, got, other=other, ways=self._ways)
        return Answer(
            money=_money(rule.policy, got, meal), reason=str(got.reason), policy=rule.policy.id,
            version=rule.policy.version,
            because={lang: tuple(sentence(each, lang) for each in why) for lang in LANGUAGES},
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- asked again

    def used_again(self, policy: Policy, presented: Presented, on: date, asked: Asked, before: Before) -> Used:
        """What was used before a meal that was asked with these facts, by what is known now."""
        left = self._left(policy, lambda day: self._of_facts(asked, day), on, before) if policy.quota else None
        return used_before(before.meals, on, str(presented.meal_type), left)

    def again(self, policy: Policy | None, presented: Presented, on: date, asked: Asked, used: Used) -> Answer:
        """
        What a version of a rule gives for a meal with the facts that were kept with it; none is in force any more
        where `policy` is None. Whether it is a workday is asked again: its year may have been published since.
        """
        facts = {**asked, "workday": self.is_workday(on), "used": _told_used(used)}
        if policy is None:
            return replace(refused(presented, Outcome.NOT_IN_FORCE), asked=facts)
        rule, person = self._ready[policy.version], self._of_facts(asked, on)
        if rule.needs_age and person.age is None:
            return replace(refused(presented, Why.NO_AGE), policy=policy.id, version=policy.version)
        meal = Meal(
            str(presented.meal_type), presented.price_fen, asked["point"], facts["workday"], presented.delivery,
            presented.delivery_fee_fen if presented.delivery else 0,
        )  # fmt: skip
        return replace(self._given(rule, person, meal, used), asked=facts)

    def _of_facts(self, asked: Asked, on: date) -> Person:
        born = date.fromisoformat(asked["born_on"]) if asked["born_on"] else None
        age = asked["age"] if born is None else full_years(born, on, self._ways.leap_day)
        return Person(
            age, self.book.implications.of(asked["cats"]), asked["level"], asked["hukou"], asked["residence"],
            asked["income_fen"], frozenset(asked["schemes"]),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- people and accounts

    def _person(self, diner: Diner, on: date) -> Person:
        age = None if diner.born_on is None else full_years(diner.born_on, on, self._ways.leap_day)
        facts = diner.facts
        return Person(
            age, self.book.implications.of(diner.cats), diner.level or None, facts.hukou, facts.residence,
            facts.income_fen, frozenset(facts.schemes),
        )  # fmt: skip

    def _left(self, policy: Policy, person: PersonOn, on: date, before: Before) -> int:
        """
        What the virtual account has for a meal of this day, with what meals that are on file already drew.
        """
        index = on.year * 12 + on.month - 1
        start = index - index % QUARTER_MONTHS
        first, last = _first_of(start), _first_of(start + QUARTER_MONTHS) - _DAY
        changes = [*self._credits(policy.id, person, first, last), *_spends(before.drawn(policy.id, first, last))]
        changes.sort(key=lambda each: (each.on, each.lapses is None))
        return available(changes, on)

    def _credits(self, policy_id: str, person: PersonOn, first: date, last: date) -> list[Change]:
        found = []
        for month in months(f"{first:%Y-%m}", last):
            try:
                policy = self.book.policies.in_force(policy_id, month)
            except NoRule:
                continue
            credit = self._ready[policy.version].credit(month, person(month))
            found += [credit] if credit is not None else []
        return found


def refused(presented: Presented, why: str, more: Refusal | None = None) -> Answer:
    """No rule was asked: the diner pays all of it, and is told why."""
    return Answer(money=unaided(presented), reason=str(why), because=told(str(why), more))


def _asked_with(diner: Diner, person: Person, meal: Meal, used: Used) -> dict[str, Any]:
    """The facts as the registers had them; what the categories imply follows from the rules."""
    return {
        "born_on": diner.born_on.isoformat() if diner.born_on else None, "age": person.age, "cats": list(diner.cats),
        "level": person.level, "hukou": person.hukou, "residence": person.residence, "income_fen": person.income_fen,
        "schemes": sorted(person.schemes), "point": meal.point, "workday": meal.workday,
        "used": _told_used(used),
    }  # fmt: skip


def _told_used(used: Used) -> dict[str, Any]:
    return {"same_type_today": used.same_type_today, "today": used.today, "week": used.week,
            "quota_fen": used.quota_fen}  # fmt: skip


def _once_a_day(policy: Policy) -> Policy:
    most = policy.limit.per_meal_type_per_day
    if most is not None and most <= 1:
        return policy
    return replace(policy, limit=replace(policy.limit, per_meal_type_per_day=1))


def _money(policy: Policy, got: MealAnswer, meal: Meal) -> Money:
    quota = sum(
        paid for (_, paid), place in zip(got.layers, got.tiers, strict=True) if policy.tier[place].quota
    )  # fmt: skip
    return Money(
        price_fen=got.price_fen, fee_fen=meal.delivery_fee_fen, discount_fen=got.discount_fen,
        layers={group: paid for group, paid in got.layers if paid}, delivery_fen=got.delivery_fen,
        pays_fen=got.person_pays_fen, quota_fen=quota,
    )  # fmt: skip


def _first_of(months_: int) -> date:
    return date(months_ // 12, months_ % 12 + 1, 1)


def _spends(drawn: Sequence[tuple[date, int]]) -> list[Change]:
    return [Change(day, fen) for day, fen in drawn]
