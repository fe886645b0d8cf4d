"""
A carer's own page: `/c/{code}` by the address in a text, `/c/visits` for whoever came in by a code typed at `/c`.

Whoever holds the address is the carer, as with an alarm's `/t/{code}`: 128 bits that were sent to their own number,
good for three days. A GET changes nothing, and names nobody until a button was pressed in this browser, so that a
telephone which looks at links before people do sees and sets nothing going.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dispatch.accounts.carers import CarerSignIn
from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.links import Links
from dispatch.rules.people import Carer, Person, carer, carer_id
from dispatch.tasks import Tasks
from dispatch.web import words as alarm_words
from dispatch.web.access import by_code, public
from dispatch.web.carer import DOOR_COOKIE, DOOR_LASTS_S, MISSES_A_MINUTE, too_often
from dispatch.web.carer_list import STAGES, VISIT_COOKIE
from dispatch.web.i18n import current_words, gettext
from dispatch.web.limits import Limit
from dispatch.web.options import WebOptions
from dispatch.web.sizes import takes_files
from dispatch.web.small import CSP, small_page, speak
from dispatch.web.words import word
from schedules.calendar import Calendar
from schedules.care.web import visit_words
from schedules.care.web.visit_carer import PHOTO_MAX, Signing
from schedules.carers.day import Days
from schedules.carers.deeds import Deeds
from schedules.carers.web.words import DOUBTED, SAID, saying
from schedules.orders.web import words as order_words
from schedules.rounds.web import words as round_words

BODY_MAX = PHOTO_MAX + 64 * 1024
PRESSES_A_MINUTE = 60
"""On one page by its address: a whole day of visits at once, and some slack."""

PICTURE_MAX = 1_000_001
"""Of each photo of an order so much is read: one byte more than is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everybody whom the page asks."""

    days: Days
    deeds: Deeds
    signing: Signing
    tasks: Tasks
    sign_in: CarerSignIn
    links: Links
    clock: Clock
    calendar: Calendar
    window: Callable[..., str]
    item: Callable[[str, str], str]
    """What a thing that is done at a visit is called, by its code and a language."""

    opened: Callable[[Person], None]
    """Told whose page was opened by an address, once a browser and day: for the record."""


def carer_pages(desk: Desk, *, options: WebOptions) -> Blueprint:
    """Both addresses of the page, and its forms."""
    bp = Blueprint("carer_day", __name__, template_folder="templates")

    def steady_s() -> float:
        return desk.clock.look().steady_s

    misses, presses = Limit(MISSES_A_MINUTE, 60, steady_s), Limit(PRESSES_A_MINUTE, 60, steady_s)

    @bp.get("/c/visits")
    @public
    def mine() -> Response:
        who = _signed_in(desk, options)
        return _page(desk, options, who, "/c/visits") if who else redirect("/c", 303)

    @bp.post("/c/visits")
    @public
    @takes_files(BODY_MAX)
    def pressed() -> Response:
        who = _signed_in(desk, options)
        return act(who, "/c/visits", "") if who else redirect("/c", 303)

    @bp.get("/c/<code>")
    @by_code
    def shown(code: str) -> Response:
        who = found(code)
        if isinstance(who, Response):
            return who
        is_open = desk.links.fits(request.cookies.get(options.cookie(DOOR_COOKIE), ""), "door", carer(who.id))
        return _page(desk, options, who, f"/c/{code}", token=desk.links.token("form", code), is_open=is_open)

    @bp.post("/c/<code>")
    @by_code
    @takes_files(BODY_MAX)
    def pressed_by_code(code: str) -> Response:
        who, path = found(code), f"/c/{code}"
        if isinstance(who, Response):
            return who
        if presses.is_over(code):
            return too_often(path)
        presses.count(code)
        token = desk.links.token("form", code)
        if not desk.links.fits(request.form.get("token", ""), "form", code):
            return _page(desk, options, who, path, 400, token=token, is_open=False, wrong=_too_old())
        if request.form.get("do") == "open":
            desk.opened(carer(who.id))
            answer = _page(desk, options, who, path, token=token)
        else:
            answer = act(who, path, token)
        answer.set_cookie(
            options.cookie(DOOR_COOKIE), desk.links.token("door", carer(who.id)), max_age=DOOR_LASTS_S,
            secure=options.secure_cookies, httponly=True, samesite="Lax",
        )  # fmt: skip
        return answer

    def found(code: str) -> Carer | Response:
        ip = request.remote_addr or ""
        who = desk.days.carer(desk.links.open_day(code))
        if who is not None:
            return who
        if misses.is_over(ip):
            return too_often("")
        misses.count(ip)
        text = gettext("This link is over, or a letter of it is missing. Type your number to come in without it.")
        return small_page("small_note.html", 404, title=gettext("Nothing here"), text=text, again="/c")

    def act(who: Carer, path: str, token: str) -> Response:
        speak(options, who.lang)
        deed = request.form.get("do", "")
        try:
            return redirect(f"{path}?said={_do(desk, who, deed)}", 303)
        except NotFound as refused:
            status, wrong = 404, gettext(refused.detail)
        except (Conflict, Invalid) as refused:
            status, wrong = 409 if isinstance(refused, Conflict) else 422, saying(refused)
        except (ValueError, KeyError):
            status, wrong = 400, _too_old()
        return _page(desk, options, who, path, status, token=token, wrong=wrong, typed=request.form)

    return bp


def _do(desk: Desk, who: Carer, deed: str) -> str:
    if desk.deeds.knows(deed):
        pictures = [each.read(PICTURE_MAX) for each in request.files.getlist("photo")]
        desk.deeds.do(deed, who, request.form, [each for each in pictures if each])
        return deed
    return desk.signing.press(carer(who.id), who.id, request.form, request.files)


def _signed_in(desk: Desk, options: WebOptions) -> Carer | None:
    person = desk.sign_in.check(request.cookies.get(options.cookie(VISIT_COOKIE), ""))
    return desk.days.carer(carer_id(person) if person else None)


def _page(
    desk: Desk, options: WebOptions, who: Carer, path: str, status: int = 200, *, token: str = "",
    is_open: bool = True, wrong: str = "", typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    speak(options, who.lang)
    said = request.args.get("said", "") if not wrong else ""
    common: dict[str, Any] = {
        "action": path, "token": token, "wrong": wrong, "said": gettext(SAID[said]) if said in SAID else "",
        "doubted": said in DOUBTED,
    }  # fmt: skip
    if not is_open:
        return small_page("my_day_closed.html", status, **common)
    day = desk.days.of(who)
    tasks = [
        {**desk.tasks.told(each, opened=False), "path": f"/t/{desk.links.task(each.offer.id)}"}
        for each in desk.tasks.tasks_of(carer(who.id))
    ]
    answer = small_page(
        "my_day.html", status, day=day, tasks=tasks, local=desk.calendar.local, window=desk.window, item_name=desk.item,
        nonce=lambda: secrets.token_hex(16), typed=typed or {}, language=current_words().lang, word=word,
        V=visit_words, R=round_words, O=order_words, CAUSES=alarm_words.CAUSES, STAGES=STAGES, **common,
    )  # fmt: skip
    # One small script of our own, which asks the telephone where it is.
    answer.headers["Content-Security-Policy"] = f"{CSP}; script-src 'self'"
    return answer


def _too_old() -> str:
    return gettext("The page was too old. Please press once more.")
