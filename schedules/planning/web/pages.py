"""
`/planning`: a plan of visits is asked for, watched while it is thought about, looked at, published, taken back.

Nothing on these pages changes who goes where but the button that says so. No script is needed: a page of a plan that
is being thought about loads itself again.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from jinja2 import Environment

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import gettext
from schedules.calendar import Calendar
from schedules.planning.desk import DAYS_MAX, PlanDesk
from schedules.planning.publishing import Published
from schedules.planning.store import State, VisitPlan
from schedules.planning.web.shown import BARRED, FAILURES, REASONS, STATES, PlansShown, by_carer


def planning_pages(desk: PlanDesk, shown: PlansShown, clock: Clock, calendar: Calendar) -> Blueprint:
    """`/planning` and its forms."""
    bp = Blueprint("planning", __name__, template_folder="templates")
    bp.record_once(lambda state: _teach(state.app.jinja_env, calendar))
    pages = _Pages(desk, shown, clock, calendar)

    @bp.get("/planning")
    @require(Right.SHIFTS_CHANGE)
    def plans() -> str:
        return pages.all(request.args)

    @bp.post("/planning")
    @require(Right.SHIFTS_CHANGE)
    def ask() -> Any:
        try:
            plan = pages.ask(request.form)
        except (Invalid, Conflict) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            return make_response(pages.all(request.form, wrong=refused.detail), status)
        return redirect(f"/planning/{plan.id}", 303)

    @bp.get("/planning/<plan_id>")
    @require(Right.SHIFTS_CHANGE)
    def one(plan_id: str) -> str:
        return pages.one(shown.mine(plan_id, area()))

    @bp.post("/planning/<plan_id>/<any(publish, undo, drop):deed>")
    @require(Right.SHIFTS_CHANGE)
    def act(plan_id: str, deed: str) -> Any:
        plan = shown.mine(plan_id, area())
        try:
            pages.act(plan, deed)
        except Conflict as refused:
            return make_response(pages.one(shown.mine(plan_id, area()), wrong=refused.detail), 409)
        return redirect("/planning" if deed == "drop" else f"/planning/{plan.id}", 303)

    return bp


class _Pages:
    """Gathers what the pages show, and does what their forms ask."""

    def __init__(self, desk: PlanDesk, shown: PlansShown, clock: Clock, calendar: Calendar) -> None:
        self._desk = desk
        self._shown = shown
        self._clock = clock
        self._calendar = calendar

    def all(self, said: Any, *, wrong: str = "") -> str:
        tomorrow = self._calendar.day_of(self._clock.now()) + timedelta(days=1)
        return render_template(
            "planning.html", plans=self._shown.recent(area()), stations=self._shown.stations(area()), said=said,
            wrong=wrong, tomorrow=tomorrow, days_max=DAYS_MAX, is_district=area().is_district,
            names={each.id: each.name for each in self._shown.stations(area())}, STATES=STATES,
        )  # fmt: skip

    def ask(self, form: Any) -> VisitPlan:
        try:
            first, days = date.fromisoformat(form.get("first", "")), int(form.get("days", ""))
        except ValueError:
            raise Invalid("Please choose a day and how many.", {"first": "missing"}) from None
        if abs(first - self._calendar.day_of(self._clock.now())) > timedelta(days=400):
            raise Invalid("That is too far away.", {"first": "too far"})
        code = form.get("station", "")
        station = next((each for each in self._shown.stations(area()) if each.code == code), None)
        if station is None and (code or not area().is_district):
            raise Invalid("Please choose a station.", {"station": "missing"})
        return self._desk.ask(first, days, station.id if station else None, by=caller())

    def one(self, plan: VisitPlan, *, wrong: str = "") -> str:
        names, visits = self._shown.names(), self._shown.visits(plan)
        refused = [each for each in visits if each.refused]
        return render_template(
            "plan.html", plan=plan, names=names, wrong=wrong, carers=by_carer(visits, names),
            left_out=[each for each in visits if each.start_at is None], refused=refused,
            changes=sum(each.changes for each in visits), visits=visits,
            waiting=sum(each.start_at is not None and each.assigned_at is None for each in visits) - len(refused),
            is_open=plan.state in {State.WAITING, State.THINKING}, STATES=STATES, REASONS=REASONS, BARRED=BARRED,
            FAILURES=FAILURES,
        )  # fmt: skip

    def act(self, plan: VisitPlan, deed: str) -> None:
        if deed == "drop":
            self._desk.drop(plan.id, by=caller())
            return
        do: Callable[..., Published] = self._desk.publish if deed == "publish" else self._desk.undo
        done = do(plan.id, by=caller())
        flash(gettext("Visits handed over: %(n)s, refused: %(refused)s.", n=done.assigned, refused=done.refused))


def _teach(pages: Environment, calendar: Calendar) -> None:
    pages.filters.update(
        plan_time=lambda at: calendar.local(at).strftime("%H:%M"),
        plan_day=lambda at: calendar.local(at).strftime("%m-%d"),
        minutes_up=lambda seconds: -(-int(seconds) // 60),
    )
