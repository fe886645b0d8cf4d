"""What the days of a month say together about a canteen: one hand for all, one price, one list, a sudden jump."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from schedules.money.anomalies.rules.limits import Limits
from schedules.money.anomalies.rules.serving import (
    EVIDENCE_MAX,
    MACHINE_WAYS,
    Canteen,
    Code,
    Finding,
    Serving,
)
from schedules.money.anomalies.rules.tills import crowded

SOME = 20
"""Meals that are named as evidence of a habit: it is the figures that speak."""


@dataclass(slots=True)
class _Tally:
    """What is kept of a canteen while a month goes by: counts, and a few ids."""

    meals: int = 0
    paid: int = 0
    at_minimum: int = 0
    at_minimum_ids: list[str] = field(default_factory=list)
    served_by: dict[str, int] = field(default_factory=dict)
    by_hand: dict[str, int] = field(default_factory=dict)
    by_hand_ids: dict[str, list[str]] = field(default_factory=dict)
    crowded_days: list[date] = field(default_factory=list)
    in_crowd: dict[str, list[tuple[date, str, int]]] = field(default_factory=dict)
    """By person: the day, the meal and its public money, each time they came in a crowd."""


class Habits:
    """Counts a month's meals. Memory grows with canteens and with people who come in crowds, not with meals."""

    def __init__(self, canteens: Mapping[str, Canteen], limits: Limits) -> None:
        self._canteens = canteens
        self._limits = limits
        self._tallies: dict[str, _Tally] = {}

    def look(self, day: date, canteen: str, servings: Sequence[Serving]) -> None:
        """A canteen's meals of one day, in the order of time."""
        tally = self._tallies.setdefault(canteen, _Tally())
        known = self._canteens.get(canteen)
        minimums = known.minimums if known else frozenset()
        for each in servings:
            _count(tally, each, minimums)
        rule = self._limits[Code.SAME_MINUTE]
        there = [each for each in servings if each.delivery is None]
        if len(there) >= rule["people"]:
            self._crowds(tally, day, there)

    def _crowds(self, tally: _Tally, day: date, there: Sequence[Serving]) -> None:
        rule = self._limits[Code.SAME_MINUTE]
        seen: set[str] = set()
        for run in crowded(there, rule["people"], timedelta(seconds=rule["seconds"])):
            for each in run:
                if each.resident not in seen:
                    seen.add(each.resident)
                    tally.in_crowd.setdefault(each.resident, []).append((day, each.id, each.subsidy_fen))
        if seen:
            tally.crowded_days.append(day)

    def findings(self, first: date, last: date) -> Iterator[Finding]:
        """What the days so far amount to."""
        for canteen, tally in sorted(self._tallies.items()):
            yield from self._one_operator(canteen, tally, first, last)
            yield from self._at_minimum(canteen, tally, first, last)
            yield from self._same_minute(canteen, tally)

    def _one_operator(self, canteen: str, tally: _Tally, first: date, last: date) -> Iterator[Finding]:
        rule, hands = self._limits[Code.ONE_OPERATOR], sum(tally.by_hand.values())
        if hands < rule["least"]:
            return
        operator, own = max(tally.by_hand.items(), key=lambda each: (each[1], each[0]))
        others = tally.meals - tally.served_by[operator]
        is_spread = others * 100 >= rule["others_percent"] * tally.meals
        is_common = hands * 100 >= rule["hand_percent"] * tally.meals
        if own * 100 >= rule["percent"] * hands and (is_spread or is_common):
            yield Finding(
                code=Code.ONE_OPERATOR, key=f"{Code.ONE_OPERATOR}:{canteen}:{first:%Y-%m}:{operator}",
                severity=rule.severity, first=first, last=last, canteen=canteen, operator=operator,
                evidence=tuple(tally.by_hand_ids[operator]),
                figures={"count": own, "by_hand": hands, "meals": tally.meals, "percent": own * 100 // hands},
            )  # fmt: skip

    def _at_minimum(self, canteen: str, tally: _Tally, first: date, last: date) -> Iterator[Finding]:
        rule = self._limits[Code.AT_MINIMUM]
        if tally.paid >= rule["least"] and tally.at_minimum * 100 > rule["percent"] * tally.paid:
            percent = tally.at_minimum * 100 // tally.paid
            yield Finding(
                code=Code.AT_MINIMUM, key=f"{Code.AT_MINIMUM}:{canteen}:{first:%Y-%m}", severity=rule.severity,
                first=first, last=last, canteen=canteen, evidence=tuple(tally.at_minimum_ids),
                figures={"count": tally.at_minimum, "meals": tally.paid, "percent": percent},
            )  # fmt: skip

    def _same_minute(self, canteen: str, tally: _Tally) -> Iterator[Finding]:
        rule, days = self._limits[Code.SAME_MINUTE], len(tally.crowded_days)
        if days < rule["days"]:
            return
        same = {
            each: had for each, had in tally.in_crowd.items()
            if len(had) >= rule["days"] and len(had) * 100 >= rule["percent"] * days
        }  # fmt: skip
        if len(same) >= rule["people"]:
            first, last = tally.crowded_days[0], tally.crowded_days[-1]
            ids = tuple(had[-1][1] for _, had in sorted(same.items()))[:EVIDENCE_MAX]
            yield Finding(
                code=Code.SAME_MINUTE, key=f"{Code.SAME_MINUTE}:{canteen}:{first:%Y-%m}", severity=rule.severity,
                first=first, last=last, canteen=canteen, evidence=ids,
                amount_fen=sum(fen for had in same.values() for _, _, fen in had),
                figures={"people": len(same), "days": days, "count": sum(map(len, same.values()))},
            )  # fmt: skip


def _count(tally: _Tally, each: Serving, minimums: frozenset[int]) -> None:
    tally.meals += 1
    tally.served_by[each.operator] = tally.served_by.get(each.operator, 0) + 1
    if each.way not in MACHINE_WAYS:
        tally.by_hand[each.operator] = tally.by_hand.get(each.operator, 0) + 1
        ids = tally.by_hand_ids.setdefault(each.operator, [])
        if len(ids) < SOME:
            ids.append(each.id)
    if each.subsidy_fen > 0:
        tally.paid += 1
        if each.price_fen in minimums:
            tally.at_minimum += 1
            if len(tally.at_minimum_ids) < SOME:
                tally.at_minimum_ids.append(each.id)


class Jumps:
    """
    A canteen's days against its own: the median of the last ones is not moved by one bad day.

    Days on which nothing was served are no part of it. A jump that goes on is one finding, of the day it began, and
    goes on until the canteen is back or the median has followed.
    """

    def __init__(self, limits: Limits) -> None:
        self._rule = limits[Code.JUMP]
        self._last: dict[str, deque[int]] = {}
        self._on: set[str] = set()

    def day(self, day: date, canteen: str, count: int, some: Sequence[Serving] = ()) -> Finding | None:
        """A day's count; days must follow each other. `some` are the meals, where the day is looked at."""
        before = self._last.setdefault(canteen, deque(maxlen=self._rule["days"]))
        usual = sorted(before)[len(before) // 2] if len(before) >= self._rule["least_days"] else None
        before.append(count)
        if usual is None or count * 100 < usual * self._rule["percent"] or count < usual + self._rule["more"]:
            self._on.discard(canteen)
            return None
        is_new = canteen not in self._on
        self._on.add(canteen)
        if not is_new or not some:
            return None
        return Finding(
            code=Code.JUMP, key=f"{Code.JUMP}:{canteen}:{day}", severity=self._rule.severity, first=day, last=day,
            canteen=canteen, evidence=tuple(each.id for each in some[:SOME]), figures={"count": count, "usual": usual},
        )  # fmt: skip
