"""`/places`: service points with what is open now, near a home if one is named, on a map, and a form to keep them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Invalid, NotFound
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import N_, gettext
from schedules.places.desk import FIELDS, Open, PlacesDesk
from schedules.places.rules.place import Kind

KINDS: Mapping[str, str] = {
    Kind.CANTEEN: N_("canteen"), Kind.CLINIC: N_("clinic"), Kind.REPAIR: N_("repairs"), Kind.STATION: N_("station"),
    Kind.OTHER: N_("other"),
}  # fmt: skip


def places_pages(desk: PlacesDesk) -> Blueprint:
    """The page, its map and its forms."""
    bp = Blueprint("places", __name__, template_folder="templates")

    @bp.get("/places")
    @require(Right.RESIDENTS_SEE)
    def page() -> Any:
        return _page(desk)

    @bp.get("/places.json")
    @require(Right.RESIDENTS_SEE)
    def told() -> Response:
        marks = [
            {"name": each.point.name, "lat": each.point.position.lat, "lng": each.point.position.lng}
            for each in desk.all(_kind())
        ]
        return jsonify(alarms=[], carers=[], homes=[], streets=[], stations=marks)

    @bp.post("/places")
    @require(Right.IMPORT)
    def put() -> Any:
        try:
            if request.form.get("list"):
                count = desk.put_list(request.form["list"], by=caller())
            else:
                count = desk.put([{name: request.form.get(name, "") for name in FIELDS}], by=caller())
        except Invalid as refused:
            return make_response(_page(desk, wrong=refused.detail), 422)
        flash(gettext("Kept: %(n)s", n=count))
        return redirect("/places", 303)

    @bp.post("/places/end")
    @require(Right.IMPORT)
    def end() -> Any:
        try:
            desk.end(request.form.get("code", ""), by=caller())
        except NotFound as refused:
            return make_response(_page(desk, wrong=refused.detail), 404)
        return redirect("/places", 303)

    return bp


def _kind() -> str:
    said = request.args.get("kind", "")
    return said if said in KINDS else ""


def _page(desk: PlacesDesk, *, wrong: str = "") -> str:
    home = request.args.get("home", "").strip()
    rows: list[Open] = []
    try:
        rows = _near(desk, home) if home else desk.all(_kind())
    except NotFound as refused:
        wrong = wrong or refused.detail
    return render_template(
        "places.html", rows=rows, kind=_kind(), home=home, wrong=wrong, said=request.form, KINDS=KINDS,
        shares=desk.shares(area()), head=",".join(FIELDS),
    )  # fmt: skip


def _near(desk: PlacesDesk, home: str) -> list[Open]:
    position = desk.home(home, area()).position
    assert position is not None
    return desk.near(position, kind=_kind(), only_open=True)
