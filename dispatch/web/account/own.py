"""`/account`: one's own password, second factor and sessions."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.accounts.second_step import SecondStep
from dispatch.accounts.sign_in import TooSoon, WrongPassword, hash_of
from dispatch.accounts.staff import Staff
from dispatch.errors import Invalid
from dispatch.rules.rights import Right
from dispatch.web import access
from dispatch.web.access import caller, recently, require, signed_in
from dispatch.web.account.words import ROLES
from dispatch.web.i18n import gettext
from dispatch.web.words import word


def own_blueprint(step: SecondStep, staff: Staff) -> Blueprint:
    """The page and its forms."""
    bp = Blueprint("account", __name__)

    def page(**more: Any) -> str:
        me = signed_in()
        recovery, _ = step.left(me)
        return render_template(
            "account.html", me=me, sessions=staff.sessions(me), own=hash_of(access.own_token()), recovery=recovery,
            ROLES=ROLES, word=word, **more,
        )  # fmt: skip

    @bp.get("/account")
    @require(Right.SIGNED_IN)
    def account() -> str:
        return page()

    @bp.post("/account/password")
    @require(Right.SIGNED_IN)
    def password() -> Any:
        try:
            _change(staff)
        except (WrongPassword, Invalid) as refusal:
            return make_response(page(error=gettext(refusal.detail)), 422)
        except TooSoon as refusal:
            error = gettext("Too many attempts. Try again in %(seconds)s s.", seconds=refusal.wait_s)
            return make_response(page(error=error), 429)
        flash(gettext("Done. Your other sessions have ended."))
        return redirect("/account", 303)

    @bp.post("/account/sessions")
    @require(Right.SIGNED_IN)
    def end() -> Response:
        staff.end_session(signed_in().id, request.form.get("session", "")[:32], by=caller())
        flash(gettext("Done."))
        return redirect("/account", 303)

    @bp.post("/account/factor")
    @require(Right.SIGNED_IN)
    @recently
    def factor() -> Response:
        return redirect("/login/enrol?next=/account", 303)

    @bp.post("/account/recovery")
    @require(Right.SIGNED_IN)
    @recently
    def recovery() -> str:
        return render_template("recovery_codes.html", codes=step.recovery_codes(signed_in()), next="/account")

    return bp


def _change(staff: Staff) -> None:
    form, token = request.form, access.own_token()
    if form.get("password", "") != form.get("again", ""):
        raise Invalid("The two passwords differ.", {"again": ["The two passwords differ."]})
    staff.change_password(
        signed_in(), old=form.get("old", ""), new=form.get("password", ""), token=token, ip=request.remote_addr or ""
    )
