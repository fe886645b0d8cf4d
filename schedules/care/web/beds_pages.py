"""
`/beds`: the list with how each month stands, one bed with its life, papers, plan and month, and the forms of each step.

They work without a script. A form that is refused comes back with everything that was typed.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import CarerId
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, require, signed_in
from dispatch.web.i18n import gettext
from dispatch.web.logbook.exporting import MIMES, attached
from dispatch.web.sizes import takes_files
from schedules.care.filing import SIZE_MAX
from schedules.care.rules.bed import FROM, Deed, State
from schedules.care.store.papers import Papers
from schedules.care.web import forms, words
from schedules.care.web.beds_api import REVIEWS, STEPS
from schedules.care.web.desk import BedDesk, Plain, hours, told_standing, told_visits
from schedules.care.web.hours import hours_table

PAGE = 50
Answer = Response | str


def beds_pages(desk: BedDesk) -> Blueprint:
    """`/beds` and what is below it."""
    bp = Blueprint("beds", __name__, template_folder="templates")
    bp.record_once(lambda state: state.app.jinja_env.filters.update(hours=hours, as_clock=as_clock))

    def as_clock(iso: str) -> str:
        return desk.calendar.local(datetime.fromisoformat(iso)).strftime("%H:%M:%S")

    _list(bp, desk)
    _steps(bp, desk)
    _papers(bp, desk)
    _plan(bp, desk)
    _month(bp, desk)
    return bp


def _list(bp: Blueprint, desk: BedDesk) -> None:
    @bp.get("/beds")
    @require(Right.BEDS_SEE)
    def listed() -> str:
        state, course = request.args.get("state", ""), request.args.get("course", "")
        resident, after = request.args.get("resident", "").strip()[:80], request.args.get("after", "")[:40]
        rows = desk.listed(
            area(), after=after, most=PAGE + 1, resident=resident, states=[state] if state in words.STATES else (),
            courses=[course] if course in words.COURSES else (),
        )  # fmt: skip
        more = rows[PAGE - 1]["id"] if len(rows) > PAGE else ""
        said = {"state": state, "course": course, "resident": resident}
        return render_template(
            "beds.html", rows=rows[:PAGE], more=more, said=said, month=_month_of(desk), desk=desk, W=words
        )

    @bp.get("/beds/new")
    @require(Right.BEDS_CHANGE)
    def new() -> str:
        return render_template("bed_new.html", desk=desk, said=request.args, errors={}, W=words)

    @bp.post("/beds/new")
    @require(Right.BEDS_CHANGE)
    def applied() -> Answer:
        form = request.form
        try:
            made = desk.life.apply(
                form.get("resident", "").strip()[:80], form.get("standard", ""), forms.paper(form), by=caller(),
                area=area(),
            )  # fmt: skip
        except NotFound:
            errors = {"resident": "There is no such resident."}
            return make_response(render_template("bed_new.html", desk=desk, said=form, errors=errors, W=words), 422)
        except (Invalid, Conflict) as refusal:
            page = render_template("bed_new.html", desk=desk, said=form, errors=_errors(refusal), W=words,
                                   refusal=refusal)  # fmt: skip
            return make_response(page, _status(refusal))
        flash(gettext("Done."))
        return redirect(f"/beds/{made}", 303)


def _steps(bp: Blueprint, desk: BedDesk) -> None:
    @bp.get("/beds/<name>")
    @require(Right.BEDS_SEE)
    def bed(name: str) -> str:
        return _bed(desk, name)

    @bp.post("/beds/<name>/assess")
    @require(Right.BEDS_CHANGE)
    def assess(name: str) -> Answer:
        return _tried(desk, name, lambda: desk.assessing.assess(
            name, forms.assessment(request.form), by=caller(), area=area()
        ))  # fmt: skip

    @bp.post("/beds/<name>/review")
    @require(Right.BEDS_APPROVE)
    def review(name: str) -> Answer:
        return _tried(desk, name, lambda: desk.life.step(
            name, forms.deed(request.form, REVIEWS), forms.paper(request.form), by=caller(), area=area()
        ))  # fmt: skip

    @bp.post("/beds/<name>/step")
    @require(Right.BEDS_CHANGE)
    def step(name: str) -> Answer:
        return _tried(desk, name, lambda: desk.life.step(
            name, forms.deed(request.form, STEPS), forms.paper(request.form), by=caller(), area=area()
        ))  # fmt: skip

    @bp.get("/beds/<name>/form")
    @require(Right.BEDS_SEE)
    def form(name: str) -> str:
        return render_template("bed_form.html", bed=desk.one(name, area()), unit=desk.unit(), names=desk.names(),
                               desk=desk, W=words)  # fmt: skip


def _papers(bp: Blueprint, desk: BedDesk) -> None:
    @bp.post("/beds/<name>/paper")
    @require(Right.BEDS_CHANGE)
    @takes_files(SIZE_MAX + 64 * 1024)
    def filed(name: str) -> Answer:
        file = request.files.get("file")
        content = file.read() if file else b""
        return _tried(desk, name, lambda: desk.filing.file(
            name, request.form.get("step", "")[:40], name=(file.filename or "") if file else "", content=content,
            by=caller(), area=area(),
        ))  # fmt: skip

    @bp.get("/beds/<name>/papers/<paper_id>")
    @require(Right.BEDS_SEE)
    def paper(name: str, paper_id: str) -> Response:
        bed_id = desk.one(name, area())["id"]
        with desk.reading.connect() as connection:
            found, content = Papers(connection).content(bed_id, paper_id)
        return attached(content, found.name, found.kind)


def _plan(bp: Blueprint, desk: BedDesk) -> None:
    @bp.get("/beds/<name>/plan")
    @require(Right.BEDS_CHANGE)
    def plan(name: str) -> str:
        found = desk.one(name, area())
        versions = desk.plans.of(found["id"])
        rows = [forms.shown(each) for each in versions[-1].lines] if versions else []
        not_with = list(versions[-1].not_with) if versions else []
        return _plan_form(desk, found, rows, base=len(versions), not_with=not_with)

    @bp.post("/beds/<name>/plan")
    @require(Right.BEDS_CHANGE)
    def planned(name: str) -> Answer:
        form, typed = request.form, forms.free_code(forms.rows(request.form))
        base = form.get("base", "")
        number = int(base) if base.isascii() and base.isdigit() and len(base) < 6 else -1
        try:
            made = desk.plans.change(
                name, forms.lines(typed), base=number, urgent="urgent" in form,
                note=form.get("note", "").strip()[:2000] or None, by=caller(), area=area(),
                not_with=[CarerId(each) for each in form.getlist("not_with")],
            )  # fmt: skip
        except (Invalid, Conflict) as refusal:
            page = _plan_form(desk, desk.one(name, area()), typed, base=number, not_with=form.getlist("not_with"),
                              refusal=refusal)  # fmt: skip
            return make_response(page, _status(refusal))
        flash(gettext("The plan holds from %(day)s on.", day=made.from_on.isoformat()))
        return redirect(f"/beds/{name}#plan", 303)


def _month(bp: Blueprint, desk: BedDesk) -> None:
    @bp.get("/beds/<name>/month")
    @require(Right.BEDS_SEE)
    def month(name: str) -> str:
        return _statement(desk, name, "bed_month.html")

    @bp.get("/beds/<name>/print")
    @require(Right.BEDS_SEE)
    def printed(name: str) -> str:
        return _statement(desk, name, "bed_print.html")

    @bp.get("/beds/hours.xlsx")
    @require(Right.EXPORT)
    def hours_file() -> Response:
        body, called = hours_table(desk, _month_of(desk), area=area(), by=caller(), maker=signed_in().name)
        return attached(body, called, MIMES["xlsx"])


def _bed(desk: BedDesk, name: str, *, refusal: Invalid | Conflict | None = None) -> str:
    found = desk.one(name, area())
    state = State(found["state"])
    legal = [each.value for each in Deed if each in FROM and state in FROM[each]]
    statement = desk.months.statement(found["id"], desk.months.this_month(), area())
    return render_template(
        "bed.html", bed=found, legal=legal, steps=[each.value for each in STEPS], standing=told_standing(statement),
        said=request.form, errors=_errors(refusal), refusal=refusal, names=desk.names(), desk=desk, W=words,
        reviews=[each.value for each in REVIEWS], carers=dict(desk.carer_labels()),
        today=desk.calendar.day_of(desk.months.now()),
    )  # fmt: skip


def _plan_form(
    desk: BedDesk, found: Plain, rows: list[Plain], *, base: int, not_with: list[Any],
    refusal: Invalid | Conflict | None = None,
) -> str:  # fmt: skip
    return render_template(
        "bed_plan.html", bed=found, rows=[*rows, {}], base=base, not_with=not_with, carers=desk.carers(area()),
        said=request.form, errors=_errors(refusal), refusal=refusal, desk=desk, W=words,
    )  # fmt: skip


def _statement(desk: BedDesk, name: str, template: str) -> str:
    month = _month_of(desk)
    found = desk.months.statement(name, month, area())
    return render_template(
        template, bed=desk.one(name, area()), standing=told_standing(found), visits=told_visits(found.standing),
        month=month, duty=found.duty, unit=desk.unit(), carers=dict(desk.carer_labels()), desk=desk, W=words,
        before=_month_before(month), after=_month_after(month),
    )  # fmt: skip


def _tried(desk: BedDesk, name: str, work: Callable[[], object]) -> Answer:
    """Does it and shows the bed again; what was typed stays where it was refused."""
    try:
        work()
    except (Invalid, Conflict) as refusal:
        return make_response(_bed(desk, name, refusal=refusal), _status(refusal))
    flash(gettext("Done."))
    return redirect(f"/beds/{name}", 303)


def _month_of(desk: BedDesk) -> date:
    said = request.args.get("month", "")
    try:
        found = date.fromisoformat(f"{said}-01")
    except ValueError:
        return desk.months.this_month()
    return found if 1970 < found.year < 2200 else desk.months.this_month()


def _month_before(month: date) -> str:
    return f"{(month - date.resolution):%Y-%m}"


def _month_after(month: date) -> str:
    return f"{(month + 32 * date.resolution):%Y-%m}"


def _status(refusal: Invalid | Conflict) -> int:
    return 409 if isinstance(refusal, Conflict) else 422


def _errors(refusal: Invalid | Conflict | None) -> dict[str, str]:
    found = refusal.errors.get("json", {}) if isinstance(refusal, Invalid) else {}
    return {name: gettext(str(what[0])) for name, what in found.items()}
