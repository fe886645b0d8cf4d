"""Money for serving as plain values, for pages and programs alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.errors import Busy
from dispatch.ids import StationId
from dispatch.rules.rights import Area
from dispatch.web.i18n import gettext
from schedules.money.operators.filing import Filing
from schedules.money.operators.jobs import Told
from schedules.money.operators.settling import Settling
from schedules.money.operators.store import Row
from schedules.money.paid.web.fields import told_paid
from schedules.money.rules.operators import Due, Term
from schedules.money.wording import LANGUAGES

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    A month of an area: dues as they were reckoned at an instant beside what is booked, and terms whose rule says
    nothing. A large one may not be `known` yet, and one that is known may be worked out anew.
    """

    month: str
    at: datetime
    known: bool
    under_way: bool
    failed: bool
    dues: list[Plain]
    troubles: list[Plain]

    @property
    def total_fen(self) -> int:
        return sum(each["amount_fen"] for each in self.dues)


def shown(month: str, filing: Filing, settling: Settling, area: Area) -> Shown:
    """What an area may see of a month. Raises Busy: see `Looking.at`."""
    seen, held, names = settling.looking.at(month), settling.held([month]), _names(filing)
    found = seen.found or Told(month=month)
    if seen.found is None:
        held = {}
    mine = [due for due in found.dues if area.covers(_station(due.term_kind, due.payee_id, found))]
    gone = set(held) - {due.source for due in found.dues}
    dues = [told_due(each, names, held.get(each.source)) for each in mine]
    dues += [
        _gone(row, names) for source, row in held.items()
        if source in gone and area.covers(_station(row["term_kind"], row["payee_id"], found))
    ]  # fmt: skip
    troubles = [
        {"payee": names.get(term.payee_id, term.payee_id), "policy": term.policy, "why": no.told(gettext)}
        for term, no in found.troubles if area.covers(_station(term.kind, term.payee_id, found))
    ]  # fmt: skip
    return Shown(
        month=month, at=seen.at, known=seen.found is not None, under_way=seen.under_way, failed=seen.failed, dues=dues,
        troubles=troubles,
    )  # fmt: skip


def must_be_known(found: Shown) -> Shown:
    """
    For what cannot say that it does not know.

    Raises:
        Busy: it is being worked out, or could not be.
    """
    if not found.known:
        raise Busy("This month is being worked out. Look again in a few seconds.")
    return found


def told_due(due: Due, names: Mapping[str, str], held: Row | None) -> Plain:
    """One due; `booked_fen` is what holds in the ledger, null where nobody booked it."""
    return {
        **told_paid(due), "payee": due.payee_id, "name": names.get(due.payee_id, due.payee_id), "title": due.title,
        "version": due.version, "period": due.period, "on": due.on.isoformat(), "counted": due.counted,
        "fund": due.fund, "booked_fen": held["amount_fen"] if held else None,
    }  # fmt: skip


def _gone(row: Row, names: Mapping[str, str]) -> Plain:
    """What is booked and due no more: it is taken back when the month is booked again."""
    same = {name: row[name] for name in ("source", "kind", "owed_to", "title", "version", "period", "fund")}
    return same | {
        "payee": row["payee_id"], "name": names.get(row["payee_id"], row["payee_id"]), "policy": row["policy_id"],
        "on": row["on"].isoformat(), "counted": "0", "amount_fen": 0, "outcome": "nothing_shown",
        "booked_fen": row["amount_fen"], "why": {lang: [] for lang in LANGUAGES},
    }  # fmt: skip


def told_term(term: Term, names: Mapping[str, str]) -> Plain:
    """One term."""
    return {
        "id": term.id, "kind": term.kind, "payee": term.payee_id, "name": names.get(term.payee_id, term.payee_id),
        "policy": term.policy, "from_on": term.from_on.isoformat(), "facts": dict(term.facts), "fund": term.fund,
        "until_on": term.until_on.isoformat() if term.until_on else None, "period": term.period, "days": term.days,
    }  # fmt: skip


def terms_of(filing: Filing, settling: Settling, area: Area) -> list[Plain]:
    """The terms of an area."""
    names = _names(filing)
    with settling.reckoning.others.meals() as meals:
        at = {each.id: each.station_id for each in meals.canteens()}
    return [
        told_term(each, names) for each in filing.terms()
        if area.covers(at.get(each.payee_id) if each.kind == "canteen" else StationId(each.payee_id))
    ]  # fmt: skip


def _names(filing: Filing) -> dict[str, str]:
    return {id_: each.name for some in filing.payees().values() for id_, each in some.items()}


def _station(kind: str, payee_id: str, found: Told) -> Any:
    return payee_id if kind == "station" else found.stations.get(payee_id)
