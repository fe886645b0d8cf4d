"""
`/roster`: a week of one station. Shifts are put in and taken out as a draft; publishing makes them true together.

Holes, too little rest, days off and who stands in for whom stand in the page with words, not with a colour alone. No
script, no drag: a list, forms, buttons. Printed, only the week is left.
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
from dispatch.web.i18n import gettext, ngettext
from dispatch.web.schemas import NOTE_MAX
from schedules.calendar import Calendar
from schedules.duty.desk import Plan
from schedules.duty.guard import Clashing
from schedules.duty.store import PUT, TAKE
from schedules.duty.web.parts import Office
from schedules.duty.web.words import HOLIDAYS, KINDS, Words

WEEK = timedelta(days=7)
YEARS = (2000, 2200)

Plain = dict[str, Any]


def roster_pages(office: Office, clock: Clock, *, public_url: str) -> Blueprint:
    """`/roster` and its forms. `public_url` stands before the addresses of calendars."""
    bp = Blueprint("roster", __name__, template_folder="templates")
    bp.record_once(lambda state: _teach(state.app.jinja_env, office.calendar))
    week = _Week(office, clock, public_url)

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

    @bp.post("/roster/stand-in")
    @require(Right.SHIFTS_CHANGE)
    def stand_in() -> Any:
        return week.tried(lambda: week.stand_in(request.form))

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

    def __init__(self, office: Office, clock: Clock, public_url: str) -> None:
        self._office = office
        self._desk = office.desk
        self._clock = clock
        self._calendar = office.calendar
        self._words = Words(office.desk, office.calendar)
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
            drafts=len(self._drafts()), guessed=self._guessed(first),
            away=[each for each in self._office.absent.between(start, end) if each.absence.carer_id in
                  {who.id for who in carers}], names={each.id: each for each in plan.carers}, KINDS=KINDS,
            window=self._words.window,
            feeds=self._feeds(station, carers), PUT=PUT, TAKE=TAKE,
        )  # fmt: skip

    def tried(self, work: Callable[[], object]) -> Any:
        """Does it and shows the week again; what was typed stays where it was refused."""
        try:
            work()
        except Clashing as refused:
            return make_response(self.page(request.form, wrong=self._words.reasons(refused.clashes)), 409)
        except (Invalid, Conflict) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            return make_response(self.page(request.form, wrong=gettext(refused.detail)), status)
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
        self._desk.draft_put(carer.id, start, end, by=caller(), reason=form.get("reason", "")[:NOTE_MAX] or None)

    def stand_in(self, form: Any) -> None:
        """Somebody else has a part of a shift, at once; a time before the shift's own begin is on its second day."""
        if not form.get("shift"):
            raise Invalid("Please choose a shift.", {"shift": ["missing"]})
        shift, carer = self._desk.get(form["shift"]), self._desk.carer(form.get("carer", ""))
        if not (self._covers(shift.carer_id) and area().covers(carer.station_id)):
            raise NotFound("no such shift")
        day = self._calendar.local(shift.start_at).date().isoformat()
        start, end = (self._moment(day, form.get(each, "")) for each in ("from", "until"))
        if start < shift.start_at and start + timedelta(days=1) < shift.end_at:
            start = self._moment(day, form.get("from", ""), later=1)
        if end <= start:
            end = self._moment(day, form.get("until", ""), later=1)
        made = self._office.absent.stand_in(
            shift.id, carer.id, start, end, by=caller(), reason=form.get("reason", "")[:NOTE_MAX] or None
        )
        flash(gettext("%(who)s stands in: %(when)s.", who=carer.name, when=self._words.shift(made)))

    def take(self, shift_id: str) -> None:
        if not self._covers(self._desk.get(shift_id).carer_id):
            raise NotFound("no such shift")
        self._desk.draft_take(shift_id, by=caller())

    def drop(self, draft_id: str) -> None:
        if draft_id not in self._drafts():
            raise NotFound("no such draft")
        self._desk.drop(draft_id)

    def publish(self) -> None:
        # Asked now: the unit of work may be run by another thread, which knows of no request.
        here, desk = area(), self._desk
        many = desk.publish(lambda carer_id: here.covers(desk.station_of(carer_id)), by=caller())
        flash(ngettext("%(n)s change is in force.", "%(n)s changes are in force.", many))

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
        mine = [each.shift for each in plan.planned if each.shift.carer_id in names and each.draft != TAKE]
        against, instead = self._desk.against(mine), self._office.absent.stand_ins(mine)
        everybody = {each.id: each for each in plan.carers}
        for number in range(7):
            day = first + timedelta(days=number)
            start, end = self._calendar.bounds(day)
            rows = [
                {
                    "planned": each, "carer": names[each.shift.carer_id], "when": self._words.shift(each.shift),
                    "instead": everybody.get(instead.get(each.shift.id, CarerId(""))),
                    "against": [self._words.said(clash, everybody) for clash in against.get(each.shift.id, ())],
                }
                for each in plan.planned
                if each.shift.carer_id in names and start <= each.shift.start_at < end
            ]  # fmt: skip
            gaps = [
                (max(hole.start_at, start), min(hole.end_at, end)) for id_, hole in plan.holes
                if station and id_ == station.id and hole.start_at < end and hole.end_at > start
            ]  # fmt: skip
            found.append({"day": day, "rows": rows, "holes": gaps, "special": self._special(day)})
        return found

    def _special(self, day: date) -> str:
        """What is special about a day, in a word or two; empty of most."""
        about, festivals = self._office.holidays.about(day), self._office.holidays.festivals(day.year)
        named = [gettext(HOLIDAYS.get(name, name)) for name, on in festivals.items() if on == day]
        if about is not None:
            name = gettext(HOLIDAYS.get(about.name, about.name))
            kind = gettext("worked for %(name)s", name=name) if about.is_worked else gettext("off: %(name)s", name=name)
            return " · ".join(dict.fromkeys([kind, *(each for each in named if each != name)]))
        return " · ".join(named)

    def _guessed(self, first: date) -> list[int]:
        """The years of this week, and those soon to come, whose days off nobody has published here."""
        shown = {first.year, (first + WEEK).year} - {
            year for year in (first.year, (first + WEEK).year) if self._office.holidays.is_published(year)
        }
        return sorted(shown | set(self._office.holidays.unpublished(self._calendar.day_of(self._clock.now()))))

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
