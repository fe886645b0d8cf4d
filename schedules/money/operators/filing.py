"""Terms as they are written down: whom which rule pays for serving, from when until when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from dispatch.errors import Conflict, Invalid
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Transactions, Tx
from dispatch.web.i18n import gettext
from schedules.money.operators.asked import Station
from schedules.money.operators.reckoning import Reckoning
from schedules.money.operators.store import Terms
from schedules.money.rules.operators import DAYS, PERIODS, Term, metric_of
from schedules.money.rules.policy import Policy

KINDS = ("meal_operator", "station_operator")
"""Kinds of rules that terms name; what a rule for meals says of person-days is paid without one."""

AREAS = ("urban", "rural")
DAY = timedelta(days=1)


class Filing:
    """Keeps terms. They are of the whole district: what is outside the caller's area is refused before."""

    def __init__(self, transactions: Transactions, reading: Reading, reckoning: Reckoning) -> None:
        self._transactions = transactions
        self._reading = reading
        self._reckoning = reckoning

    def rules(self) -> Mapping[str, Policy]:
        """Rules that terms may name, by id: the newest version of each."""
        return {each.id: each for each in self._reckoning.rules.policies if each.kind in KINDS}

    def payees(self) -> Mapping[str, Mapping[str, Station]]:
        """Canteens and stations with their codes and names, by id."""
        with self._reckoning.others.meals() as meals:
            canteens = {each.id: Station(code=each.code, name=each.name) for each in meals.canteens()}
        return {"canteen": canteens, "station": self._reckoning.others.stations()}

    def terms(self) -> list[Term]:
        """Every one, the oldest first; those that never held left out."""
        with self._reading.connect() as connection:
            return [each for each in Terms(connection).all() if each.until_on is None or each.until_on >= each.from_on]

    def add(self, asked: Term, *, by: Person) -> Term:
        """
        A new one; its id is drawn, and a canteen or station may be named by its code.

        Raises:
            Invalid: something in it cannot be; names the place. Conflict: the same rule pays the same payee on a day of
                it already.
        """
        asked = replace(asked, payee_id=self._payee(asked))
        self._refuse(asked)

        def work(tx: Tx) -> Term:
            shelf = Terms(tx.connection)
            if any(_overlap(each, asked) for each in shelf.all()):
                raise Conflict("This rule pays them on a day of it already: end that term first.")
            term = replace(asked, id=tx.new_id())
            shelf.add(term, by=by, at=tx.now)
            facts = {"term": term.id, "kind": term.kind, "payee": term.payee_id, "policy": term.policy,
                     "from": term.from_on.isoformat()}  # fmt: skip
            tx.log(Line(kind="operator_term_kept", by=by, facts=facts))
            return term

        return self._transactions.run(work)

    def end(self, term_id: str, until_on: date, *, by: Person) -> Term:
        """
        Its last day. The day before it began: it was a mistake and never held. What was booked for days behind it is
        taken back with the next month that is booked.

        Raises:
            NotFound: there is no such term. Invalid: this day lies before that. Conflict: another one would overlap.
        """

        def work(tx: Tx) -> Term:
            shelf = Terms(tx.connection)
            held = shelf.get(term_id)
            if until_on < held.from_on - DAY:
                raise _wrong("until_on", "It ends on the day before it began at the earliest.")
            ended = replace(held, until_on=until_on)
            if any(_overlap(each, ended) for each in shelf.all() if each.id != ended.id):
                raise Conflict("This rule pays them on a day of it already: end that term first.")
            shelf.end(term_id, until_on, by=by, at=tx.now)
            tx.log(Line(kind="operator_term_ended", by=by, facts={"term": term_id, "until": until_on.isoformat()}))
            return ended

        return self._transactions.run(work)

    def _payee(self, asked: Term) -> str:
        known = self.payees().get(asked.kind)
        if known is None:
            raise _wrong("kind", gettext("One of %(kinds)s.", kinds="canteen, station"))
        if asked.payee_id in known:
            return asked.payee_id
        codes = {each.code: id_ for id_, each in known.items()}
        if asked.payee_id not in codes:
            raise _wrong("payee_id", "There is no such canteen or station.")
        return codes[asked.payee_id]

    def _refuse(self, asked: Term) -> None:
        rule = self.rules().get(asked.policy)
        if rule is None:
            self._reckoning.rules.policies.refuse_refused(asked.policy)
            raise _wrong("policy", "No rule of this name pays for serving.")
        if asked.until_on is not None and asked.until_on < asked.from_on:
            raise _wrong("until_on", "It ends before it begins.")
        if asked.period not in ("", *PERIODS) or asked.days not in DAYS:
            raise _wrong("period", gettext("One of %(kinds)s.", kinds=", ".join((*PERIODS, *DAYS))))
        if not asked.fund.strip():
            raise _wrong("fund", "Say which fund gives the money.")
        self._refuse_rule(rule, asked)

    def _refuse_rule(self, rule: Policy, asked: Term) -> None:
        if rule.slab is not None and metric_of(rule.slab.metric, asked.period) is None:
            raise _wrong("policy", gettext("Nobody counts %(metric)s; write its metric like %(example)s.",
                                           metric=rule.slab.metric, example="elder_meals_per_month"))  # fmt: skip
        if rule.slab is not None and rule.slab.select and asked.facts.get(rule.slab.select) not in rule.slab.tables:
            raise _wrong("facts", gettext("%(fact)s: one of %(kinds)s.", fact=rule.slab.select,
                                          kinds=", ".join(rule.slab.tables)))  # fmt: skip
        monthly = rule.monthly if rule.kind == "station_operator" else None
        if monthly is None:
            return
        if asked.kind != "station":
            raise _wrong("kind", "This rule pays stations.")
        if monthly.per_person is None and asked.facts.get("area") not in AREAS:
            raise _wrong("facts", gettext("%(fact)s: one of %(kinds)s.", fact="area", kinds=", ".join(AREAS)))
        if asked.facts.get("star", "") and not asked.facts["star"].isdigit():
            raise _wrong("facts", "The stars of a station are a number.")


def _overlap(one: Term, other: Term) -> bool:
    same = (one.kind, one.payee_id, one.policy) == (other.kind, other.payee_id, other.policy)
    first, last = max(one.from_on, other.from_on), min(one.until_on or date.max, other.until_on or date.max)
    return same and first <= last


def _wrong(name: str, what: str) -> Invalid:
    return Invalid(what, {"json": {name: [what]}})
