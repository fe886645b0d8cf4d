"""`/find`: people and homes by whatever is known of them, and residents by their ID number."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Invalid, NotFound
from dispatch.registry.id_numbers import checked
from dispatch.rules.rights import Right
from dispatch.web.access import area, require
from dispatch.web.i18n import gettext
from dispatch.web.residents.work import Work


def finding(bp: Blueprint, work: Work, words: Mapping[str, Any]) -> None:
    """The page and its two forms; `words` are what its template calls things."""

    @bp.get("/find")
    @require(Right.RESIDENTS_SEE)
    def find() -> str:
        typed_ = request.args.get("q", "").strip()
        return render_template("find.html", q=typed_, found=work.finding.find(typed_, area()), **words)

    @bp.post("/find")
    @require(Right.RESIDENTS_SEE)
    def numbered() -> Response:
        # An ID number stands in no address: addresses are kept by browsers and servers.
        number = request.form.get("id_number", "")[:40]
        try:
            return redirect(f"/residents/{work.registry.numbered(checked(number, work.today()), area())}", 303)
        except Invalid as refusal:
            # Of a slip of the finger "nobody fits" would say that this person is not on the register.
            page = render_template("find.html", q="", found=[], number=number, errors=wrong_fields(refusal), **words)
            return make_response(page, 422)
        except NotFound:
            page = render_template("find.html", q="", found=[], nobody=True, number=number, **words)
            return make_response(page, 404)


def wrong_fields(refusal: Exception | None) -> Mapping[str, str]:
    """Field → what is wrong with it, in the language of this request; nothing for another refusal."""
    found = refusal.errors.get("json", {}) if isinstance(refusal, Invalid) else {}
    return {name: _first(what) for name, what in found.items()}


def _first(what: Any) -> str:
    while isinstance(what, dict | list) and what:
        what = next(iter(what.values())) if isinstance(what, dict) else what[0]
    return gettext(str(what))
