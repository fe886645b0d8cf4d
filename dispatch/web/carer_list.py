"""
A carer's list, `/c`: the way in where no link may stand in a text, and for whoever keeps the page open on duty.

The number is typed, a code comes by text, the code is typed. Then every open task is one press away.
"""

from collections.abc import Callable

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dispatch.accounts.carers import VISIT_LASTS, CarerSignIn
from dispatch.clock import Clock
from dispatch.links import Links
from dispatch.rules.people import Person
from dispatch.tasks import Tasks
from dispatch.web import words
from dispatch.web.access import public
from dispatch.web.carer import DOOR_COOKIE, DOOR_LASTS_S, too_often
from dispatch.web.i18n import N_, gettext
from dispatch.web.limits import Limit
from dispatch.web.options import WebOptions
from dispatch.web.small import small_page, speak

VISIT_COOKIE = "anling_carer"

CODES_AN_HOUR = 4
"""
Texts to one number from one address; from one address to all eight times as many, because a station shares one. To one
number from all three times as many: whoever knows a carer's number must not shut them out by asking in their name.
"""

TRIES_A_MINUTE = 10

STAGES = {
    "asked": N_("Can you go?"),
    "coming": N_("You are on the way"),
    "there": N_("You are there"),
    "declined": N_("You cannot go"),
    "taken": N_("Somebody else is going"),
    "over": N_("Over"),
}


def list_blueprint(
    sign_in: CarerSignIn,
    tasks: Tasks,
    links: Links,
    clock: Clock,
    *,
    options: WebOptions,
    e164: Callable[[str], str | None],
) -> Blueprint:
    """`/c`. `e164` reads a number as people type it, None where it is none."""
    bp = Blueprint("carer", __name__)

    def steady_s() -> float:
        return clock.look().steady_s

    of_both, to_number = Limit(CODES_AN_HOUR, 3600, steady_s), Limit(3 * CODES_AN_HOUR, 3600, steady_s)
    from_address = Limit(8 * CODES_AN_HOUR, 3600, steady_s)
    tries = Limit(TRIES_A_MINUTE, 60, steady_s)

    @bp.get("/c")
    @public
    def front() -> Response:
        person = sign_in.check(request.cookies.get(options.cookie(VISIT_COOKIE), ""))
        return listed(person) if person else _form("phone")

    @bp.post("/c")
    @public
    def ask() -> Response:
        phone, ip = e164(request.form.get("phone", "")), request.remote_addr or ""
        if phone is None:
            return _form("phone", error=gettext("This is no telephone number."))
        if of_both.is_over(f"{phone} {ip}") or to_number.is_over(phone) or from_address.is_over(ip):
            return too_often("/c")
        of_both.count(f"{phone} {ip}")
        to_number.count(phone)
        from_address.count(ip)
        sign_in.ask(phone)
        return _form("code", phone=phone)

    @bp.post("/c/code")
    @public
    def enter() -> Response:
        phone, ip = e164(request.form.get("phone", "")), request.remote_addr or ""
        code = "".join(each for each in request.form.get("code", "") if each.isdecimal())[:6]
        if tries.is_over(ip):
            return too_often("/c")
        tries.count(ip)
        token = sign_in.enter(phone, str(int(code)).zfill(6)) if phone and code else None
        if token is None:
            error = gettext("The code does not fit, or it is over. Look at the newest text, or ask for a new code.")
            return _form("code", phone=phone or "", error=error)
        answer = redirect("/c", 303)
        _keep(answer, VISIT_COOKIE, token, int(VISIT_LASTS.total_seconds()))
        person = sign_in.check(token)
        if person is not None:
            _keep(answer, DOOR_COOKIE, links.token("door", person), DOOR_LASTS_S)
        return answer

    @bp.post("/c/leave")
    @public
    def leave() -> Response:
        sign_in.leave(request.cookies.get(options.cookie(VISIT_COOKIE), ""))
        answer = redirect("/c", 303)
        for name in (VISIT_COOKIE, DOOR_COOKIE):
            answer.delete_cookie(options.cookie(name), secure=options.secure_cookies, httponly=True, samesite="Lax")
        return answer

    def listed(person: Person) -> Response:
        found = tasks.tasks_of(person)
        speak(options, tasks.lang_of(person))
        told = [{**tasks.told(each, opened=False), "path": f"/t/{links.task(each.offer.id)}"} for each in found]
        return small_page("tasks.html", tasks=told, STAGES=STAGES, CAUSES=words.CAUSES, word=words.word)

    def _keep(answer: Response, name: str, value: str, lasts_s: int) -> None:
        answer.set_cookie(
            options.cookie(name), value, max_age=lasts_s, secure=options.secure_cookies, httponly=True, samesite="Lax"
        )

    return bp


def _form(step: str, *, phone: str = "", error: str = "") -> Response:
    return small_page("carer_in.html", 400 if error else 200, step=step, phone=phone, error=error)
