"""
`/roads`: whether messages get through. Who cannot be reached, what each provider and number takes, which paths were
exercised, which streets are only listened to, and how the siren is. Works on a phone and without a script.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, render_template, request
from jinja2 import Environment
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.drilling import Drilling
from dispatch.errors import Invalid
from dispatch.horn.judge import Reason
from dispatch.horn.state import SirenState
from dispatch.reachability import Reachability
from dispatch.rules.rights import DISTRICT, Area, Right
from dispatch.shadow import MODES, Shadowing
from dispatch.store.shadows import EVERYWHERE, LIVE
from dispatch.web import words
from dispatch.web.access import area, caller, refuse_narrow, require
from dispatch.web.boards import Note
from dispatch.web.i18n import N_, gettext

DRILLS_SHOWN = 20
WOULD_HAVE_SHOWN = 100

COUNTED_S = 30.0
"""Counting goes through a month of messages, and every board asks for the strip all the time."""

Plain = dict[str, Any]

RESULTS: Mapping[str, str] = {
    "running": N_("running"),
    "passed": N_("passed"),
    "failed": N_("failed"),
    "broken_off": N_("broken off: a real alarm"),
}

LACKING: Mapping[str, str] = {
    "raised": N_("the gateway did not hear it"),
    "taken": N_("the provider did not take it"),
    "answered": N_("nobody answered"),
}

UNREACHED: Mapping[str, str] = {
    "no_phone": N_("no phone"),
    "opted_out": N_("refuses our texts"),
    "silent": N_("did not answer the test"),
    "refused": N_("no message gets through"),
}

TESTS: Mapping[str, str] = {"asked": N_("asked"), "answered": N_("has answered"), "silent": N_("no answer")}

REASONS: Mapping[str, str] = {
    Reason.ENGINE: N_("the engine is silent"),
    Reason.DATABASE: N_("the database cannot be written"),
    Reason.UNREADABLE: N_("the database cannot be read"),
    Reason.UNKEPT: N_("a call for help was heard and cannot be kept"),
    Reason.UNTAKEN: N_("an emergency message does not get out"),
    Reason.OVERDUE: N_("an alarm is not being handled"),
    Reason.PROVIDERS: N_("no provider takes anything"),
    Reason.COURIER: N_("the courier is stuck"),
    Reason.GATEWAY: N_("a gateway is lost"),
    Reason.WATCH: N_("the watch is silent"),
    Reason.OUTLET: N_("a part of the siren is disturbed"),
    Reason.MISTAKE: N_("the siren's settings are wrong"),
    Reason.TEST: N_("this is a test"),
}


class Siren(Protocol):
    """What is known of the siren's own process."""

    def __call__(self) -> SirenState | None: ...


class RoadsPage:
    """Gathers what the page and the strip show."""

    def __init__(
        self, reach: Reachability, drilling: Drilling, shadowing: Shadowing, *, clock: Clock, siren: Siren,
        siren_well: Callable[[], bool | None], worries: Callable[[], Sequence[str]],
        names: Callable[[], Mapping[str, str]],
    ) -> None:  # fmt: skip
        """`siren_well` is None where none is set up; `names` says what people are called, by reference."""
        self.reach = reach
        self.drilling = drilling
        self.shadowing = shadowing
        self._clock = clock
        self._siren = siren
        self._siren_well = siren_well
        self._worries = worries
        self._names = names
        self._counted: tuple[float, list[Note]] | None = None

    def whole(self, area: Area = DISTRICT) -> Plain:
        """Everything on the page. Streets and exercises are the whole district's: a station sees its carers only."""
        now = self._clock.now()
        if not area.is_district:
            return self._of_stations(area)
        switches = {each.area: each.mode for each in self.shadowing.switches()}
        streets = [EVERYWHERE, *self.shadowing.streets()]
        return {
            "carers": self.reach.carers(), "rates": self.reach.providers(),
            "drills": self.drilling.recent(DRILLS_SHOWN),
            "paths": self.drilling.paths(), "untested": sorted(self.drilling.untested(now).items()),
            "streets": [(each, switches.get(each) or switches.get(EVERYWHERE) or LIVE) for each in streets],
            "everywhere": EVERYWHERE, "would_have": self.shadowing.would_have(WOULD_HAVE_SHOWN), "siren": self._siren(),
            "siren_well": self._siren_well(), "worries": self._worries(), "names": self._names(), **_WORDS,
        }  # fmt: skip

    def _of_stations(self, area: Area) -> Plain:
        return {
            "carers": [each for each in self.reach.carers() if area.covers(each.carer.station_id)],
            "rates": self.reach.providers(), "drills": [], "paths": [], "untested": [], "streets": [],
            "everywhere": EVERYWHERE, "would_have": [], "siren": self._siren(), "siren_well": self._siren_well(),
            "worries": self._worries(), "names": {}, "narrow": True, **_WORDS,
        }  # fmt: skip

    def notes(self) -> list[Note]:
        """What the strip of the board says: only what is not well. Faults are fresh, figures half a minute old."""
        now_s = self._clock.look().steady_s
        if self._counted is None or now_s - self._counted[0] >= COUNTED_S:
            self._counted = now_s, self._figures()
        faults = [Note(text=REASONS[each], fault=True) for each in self._worries() if each in REASONS]
        dead = [Note(text=N_("siren silent"), fault=True)] if self._siren_well() is False else []
        return [*faults, *dead, *self._counted[1]]

    def _figures(self) -> list[Note]:
        unreached, untested = len(self.reach.unreached()), len(self.drilling.untested(self._clock.now()))
        dark = any(each.mode != LIVE for each in self.shadowing.switches())
        found = [
            Note(text=N_("%(n)s not reachable"), count=unreached) if unreached else None,
            Note(text=N_("paths untested: %(n)s"), count=untested) if untested and self.drilling.recent(1) else None,
            Note(text=N_("shadow mode")) if dark else None,
        ]
        return [each for each in found if each is not None]


def roads_blueprint(page: RoadsPage, *, zone: tzinfo) -> Blueprint:
    """`/roads` and its forms. `zone` is the district's."""
    bp = Blueprint("roads", __name__)
    bp.record_once(lambda state: _teach(state.app.jinja_env, zone))

    @bp.get("/roads")
    @require(Right.MESSAGES_SEE)
    def roads() -> str:
        return render_template("roads.html", **page.whole(area()))

    @bp.post("/roads/drill")
    @require(Right.ROADS_CHANGE)
    def drill() -> Response:
        refuse_narrow()
        parts = request.form.get("path", "").split("|")
        if len(parts) != 3:
            raise Invalid("Please choose one.", {"path": "missing"})
        page.drilling.begin(gateway=parts[0], provider=parts[1], channel=parts[2], by=caller())
        flash(gettext("The exercise has begun: see below."))
        return redirect("/roads#drills", 303)

    @bp.post("/roads/street")
    @require(Right.ROADS_CHANGE)
    def street() -> Response:
        refuse_narrow()
        mode = request.form.get("mode", "")
        if mode not in MODES:
            raise Invalid("Please choose one.", {"mode": "missing"})
        page.shadowing.switch(request.form.get("street", ""), mode, by=caller())
        flash(gettext("Done."))
        return redirect("/roads#streets", 303)

    return bp


def _teach(pages: Environment, zone: tzinfo) -> None:
    def moment(at: datetime | None) -> str:
        return at.astimezone(zone).strftime("%m-%d %H:%M") if at else "—"

    pages.filters.update(moment=moment)
    pages.globals.update(word=words.word)


_WORDS: Mapping[str, Any] = {
    "RESULTS": RESULTS, "LACKING": LACKING, "UNREACHED": UNREACHED, "TESTS": TESTS, "REASONS": REASONS,
    "CHANNELS": words.CHANNELS, "SENTENCES": words.SENTENCES,
}  # fmt: skip
