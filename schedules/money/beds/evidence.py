"""What stands behind each payment of a month of beds and services, as plain values: for counting it again elsewhere."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from dispatch.rules.rights import DISTRICT
from schedules.money.beds.reckoning import BedRow, Reckoned, Reckoning
from schedules.money.beds.store import Known, Row
from schedules.money.rules.amounts import yuan
from schedules.money.rules.awards import Award
from schedules.money.rules.bills import BUILDING, SERVICES
from schedules.money.rules.reasons import Outcome


def evidence(reckoning: Reckoning, month: str) -> Iterator[dict[str, Any]]:
    """
    A month as it stands now: each bed in service, bill and call fee with the facts that its rule is asked with.

    Raises:
        NoRule: see `Reckoning.month`.
    """
    due = reckoning.month(month, DISTRICT)
    known = reckoning.known(list(due.people), DISTRICT)
    yield from (_bed(reckoning, each, known) for each in due.beds if each.award)
    in_bed = {resident for _, resident in reckoning.in_service(month)}
    for row in due.bills:
        if row["state"] == "open":
            yield _bill(reckoning, due, row, known[row["resident_id"]], in_bed=row["resident_id"] in in_bed)
    yield from (_head(reckoning, each) | {"kind": "call"} for each in due.awards if each.kind == "call")


def _head(reckoning: Reckoning, award: Award) -> dict[str, Any]:
    return {
        "id": award.source, "policy": award.policy_id, "resident": award.resident_id, "date": award.on.isoformat(),
        "owed_to": award.owed_to, "fund": reckoning.schemes.fund,
    }  # fmt: skip


def _bed(reckoning: Reckoning, bed: BedRow, known: dict[str, Known]) -> dict[str, Any]:
    assert bed.award is not None
    standing, duty = bed.statement.standing, bed.statement.duty
    return _head(reckoning, bed.award) | {
        "kind": "operating",
        "days": [[each.on.isoformat(), each.owed, each.visits, each.minutes] for each in standing.days],
        "duty": {name: str(number) for name, number in duty.numbers.items()}, "prorated": duty.prorated,
        "fails": list(standing.fails),
        "persons": {bed.award.on.isoformat(): _person(reckoning, known[bed.award.resident_id], bed.award.on)},
    }  # fmt: skip


def _bill(reckoning: Reckoning, due: Reckoned, row: Row, known: Known, *, in_bed: bool) -> dict[str, Any]:
    bill, [award, *_] = reckoning.judged(row, known), due.award(row["id"])
    drawn = reckoning.schemes.beds if in_bed and bill.kind in SERVICES else ""
    days = {bill.on, *(each.on for each in bill.lines)}
    told = _head(reckoning, award) | {
        "kind": bill.kind, "month": bill.month, "date": bill.on.isoformat(), "turn": bill.turn,
        "lines": [[each.number, each.on.isoformat(), yuan(each.amount_fen), each.refused] for each in bill.lines],
        "persons": {day.isoformat(): _person(reckoning, known, day, drawn) for day in sorted(days)},
    }  # fmt: skip
    if bill.kind in BUILDING:
        prior = any(each.code == "prior_adaptation" for each in award.because)
        told |= {"payer": bill.payer, "prior_adaptation": prior, "home": row["home_id"],
                 "already_paid": award.outcome is Outcome.ALREADY_PAID}  # fmt: skip
    return told


def _person(reckoning: Reckoning, known: Known, day: date, drawn: str = "") -> dict[str, Any]:
    """As a case of `anling quote` has it; `drawn` is a scheme that they draw besides."""
    person = reckoning.person(known)(day)
    said = {name: getattr(person, name) for name in ("age", "level") if getattr(person, name) is not None}
    if person.income_fen is not None:
        said["income"] = yuan(person.income_fen)
    born: date | None = known.row["born_on"]
    return {
        **({"born_on": born.isoformat()} if born else {}), **said, "cats": sorted(person.cats),
        "hukou": person.hukou, "residence": person.residence,
        "schemes": sorted(person.schemes | ({drawn} if drawn else set())),
    }  # fmt: skip
