"""The second step of signing in, the code that opens a new account, and the page that asks once more."""

from typing import Any

import segno
from flask import Blueprint, flash, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from dispatch.accounts.second_step import SecondStep, WrongCode
from dispatch.accounts.sign_in import TooSoon, WrongPassword
from dispatch.accounts.staff import Staff
from dispatch.errors import Invalid
from dispatch.rules.rights import Right
from dispatch.web import access
from dispatch.web.access import public, recently, require
from dispatch.web.entrance import safe_path
from dispatch.web.i18n import gettext


def second_blueprint(step: SecondStep, staff: Staff) -> Blueprint:
    """`/login/code`, `/login/enrol`, `/login/sealed`, `/activate` and `/proof`."""
    bp = Blueprint("second", __name__)

    def onward() -> str:
        return safe_path(request.values.get("next"), "/")

    @bp.get("/login/code")
    @public
    def ask() -> Any:
        step.half(access.half_token())
        return render_template("login_code.html", next=safe_path(request.args.get("next"), ""))

    @bp.post("/login/code")
    @public
    def enter() -> Any:
        return _trying("login_code.html", lambda: _in(step.enter(access.half_token(), _typed()), onward()))

    @bp.post("/login/sealed")
    @public
    def unseal() -> Any:
        return _trying(
            "login_code.html", lambda: _in(step.unseal(access.half_token(), _typed()), onward()), sealed=True
        )

    @bp.get("/login/enrol")
    @public
    def show() -> Any:
        return render_template("login_enrol.html", **_picture(step), next=safe_path(request.args.get("next"), ""))

    @bp.post("/login/enrol")
    @public
    def confirm() -> Any:
        def work() -> Any:
            grant, codes = step.confirm(_enrolling(), _typed())
            access.come_in(grant)
            return render_template("recovery_codes.html", codes=codes, next=onward())

        return _trying("login_enrol.html", work, **_picture(step))

    @bp.get("/activate")
    @public
    def begin() -> str:
        return render_template("activate.html", login=request.args.get("login", ""))

    @bp.post("/activate")
    @public
    def activate() -> Any:
        return _activated(staff)

    @bp.post("/proof")
    @require(Right.SIGNED_IN)
    @recently
    def proof() -> Response:
        return redirect(onward(), 303)

    return bp


def _enrolling() -> str:
    """The half session that must have a factor, or the whole one that wants it."""
    return access.half_token() or (access.own_token() if access.whoever() else "")


def _picture(step: SecondStep) -> dict[str, Any]:
    secret, address = step.enrol(_enrolling())
    svg = segno.make(address, error="m").svg_inline(scale=4, border=4, light="white", omitsize=False)
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    # The picture is made here from our own secret and login; the login is inside it as dots, not as markup.
    return {"picture": Markup(svg), "secret": grouped}  # noqa: S704


def _typed() -> str:
    return request.form.get("code", "")[:80]


def _in(grant: Any, onward: str) -> Response:
    access.come_in(grant)
    return redirect(onward, 303)


def _trying(page: str, work: Any, **more: Any) -> Any:
    """What `work` answers; a wrong code brings the page again, with a sentence."""
    try:
        return work()
    except WrongCode:
        error, status = gettext("This code does not fit. Wait for the next one; each works once."), 403
    except TooSoon as refusal:
        error, status = gettext("Too many attempts. Try again in %(seconds)s s.", seconds=refusal.wait_s), 429
    more.setdefault("next", safe_path(request.form.get("next"), ""))
    return make_response(render_template(page, error=error, **more), status)


def _activated(staff: Staff) -> Any:
    login, password = request.form.get("login", ""), request.form.get("password", "")
    error, status = "", 422
    try:
        if password != request.form.get("again", ""):
            raise Invalid("The two passwords differ.", {"again": ["The two passwords differ."]})
        staff.activate(login, _typed(), password, ip=request.remote_addr or "")
    except Invalid as refusal:
        error = gettext(refusal.detail)
    except WrongPassword:
        error, status = gettext("The login or the code is wrong, or the code is over."), 403
    except TooSoon as refusal:
        error, status = gettext("Too many attempts. Try again in %(seconds)s s.", seconds=refusal.wait_s), 429
    if error:
        return make_response(render_template("activate.html", login=login, code=_typed(), error=error), status)
    flash(gettext("Done. Sign in with your new password."))
    return redirect("/login", 303)
