"""What proved visits say: one carer in two homes at once, two visits to one person, visits to the dead or away."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from schedules.care.rules.visit import Proved
from schedules.money.anomalies.rules.limits import Limits
from schedules.money.anomalies.rules.persons import NOTHING
from schedules.money.anomalies.rules.serving import About, Code, Finding


def look_at_visits(
    day: date, visits: Iterable[Proved], about: Mapping[str, About], limits: Limits, before: Iterable[Proved] = ()
) -> Iterator[Finding]:
    """The visits that began on one local day. Those of the day `before` may have lasted into it."""
    sorted_ = sorted(visits, key=lambda each: (each.begun_at, each.visit_id))
    yield from _absent(day, sorted_, about, limits)
    yield from _overlaps(day, sorted_, limits, before)


def _absent(day: date, visits: Iterable[Proved], about: Mapping[str, About], limits: Limits) -> Iterator[Finding]:
    for each in visits:
        known = about.get(each.resident_id, NOTHING)
        stay = known.stay(day)
        if known.is_dead(day):
            assert known.died_on is not None
            days = (day - known.died_on).days
            yield _found(Code.VISIT_AFTER_DEATH, day, (each,), {"died_days_before": days}, limits)
        elif stay is not None:
            figures: dict[str, int | str] = {"stay": stay.kind, "since": stay.first.isoformat()}
            yield _found(Code.VISIT_IN_HOSPITAL, day, (each,), figures, limits)


def _overlaps(
    day: date, visits: Iterable[Proved], limits: Limits, earlier: Iterable[Proved]
) -> Iterator[Finding]:  # fmt: skip
    """Against the one of the same carer, or to the same person, that has lasted longest so far: in linear time."""
    longest: dict[str, Proved] = {}
    for each in sorted(earlier, key=lambda one: one.finished_at):
        longest |= dict.fromkeys(_whose(each), each)
    least, told = limits[Code.VISITS_OVERLAP]["minutes"], set[tuple[str, str]]()
    for each in visits:
        for who in _whose(each):
            before = longest.get(who)
            if before is None or each.finished_at > before.finished_at:
                longest[who] = each
            if before is None or (before.visit_id, each.visit_id) in told:
                continue
            minutes = int((min(before.finished_at, each.finished_at) - each.begun_at).total_seconds()) // 60
            if minutes >= least:
                told.add((before.visit_id, each.visit_id))
                kind, _, id_ = who.partition(":")
                figures: dict[str, int | str] = {"minutes": minutes, "same": kind, kind: id_}
                yield _found(Code.VISITS_OVERLAP, day, (before, each), figures, limits)


def _whose(each: Proved) -> list[str]:
    return [f"resident:{each.resident_id}", *(f"carer:{id_}" for id_ in each.carer_ids)]


def _found(code: Code, day: date, visits: tuple[Proved, ...], figures: Mapping[str, int | str], limits: Limits) -> Finding:  # noqa: E501  # fmt: skip
    ids = tuple(each.visit_id for each in visits)
    return Finding(
        code=code, key=":".join((code.value, *ids)), severity=limits[code].severity, first=day, last=day,
        resident=visits[-1].resident_id, evidence=ids, figures={**figures, "count": len(ids)},
    )  # fmt: skip
