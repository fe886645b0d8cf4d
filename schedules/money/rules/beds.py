"""What a rule gives for a home-care bed, for adapting a home, and on bills for services. Money is whole fen."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from schedules.care.rules.standard import fails
from schedules.money.rules.conditions import Test, compiled
from schedules.money.rules.facts import NO_MEAL, Person
from schedules.money.rules.policy import Construction, Policy
from schedules.money.rules.reasons import Outcome, Reason
from schedules.money.rules.ways import CUSTOMARY, Ways


@dataclass(frozen=True, slots=True)
class Paid:
    """An amount, the word for why, and the sentences behind it; `count` where people or units were counted."""

    reason: Outcome
    amount_fen: int
    because: tuple[Reason, ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What is known of a bed that was built or a home that was adapted; `cost_fen` None where nobody said."""

    cost_fen: int | None = None
    payer: str | None = None
    prior_adaptation: bool = False
    already_paid: bool = False


def nothing(reason: Outcome, *because: Reason) -> Paid:
    """No money, and why."""
    return Paid(reason, 0, because)


def construction(policy: Policy, admits: Test, person: Person, built: Built) -> Paid:
    """
    Money for building, once. Where the rule pays the actual cost, `built.cost_fen` must be known.

    Refused in this order: not eligible, paid before, paid for by somebody whom the rule does not refund.
    """
    rule = policy.construction
    assert rule is not None
    if not admits(person, NO_MEAL):
        return nothing(Outcome.NOT_ELIGIBLE)
    if built.already_paid:
        return nothing(Outcome.ALREADY_PAID, Reason("already_paid", {"once_per": rule.once_per}))
    if rule.payer is not None and built.payer != rule.payer:
        return nothing(Outcome.PAYER, Reason("payer", {"payer": rule.payer}))
    return _built(rule, built)


def _built(rule: Construction, built: Built) -> Paid:
    prior = built.prior_adaptation and rule.if_prior_adaptation is not None
    most = (rule.if_prior_adaptation or 0) if prior else rule.amount
    why = [Reason("prior_adaptation", {"most_fen": most})] if prior else []
    if rule.mode == "fixed":
        return Paid(Outcome.OK, most, (*why, Reason("fixed", {"amount_fen": most})))
    assert built.cost_fen is not None
    code = "cost_capped" if built.cost_fen > most else "actual_cost"
    return Paid(Outcome.OK, min(built.cost_fen, most), (*why, Reason(code, {"cost_fen": built.cost_fen, "most_fen": most})))  # noqa: E501  # fmt: skip


def service_fee(policy: Policy, admits: Test, person: Person, bill_fen: int, ways: Ways = CUSTOMARY) -> Paid:
    """Money on a bill: the highest of the tiers that hold, within the ceiling, never more than the bill."""
    if not admits(person, NO_MEAL):
        return nothing(Outcome.NOT_ELIGIBLE)
    paid = _by_tier(policy, person, bill_fen, ways) if policy.service_fee_tier else Paid(Outcome.OK, bill_fen)
    most = policy.service_fee_up_to
    if most is None or paid.amount_fen <= most:
        return paid if paid.because else Paid(paid.reason, paid.amount_fen, (Reason("whole_bill"),))
    return Paid(paid.reason, most, (*paid.because, Reason("ceiling", {"most_fen": most})))


def _by_tier(policy: Policy, person: Person, bill_fen: int, ways: Ways) -> Paid:
    best: Paid | None = None
    for place, tier in enumerate(policy.service_fee_tier, 1):
        if not compiled(tier.when)(person, NO_MEAL):
            continue
        part = ways.rounded(bill_fen * tier.ratio.numerator, tier.ratio.denominator)
        value = part if tier.cap is None else min(part, tier.cap)
        why = [Reason("service_tier", {"tier": place, "ratio": str(tier.ratio), "bill_fen": bill_fen})]
        why += [Reason("capped", {"cap_fen": tier.cap})] if tier.cap is not None and part > tier.cap else []
        if best is None or value > best.amount_fen:
            best = Paid(Outcome.OK, value, tuple(why))
    return best or nothing(Outcome.NO_TIER, Reason("no_tier"))


def operating(policy: Policy, average_beds: Fraction, months: int, ways: Ways = CUSTOMARY) -> Paid:
    """The most that may be paid for running beds: average beds in use × months × ceiling of a bed and month."""
    assert policy.operating is not None
    most = policy.operating.per_bed_month_up_to
    whole = average_beds * months * most
    why = Reason("operating", {"beds": str(average_beds), "months": months, "most_fen": most})
    return Paid(Outcome.OK, ways.rounded(whole.numerator, whole.denominator), (why,))


def failed_duties(policy: Policy, facts: Mapping[str, int | Fraction]) -> list[str]:
    """The monthly duties of a bed that these facts do not reach, sorted; a missing fact counts as not reached."""
    assert policy.standard is not None
    return fails(policy.standard, facts)
