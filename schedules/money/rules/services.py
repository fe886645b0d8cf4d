"""Vouchers, the counting of visits, call fees, stations and operators. Money is whole fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from schedules.money.rules.beds import Paid, nothing
from schedules.money.rules.conditions import Test
from schedules.money.rules.facts import NO_MEAL, Person
from schedules.money.rules.policy import Policy, Rate
from schedules.money.rules.reasons import Outcome, Reason
from schedules.money.rules.ways import CUSTOMARY, Ways


@dataclass(frozen=True, slots=True)
class Deducted:
    """What a month's voucher paid of each bill, in their order, and what is left of it until the month ends."""

    reason: Outcome
    deducted_fen: tuple[int, ...]
    left_fen: int
    because: tuple[Reason, ...] = ()


def voucher(
    policy: Policy, admits: Test, person: Person, bills: Sequence[tuple[str, int]], ways: Ways = CUSTOMARY
) -> Deducted:
    """
    The bills of one person and one calendar month, in order, each its kind and its fen. What is left lapses with the
    month: the next begins with the whole voucher again.
    """
    rule = policy.voucher
    assert rule is not None
    if not admits(person, NO_MEAL):
        return Deducted(Outcome.NOT_ELIGIBLE, (0,) * len(bills), 0)
    left, paid, why = rule.month_cap, [], []
    for number, (kind, bill_fen) in enumerate(bills, 1):
        ratio = rule.deduct.get(kind, Fraction(0))
        part = ways.rounded(bill_fen * ratio.numerator, ratio.denominator)
        paid.append(min(part, left))
        code = "voucher_empty" if part > left else "voucher_bill"
        why.append(Reason(code, {"number": number, "kind": kind, "ratio": str(ratio), "bill_fen": bill_fen, "paid_fen": paid[-1]}))  # noqa: E501  # fmt: skip
        left -= paid[-1]
    why.append(Reason("voucher_left", {"left_fen": left, "cap_fen": rule.month_cap}))
    return Deducted(Outcome.OK, tuple(paid), left, tuple(why))


def units(policy: Policy, visits: Sequence[int]) -> int:
    """Person-times (人次) out of the valid visits of each person: whole units, each person counted up to the most."""
    rule = policy.unit
    assert rule is not None
    most = rule.units_per_person_max
    whole = [count // rule.visits_per_unit for count in visits]
    return sum(whole if most is None else [min(count, most) for count in whole])


def monthly(policy: Policy, month: str, installed: Sequence[date]) -> Paid:
    """The fee of a month, "2023-03": a device fitted by the cut-off day counts at once, others from the next month."""
    rule = policy.monthly
    assert rule is not None
    assert rule.per_person is not None
    count = sum(_first_month(day, rule.cutoff_day) <= month for day in installed)
    facts = {"count": count, "installed": len(installed), "cutoff": rule.cutoff_day, "rate_fen": rule.per_person}
    return Paid(Outcome.OK, count * rule.per_person, (Reason("call_fee", facts),), count)


def _first_month(day: date, cutoff_day: int) -> str:
    """The month from which somebody counts, as "2023-03"."""
    if day.day <= cutoff_day:
        return f"{day:%Y-%m}"
    return f"{day.year + day.month // 12:04}-{day.month % 12 + 1:02}"


def station(policy: Policy, *, area: str, people: int, star: str = "") -> Paid:
    """What a station ("urban" or "rural") gets for the people it serves, plus what its stars add."""
    rule = policy.monthly
    assert rule is not None
    if area == "rural" and rule.rural_flat is not None and people < (rule.rural_flat_below or 0):
        given, why = rule.rural_flat, Reason("station_flat", {"people": people, "below": rule.rural_flat_below or 0})
    else:
        rate = {"urban": rule.urban_per_person, "rural": rule.rural_per_person}.get(area)
        if rate is None:
            return nothing(Outcome.NO_TIER, Reason("no_tier"))
        given, why = people * rate, Reason("station_people", {"people": people, "rate_fen": rate})
    more = rule.star_add.get(star, 0)
    stars = (Reason("station_star", {"star": star, "more_fen": more}),) if more else ()
    return Paid(Outcome.OK, given + more, (why, *stars))


def slab(policy: Policy, value: Fraction, selected: str = "", ways: Ways = CUSTOMARY) -> Paid:
    """What an operator gets by a metric. 49.5 belongs to the rate that 49 belongs to."""
    rate = rate_of(policy, value, selected)
    if rate is None:
        return nothing(Outcome.NO_TIER, Reason("no_rate", {"value": str(value)}))
    return Paid(Outcome.OK, _by_rate(rate, value, ways), (_of_rate(rate, value),))


def rate_of(policy: Policy, value: Fraction, selected: str = "") -> Rate | None:
    """The rate that a metric reaches; None where it reaches none."""
    rule = policy.slab
    assert rule is not None
    whole = value.numerator // value.denominator
    rates = rule.tables.get(selected, ())
    return next((each for each in rates if each.start <= whole and (each.end is None or whole <= each.end)), None)


def _by_rate(rate: Rate, value: Fraction, ways: Ways) -> int:
    if rate.lump is not None:
        return rate.lump
    assert rate.per_unit is not None
    return ways.rounded(value.numerator * rate.per_unit, value.denominator)


def _of_rate(rate: Rate, value: Fraction) -> Reason:
    more: dict[str, int | str | tuple[str, ...]] = {"value": str(value), "start": rate.start}
    if rate.lump is not None:
        return Reason("rate_lump", {**more, "lump_fen": rate.lump})
    return Reason("rate_per_unit", {**more, "rate_fen": rate.per_unit or 0})


def operator(policy: Policy, person_days: int) -> Paid:
    """What an operator gets for so many people served, each counted once a day."""
    assert policy.per_person_day is not None
    facts = {"people": person_days, "rate_fen": policy.per_person_day}
    return Paid(Outcome.OK, person_days * policy.per_person_day, (Reason("operator", facts),))
