"""The way in and out, and what anybody may choose before it: the language and the look."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.accounts.sign_in import SignIn, TooSoon, WrongPassword
from dispatch.errors import Busy
from dispatch.rules.rights import Right
from dispatch.store.accounts import Operator
from dispatch.web import access
from dispatch.web.access import public
from dispatch.web.i18n import LANGS, gettext
from dispatch.web.look import Look
from dispatch.web.options import LANG_COOKIE, LOOK_COOKIE, WebOptions

BOARD = "/board"
HOMES = ((Right.ALARMS_SEE, BOARD), (Right.DEVICES_CHANGE, "/devices"), (Right.ACCOUNTS, "/users"))

CHOICES_LAST = timedelta(days=365)


def entrance_blueprint(sign_in: SignIn, options: WebOptions) -> Blueprint:
    """`/login`, `/logout`, `/lang`, `/look`, and `/`, which leads to where an operator begins."""
    bp = Blueprint("entrance", __name__)

    @bp.get("/")
    @public
    def front_door() -> Response:
        operator = access.whoever()
        return redirect(home_of(operator, options) if operator else options.home, 303)

    @bp.get("/login")
    @public
    def login() -> Any:
        if access.whoever():
            return redirect(safe_path(request.args.get("next"), options.home), 303)
        return _form()

    @bp.post("/login")
    @public
    def enter() -> Any:
        try:
            grant = sign_in.sign_in(
                login=request.form.get("login", ""),
                password=request.form.get("password", ""),
                ip=request.remote_addr or "",
                device=request.headers.get("User-Agent", ""),
            )
        except (WrongPassword, Busy) as refusal:
            return _again(refusal)
        access.come_in(grant)
        onward = safe_path(request.form.get("next"), "")
        if grant.step:
            return redirect(f"/login/{grant.step}" + (f"?next={quote(onward)}" if onward else ""), 303)
        return redirect(onward or home_of(grant.operator, options), 303)

    @bp.post("/logout")
    @public
    def leave() -> Response:
        access.go_out()
        return redirect("/login", 303)

    @bp.post("/lang")
    @public
    def choose_lang() -> Response:
        lang = request.form.get("lang", "")
        answer = _answered()
        if lang in LANGS:
            _keep(answer, options, LANG_COOKIE, lang)
            operator = access.whoever()
            if operator and operator.lang != lang:
                sign_in.set_lang(operator.id, lang)
        return answer

    @bp.post("/look")
    @public
    def choose_look() -> Response:
        look: Look = g.look
        chosen = look.changed(theme=request.form.get("theme"), size=request.form.get("size"))
        answer = _answered()
        _keep(answer, options, LOOK_COOKIE, chosen.cookie)
        return answer

    return bp


def home_of(operator: Operator, options: WebOptions) -> str:
    """Where this person begins: at the board, or at the page that is most theirs."""
    if options.home != BOARD:
        return options.home
    return next((path for right, path in HOMES if operator.may(right)), "/account")


def safe_path(path: str | None, otherwise: str) -> str:
    """A path of our own house, or else the other: no redirect ever leaves it (CWE-601)."""
    if not path or not path.startswith("/") or path[1:2] in {"/", "\\"} or not path.isprintable():
        return otherwise
    return path


def _form(**values: Any) -> str:
    return render_template("login.html", next=safe_path(request.values.get("next"), ""), **values)


def _again(refusal: WrongPassword | Busy) -> Response:
    """The form with what was typed, but for the password."""
    if isinstance(refusal, TooSoon):
        return _refused(429, gettext("Too many attempts. Try again in %(seconds)s s.", seconds=refusal.wait_s))
    if isinstance(refusal, Busy):
        return _refused(503, gettext("Many people are signing in. Try again in a few seconds."))
    return _refused(403, gettext("The login or the password is wrong."))


def _refused(status: int, error: str) -> Response:
    return make_response(_form(login=request.form.get("login", ""), error=error), status)


def _answered() -> Response:
    """
    Back to the page, shown anew; no content for one that answered a form: the browser stays on it, with all that was
    typed and all that is shown once, and what was chosen holds from the next page on.
    """
    return make_response("", 204) if "stay" in request.form else _back()


def _back() -> Response:
    return redirect(safe_path(request.form.get("next"), "/"), 303)


def _keep(answer: Response, options: WebOptions, name: str, value: str) -> None:
    answer.set_cookie(
        options.cookie(name), value, max_age=CHOICES_LAST, secure=options.secure_cookies, httponly=True, samesite="Lax"
    )
