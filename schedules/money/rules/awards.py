"""
What a month of beds and services comes to: each bill and each bed with its money and its reasons. Money is whole fen.

    bills of a resident and month ─┐
    a bed's month ─────────────────┼─► Award: one source, one version, one claim, or nothing and why
    a bed built, a home adapted ───┤
    a device fitted ───────────────┘
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from schedules.money.rules import beds, services
from schedules.money.rules.beds import Built, Paid
from schedules.money.rules.bills import BUILDING, Bill, Line, Part, in_order, parts
from schedules.money.rules.exclusions import Exclusion, excluded_by
from schedules.money.rules.facts import NO_MEAL, Person
from schedules.money.rules.policies import NotInForce, Policies
from schedules.money.rules.policy import Policy
from schedules.money.rules.ready import Ready, ready
from schedules.money.rules.reasons import Outcome, Reason
from schedules.money.rules.usage import Move, last_day
from schedules.money.rules.ways import CUSTOMARY, Ways
from schedules.money.rules.why import not_eligible, rule_reason

PersonOn = Callable[[date], Person]
"""Somebody's facts on a local day: the age and the level of that day."""

ANY_BILL = 10**13
"""Fen above every bill: what is given for it is the ceiling of a month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one source is given by one version of a rule; `version` None where no version is in force."""

    claim: str
    source: str
    kind: str
    resident_id: str
    policy_id: str
    version: str | None
    on: date
    amount_fen: int
    owed_to: str
    outcome: Outcome
    because: tuple[Reason, ...] = ()
    asked_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BedMonth:
    """
    A bed's month: `on` the first day of service in it, `owed` of `days` days in service, `fails` the duties not
    reached. `prorated`: the rule pays by days.
    """

    bed_id: str
    resident_id: str
    month: str
    on: date
    owed: int
    days: int
    fails: tuple[str, ...]
    owed_to: str
    prorated: bool = False


class Rules:
    """The rules of a book made ready, each version once."""

    def __init__(self, policies: Policies, exclusions: Sequence[Exclusion] = (), ways: Ways = CUSTOMARY) -> None:
        self.policies, self.exclusions, self.ways = policies, exclusions, ways
        self._ready: dict[str, Ready] = {}

    def on(self, policy_id: str, day: date) -> Ready:
        """
        The version in force on a day.

        Raises:
            NotInForce: there is none. NoRule: there is no such rule, or there are two.
        """
        return self.of(self.policies.in_force(policy_id, day))

    def of(self, policy: Policy) -> Ready:
        if policy.version not in self._ready:
            self._ready[policy.version] = ready(policy, self.exclusions, self.ways)
        return self._ready[policy.version]

    def refusal(self, policy: Policy, person: Person) -> Reason:
        """Why somebody is not admitted."""
        return not_eligible(policy, person, NO_MEAL, excluded_by(self.exclusions, policy, person))


# ------------------------------------------------------------------------------------------------ services of a month


@dataclass(slots=True)
class _Drawn:
    """What one scheme gave of one month so far, and the bills behind it by version."""

    given_fen: int = 0
    bills_fen: dict[str, int] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The services of one resident and month: an award a part of a bill, and the moves of each voucher."""

    awards: tuple[Award, ...]
    vouchers: Mapping[str, tuple[Move, ...]]


def services_of(
    bills: Sequence[Bill], month: str, rules: Rules, person_on: PersonOn, vouchers: Sequence[str] = ()
) -> Month:
    """
    The bills for services of one resident and month, in the order of their time. `vouchers` are schemes whose account
    is told although no bill draws on it.

    A bill is paid by the scheme that it names and by no other. Who draws one scheme with an earlier bill has nothing
    from a scheme that excludes it. What several bills get together is never more than one bill over their sum would:
    whoever splits a bill wins no fen.

    Raises:
        NoRule: a bill names a rule that is not there, or two versions are in force on a day.
    """
    drawn: dict[str, _Drawn] = {}
    accounts = {scheme: _Account(scheme, month, rules, person_on) for scheme in vouchers}
    awards = []
    for part in [part for bill in in_order(bills) for part in parts(bill, rules.policies)]:
        award = _service(part, rules, person_on, drawn)
        awards.append(award)
        if award.version is not None and rules.on(part.bill.scheme, part.on).policy.voucher is not None:
            scheme = part.bill.scheme
            accounts.setdefault(scheme, _Account(scheme, month, rules, person_on)).spend(part.bill.on, part.on, award)
    return Month(awards=tuple(awards), vouchers={scheme: each.told() for scheme, each in accounts.items()})


def _service(part: Part, rules: Rules, person_on: PersonOn, drawn: dict[str, _Drawn]) -> Award:
    if part.version is None:
        return _award(part, None, Paid(Outcome.NOT_IN_FORCE, 0, (Reason("not_in_force"),)))
    rule = rules.on(part.bill.scheme, part.on)
    others = frozenset(scheme for scheme, each in drawn.items() if each.given_fen and scheme != rule.policy.id)
    person = person_on(part.on)
    person = replace(person, schemes=person.schemes | others)
    had = drawn.setdefault(rule.policy.id, _Drawn())
    if not rule.admits(person, NO_MEAL):
        return _award(part, rule, Paid(Outcome.NOT_ELIGIBLE, 0, (rules.refusal(rule.policy, person),)))
    if not part.amount_fen:
        return _award(part, rule, Paid(Outcome.NOTHING_SHOWN, 0))
    paid = (_by_voucher if rule.policy.voucher else _by_fee)(part, rule, person, had, rules.ways)
    had.given_fen += paid.amount_fen
    return _award(part, rule, paid)


def _by_voucher(part: Part, rule: Ready, person: Person, had: _Drawn, ways: Ways) -> Paid:
    own = rule.policy.voucher
    assert own is not None
    had.number += 1
    left = replace(rule.policy, voucher=replace(own, month_cap=max(0, own.month_cap - had.given_fen)))
    got = services.voucher(left, rule.admits, person, [(part.bill.kind, part.amount_fen)], ways)
    [bill, _] = got.because
    facts = {"left_fen": got.left_fen, "cap_fen": own.month_cap}
    why = (replace(bill, facts={**bill.facts, "number": had.number}), Reason("voucher_left", facts))
    return Paid(got.reason, got.deducted_fen[0], why)


def _by_fee(part: Part, rule: Ready, person: Person, had: _Drawn, ways: Ways) -> Paid:
    """What the bills of the month up to this one get, less what those before it got."""

    def fee(bills_fen: int) -> Paid:
        return beds.service_fee(rule.policy, rule.admits, person, bills_fen, ways)

    before = had.bills_fen.get(rule.policy.version, 0)
    now = had.bills_fen[rule.policy.version] = before + part.amount_fen
    paid, most = fee(now), fee(ANY_BILL).amount_fen
    mine = paid.amount_fen - (fee(before).amount_fen if before else 0)
    given = max(0, min(mine, most - had.given_fen))
    if given == paid.amount_fen:
        return paid
    return Paid(paid.reason, given, (*paid.because, Reason("month_before", {"had_fen": had.given_fen, "paid_fen": given})))  # noqa: E501  # fmt: skip


class _Account:
    """A voucher of one month as it moves; see `services_of`."""

    def __init__(self, scheme: str, month: str, rules: Rules, person_on: PersonOn) -> None:
        self._scheme, self._rules = scheme, rules
        self._first = date.fromisoformat(f"{month}-01")
        self._moves: list[Move] = []
        self._cap = 0
        try:
            rule = rules.on(scheme, self._first)
        except NotInForce:
            return
        if rule.policy.voucher is not None and rule.admits(person_on(self._first), NO_MEAL):
            self._credit(self._first, rule.policy.voucher.month_cap)

    @property
    def _left(self) -> int:
        return self._moves[-1].left_fen if self._moves else 0

    def spend(self, day: date, service_on: date, award: Award) -> None:
        """One bill draws; a rule changed within the month brings the balance to what its own sum leaves."""
        if award.outcome is not Outcome.OK:
            return
        rule = self._rules.on(self._scheme, service_on).policy.voucher
        assert rule is not None
        self._credit(service_on, rule.month_cap)
        self._move(max(day, service_on), "spend", -award.amount_fen)

    def told(self) -> tuple[Move, ...]:
        """Every move of the month; what is left lapses on its last day."""
        if self._left:
            self._move(last_day(self._first, "month_end"), "lapse", -self._left)
        return tuple(self._moves)

    def _credit(self, day: date, cap: int) -> None:
        more, self._cap = max(cap - self._cap, -self._left), cap
        if more:
            self._move(day, "credit" if more > 0 else "lapse", more)

    def _move(self, day: date, what: str, amount_fen: int) -> None:
        self._moves.append(Move(day, what, abs(amount_fen), self._left + amount_fen))


# ------------------------------------------------------------------------------------------- once, and by the month


def built(bill: Bill, rules: Rules, person_on: PersonOn, *, already_paid: bool = False, prior: bool = False) -> Award:
    """
    Money for building a bed or adapting a home. `already_paid`: the person or household had it before; `prior`: the
    home was adapted with a subsidy before, whatever the bill says.

    Raises:
        NoRule: the bill names a rule that is not there, or two versions are in force.
    """
    [part, *more] = parts(bill, rules.policies)
    # Works that took days are one building: the rule of the day of the bill holds for all of it.
    part = replace(part, lines=(*part.lines, *(line for each in more for line in each.lines)), on=bill.on)
    try:
        rule = rules.on(bill.scheme, bill.on)
    except NotInForce:
        return _award(part, None, Paid(Outcome.NOT_IN_FORCE, 0, (Reason("not_in_force"),)))
    person, cost = person_on(bill.on), part.amount_fen
    if not rule.admits(person, NO_MEAL):
        return _award(part, rule, Paid(Outcome.NOT_ELIGIBLE, 0, (rules.refusal(rule.policy, person),)))
    if not cost:
        return _award(part, rule, Paid(Outcome.NOTHING_SHOWN, 0))
    if rule.policy.construction is None:
        had = Reason("already_paid", {"once_per": "person"})
        paid = beds.service_fee(rule.policy, rule.admits, person, cost, rules.ways)
        return _award(part, rule, beds.nothing(Outcome.ALREADY_PAID, had) if already_paid else paid)
    said = Built(
        cost_fen=cost, payer=bill.payer or None, already_paid=already_paid,
        prior_adaptation=prior or bill.prior_adaptation,
    )  # fmt: skip
    return _award(part, rule, beds.construction(rule.policy, rule.admits, person, said))


def operating(month: BedMonth, policy_id: str, rules: Rules, person_on: PersonOn) -> Award | None:
    """
    Money for running a bed in a month: the whole of it when the month's duty was met, by days only where the rule says
    so. None where the rule gives none, or the bed was on no day in service.

    The version in force on the first day of service of the month decides.

    Raises:
        NoRule: there is no such rule, or two versions are in force.
    """
    if not month.owed:
        return None
    try:
        rule = rules.on(policy_id, month.on)
    except NotInForce:
        return None
    if rule.policy.operating is None:
        return None
    return _running(month, rule, rules, person_on(month.on))


def _running(month: BedMonth, rule: Ready, rules: Rules, person: Person) -> Award:
    policy = rule.policy
    days = Reason("bed_days", {"owed": month.owed, "days": month.days})
    if not rule.admits(person, NO_MEAL):
        paid = Paid(Outcome.NOT_ELIGIBLE, 0, (days, rules.refusal(policy, person)))
    elif month.fails:
        paid = Paid(Outcome.DUTY_FAILED, 0, (days, Reason("duties_failed", {"failed": month.fails})))
    else:
        share = Fraction(month.owed, month.days) if month.prorated else Fraction(1)
        got = beds.operating(policy, share, 1, rules.ways)
        paid = replace(got, because=(days, Reason("duties_met"), *got.because))
    source = f"bed-{month.bed_id}-{month.month}"
    return Award(
        claim=f"{month.resident_id}/{month.month}/operating", source=source, kind="operating",
        resident_id=month.resident_id, policy_id=policy.id, version=policy.version, on=month.on,
        amount_fen=paid.amount_fen, owed_to=month.owed_to, outcome=paid.reason,
        because=(rule_reason(policy), *paid.because),
    )  # fmt: skip


def call_fee(
    resident_id: str, fitted_on: date, month: str, policy_id: str, rules: Rules, *, owed_to: str
) -> Award | None:
    """
    The fee of a month for one person with a device: from the month that the rule's cut-off day says. None before it.

    Raises:
        NoRule: there is no such rule, or two versions are in force.
    """
    first = date.fromisoformat(f"{month}-01")
    on = max(first, fitted_on)
    try:
        rule = rules.on(policy_id, on)
    except NotInForce:
        return None
    paid = services.monthly(rule.policy, month, [fitted_on])
    if not paid.amount_fen:
        return None
    return Award(
        claim=f"{resident_id}/{month}/call", source=f"call-{resident_id}-{month}", kind="call", resident_id=resident_id,
        policy_id=rule.policy.id, version=rule.policy.version, on=on, amount_fen=paid.amount_fen, owed_to=owed_to,
        outcome=paid.reason, because=(rule_reason(rule.policy), *paid.because),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ telling it


def _award(part: Part, rule: Ready | None, paid: Paid) -> Award:
    bill = part.bill
    told = (rule_reason(rule.policy),) if rule else ()
    # A family that paid for the building is paid back itself.
    once = f"once/{bill.scheme}" if bill.kind in BUILDING else f"{bill.month}/bill-{part.source}"
    owed_to = f"resident-{bill.resident_id}" if bill.payer == "family" else bill.provider
    return Award(
        claim=f"{bill.resident_id}/{once}", source=part.source, kind=bill.kind, resident_id=bill.resident_id,
        policy_id=bill.scheme, version=rule.policy.version if rule else None, on=part.on, amount_fen=paid.amount_fen,
        asked_fen=sum(each.amount_fen for each in part.lines), owed_to=owed_to, outcome=paid.reason,
        because=(*told, *map(_refused, [each for each in part.lines if each.refused]), *paid.because),
    )  # fmt: skip


def _refused(line: Line) -> Reason:
    on = line.on.isoformat()
    return Reason("line_refused", {"number": line.number, "on": on, "bill_fen": line.amount_fen, "why": line.refused})
