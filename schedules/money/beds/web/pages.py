"""`/money/beds`: a month of beds and bills with what each is given and why; `/money/beds/residents/…`: the vouchers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Refusal
from dispatch.rules.rights import Right
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.web.access import area, caller, file_opened, require, whole_district
from dispatch.web.i18n import N_, current_words, gettext
from schedules.money.beds.filing import Filing
from schedules.money.beds.reckoning import Reckoning
from schedules.money.beds.settling import Settling
from schedules.money.beds.web.api import left_of
from schedules.money.rules.amounts import yuan
from schedules.money.rules.policies import NoRule
from schedules.money.rules.reasons import Reason
from schedules.money.wording import LANGUAGES, sentence

KINDS: Mapping[str, str] = {
    "home": N_("services at home"), "institution": N_("services of an institution"),
    "construction": N_("building of a bed"), "adaptation": N_("adaptation of a home"),
    "operating": N_("running of a bed"), "call": N_("call device"),
}  # fmt: skip
MOVES: Mapping[str, str] = {"credit": N_("credited"), "spend": N_("spent"), "lapse": N_("lapsed")}


def bed_money_pages(
    filing: Filing, reckoning: Reckoning, settling: Settling, reading: Reading, today: Callable[[], date]
) -> Blueprint:  # fmt: skip
    """The pages."""
    bp = Blueprint("bed_money", __name__, template_folder="templates")

    def page(month: str, refused: Refusal | None = None, said: Mapping[str, str] | None = None) -> str:
        file_opened("list:bills")
        trouble, found = None, None
        try:
            found = reckoning.month(month, area())
        except NoRule as error:
            trouble = error
        return render_template(
            "bed_money.html", month=month, found=found, trouble=trouble, refused=refused, said=said or {},
            over=month < f"{today():%Y-%m}", books=area().is_district, KINDS=KINDS, yuan=yuan,
            why=_why, failed=_failed, told=_told, total=sum(each.amount_fen for each in found.awards) if found else 0,
        )  # fmt: skip

    @bp.get("/money/beds")
    @require(Right.MONEY_SEE)
    def shown() -> str:
        return page(month_of(request.args.get("month", ""), today()))

    @bp.post("/money/beds/settle")
    @require(Right.MONEY_APPROVE)
    @whole_district
    def settled() -> Response:
        month = month_of(request.form.get("month", ""), today())
        try:
            done = settling.settle(month, by=caller())
        except Conflict as refused:
            return make_response(page(month, refused), 409)
        flash(gettext(
            "Booked: %(entered)s entered, %(reversed)s taken back, %(same)s unchanged.", entered=done.entered,
            reversed=done.reversed, same=done.same,
        ))  # fmt: skip
        return redirect(f"/money/beds?month={month}", 303)

    @bp.post("/money/beds/bills/<bill_id>")
    @require(Right.MONEY_CHANGE)
    def withdrawn(bill_id: str) -> Response:
        month = month_of(request.form.get("month", ""), today())
        try:
            filing.withdraw(bill_id, request.form.get("why", ""), by=caller(), area=area())
        except Refusal as refused:
            if not hasattr(refused, "errors") and not isinstance(refused, Conflict):
                raise
            said = {"bill": bill_id, "why": request.form.get("why", "")}
            return make_response(page(month, refused, said), 409 if isinstance(refused, Conflict) else 422)
        flash(gettext("Done."))
        return redirect(f"/money/beds?month={month}", 303)

    @bp.get("/money/beds/residents/<name>")
    @require(Right.MONEY_SEE)
    def resident(name: str) -> str:
        month = month_of(request.args.get("month", ""), today())
        with reading.connect() as connection:
            row = RegisterRows(connection).one(RESIDENTS, name, area())
        file_opened(row["id"])
        own, bills = reckoning.resident(row["id"], month, area())
        return render_template(
            "bed_money_resident.html", resident=row, month=month, own=own, bills={each["id"]: each for each in bills},
            KINDS=KINDS, MOVES=MOVES, yuan=yuan, why=_why, left=left_of,
        )  # fmt: skip

    return bp


def _told(refusal: Refusal) -> str:
    """A refusal in the page's language."""
    return refusal.told(gettext)


def _why(reason: Reason) -> str:
    """A reason in the page's language."""
    lang = current_words().lang
    return sentence(reason, lang if lang in LANGUAGES else "en")


def _failed(duties: Sequence[str]) -> str:
    """The duties that a month failed, in the page's language."""
    return _why(Reason("duties_failed", {"failed": tuple(duties)}))


def month_of(said: str, today: date) -> str:
    """The month that was asked for; the last one where it is none."""
    try:
        return f"{date.fromisoformat(f'{said}-01'):%Y-%m}"
    except ValueError:
        year, month = divmod(today.year * 12 + today.month - 2, 12)
        return f"{year:04}-{month + 1:02}"
