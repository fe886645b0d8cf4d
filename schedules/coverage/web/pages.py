"""
`/coverage`, and `/coverage.json` behind its map: when which homes have nobody who could come in time, and why.

Every fact is in words on the page; the map shows those who are alone at the chosen instant once more.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from jinja2 import Environment
from werkzeug.wrappers import Response

from dispatch.ids import HomeId
from dispatch.rules.people import Home
from dispatch.rules.rights import Right
from dispatch.rules.streets import streets
from dispatch.web.access import area, require
from dispatch.web.i18n import N_, gettext
from schedules.coverage.outlook import Outlook, Outlooks
from schedules.coverage.rules.reach import Reason
from schedules.coverage.store import Lived

SHOWN_MAX = 200
"""Homes of one gap that are listed by name, and homes alone that are drawn as marks."""

REASONS: Mapping[str, str] = {
    Reason.NOBODY_ON_DUTY: N_("nobody is on duty"),
    Reason.NOBODY_REACHABLE: N_("whoever is on duty does not answer"),
    Reason.TOO_FAR: N_("everybody on duty is too far away"),
}
SILENT: Mapping[str, str] = {
    "no_phone": N_("has no telephone on file"),
    "opted_out": N_("wants no messages"),
    "silent": N_("did not answer the monthly test"),
    "refused": N_("messages to this number fail"),
    "answered_long_ago": N_("has not answered for more than a month"),
}

Plain = dict[str, Any]


def coverage_pages(outlooks: Outlooks) -> Blueprint:
    """The page and what its map draws."""
    bp = Blueprint("coverage", __name__, template_folder="templates")
    bp.record_once(lambda state: _teach(state.app.jinja_env, outlooks))

    @bp.get("/coverage")
    @require(Right.CARERS_SEE)
    def page() -> str:
        at, wrong = _moment(outlooks)
        seen = outlooks.of(area())
        return render_template(
            "coverage.html", seen=seen, at=at, said=request.args.get("at", ""), wrong=wrong, now=outlooks.now(),
            alone=seen.alone(at), REASONS=REASONS, SILENT=SILENT, SHOWN_MAX=SHOWN_MAX,
        )  # fmt: skip

    @bp.get("/coverage.json")
    @require(Right.CARERS_SEE)
    def told() -> Response:
        return jsonify(_drawn(outlooks.of(area()), _moment(outlooks)[0]))

    return bp


def _moment(outlooks: Outlooks) -> tuple[datetime, str]:
    """The instant that was asked for, in the district's time, and what is wrong with it; now where nothing is said."""
    said = request.args.get("at", "").strip()
    if not said:
        return outlooks.now(), ""
    try:
        at = datetime.fromisoformat(said)
        at = (at if at.tzinfo else at.replace(tzinfo=outlooks.calendar.tzinfo)).astimezone(UTC)
    except (ValueError, OverflowError):
        return outlooks.now(), gettext("This is no time: write it like 2026-12-24T02:30.")
    return at, ""


def _drawn(seen: Outlook, at: datetime) -> Plain:
    alone = [each for each, _ in seen.alone(at) if each.position]
    placed = [each for each in seen.homes.values() if each.position]
    return {
        "alarms": [], "carers": [], "streets": [asdict(each) for each in streets(map(_home, placed))],
        "stations": [{"name": each.address, **_point(each.position)} for each in alone[:SHOWN_MAX]],
        "homes": [{"name": each.address, **_point(each.position)} for each in placed[:3000]],
    }  # fmt: skip


def _home(lived: Lived) -> Home:
    return Home(
        id=HomeId(lived.id), code=lived.code, address=lived.address, position=lived.position,
        station_id=lived.station_id,
    )  # fmt: skip


def _point(position: Any) -> Plain:
    return {"lat": position.lat, "lng": position.lng}


def _teach(pages: Environment, outlooks: Outlooks) -> None:
    pages.filters.update(
        day_time=lambda at: outlooks.calendar.local(at).strftime("%m-%d %H:%M"),
        field_time=lambda at: outlooks.calendar.local(at).strftime("%Y-%m-%dT%H:%M"),
    )
