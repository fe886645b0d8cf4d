"""
Money for whoever serves, as values: canteens by slabs of what they serve, stations by people, both by person-days.

    term (whom, by which rule, from when) ─┐
    what was served, day by day ───────────┼─► Due: one source, one version, one claim, or nothing and why
    versions of the rule by their days ────┘

A sum for a whole period is decided by the version of its first day under the term, and is never shared out by days: no
rule says so (CARE-RULES 1.6). What is paid for each meal or person-day is paid by the version of its own day, at the
rate that the whole period reaches.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

from schedules.money.rules import services
from schedules.money.rules.beds import Paid, nothing
from schedules.money.rules.policy import Policy, Rate
from schedules.money.rules.reasons import Outcome, Reason
from schedules.money.rules.ways import CUSTOMARY, Ways
from schedules.money.rules.why import rule_reason

DAY = timedelta(days=1)

_METRIC = re.compile(r"(elder_meals|meals|aided_meals|person_days|people|visits)_per_(day|month|quarter|year)(_avg)?")

PERIODS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}
"""Months of each period."""

DAYS = ("calendar", "served")
"""What an average of a day is over: every day of the period, or those on which somebody was served."""

ADDING = frozenset({"meals", "aided_meals", "person_days", "visits"})
"""What adds up over days; of people only the whole period says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a slab is measured by: what is counted, in which period, and whether as an average of a day."""

    what: str
    period: str
    is_average: bool


def metric_of(written: str, period: str = "") -> Metric | None:
    """
    "elder_meals_per_month" → meals of a month; None where nobody counts what is written.

    An average of a day is over a year unless `period` says otherwise: 日均 30–49 人次 is paid 10,000 a year (S29c-C).
    """
    found = _METRIC.fullmatch(written)
    if found is None or (found[2] == "day") is not bool(found[3]):
        return None
    own = found[2] if found[2] != "day" else period or "year"
    return Metric(what="meals" if found[1] == "elder_meals" else found[1], period=own, is_average=bool(found[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """
    Somebody is paid for serving by a rule, from a local day until another, both inclusive; without an end it goes on.

    `kind` is "canteen" or "station", `facts` what the rule asks of it ("area", "star", or what its slab selects by).
    """

    id: str
    kind: str
    payee_id: str
    policy: str
    from_on: date
    until_on: date | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    fund: str = "district"
    period: str = ""
    days: str = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One period: its name ("2026-03", "2026-Q1", "2026"), and its first and last day."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def window(period: str, day: date) -> Window:
    """The month, quarter or year that a day is in."""
    months = PERIODS[period]
    start = date(day.year, day.month - (day.month - 1) % months, 1)
    after = start.year * 12 + start.month - 1 + months
    last = date(after // 12, after % 12 + 1, 1) - DAY
    names = {"month": f"{start:%Y-%m}", "quarter": f"{start.year}-Q{(start.month + 2) // 3}", "year": f"{start.year}"}
    return Window(name=names[period], first=start, last=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """
    The days of a period under the terms of one payee and rule. The facts of the first day hold for the period: whoever
    gains a star in its middle has it from the next one on.
    """

    term: Term
    window: Window
    spans: tuple[tuple[date, date], ...]

    @property
    def first(self) -> date:
        return self.spans[0][0]

    @property
    def last(self) -> date:
        """The last day under a term: the money is due in the month of this day."""
        return self.spans[-1][1]

    def covers(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.spans)

    def all(self) -> list[date]:
        return [first + n * DAY for first, last in self.spans for n in range((last - first).days + 1)]


def stretch(terms: Sequence[Term], own: Window) -> Stretch | None:
    """Terms of one payee and rule within a period; None where none of them has a day in it."""
    held = sorted(
        (max(each.from_on, own.first), min(each.until_on or own.last, own.last), each.id, each)
        for each in terms
    )  # fmt: skip
    spans = [(first, last, each) for first, last, _, each in held if first <= last]
    if not spans:
        return None
    return Stretch(term=spans[0][2], window=own, spans=tuple((first, last) for first, last, _ in spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """
    What was served in a stretch: how many each day of what adds up, on how many days anybody was served, and how many
    people in all.
    """

    by_day: Mapping[date, int] = field(default_factory=dict)
    days: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What one payee is due for one period by one version. `counted` is what was counted, for whoever looks."""

    source: str
    claim: str
    kind: str
    term_kind: str
    payee_id: str
    owed_to: str
    policy_id: str
    title: str
    version: str
    period: str
    on: date
    amount_fen: int
    fund: str
    outcome: Outcome
    because: tuple[Reason, ...] = ()
    counted: str = "0"

    @property
    def month(self) -> str:
        """In which it is due."""
        return f"{self.on:%Y-%m}"


Versions = Sequence[tuple[Policy, frozenset[date]]]
"""Versions of one rule that are in force within a stretch, the earliest first, each with its days."""


def slab(found: Stretch, versions: Versions, served: Served, owed_to: str, ways: Ways = CUSTOMARY) -> list[Due]:
    """What a period comes to by slabs; an entry for each version that pays for its own days."""
    policy, _ = versions[0]
    assert policy.slab is not None
    metric, select = metric_of(policy.slab.metric, found.term.period), policy.slab.select
    assert metric is not None
    days = {day for _, own in versions for day in own}
    value = _value(metric, found, served, days)
    selected = found.term.facts.get(select, "") if select else ""
    first = services.rate_of(policy, value, selected)
    counted = Reason("counted", {"what": metric.what, "value": str(value), "period": found.window.name})
    if len(versions) == 1 or metric.what not in ADDING or (first is not None and first.lump is not None):
        return [_due(found, "slab", policy, owed_to, services.slab(policy, value, selected, ways), counted, value)]
    told = []
    for place, (each, own) in enumerate(versions):
        part = _value(metric, found, served, set(own))
        chosen = found.term.facts.get(each.slab.select, "") if each.slab and each.slab.select else ""
        paid = _by_version(each, value, part, chosen, ways, is_first=not place)
        told.append(_due(found, "slab", each, owed_to, paid, counted, value))
    return told


def _value(metric: Metric, found: Stretch, served: Served, days: set[date]) -> Fraction:
    """What is measured on these days. An average is over the whole period, however long the term lasted in it."""
    if metric.what == "people":
        total = served.people
    else:
        total = sum(many for day, many in served.by_day.items() if day in days)
    if not metric.is_average:
        return Fraction(total)
    over = found.window.days if found.term.days == "calendar" else served.days
    return Fraction(total, over) if over else Fraction(0)


def _by_version(
    policy: Policy, value: Fraction, part: Fraction, selected: str, ways: Ways, *, is_first: bool
) -> Paid:  # fmt: skip
    """One of several versions of a period: the whole volume says the rate, its own days how much is paid by it."""
    if policy.slab is None:
        return nothing(Outcome.NO_TIER, Reason("no_tier"))
    rate: Rate | None = services.rate_of(policy, value, selected)
    if rate is None:
        return nothing(Outcome.NO_TIER, Reason("no_rate", {"value": str(value)}))
    if rate.lump is not None:
        # A sum for the whole period is of its first version; that of a later one begins with the next period.
        assert not is_first
        return nothing(Outcome.NOT_IN_FORCE, Reason("lump_of_first"))
    assert rate.per_unit is not None
    amount = ways.rounded(part.numerator * rate.per_unit, part.denominator)
    facts: dict[str, int | str] = {"value": str(value), "start": rate.start, "rate_fen": rate.per_unit}
    return Paid(Outcome.OK, amount, (Reason("rate_per_unit", {**facts}), Reason("own_days", {"part": str(part)})))


def station(found: Stretch, versions: Versions, served: Served, owed_to: str) -> list[Due]:
    """A station's month: by the people it served, whole, by the version of its first day."""
    policy, _ = versions[0]
    rule, people, facts = policy.monthly, served.people, found.term.facts
    assert rule is not None
    counted = Reason("counted", {"what": "people", "value": str(people), "period": found.window.name})
    if rule.per_person is not None and rule.urban_per_person is None and rule.rural_per_person is None:
        why = Reason("station_people", {"people": people, "rate_fen": rule.per_person})
        paid = Paid(Outcome.OK, people * rule.per_person, (why,))
    else:
        paid = services.station(policy, area=facts.get("area", ""), people=people, star=facts.get("star", ""))
    return [_due(found, "station", policy, owed_to, paid, counted, Fraction(people))]


def person_days(found: Stretch, versions: Versions, by_version: Mapping[str, Mapping[date, int]], owed_to: str) -> list[Due]:  # noqa: E501  # fmt: skip
    """
    A month's person-days, each by the version of its day. The entry is of the last day that counts, and there is none
    where nobody was served.
    """
    told = []
    for policy, _ in versions:
        served = {day: many for day, many in by_version.get(policy.version, {}).items() if many}
        if served:
            many = sum(served.values())
            counted = Reason("counted", {"what": "person_days", "value": str(many), "period": found.window.name})
            paid = services.operator(policy, many)
            told.append(_due(found, "person_day", policy, owed_to, paid, counted, Fraction(many), on=max(served)))
    return told


def _due(
    found: Stretch, kind: str, policy: Policy, owed_to: str, paid: Paid, counted: Reason, value: Fraction, *,
    on: date | None = None,
) -> Due:  # fmt: skip
    term = found.term
    mark = f"{kind}/{policy.id}/{policy.version}"
    return Due(
        source=source_of(kind, term.payee_id, found.window.name, policy.id, policy.version),
        claim=f"{CLAIM}{term.payee_id}/{found.window.name}/{mark}", kind=kind, term_kind=term.kind,
        payee_id=term.payee_id, owed_to=owed_to, policy_id=policy.id, title=policy.title, version=policy.version,
        period=found.window.name, on=on or found.last, amount_fen=paid.amount_fen, fund=term.fund,
        outcome=paid.reason, because=(rule_reason(policy), counted, *paid.because), counted=str(value),
    )  # fmt: skip


CLAIM = "op:"
"""How claims of whoever serves begin; no resident's id does."""

SOURCE = "op-"
"""How the bills begin that the service makes for them."""

_NAME_MAX = 32


def source_of(kind: str, payee_id: str, period: str, policy_id: str, version: str) -> str:
    """
    The bill behind an entry, at most 100 characters: "op-slab-01J…-2026-03-op-yubei-2021-1a2b3c4d". Of a long name of
    a rule the beginning and the hash stand in it.
    """
    name = policy_id
    if len(name) > _NAME_MAX:
        name = f"{name[: _NAME_MAX - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{SOURCE}{kind}-{payee_id}-{period}-{name}-{version[:8]}"


def with_fund(term: Term, fund: str) -> Term:
    """The same, paid by another fund."""
    return replace(term, fund=fund)
