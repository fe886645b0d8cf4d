"""
`/orders`: what was booked, and taking a booking in; two actions away from any call, with the alarm always at hand.

Words that sound like an emergency bring the form back with everything that was typed, and two buttons: the alarm, or
the order all the same. Nothing is decided here, and nothing typed is lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from flask import Blueprint, flash, make_response, redirect, render_template, request
from jinja2 import Environment
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import AlarmId, CallId, HomeId, ResidentId
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.rules.signal import Cause
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.register_rows import CARERS, RESIDENTS, RegisterRows
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import current_words, gettext
from dispatch.web.words import word
from schedules.calendar import Calendar
from schedules.orders.families import FamilyOrders
from schedules.orders.linking import Linking
from schedules.orders.ordering import Asking, Ordering
from schedules.orders.rules.order import SETTLED, State
from schedules.orders.store.orders import Orders
from schedules.orders.web import words

SHOWN_MAX = 100
Form = Mapping[str, str]


class Alarms(Protocol):
    """Who raises an alarm by hand; `dispatch.desk.Desk`."""

    def raise_by_hand(
        self, cause: Cause, *, by: Person, home_id: HomeId | None = None, resident_id: ResidentId | None = None,
        note: str | None = None,
    ) -> AlarmId: ...  # fmt: skip


class Calls(Protocol):
    """Who says that a call is no alarm; `dispatch.calls.Calls`."""

    def dismiss(self, id_: CallId, *, by: Person) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What the pages work with. `heard(call)` gives the number a call came from where this area may judge it."""

    ordering: Ordering
    families: FamilyOrders
    linking: Linking
    alarms: Alarms
    calls: Calls
    heard: Callable[[str, Area], str | None]
    reading: Engine
    clock: Clock
    calendar: Calendar
    names: Callable[[], Mapping[str, str]]


def order_pages(counter: Counter) -> Blueprint:
    """`/orders` and its forms."""
    bp = Blueprint("orders", __name__, template_folder="templates")
    bp.record_once(lambda state: _teach(state.app.jinja_env, counter.calendar))
    ordering = counter.ordering

    @bp.get("/orders")
    @require(Right.RESIDENTS_SEE)
    def listed() -> str:
        wanted = [each for each in State if each == request.args.get("state")] or sorted(set(State) - SETTLED)
        with counter.reading.connect() as connection:
            found = Orders(connection).newest(area(), states=wanted, most=SHOWN_MAX)
            people = RegisterRows(connection).by_ids(RESIDENTS, {each.resident_id for each in found})
        found = sorted(found, key=lambda each: (each.state is not State.WAITING, not each.smells, each.start_at))
        return render_template(
            "orders.html", orders=found, people=people, state=request.args.get("state", ""), **_told(counter)
        )

    @bp.get("/orders/new")
    @require(Right.RESIDENTS_CHANGE)
    def new() -> Response:
        return form_page(request.args)

    @bp.post("/orders/new")
    @require(Right.RESIDENTS_CHANGE)
    def take() -> Response:
        said = request.form
        if said.get("do") == "alarm":
            return alarm(said)
        smells = ordering.services.smells(said.get("note", ""))
        if smells and said.get("sure") != "1":
            return form_page(said, 422, smells=smells)
        try:
            made = ordering.take(asking_of(said, counter.calendar), by=caller(), area=area())
        except (Invalid, NotFound, Conflict) as refused:
            return form_page(said, 422, wrong=why(refused))
        _dismiss(counter, said.get("call", ""))
        flash(gettext("Kept, thank you."))
        return redirect(f"/orders/{made.id}", 303)

    def alarm(said: Form) -> Response:
        """The alarm first; what was typed is its note. Whoever is not found costs no alarm."""
        try:
            row = _resident(counter, said.get("resident", ""))
        except NotFound:
            return form_page(said, 422, wrong=gettext("There is none with this code."), smells=[])
        note = " ".join(each for each in (said.get("service", ""), said.get("note", "")) if each)[:2000]
        raised = counter.alarms.raise_by_hand(
            Cause.HOTLINE, by=caller(), home_id=HomeId(row["home_id"]), resident_id=ResidentId(row["id"]),
            note=note or None,
        )  # fmt: skip
        return redirect(f"/board?alarm={raised}", 303)

    def form_page(said: Form, status: int = 200, **more: Any) -> Response:
        more = {"smells": [], "wrong": "", **more}
        return make_response(render_template(
            "order_new.html", said=said, found=_candidates(counter, said), **more, **_told(counter)
        ), status)  # fmt: skip

    @bp.get("/orders/<order_id>")
    @require(Right.RESIDENTS_SEE)
    def one(order_id: str) -> Response:
        return shown(order_id)

    def shown(order_id: str, status: int = 200, wrong: str = "", said: Form | None = None) -> Response:
        with counter.reading.connect() as connection:
            shelf = Orders(connection)
            order = shelf.get(order_id, area())
            service = ordering.services.services.get(order.service)
            home = People(connection).home(order.home_id)
            able = shelf.able(service.skills, home.station_id) if service else []
            asked = shelf.asked(order.provider) if order.provider else None
            row = RegisterRows(connection).by_ids(RESIDENTS, [order.resident_id])[order.resident_id]
            photos, score = shelf.photos(order_id), order.score or shelf.score_of(order_id)
        next_ = _turn(service.steps if service else (), order.step)
        return make_response(render_template(
            "order.html", order=order, service=service, home=home, able=able, asked=asked, resident=row, photos=photos,
            score=score, next_step=next_, wrong=wrong, said=said or {}, OPEN=order.state not in SETTLED,
            **_told(counter),
        ), status)  # fmt: skip

    @bp.get("/orders/<order_id>/photos/<photo_id>")
    @require(Right.RESIDENTS_SEE)
    def photo(order_id: str, photo_id: str) -> Response:
        with counter.reading.connect() as connection:
            Orders(connection).get(order_id, area())
            picture, kind = Orders(connection).picture(order_id, photo_id)
        answer = make_response(picture)
        answer.content_type = kind
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    @bp.post("/orders/<order_id>/<any(accept, decline, done, cancel, rate, step):deed>")
    @require(Right.RESIDENTS_CHANGE)
    def act(order_id: str, deed: str) -> Response:
        form = request.form
        try:
            _act(counter, order_id, deed, form)
        except (Invalid, Conflict) as refused:
            return shown(order_id, 409 if isinstance(refused, Conflict) else 422, why(refused), form)
        flash(gettext("Kept, thank you."))
        return redirect(f"/orders/{order_id}", 303)

    @bp.post("/orders/link/<contact_id>")
    @require(Right.RESIDENTS_CHANGE)
    def link(contact_id: str) -> Response:
        try:
            counter.linking.send(contact_id, by=caller(), area=area())
            flash(gettext("Sent."))
        except Invalid as refused:
            flash(gettext(why(refused)))
        resident = request.form.get("resident", "")
        # The button stands on a resident's file; an id has no sign that could lead elsewhere.
        return redirect(f"/residents/{resident}" if resident.isalnum() else "/orders", 303)

    return bp


def _turn(steps: tuple[str, ...], step: str) -> str:
    """The step whose turn it is, empty where none is left."""
    left = steps[steps.index(step) + 1 :] if step in steps else steps
    return next(iter(left), "")


def _act(counter: Counter, id_: str, deed: str, form: Any) -> None:
    ordering, by, here = counter.ordering, caller(), area()
    note = form.get("note", "")[:2000]
    if deed == "accept":
        ordering.accept(id_, _provider(counter, form.get("provider", "")), by=by, area=here)
    elif deed == "decline":
        ordering.decline(id_, by=by, area=here, seen=form.get("provider"))
    elif deed == "done":
        ordering.done(id_, by=by, area=here, note=note)
    elif deed == "cancel":
        ordering.cancel(id_, form.get("why", ""), by=by, area=here)
    elif deed == "rate":
        said = form.get("score", "")
        ordering.rate(id_, int(said) if said in set("12345") else 0, by=by, area=here)
    else:
        pictures = [each.read() for each in request.files.getlist("photos") if each.filename]
        ordering.step(id_, form.get("step", ""), by=by, area=here, note=note, pictures=pictures)


def _provider(counter: Counter, said: str) -> Person:
    """Somebody who can be asked, as the page names them; a carer outside of the area is nobody."""
    if said.startswith("carer:"):
        with counter.reading.connect() as connection:
            RegisterRows(connection).one(CARERS, said.removeprefix("carer:"), area())
    return Person(said[:80])


def asking_of(said: Form, calendar: Calendar, *, may_hurry: bool = True) -> Asking:
    """
    What a form asks for, times by the clocks of the place.

    Raises:
        Invalid: no time is said.
    """
    try:
        local = datetime.fromisoformat(said.get("start", ""))
        start = local.replace(tzinfo=calendar.tzinfo).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("Please check what was entered", {"json": {"start": ["Say when."]}}) from None
    return Asking(
        resident=said.get("resident", "")[:40], service=said.get("service", "")[:30], start_at=start,
        note=said.get("note", "")[:2000], urgent=may_hurry and said.get("urgent") == "1",
        call_id=said.get("call", "")[:40] or None,
    )  # fmt: skip


def _resident(counter: Counter, name: str) -> dict[str, Any]:
    with counter.reading.connect() as connection:
        return RegisterRows(connection).one(RESIDENTS, name[:40], area())


def _candidates(counter: Counter, said: Form) -> list[dict[str, Any]]:
    """Whom the call or the address may be about: those of the number that rings, or the one who is named."""
    with counter.reading.connect() as connection:
        shelf, here = RegisterRows(connection), area()
        number = counter.heard(said.get("call", ""), here) if said.get("call") else None
        files = People(connection).files_of(number) if number else ()
        homes = dict.fromkeys(each.home_id for each in files if each.home_id)
        rows = [row for home in homes for row in shelf.of_home(RESIDENTS, home) if row["ended_at"] is None]
        rows = [row for row in rows if here.covers(shelf.station_of(RESIDENTS, row))]
        try:
            named = shelf.one(RESIDENTS, said.get("resident", "")[:40], here) if said.get("resident") else None
        except NotFound:
            named = None
    return rows if named is None or any(row["id"] == named["id"] for row in rows) else [named, *rows]


def _dismiss(counter: Counter, call: str) -> None:
    """The call was an order: it is judged with that. Somebody else may have judged it meanwhile."""
    if not call:
        return
    try:
        if counter.heard(call, area()) is not None:
            counter.calls.dismiss(CallId(call), by=caller())
    except (Conflict, NotFound):
        flash(gettext("The call was judged by somebody else."))


def _told(counter: Counter) -> dict[str, Any]:
    lang = current_words().lang
    services = counter.ordering.services.services
    return {
        "SERVICES": {key: each.names[lang] for key, each in services.items()}, "PRICES": {
            key: each.price_fen for key, each in services.items() if each.price_fen is not None
        }, "STATES": words.STATES, "STEPS": words.STEPS, "names": counter.names(), "now": counter.clock.now(),
        "lacking": counter.ordering.lacking,
    }  # fmt: skip


def why(refused: Invalid | Conflict | NotFound) -> str:
    """The sentence of a refusal that says most."""
    if isinstance(refused, Invalid):
        said = (each for where in refused.errors.values() for one in where.values() for each in one)
        return next(said, refused.detail)
    return "There is none with this code." if isinstance(refused, NotFound) else refused.detail


def _teach(pages: Environment, calendar: Calendar) -> None:
    pages.globals.update(word=word)
    pages.filters.update(on_clock=lambda at: calendar.local(at).strftime("%m-%d %H:%M"))
