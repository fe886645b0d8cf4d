"""
`/money/bills`: the bills of a month, one bill with what it is given and why in both languages, a form for a new one.

They work without a script. Whatever is wrong with a rule, the bills are there: what cannot be reckoned says why.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, NotFound, Refusal
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, file_opened, require
from dispatch.web.i18n import N_, gettext
from schedules.money.beds.filing import LINES_MAX, Asked, Filing
from schedules.money.beds.reckoning import Reckoned, Reckoning
from schedules.money.beds.store import Row
from schedules.money.beds.web.pages import KINDS, month_of
from schedules.money.rules.amounts import loose_fen, yuan
from schedules.money.rules.awards import Award
from schedules.money.rules.bills import BUILDING, SERVICES, Line
from schedules.money.rules.policies import NoRule
from schedules.money.wording import explained

FRESH = 8
"""Empty lines of a new bill; more are sent by `POST /api/v1/bills`, or on a second bill."""

PROOFS: Mapping[str, str] = {"other": N_("something else"), "visit": N_("a visit"), "order": N_("an order")}
PAYERS: Mapping[str, str] = {"": "—", "provider": N_("the provider"), "family": N_("the family")}


def bill_pages(filing: Filing, reckoning: Reckoning, today: Callable[[], date]) -> Blueprint:
    """The pages."""
    bp = Blueprint("bill_pages", __name__, template_folder="templates")

    def reckoned(month: str) -> tuple[Reckoned | None, str]:
        """The month, or why it cannot be reckoned."""
        try:
            return reckoning.month(month, area()), ""
        except NoRule as no:
            return None, no.told(gettext)

    def given(row: Row) -> tuple[list[Award], str]:
        """What a bill is given, or why it cannot be reckoned."""
        try:
            return reckoning.bill(row, area()), ""
        except NoRule as no:
            return [], no.told(gettext)

    def listed(refused: Refusal | None = None) -> str:
        said = request.form if refused else MultiDict[str, str]()
        month = month_of(said.get("month") or request.args.get("month", ""), today())
        found, trouble = reckoned(month)
        file_opened("list:bills")
        rows = filing.of_month(month, area())
        return render_template(
            "bills.html", month=month, rows=rows, found=found, trouble=trouble, said=said, KINDS=KINDS, PROOFS=PROOFS,
            PAYERS=PAYERS, CHOICES=(*SERVICES, *BUILDING), schemes=filing.schemes(), yuan=yuan, today=today(),
            lines=max(FRESH, len(said.getlist("line_on"))), sum=_sum, wrong=_wrong_of(refused),
        )  # fmt: skip

    @bp.get("/money/bills")
    @require(Right.MONEY_SEE)
    def all_() -> str:
        return listed()

    @bp.post("/money/bills")
    @require(Right.MONEY_CHANGE)
    def filed() -> Response:
        try:
            row = filing.file(_asked(request.form, today()), by=caller(), area=area())
        except NotFound:
            return make_response(listed(_wrong("resident", "There is no such resident.")), 422)
        except (Invalid, Conflict) as refused:
            return make_response(listed(refused), 409 if isinstance(refused, Conflict) else 422)
        flash(gettext("The bill is kept."))
        return redirect(f"/money/bills/{row['id']}", 303)

    @bp.get("/money/bills/<bill_id>")
    @require(Right.MONEY_SEE)
    def one(bill_id: str) -> str:
        return _one(bill_id)

    def _one(bill_id: str, refused: Refusal | None = None) -> str:
        row, booked = filing.one(bill_id, area())
        file_opened(row["resident_id"])
        awards, trouble = given(row)
        return render_template(
            "bill.html", row=row, awards=[(each, explained(each.because)) for each in awards], trouble=trouble,
            booked=booked, KINDS=KINDS, PROOFS=PROOFS, PAYERS=PAYERS, yuan=yuan, sum=_sum, wrong=_wrong_of(refused),
            typed=request.form.get("why", ""), own=bool(row["lines"]),
        )  # fmt: skip

    @bp.post("/money/bills/<bill_id>/withdraw")
    @require(Right.MONEY_CHANGE)
    def withdrawn(bill_id: str) -> Response:
        try:
            filing.withdraw(bill_id, request.form.get("why", ""), by=caller(), area=area())
        except (Invalid, Conflict) as refused:
            return make_response(_one(bill_id, refused), 409 if isinstance(refused, Conflict) else 422)
        flash(gettext("Done."))
        return redirect(f"/money/bills/{bill_id}", 303)

    return bp


def _asked(form: MultiDict[str, str], today: date) -> Asked:
    """The bill in a form; lines without an amount are none."""
    on = _day(form.get("on", ""), today)
    told = list(
        zip(*(form.getlist(f"line_{name}") for name in ("on", "amount", "proof", "ref")), strict=False)
    )[:LINES_MAX]  # fmt: skip
    lines = [
        Line(
            number=number, on=_day(day, on), amount_fen=_fen(amount, number), proof=_proof(proof, number),
            ref=ref.strip()[:40],
        )
        for number, (day, amount, proof, ref) in enumerate((each for each in told if each[1].strip()), 1)
    ]  # fmt: skip
    return Asked(
        kind=form.get("kind", ""), scheme=form.get("scheme", ""), resident=form.get("resident", "").strip()[:40], on=on,
        provider=form.get("provider", "").strip()[:80], lines=lines, payer=form.get("payer", ""),
        prior_adaptation=bool(form.get("prior_adaptation")),
    )  # fmt: skip


def _day(text: str, otherwise: date) -> date:
    if not text.strip():
        return otherwise
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _wrong("lines", "A day is written 2026-11-22.") from None


def _fen(text: str, number: int) -> int:
    try:
        return loose_fen(text.strip())
    except ValueError:
        raise _wrong("lines", gettext("Line %(n)s: an amount is written 120.00.", n=number)) from None


def _proof(text: str, number: int) -> str:
    if text not in PROOFS:
        raise _wrong("lines", gettext("Line %(n)s: there is no such proof.", n=number))
    return text


def _wrong(field: str, said: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [said]}})


def _wrong_of(refused: Refusal | None) -> list[str]:
    """What is wrong, in the page's language."""
    if refused is None:
        return []
    errors: Mapping[str, Any] = refused.errors.get("json", {}) if isinstance(refused, Invalid) else {}
    return [refused.told(gettext), *(gettext(str(each)) for all_ in errors.values() for each in all_)]


def _sum(row: Row) -> int:
    return sum(each["amount_fen"] for each in row["lines"])
