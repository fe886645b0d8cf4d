"""
What each bed's month, bill and call fee should have been given, counted from the bills that were exported and from
policy files alone; recompute_money.py, which lies beside this file, compares it with the ledger.

Needs nothing but Python 3.11 and recompute_meals.py beside it, which reads the rules; shares no line with the program
that it checks. The format of rules and what is counted stand in docs/policies.md and docs/recompute-money.md.
"""

import json
import runpy
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_MEALS = runpy.run_path(str(Path(__file__).with_name("recompute_meals.py")))
_holds, _fen, _person, NO_MEAL = (_MEALS[name] for name in ("_holds", "_fen", "_person", "NO_MEAL"))
SERVICES = ("home", "institution")
ANY_BILL = 10**13
"""Fen above every bill: what is given for it is the ceiling of a month."""


def recounted(lines: Iterable[str], rules: Any) -> Iterator[Json]:
    """
    What each bed, bill and fee gets. An entry may also name a version of its rule that was in force once: where a rule
    was corrected and the money is the same, nothing was booked anew.
    """
    said = [json.loads(line) for line in lines if line.strip()]
    kept = {name: [each["version"] for each in versions] for name, versions in rules.kept.items()}
    policies = {each["id"]: each["policy"] for each in said}
    for each in _recounted(said, rules):
        yield each | {"same": kept.get(policies[each["id"].partition("/")[0]], [])}


def _recounted(said: list[Json], rules: Any) -> Iterator[Json]:
    """Bills for services of one resident and month come one after the other."""
    services: dict[tuple[str, str], list[Json]] = defaultdict(list)
    paid: dict[tuple[str, str], str] = {}
    for each in sorted(said, key=lambda each: (each["date"], each.get("turn", ""), each["id"])):
        if each["kind"] in SERVICES:
            services[each["resident"], each["month"]].append(each)
        elif each["kind"] in ("construction", "adaptation"):
            yield _building(each, rules, paid)
        else:
            yield (_operating if each["kind"] == "operating" else _call)(each, rules)
    for bills in services.values():
        yield from _services(bills, rules)


def _told(said: Json, source: str, on: str, rule: Json | None, fen: int, *faults: str) -> Json:
    owed = f"resident-{said['resident']}" if said.get("payer") == "family" else said["owed_to"]
    given = {f"fund:{said['fund']}": -fen, f"owed:{owed}": fen} if fen else {}
    return {"id": source, "on": on, "version": rule["version"] if rule else None, "fen": given, "faults": list(faults)}


def _rule(said: Json, on: str, rules: Any) -> Json | None:
    found = rules.of(said["policy"], date.fromisoformat(on))
    if len(found) > 1:
        raise ValueError(f"{said['id']}: {len(found)} versions of {said['policy']} are in force on {on}")
    return found[0] if found else None


def _who(said: Json, on: str, rules: Any, drawn: Iterable[str] = ()) -> Json:
    known = said["persons"][on]
    person: Json = _person(known, rules, date.fromisoformat(on))
    person["schemes"] |= set(drawn)
    return person


def _admitted(rule: Json, person: Json, rules: Any) -> bool:
    return _holds(rule.get("eligible", {}), person, NO_MEAL) and not rules.excluded(rule["policy"], person)


# ------------------------------------------------------------------------------------------- services of a month


def _services(bills: list[Json], rules: Any) -> Iterator[Json]:
    given: dict[str, int] = defaultdict(int)
    billed: dict[str, int] = defaultdict(int)
    for bill in bills:
        for number, (rule, lines) in enumerate(_parts(bill, rules), 1):
            on, source = lines[0][1], bill["id"] if number == 1 else f"{bill['id']}/{number}"
            amount = sum(_fen(fen) for _, _, fen, refused in lines if not refused)
            fen = 0
            if rule and amount:
                others = {name for name, paid in given.items() if paid and name != bill["policy"]}
                person = _who(bill, on, rules, others)
                if _admitted(rule, person, rules):
                    fen = _service(bill, rule, person, amount, given[bill["policy"]], billed, rules)
            given[bill["policy"]] += fen
            yield _told(bill, source, on, rule, fen)


def _parts(bill: Json, rules: Any) -> Iterator[tuple[Json | None, list[Any]]]:
    """Its lines by the versions of its rule that were in force on their days."""
    by_day = sorted(bill["lines"], key=lambda line: (line[1], line[0]))
    for _, lines in groupby(by_day, lambda line: (_rule(bill, line[1], rules) or {}).get("version")):
        some = list(lines)
        yield _rule(bill, some[0][1], rules), some


def _service(bill: Json, rule: Json, person: Json, amount: int, had: int, billed: dict[str, int], rules: Any) -> int:
    if "voucher" in rule:
        ratio = Fraction(rule["voucher"]["deduct"].get(bill["kind"], "0"))
        left: int = max(0, _fen(rule["voucher"]["month_cap"]) - had)
        part: int = rules.rounded(amount * ratio)
        return min(part, left)
    before = billed[rule["version"]]
    billed[rule["version"]] = now = before + amount
    more = _fee(rule, person, now, rules) - (_fee(rule, person, before, rules) if before else 0)
    return max(0, min(more, _fee(rule, person, ANY_BILL, rules) - had))


def _fee(rule: Json, person: Json, bill: int, rules: Any) -> int:
    """The highest of the tiers that hold, within the ceiling."""
    paid = bill
    if rule.get("service_fee_tier"):
        paid = 0
        for tier in rule["service_fee_tier"]:
            if _holds(tier.get("when", {}), person, NO_MEAL):
                part = rules.rounded(bill * Fraction(tier["ratio"]))
                paid = max(paid, min(part, _fen(tier["cap"])) if "cap" in tier else part)
    most = rule.get("service_fee", {}).get("up_to")
    return paid if most is None else min(paid, _fen(most))


# ------------------------------------------------------------------------------------------- once, and by the month


def _building(said: Json, rules: Any, paid: dict[tuple[str, str], str]) -> Json:
    """Money for a bed that was built or a home that was adapted: once for a person, or for a household."""
    on = said["date"]
    rule = _rule(said, on, rules)
    cost = sum(_fen(fen) for _, _, fen, refused in said["lines"] if not refused)
    if rule is None or not cost or said["already_paid"]:
        return _told(said, said["id"], on, rule, 0)
    person, own = _who(said, on, rules), rule.get("construction")
    if not _admitted(rule, person, rules) or (own and own.get("payer") and own["payer"] != said["payer"]):
        return _told(said, said["id"], on, rule, 0)
    fen = _built(own, cost, said) if own else _fee(rule, person, cost, rules)
    once = (said["policy"], said["home" if own and own.get("once_per") == "household" else "resident"])
    faults = [f"{said['policy']} was paid before, for {paid[once]}"] if fen and once in paid else []
    paid.setdefault(once, said["id"])
    return _told(said, said["id"], on, rule, fen, *faults)


def _built(own: Json, cost: int, said: Json) -> int:
    prior = said["prior_adaptation"] and "if_prior_adaptation" in own
    most: int = _fen(own["if_prior_adaptation"] if prior else own["amount"])
    return most if own["mode"] == "fixed" else min(cost, most)


def _operating(said: Json, rules: Any) -> Json:
    """The whole of it when the month's duty was met, by days only where the duty says so."""
    rule = _rule(said, said["date"], rules)
    if rule is None or "operating" not in rule:
        return _told(said, said["id"], said["date"], rule, 0)
    owed = [each for each in said["days"] if each[1]]
    fails = _fails(rule.get("standard") or said["duty"], owed, said["fails"])
    faults = [f"says that it failed {said['fails']}, counted again {fails}"] if fails != sorted(said["fails"]) else []
    fen = 0
    if owed and not fails and _admitted(rule, _who(said, said["date"], rules), rules):
        share = Fraction(len(owed), len(said["days"])) if said["prorated"] else Fraction(1)
        fen = rules.rounded(share * _fen(rule["operating"]["per_bed_month_up_to"]))
    return _told(said, said["id"], said["date"], rule, fen, *faults)


def _fails(standard: Json, owed: list[Any], said: list[str]) -> list[str]:
    """What days show is counted from them; what they do not show (medical visits, contracts ...) is as it is said."""
    failed = set(said) - {"daily_visit", "daily_minutes"}
    visited, least = sum(1 for each in owed if each[2]), min((each[3] for each in owed), default=0)
    if Fraction(standard.get("visits_per_day_min", 0)) * len(owed) > visited:
        failed.add("daily_visit")
    if Fraction(standard.get("minutes_per_day_min", 0)) > least:
        failed.add("daily_minutes")
    return sorted(failed)


def _call(said: Json, rules: Any) -> Json:
    """A month's fee for somebody with a device: from the month itself when it was fitted by the cut-off day."""
    rule = _rule(said, said["date"], rules)
    fee = (rule or {}).get("monthly", {})
    counts = int(said["date"][8:]) <= fee.get("cutoff_day", 31)
    return _told(said, said["id"], said["date"], rule, _fen(fee["per_person"]) if counts and "per_person" in fee else 0)
