"""
What canteens and stations should have been given for serving, counted from servings, from whom which rule pays, and
from policy files alone; recompute_money.py, which lies beside this file, compares it with the ledger.

Needs nothing but Python 3.11 and recompute_meals.py beside it, which reads the rules; visits are what
recompute_visits.py made of them. Shares no line with the program
that it checks. The format of rules and what is counted stand in docs/policies.md and docs/recompute-money.md.
"""

import hashlib
import json
import re
import runpy
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_MEALS = runpy.run_path(str(Path(__file__).with_name("recompute_meals.py")))
_holds, _fen, _person, NO_MEAL = (_MEALS[name] for name in ("_holds", "_fen", "_person", "NO_MEAL"))

NOT_EATEN = (
    "unknown_diner", "several_diners", "died", "left", "hospital", "institution", "no_age", "too_late", "cancelled",
)  # fmt: skip
"""Meals with these reasons count for nobody."""

METRIC = re.compile(r"(\w+?)_per_(day_avg|month|quarter|year)$")
TABLES = {"slab": "slab", "station": "monthly", "person_day": "operator"}
"""By kind of money: the table of the rule that says it."""


class Eaten:
    """Meals that count, in a temporary file: of each person one of a type and day."""

    def __init__(self) -> None:
        self.kept = sqlite3.connect("", isolation_level=None)
        self.kept.executescript("""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;
            CREATE TABLE meals (day TEXT, resident TEXT, type TEXT, aided INT, served TEXT, at TEXT, id TEXT,
                                canteen TEXT, policy TEXT, version TEXT, facts TEXT);
            CREATE TABLE given (id TEXT PRIMARY KEY, version TEXT) WITHOUT ROWID;
            CREATE INDEX by_day ON meals (day);
        """)

    def noted(self, recount: Iterable[Json]) -> Iterator[Json]:
        """Meals as they are counted again, of which those with public money are remembered."""
        for each in recount:
            if each["fen"]:
                self.kept.execute("INSERT OR IGNORE INTO given VALUES (?, ?)", (each["id"], each["version"]))
            yield each

    def read(self, lines: Iterable[str]) -> None:
        """Servings. Of whoever had their facts erased it is taken as said whether there was money."""
        for line in lines:
            said = json.loads(line) if line.strip() else None
            if said is None or not said["resident"] or said["reason"] in NOT_EATEN:
                continue
            if said.get("cancelled_at") or said.get("cancelled"):
                continue
            facts = json.dumps({"person": said["person"], "meal": said["meal"]}) if said["person"] else None
            found = self.kept.execute("SELECT version FROM given WHERE id = ?", (said["id"],)).fetchone()
            if found is None and not said["person"] and said.get("version") and said["reason"] == "ok":
                found = (said["version"],)
            kind = said["meal"]["type"] if said["meal"] else said["type"]
            row = (said["date"], said["resident"], kind, found is not None, said.get("served_at", ""),
                   said.get("received_at", ""), said["id"], said["canteen"],
                   said["policy"], found[0] if found else None, facts)  # fmt: skip
            self.kept.execute("INSERT INTO meals VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)

    def of(self, day: date) -> list[Any]:
        """Rows of a day: canteen, resident, aided, rule, version, facts, in the order in which they were served."""
        wanted = "SELECT canteen, resident, type, aided, policy, version, facts FROM meals WHERE day = ?"
        found = self.kept.execute(f"{wanted} ORDER BY served, at, id", (day.isoformat(),)).fetchall()
        best: dict[tuple[str, str], Any] = {}
        for row in found:
            held = best.get(row[1:3])
            if held is None or (row[3] and not held[3]):
                best[row[1:3]] = row
        return [row for row in found if best[row[1:3]] is row]


def recounted(lines: Iterable[str], eaten: Eaten, rules: Any, visited: Any = None) -> Iterator[Json]:
    """
    What each due comes to. Person-days of one rule are counted for all who have them together. Without `visited` the
    visits of stations are taken as the lines say them.
    """
    read = [json.loads(line) for line in lines if line.strip()]
    said, months = [each for each in read if "about" not in each], {each["about"] for each in read if "about" in each}
    together: dict[tuple[str, str, bool], list[Json]] = defaultdict(list)
    for each in said:
        if each["kind"] == "person_day":
            together[each["policy"], each["period"], each["by_meals"]].append(each)
        else:
            yield from _one(each, eaten, rules, visited)
    yield from _by_meals(months, together, eaten, rules)
    for (_, _, by_meals), some in together.items():
        if not by_meals:
            yield from _person_days(some, eaten, rules)


def _told(said: Json, rule: Json, on: str, fen: int, counted: Fraction) -> Json:
    named = said["policy"] if len(said["policy"]) <= 32 else f"{said['policy'][:23]}-{hashlib.sha256(said['policy'].encode()).hexdigest()[:8]}"  # noqa: E501  # fmt: skip
    source = f"op-{said['kind']}-{said['payee']}-{said['period']}-{named}-{rule['version'][:8]}"
    given = {f"fund:{said['fund']}": -fen, f"owed:{said['owed_to']}": fen} if fen else {}
    says = dict(map(tuple, said.get("says", ()))).get(rule["version"])
    faults = [f"says that {says} was counted, counted again {counted}"] if says != str(counted) else []
    return {"id": source, "on": on, "version": rule["version"], "fen": given, "faults": faults}


def _days(said: Json) -> list[date]:
    found = []
    for first, last in said["spans"]:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            found.append(day)
            day += timedelta(days=1)
    return found


def _in_force(said: Json, rules: Any) -> list[tuple[Json, list[date]]]:
    """Versions that pay so, in the order of their days."""
    found: dict[str, tuple[Json, list[date]]] = {}
    for day in _days(said):
        own = rules.of(said["policy"], day)
        if len(own) > 1:
            raise ValueError(f"{len(own)} versions of {said['policy']} are in force on {day}")
        if own and TABLES[said["kind"]] in own[0]:
            found.setdefault(own[0]["version"], (own[0], []))[1].append(day)
    return list(found.values())


# ------------------------------------------------------------------------------------------------- slabs, stations


def _one(said: Json, eaten: Eaten, rules: Any, visited: Any) -> Iterator[Json]:
    versions, on = _in_force(said, rules), said["spans"][-1][1]
    if not versions:
        return
    if said["kind"] == "station":
        people = _people(said, versions, eaten, rules, visited)
        yield _told(said, versions[0][0], on, _station(versions[0][0]["monthly"], said["facts"], people), Fraction(people))  # noqa: E501  # fmt: skip
        return
    what, per = METRIC.fullmatch(versions[0][0]["slab"]["metric"]).groups()  # type: ignore[union-attr]
    by_day, served, people = _counts(said, what, versions, eaten, rules, visited)
    over = 1
    if per == "day_avg":
        whole = (date.fromisoformat(said["last"]) - date.fromisoformat(said["first"])).days + 1
        over = whole if said["days"] == "calendar" else len(served)
    total = people if what == "people" else sum(by_day.values())
    value = Fraction(total, over) if over else Fraction(0)
    first = _rate(versions[0][0], said["facts"], value)
    for place, (rule, days) in enumerate(versions):
        alone = len(versions) == 1 or what == "people" or (first is not None and "lump" in first)
        own = Fraction(sum(by_day[day] for day in days), over) if over else Fraction(0)
        rate = _rate(rule, said["facts"], value)
        fen = 0
        if rate is not None and "per_unit" in rate:
            fen = rules.rounded(_fen(rate["per_unit"]) * (value if alone else own))
        elif rate is not None and not place:
            fen = _fen(rate["lump"])
        yield _told(said, rule, on, fen, value)
        if alone:
            return


def _rate(rule: Json, facts: Json, value: Fraction) -> Json | None:
    own = rule["slab"]
    rates = own.get("rates", [])
    if "select" in own:
        rates = next((each["rates"] for each in own["table"] if str(each[own["select"]]) == facts.get(own["select"])), [])  # noqa: E501  # fmt: skip
    for rate in rates:
        if rate["from"] <= int(value) <= rate.get("to", 10**18):
            return dict(rate)
    return None


def _counts(
    said: Json, what: str, versions: list[tuple[Json, list[date]]], eaten: Eaten, rules: Any, visited: Any
) -> tuple[dict[date, int], set[date], int]:
    """How many each day, the days on which anybody was served, and how many people."""
    by_day: dict[date, int] = defaultdict(int)
    served: set[date] = set()
    if what == "visits":
        inside = {day for _, own in versions for day in own}
        seen = _visits(said, versions, rules, visited)
        by_day.update({day: many for day, many in seen.items() if day in inside})
        return by_day, set(by_day), 0
    whoever: set[str] = set()
    for rule, days in versions:
        for day in days:
            rows = [row for row in eaten.of(day) if _serves(said, row[0], day)]
            if "shown" not in said:
                rows = [row for row in rows if _admits(rule, row[6], day, rules)]
            people = {row[1] for row in rows}
            whoever |= people
            served |= {day} if rows else set()
            by_day[day] = {"aided_meals": sum(row[3] for row in rows), "person_days": len(people)}.get(what, len(rows))
    if what == "people" and "shown" in said:
        return by_day, served, _people(said, versions, eaten, rules, visited)
    return by_day, served, len(whoever)


def _admits(rule: Json, facts: str | None, day: date, rules: Any) -> bool:
    policy = rule["policy"]
    about = any(each["scheme"] in (policy["id"], f"any_{policy['kind']}") or policy["id"] in each["not_with"] for each in rules.exclude)  # noqa: E501  # fmt: skip
    if not about and not rule.get("eligible"):
        return True
    told: Json = json.loads(facts) if facts is not None else {"person": None}
    if told["person"] is None:
        return False
    person, meal = _person(told["person"], rules, day), NO_MEAL | {"type": told["meal"]["type"], "point": told["meal"].get("point", "")}  # noqa: E501  # fmt: skip
    return bool(_holds(rule.get("eligible", {}), person, meal)) and not rules.excluded(policy, person)


def _people(
    said: Json, versions: list[tuple[Json, list[date]]], eaten: Eaten, rules: Any, visited: Any
) -> int:  # fmt: skip
    """Whoever ate at the canteens on days of the rule, or was visited, and is admitted."""
    days = {day for _, own in versions for day in own}
    who = {row[1] for day in days for row in eaten.of(day) if _serves(said, row[0], day)}
    who |= set(said["shown"]["visit"]) if visited is None else {one for _, one in visited.at(said)}
    return sum(1 for each in who if _is_known(each, said, versions[0][0], rules))


def _visits(
    said: Json, versions: list[tuple[Json, list[date]]], rules: Any, visited: Any
) -> dict[date, int]:  # fmt: skip
    """How many of each day, of people whom the rule names."""
    if visited is None:
        return {date.fromisoformat(day): many for day, many in said["visits"].items()}
    found: dict[date, int] = defaultdict(int)
    for day, who in visited.at(said):
        found[day] += _is_known(who, said, versions[0][0], rules)
    return found


def _is_known(who: str, said: Json, rule: Json, rules: Any) -> bool:
    """Whether the rule names somebody, as the register had them on the last day."""
    facts = json.dumps({"person": said.get("persons", {}).get(who), "meal": NO_MEAL})
    return _admits(rule, facts, date.fromisoformat(said["spans"][-1][1]), rules)


def _serves(said: Json, canteen: str, day: date) -> bool:
    """Whether the meals of a canteen are this payee's on a day: one may have come from another, or gone to it."""
    spans = said.get("moved", {}).get(canteen, [["0001-01-01", "9999-12-31"]])
    return canteen in said["canteens"] and any(first <= day.isoformat() <= last for first, last in spans)


def _station(monthly: Json, facts: Json, people: int) -> int:
    area = facts.get("area", "")
    if "per_person" in monthly and "urban_per_person" not in monthly and "rural_per_person" not in monthly:
        return people * int(_fen(monthly["per_person"]))
    if area == "rural" and "rural_flat" in monthly and people < monthly["rural_flat_below"]:
        given = _fen(monthly["rural_flat"])
    elif f"{area}_per_person" in monthly:
        given = people * _fen(monthly[f"{area}_per_person"])
    else:
        return 0
    return int(given + _fen(monthly.get("star_add", {}).get(facts.get("star", ""), "0")))


# ------------------------------------------------------------------------------------------------- person-days


def _by_meals(
    periods: set[str], together: dict[tuple[str, str, bool], list[Json]], eaten: Eaten, rules: Any
) -> Iterator[Json]:
    """Rules for meals that pay whoever serves as well: each person's day once, at the first canteen with its money."""
    paying = {
        each["version"]: each for versions in rules.versions.values() for *_, each in versions
        if each["policy"]["kind"] == "meal" and "operator" in each
    }  # fmt: skip
    for period in periods:
        first = date.fromisoformat(f"{period}-01")
        found: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for number in range(31):
            day = first + timedelta(days=number)
            had = set()
            for row in eaten.of(day) if day.month == first.month else ():
                if row[3] and row[5] in paying and (row[1], row[4]) not in had:
                    had.add((row[1], row[4]))
                    found[row[0], row[5]][day] += 1
        lines = {(each["canteens"][0], name): each for (name, own, by), some in together.items() if by and own == period for each in some}  # noqa: E501  # fmt: skip
        for (canteen, version), days in found.items():
            said = lines.get((canteen, paying[version]["policy"]["id"]))
            if said is None:
                yield {"id": f"of {canteen} in {period}", "on": "", "version": version, "fen": {},
                       "faults": [f"{sum(days.values())} person-days are in no line"]}  # fmt: skip
            else:
                yield _of_days(said, paying[version], days)


def _person_days(some: list[Json], eaten: Eaten, rules: Any) -> Iterator[Json]:
    """Of one rule and month, all who are paid by it: a person's day is paid to whoever served them first."""
    held = [(each, _in_force(each, rules)) for each in some]
    found: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    rule_of = {}
    for day in sorted({day for each in some for day in _days(each)}):
        had = set()
        at = {one: own for own in held for one in own[0]["canteens"] if _serves(own[0], one, day)}
        for row in eaten.of(day):
            said, versions = at.get(row[0], ({}, []))
            rule = next((rule for rule, days in versions if day in days), None)
            if rule is not None and row[1] not in had and _admits(rule, row[6], day, rules):
                had.add(row[1])
                found[said["payee"], rule["version"]][day] += 1
                rule_of[said["payee"], rule["version"]] = (said, rule)
    for key, days in found.items():
        yield _of_days(*rule_of[key], days)


def _of_days(said: Json, rule: Json, days: dict[date, int]) -> Json:
    many = sum(days.values())
    return _told(said, rule, max(days).isoformat(), many * _fen(rule["operator"]["per_person_day"]), Fraction(many))
