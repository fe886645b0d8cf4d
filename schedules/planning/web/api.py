# mypy: disable-error-code="untyped-decorator"
"""Plans of visits on the wire: `/api/v1/plans`."""

from typing import Any

from marshmallow import Schema, fields, validate

from dispatch.errors import Invalid
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire
from schedules.planning.desk import DAYS_MAX, SECONDS, PlanDesk
from schedules.planning.web.shown import PlansShown, plan_out, visit_out

READ, WRITE = "read", "shifts"

Plain = dict[str, Any]


class PlanAskSchema(Wire):
    """What is to be planned. `station` is a code; without one the whole district, for who works for all of it."""

    first = fields.Date(required=True, metadata={"example": "2026-11-24", "description": "The first local day"})
    days = fields.Integer(load_default=1, validate=validate.Range(1, DAYS_MAX))
    station = Text(metadata={"example": "S1"})
    seconds = fields.Integer(validate=validate.Range(*SECONDS), metadata={"description": "How long to think"})
    seed = fields.Integer(load_default=1, validate=validate.Range(0, 2**31 - 1))


class PlanSchema(Schema):
    """A plan of visits, without them."""

    id = fields.String(required=True)
    station = fields.String(required=True, allow_none=True, metadata={"description": "The station's id"})
    first = fields.String(required=True)
    days = fields.Integer(required=True)
    state = fields.String(required=True)
    part = fields.Integer(required=True, metadata={"description": "Hundredths of the time that have gone"})
    seconds = fields.Integer(required=True)
    seed = fields.Integer(required=True)
    cost = fields.Dict(required=True, allow_none=True, metadata={"description": "By part, in seconds on the way"})
    error = fields.String(required=True, allow_none=True)
    asked_at = fields.String(required=True)
    asked_by = fields.String(required=True)
    published_at = fields.String(required=True, allow_none=True)
    published_by = fields.String(required=True, allow_none=True)


class PlanVisitSchema(Schema):
    """One visit of a plan; `start` is null and `reason` says why where it is left out."""

    visit = fields.String(required=True)
    resident = fields.String(required=True)
    home = fields.String(required=True)
    minutes = fields.Integer(required=True)
    carers = fields.List(fields.String(), required=True)
    had = fields.List(fields.String(), required=True, metadata={"description": "Whom it had before"})
    start = fields.String(required=True, allow_none=True)
    travel_s = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    why = fields.Dict(required=True, allow_none=True)
    refused = fields.String(required=True, allow_none=True)


class PlanWholeSchema(PlanSchema):
    """A plan with its visits."""

    visits = fields.List(fields.Nested(PlanVisitSchema), required=True)


class PlanListSchema(Schema):
    """The newest plans."""

    items = fields.List(fields.Nested(PlanSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class HandedSchema(Schema):
    """What became of publishing a plan, or of taking it back."""

    assigned = fields.Integer(required=True)
    refused = fields.Integer(required=True)


def plans_api(desk: PlanDesk, shown: PlansShown, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/plans`: asked for, read, published, taken back, dropped."""
    bp = ApiBlueprint("plans", __name__, url_prefix="/plans", description="Plans of visits")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.SHIFTS_CHANGE)
    @bp.response(200, PlanListSchema)
    def listed() -> Plain:
        """The newest plans of visits"""
        return {"items": [plan_out(each) for each in shown.recent(area())], "next": None}

    @bp.post("")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(PlanAskSchema)
    @bp.response(201, PlanSchema)
    def asked(wanted: Plain) -> Plain:
        """Ask for a plan of visits"""
        code = wanted.get("station")
        station = next((each for each in shown.stations(area()) if each.code == code), None)
        if station is None and (code is not None or not area().is_district):
            raise Invalid("There is no such station.", {"json": {"station": ["There is no such station."]}})
        plan = desk.ask(
            wanted["first"], wanted["days"], station.id if station else None, by=caller(),
            seconds=wanted.get("seconds"), seed=wanted["seed"],
        )  # fmt: skip
        return plan_out(plan)

    @bp.get("/<plan_id>")
    @either(READ, Right.SHIFTS_CHANGE)
    @bp.response(200, PlanWholeSchema)
    def one(plan_id: str) -> Plain:
        """One plan with its visits, and why each went where it went"""
        plan = shown.mine(plan_id, area())
        return {**plan_out(plan), "visits": [visit_out(each) for each in shown.visits(plan)]}

    @bp.post("/<plan_id>/publish")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @bp.response(200, HandedSchema)
    def publish(plan_id: str) -> Any:
        """The plan becomes true"""
        return desk.publish(shown.mine(plan_id, area()).id, by=caller())

    @bp.post("/<plan_id>/undo")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @bp.response(200, HandedSchema)
    def undo(plan_id: str) -> Any:
        """Every visit goes back to whom it had before"""
        return desk.undo(shown.mine(plan_id, area()).id, by=caller())

    @bp.post("/<plan_id>/drop")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @bp.response(204)
    def drop(plan_id: str) -> None:
        """This plan is not wanted"""
        desk.drop(shown.mine(plan_id, area()).id, by=caller())

    return bp
