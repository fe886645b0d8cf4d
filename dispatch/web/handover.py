"""`/handover`: what is open when the shift changes, signed by who goes and by who comes; it prints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.dark.sheets import Rota
from dispatch.ids import AlarmId
from dispatch.rules.claims import Claim
from dispatch.rules.handing_over import Handover
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.web import telling, words
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import gettext

NOTE_MAX = 4_000

Plain = dict[str, Any]


class Handing(Protocol):
    """Who keeps handovers; `dispatch.handover.watch.Watch`."""

    def begin(self, *, by: Person, note: str, area: Area) -> Handover: ...

    def take(self, id_: str, *, by: Person, area: Area) -> Handover: ...

    def recent(self, most: int = ..., area: Area = ...) -> list[Handover]: ...

    def waiting(self, area: Area = ...) -> Handover | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """
    One more thing to hand over: a title (a message id), the page to look at, and its rows for an area, each a sentence
    in the language of the request. Absences, devices in trouble, follow-ups.
    """

    title: str
    path: str
    rows: Callable[[Area], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page reads: the open alarms in short, who is in charge of them, who is on duty, who is called what."""

    alarms: Callable[[], list[Plain]]
    claims: Callable[[datetime], Mapping[AlarmId, Claim]]
    rota: Callable[[datetime], Rota]
    names: Callable[[], Mapping[str, str]]
    topics: Sequence[Topic] = ()


def handover_blueprint(handing: Handing, shown: Shown, clock: Clock) -> Blueprint:
    """`/handover` and its two signatures."""
    bp = Blueprint("handover", __name__)

    @bp.get("/handover")
    @require(Right.ALARMS_ACT)
    def page() -> str:
        return render_template("handover.html", **_told(handing, shown, clock.now()))

    @bp.post("/handover")
    @require(Right.ALARMS_ACT)
    def begin() -> Response:
        handing.begin(by=caller(), note=request.form.get("note", "").strip()[:NOTE_MAX], area=area())
        flash(gettext("Signed. The incoming operator signs in and takes over here."))
        return redirect("/handover", 303)

    @bp.post("/handover/<id_>/take")
    @require(Right.ALARMS_ACT)
    def take(id_: str) -> Response:
        handing.take(id_, by=caller(), area=area())
        flash(gettext("You have the watch."))
        return redirect("/handover", 303)

    return bp


def _told(handing: Handing, shown: Shown, now: datetime) -> Plain:
    here, names, claims = area(), shown.names(), shown.claims(now)
    rows = []
    for each in shown.alarms():
        if here.answers_for(each["station_id"]):
            claim = claims.get(AlarmId(each["id"]))
            rows.append({
                **each, "shape": words.SHAPES[each["state"]], "where": each["address"] or gettext("place unknown"),
                "claim": telling.called(claim.by, None, names) if claim else None,
            })  # fmt: skip
    return {
        "now": now, "rows": rows, "waiting": handing.waiting(here), "recent": handing.recent(8, here),
        "names": names,
        "rota": shown.rota(now).within(here), "me": caller(), "STATES": words.STATES, "CAUSES": words.CAUSES,
        "topics": [(each, list(each.rows(here))) for each in shown.topics],
    }  # fmt: skip
