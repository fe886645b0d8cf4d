"""`/keys`: what machines come in with, for administrators."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.accounts.keys import Keys
from dispatch.errors import Invalid
from dispatch.rules.rights import Right
from dispatch.web.access import caller, recently, require
from dispatch.web.account.words import SCOPES, refuse_unknown
from dispatch.web.i18n import gettext
from dispatch.web.words import word


def keys_blueprint(keys: Keys) -> Blueprint:
    """The list, a new key shown once, and revoking one."""
    bp = Blueprint("keys", __name__)

    def page(**more: Any) -> str:
        return render_template("keys.html", keys=keys.keys(), SCOPES=SCOPES, word=word, form=request.form, **more)

    @bp.get("/keys")
    @require(Right.KEYS)
    def listed() -> str:
        return page()

    @bp.post("/keys")
    @require(Right.KEYS)
    @recently
    def made() -> Any:
        form = request.form
        scope = " ".join(form.getlist("scope"))
        try:
            refuse_unknown(scope)
            shown = keys.new_key(
                form.get("name", ""), scope, gateways=form.get("gateways", "").split(), by=caller(),
            )  # fmt: skip
        except Invalid as refusal:
            return make_response(page(error=gettext(refusal.detail)), 422)
        return page(shown=shown)

    @bp.post("/keys/<prefix>/revoke")
    @require(Right.KEYS)
    @recently
    def revoked(prefix: str) -> Response:
        keys.revoke(prefix, by=caller())
        flash(gettext("Done."))
        return redirect("/keys", 303)

    return bp
