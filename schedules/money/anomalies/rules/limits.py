"""The thresholds of the search, read from data and checked whole: every rule with its severity and its source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schedules.money.anomalies.rules.serving import Code, Severity
from schedules.money.rules import sheet as read
from schedules.money.rules.sheet import Fault, Sheet

_DAYS = read.whole(1, 366)
_PERCENT = read.whole(1, 100)

KEYS: Mapping[Code, Mapping[str, read.Reader]] = {
    Code.AFTER_DEATH: {},
    Code.IN_HOSPITAL: {},
    Code.TWO_CANTEENS: {"metres": read.whole(100, 100_000), "minutes": read.whole(1, 600)},
    Code.OVER_LIMIT: {"meals": read.whole(1, 10)},
    Code.BURST: {"people": read.whole(2, 100), "seconds": read.whole(1, 600)},
    Code.ONE_OPERATOR: {
        "percent": _PERCENT, "least": read.whole(1), "others_percent": _PERCENT, "hand_percent": _PERCENT,
    },
    Code.AT_MINIMUM: {"percent": _PERCENT, "least": read.whole(1)},
    Code.SAME_MINUTE: {
        "people": read.whole(2, 1000), "seconds": read.whole(1, 600), "days": _DAYS, "percent": _PERCENT,
    },
    Code.CLOSED_HOURS: {"grace_minutes": read.whole(0, 240), "never_after_minute": read.whole(1, 1440)},
    Code.STALE_PHOTO: {"minutes": read.whole(1, 10_000)},
    Code.REUSED_PHOTO: {},
    Code.EXCLUDED_SCHEME: {},
    Code.VISITS_OVERLAP: {"minutes": read.whole(1, 600)},
    Code.VISIT_AFTER_DEATH: {},
    Code.VISIT_IN_HOSPITAL: {},
    Code.JUMP: {"percent": read.whole(101, 10_000), "more": read.whole(1), "days": _DAYS, "least_days": _DAYS},
}  # fmt: skip
"""What each rule is asked to say; all of it must be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule's thresholds."""

    severity: Severity
    source: str
    numbers: Mapping[str, int]

    def __getitem__(self, key: str) -> int:
        return self.numbers[key]


Limits = Mapping[Code, Rule]


def read_limits(text: str, file: str) -> tuple[Limits, list[Fault]]:
    """The rules in a file, and what is wrong in it; with one fault none of it may be used."""
    sheet = Sheet(file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sheet.fault("", "", *read.no_toml(error))
        return {}, sheet.faults
    found = sheet.table("", raw, {code.value: _rule(code) for code in Code}, [code.value for code in Code])
    return {Code(key): rule for key, rule in found.items()}, sheet.faults


def _rule(code: Code) -> read.Reader:
    keys = {**KEYS[code], "severity": read.one_of(*(each.value for each in Severity)), "source": read.text}

    def rule(sheet: Sheet, place: str, raw: Any) -> Rule | None:
        place, before = place.lstrip("."), len(sheet.faults)
        said = sheet.table(place, raw, keys, list(keys))
        if len(sheet.faults) > before:
            return None
        numbers = {key: said[key] for key in KEYS[code]}
        if code is Code.JUMP and numbers["least_days"] > numbers["days"]:
            sheet.fault(place, "least_days", "more than days", "look back at least so many days")
        return Rule(severity=Severity(said["severity"]), source=said["source"], numbers=numbers)

    return rule
