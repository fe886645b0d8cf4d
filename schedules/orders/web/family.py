"""The family's page `/f/{code}/orders`: books services for whoever lives at the home, on any old phone."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import ResidentId
from dispatch.links import Links
from dispatch.rules.rights import DISTRICT
from dispatch.rules.signal import Cause
from dispatch.web.access import by_code
from dispatch.web.carer import MISSES_A_MINUTE, PRESSES_A_MINUTE, too_often
from dispatch.web.i18n import current_words, gettext
from dispatch.web.limits import Limit
from dispatch.web.options import WebOptions
from dispatch.web.small import small_page, speak
from dispatch.web.words import word
from schedules.orders.families import Family
from schedules.orders.web import words
from schedules.orders.web.pages import Counter, asking_of, why

Form = Mapping[str, str]
ALARMS_AN_HOUR = 3
"""Calls for help by one page: a child with a telephone must not exhaust the carers. The desk can still be phoned."""


def family_orders_blueprint(counter: Counter, links: Links, *, options: WebOptions) -> Blueprint:
    """`/f/{code}/orders`."""
    bp = Blueprint("family_orders", __name__, template_folder="templates")

    def steady_s() -> float:
        return counter.clock.look().steady_s

    misses, presses = Limit(MISSES_A_MINUTE, 60, steady_s), Limit(PRESSES_A_MINUTE, 60, steady_s)
    cries = Limit(ALARMS_AN_HOUR, 3600, steady_s)

    @bp.get("/f/<code>/orders")
    @by_code
    def shown(code: str) -> Response:
        family = found(code)
        done = gettext("Booked. Thank you.") if request.args.get("said") == "booked" else ""
        done = gettext("Help is called. Somebody phones.") if request.args.get("said") == "alarm" else done
        return family if isinstance(family, Response) else page(code, family, {}, done=done)

    @bp.post("/f/<code>/orders")
    @by_code
    def pressed(code: str) -> Response:
        family = found(code)
        if isinstance(family, Response):
            return family
        said = request.form
        if not links.fits(said.get("token", ""), "form", code):
            return page(code, family, said, 400, wrong=gettext("The page was too old. Please press once more."))
        if presses.is_over(code):
            return too_often(f"/f/{code}/orders")
        presses.count(code)
        return act(code, family, said)

    def act(code: str, family: Family, said: Form) -> Response:
        who = next((each for each in family.residents if each.id == said.get("resident")), None)
        if said.get("do") == "alarm" and not cries.is_over(code):
            cries.count(code)
            counter.alarms.raise_by_hand(
                Cause.HOTLINE, by=family.person, home_id=family.home_id,
                resident_id=ResidentId(who.id) if who else None, note=said.get("note", "")[:2000] or None,
            )  # fmt: skip
            return redirect(f"/f/{code}/orders?said=alarm", 303)
        smells = counter.ordering.services.smells(said.get("note", ""))
        if smells and said.get("sure") != "1":
            return page(code, family, said, 422, smells=smells)
        if who is None:
            return page(code, family, said, 422, wrong="Please choose one.")
        try:
            counter.ordering.take(asking_of(said, counter.calendar, may_hurry=False), by=family.person, area=DISTRICT)
        except (Invalid, NotFound, Conflict) as refused:
            return page(code, family, said, 422, wrong=why(refused))
        return redirect(f"/f/{code}/orders?said=booked", 303)

    def found(code: str) -> Family | Response:
        ip = request.remote_addr or ""
        speak(options, options.lang)
        try:
            return counter.families.open(code)
        except NotFound:
            if misses.is_over(ip):
                return too_often("")
            misses.count(ip)
            text = gettext("This page is over, or a letter of its address is missing.")
            return small_page("small_note.html", 404, title=gettext("Nothing here"), text=text, again="")

    def page(code: str, family: Family, said: Form, status: int = 200, **more: Any) -> Response:
        more = {"smells": [], "wrong": "", "done": "", **more}
        lang, services = current_words().lang, counter.ordering.services.services
        prices = {key: each.price_fen for key, each in services.items() if each.price_fen is not None}
        return small_page(
            "family_orders.html", status, family=family, said=said, action=f"/f/{code}/orders",
            token=links.token("form", code), SERVICES={key: each.names[lang] for key, each in services.items()},
            PRICES=prices, STATES=words.STATES, word=word,
            local=lambda at: f"{counter.calendar.local(at):%m-%d %H:%M}", **more,
        )  # fmt: skip

    return bp
