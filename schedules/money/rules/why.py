"""The reasons of a meal's answer: which rule, which tier, why not more. Only made when somebody asks."""

from collections.abc import Iterator

from schedules.money.rules.conditions import compiled, missing
from schedules.money.rules.facts import Meal, Person, Used
from schedules.money.rules.meals import MealAnswer, gift
from schedules.money.rules.policy import Policy, Tier
from schedules.money.rules.reasons import Fact, Outcome, Part, Reason
from schedules.money.rules.ways import CUSTOMARY, Ways


def rule_reason(policy: Policy) -> Reason:
    """Which rule answered: id, version, title, grade of its source."""
    facts: dict[str, Fact] = {"title": policy.title, "id": policy.id, "version": policy.version, "grade": policy.grade}
    return Reason("rule", facts)


def not_eligible(policy: Policy, person: Person, meal: Meal, other: str | None) -> Reason:
    """What of `eligible` is missing, or the category or scheme that excludes this one."""
    if other is not None:
        return Reason("excluded", {"other": other})
    return Reason("not_eligible", {"missing": missing(policy.eligible, person, meal)})


def why_meal(
    policy: Policy, person: Person, meal: Meal, used: Used, answer: MealAnswer, *,
    other: str | None = None, ways: Ways = CUSTOMARY,
) -> list[Reason]:  # fmt: skip
    """Every reason of an answer, in the order of the algorithm. `other` is what excludes the person, if anything."""
    price = meal.price_fen
    said = [rule_reason(policy)]
    for discount in policy.discount:
        if discount.stage == "before" and compiled(discount.when)(person, meal):
            left = ways.rounded(price * discount.rate.numerator, discount.rate.denominator)
            said.append(Reason("discount_before", {"rate": str(discount.rate), "off_fen": price - left}))
            price = left
    said += _outcome(policy, person, meal, used, answer, other, price)
    if answer.reason in (Outcome.OK, Outcome.NO_TIER, Outcome.BELOW_MIN_PRICE, Outcome.LIMIT_DAY):
        said += _tiers(policy, person, meal, used, answer, price, ways)
    return [*said, *_rest(policy, person, meal, answer, price)]


def _outcome(
    policy: Policy, person: Person, meal: Meal, used: Used, answer: MealAnswer, other: str | None, price: int
) -> Iterator[Reason]:
    limit, counted = policy.limit, {
        Outcome.LIMIT_MEAL_TYPE: (policy.limit.per_meal_type_per_day, used.same_type_today),
        Outcome.LIMIT_DAY: (_most_a_day(policy, used), used.today),
        Outcome.LIMIT_WEEK: (policy.limit.meals_per_week, used.week),
    }  # fmt: skip
    if answer.reason is Outcome.NOT_ELIGIBLE:
        yield not_eligible(policy, person, meal, other)
    elif answer.reason is Outcome.MEAL_TYPE:
        yield Reason("meal_type", {"missing": (Part("meal_types", limit.meal_types),)})
    elif answer.reason in counted:
        most, so_far = counted[answer.reason]
        yield Reason(str(answer.reason), {"most": most or 0, "used": so_far})
    elif answer.reason is not Outcome.OK:
        yield Reason(str(answer.reason), {"price_fen": price})


def _most_a_day(policy: Policy, used: Used) -> int:
    """The limit that was reached: that of the rule, or the one meal of a tier that is given once a day."""
    most = policy.limit.meals_per_day
    return most if most is not None and used.today >= most else 1


def _tiers(
    policy: Policy, person: Person, meal: Meal, used: Used, answer: MealAnswer, price: int, ways: Ways
) -> Iterator[Reason]:
    chosen = {group: (place, paid) for (group, paid), place in zip(answer.layers, answer.tiers, strict=True)}
    for group in dict.fromkeys(tier.group for tier in policy.tier):
        value = 0
        if group in chosen:
            place, paid = chosen[group]
            value = gift(policy.tier[place], ways)(price, used)
            yield _chosen(policy.tier[place], place, paid, price, used, ways)
            if paid < value:
                yield Reason("within_price", {"group": group, "price_fen": price})
        yield from _higher(policy, group, value, person, meal, used, price, ways)


def _chosen(tier: Tier, place: int, paid: int, price: int, used: Used, ways: Ways) -> Reason:
    facts: dict[str, Fact] = {"tier": place + 1, "group": tier.group, "paid_fen": paid}
    if tier.quota:
        return Reason("tier_quota", {**facts, "left_fen": used.quota_fen or 0})
    if tier.pay is not None:
        return Reason("tier_pay", {**facts, "pay_fen": tier.pay})
    if tier.up_to is not None:
        return Reason("tier_up_to", {**facts, "most_fen": tier.up_to})
    if tier.ratio is not None:
        capped = tier.cap is not None and ways.rounded(price * tier.ratio.numerator, tier.ratio.denominator) > tier.cap
        more: dict[str, Fact] = {"ratio": str(tier.ratio), "price_fen": price}
        if capped:
            return Reason("tier_ratio_capped", {**facts, **more, "cap_fen": tier.cap or 0})
        return Reason("tier_ratio", {**facts, **more})
    return Reason("tier_amount", facts)


def _higher(
    policy: Policy, group: str, value: int, person: Person, meal: Meal, used: Used, price: int, ways: Ways
) -> Iterator[Reason]:
    """The next higher tier of the group, and what is missing for it."""
    higher = [
        (gives, place, tier)
        for place, tier in enumerate(policy.tier)
        if tier.group == group and (gives := gift(tier, ways)(price, used)) > value
    ]
    lacking = [
        (gives, [*missing(tier.when, person, meal), *_price(policy, tier, meal, price), *_once(tier, used)], place)
        for gives, place, tier in higher
    ]
    # Of those that give the same, the one that lacks least is the one people ask about.
    for gives, lacks, place in sorted(lacking, key=lambda each: (each[0], len(each[1])))[:1]:
        facts: dict[str, Fact] = {"tier": place + 1, "group": group, "more_fen": gives, "missing": tuple(lacks)}
        yield Reason("higher_tier", facts)


def _price(policy: Policy, tier: Tier, meal: Meal, price: int) -> list[Part]:
    basis = meal.price_fen if policy.price_basis == "list" else price
    return [Part("min_price", tier.min_price)] if basis < tier.min_price else []


def _once(tier: Tier, used: Used) -> list[Part]:
    return [Part("once_a_day", 1)] if tier.per == "day" and used.today else []


def _rest(policy: Policy, person: Person, meal: Meal, answer: MealAnswer, price: int) -> Iterator[Reason]:
    off = answer.discount_fen - (meal.price_fen - price)
    if off:
        rates = [str(each.rate) for each in policy.discount if each.stage == "after" and compiled(each.when)(person, meal)]  # noqa: E501  # fmt: skip
        yield Reason("discount_after", {"rate": " × ".join(rates), "off_fen": off})
    if answer.delivery_fen:
        yield Reason("delivery", {"paid_fen": answer.delivery_fen, "fee_fen": meal.delivery_fee_fen})
    elif meal.delivery and policy.delivery and answer.reason is not Outcome.NOT_ELIGIBLE:
        yield Reason("no_delivery", {"missing": missing(policy.delivery[0].when, person, meal)})
    yield Reason("pays", {"pays_fen": answer.person_pays_fen, "subsidy_fen": answer.subsidy_fen})
