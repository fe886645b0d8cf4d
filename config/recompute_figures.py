"""
Counts the figures of a month again: python3 recompute_figures.py FILE --month 2026-11 [--compare REPORT]

Needs nothing but Python 3.11: neither this project nor its database, so that anybody may keep it and count for
themselves. FILE is what `anling record export` writes; "-" is standard input. What is counted and how stands in
docs/figures.md; this was written from that page, and shares no line with the program that it checks.

With --compare, REPORT is a report as the service gave it (`/api/v1/reports/kpi`): limits, zone, stations and the head
of the log are taken from it. First check the export itself with verify_record.py.

Exit code 0: counted, and with --compare all alike. 1: something differs; each is named. 2: wrong use.
"""

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

START = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NOTICED = ("accepted", "declined", "attended", "noted", "claimed", "emergency_called", "closed")
CONTACT = ("accepted", "attended", "resident_said", "closed")
PEOPLE = ("operator:", "carer:", "contact:")
TIMED = {"ack": "noticed", "accept": "accepted", "onsite": "arrived", "close": "ended"}
MEASURES = {"devices": "device_online_rate", "coverage": "coverage_rate"}
ANSWERED = {
    "call_came": ("call_answered", "call", "hotline_answer_rate"),
    "check_due": ("check_done", "check", "care_call_rate"),
}


def main() -> int:
    """Reads the arguments and prints what was counted, or what differs."""
    parser = argparse.ArgumentParser(description="Counts the figures of a month again.")
    parser.add_argument("file", help="JSON lines of `anling record export`; - is standard input")
    parser.add_argument("--month", help="like 2026-11; with --compare that of the report")
    parser.add_argument("--zone", default="Asia/Shanghai", help="the district's time zone")
    parser.add_argument("--ack-seconds", type=int, default=20)
    parser.add_argument("--response-seconds", type=int, default=60)
    parser.add_argument("--on-site-minutes", type=int, default=15)
    parser.add_argument("--stations", nargs="*", help="only these stations, by id")
    parser.add_argument("--compare", help="a report, as JSON")
    said = parser.parse_args()
    try:
        told = _report(said.compare) if said.compare else None
        wanted = told or _wanted(said)
        with contextlib.nullcontext(sys.stdin) if said.file == "-" else open(said.file, encoding="utf-8") as lines:
            counted = recount(lines, wanted)
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        print(f"Cannot count {said.file}: {wrong!r}", file=sys.stderr)
        return 2
    if told is None:
        print(json.dumps(counted, ensure_ascii=False, indent=2))
        return 0
    wrong_paths = sorted(unlike(told, counted))
    for path in wrong_paths:
        print(path)
    print(f"{len(wrong_paths)} figures differ." if wrong_paths else "All figures are alike.", file=sys.stderr)
    return 1 if wrong_paths else 0


def _report(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found


def _wanted(said: argparse.Namespace) -> dict[str, Any]:
    if not said.month:
        raise ValueError("say --month")
    limits = {"ack_s": said.ack_seconds, "response_s": said.response_seconds, "on_site_min": said.on_site_minutes}
    return {"month": said.month, "zone": said.zone, "stations": said.stations, "limits": limits}


# ---------------------------------------------------------------------------------------------------- reading


def recount(lines: Iterable[str], wanted: dict[str, Any]) -> dict[str, Any]:
    """The report of the month, zone, stations, limits and (where given) head in `wanted`."""
    last = (wanted.get("head") or {}).get("number")
    entries = [_entry(line) for line in lines if line.strip()]
    entries = [each for each in entries if last is None or each["number"] <= last]
    zone, limits = ZoneInfo(wanted["zone"]), wanted["limits"]
    year, month = (int(part) for part in wanted["month"].split("-"))
    begin, end = _midnight(date(year, month, 1), zone), _midnight(date(year + month // 12, month % 12 + 1, 1), zone)
    stations = wanted.get("stations")
    alarms = _alarms(entries)
    here = [
        each for each in alarms
        if begin <= each["when"] < end and (stations is None or each["station"] in stations)
    ]  # fmt: skip
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {("", ""): []}
    for each in here:
        if each["left_out"]:
            continue
        hour = (START + each["when"] * TICK).astimezone(zone).strftime("%H")
        own = {name: each[name] for name in ("station", "street", "community", "cause")} | {"hour": hour}
        for key in [("", ""), *own.items()]:
            groups.setdefault(key, []).append(each)
    cells = {key: _of_alarms(group, limits) for key, group in groups.items()}
    _without_alarms(cells, entries, begin, end, stations)
    parts = ("station", "street", "community", "hour", "cause", "provider", "team")
    left = [each["left_out"] for each in here]
    return {
        "month": wanted["month"],
        "zone": wanted["zone"],
        "stations": None if stations is None else sorted(stations),
        "limits": limits,
        "head": {"number": entries[-1]["number"], "hash": entries[-1]["hash"]} if entries else
                {"number": 0, "hash": "0" * 64},
        "left_out": {"exercise": left.count("exercise"), "shadow": left.count("shadow")},
        "figures": cells["", ""],
        "by": {
            part: [{"of": of, "figures": cells[part, of]} for of in sorted(of for which, of in cells if which == part)]
            for part in parts
        },
    }  # fmt: skip


def _midnight(day: date, zone: ZoneInfo) -> int:
    return (datetime.combine(day, time(), zone) - START) // TICK


def _entry(line: str) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(line)
    facts = json.loads(entry["body"])
    entry["facts"] = facts = facts if isinstance(facts, dict) else {}
    entry["when"], entry["paper"] = entry["at_us"], False
    written = facts.get("happened_at")
    if isinstance(written, str):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is not None and (moment - START) // TICK <= entry["at_us"]:
                entry["when"], entry["paper"] = (moment - START) // TICK, True
    return entry


# ---------------------------------------------------------------------------------------------------- alarms


def _alarms(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every alarm of the log, in the order they happened."""
    stories: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry["alarm_id"] is not None:
            stories.setdefault(entry["alarm_id"], []).append(entry)
    found = [_alarm(story) for story in stories.values() if any(each["kind"] == "raised" for each in story)]
    found.sort(key=lambda each: (each["when"], each["number"]))
    latest: dict[str, int] = {}
    for alarm in found:
        whose = alarm["whose"]
        if whose and not alarm["left_out"]:
            alarm["twice"] |= whose in latest and alarm["when"] - latest[whose] <= 60 * 10**6
            latest[whose] = alarm["when"]
        alarm["valid"] = not alarm["twice"] and alarm["outcome"] != "test"
    return found


def _alarm(story: list[dict[str, Any]]) -> dict[str, Any]:
    first = next(each for each in story if each["kind"] == "raised")
    facts = first["facts"]
    ends = [each for each in story if each["kind"] in ("closed", "reopened")]
    over = bool(ends) and ends[-1]["kind"] == "closed"
    outcome = (ends[-1]["facts"].get("outcome") or "") if over else None
    kinds = {each["kind"] for each in story}
    device = first["by"] if first["by"].startswith("device:") else ""
    by_people = [each for each in story if each["by"].startswith(PEOPLE)]
    exercise = facts.get("cause") == "exercise"
    return {
        "number": first["number"],
        "when": first["when"],
        "paper": first["paper"],
        **{name: facts.get(name) or "" for name in ("station", "street", "community", "cause")},
        "delayed": bool(facts.get("delayed_s")),
        "left_out": "exercise" if exercise else "shadow" if "shadowed" in kinds else "",
        "whose": f"{facts['home']} {facts.get('resident') or ''}" if facts.get("home") else device,
        "outcome": outcome,
        "twice": outcome == "duplicate",
        "offered": "offered" in kinds,
        "ambulance": "emergency_called" in kinds,
        "noticed": _earliest(first, by_people, NOTICED),
        "contact": _earliest(first, story, CONTACT),
        "accepted": _earliest(first, story, ("accepted",)),
        "arrived": _earliest(first, story, ("attended",)),
        "ended": _took(first, ends[-1]) if over else None,
    }


def _took(first: dict[str, Any], then: dict[str, Any]) -> int | None:
    if first["boot"] == then["boot"] and not first["paper"] and not then["paper"]:
        took: int = then["steady_us"] - first["steady_us"]
    else:
        took = then["when"] - first["when"]
    return None if took < 0 else took


def _earliest(first: dict[str, Any], story: list[dict[str, Any]], kinds: Collection[str]) -> int | None:
    times = [_took(first, each) for each in story if each["kind"] in kinds]
    known = [each for each in times if each is not None]
    return min(known) if known else None


def _of_alarms(group: list[dict[str, Any]], limits: dict[str, int]) -> dict[str, Any]:
    valid = [each for each in group if each["valid"]]
    false = [each for each in group if each["outcome"] == "false_alarm"]
    gone = [each for each in valid if each["accepted"] is not None]
    over = [each for each in valid if each["outcome"] is not None]
    asked = [each for each in valid if each["offered"]]
    numbers = {
        "calls_total": len(group),
        "calls_valid": len(valid),
        "calls_test": sum(each["outcome"] == "test" for each in group),
        "calls_duplicate": sum(each["twice"] for each in group),
        "accepted": len(gone),
        "arrived": sum(each["arrived"] is not None for each in valid),
        "closed": len(over),
        "false_alarms": len(false),
        "linked_120": sum(each["ambulance"] for each in valid),
        "calls_delayed": sum(each["delayed"] for each in valid),
        "calls_on_paper": sum(each["paper"] for each in valid),
    }
    told: dict[str, Any] = {key: {"n": number} for key, number in numbers.items()}
    told["ack_on_time_rate"] = _in_time(valid, "noticed", limits["ack_s"])
    told["answer_rate"] = _share(sum(each["accepted"] is not None for each in asked), len(asked))
    told["response_rate"] = _in_time(valid, "contact", limits["response_s"])
    told["onsite_rate"] = _in_time(gone, "arrived", limits["on_site_min"] * 60)
    for minutes in (15, 30, 45):
        told[f"onsite_{minutes}_rate"] = _in_time(gone, "arrived", minutes * 60)
    told["closed_rate"] = _share(len(over), len(valid))
    either = sum(each["valid"] or each["outcome"] == "false_alarm" for each in group)
    told["false_alarm_rate"] = _share(len(false), either)
    for key, name in TIMED.items():
        times = sorted(each[name] for each in (gone if key == "onsite" else valid) if each[name] is not None)
        told |= {f"{key}_p{percent}": _percentile(times, percent) for percent in (50, 90)}
    return told


def _in_time(group: list[dict[str, Any]], name: str, seconds: int) -> dict[str, Any]:
    return _share(sum(each[name] is not None and each[name] <= seconds * 10**6 for each in group), len(group))


def _share(k: int, n: int) -> dict[str, Any]:
    return {"k": k, "n": n, "rate": round(k / n, 4) if n else None}


def _percentile(times: list[int], percent: int) -> dict[str, Any]:
    if not times:
        return {"n": 0, "seconds": None, "minutes": None}
    value = times[math.ceil(percent * len(times) / 100) - 1]
    return {"n": len(times), "seconds": value // 10**6, "minutes": value // (6 * 10**6) / 10}


# ---------------------------------------------------------------------------------------------------- the rest


def _without_alarms(
    cells: dict[tuple[str, str], dict[str, Any]], entries: list[dict[str, Any]], begin: int, end: int,
    stations: list[str] | None,
) -> None:  # fmt: skip
    met: dict[tuple[tuple[str, str], str], int] = {}
    whole: dict[tuple[tuple[str, str], str], int] = {}

    def add(key: str, part: tuple[str, str], k: int, n: int) -> None:
        for where in [("", ""), part]:
            met[where, key] = met.get((where, key), 0) + k
            whole[where, key] = whole.get((where, key), 0) + n

    waiting: dict[str, dict[str, int]] = {kind: {} for kind in ANSWERED}
    answers: dict[tuple[str, str], int] = {}
    for entry in entries:
        kind, facts = entry["kind"], entry["facts"]
        for answer, name, _ in ANSWERED.values():
            if kind == answer:
                answers[kind, str(facts.get(name))] = entry["number"]
        if not begin <= entry["when"] < end:
            continue
        if kind == "message_settled" and facts.get("provider") and stations is None:
            failed = facts.get("outcome") not in ("taken", "confirmed")
            add("provider_failure_rate", ("provider", facts["provider"]), failed, 1)
        elif kind == "satisfaction" and stations is None and _ordered(1, facts.get("score"), facts.get("of")):
            satisfied = 5 * facts["score"] >= 4 * facts["of"]
            add("satisfaction", ("team", facts.get("team") or ""), satisfied, 1)
        elif kind == "measured" and facts.get("what") in MEASURES and _ordered(0, facts.get("met"), facts.get("of")):
            station = facts.get("station") or ""
            if stations is None or station in stations:
                add(MEASURES[facts["what"]], ("station", station), facts["met"], facts["of"])
        elif kind in ANSWERED and facts.get("asked", 1) == 1 and stations is None:
            waiting[kind].setdefault(str(facts.get(ANSWERED[kind][1])), entry["number"])
    for kind, (answer, _, key) in ANSWERED.items():
        met[("", ""), key] = sum(answers.get((answer, id_), 0) > since for id_, since in waiting[kind].items())
        whole[("", ""), key] = len(waiting[kind])
    for key in ("provider_failure_rate", "satisfaction", *MEASURES.values()):
        whole.setdefault((("", ""), key), 0)
    for (where, key), n in whole.items():
        cells.setdefault(where, {})[key] = _share(met.get((where, key), 0), n)


def _ordered(*numbers: Any) -> bool:
    """Whether these are whole numbers, none smaller than the one before."""
    whole = all(type(each) is int for each in numbers)
    return whole and all(one <= next_ for one, next_ in pairwise(numbers))


def unlike(told: Any, counted: Any, path: str = "") -> list[str]:
    """The paths at which two reports tell something else."""
    if isinstance(told, list) and isinstance(counted, list) and all(isinstance(each, dict) for each in told + counted):
        told, counted = ({each["of"]: each for each in rows} for rows in (told, counted))
    if not isinstance(told, dict) or not isinstance(counted, dict):
        return [] if told == counted else [f"{path}: told {told}, counted {counted}"]
    return [
        found
        for key in sorted(told.keys() | counted.keys())
        for found in unlike(told.get(key), counted.get(key), f"{path}.{key}" if path else str(key))
    ]


if __name__ == "__main__":
    sys.exit(main())
