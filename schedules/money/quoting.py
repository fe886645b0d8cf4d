"""Answers questions to the rules, one mapping at a time, with the keys that worked cases expect."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from schedules.money import cases
from schedules.money.book import Book
from schedules.money.cases import BadCase, CaseReader, money, need, number, whole
from schedules.money.rules import beds, services
from schedules.money.rules.amounts import yuan
from schedules.money.rules.beds import Paid
from schedules.money.rules.exclusions import excluded_by
from schedules.money.rules.facts import NO_MEAL, Person
from schedules.money.rules.policies import MEND_THE_FILE, REFUSED, NoRule, NotInForce
from schedules.money.rules.ready import Ready, ready
from schedules.money.rules.reasons import Outcome, Reason
from schedules.money.rules.sheet import Faults
from schedules.money.rules.usage import Change, account, months
from schedules.money.rules.ways import CUSTOMARY, Ways
from schedules.money.rules.why import not_eligible, rule_reason, why_meal
from schedules.money.wording import sentence

MEASURED = frozenset({
    "days", "days_with_visit", "min_daily_minutes", "hours", "medical_visits", "basic_items", "contract_months",
    "satisfaction", "min_daily_remote_rounds", "response_minutes",
})  # fmt: skip
"""Facts of a month of a bed that a standard is measured by."""

FACTS = MEASURED | frozenset({
    "average_beds", "months", "visits", "kind", "bills", "bill",
    "cost", "payer", "prior_adaptation", "already_paid", "month", "install_dates", "area", "people", "star", "value",
    "person_days", "from", "spent", "on", "day", "date", "at",
})  # fmt: skip
"""Facts of all questions; besides them, those that a rule with rates selects by."""

Answer: TypeAlias = dict[str, Any]
Told: TypeAlias = tuple[Answer, Callable[[], Sequence[Reason]]]
"""What a question comes to, and its reasons for whoever wants them."""


class Quoting:
    """
    The rules of one book, asked one case at a time.

    `lang` adds the reasons in "zh" or "en" under `explain`; `default_day` is the day of cases that say none.
    """

    def __init__(
        self, book: Book, reader: CaseReader, *, ways: Ways = CUSTOMARY, lang: str | None = None,
        default_day: date | None = None,
    ) -> None:  # fmt: skip
        self._book, self._reader, self._ways = book, reader, ways
        self._lang, self._default_day = lang, default_day
        self._selectors = {policy.slab.select for policy in book.policies if policy.slab and policy.slab.select}
        self._ready = {policy.version: ready(policy, book.exclusions, ways) for policy in book.policies}

    def answer(self, case: Mapping[str, Any]) -> Answer:
        """
        `{"id", …}` with what the question comes to.

        Raises:
            BadCase: the case cannot be read or lacks a fact.
            NoRule: no rule answers, or more than one.
        """
        ask = case.get("ask", "meal")
        if not isinstance(ask, str) or ask not in _ASKS:
            raise BadCase("ask", f"{ask!r} is no question", f"one of {', '.join(_ASKS)}")
        on = self._reader.day(case, self._default_day)
        said: Answer = {"id": case.get("id")}
        try:
            ready = self._rule(case, on)
        except NotInForce as error:
            said |= self._not_in_force(case, ask, on)
            said["why"] = str(error)
            if self._lang is not None:
                said["explain"] = [sentence(Reason("not_in_force"), self._lang)]
            return said
        needed, work = _ASKS[ask]
        if not any(getattr(ready.policy, table) not in (None, ()) for table in needed):
            raise BadCase("ask", f"{ready.policy.id} says nothing about {ask!r}", f"it is a {ready.policy.kind}")
        found, reasons = work(self, ready, case, on)
        said |= found
        if not case.keys() <= cases.CASE:
            said["ignored"] = sorted(case.keys() - cases.CASE)
        said["version"] = ready.policy.version
        if self._lang is not None:
            said["explain"] = [sentence(reason, self._lang) for reason in reasons()]
        return said

    def _rule(self, case: Mapping[str, Any], on: date | None) -> Ready:
        name = case.get("policy")
        if not isinstance(name, str):
            raise BadCase("policy", "missing", 'name the rule, like "policy": "wuhu-2022"')
        if name in self._book.refused:
            raise NoRule(REFUSED, MEND_THE_FILE, rule=name, faults=Faults(self._book.refused[name]))
        return self._ready[self._book.policies.in_force(name, on).version]

    def _not_in_force(self, case: Mapping[str, Any], ask: str, on: date | None) -> Answer:
        if ask != "meal":
            return {"amount": "0.00", "reason": str(Outcome.NOT_IN_FORCE)}
        meal = self._reader.meal(case.get("meal"), on)
        zero = {"discount": "0.00", "subsidy": "0.00", "layers": {}, "delivery_subsidy": "0.00"}
        pays = yuan(meal.price_fen + meal.delivery_fee_fen)
        return {"price": yuan(meal.price_fen), **zero, "person_pays": pays, "reason": str(Outcome.NOT_IN_FORCE)}

    def _person(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Person:
        person = self._reader.person(case.get("person"), on)
        if ready.needs_age and person.age is None:
            raise BadCase("person.age", "missing, and the rule asks for it", 'write "age": 72, or "born_on" and "date"')
        return person

    def _other(self, ready: Ready, person: Person) -> str | None:
        return excluded_by(self._book.exclusions, ready.policy, person)

    def _facts(self, case: Mapping[str, Any]) -> Mapping[str, Any]:
        facts = case.get("facts", {})
        if not isinstance(facts, dict):
            raise BadCase("facts", "is no object", "write it in curly brackets")
        if not facts.keys() <= FACTS:
            strange = ", ".join(sorted(facts.keys() - FACTS - self._selectors))
            if strange:
                raise BadCase("facts", f"unknown key {strange}", f"known are {', '.join(sorted(FACTS))}")
        return facts

    # -------------------------------------------------------------------------------------------- one a question

    def _meal(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Told:
        if "meal" not in case:
            raise BadCase("meal", "missing", 'write "meal": {"type": "lunch", "price": "12.00"}, or say what you "ask"')
        person, meal = self._person(ready, case, on), self._reader.meal(case["meal"], on)
        if ready.policy.limit.days == "workday" and meal.workday is None:
            raise BadCase("meal.workday", "missing, and the rule asks for it", 'write "workday": true, or a "date"')
        used = self._reader.used(case.get("used"), on, meal.type)
        got = ready.meal(person, meal, used)
        if used.quota_fen is None and any(ready.policy.tier[place].quota for place in got.tiers):
            raise BadCase("used.quota", "missing, and the rule draws on it", 'write what is left: "quota": "150.00"')
        said = {
            "price": yuan(got.price_fen),
            "discount": yuan(got.discount_fen),
            "subsidy": yuan(got.subsidy_fen),
            "layers": {group: yuan(fen) for group, fen in got.layers},
            "delivery_subsidy": yuan(got.delivery_fen),
            "person_pays": yuan(got.person_pays_fen),
            "reason": str(got.reason),
        }
        other = self._other(ready, person) if got.reason is Outcome.NOT_ELIGIBLE else None
        if other is not None:
            said["excluded_by"] = other
        return said, lambda: why_meal(ready.policy, person, meal, used, got, other=other, ways=self._ways)

    def _construction(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Told:
        if ready.policy.construction is None:
            return self._service_fee(ready, case, on)
        facts, person = self._facts(case), self._person(ready, case, on)
        built = cases.built(facts)
        if ready.policy.construction.mode == "actual_capped":
            need(facts, "cost", money)
        return self._paid(ready, person, beds.construction(ready.policy, ready.admits, person, built))

    def _service_fee(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Told:
        person, facts = self._person(ready, case, on), self._facts(case)
        bill = need(facts, "cost" if "cost" in facts and "bill" not in facts else "bill", money)
        return self._paid(ready, person, beds.service_fee(ready.policy, ready.admits, person, bill, self._ways))

    def _operating(self, ready: Ready, case: Mapping[str, Any], _on: date | None) -> Told:
        facts = self._facts(case)
        average, months = need(facts, "average_beds", number), need(facts, "months", whole)
        return self._paid(ready, None, beds.operating(ready.policy, average, months, self._ways))

    def _standard(self, ready: Ready, case: Mapping[str, Any], _on: date | None) -> Told:
        facts = {key: number(value, f"facts.{key}") for key, value in self._facts(case).items() if key in MEASURED}
        failed = beds.failed_duties(ready.policy, facts)
        why = Reason("duties_failed", {"failed": tuple(failed)}) if failed else Reason("duties_met")
        return {"fails": failed}, lambda: [rule_reason(ready.policy), why]

    def _units(self, ready: Ready, case: Mapping[str, Any], _on: date | None) -> Told:
        visits = [whole(each, "facts.visits") for each in need(self._facts(case), "visits", cases.items)]
        assert ready.policy.unit is not None
        why = Reason("units", {"per_unit": ready.policy.unit.visits_per_unit})
        return {"units": services.units(ready.policy, visits)}, lambda: [rule_reason(ready.policy), why]

    def _voucher(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Told:
        person, facts = self._person(ready, case, on), self._facts(case)
        kind = need(facts, "kind", cases.word)
        assert ready.policy.voucher is not None
        if kind not in ready.policy.voucher.deduct:
            raise BadCase("facts.kind", f"{kind!r} is no bill the voucher pays", f"one of {', '.join(ready.policy.voucher.deduct)}")  # noqa: E501  # fmt: skip
        bills = [(kind, money(each, "facts.bills")) for each in need(facts, "bills", cases.items)]
        got = services.voucher(ready.policy, ready.admits, person, bills, self._ways)
        said = {"deducted": [yuan(fen) for fen in got.deducted_fen], "left": yuan(got.left_fen), "reason": str(got.reason)}  # noqa: E501  # fmt: skip
        return self._told(ready, person, said, got.reason, got.because)

    def _monthly(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Told:
        assert ready.policy.monthly is not None
        if ready.policy.monthly.per_person is None:
            return self._station(ready, case, on)
        facts = self._facts(case)
        installed = need(facts, "install_dates", cases.days)
        return self._paid(ready, None, services.monthly(ready.policy, need(facts, "month", cases.month), installed))

    def _station(self, ready: Ready, case: Mapping[str, Any], _on: date | None) -> Told:
        facts = self._facts(case)
        area, people = need(facts, "area", cases.word), need(facts, "people", whole)
        star = str(facts.get("star", ""))
        return self._paid(ready, None, services.station(ready.policy, area=area, people=people, star=star))

    def _slab(self, ready: Ready, case: Mapping[str, Any], _on: date | None) -> Told:
        facts = self._facts(case)
        assert ready.policy.slab is not None
        select = ready.policy.slab.select
        chosen = str(need(facts, select, cases.anything)) if select else ""
        if chosen not in ready.policy.slab.tables:
            raise BadCase(
                f"facts.{select}", f"{chosen!r} has no rates", f"one of {', '.join(ready.policy.slab.tables)}"
            )
        return self._paid(ready, None, services.slab(ready.policy, need(facts, "value", number), chosen, self._ways))

    def _operator(self, ready: Ready, case: Mapping[str, Any], _on: date | None) -> Told:
        return self._paid(ready, None, services.operator(ready.policy, need(self._facts(case), "person_days", whole)))

    def _quota(self, ready: Ready, case: Mapping[str, Any], on: date | None) -> Told:
        facts = self._facts(case)
        if on is None:
            raise BadCase(
                "facts.date", "missing: the day up to which the account is told", 'write "date": "2026-04-01"'
            )
        spent = cases.spends(facts.get("spent", []), "facts.spent")
        credited = self._credits(case, need(facts, "from", cases.month), on)
        # On one day the credit comes before what is spent of it.
        moves = account(sorted([*credited, *spent], key=lambda each: (each.on, each.lapses is None)), on)
        left = moves[-1].left_fen if moves else 0
        told = [
            {"on": move.on.isoformat(), "what": move.what, "amount": yuan(move.amount_fen), "left": yuan(move.left_fen)}
            for move in moves
        ]
        why = Reason("account_left", {"left_fen": left})
        return {"moves": told, "left": yuan(left)}, lambda: [rule_reason(ready.policy), why]

    def _credits(self, case: Mapping[str, Any], start: str, until: date) -> Iterator[Change]:
        """The credit of each month by the version in force on its first day, at the age of that day."""
        for first in months(start, until):
            try:
                ready = self._rule(case, first)
            except NotInForce:
                continue
            credit = ready.credit(first, self._person(ready, case, first))
            yield from [credit] if credit else []

    # -------------------------------------------------------------------------------------------- telling it

    def _paid(self, ready: Ready, person: Person | None, paid: Paid) -> Told:
        said: Answer = {"amount": yuan(paid.amount_fen), "reason": str(paid.reason)}
        if paid.count is not None:
            said["count"] = paid.count
        return self._told(ready, person, said, paid.reason, paid.because)

    def _told(
        self, ready: Ready, person: Person | None, said: Answer, reason: Outcome, because: Sequence[Reason]
    ) -> Told:
        if reason is not Outcome.NOT_ELIGIBLE or person is None:
            return said, lambda: [rule_reason(ready.policy), *because]
        other = self._other(ready, person)
        if other is not None:
            said["excluded_by"] = other
        return said, lambda: [rule_reason(ready.policy), not_eligible(ready.policy, person, NO_MEAL, other)]


_ASKS: Mapping[str, tuple[Sequence[str], Callable[[Quoting, Ready, Mapping[str, Any], date | None], Told]]] = {
    "meal": (("tier", "discount", "delivery"), Quoting._meal),
    "construction": (("construction", "service_fee_tier"), Quoting._construction),
    "service_fee": (("service_fee_up_to", "service_fee_tier"), Quoting._service_fee),
    "operating": (("operating",), Quoting._operating),
    "standard": (("standard",), Quoting._standard),
    "units": (("unit",), Quoting._units),
    "voucher": (("voucher",), Quoting._voucher),
    "monthly": (("monthly",), Quoting._monthly),
    "station": (("monthly",), Quoting._station),
    "slab": (("slab",), Quoting._slab),
    "operator": (("per_person_day",), Quoting._operator),
    "quota": (("quota",), Quoting._quota),
}
"""By question: of which parts of the rule one must be there, and how it is answered."""
