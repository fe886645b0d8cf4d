"""
`/settlement`: closed months, statements and budgets; one statement with its steps, objections, print and lists.

They work without a script. A form that is refused comes back with everything that was typed.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid
from dispatch.rules.rights import Right
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.web.access import area, caller, refuse_narrow, require, signed_in
from dispatch.web.i18n import gettext
from dispatch.web.logbook.exporting import MIMES, attached
from schedules.money.rules.amounts import loose_fen, yuan
from schedules.money.rules.months import is_month
from schedules.money.rules.statement import REVIEWS, Deed
from schedules.money.web import words
from schedules.money.web.desk import SettlementDesk
from schedules.money.web.telling import told_had, told_short, told_whole

PAGE = 50
Answer = Response | str


def settlement_pages(desk: SettlementDesk) -> Blueprint:
    """`/settlement` and what is below it."""
    bp = Blueprint("settlement", __name__, template_folder="templates")
    bp.record_once(lambda state: state.app.jinja_env.filters.update(yuan=yuan, percent=_percent))
    _list(bp, desk)
    _steps(bp, desk)
    _papers(bp, desk)
    return bp


def _list(bp: Blueprint, desk: SettlementDesk) -> None:
    @bp.get("/settlement")
    @require(Right.MONEY_SEE)
    def listed() -> str:
        return _listed(desk)

    @bp.post("/settlement/draw")
    @require(Right.MONEY_CHANGE)
    def drawn() -> Answer:
        refuse_narrow()
        month = request.form.get("month", "")[:7]
        return _tried(
            lambda: desk.settling.draw(month, by=caller()), lambda refusal: _listed(desk, refusal),
            f"/settlement?month={month}",
        )  # fmt: skip

    @bp.post("/settlement/budget")
    @require(Right.MONEY_CHANGE)
    def budget() -> Answer:
        refuse_narrow()
        form = request.form

        def work() -> None:
            year, amount = form.get("year", ""), form.get("amount", "").strip()
            if not (year.isascii() and year.isdigit() and len(year) == 4):
                raise _wrong("year", "A year is written 2026.")
            try:
                fen = loose_fen(amount)
            except ValueError:
                raise _wrong("amount", "An amount is written 12000.00.") from None
            desk.settling.set_budget(form.get("fund", "").strip()[:80], int(year), fen, by=caller())

        return _tried(work, lambda refusal: _listed(desk, refusal), "/settlement#budgets")


def _steps(bp: Blueprint, desk: SettlementDesk) -> None:
    @bp.get("/settlement/<statement_id>")
    @require(Right.MONEY_SEE)
    def statement(statement_id: str) -> str:
        return _statement(desk, statement_id)

    @bp.post("/settlement/<statement_id>/step")
    @require(Right.MONEY_CHANGE)
    def step(statement_id: str) -> Answer:
        return _taken(desk, statement_id, [each for each in Deed if each not in REVIEWS])

    @bp.post("/settlement/<statement_id>/review")
    @require(Right.MONEY_APPROVE)
    def review(statement_id: str) -> Answer:
        return _taken(desk, statement_id, REVIEWS)

    @bp.post("/settlement/<statement_id>/objections")
    @require(Right.MONEY_CHANGE)
    def objected(statement_id: str) -> Answer:
        form = request.form
        return _back(desk, statement_id, lambda: desk.settling.object(
            statement_id, said_by=form.get("said_by", "").strip()[:120], text=form.get("text", "").strip()[:2000],
            by=caller(), area=area(),
        ))  # fmt: skip

    @bp.post("/settlement/<statement_id>/objections/<objection_id>")
    @require(Right.MONEY_APPROVE)
    def answered(statement_id: str, objection_id: str) -> Answer:
        form = request.form
        return _back(desk, statement_id, lambda: desk.settling.answer(
            statement_id, objection_id, upheld=form.get("upheld") == "yes", by=caller(), area=area(),
            answer=form.get("answer", "").strip()[:2000],
        ))  # fmt: skip


def _papers(bp: Blueprint, desk: SettlementDesk) -> None:
    @bp.get("/settlement/<statement_id>/print")
    @require(Right.MONEY_SEE)
    def printed(statement_id: str) -> str:
        return _paper(desk, statement_id, "settlement_print.html", is_public=False)

    @bp.get("/settlement/<statement_id>/notice")
    @require(Right.MONEY_SEE)
    def notice(statement_id: str) -> str:
        return _paper(desk, statement_id, "settlement_notice.html", is_public=True)

    @bp.get("/settlement/<statement_id>/list.xlsx")
    @require(Right.MONEY_SEE)
    def table(statement_id: str) -> Response:
        found = desk.settling.one(statement_id, area()).statement
        body, called = desk.table(
            found, by=caller(), maker=signed_in().name, is_public=request.args.get("public") == "1"
        )  # fmt: skip
        return attached(body, called, MIMES["xlsx"])

    @bp.get("/settlement/residents/<name>")
    @require(Right.MONEY_SEE)
    def resident(name: str) -> str:
        with desk.reading.connect() as connection:
            row = RegisterRows(connection).one(RESIDENTS, name, area())
        month = request.args.get("month", "")
        month = month if is_month(month) else (desk.settling.closed() or [("", "", 0, 0)])[0][0]
        desk.seen(row["id"])
        lines = desk.settling.of_resident(row["id"], month)
        return render_template("settlement_resident.html", resident=row, month=month, lines=lines, W=words,
                               total=sum(each[4] for each in lines))  # fmt: skip


def _listed(desk: SettlementDesk, refusal: Invalid | Conflict | None = None) -> str:
    said = {name: request.args.get(name, "")[:40] for name in ("month", "kind", "state", "after")}
    year = desk.year()
    rows = desk.settling.page(area(), most=PAGE + 1, **said)
    whole = area().is_district
    return render_template(
        "settlement.html", rows=[told_short(each) for each in rows[:PAGE]], said=said, typed=request.form, W=words,
        more=rows[PAGE - 1].id if len(rows) > PAGE else "", whole=whole, year=year, refusal=refusal,
        months=desk.settling.closed() if whole else [], budgets=desk.settling.budgets(year) if whole else [],
        errors=_errors(refusal),
    )  # fmt: skip


def _statement(desk: SettlementDesk, statement_id: str, refusal: Invalid | Conflict | None = None) -> str:
    told = desk.settling.one(statement_id, area())
    people = desk.settling.people(told.statement)
    desk.seen(f"list:statement {told.statement.id}")
    return render_template(
        "settlement_one.html", one=told_whole(told), people=[told_had(each) for each in people], W=words,
        typed=request.form, refusal=refusal, errors=_errors(refusal), names=desk.names(),
        barred={each.value: desk.settling.barred(each, by=caller(), steps=told.steps) for each in told.legal},
        reviews=[each.value for each in REVIEWS],
    )  # fmt: skip


def _paper(desk: SettlementDesk, statement_id: str, template: str, *, is_public: bool) -> str:
    told = desk.settling.one(statement_id, area())
    people = [told_had(each, is_public=is_public) for each in desk.settling.people(told.statement)]
    desk.seen(f"list:statement {told.statement.id}")
    return render_template(template, one=told_whole(told), people=people, unit=desk.unit(), W=words)


def _taken(desk: SettlementDesk, statement_id: str, deeds: Any) -> Answer:
    form = request.form

    def work() -> None:
        deed = next((each for each in deeds if each.value == form.get("deed")), None)
        if deed is None:
            raise _wrong("deed", "There is no such step.")
        desk.settling.step(
            statement_id, deed, by=caller(), area=area(), note=form.get("note", "").strip()[:2000],
            on=_day(form.get("on", "")), reference=form.get("reference", "").strip()[:80],
        )  # fmt: skip

    return _back(desk, statement_id, work)


def _back(desk: SettlementDesk, statement_id: str, work: Callable[[], object]) -> Answer:
    return _tried(work, lambda refusal: _statement(desk, statement_id, refusal), f"/settlement/{statement_id}")


def _tried(work: Callable[[], object], again: Callable[[Invalid | Conflict], str], then: str) -> Answer:
    """Does it and goes on; where it is refused the page is shown again with what was typed."""
    try:
        work()
    except (Invalid, Conflict) as refusal:
        return make_response(again(refusal), 409 if isinstance(refusal, Conflict) else 422)
    flash(gettext("Done."))
    return redirect(then, 303)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong("on", "A day is written 2026-11-22.") from None


def _wrong(name: str, what: str) -> Invalid:
    return Invalid(what, {"json": {name: [what]}})


def _errors(refusal: Invalid | Conflict | None) -> dict[str, str]:
    found = refusal.errors.get("json", {}) if isinstance(refusal, Invalid) else {}
    return {name: gettext(str(what[0])) for name, what in found.items()}


def _percent(hundredths: int | None) -> str:
    """Hundredths of a percent as people read them: 8734 → 87.34 %."""
    return "—" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02} %"
