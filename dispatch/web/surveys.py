# mypy: disable-error-code="untyped-decorator"
"""`/surveys`: the month's interviews to take and fill in by telephone, and how satisfied people are. Also as API."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import Invalid
from dispatch.rules.people import operator
from dispatch.rules.rights import Right
from dispatch.rules.satisfaction import OF, Results
from dispatch.satisfaction.surveying import ENDS, NOTE_MAX, Surveying
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, either, require, signed_in
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import N_, current_words, gettext
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire
from dispatch.web.words import word

STATES: Mapping[str, str] = {
    "open": N_("to be asked"),
    "taken": N_("is being asked"),
    "done": N_("answered"),
    "refused": N_("does not want to"),
    "unreached": N_("not reached, try again"),
    "left": N_("not served any more"),
}
POINTS: Mapping[int, str] = {
    5: N_("very satisfied"),
    4: N_("satisfied"),
    3: N_("so-so"),
    2: N_("dissatisfied"),
    1: N_("very dissatisfied"),
}
MEANS: Mapping[str, str] = {"sms": N_("SMS"), "voice": N_("Phone call"), "survey": N_("Interview")}

Plain = dict[str, Any]


def survey_pages(surveying: Surveying, *, clock: Clock) -> Blueprint:
    """`/surveys` and its forms."""
    bp = Blueprint("surveys", __name__)
    bp.record_once(lambda state: state.app.jinja_env.globals.update(word=word))

    def page(id_: str, said: Mapping[str, str], wrong: Mapping[str, Any]) -> str:
        one = surveying.one(id_, area())
        mine = one["survey"].interviewer == operator(signed_in().id) and one["survey"].state == "taken"
        return render_template(
            "survey.html", **one, mine=mine, form=surveying.form, said=said, wrong=wrong, tongue=current_words().lang,
            STATES=STATES, POINTS=POINTS,
        )  # fmt: skip

    @bp.get("/surveys")
    @require(Right.SURVEY)
    def surveys() -> str:
        here, now = area(), clock.now()
        months = [surveying.by_month(here, at) for at in (now, now - timedelta(days=31))]
        return render_template(
            "surveys.html", rows=surveying.list(here), months=months, STATES=STATES, MEANS=MEANS,
            source=surveying.form.source, lacking=surveying.lacking,
        )  # fmt: skip

    @bp.get("/surveys/<survey_id>")
    @require(Right.SURVEY)
    def one(survey_id: str) -> str:
        return page(survey_id, {}, {})

    @bp.post("/surveys/<survey_id>/take")
    @require(Right.SURVEY)
    def take(survey_id: str) -> Response:
        surveying.take(survey_id, signed_in().id, area())
        return redirect(f"/surveys/{survey_id}", 303)

    @bp.post("/surveys/<survey_id>")
    @require(Right.SURVEY)
    def end(survey_id: str) -> Response:
        said = request.form
        try:
            surveying.end(
                survey_id, signed_in().id, area(), state=said.get("state", ""), answers=_answers(surveying, said),
                note=said.get("note", ""),
            )  # fmt: skip
        except Invalid as refused:
            return make_response(page(survey_id, said, refused.errors), 422)
        flash(gettext("Kept, thank you."))
        return redirect("/surveys", 303)

    return bp


def _answers(surveying: Surveying, said: Mapping[str, str]) -> dict[str, int]:
    keys = (each.key for each in surveying.form.questions)
    return {key: int(said[key]) for key in keys if said.get(key, "").isascii() and said.get(key, "").isdigit()}


class TakenSchema(Schema):
    """The interview as it stands now."""

    survey = fields.String(required=True)
    state = fields.String(required=True)


class EndSchema(Wire):
    """How an interview ended. `answers`: question to points, 1 to 5, with `done` alone."""

    state = fields.String(required=True, validate=validate.OneOf(ENDS))
    answers = fields.Dict(keys=Text(40), values=fields.Integer(strict=True, validate=validate.Range(1, OF)))
    note = Text(NOTE_MAX)


class SurveySchema(Schema):
    """One interview of this month. No telephone stands here: it is told to whoever takes it."""

    id = fields.String(required=True)
    month = fields.String(required=True)
    resident = fields.String(required=True)
    station = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)


class SurveysSchema(Schema):
    """This month's interviews."""

    items = fields.List(fields.Nested(SurveySchema), required=True)


class ShareSchema(Schema):
    """One group; null everywhere where fewer than five answered."""

    group = fields.String(required=True)
    n = fields.Integer(required=True, allow_none=True)
    satisfied = fields.Integer(required=True, allow_none=True)
    rate = fields.Float(required=True, allow_none=True)
    meets = fields.Boolean(required=True, allow_none=True)


class ResultsSchema(Schema):
    """Satisfied answers of this month by station, with the yardstick and its source."""

    month = fields.String(required=True)
    groups = fields.List(fields.Nested(ShareSchema), required=True)
    whole = fields.Nested(ShareSchema, required=True)
    least = fields.Float(required=True)
    source = fields.String(required=True)


def surveys_blueprint(surveying: Surveying, *, transactions: Transactions) -> ApiBlueprint:
    """
    `/api/v1/surveys`: the month's interviews, and `/results`. Only a person takes or ends one: whoever served the
    resident gets 403, and 409 where somebody else has it or it is over.
    """
    bp = ApiBlueprint("surveys_api", __name__, url_prefix="/surveys", description="How satisfied people are")
    once = Once(transactions)

    @bp.get("")
    @either("surveys:read", Right.SURVEY)
    @bp.response(200, SurveysSchema)
    def surveys() -> Any:
        return {"items": [_plain(row) for row in surveying.list(area())]}

    @bp.get("/results")
    @either("surveys:read", Right.SURVEY)
    @bp.response(200, ResultsSchema)
    def results() -> Any:
        month, found = surveying.by_month(area())
        return _told(month, found)

    @bp.post("/<survey_id>/take")
    @require(Right.SURVEY)
    @once
    @bp.response(200, TakenSchema)
    def take(survey_id: str) -> Any:
        surveying.take(survey_id, signed_in().id, area())
        return {"survey": survey_id, "state": "taken"}

    @bp.post("/<survey_id>/end")
    @require(Right.SURVEY)
    @once
    @bp.arguments(EndSchema)
    @bp.response(200, TakenSchema)
    def end(wanted: Plain, survey_id: str) -> Any:
        surveying.end(
            survey_id, signed_in().id, area(), state=wanted["state"], answers=wanted.get("answers", {}),
            note=wanted.get("note", ""),
        )  # fmt: skip
        return {"survey": survey_id, "state": wanted["state"]}

    return bp


def _plain(row: Plain) -> Plain:
    survey = row["survey"]
    return {
        "id": survey.id,
        "month": survey.month,
        "resident": survey.resident_id,
        "station": survey.station_id,
        "state": survey.state,
    }


def _told(month: str, found: Results) -> Plain:
    return {
        "month": month,
        "groups": found.groups,
        "whole": found.whole,
        "least": found.least,
        "source": found.source,
    }
