"""What stands behind each due of a month, as plain values: for counting it again elsewhere."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from schedules.money.operators.jobs import Job, Reckoned
from schedules.money.operators.reckoning import Reckoning
from schedules.money.rules.awards import PersonOn

_VISITS = "visits"
DAY = timedelta(days=1)


def evidence(reckoning: Reckoning, month: str) -> Iterator[dict[str, Any]]:
    """
    A month as it stands now: whom which rule pays for which days, whose meals count, and what no meal shows. How many
    meals there were is in the servings, and what they come to in the rules: neither is told here.
    """
    found = reckoning.month(month)
    people = {who for job in found.jobs if _asks(job) for who in job.everybody}
    known = reckoning.others.people(people) if people else {}
    for job in found.jobs:
        yield _told(job, found, known)


def _told(job: Job, found: Reckoned, known: Mapping[str, PersonOn]) -> dict[str, Any]:
    term, own = job.found.term, job.found
    told: dict[str, Any] = {
        "kind": job.kind, "policy": term.policy, "payee": term.payee_id, "owed_to": job.owed_to, "fund": term.fund,
        "period": own.window.name, "first": own.window.first.isoformat(), "last": own.window.last.isoformat(),
        "spans": [[first.isoformat(), last.isoformat()] for first, last in own.spans], "facts": dict(term.facts),
        "days": term.days, "metric_period": term.period, "by_meals": not term.id,
        "canteens": sorted(found.canteens[each].code for each in job.canteens if each in found.canteens),
        "says": [[due.version, due.counted] for due in job.dues],
    }  # fmt: skip
    told |= _moved(job, found)
    if job.what == _VISITS:
        told["visits"] = {day.isoformat(): many for day, many in sorted(job.by_day.items())}
    if job.is_by_register:
        told["shown"] = {by: sorted(people) for by, people in job.shown.items()}
    if _asks(job):
        told["persons"] = {who: _person(known[who], own.last) for who in sorted(job.everybody) if who in known}
    return told


def _asks(job: Job) -> bool:
    """Whether people are looked at as the register has them."""
    return job.is_by_register or job.what == _VISITS


def _moved(job: Job, found: Reckoned) -> dict[str, Any]:
    """Canteens that were the payee's on some days only, with their first and last days."""
    some = {found.canteens[each].code: _spans(days) for each, days in job.canteens.items() if days is not None}
    return {"moved": some} if some else {}


def _spans(days: frozenset[date]) -> list[list[str]]:
    spans: list[list[date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] == DAY:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return [[first.isoformat(), last.isoformat()] for first, last in spans]


def _person(on: PersonOn, day: date) -> dict[str, Any]:
    """As a case of `anling quote` has it."""
    person = on(day)
    said = {name: getattr(person, name) for name in ("age", "level") if getattr(person, name) is not None}
    if person.income_fen is not None:
        said["income"] = f"{person.income_fen // 100}.{person.income_fen % 100:02}"
    return said | {
        "cats": sorted(person.cats), "hukou": person.hukou, "residence": person.residence,
        "schemes": sorted(person.schemes),
    }  # fmt: skip
