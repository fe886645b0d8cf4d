# mypy: disable-error-code="untyped-decorator"
"""`/privacy`: what people ask about their data, one resident's data given out, erasing by two people. Also as API."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as AnyResponse

from dispatch.errors import Invalid, NotFound
from dispatch.privacy.erasing import KINDS, WORDS_MAX, Erasing
from dispatch.privacy.exporting import Exporting
from dispatch.privacy.retention import Retention
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, recently, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import N_, gettext
from dispatch.web.once import Once
from dispatch.web.schemas import FILE, Text, Wire, named
from dispatch.web.words import word

SHOWN_MAX = 200

ASKED: Mapping[str, str] = {
    "access": N_("a copy of the data"),
    "correction": N_("a correction"),
    "erasure": N_("erasure"),
    "withdrawal": N_("a consent withdrawn"),
}
STANDS: Mapping[str, str] = {
    "open": N_("to be answered"),
    "approved": N_("agreed by two, is being done"),
    "refused": N_("refused"),
    "done": N_("done"),
}

Plain = dict[str, Any]
IdOf = Callable[[str], str | None]
Names = Callable[[], Mapping[str, str]]


def privacy_pages(
    erasing: Erasing, exporting: Exporting, retention: Retention, *, id_of: IdOf, names: Names, zone: tzinfo
) -> Blueprint:
    """`/privacy` and its forms. `id_of` finds a resident by code; `names` says what people are called, by reference."""
    bp = Blueprint("privacy", __name__)

    def moment(at: datetime | None) -> str:
        return at.astimezone(zone).strftime("%Y-%m-%d") if at else "—"

    def page(said: Mapping[str, str], wrong: Mapping[str, Any]) -> str:
        return render_template(
            "privacy.html", requests=erasing.recent(SHOWN_MAX, area()), names=names(), said=said, wrong=wrong,
            kinds=ASKED, STANDS=STANDS, rules=retention.rules, lacking=retention.lacking, moment=moment, word=word,
            me=caller(),
        )  # fmt: skip

    def resident_of(said: Mapping[str, str]) -> str:
        found = id_of(said.get("resident", "").strip())
        if found is None:
            raise Invalid("There is no such resident.", {"resident": "unknown"})
        return found

    @bp.get("/privacy")
    @require(Right.ERASE)
    def privacy() -> str:
        return page({}, {})

    @bp.post("/privacy/ask")
    @require(Right.ERASE)
    def ask() -> AnyResponse:
        said = request.form
        try:
            erasing.ask(
                resident_of(said), said.get("kind", ""), asked_by=said.get("asked_by", ""),
                reason=said.get("reason", ""), by=caller(), area=area(),
            )  # fmt: skip
        except (Invalid, NotFound) as refused:
            wrong = refused.errors if isinstance(refused, Invalid) else {"resident": "unknown"}
            return make_response(page(said, wrong), 422)
        flash(gettext("Kept, thank you."))
        return redirect("/privacy", 303)

    @bp.post("/privacy/export")
    @require(Right.ERASE)
    @recently
    def export() -> AnyResponse:
        said = request.form
        try:
            packed = exporting.export(resident_of(said), by=caller(), reason=said.get("reason", ""), area=area())
        except (Invalid, NotFound) as refused:
            wrong = refused.errors if isinstance(refused, Invalid) else {"resident": "unknown"}
            return make_response(page(said, {f"export_{key}": why for key, why in wrong.items()}), 422)
        return _zipped(packed)

    @bp.post("/privacy/<request_id>/<any(approve, done, refused):what>")
    @require(Right.ERASE)
    def decide(request_id: str, what: str) -> AnyResponse:
        if what == "approve":
            erasing.approve(request_id, by=caller(), area=area())
        else:
            erasing.answer(request_id, what, answer=request.form.get("answer", ""), by=caller(), area=area())
        flash(gettext("Done."))
        return redirect("/privacy", 303)

    return bp


def _zipped(packed: bytes) -> Response:
    # The name says nothing of whom it is about: it stays in the browser's list of downloads.
    headers = {"Content-Disposition": 'attachment; filename="personal-data.zip"'}
    return Response(packed, mimetype="application/zip", headers=headers)


class AskSchema(Wire):
    """What somebody asked about a resident's data; `resident` is their id."""

    resident = Text(40, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    asked_by = Text(120, required=True)
    reason = Text(WORDS_MAX, required=True)


class ReasonSchema(Wire):
    """Why."""

    reason = Text(WORDS_MAX, required=True)


class AnswerSchema(Wire):
    """What was answered, and whether it was done or refused."""

    state = fields.String(required=True, validate=validate.OneOf(["done", "refused"]))
    answer = Text(WORDS_MAX, required=True)


class RequestSchema(Schema):
    """A request by its id."""

    request = fields.String(required=True)


class StandingSchema(Schema):
    """A request as it stands, without the words of it."""

    id = fields.String(required=True)
    resident = fields.String(required=True, attribute="resident_id")
    kind = fields.String(required=True)
    state = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    answer_by = fields.AwareDateTime(required=True)


class StandingsSchema(Schema):
    """Requests, open ones first."""

    items = fields.List(fields.Nested(StandingSchema), required=True)


class DueSchema(Schema):
    """What one rule of retention finds due now."""

    kind = fields.String(required=True)
    table = fields.String(required=True)
    days = fields.Integer(required=True)
    rows = fields.Integer(required=True)
    source = fields.String(required=True)


class DuesSchema(Schema):
    """Every rule."""

    items = fields.List(fields.Nested(DueSchema), required=True)


def privacy_blueprint(
    erasing: Erasing, exporting: Exporting, retention: Retention, *, transactions: Transactions
) -> ApiBlueprint:
    """`/api/v1/privacy`: the same for programs of people; no machine's key gives out or erases anybody's data."""
    bp = ApiBlueprint("privacy_api", __name__, url_prefix="/privacy", description="Requests about personal data")
    once = Once(transactions)

    @bp.get("/requests")
    @require(Right.ERASE)
    @bp.response(200, StandingsSchema)
    def requests() -> Any:
        return {"items": erasing.recent(SHOWN_MAX, area())}

    @bp.post("/requests")
    @require(Right.ERASE)
    @once
    @bp.arguments(AskSchema)
    @bp.response(201, RequestSchema)
    def ask(wanted: Plain) -> Any:
        words = {"asked_by": wanted["asked_by"], "reason": wanted["reason"]}
        with named("resident"):
            return {"request": erasing.ask(wanted["resident"], wanted["kind"], **words, by=caller(), area=area())}

    @bp.post("/requests/<request_id>/approve")
    @require(Right.ERASE)
    @once
    @bp.response(200, RequestSchema)
    def approve(request_id: str) -> Any:
        erasing.approve(request_id, by=caller(), area=area())
        return {"request": request_id}

    @bp.post("/requests/<request_id>/answer")
    @require(Right.ERASE)
    @once
    @bp.arguments(AnswerSchema)
    @bp.response(200, RequestSchema)
    def answer(wanted: Plain, request_id: str) -> Any:
        erasing.answer(request_id, wanted["state"], answer=wanted["answer"], by=caller(), area=area())
        return {"request": request_id}

    @bp.post("/residents/<resident_id>/export")
    @require(Right.ERASE)
    @recently
    @bp.arguments(ReasonSchema)
    @bp.response(200, FILE, content_type="application/zip", description="data.json and data.html")
    def export(wanted: Plain, resident_id: str) -> Any:
        return _zipped(exporting.export(resident_id, by=caller(), reason=wanted["reason"], area=area()))

    @bp.get("/retention")
    @require(Right.ERASE)
    @bp.response(200, DuesSchema)
    def due() -> Any:
        return {
            "items": [
                {"kind": each.rule.kind, "table": each.rule.table, "days": each.rule.days, "rows": each.rows,
                 "source": each.rule.source}
                for each in retention.due()
            ]
        }  # fmt: skip

    return bp
