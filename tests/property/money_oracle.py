"""
A second evaluation of meal rules, for comparison only: straight from the TOML as `tomllib` gives it, with Decimals in
yuan, one long walk in the words of the format. It shares no line with the engine.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

CENT = Decimal("0.01")
IMPLIED = {"tekun_scattered": "tekun", "tekun_central": "tekun"}


def half_up(exact):
    """Whole fen of an exact fraction of yuan."""
    return (Decimal(exact.numerator * 1000) / Decimal(exact.denominator) / 1000).quantize(CENT, ROUND_HALF_UP)


def holds(when, person, meal):
    cats = set(person.get("cats", []))
    cats |= {IMPLIED[cat] for cat in cats if cat in IMPLIED}
    return all(holds_one(key, want, person, meal, cats) for key, want in when.items())


def holds_one(key, want, person, meal, cats):
    return {
        "age_min": lambda: person["age"] >= want,
        "age_max": lambda: person["age"] <= want,
        "cats_any": lambda: any(cat in cats for cat in want),
        "cats_all": lambda: all(cat in cats for cat in want),
        "cats_none": lambda: not any(cat in cats for cat in want),
        "levels": lambda: person.get("level") in want,
        "hukou": lambda: person.get("hukou", "")[: len(want)] == want,
        "residence": lambda: person.get("residence", "")[: len(want)] == want,
        "income_max": lambda: "income" in person and Decimal(person["income"]) <= Decimal(want),
        "same": lambda: same(want, person.get("hukou", ""), meal.get("point", "")),
        "meal_types": lambda: meal["type"] in want,
        "delivery": lambda: meal.get("delivery", False) == want,
        "any": lambda: any(holds(way, person, meal) for way in want),
    }[key]()


def same(area, hukou, point):
    length = 6 if area == "district" else 9
    return len(hukou) >= length and len(point) >= length and hukou[:length] == point[:length]


def worth(tier, price, used):
    if "amount" in tier:
        return Decimal(tier["amount"])
    if "pay" in tier:
        return max(Decimal(0), price - Decimal(tier["pay"]))
    if tier.get("up_to") == "quota":
        return min(Decimal(used.get("quota", "0")), price)
    if "up_to" in tier:
        return min(Decimal(tier["up_to"]), price)
    part = half_up(Fraction(price) * Fraction(tier["ratio"]))
    return min(part, Decimal(tier["cap"])) if "cap" in tier else part


def judge(rule, person, meal, used):
    """The same answer as the service's, as yuan with two decimals."""
    listed = Decimal(meal["price"])
    price = listed
    for each in rule.get("discount", []):
        if each["stage"] == "before" and holds(each.get("when", {}), person, meal):
            price = half_up(Fraction(price) * Fraction(each["rate"]))
    reason, layers = "ok", {}
    limit = rule.get("limit", {})
    if not holds(rule.get("eligible", {}), person, meal):
        reason = "not_eligible"
    elif "meal_types" in limit and meal["type"] not in limit["meal_types"]:
        reason = "meal_type"
    elif "days" in limit and not meal["workday"]:
        reason = "not_workday"
    elif "per_meal_type_per_day" in limit and used["same_type_today"] >= limit["per_meal_type_per_day"]:
        reason = "limit_meal_type"
    elif "meals_per_day" in limit and used["today"] >= limit["meals_per_day"]:
        reason = "limit_day"
    elif "meals_per_week" in limit and used["week"] >= limit["meals_per_week"]:
        reason = "limit_week"
    admitted = reason == "ok"
    if admitted:
        basis = listed if rule["policy"].get("price_basis") == "list" else price
        matching = [tier for tier in rule.get("tier", []) if holds(tier.get("when", {}), person, meal)]
        once = [tier for tier in matching if tier.get("per") == "day" and used["today"] > 0]
        dear = [tier for tier in matching if tier not in once and basis < Decimal(tier.get("min_price", "0"))]
        open_ = [tier for tier in matching if tier not in once and tier not in dear]
        total = Decimal(0)
        for group in dict.fromkeys(tier.get("group", "subsidy") for tier in rule.get("tier", [])):
            values = [worth(tier, price, used) for tier in open_ if tier.get("group", "subsidy") == group]
            if values:
                layers[group] = min(max(values), price - total)
                total += layers[group]
        if not open_:
            reason = "limit_day" if once else "below_min_price" if dear else "no_tier"
        elif rule.get("guard", {}).get("price_must_exceed_subsidy"):
            whole = sum(
                max(worth(tier, price, used) for tier in open_ if tier.get("group", "subsidy") == group)
                for group in layers
            )
            if price <= whole:
                reason, layers = "price_not_above_subsidy", {}
    subsidy = sum(layers.values(), Decimal(0))
    rest = price - subsidy
    for each in rule.get("discount", []):
        if each["stage"] == "after" and holds(each.get("when", {}), person, meal):
            rest = half_up(Fraction(rest) * Fraction(each["rate"]))
    fee, brought = Decimal(meal.get("delivery_fee", "0")), Decimal(0)
    if meal.get("delivery") and admitted:
        for each in rule.get("delivery", []):
            if holds(each.get("when", {}), person, meal):
                given = fee if each.get("free") else Decimal(each["amount"])
                brought = max(brought, given if not each.get("limit_to_fee", True) else min(given, fee))
    return {
        "price": str(listed.quantize(CENT)),
        "discount": str((listed - subsidy - rest).quantize(CENT)),
        "subsidy": str(subsidy.quantize(CENT)),
        "layers": {group: str(value.quantize(CENT)) for group, value in layers.items()},
        "delivery_subsidy": str(brought.quantize(CENT)),
        "person_pays": str((rest + max(Decimal(0), fee - brought)).quantize(CENT)),
        "reason": reason,
    }
