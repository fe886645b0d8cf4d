"""`/money/operators`: what canteens and stations are due in a month and why, and the terms by which they are paid."""

import tempfile
from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, Refusal
from dispatch.logbook.sheets import Column, Kind, Table, file_name, write_xlsx
from dispatch.rules.record import Line
from dispatch.rules.rights import Right
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions
from dispatch.web.access import area, caller, require, signed_in, whole_district
from dispatch.web.i18n import N_, current_words, gettext
from dispatch.web.logbook.exporting import MIMES, attached
from schedules.money.looking import AGAIN_S
from schedules.money.operators.filing import Filing
from schedules.money.operators.settling import Settling
from schedules.money.operators.web.telling import Shown, must_be_known, shown, terms_of
from schedules.money.rules.amounts import yuan
from schedules.money.rules.operators import Term
from schedules.money.wording import LANGUAGES

KINDS: Mapping[str, str] = {
    "slab": N_("by slabs"), "station": N_("a station's month"), "person_day": N_("by the person-day"),
}  # fmt: skip
PERIODS: Mapping[str, str] = {
    "": N_("as the rule says"), "month": N_("a month"), "quarter": N_("a quarter"), "year": N_("a year"),
}  # fmt: skip
DAYS: Mapping[str, str] = {"calendar": N_("every day"), "served": N_("days on which somebody was served")}
PAYEES: Mapping[str, str] = {"canteen": N_("canteen"), "station": N_("station")}


def operator_pages(
    filing: Filing, settling: Settling, reading: Reading, transactions: Transactions, zone: tzinfo,
    today: Callable[[], date],
) -> Blueprint:  # fmt: skip
    """The pages."""
    bp = Blueprint("operator_money", __name__, template_folder="templates")

    def page(month: str, refusal: Refusal | None = None) -> str:
        errors = refusal.errors.get("json", {}) if isinstance(refusal, Invalid) else {}
        return render_template(
            "operators.html", month=month, found=shown(month, filing, settling, area()), refusal=refusal,
            errors={name: gettext(str(what[0])) for name, what in errors.items()},
            terms=terms_of(filing, settling, area()), rules=filing.rules(), payees=filing.payees(), typed=request.form,
            over=month < f"{today():%Y-%m}", whole=area().is_district, KINDS=KINDS, PERIODS=PERIODS, DAYS=DAYS,
            PAYEES=PAYEES, yuan=yuan, said=_said, told=lambda no: no.told(gettext), again=AGAIN_S,
            at=lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        )  # fmt: skip

    def tried(work: Callable[[], object]) -> Response:
        month = month_of(request.form.get("month", ""), today())
        try:
            work()
        except (Invalid, Conflict) as refusal:
            return make_response(page(month, refusal), 409 if isinstance(refusal, Conflict) else 422)
        settling.looking.changed()
        flash(gettext("Done."))
        return redirect(f"/money/operators?month={month}", 303)

    @bp.get("/money/operators")
    @require(Right.MONEY_SEE)
    def listed() -> str:
        return page(month_of(request.args.get("month", ""), today()))

    @bp.get("/money/operators/list.xlsx")
    @require(Right.MONEY_SEE)
    def table() -> Response:
        month = month_of(request.args.get("month", ""), today())
        with reading.connect() as connection:
            unit = People(connection).district()[0] or "安铃"
        found = must_be_known(shown(month, filing, settling, area()))
        body = _written(found, unit, signed_in().name, zone)
        line = Line(kind="operator_money_exported", by=caller(), facts={"month": month})
        transactions.run(lambda tx: tx.log(line), lane=Lane.BULK)
        return attached(body, file_name(unit, gettext("Money for serving"), month, "1", "xlsx"), MIMES["xlsx"])

    @bp.post("/money/operators/terms")
    @require(Right.MONEY_CHANGE)
    @whole_district
    def added() -> Response:
        return tried(lambda: filing.add(_asked(filing), by=caller()))

    @bp.post("/money/operators/terms/<term_id>/end")
    @require(Right.MONEY_CHANGE)
    @whole_district
    def ended(term_id: str) -> Response:
        return tried(lambda: filing.end(term_id, _day("until_on"), by=caller()))

    @bp.post("/money/operators/settle")
    @require(Right.MONEY_APPROVE)
    @whole_district
    def settled() -> Response:
        return tried(lambda: settling.settle(month_of(request.form.get("month", ""), today()), by=caller()))

    return bp


def month_of(said: str, today: date) -> str:
    """The month that was asked for; the last one where it is none."""
    try:
        return f"{date.fromisoformat(f'{said}-01'):%Y-%m}"
    except ValueError:
        months = today.year * 12 + today.month - 2
        return f"{months // 12:04}-{months % 12 + 1:02}"


def _asked(filing: Filing) -> Term:
    """The term that was typed. What a slab selects by stands in the fact that its rule names."""
    said = {name: value.strip()[:80] for name, value in request.form.items()}
    facts = {name: said[name] for name in ("area", "star") if said.get(name)}
    rule = filing.rules().get(said.get("policy", ""))
    if rule is not None and rule.slab is not None and rule.slab.select and said.get("chosen"):
        facts[rule.slab.select] = said["chosen"]
    kind, _, payee = said.get("payee", "").partition(":")
    return Term(
        id="", kind=kind, payee_id=payee, policy=said.get("policy", ""), from_on=_day("from_on"),
        until_on=_day("until_on") if said.get("until_on") else None, facts=facts, fund=said.get("fund", ""),
        period=said.get("period", ""), days=said.get("days", "calendar"),
    )  # fmt: skip


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        wrong = "A day is written 2026-11-22."
        raise Invalid(wrong, {"json": {name: [wrong]}}) from None


def _said(why: Mapping[str, Any]) -> list[str]:
    """Reasons in the page's language."""
    lang = current_words().lang
    return list(why[lang if lang in LANGUAGES else "en"])


def _written(found: Shown, unit: str, maker: str, zone: tzinfo) -> bytes:
    """The month as an Excel file."""
    rows = [
        (number, each["name"], each["title"], each["period"], each["counted"], each["amount_fen"],
         each["booked_fen"] or 0, "；".join(_said(each["why"])[1:]))
        for number, each in enumerate(found.dues, 1)
    ]  # fmt: skip
    columns = [
        Column(key="number", title=gettext("No."), kind=Kind.NUMBER, width=8),
        Column(key="name", title=gettext("Canteen or station")), Column(key="rule", title=gettext("Rule")),
        Column(key="period", title=gettext("Period")), Column(key="counted", title=gettext("Counted")),
        Column(key="amount", title=gettext("Amount (yuan)"), kind=Kind.FEN, is_summed=True),
        Column(key="booked", title=gettext("Booked (yuan)"), kind=Kind.FEN, is_summed=True),
        Column(key="why", title=gettext("Why"), width=60),
    ]  # fmt: skip
    name = gettext("Money for serving")
    table = Table(
        name=name, title=f"{unit}　{name}　{found.month}　{maker}", columns=columns, zone=zone,
        facts={
            gettext("Month"): found.month, gettext("Made by"): maker,
            gettext("As of"): f"{found.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        }, total=gettext("Total"),
        about=gettext("About this table"), rows_word=gettext("Rows"),
    )  # fmt: skip
    booked = sum(each["booked_fen"] or 0 for each in found.dues)
    with tempfile.TemporaryDirectory(prefix="anling-") as folder:
        path = Path(folder, "operators.xlsx")
        write_xlsx(path, table, rows, {"rows": len(rows), "amount": found.total_fen, "booked": booked})
        return path.read_bytes()
