# mypy: disable-error-code="untyped-decorator"
"""`/paper` and `POST /api/v1/paper`: what was written by hand while the centre was dark, typed in with both times."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, render_template, request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.ids import AlarmId, HomeId, ResidentId, StationId
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.paper import Slip
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.rules.signal import Cause
from dispatch.store.transactions import Transactions
from dispatch.web import words
from dispatch.web.access import area, caller, require
from dispatch.web.alarms import Names
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import gettext
from dispatch.web.once import Once
from dispatch.web.schemas import NOTE_MAX, Text, Wire, named

CAUSES = [cause for cause in Cause if cause is not Cause.EXERCISE]

Plain = dict[str, Any]
Local = Callable[[str], datetime]
"""An aware instant out of what a field of a form says, `2026-11-22T03:10`, in the district's time."""


class Types(Protocol):
    """Who keeps it; `dispatch.dark.paper.Paper`."""

    def enter(self, slip: Slip, *, by: Person) -> AlarmId: ...


class SlipSchema(Wire):
    """One case: of an `alarm` that is known, or of a `home` and what was needed there. Times carry their offset."""

    alarm = Text()
    home = Text()
    resident = Text()
    cause = fields.Enum(Cause, by_value=True, load_default=Cause.HOTLINE)
    raised_at = fields.AwareDateTime()
    person = Text()
    accepted_at = fields.AwareDateTime()
    arrived_at = fields.AwareDateTime()
    proof = fields.Enum(Proof, by_value=True, load_default=Proof.VOICE)
    closed_at = fields.AwareDateTime()
    outcome = fields.Enum(Outcome, by_value=True)
    note = Text(NOTE_MAX)


class TypedSchema(Schema):
    """The alarm it belongs to."""

    alarm = fields.String(required=True)


class Desk:
    """From what a slip calls things to what they are, within the caller's stations."""

    def __init__(self, paper: Types, names: Names, station_of: Callable[[AlarmId], StationId | None],
                 home_station: Callable[[HomeId], StationId | None]) -> None:  # fmt: skip
        self._paper = paper
        self._names = names
        self._station_of = station_of
        self._home_station = home_station

    def enter(self, wanted: Mapping[str, Any]) -> AlarmId:
        """
        Keeps the slip.

        Raises:
            Invalid: it names something that is not there. Also what `dispatch.dark.paper.Paper.enter` raises.
        """
        here = area()
        with named("alarm"):
            alarm_id = self._alarm(wanted["alarm"], here) if wanted.get("alarm") else None
        home_id: HomeId | None = None
        resident_id: ResidentId | None = None
        if wanted.get("home"):
            home_id, resident_id = self._names.home(wanted["home"], wanted.get("resident"))
            if not here.covers(self._home_station(home_id)):
                with named("home"):
                    raise NotFound(f"no home {wanted['home'][:40]}")
        slip = Slip(
            alarm_id=alarm_id, home_id=home_id, resident_id=resident_id, cause=wanted.get("cause") or Cause.HOTLINE,
            person=self._person(wanted["person"], alarm_id, home_id) if wanted.get("person") else None,
            proof=wanted.get("proof") or Proof.VOICE, outcome=wanted.get("outcome"), note=wanted.get("note"),
            **{name: wanted.get(name) for name in ("raised_at", "accepted_at", "arrived_at", "closed_at")},
        )  # fmt: skip
        return self._paper.enter(slip, by=caller())

    def _person(self, name: str, alarm_id: AlarmId | None, home_id: HomeId | None) -> Person:
        if alarm_id is not None:
            return self._names.person_for(alarm_id, name)
        return self._names.person_at(home_id, name) if home_id is not None else self._names.person(name)

    def _alarm(self, name: str, here: Area) -> AlarmId:
        alarm_id = self._names.alarm(name)
        if not here.answers_for(self._station_of(alarm_id)):
            raise NotFound(f"no alarm {name[:40]}")
        return alarm_id


def paper_api(desk: Desk, *, transactions: Transactions) -> ApiBlueprint:
    """`POST /api/v1/paper`, for people alone: whoever typed it is named. May bring an `Idempotency-Key`."""
    bp = ApiBlueprint("paper", __name__, url_prefix="/paper", description="What was written on paper")
    once = Once(transactions)

    @bp.post("")
    @require(Right.ALARMS_ACT)
    @once
    @bp.arguments(SlipSchema)
    @bp.response(201, TypedSchema)
    def typed(wanted: dict[str, Any]) -> Any:
        return {"alarm": desk.enter(wanted)}

    return bp


def paper_page(desk: Desk, choices: Callable[[Area], Plain], *, local: Local) -> Blueprint:
    """`/paper`. `choices` are the open alarms, homes and carers that may be named."""
    bp = Blueprint("paper_page", __name__)

    def form(said: Mapping[str, str], refusal: Refusal | None = None) -> str:
        errors = {name: gettext(str(what[0] if isinstance(what, list) else what))
                  for name, what in _errors(refusal).items()}  # fmt: skip
        return render_template(
            "paper.html", said=said, refusal=gettext(refusal.detail) if refusal else None, errors=errors,
            causes=CAUSES, CAUSES=words.CAUSES, OUTCOMES=words.OUTCOMES, PROOFS=words.PROOFS, **choices(area()),
        )  # fmt: skip

    @bp.get("/paper")
    @require(Right.ALARMS_ACT)
    def page() -> str:
        return form({"alarm": request.args.get("alarm", "")})

    @bp.post("/paper")
    @require(Right.ALARMS_ACT)
    def typed() -> Response | tuple[str, int]:
        try:
            alarm_id = desk.enter(_read(request.form, local))
        except Refusal as refusal:
            # What was typed stays in the form: nobody reads a slip twice.
            return form(request.form, refusal), 422
        flash(gettext("Kept, with both times."))
        return redirect(f"/alarms/{alarm_id}", 303)

    return bp


def _errors(refusal: Refusal | None) -> Mapping[str, Any]:
    errors = refusal.errors if isinstance(refusal, Invalid) else {}
    inner = errors.get("json")
    return inner if isinstance(inner, Mapping) else errors


def _read(form: Mapping[str, str], local: Local) -> Plain:
    """What a form says, as the schema would have it; what is empty is left out."""
    said = {name: value.strip() for name, value in form.items() if value.strip() and name != "csrf_token"}
    read: Plain = {name: said[name][:NOTE_MAX] for name in ("alarm", "home", "person", "note") if name in said}
    for name in ("raised_at", "accepted_at", "arrived_at", "closed_at"):
        if name in said:
            read[name] = _time(said[name], name, local)
    for name, kind in (("cause", Cause), ("outcome", Outcome), ("proof", Proof)):
        if name in said:
            if said[name] not in [str(each) for each in kind]:
                raise Invalid("Please choose one.", {name: ["Please choose one."]})
            read[name] = kind(said[name])
    return read


def _time(said: str, name: str, local: Local) -> datetime:
    try:
        return local(said)
    except ValueError:
        raise Invalid("Please check what was entered.", {name: ["Write day and time."]}) from None
