"""
Counts the ledger of public money again:

    python3 recompute_money.py EXPORT ... [--meals FILE ...] [--bills FILE ...] [--operators FILE ...]
                               [--visits FILE ...] [--policies FOLDER]

Needs nothing but Python 3.11 and recompute_meals.py, recompute_bills.py, recompute_operators.py and recompute_visits.py
beside it: neither this project nor its database, so that anybody may keep them and count for themselves. Each EXPORT is
what `anling money export MONTH` writes, the months in their order; FOLDER is the folder of policy files (or what its
--policies wrote); each FILE is what `anling money servings MONTH`, `anling money bills MONTH`,
`anling money operators MONTH` or `anling money visits MONTH` writes. What they hold and what is counted stands in
docs/recompute-money.md; this was written from that page and docs/policies.md, and shares no line with the program that
it checks. Entries and servings lie in a temporary file: memory does not grow with them.

Exit code 0: counted, and all alike. 1: something differs; each is named. 2: wrong use.
"""

import argparse
import hashlib
import json
import runpy
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def main() -> int:
    """Reads the arguments and prints what differs, then what was counted."""
    parser = argparse.ArgumentParser(description="Counts the ledger of public money again.")
    parser.add_argument("exports", nargs="+", help="JSON lines of `anling money export`, a file for each month")
    parser.add_argument("--meals", nargs="+", default=[], help="JSON lines of servings; without them the ledger is only looked over by itself")  # noqa: E501  # fmt: skip
    parser.add_argument(
        "--bills", nargs="+", default=[], help="JSON lines of `anling money bills`, of all months given"
    )
    parser.add_argument(
        "--operators", nargs="+", default=[], help="JSON lines of `anling money operators`; they need --meals"
    )
    parser.add_argument(
        "--visits",
        nargs="+",
        default=None,
        help="JSON lines of `anling money visits`; without them --operators are believed what they say of visits",
    )
    parser.add_argument("--zone", default="Asia/Shanghai", help="the time zone whose days visits are counted by")
    parser.add_argument("--policies", default=".", help="folder of policy files; needed with --meals")
    parser.add_argument(
        "--kept",
        default="",
        help="folder of versions that were in force once (`anling money export --policies`): where a rule was corrected, entries may name one that gives the same as the one in force",  # noqa: E501
    )
    parser.add_argument(
        "--rounding", choices=["half_up", "half_even", "down"], default="half_up", help="the setting meals.rounding"
    )
    parser.add_argument("--leap-day", choices=["mar_1", "feb_28"], default="mar_1", help="the setting meals.leap_day")
    said = parser.parse_args()
    try:
        ledger = Ledger()
        for path in said.exports:
            with open(path, encoding="utf-8") as lines:
                ledger.read(lines)
        folder, ways = Path(said.policies), {"rounding": said.rounding, "leap_day": said.leap_day}
        rules = _beside("recompute_meals.py")["Rules"](folder, **ways)
        rules.keep(Path(said.kept)) if said.kept else None
        serving = _beside("recompute_operators.py")
        eaten = serving["Eaten"]()
        if said.meals:
            recount = _beside("recompute_meals.py")["recounted"](_lines(said.meals), rules)
            compare(ledger, "meal", eaten.noted(recount) if said.operators else recount)
        if said.bills:
            compare(ledger, "bill", _beside("recompute_bills.py")["recounted"](_lines(said.bills), rules))
        if said.operators:
            eaten.read(_lines(said.meals))
            visited = _beside("recompute_visits.py")["Visited"](said.zone) if said.visits is not None else None
            if visited is not None:
                visited.read(_lines(said.visits))
                ledger.faults += visited.doubts()
                ledger.counted["visits"] = visited.counted
            compare(ledger, "bill", serving["recounted"](_lines(said.operators), eaten, rules, visited), serving=True)
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        print(f"Cannot count: {wrong!r}", file=sys.stderr)
        return 2
    told = ledger.told()
    for fault in ledger.faults:
        print(fault)
    print(json.dumps(told, ensure_ascii=False, indent=2))
    print(f"{len(ledger.faults)} things differ." if ledger.faults else "All alike.", file=sys.stderr)
    return 1 if ledger.faults else 0


def _beside(name: str) -> Json:
    """The names of a file that lies beside this one."""
    return runpy.run_path(str(Path(__file__).with_name(name)))


def _lines(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            yield from lines


# ---------------------------------------------------------------------------------------------------- the ledger


class Ledger:
    """Months as they were given out, looked over as they are read; `faults` are sentences."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.months: list[Json] = []
        self.fen: dict[str, int] = defaultdict(int)
        self.counted: dict[str, int] = defaultdict(int)
        self.kept = sqlite3.connect("", isolation_level=None)
        self.kept.executescript("""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;
            CREATE TABLE entries (id TEXT PRIMARY KEY, claim TEXT, kind TEXT, source TEXT, version TEXT, day TEXT,
                                  reverses TEXT, fen TEXT, met INTEGER DEFAULT 0) WITHOUT ROWID;
            CREATE TABLE gone (id TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE INDEX by_source ON entries (source);
            CREATE VIEW live AS SELECT * FROM entries WHERE reverses IS NULL AND id NOT IN (SELECT id FROM gone);
        """)

    def read(self, lines: Iterable[str]) -> None:
        """One export. Its hash is counted from the lines as they are, behind the hash that it says came before."""
        reading = iter(lines)
        about = json.loads(next(reading))
        month, before, last = about["about"], about["before"], ""
        digest, count = hashlib.sha256(f"{before or ''}\n{month}\n".encode()), 0
        self._chained(about)
        back = []
        for line in reading:
            digest.update(f"{line.rstrip(chr(10))}\n".encode())
            entry = json.loads(line)
            count += 1
            if entry["id"] <= last or entry["month"] != month:
                self.faults.append(f"{entry['id']}: out of order, twice, or of another month than {month}")
            last = entry["id"]
            self._take(entry)
            back += [entry] if entry["reverses"] else []
        if about["hash"] is not None and (about["hash"], about["entries"]) != (digest.hexdigest(), count):
            self.faults.append(f"{month}: {count} entries come to {digest.hexdigest()}, not {about['hash']}")
        # Ids say nothing about what came first: all entries of a month first, then what takes them back.
        for entry in back:
            self._take_back(entry)

    def _chained(self, about: Json) -> None:
        if self.months and about["before"] is not None and about["before"] != self.months[-1]["hash"]:
            self.faults.append(f"{about['about']} is not chained to {self.months[-1]['about']}")
        self.months.append(about)

    def _take(self, entry: Json) -> None:
        self._look(entry)
        kind, source = entry["source"] or (None, None)
        row = (entry["id"], entry["claim"], kind, source, entry["version"], entry["on"], entry["reverses"],
               json.dumps(_sums(entry), sort_keys=True))  # fmt: skip
        told = self.kept.execute(f"INSERT OR IGNORE INTO entries VALUES (?{',?' * 7}, 0)", row)  # noqa: S608
        if not told.rowcount:
            self.faults.append(f"{entry['id']}: there twice")
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
        name, taken = entry["id"], entry["reverses"]
        found = self.kept.execute("SELECT reverses, fen FROM entries WHERE id = ?", (taken,)).fetchone()
        if found is None:
            self.faults.append(f"{name}: takes back {taken}, which is in none of the months given")
            return
        fresh = self.kept.execute("INSERT OR IGNORE INTO gone VALUES (?)", (taken,)).rowcount
        if found[0] or not fresh:
            self.faults.append(f"{name}: takes back {taken}, which is a reversal or was taken back before")
        if json.loads(found[1]) != {account: -fen for account, fen in _sums(entry).items()}:
            self.faults.append(f"{name}: does not take back what {taken} gave")

    def given(self, kind: str, source: str) -> Json | None:
        """What was given for a source and not taken back, the first time it is asked for."""
        where = "kind = ? AND source = ? AND NOT met LIMIT 1"
        found = self.kept.execute(f"SELECT id, version, day, fen FROM live WHERE {where}", (kind, source)).fetchone()  # noqa: S608  # fmt: skip
        if found is None:
            return None
        self.kept.execute("UPDATE entries SET met = 1 WHERE id = ?", found[:1])
        return {"id": found[0], "version": found[1], "on": found[2], "fen": json.loads(found[3])}

    def strangers(self, kind: str) -> Iterator[tuple[str, str]]:
        """Entries, and their sources, of this kind that nobody asked for."""
        yield from self.kept.execute("SELECT id, source FROM live WHERE kind = ? AND NOT met ORDER BY id", (kind,))

    def told(self) -> Json:
        """Fen by account and the hash of each month; two that hold the same claim or source now are a fault."""
        for held in ("'claim ' || claim", "kind || ' ' || source"):
            twice = f"SELECT {held}, min(id), max(id) FROM live GROUP BY 1 HAVING count(*) > 1"  # noqa: S608
            for name, one, other in self.kept.execute(twice):
                self.faults.append(f"{other} and {one} both hold {name}")
        entries, live = (self.kept.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in ("entries", "live"))  # noqa: S608, E501  # fmt: skip
        return {"months": {each["about"]: each["hash"] for each in self.months}, "entries": entries, "live": live,
                **self.counted, "fen": dict(sorted(self.fen.items()))}  # fmt: skip


def _sums(entry: Json) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for account, fen in entry["postings"]:
        found[account] += fen
    return dict(found)


def compare(ledger: Ledger, kind: str, recount: Iterable[Json], *, serving: bool = False) -> None:
    """Names every meal (or bill) for which the ledger and the recount do not say the same; `serving`: bills for it."""
    for each in recount:
        ledger.counted["dues" if serving else f"{kind}s"] += 1
        ledger.faults += [f"{kind} {each['id']}: {fault}" for fault in each["faults"]]
        entry = ledger.given(kind, each["id"])
        if each["fen"] is None:
            # Whoever it was about had their facts erased: the entry stays, and nobody can ask its rule again.
            ledger.counted["erased"] += 1
        elif entry is None:
            if each["fen"]:
                ledger.faults.append(f"{kind} {each['id']}: {each['fen']} should have been given, and nothing was")
        elif (entry["on"], entry["fen"]) != (each["on"], each["fen"]) or entry["version"] not in _named(each):
            ledger.faults.append(f"{kind} {each['id']}: entry {entry['id']} says {entry['version']} {entry['fen']}, "
                                 f"counted again {each['version']} {each['fen']}")  # fmt: skip
    for id_, source in ledger.strangers(kind):
        if kind == "bill" and source.startswith("op-") is not serving:
            continue
        ledger.faults.append(f"entry {id_}: there is no {kind} {source}")


def _named(each: Json) -> list[str]:
    """The version in force, and earlier ones of the same rule that give the same for this meal."""
    return [each["version"], *each.get("same", ())]


if __name__ == "__main__":
    sys.exit(main())
