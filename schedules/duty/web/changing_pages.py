"""`/roster/rotations`, `/roster/absences` and `/roster/swaps`: lists with their forms, without a script."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Carer, Station
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import gettext
from dispatch.web.schemas import NAME_MAX, NOTE_MAX
from schedules.duty.guard import Clashing
from schedules.duty.rules.rotation import Place, Rotation, Window
from schedules.duty.store.away import KINDS as KIND_NAMES
from schedules.duty.web.changes import refuse_faults
from schedules.duty.web.parts import Office
from schedules.duty.web.words import KINDS, SHORT, STATES, Words

AHEAD = timedelta(days=60)
_WINDOW = re.compile(r"\s*([0-2]?\d:[0-5]\d)\s*[-–—~至到]\s*([0-2]?\d:[0-5]\d)\s*")
OFF = {"", "-", "休", "off", "rest"}
"""What a line of a cycle may say for a day off."""

Plain = dict[str, Any]


def changing_pages(office: Office, clock: Clock) -> Blueprint:
    """The three pages and what their buttons do."""
    bp = Blueprint("duty_changes", __name__, template_folder="templates")
    acts = _Acts(office, clock)

    @bp.get("/roster/rotations")
    @require(Right.SHIFTS_CHANGE)
    def rotations() -> str:
        return acts.rotations(request.args)

    @bp.post("/roster/rotations")
    @require(Right.SHIFTS_CHANGE)
    def rotation_added() -> Any:
        return acts.tried("/roster/rotations", acts.rotations, acts.add_rotation)

    @bp.post("/roster/rotations/<rotation_id>")
    @require(Right.SHIFTS_CHANGE)
    def rotation_ended(rotation_id: str) -> Any:
        return acts.tried("/roster/rotations", acts.rotations, lambda: acts.end_rotation(rotation_id))

    @bp.get("/roster/absences")
    @require(Right.SHIFTS_CHANGE)
    def absences() -> str:
        return acts.absences(request.args)

    @bp.post("/roster/absences")
    @require(Right.SHIFTS_CHANGE)
    def absence_begun() -> Any:
        return acts.tried("/roster/absences", acts.absences, acts.begin_absence)

    @bp.post("/roster/absences/<absence_id>")
    @require(Right.SHIFTS_CHANGE)
    def absence_ended(absence_id: str) -> Any:
        return acts.tried("/roster/absences", acts.absences, lambda: acts.end_absence(absence_id))

    @bp.post("/roster/vacancies/<vacancy_id>")
    @require(Right.SHIFTS_CHANGE)
    def vacancy_filled(vacancy_id: str) -> Any:
        return acts.tried("/roster/absences", acts.absences, lambda: acts.fill(vacancy_id))

    @bp.get("/roster/swaps")
    @require(Right.SHIFTS_CHANGE)
    def swaps() -> str:
        return acts.swaps(request.args)

    @bp.post("/roster/swaps")
    @require(Right.SHIFTS_CHANGE)
    def swap_asked() -> Any:
        return acts.tried("/roster/swaps", acts.swaps, acts.ask_swap)

    @bp.post("/roster/swaps/<swap_id>/<any(yes, no, agree, refuse, withdraw):deed>")
    @require(Right.SHIFTS_CHANGE)
    def swap_moved(swap_id: str, deed: str) -> Any:
        return acts.tried("/roster/swaps", acts.swaps, lambda: acts.move_swap(swap_id, deed))

    return bp


class _Acts:
    """Gathers what the pages show, and does what their forms ask."""

    def __init__(self, office: Office, clock: Clock) -> None:
        self._office = office
        self._clock = clock
        self._words = Words(office.desk, office.calendar)

    def tried(self, path: str, page: Callable[..., str], work: Callable[[], None]) -> Any:
        """Does it and shows the page again; what was typed stays where it was refused."""
        try:
            work()
        except Clashing as refused:
            return make_response(page(request.form, wrong=self._words.reasons(refused.clashes)), 409)
        except (Invalid, Conflict) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            return make_response(page(request.form, wrong=gettext(refused.detail)), status)
        return redirect(path, 303)

    # -------------------------------------------------------------------------------------- rotations

    def rotations(self, said: Any, wrong: str = "") -> str:
        skipped = self._office.rotating.skipped()
        rows = [
            {"rotation": each, "left_out": [gone for gone in skipped if gone.rotation.id == each.id]}
            for each, _ in self._office.rotating.all() if area().covers(each.station_id)
        ]  # fmt: skip
        carers, stations = self._mine()
        return render_template(
            "rotations.html", rows=rows, carers=carers, stations=stations, names={each.id: each for each in carers},
            places={each.id: each for each in stations}, said=said, wrong=wrong, window=self._words.window,
            SHORT=SHORT, today=self._today(),
        )  # fmt: skip

    def add_rotation(self) -> None:
        form = request.form
        carers, stations = self._mine()
        station = next((each for each in stations if each.code == form.get("station")), None)
        if station is None:
            raise Invalid("There is no such station.", {"station": ["missing"]})
        name = form.get("name", "").strip()[:NAME_MAX]
        if not name:
            raise Invalid("Please give the rotation a name.", {"name": ["missing"]})
        cycle = _cycle(form.get("cycle", ""))
        places = _places([each for each in carers if each.station_id == station.id])
        if not places:
            raise Invalid("Nobody has a place in it yet.", {"places": ["missing"]})
        refuse_faults(cycle, places)
        first_day = self._day(form.get("first_day", ""))
        reason = form.get("reason", "").strip()[:NOTE_MAX]
        self._office.rotating.add(
            lambda id_: Rotation(
                id=id_, station_id=station.id, name=name, first_day=first_day, cycle=cycle, places=places,
                reason=reason,
            ),
            by=caller(),
        )  # fmt: skip
        flash(gettext("The rotation lays its shifts from now on."))

    def end_rotation(self, id_: str) -> None:
        rotation, version = self._office.rotating.get(id_)
        if not area().covers(rotation.station_id):
            raise NotFound("no such rotation")
        last_day = self._day(request.form.get("last_day", ""))
        self._office.rotating.change(id_, lambda old: replace(old, last_day=last_day), version=version, by=caller())
        flash(gettext("The rotation ends on %(day)s.", day=last_day))

    # -------------------------------------------------------------------------------------- absences

    def absences(self, said: Any, wrong: str = "") -> str:
        now = self._clock.now()
        carers, _ = self._mine()
        mine = {each.id for each in carers}
        rows = [each for each in self._office.absent.between(now, now + AHEAD) if each.absence.carer_id in mine]
        return render_template(
            "carer_absences.html", rows=rows, carers=carers, names={each.id: each for each in carers}, said=said,
            wrong=wrong, window=self._words.window, KINDS=KINDS, kinds=KIND_NAMES, now=now,
        )  # fmt: skip

    def begin_absence(self) -> None:
        form = request.form
        who = self._carer(form.get("carer", ""))
        start, end = (self._moment(form.get(each, "")) for each in ("start", "end"))
        told = self._office.absent.begin(who.id, form.get("kind", ""), start, end, by=caller())
        if told.holes:
            holes = "，".join(self._words.window(each.start_at, each.end_at) for each in told.holes)
            flash(gettext("Nobody is on duty: %(holes)s.", holes=holes))
        else:
            flash(gettext("Written down. The station is covered."))

    def end_absence(self, id_: str) -> None:
        self._known(self._office.absent.get(id_).absence.carer_id)
        self._office.absent.end(id_, self._clock.now(), by=caller())
        flash(gettext("Back on duty, where nobody stands in."))

    def fill(self, id_: str) -> None:
        self._known(self._office.absent.vacancy(id_).carer_id)
        who = self._carer(request.form.get("carer", ""))
        self._office.absent.fill(id_, who.id, by=caller(), reason=self._reason())
        flash(gettext("%(who)s stands in.", who=who.name))

    # -------------------------------------------------------------------------------------- swaps

    def swaps(self, said: Any, wrong: str = "") -> str:
        now = self._clock.now()
        carers, _ = self._mine()
        names = {each.id: each for each in carers}
        shifts = [
            each for each in self._office.desk.between(now, now + AHEAD)
            if each.carer_id in names and each.start_at > now
        ]  # fmt: skip
        rows = [each for each in self._office.swapping.listed() if each.carer_id in names]
        return render_template(
            "swaps.html", rows=rows, carers=carers, names={each.id: each for each in self._office.desk.people()[0]},
            shifts=shifts, said=said, wrong=wrong, window=self._words.window, STATES=STATES, SHORT=SHORT,
        )  # fmt: skip

    def ask_swap(self) -> None:
        form = request.form
        if not form.get("shift"):
            raise Invalid("Please choose a shift.", {"shift": ["missing"]})
        shift = self._office.desk.get(form["shift"])
        self._known(shift.carer_id)
        other = self._carer(form.get("carer", ""))
        self._office.swapping.ask(shift.id, other.id, form.get("return_shift") or None, by=caller())
        flash(gettext("%(who)s is asked by text.", who=other.name))

    def move_swap(self, id_: str, deed: str) -> None:
        swapping = self._office.swapping
        self._known(swapping.get(id_).carer_id)
        if deed in {"yes", "no"}:
            swapping.answer(id_, yes=deed == "yes", by=caller())
        elif deed == "withdraw":
            swapping.withdraw(id_, by=caller())
        else:
            swapping.decide(id_, yes=deed == "agree", by=caller(), reason=self._reason())
        flash(gettext("Written down."))

    # -------------------------------------------------------------------------------------- what was typed

    def _mine(self) -> tuple[list[Carer], list[Station]]:
        carers, stations = self._office.desk.people()
        return (
            [each for each in carers if each.ended_at is None and area().covers(each.station_id)],
            [each for each in stations if area().covers(each.id)],
        )

    def _carer(self, name: str) -> Carer:
        found = self._office.desk.carer(name)
        self._known(found.id)
        return found

    def _known(self, carer_id: CarerId) -> None:
        if not area().covers(self._office.desk.station_of(carer_id)):
            raise NotFound("no such thing")

    def _today(self) -> date:
        return self._office.calendar.day_of(self._clock.now())

    def _reason(self) -> str | None:
        return request.form.get("reason", "").strip()[:NOTE_MAX] or None

    def _day(self, said: str) -> date:
        try:
            day = date.fromisoformat(said)
        except ValueError:
            raise Invalid("Please choose a day.", {"day": ["missing"]}) from None
        if abs((day - self._today()).days) > 800:
            raise Invalid("That is too far away.", {"day": ["far"]})
        return day

    def _moment(self, said: str) -> datetime:
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            raise Invalid("Please choose a day and a time.", {"start": ["missing"]}) from None
        if at.tzinfo is not None or not 2000 < at.year < 2200:
            raise Invalid("Please choose a day and a time.", {"start": ["missing"]})
        return self._office.calendar.instant(at.date(), at.time()).astimezone(UTC)


def _cycle(said: str) -> tuple[tuple[Window, ...], ...]:
    """One line a day: windows like 08:00-20:00 with commas between, or a word for a day off."""
    lines = said.strip("\r\n").splitlines()
    return tuple(_windows(each) for each in lines[:400])


def _windows(line: str) -> tuple[Window, ...]:
    if line.strip().lower() in OFF:
        return ()
    return tuple(_window(each) for each in re.split("[,，;；]", line.replace("：", ":")))


def _window(said: str) -> Window:
    found = _WINDOW.fullmatch(said)
    try:
        start, end = (time.fromisoformat(each.zfill(5)) for each in found.groups()) if found else (None, None)
    except ValueError:
        start = end = None
    if start is None or end is None:
        raise Invalid("A line of the cycle is no window like 08:00-20:00 and no day off.", {"cycle": ["line"]})
    return Window(start=start, end=end)


def _places(carers: list[Carer]) -> tuple[Place, ...]:
    """Each carer's day of the cycle, counted from 1; those left empty are not in it."""
    said = [(each.id, request.form.get(f"place-{each.id}", "").strip()) for each in carers]
    if any(number and not (number.isdecimal() and 1 <= int(number[:4]) <= 56) for _, number in said):
        raise Invalid("A place is a day of the cycle.", {"places": ["number"]})
    return tuple(Place(carer_id=id_, offset=int(number) - 1) for id_, number in said if number)
