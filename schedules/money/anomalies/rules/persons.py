"""What a day's meals say about persons: dead, in hospital, in two places at once, too often, by two schemes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from dispatch.rules.place import distance_m
from schedules.money.anomalies.rules.limits import Limits
from schedules.money.anomalies.rules.serving import (
    About,
    Canteen,
    Code,
    Finding,
    Serving,
    fen_of,
    ids_of,
)
from schedules.money.rules.exclusions import Exclusion, conflicts

MEAL = "meal"
"""The kind of a scheme that pays for meals."""

NOTHING = About()


def by_resident(servings: Iterable[Serving]) -> dict[str, list[Serving]]:
    """Each person's meals, in their order."""
    found: dict[str, list[Serving]] = {}
    for each in servings:
        found.setdefault(each.resident, []).append(each)
    return found


def absent(day: date, meals: Mapping[str, Sequence[Serving]], about: Mapping[str, About], limits: Limits) -> Iterator[Finding]:  # noqa: E501  # fmt: skip
    """Meals of a day to those who had died, or were in hospital or in an institution."""
    for resident in sorted(about.keys() & meals.keys()):
        had, known = meals[resident], about[resident]
        stay = known.stay(day)
        if known.is_dead(day):
            assert known.died_on is not None
            days = {"died_days_before": (day - known.died_on).days}
            yield _about(Code.AFTER_DEATH, day, had, days, limits)
        elif stay is not None:
            yield _about(Code.IN_HOSPITAL, day, had, {"stay": stay.kind, "since": stay.first.isoformat()}, limits)


def too_often(day: date, meals: Mapping[str, Sequence[Serving]], limits: Limits) -> Iterator[Finding]:
    """More subsidised meals of one person at one meal of the day than there may be."""
    most = limits[Code.OVER_LIMIT]["meals"]
    for had in meals.values():
        if len(had) > most:
            for meal in sorted({each.meal for each in had}):
                paid = [each for each in had if each.meal == meal and each.subsidy_fen > 0]
                if len(paid) > most:
                    figures: dict[str, int | str] = {"meal": meal, "meals": len(paid), "limit": most}
                    yield _about(Code.OVER_LIMIT, day, paid, figures, limits, key=meal)


def apart(
    day: date, meals: Mapping[str, Sequence[Serving]], canteens: Mapping[str, Canteen], limits: Limits
) -> Iterator[Finding]:
    """One person at two canteens that are too far from each other for the time between."""
    metres, within = limits[Code.TWO_CANTEENS]["metres"], timedelta(minutes=limits[Code.TWO_CANTEENS]["minutes"])
    for had in meals.values():
        if len(had) < 2:
            continue
        there = [each for each in had if each.delivery is None]
        for at, one in enumerate(there):
            for other in there[at + 1 :]:
                if other.served_at - one.served_at > within:
                    break
                way = _metres(one, other, canteens)
                if way > metres:
                    seconds = int((other.served_at - one.served_at).total_seconds())
                    figures = {"metres": way, "seconds": seconds}
                    where = {"other_canteen": other.canteen}
                    key = f"{one.id}:{other.id}"
                    yield _about(Code.TWO_CANTEENS, day, [one, other], {**figures, **where}, limits, key=key)


def _metres(one: Serving, other: Serving, canteens: Mapping[str, Canteen]) -> int:
    if one.canteen == other.canteen:
        return 0
    places = [canteens[each].place if each in canteens else None for each in (one.canteen, other.canteen)]
    if places[0] is None or places[1] is None:
        return 0
    return int(distance_m(places[0], places[1]))


def excluded(
    day: date, meals: Mapping[str, Sequence[Serving]], about: Mapping[str, About], exclusions: Sequence[Exclusion],
    limits: Limits,
) -> Iterator[Finding]:  # fmt: skip
    """Subsidised meals of those who draw something that excludes them."""
    for resident in sorted(about.keys() & meals.keys()):
        known = about[resident]
        if not known.schemes and not known.cats:
            continue
        paid = [each for each in meals[resident] if each.subsidy_fen > 0]
        own = {each.scheme for each in paid if each.scheme is not None}
        drawn = {**known.schemes, **dict.fromkeys(own, MEAL)}
        for each in conflicts(exclusions, drawn, known.cats) if paid else ():
            key = f"{day:%Y-%m}:{each.scheme}:{each.other}"
            figures = {"scheme": each.scheme, "with": each.other}
            yield _about(Code.EXCLUDED_SCHEME, day, paid, figures, limits, key=key, monthly=True)


def _about(
    code: Code, day: date, had: Sequence[Serving], figures: Mapping[str, int | str], limits: Limits, *,
    key: str = "", monthly: bool = False,
) -> Finding:  # fmt: skip
    """One finding about a person. What holds for a month is found once in it."""
    resident = had[0].resident
    place = key if monthly else ":".join(part for part in (day.isoformat(), key) if part)
    return Finding(
        code=code, key=f"{code}:{resident}:{place}", severity=limits[code].severity, first=day, last=day,
        canteen=had[0].canteen, resident=resident, operator=had[0].operator, evidence=ids_of(had),
        figures={**figures, "count": len(had)}, amount_fen=fen_of(had),
    )  # fmt: skip
