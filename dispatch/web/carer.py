"""
The carer's page of one alarm, `/t/{code}`: what it is, where, and large buttons for what one would text. It ends with
the alarm; what was pressed on it a moment too late is kept like any answer.

Whoever holds the code is the carer: 128 bits that were sent to their own number. A GET changes nothing, so that phones
which look at links before people do set nothing going. A form carries a token of its code: no cookie is needed.
"""

import secrets
from collections.abc import Mapping

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.ids import OfferId
from dispatch.links import Links
from dispatch.rules.people import Person
from dispatch.tasks import OUTCOMES, Task, Tasks
from dispatch.web import words
from dispatch.web.access import by_code
from dispatch.web.i18n import N_, gettext
from dispatch.web.limits import Limit
from dispatch.web.options import WebOptions
from dispatch.web.small import small_page, speak

DOOR_COOKIE = "anling_door"
DOOR_LASTS_S = 12 * 3600

MISSES_A_MINUTE = 10
"""Codes nobody has, from one address; PROMISES, X3. A code that fits is always let in."""

PRESSES_A_MINUTE = 30

SAID: Mapping[str, str] = {
    "accept": N_("You are going. Thank you!"),
    "decline": N_("Noted that you cannot go."),
    "arrived": N_("Noted that you are there."),
    "done": N_("Reported. The desk closes the alarm. Thank you!"),
    "no_entry": N_("The desk and whoever has a key are told. Please stay at the door."),
}
"""What is said after a button; only where it still fits to where the task stands."""

_FITS: Mapping[str, frozenset[str]] = {
    "accept": frozenset({"coming", "there"}),
    "decline": frozenset({"declined", "taken"}),
    "arrived": frozenset({"there"}),
    "done": frozenset({"there", "coming"}),
    "no_entry": frozenset({"coming", "there"}),
}

ENDS: Mapping[str, str] = {
    "helped": N_("All is well"),
    "false_alarm": N_("False alarm"),
    "hospital": N_("To hospital"),
    "nobody_home": N_("Nobody at home"),
    "other": N_("Something else"),
}


def task_blueprint(tasks: Tasks, links: Links, clock: Clock, *, options: WebOptions, desk: str) -> Blueprint:
    """`/t/{code}`. `desk` is the number that rings at the desk, empty where none is set."""
    bp = Blueprint("task", __name__)

    def steady_s() -> float:
        return clock.look().steady_s

    misses, presses = Limit(MISSES_A_MINUTE, 60, steady_s), Limit(PRESSES_A_MINUTE, 60, steady_s)

    @bp.get("/t/<code>")
    @by_code
    def shown(code: str) -> Response:
        task = found(code)
        if isinstance(task, Response):
            return task
        return page(code, task, opened=_opened(links, options, task.offer.person))

    @bp.post("/t/<code>")
    @by_code
    def pressed(code: str) -> Response:
        task = found(code)
        if isinstance(task, Response):
            return task
        if not links.fits(request.form.get("token", ""), "form", code):
            text = gettext("The page was too old. Please press once more.")
            again = f"/t/{code}"
            return small_page("small_note.html", 400, title=gettext("Please press again"), text=text, again=again)
        if presses.is_over(code):
            return too_often(f"/t/{code}")
        presses.count(code)
        return act(code, task, request.form.get("do", ""))

    def act(code: str, task: Task, deed: str) -> Response:
        if deed == "show":
            if task.stage in {"coming", "there"}:
                tasks.opened(task)
            answer = page(code, task, opened=True)
        else:
            outcome = request.form.get("outcome", "")
            tasks.do(task.offer.id, deed, nonce=request.form.get("nonce", "")[:40], outcome=outcome)
            answer = redirect(f"/t/{code}?said={deed}", 303)
        answer.set_cookie(
            options.cookie(DOOR_COOKIE), links.token("door", task.offer.person), max_age=DOOR_LASTS_S,
            secure=options.secure_cookies, httponly=True, samesite="Lax",
        )  # fmt: skip
        return answer

    def found(code: str) -> Task | Response:
        ip = request.remote_addr or ""
        try:
            return _task(tasks, links.open_task(code), options)
        except NotFound:
            if misses.is_over(ip):
                return too_often("")
            misses.count(ip)
            text = gettext("This link is over, or a letter of it is missing. If it is urgent, phone the desk.")
            return small_page("small_note.html", 404, title=gettext("Nothing here"), text=text, again="")

    def page(code: str, task: Task, *, opened: bool) -> Response:
        if task.stage == "over":
            return ended(desk)
        told = tasks.told(task, opened=opened)
        said = request.args.get("said", "")
        return small_page(
            "task.html", task=told, action=f"/t/{code}", token=links.token("form", code), nonce=secrets.token_hex(8),
            said=gettext(SAID[said]) if said in SAID and told["stage"] in _FITS[said] else "",
            OUTCOMES=OUTCOMES, ENDS=ENDS, CAUSES=words.CAUSES, TALKS=words.TALKS, word=words.word, desk=desk,
        )  # fmt: skip

    return bp


def ended(desk: str) -> Response:
    """The page has ended with its alarm (410): it says so for a day, and nothing else of it but whom to phone."""
    text = gettext("You need not come. Thank you. If you are there, or it is urgent, phone the desk.")
    return small_page("small_note.html", 410, title=gettext("This alarm is over"), text=text, again="", desk=desk)


def too_often(again: str) -> Response:
    """Somebody tries too often: 429, and when to come again."""
    text = gettext("Too many attempts. Please wait a minute; if it is urgent, phone the desk.")
    answer = small_page("small_note.html", 429, title=gettext("Please wait"), text=text, again=again)
    answer.headers["Retry-After"] = "60"
    return answer


def _task(tasks: Tasks, offer_id: OfferId | None, options: WebOptions) -> Task:
    if offer_id is None:
        raise NotFound("no such code")
    task = tasks.task(offer_id)
    speak(options, task.lang)
    return task


def _opened(links: Links, options: WebOptions, person: Person) -> bool:
    return links.fits(request.cookies.get(options.cookie(DOOR_COOKIE), ""), "door", person)
