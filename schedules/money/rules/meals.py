"""
What a rule gives for one meal.

    list price ─ discounts "before" ─► discounted price
        eligible? limits? ─► tiers: the highest of each group, groups added ─► never more than the price
        ─ discounts "after" on the rest ─► delivery ─► what the person pays

Discounts ask neither for eligibility nor for limits: each names its own people. Money for delivery asks for both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schedules.money.rules.conditions import Test, compiled
from schedules.money.rules.facts import Meal, Person, Used
from schedules.money.rules.policy import Delivery, Discount, Limit, Policy, Tier
from schedules.money.rules.reasons import Outcome
from schedules.money.rules.ways import CUSTOMARY, Ways


@dataclass(frozen=True, slots=True)
class MealAnswer:
    """
    What becomes of the price of a meal, all in fen.

    `price + delivery fee = discount + subsidy + what delivery takes off the fee + person_pays`, always. `layers` are
    the groups that gave money, in the order of the file; their sum is the subsidy. `tiers` says which tier (from 0) of
    each of them. `delivery_fen` may be more than the fee where the rule says so; the person then pays no fee.
    """

    reason: Outcome
    price_fen: int
    discount_fen: int
    subsidy_fen: int
    delivery_fen: int
    person_pays_fen: int
    layers: tuple[tuple[str, int], ...] = ()
    tiers: tuple[int, ...] = ()


MealRule = Callable[[Person, Meal, Used], MealAnswer]
_Gift = Callable[[int, Used], int]
"""What a tier gives at a discounted price."""
_Given = tuple[Outcome, tuple[tuple[str, int], ...], tuple[int, ...]]


def compiled_meal(policy: Policy, admits: Test, ways: Ways = CUSTOMARY) -> MealRule:
    """The rule as one function. `admits` says who may have it: its `eligible`, and no scheme that excludes it."""
    before, after = (_discounting(policy.discount, stage, ways) for stage in ("before", "after"))
    limited, given, delivered = _limiting(policy.limit), _giving(policy, ways), _delivering(policy.delivery)

    def rule(person: Person, meal: Meal, used: Used) -> MealAnswer:
        price = before(meal.price_fen, person, meal)
        reason = limited(meal, used) if admits(person, meal) else Outcome.NOT_ELIGIBLE
        layers: tuple[tuple[str, int], ...] = ()
        tiers: tuple[int, ...] = ()
        delivery = 0
        if reason is Outcome.OK:
            reason, layers, tiers = given(price, person, meal, used)
            delivery = delivered(person, meal) if meal.delivery else 0
        subsidy = sum([amount for _, amount in layers])
        rest = after(price - subsidy, person, meal)
        return MealAnswer(
            reason, meal.price_fen, meal.price_fen - subsidy - rest, subsidy, delivery,
            rest + max(0, meal.delivery_fee_fen - delivery), layers, tiers,
        )  # fmt: skip

    return rule


# ------------------------------------------------------------------------------------------------ its parts


def _discounting(discounts: Sequence[Discount], stage: str, ways: Ways) -> Callable[[int, Person, Meal], int]:
    chosen = [(compiled(each.when), each.rate.numerator, each.rate.denominator) for each in discounts if each.stage == stage]  # noqa: E501  # fmt: skip
    rounded = ways.rounded

    def discounted(price: int, person: Person, meal: Meal) -> int:
        for holds, over, under in chosen:
            if holds(person, meal):
                price = rounded(price * over, under)
        return price

    return discounted


def _limiting(limit: Limit) -> Callable[[Meal, Used], Outcome]:
    types = limit.meal_types
    workday_only = limit.days == "workday"
    most_of_type, most_a_day, most_a_week = limit.per_meal_type_per_day, limit.meals_per_day, limit.meals_per_week

    def reached(meal: Meal, used: Used) -> Outcome:
        if types is not None and meal.type not in types:
            return Outcome.MEAL_TYPE
        if workday_only and not meal.workday:
            return Outcome.NOT_WORKDAY
        if most_of_type is not None and used.same_type_today >= most_of_type:
            return Outcome.LIMIT_MEAL_TYPE
        if most_a_day is not None and used.today >= most_a_day:
            return Outcome.LIMIT_DAY
        if most_a_week is not None and used.week >= most_a_week:
            return Outcome.LIMIT_WEEK
        return Outcome.OK

    return reached


def _giving(policy: Policy, ways: Ways) -> Callable[[int, Person, Meal, Used], _Given]:
    tiers = [(place, tier.group, compiled(tier.when), tier.min_price, tier.per == "day", gift(tier, ways))
             for place, tier in enumerate(policy.tier)]  # fmt: skip
    groups = list(dict.fromkeys(tier.group for tier in policy.tier))
    by_list_price, must_exceed = policy.price_basis == "list", policy.price_must_exceed_subsidy

    def given(price: int, person: Person, meal: Meal, used: Used) -> _Given:
        basis = meal.price_fen if by_list_price else price
        best: dict[str, tuple[int, int]] = {}
        refused = Outcome.NO_TIER
        for place, group, holds, least, once_a_day, gives in tiers:
            if not holds(person, meal):
                continue
            if once_a_day and used.today:
                refused = Outcome.LIMIT_DAY
            elif basis < least:
                refused = Outcome.BELOW_MIN_PRICE if refused is Outcome.NO_TIER else refused
            else:
                value = gives(price, used)
                if group not in best or value > best[group][0]:
                    best[group] = (value, place)
        if not best:
            return refused, (), ()
        if must_exceed and price <= sum([value for value, _ in best.values()]):
            return Outcome.PRICE_NOT_ABOVE_SUBSIDY, (), ()
        return Outcome.OK, *_within(price, [(group, *best[group]) for group in groups if group in best])

    return given


def _within(price: int, won: list[tuple[str, int, int]]) -> tuple[tuple[tuple[str, int], ...], tuple[int, ...]]:
    """Never more than the price: groups that stand later in the file give way first."""
    layers = []
    for group, value, _ in won:
        layers.append((group, min(value, price)))
        price -= layers[-1][1]
    return tuple(layers), tuple([place for _, _, place in won])


def gift(tier: Tier, ways: Ways = CUSTOMARY) -> _Gift:
    """What a tier gives at a discounted price in fen, whoever asks: before other groups and before the price."""
    if tier.quota:
        return lambda price, used: min(used.quota_fen or 0, price)
    if tier.pay is not None:
        pay = tier.pay
        return lambda price, _: max(0, price - pay)
    if tier.up_to is not None:
        most = tier.up_to
        return lambda price, _: min(most, price)
    if tier.ratio is not None:
        over, under, cap, rounded = tier.ratio.numerator, tier.ratio.denominator, tier.cap, ways.rounded
        if cap is None:
            return lambda price, _: rounded(price * over, under)
        return lambda price, _: min(cap, rounded(price * over, under))
    assert tier.amount is not None
    amount = tier.amount
    return lambda _price, _used: amount


def _delivering(deliveries: Sequence[Delivery]) -> Callable[[Person, Meal], int]:
    ways = [(compiled(each.when), each.free, each.amount or 0, each.limit_to_fee) for each in deliveries]

    def delivered(person: Person, meal: Meal) -> int:
        """The best that holds: fee and amount are not added."""
        fee = meal.delivery_fee_fen
        return max([fee if free else min(amount, fee) if limited else amount
                    for holds, free, amount, limited in ways if holds(person, meal)], default=0)  # fmt: skip

    return delivered
