"""
What each meal should have been given, counted from servings and policy files alone; recompute_money.py, which lies
beside this file, compares it with the ledger.

Needs nothing but Python 3.11 and shares no line with the program that it checks; the format of rules and what is
counted stand in docs/policies.md and docs/recompute-money.md.
"""

import hashlib
import json
import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Had = tuple[date, str, str, int, str]
"""A meal with money: day, type, rule, what it drew from the account, when it was taken back ("" never)."""

UNKNOWN = "?"
"""The rule of a meal whose facts were erased."""

HAD_DAYS = 130
"""So long a meal is remembered: an account lapses with its quarter at the latest."""

ROUNDED: Mapping[str, Callable[[Fraction], int]] = {
    "half_up": lambda fen: int(fen + Fraction(1, 2)), "half_even": round, "down": int,
}  # fmt: skip
NO_MEAL: Json = {"point": "", "type": "", "delivery": False, "fen": 0, "fee": 0}


class Rules:
    """A folder of policy files; the version of a rule is the hash of what its file says."""

    def __init__(self, folder: Path, *, rounding: str, leap_day: str) -> None:
        self.rounded, self.leap_day = ROUNDED[rounding], leap_day
        self.versions: dict[str, list[tuple[date, date, Json]]] = defaultdict(list)
        self.kept: dict[str, list[Json]] = defaultdict(list)
        self.exclude: list[Json] = []
        self.implied: dict[str, list[str]] = {"tekun_scattered": ["tekun"], "tekun_central": ["tekun"]}
        for path in sorted(folder.glob("*.toml")):
            said, version = _read(path)
            self.exclude += said.get("exclude", [])
            self.implied |= said.get("implies", {})
            head = said.get("policy")
            if head:
                whole = said | {"version": version}
                days = head.get("effective_from", date.min), head.get("effective_to", date.max)
                if whole["version"] not in [each["version"] for *_, each in self.versions[head["id"]]]:
                    self.versions[head["id"]].append((*days, whole))

    def keep(self, folder: Path) -> None:
        """Versions that were in force once: an entry may name one that gives what the one in force gives."""
        for path in sorted(folder.glob("*.toml")):
            said, version = _read(path)
            if "policy" in said:
                self.kept[said["policy"]["id"]].append(said | {"version": version})

    def of(self, name: str, on: date) -> list[Json]:
        """The versions of a rule on this day: one, or nothing is given."""
        return [each for first, last, each in self.versions.get(name, ()) if first <= on <= last]

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


def _read(path: Path) -> tuple[Json, str]:
    """What a file says, and the version it is."""
    said = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    plain = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return said, hashlib.sha256(plain.encode()).hexdigest()[:16]


def recounted(lines: Iterable[str], rules: Rules) -> Iterator[Json]:
    """
    What each serving gets, in the order in which they came in. How often somebody had money that day and week, and
    what is left of an account, is counted from the servings themselves: those that came before and were not taken back.
    """
    kept = sqlite3.connect("", isolation_level=None)
    kept.executescript("PRAGMA journal_mode = OFF; BEGIN; CREATE TABLE servings (at TEXT, id TEXT, line TEXT)")
    for line in lines:
        if line.strip():
            said = json.loads(line)
            order = (_settled(said), said["id"]) if "received_at" in said else (said["date"], "")
            kept.execute("INSERT INTO servings VALUES (?, ?, ?)", (*order, line))
    had: dict[str, list[Had]] = defaultdict(list)
    for (line,) in kept.execute("SELECT line FROM servings ORDER BY at, id, rowid"):
        said = json.loads(line)
        yield _recounted(said, had[said["resident"] or ""], rules)


def _settled(said: Json) -> str:
    """When a meal got its first price: when it came in, or when the rule that it waited for was there."""
    at: str = said.get("priced_at") or said.get("received_at", "")
    return at


def _recounted(said: Json, had: list[Had], rules: Rules) -> Json:
    on, told = date.fromisoformat(said["date"]), {"id": said["id"], "on": said["date"], "version": None, "faults": []}
    versions = rules.of(said["policy"] or "", on)
    if not said["person"]:
        # No rule was asked; or one was, and the facts are gone: what came before the next meals is then taken as said.
        gone = said.get("version") and said.get("reason") != "no_age"
        had += [(on, "", UNKNOWN, 0, "")] if gone else []
        return told | {"fen": None if gone else {}}
    if not versions and said.get("reason") == "not_in_force":
        # The rule was corrected so that it is not in force on this day: what was given is taken back.
        return told | {"fen": {}}
    if len(versions) != 1:
        return told | {"fen": {}, "faults": [f"{len(versions)} versions of {said['policy']} are in force on {on}"]}
    rule, meal, person = versions[0], _meal(said["meal"], on), _person(said["person"], rules, on)
    used, faults = _before(rule, said, had, meal, on, rules)
    if person.get("age") != said["person"].get("age", person.get("age")):
        faults.append(f"says the age {said['person']['age']}, and is {person.get('age')} on {on}")
    funds, drawn = ({}, 0) if said.get("cancelled") else given(rule, person, meal, used, rules)
    if funds:
        had.append((on, meal["type"], said["policy"], drawn, said.get("cancelled_at") or ""))
        had[:] = [each for each in had if each[0] > on - timedelta(days=HAD_DAYS)]
    fen = {f"fund:{layer}": -amount for layer, amount in funds.items()}
    if fen:
        fen[f"owed:{said['canteen']}"] = -sum(fen.values())
    same = [each["version"] for each in rules.kept.get(said["policy"], ()) if _gives(each, person, meal, used, rules) == funds]  # noqa: E501  # fmt: skip
    return told | {
        "version": rule["version"],
        "same": same,
        "fen": {} if said.get("cancelled_at") else fen,
        "faults": faults,
    }


def _gives(rule: Json, person: Json, meal: Json, used: Json, rules: Rules) -> dict[str, int]:
    return given(rule, person, meal, {"quota": 0, **used}, rules)[0]


def _before(rule: Json, said: Json, had: list[Had], meal: Json, on: date, rules: Rules) -> tuple[Json, list[str]]:
    """What was used before this meal, counted again, and whether the line says otherwise."""
    mine = [each for each in had if not each[4] or each[4] > _settled(said)]
    used: Json = _used(mine, on, meal["type"])
    if "quota" in rule:
        used["quota"] = left(rules, said, on, [each for each in mine if each[2] == said["policy"]])
    says = {name: _whole(n) for name, n in (said.get("used") or {}).items()}
    wrong = {name: n for name, n in says.items() if name in used and used[name] != n}
    if wrong and any(each[2] == UNKNOWN for each in had):
        return used | says, []
    counted = [used[name] for name in wrong]
    return used, [f"says that {wrong} was used before, counted again {counted}"] if wrong else []


def _whole(said: Any) -> int:
    return _fen(said) if isinstance(said, str) else int(said)


def _used(had: list[Had], on: date, kind: str) -> Json:
    monday = on - timedelta(days=on.weekday())
    return {
        "same_type_today": sum(each[:2] == (on, kind) for each in had),
        "today": sum(each[0] == on for each in had),
        "week": sum(monday <= each[0] < monday + timedelta(days=7) for each in had),
    }  # fmt: skip


def left(rules: Rules, said: Json, on: date, had: list[Had]) -> int:
    """
    What an account has for a meal of this day: what was credited on each first of the quarter's months and has not
    lapsed, less what was drawn; what meals of later days drew already is gone too, as far as no later credit bore it.
    """
    start = date(on.year, on.month - (on.month - 1) % 3, 1)
    there: list[list[Any]] = []
    for month in range(start.month, start.month + 3):
        first = date(on.year, month, 1)
        there += [[lapses, -month, first, fen] for fen, lapses in _credits(rules, said, first)]
    # Of the credits that are there on a day, the one that lapses first is drawn first; of two alike, the newer.
    there.sort()
    for day, drawn in sorted((day, drawn) for day, _, _, drawn, _ in had if drawn and day >= start):
        rest = drawn
        for credit in there:
            if credit[2] <= day <= credit[0]:
                credit[3], rest = max(0, credit[3] - rest), max(0, rest - credit[3])
    return sum(fen for lapses, _, first, fen in there if first <= on <= lapses)


def _credits(rules: Rules, said: Json, first: date) -> list[tuple[int, date]]:
    """Fen credited on the first of a month and the last day of them: the highest, by the version of that day."""
    for rule in rules.of(said["policy"], first):
        person = _person(said["person"], rules, first)
        credited = [each for each in rule.get("quota", []) if _holds(_alone(each.get("when", {})), person, NO_MEAL)]
        if (
            credited
            and _holds(_alone(rule.get("eligible", {})), person, NO_MEAL)
            and not rules.excluded(rule["policy"], person)
        ):
            best = max(credited, key=lambda each: _fen(each["amount"]))
            months = 3 - (first.month - 1) % 3 if best["expires"] == "quarter_end" else 1
            end = first
            for _ in range(months):
                end = _first_after(end)
            return [(_fen(best["amount"]), end - timedelta(days=1))]
    return []


def _alone(when: Json) -> Json:
    """A condition without what it asks of a meal: on the first of a month there is none."""
    found = {key: want for key, want in when.items() if key not in ("same", "meal_types", "delivery")}
    ways = [_alone(each) for each in found.pop("any", [])]
    return found | {"any": ways} if ways and all(ways) else found


def _first_after(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _person(said: Json, rules: Rules, on: date) -> Json:
    found = {"hukou": "", "residence": "", **said, "cats": rules.cats(said.get("cats", []))}
    found["schemes"] = set(said.get("schemes", []))
    if "born_on" in said:
        born = date.fromisoformat(said["born_on"])
        birthday = (born.month, born.day)
        if birthday == (2, 29) and rules.leap_day == "feb_28" and on.year % 4:
            birthday = (2, 28)
        found["age"] = on.year - born.year - ((on.month, on.day) < birthday)
    return found


def _meal(said: Json, on: date) -> Json:
    fee = _fen(said.get("delivery_fee", "0"))
    return {"point": "", "workday": on.weekday() < 5, "delivery": False, **said, "fen": _fen(said["price"]), "fee": fee}


def given(rule: Json, person: Json, meal: Json, used: Json, rules: Rules) -> tuple[dict[str, int], int]:
    """Fen by fund that a rule gives for one meal, empty where it gives nothing; and what the account gives of it."""
    price = meal["fen"]
    for each in rule.get("discount", []):
        if each["stage"] == "before" and _holds(each.get("when", {}), person, meal):
            price = rules.rounded(price * Fraction(each["rate"]))
    policy = rule["policy"]
    if not _holds(rule.get("eligible", {}), person, meal) or rules.excluded(policy, person):
        return {}, 0
    if _limited(rule.get("limit", {}), meal, used):
        return {}, 0
    funds, drawn = _tiers(rule, person, meal, used, price, rules)
    if meal["delivery"]:
        brought = max([_brought(each, meal) for each in rule.get("delivery", []) if _holds(each.get("when", {}), person, meal)], default=0)  # noqa: E501  # fmt: skip
        funds["delivery"] = funds.get("delivery", 0) + brought
    return {layer: fen for layer, fen in funds.items() if fen}, drawn


def _tiers(rule: Json, person: Json, meal: Json, used: Json, price: int, rules: Rules) -> tuple[dict[str, int], int]:
    basis = meal["fen"] if rule["policy"].get("price_basis") == "list" else price
    best: dict[str, tuple[int, bool]] = {}
    for tier in rule.get("tier", []):
        if tier.get("per") == "day" and used["today"]:
            continue
        if basis >= _fen(tier.get("min_price", "0")) and _holds(tier.get("when", {}), person, meal):
            group, worth = tier.get("group", "subsidy"), _worth(tier, price, used, rules)
            if group not in best or worth > best[group][0]:
                best[group] = (worth, tier.get("up_to") == "quota")
    if rule.get("guard", {}).get("price_must_exceed_subsidy") and price <= sum(worth for worth, _ in best.values()):
        return {}, 0
    funds, rest, drawn = {}, price, 0
    for group in dict.fromkeys(tier.get("group", "subsidy") for tier in rule.get("tier", [])):
        if group in best:
            funds[group] = min(best[group][0], rest)
            drawn += funds[group] if best[group][1] else 0
            rest -= funds[group]
    return funds, drawn


def _brought(way: Json, meal: Json) -> int:
    fee: int = meal["fee"]
    if way.get("free"):
        return fee
    return min(_fen(way["amount"]), fee) if way.get("limit_to_fee", True) else _fen(way["amount"])


def _limited(limit: Json, meal: Json, used: Json) -> bool:
    return (
        ("meal_types" in limit and meal["type"] not in limit["meal_types"])
        or ("days" in limit and not meal["workday"])
        # Whatever a rule leaves open: one meal of a type, person and day has public money.
        or used["same_type_today"] >= 1
        or used["today"] >= limit.get("meals_per_day", 10**9)
        or used["week"] >= limit.get("meals_per_week", 10**9)
    )


def _worth(tier: Json, price: int, used: Json, rules: Rules) -> int:
    if "amount" in tier:
        return _fen(tier["amount"])
    if "pay" in tier:
        return max(0, price - _fen(tier["pay"]))
    if tier.get("up_to") == "quota":
        kept: int = used["quota"]
        return min(kept, price)
    if "up_to" in tier:
        return min(_fen(tier["up_to"]), price)
    part = rules.rounded(price * Fraction(tier["ratio"]))
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
