# mypy: disable-error-code="untyped-decorator"
"""What an operator says of a call that rang in: that it is an alarm, or that it is none. One key each."""

from typing import Any, Protocol

from flask import Blueprint, flash, redirect, request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from dispatch.ids import AlarmId, CallId, HomeId
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import gettext
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire


class Judges(Protocol):
    """Who does it; `dispatch.calls.Calls`."""

    def raise_alarm(self, id_: CallId, *, by: Person, home_id: HomeId | None = None) -> AlarmId: ...

    def dismiss(self, id_: CallId, *, by: Person) -> None: ...


class Book(Protocol):
    """Whose a call is; `dispatch.callbook.CallBook` knows."""

    def refuse_foreign(self, id_: CallId, area: Area) -> None: ...


class WhichHomeSchema(Wire):
    """The home somebody must go to, by its id, where the number belongs to several."""

    home = Text()


class JudgedSchema(Schema):
    """What became of it: the alarm it is now, null where it is none."""

    call = fields.String(required=True)
    alarm = fields.String(required=True, allow_none=True)


def calls_blueprint(calls: Judges, *, transactions: Transactions, book: Book) -> ApiBlueprint:
    """
    `POST /api/v1/calls/{id}/alarm` and `/dismiss`, for people who are signed in: a machine judges no call.

    404 where there is no such call, 409 where somebody has judged it already, 422 where the number does not belong to
    the home named.
    """
    bp = ApiBlueprint("calls", __name__, url_prefix="/calls", description="Calls that rang in")
    once = Once(transactions)

    @bp.post("/<call_id>/alarm")
    @require(Right.ALARMS_ACT)
    @once
    @bp.arguments(WhichHomeSchema)
    @bp.response(200, JudgedSchema)
    def alarm(wanted: dict[str, Any], call_id: str) -> Any:
        home = wanted.get("home")
        book.refuse_foreign(CallId(call_id), area())
        made = calls.raise_alarm(CallId(call_id), by=caller(), home_id=HomeId(home) if home else None)
        return {"call": call_id, "alarm": made}

    @bp.post("/<call_id>/dismiss")
    @require(Right.ALARMS_ACT)
    @once
    @bp.response(200, JudgedSchema)
    def dismiss(call_id: str) -> Any:
        book.refuse_foreign(CallId(call_id), area())
        calls.dismiss(CallId(call_id), by=caller())
        return {"call": call_id, "alarm": None}

    return bp


def call_forms(calls: Judges, book: Book) -> Blueprint:
    """The same for a board without a script: `POST /calls/<id>/alarm` and `/dismiss`."""
    bp = Blueprint("call_forms", __name__)

    @bp.post("/calls/<call_id>/<any(alarm, dismiss):what>")
    @require(Right.ALARMS_ACT)
    def judge(call_id: str, what: str) -> Response:
        book.refuse_foreign(CallId(call_id), area())
        if what == "dismiss":
            calls.dismiss(CallId(call_id), by=caller())
            flash(gettext("Done."))
            return redirect("/board", 303)
        home = request.form.get("home")
        made = calls.raise_alarm(CallId(call_id), by=caller(), home_id=HomeId(home) if home else None)
        return redirect(f"/board?alarm={made}", 303)

    return bp
