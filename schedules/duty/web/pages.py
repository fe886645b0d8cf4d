"""
`/roster`: a week of one station. Shifts are put in and taken out as a draft; publishing makes them true together.

Holes stand in the page with a word, not with a colour alone. No script, no drag: a list, a form, buttons.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from jinja2 import Environment
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import CarerId, StationId
from dispatch.rules.people import Carer, Station
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import gettext
from schedules.calendar import Calendar
from schedules.duty.desk import DutyDesk, Plan
from schedules.duty.store import PUT, TAKE

WEEK = timedelta(days=7)
YEARS = (2000, 2200)

Plain = dict[str, Any]


def roster_pages(desk: DutyDesk, clock: Clock, calendar: Calendar, *, public_url: str) -> Blueprint:
    """`/roster` and its forms. `public_url` stands before the addresses of calendars."""
    bp = Blueprint("roster", __name__, template_folder="templates")
    bp.record_once(lambda state: _teach(state.app.jinja_env, calendar))
    week = _Week(desk, clock, calendar, public_url)

    @bp.get("/roster")
    @require(Right.SHIFTS_CHANGE)
    def roster() -> str:
        return week.page(request.args)

    @bp.post("/roster/put")
    @require(Right.SHIFTS_CHANGE)
    def put() -> Any:
        return week.tried(lambda: week.put(request.form))

    @bp.post("/roster/take/<shift_id>")
    @require(Right.SHIFTS_CHANGE)
    def take(shift_id: str) -> Any:
        return week.tried(lambda: week.take(shift_id))

    @bp.post("/roster/drop/<draft_id>")
    @require(Right.SHIFTS_CHANGE)
    def drop(draft_id: str) -> Any:
        return week.tried(lambda: week.drop(draft_id))

    @bp.post("/roster/publish")
    @require(Right.SHIFTS_CHANGE)
    def publish() -> Any:
        return week.tried(week.publish)

    @bp.post("/roster/renew/<any(carer, station):kind>/<id_>")
    @require(Right.SHIFTS_CHANGE)
    def renew(kind: str, id_: str) -> Any:
        return week.tried(lambda: week.renew(kind, id_))

    return bp


class _Week:
    """Gathers what the page shows, and does what its forms ask."""

    def __init__(self, desk: DutyDesk, clock: Clock, calendar: Calendar, public_url: str) -> None:
        self._desk = desk
        self._clock = clock
        self._calendar = calendar
        self._public_url = public_url

    def page(self, wanted: Any, *, wrong: str = "") -> str:
        first = self._monday(wanted.get("week", ""))
        start, end = self._calendar.start_of(first), self._calendar.start_of(first + WEEK)
        plan = self._desk.plan(start, end)
        stations = [each for each in plan.stations if area().covers(each.id)]
        station = next((each for each in stations if each.code == wanted.get("station")), next(iter(stations), None))
        carers = [each for each in plan.carers if station and each.station_id == station.id]
        return render_template(
            "roster.html", days=self._days(plan, first, station, carers), first=first, station=station,
            stations=stations, carers=carers, before=first - WEEK, after=first + WEEK, said=wanted, wrong=wrong,
            drafts=len(self._drafts()),
            feeds=self._feeds(station, carers), PUT=PUT, TAKE=TAKE,
        )  # fmt: skip

    def tried(self, work: Callable[[], object]) -> Any:
        """Does it and shows the week again; what was typed stays where it was refused."""
        try:
            work()
        except (Invalid, Conflict) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            return make_response(self.page(request.form, wrong=refused.detail), status)
        return self._back()

    def put(self, form: Any) -> None:
        carer = self._desk.carer(form.get("carer", ""))
        if not area().covers(carer.station_id):
            raise NotFound("no such carer")
        start = self._moment(form.get("day", ""), form.get("from", ""))
        end = self._moment(form.get("day", ""), form.get("until", ""))
        # Until an hour that is not after the first one is on the next day.
        if end <= start:
            end = self._moment(form.get("day", ""), form.get("until", ""), later=1)
        self._desk.draft_put(carer.id, start, end, by=caller())

    def take(self, shift_id: str) -> None:
        if not self._covers(self._desk.get(shift_id).carer_id):
            raise NotFound("no such shift")
        self._desk.draft_take(shift_id, by=caller())

    def drop(self, draft_id: str) -> None:
        if draft_id not in self._drafts():
            raise NotFound("no such draft")
        self._desk.drop(draft_id)

    def publish(self) -> None:
        many = self._desk.publish(self._covers, by=caller())
        flash(gettext("%(n)s changes are in force.", n=many))

    def renew(self, kind: str, id_: str) -> None:
        mine = area().covers(StationId(id_)) if kind == "station" else self._covers(CarerId(id_))
        if not mine:
            raise NotFound("no such calendar")
        self._desk.renew(f"{kind}:{id_}", by=caller())

    def _covers(self, carer_id: CarerId) -> bool:
        return area().covers(self._desk.station_of(carer_id))

    def _drafts(self) -> set[str]:
        """The ids of those that this person may publish."""
        homes = {str(each.id): each.station_id for each in self._desk.people()[0]}
        return {each.id for each in self._desk.drafts() if area().covers(homes.get(each.carer_id))}

    def _days(self, plan: Plan, first: date, station: Station | None, carers: list[Carer]) -> list[Plain]:
        names, found = {each.id: each for each in carers}, []
        for number in range(7):
            day = first + timedelta(days=number)
            start, end = self._calendar.bounds(day)
            rows = [
                {"planned": each, "carer": names[each.shift.carer_id]} for each in plan.planned
                if each.shift.carer_id in names and start <= each.shift.start_at < end
            ]  # fmt: skip
            gaps = [
                (max(hole.start_at, start), min(hole.end_at, end)) for id_, hole in plan.holes
                if station and id_ == station.id and hole.start_at < end and hole.end_at > start
            ]  # fmt: skip
            found.append({"day": day, "rows": rows, "holes": gaps})
        return found

    def _feeds(self, station: Station | None, carers: list[Carer]) -> list[Plain]:
        if station is None:
            return []
        owners = [("station", str(station.id), station.name)]
        owners += [("carer", str(each.id), f"{each.code} {each.name}") for each in carers]
        return [
            {"kind": kind, "id": id_, "name": name, "url": f"{self._public_url}/calendar/{code}.ics"}
            for kind, id_, name in owners
            for code in [self._desk.code(f"{kind}:{id_}")]
        ]

    def _monday(self, said: str) -> date:
        try:
            day = date.fromisoformat(said)
        except ValueError:
            day = self._calendar.day_of(self._clock.now())
        if not YEARS[0] < day.year < YEARS[1]:
            day = self._calendar.day_of(self._clock.now())
        return day - timedelta(days=day.weekday())

    def _moment(self, day: str, at: str, *, later: int = 0) -> datetime:
        try:
            on = date.fromisoformat(day) + timedelta(days=later)
            moment = time.fromisoformat(at)
        except (ValueError, OverflowError):
            raise Invalid("Please choose a day and two times.", {"day": "missing"}) from None
        if moment.tzinfo is not None or not YEARS[0] < on.year < YEARS[1]:
            raise Invalid("Please choose a day and two times.", {"day": "missing"})
        return datetime.combine(on, moment, self._calendar.tzinfo).astimezone(UTC)

    def _back(self) -> Response:
        week, station = self._monday(request.form.get("week", "")), request.form.get("station", "")[:64]
        known = {each.code for each in self._desk.people()[1]}
        return redirect(f"/roster?week={week}" + (f"&station={station}" if station in known else ""), 303)


def _teach(pages: Environment, calendar: Calendar) -> None:
    pages.filters.update(
        clock_time=lambda at: calendar.local(at).strftime("%H:%M"),
        weekday=lambda day: gettext(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]),
    )
