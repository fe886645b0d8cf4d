"""
Counts the ledger of public money again: python3 recompute_money.py EXPORT ... [--meals FILE] [--policies FOLDER]

Needs nothing but Python 3.11: neither this project nor its database, so that anybody may keep it and count for
themselves. Each EXPORT is what `anling money export MONTH` writes, the months in their order; FOLDER is what its
--policies wrote, or the folder of policy files; FILE is the servings, a JSON line each. What they hold and what is
counted stands in docs/recompute-money.md; this was written from that page and docs/policies.md, and shares no line with
the program that it checks.

Exit code 0: counted, and all alike. 1: something differs; each is named. 2: wrong use.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def main() -> int:
    """Reads the arguments and prints what differs, then what was counted."""
    parser = argparse.ArgumentParser(description="Counts the ledger of public money again.")
    parser.add_argument("exports", nargs="+", help="JSON lines of `anling money export`, a file for each month")
    parser.add_argument("--meals", help="JSON lines of servings; without it the ledger is only looked over by itself")
    parser.add_argument("--policies", help="folder of policy files; needed with --meals")
    said = parser.parse_args()
    try:
        ledger = Ledger()
        for path in said.exports:
            with open(path, encoding="utf-8") as lines:
                ledger.read(lines)
        if said.meals:
            with open(said.meals, encoding="utf-8") as lines:
                compare(ledger, list(recounted(lines, Rules(Path(said.policies or ".")))))
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        print(f"Cannot count: {wrong!r}", file=sys.stderr)
        return 2
    for fault in ledger.faults:
        print(fault)
    print(json.dumps(ledger.told(), ensure_ascii=False, indent=2))
    print(f"{len(ledger.faults)} things differ." if ledger.faults else "All alike.", file=sys.stderr)
    return 1 if ledger.faults else 0


# ---------------------------------------------------------------------------------------------------- the ledger


class Ledger:
    """Months as they were given out, looked over as they are read; `faults` are sentences."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.entries: dict[str, Json] = {}
        self.gone: set[str] = set()
        self.holds: dict[str, str] = {}
        self.months: list[Json] = []
        self.fen: dict[str, int] = defaultdict(int)
        self.waits: list[Json] = []

    def read(self, lines: Iterable[str]) -> None:
        """One export. Its hash is counted from the lines as they are, behind the hash that it says came before."""
        reading = iter(lines)
        about = json.loads(next(reading))
        month, before, last = about["about"], about["before"], ""
        digest, count = hashlib.sha256(f"{before or ''}\n{month}\n".encode()), 0
        self._chained(about)
        fresh = []
        for line in reading:
            digest.update(f"{line.rstrip(chr(10))}\n".encode())
            entry = json.loads(line)
            count += 1
            if entry["id"] <= last or entry["month"] != month:
                self.faults.append(f"{entry['id']}: out of order, twice, or of another month than {month}")
            last = entry["id"]
            fresh.append(entry)
        if about["hash"] is not None and (about["hash"], about["entries"]) != (digest.hexdigest(), count):
            self.faults.append(f"{month}: {count} entries come to {digest.hexdigest()}, not {about['hash']}")
        self._take(fresh)

    def _chained(self, about: Json) -> None:
        if self.months and about["before"] is not None and about["before"] != self.months[-1]["hash"]:
            self.faults.append(f"{about['about']} is not chained to {self.months[-1]['about']}")
        self.months.append(about)

    def _take(self, fresh: list[Json]) -> None:
        """Ids say nothing about what came first: all entries first, then what takes them back, then who holds what."""
        for entry in fresh:
            self._look(entry)
            if entry["id"] in self.entries:
                self.faults.append(f"{entry['id']}: there twice")
            self.entries[entry["id"]] = entry
        for entry in fresh:
            if entry["reverses"]:
                self._take_back(entry)
        for entry in fresh:
            for account, fen in entry["postings"]:
                self.fen[account] += fen

    def _look(self, entry: Json) -> None:
        name, own = entry["id"], entry["on"][:7]
        if sum(fen for _, fen in entry["postings"]) or not entry["postings"]:
            self.faults.append(f"{name}: its postings do not come to nothing")
        if bool(entry["source"]) == bool(entry["reverses"]) or bool(entry["source"]) != bool(entry["version"]):
            self.faults.append(f"{name}: not of one source by one version, nor the reversal of one entry")
        if entry["month"] < own or bool(entry["late"]) != (entry["month"] > own):
            self.faults.append(
                f"{name}: of {entry['on']} and in {entry['month']}, and says {entry['late'] or 'nothing'}"
            )

    def _take_back(self, entry: Json) -> None:
        taken = self.entries.get(entry["reverses"])
        if taken is None:
            self.faults.append(f"{entry['id']}: takes back {entry['reverses']}, which is in none of the months given")
            return
        if taken["reverses"] or taken["id"] in self.gone:
            self.faults.append(f"{entry['id']}: takes back {taken['id']}, which is a reversal or was taken back before")
        if _sums(taken) != {account: -fen for account, fen in _sums(entry).items()}:
            self.faults.append(f"{entry['id']}: does not take back what {taken['id']} gave")
        self.gone.add(taken["id"])

    def live(self) -> Iterator[Json]:
        """What was given and not taken back; two that hold the same claim or source are a fault."""
        holds: dict[str, str] = {}
        for entry in self.entries.values():
            if not entry["source"] or entry["id"] in self.gone:
                continue
            for held in (f"claim {entry['claim']}", " ".join(entry["source"])):
                if held in holds:
                    self.faults.append(f"{entry['id']} and {holds[held]} both hold {held}")
                holds[held] = entry["id"]
            yield entry

    def told(self) -> Json:
        """Fen by account and the hash of each month."""
        return {"months": {each["about"]: each["hash"] for each in self.months}, "entries": len(self.entries),
                "live": sum(1 for _ in self.live()), "fen": dict(sorted(self.fen.items()))}  # fmt: skip


def _sums(entry: Json) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for account, fen in entry["postings"]:
        found[account] += fen
    return dict(found)


def compare(ledger: Ledger, recount: list[Json]) -> None:
    """Names every meal for which the ledger and the recount do not say the same."""
    given = {entry["source"][1]: entry for entry in ledger.live() if entry["source"][0] == "meal"}
    for meal in recount:
        entry = given.pop(meal["id"], None)
        if entry is None:
            if meal["fen"]:
                ledger.faults.append(f"meal {meal['id']}: {meal['fen']} should have been given, and nothing was")
        elif (entry["version"], entry["on"], _sums(entry)) != (meal["version"], meal["on"], meal["fen"]):
            ledger.faults.append(f"meal {meal['id']}: entry {entry['id']} says {entry['version']} {_sums(entry)}, "
                                 f"counted again {meal['version']} {meal['fen']}")  # fmt: skip
    for source, entry in given.items():
        ledger.faults.append(f"entry {entry['id']}: there is no meal {source}")


# ---------------------------------------------------------------------------------------------------- the rules


class Rules:
    """A folder of policy files; the version of a rule is the hash of what its file says."""

    def __init__(self, folder: Path) -> None:
        self.policies: list[Json] = []
        self.exclude: list[Json] = []
        self.implied: dict[str, list[str]] = {"tekun_scattered": ["tekun"], "tekun_central": ["tekun"]}
        for path in sorted(folder.glob("*.toml")):
            said = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
            self.exclude += said.get("exclude", [])
            self.implied |= said.get("implies", {})
            if "policy" in said:
                plain = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
                self.policies.append(said | {"version": hashlib.sha256(plain.encode()).hexdigest()[:16]})

    def of(self, name: str, on: date) -> Json:
        """The version of a rule on this day; exactly one, or nothing can be said."""
        found = [
            each for each in self.policies
            if each["policy"]["id"] == name and _day(each["policy"].get("effective_from"), date.min) <= on
            <= _day(each["policy"].get("effective_to"), date.max)
        ]  # fmt: skip
        if len(found) != 1:
            raise ValueError(f"{len(found)} versions of {name} are in force on {on}")
        return found[0]

    def cats(self, said: Iterable[str]) -> set[str]:
        """Categories with everything that they imply."""
        found, waiting = set(said), list(said)
        while waiting:
            more = set(self.implied.get(waiting.pop(), [])) - found
            found |= more
            waiting += more
        return found

    def excluded(self, policy: Json, person: Json) -> bool:
        """Whether something that this person has excludes the rule."""
        has = person["cats"] | person["schemes"]
        for each in self.exclude:
            others = set(each["not_with"]) - {policy["id"]}
            if each["scheme"] in (policy["id"], f"any_{policy['kind']}"):
                if has & others:
                    return True
            elif policy["id"] in each["not_with"] and each["scheme"] in person["schemes"]:
                return True
        return False


def _day(said: Any, absent: date) -> date:
    return absent if said is None else said if isinstance(said, date) else date.fromisoformat(said)


def recounted(lines: Iterable[str], rules: Rules) -> Iterator[Json]:
    """
    What each serving gets. How often somebody had money that day and week is counted from the servings themselves, in
    the order of their days and then of the file, where a line does not say it; what was cancelled does not count.
    """
    servings = [json.loads(line) for line in lines if line.strip()]
    had: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for serving in sorted(servings, key=lambda each: each["date"]):
        on = date.fromisoformat(serving["date"])
        rule = rules.of(serving["policy"], on)
        funds: dict[str, int] = {}
        if not serving.get("cancelled"):
            used = serving.get("used") or _used(had[serving["resident"]], on, serving["meal"]["type"])
            funds = given(rule, _person(serving["person"], rules, on), _meal(serving["meal"], on), used, rules)
        if funds:
            had[serving["resident"]].append((on, serving["meal"]["type"]))
        fen = {f"fund:{layer}": -amount for layer, amount in funds.items() if amount}
        if fen:
            fen[f"owed:{serving['canteen']}"] = -sum(fen.values())
        yield {"id": serving["id"], "on": serving["date"], "version": rule["version"], "fen": fen}


def _used(had: list[tuple[date, str]], on: date, kind: str) -> Json:
    monday = on - timedelta(days=on.weekday())
    return {
        "same_type_today": sum(each == (on, kind) for each in had),
        "today": sum(day == on for day, _ in had),
        "week": sum(monday <= day <= on for day, _ in had),
    }  # fmt: skip


def _person(said: Json, rules: Rules, on: date) -> Json:
    found = {"hukou": "", "residence": "", **said, "cats": rules.cats(said.get("cats", []))}
    found["schemes"] = set(said.get("schemes", []))
    if "born_on" in said:
        born = date.fromisoformat(said["born_on"])
        found["age"] = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return found


def _meal(said: Json, on: date) -> Json:
    fee = _fen(said.get("delivery_fee", "0"))
    return {"point": "", "workday": on.weekday() < 5, "delivery": False, **said, "fen": _fen(said["price"]), "fee": fee}


def given(rule: Json, person: Json, meal: Json, used: Json, rules: Rules) -> dict[str, int]:
    """Fen by fund that a rule gives for one meal; empty where it gives nothing."""
    price = meal["fen"]
    for each in rule.get("discount", []):
        if each["stage"] == "before" and _holds(each.get("when", {}), person, meal):
            price = _half_up(price * Fraction(each["rate"]))
    policy = rule["policy"]
    if not _holds(rule.get("eligible", {}), person, meal) or rules.excluded(policy, person):
        return {}
    if _limited(rule.get("limit", {}), meal, used):
        return {}
    basis = meal["fen"] if policy.get("price_basis") == "list" else price
    best: dict[str, int] = {}
    for tier in rule.get("tier", []):
        if tier.get("per") == "day" and used.get("today", 0):
            continue
        if basis >= _fen(tier.get("min_price", "0")) and _holds(tier.get("when", {}), person, meal):
            group = tier.get("group", "subsidy")
            best[group] = max(best.get(group, 0), _worth(tier, price, used))
    if rule.get("guard", {}).get("price_must_exceed_subsidy") and price <= sum(best.values()):
        return {}
    funds, rest = {}, price
    for group in dict.fromkeys(tier.get("group", "subsidy") for tier in rule.get("tier", [])):
        if group in best:
            funds[group] = min(best[group], rest)
            rest -= funds[group]
    return funds


def _limited(limit: Json, meal: Json, used: Json) -> bool:
    return (
        ("meal_types" in limit and meal["type"] not in limit["meal_types"])
        or ("days" in limit and not meal["workday"])
        or used.get("same_type_today", 0) >= limit.get("per_meal_type_per_day", 10**9)
        or used.get("today", 0) >= limit.get("meals_per_day", 10**9)
        or used.get("week", 0) >= limit.get("meals_per_week", 10**9)
    )


def _worth(tier: Json, price: int, used: Json) -> int:
    if "amount" in tier:
        return _fen(tier["amount"])
    if "pay" in tier:
        return max(0, price - _fen(tier["pay"]))
    if tier.get("up_to") == "quota":
        return min(_fen(used.get("quota", "0")), price)
    if "up_to" in tier:
        return min(_fen(tier["up_to"]), price)
    part = _half_up(price * Fraction(tier["ratio"]))
    return min(part, _fen(tier["cap"])) if "cap" in tier else part


def _holds(when: Json, person: Json, meal: Json) -> bool:
    """Every key of a condition; what is not known fulfils nothing."""
    return all(_ASKS[key](want, person, meal) for key, want in when.items())


def _same(area: str, person: Json, meal: Json) -> bool:
    digits = 6 if area == "district" else 9
    mine: str = person["hukou"]
    return len(mine) >= digits and len(meal["point"]) >= digits and mine[:digits] == meal["point"][:digits]


_ASKS: Mapping[str, Any] = {
    "age_min": lambda want, person, _: person.get("age") is not None and person["age"] >= want,
    "age_max": lambda want, person, _: person.get("age") is not None and person["age"] <= want,
    "cats_any": lambda want, person, _: bool(person["cats"] & set(want)),
    "cats_all": lambda want, person, _: set(want) <= person["cats"],
    "cats_none": lambda want, person, _: not person["cats"] & set(want),
    "levels": lambda want, person, _: person.get("level") in want,
    "hukou": lambda want, person, _: person["hukou"].startswith(want),
    "residence": lambda want, person, _: person["residence"].startswith(want),
    "income_max": lambda want, person, _: "income" in person and _fen(person["income"]) <= _fen(want),
    "same": _same,
    "meal_types": lambda want, _, meal: meal["type"] in want,
    "delivery": lambda want, _, meal: meal["delivery"] == want,
    "any": lambda want, person, meal: any(_holds(each, person, meal) for each in want),
}


def _fen(yuan: str) -> int:
    exact = Fraction(yuan) * 100
    if exact.denominator != 1:
        raise ValueError(f"{yuan} yuan are no whole fen")
    return exact.numerator


def _half_up(fen: Fraction) -> int:
    return int(fen + Fraction(1, 2))


if __name__ == "__main__":
    sys.exit(main())
