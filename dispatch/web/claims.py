# mypy: disable-error-code="untyped-decorator"
"""Who is in charge of an alarm, and the ticks of its plan: by the board's script, and by plain forms."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid
from dispatch.ids import AlarmId
from dispatch.rules.claims import Claim, Held, Tick
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.web.access import caller, require
from dispatch.web.alarms import Names
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import gettext
from dispatch.web.schemas import NOTE_MAX, Text, Wire


class Claims(Protocol):
    """Who keeps them; `dispatch.handover.claiming.Claiming`."""

    def take(self, alarm_id: AlarmId, *, by: Person, over: bool = False, reason: str | None = None) -> Claim: ...

    def leave(self, alarm_id: AlarmId, *, by: Person) -> None: ...

    def tick(self, alarm_id: AlarmId, step: Tick, *, by: Person, done: bool = True) -> None: ...


class TakeSchema(Wire):
    """`over` takes it from a colleague who holds it; that needs a reason."""

    over = fields.Boolean(load_default=False)
    reason = Text(NOTE_MAX)


class TickSchema(Wire):
    """A step of the response plan; `done` false takes a tick back."""

    step = fields.Enum(Tick, by_value=True, required=True)
    done = fields.Boolean(load_default=True)


class ClaimSchema(Schema):
    """Who is in charge of the alarm now."""

    alarm = fields.String(required=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "operator:<id>; null for nobody"})
    since_at = fields.String(required=True, allow_none=True)


class Desk:
    """What both kinds of callers do: a colleague's claim is told by their name."""

    def __init__(self, claims: Claims, names: Callable[[], Mapping[str, str]]) -> None:
        self._claims = claims
        self._names = names

    def take(self, alarm_id: AlarmId, *, over: bool, reason: str | None) -> Claim:
        """
        The caller is in charge from now on.

        Raises:
            Conflict: a colleague is, and `over` was not said; the sentence names them.
        """
        try:
            return self._claims.take(alarm_id, by=caller(), over=over, reason=reason)
        except Held as held:
            name = self._names().get(held.claim.by, held.claim.by)
            raise Conflict(gettext("%(name)s is in charge. Shift+F2 takes over, with a reason.", name=name)) from None

    def leave(self, alarm_id: AlarmId) -> None:
        self._claims.leave(alarm_id, by=caller())

    def tick(self, alarm_id: AlarmId, step: Tick, *, done: bool) -> None:
        self._claims.tick(alarm_id, step, by=caller(), done=done)


def claims_blueprint(desk: Desk, names: Names) -> ApiBlueprint:
    """
    `POST /api/v1/alarms/{id}/take`, `/leave` and `/tick`, for people alone: a program sits at no desk.

    404 for an unknown alarm, 409 where a colleague is in charge, 422 where the reason is missing.
    """
    bp = ApiBlueprint("claims", __name__, url_prefix="/alarms", description="Who is in charge of an alarm")

    @bp.post("/<name>/take")
    @require(Right.ALARMS_ACT)
    @bp.arguments(TakeSchema)
    @bp.response(200, ClaimSchema)
    def take(wanted: dict[str, Any], name: str) -> Any:
        alarm_id = names.alarm(name)
        claim = desk.take(alarm_id, over=wanted["over"], reason=wanted.get("reason"))
        return {"alarm": alarm_id, "by": claim.by, "since_at": claim.since_at.isoformat()}

    @bp.post("/<name>/leave")
    @require(Right.ALARMS_ACT)
    @bp.response(200, ClaimSchema)
    def leave(name: str) -> Any:
        alarm_id = names.alarm(name)
        desk.leave(alarm_id)
        return {"alarm": alarm_id, "by": None, "since_at": None}

    @bp.post("/<name>/tick")
    @require(Right.ALARMS_ACT)
    @bp.arguments(TickSchema)
    @bp.response(200, ClaimSchema)
    def tick(wanted: dict[str, Any], name: str) -> Any:
        alarm_id = names.alarm(name)
        desk.tick(alarm_id, wanted["step"], done=wanted["done"])
        return {"alarm": alarm_id, "by": None, "since_at": None}

    return bp


def claim_forms(desk: Desk, names: Names) -> Blueprint:
    """The same for a board without a script: `POST /alarms/<id>/take`, `/leave` and `/tick`."""
    bp = Blueprint("claim_forms", __name__)

    @bp.post("/alarms/<name>/<any(take, leave, tick):what>")
    @require(Right.ALARMS_ACT)
    def act(name: str, what: str) -> Response:
        alarm_id, form = names.alarm(name), request.form
        if what == "take":
            desk.take(alarm_id, over=form.get("over") == "true", reason=form.get("reason", "")[:NOTE_MAX] or None)
        elif what == "leave":
            desk.leave(alarm_id)
        else:
            desk.tick(alarm_id, _step(form.get("step")), done=form.get("done") != "false")
        flash(gettext("Done."))
        return redirect(f"/board?alarm={alarm_id}", 303)

    return bp


def _step(said: str | None) -> Tick:
    if said not in set(Tick):
        raise Invalid("Please choose one.", {"step": "unknown"})
    return Tick(said)
