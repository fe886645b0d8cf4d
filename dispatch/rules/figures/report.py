"""A month's figures as one plain value: what the API answers, a signature is put under, and the auditor recomputes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import tzinfo
from typing import Any

from dispatch.rules.figures.calls import EXERCISE, Call
from dispatch.rules.figures.counting import PARTS, Cell, Limits, count, rate
from dispatch.rules.figures.tallies import ALWAYS
from dispatch.rules.rights import Area

Report = dict[str, Any]
Sums = Mapping[tuple[str, str, str], tuple[int, int]]

ALL_PARTS = (*PARTS, "provider", "team")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which report: a local month like 2026-11, by which limits, for which stations."""

    month: str
    limits: Limits
    zone: tzinfo
    area: Area


def report(asked: Asked, calls: Iterable[Call], sums: Sums, head: tuple[int, str]) -> Report:
    """
    The report of a month. `calls` are those of the month, duplicates marked; what does not count is left out here and
    counted as left out. Whoever works for some stations sees those, and nothing that belongs to no station.
    """
    mine = [each for each in calls if is_mine(each, asked.area)]
    cells = count((each for each in mine if each.counts), asked.limits, asked.zone)
    whole = cells.pop(("", ""), Cell()).figures()
    by: dict[str, dict[str, Any]] = {part: {} for part in ALL_PARTS}
    for (part, which), cell in cells.items():
        by[part][which] = cell.figures()
    _put(whole, by, _seen(sums, asked.area))
    return {
        "month": asked.month,
        "zone": str(asked.zone),
        "stations": None if asked.area.stations is None else sorted(asked.area.stations),
        "limits": asdict(asked.limits),
        "head": {"number": head[0], "hash": head[1]},
        "left_out": {
            "exercise": sum(each.cause == EXERCISE for each in mine),
            "shadow": sum(each.shadowed and each.cause != EXERCISE for each in mine),
        },
        "figures": whole,
        "by": {part: [{"of": which, "figures": found[which]} for which in sorted(found)] for part, found in by.items()},
    }


def is_mine(call: Call, area: Area) -> bool:
    """Whether a call is in the figures of whoever works for this area."""
    return area.stations is None or call.station in area.stations


def _put(whole: dict[str, Any], by: dict[str, dict[str, Any]], sums: Sums) -> None:
    whole |= {key: rate(*sums.get(("", "", key), (0, 0))) for key in ALWAYS}
    for (part, which, key), (met, of) in sums.items():
        if part:
            by[part].setdefault(which, {})[key] = rate(met, of)


def _seen(sums: Sums, area: Area) -> Sums:
    """What is counted by station is added up anew for some of them; the rest is the district's alone."""
    if area.stations is None:
        return sums
    mine = {key: value for key, value in sums.items() if key[0] == "station" and key[1] in area.stations}
    added: dict[tuple[str, str, str], tuple[int, int]] = {}
    for (_, _, key), (met, of) in mine.items():
        before = added.get(("", "", key), (0, 0))
        added["", "", key] = (before[0] + met, before[1] + of)
    return {**mine, **added}


def digest(told: Mapping[str, Any]) -> str:
    """SHA-256 over the report as canonical JSON: keys sorted, no spaces, non-ASCII as it is."""
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Where two reports tell something else, as paths like `figures.closed.n`; the head may differ."""
    return sorted(_differences({**before, "head": None}, {**now, "head": None}, ""))


def _differences(before: Any, now: Any, path: str) -> Iterable[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in before.keys() | now.keys():
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(before, list) and isinstance(now, list):
        yield from _differences(_by_name(before), _by_name(now), path)
    elif before != now:
        yield path


def _by_name(rows: list[Any]) -> Any:
    return {each["of"] if isinstance(each, Mapping) else str(each): each for each in rows}
