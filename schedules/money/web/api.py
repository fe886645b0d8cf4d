# mypy: disable-error-code="untyped-decorator"
"""Statements on the wire: `/api/v1/statements` with their steps, objections, people, and budgets. Money is fen."""

from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields, validate

from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, either, has_bearer, refuse_narrow, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import NOTE_MAX, ListSchema, PageSchema, Text, Wire
from schedules.money.rules.statement import REVIEWS, Deed, Kind, State
from schedules.money.web.desk import SettlementDesk
from schedules.money.web.telling import Plain, told_had, told_short, told_whole

READ, WRITE = "read", "money"
"""The scopes of keys that may look at statements, and keep the accounts."""

STEPS = (Deed.SUBMIT, Deed.PAY)
_MONTH = validate.Regexp(r"(19|20|21)\d\d-(0[1-9]|1[0-2])\Z", error="A month is written 2026-11.")


class StatementListSchema(ListSchema):
    """Statements of this month, kind and state."""

    month = fields.String(validate=_MONTH, metadata={"example": "2026-11"})
    kind = fields.Enum(Kind, by_value=True)
    state = fields.Enum(State, by_value=True)


class StatementsDrawSchema(Wire):
    """A closed month of which statements are drawn."""

    month = fields.String(required=True, validate=_MONTH, metadata={"example": "2026-11"})


class StatementsDrawnSchema(Schema):
    """How many are new; drawing again draws none."""

    month = fields.String(required=True)
    drawn = fields.Integer(required=True)


class StatementStepSchema(Wire):
    """A step of who keeps the accounts; a payment has its number and its day (today where it is left out)."""

    deed = fields.Enum(Deed, by_value=True, required=True, validate=validate.OneOf(STEPS))
    on = fields.Date()
    reference = Text()


class StatementReviewSchema(Wire):
    """What a reviewer decides; going back needs its reason."""

    deed = fields.Enum(Deed, by_value=True, required=True, validate=validate.OneOf(sorted(REVIEWS)))
    note = Text(NOTE_MAX)


class StatementObjectionSchema(Wire):
    """What somebody says against a published statement; without a name if they like."""

    said_by = Text(120)
    text = Text(NOTE_MAX, required=True)


class StatementAnswerSchema(Wire):
    """What became of an objection; what is right is put right by entries of the next month."""

    upheld = fields.Boolean(required=True)
    answer = Text(NOTE_MAX, required=True)


class BudgetYearSchema(Wire):
    """Which year; this one where it is left out."""

    year = fields.Integer(validate=validate.Range(1990, 2199))


class BudgetSchema(Wire):
    """What a fund may give in a year."""

    fund = Text(80, required=True)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(1990, 2199))
    amount_fen = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10**14))


class StatementSchema(Schema):
    """One statement with its parts, steps and objections."""

    id = fields.String(required=True)
    month = fields.String(required=True)
    kind = fields.String(required=True)
    account = fields.String(required=True)
    name = fields.String(required=True)
    station = fields.String(required=True, allow_none=True)
    amount_fen = fields.Integer(required=True)
    entries = fields.Integer(required=True)
    state = fields.String(required=True)
    submitted_by = fields.String(required=True, allow_none=True)
    objections_until = fields.String(required=True, allow_none=True)
    hash = fields.String(required=True, metadata={"description": "Of the month it is drawn from, as in the record"})
    legal = fields.List(fields.String(), required=True)
    parts = fields.List(fields.Dict(), required=True)
    steps = fields.List(fields.Dict(), required=True)
    objections = fields.List(fields.Dict(), required=True)
    serving = fields.List(
        fields.Dict(), required=True,
        metadata={"description": "Entries that pay for serving: slabs, person-days, money of stations"},
    )  # fmt: skip


class StatementPeopleSchema(Schema):
    """What each resident had of a statement: all of them, and money for serving, whose `resident` is null."""

    items = fields.List(fields.Dict(), required=True)


class BudgetsSchema(Schema):
    """Every fund of a year; `rate` is paid of the budget in hundredths of a percent, null without a budget."""

    items = fields.List(fields.Dict(), required=True)


def statements_api(desk: SettlementDesk) -> ApiBlueprint:
    """`/api/v1/statements`. A step that is not legal from where a statement stands is 409."""
    bp = ApiBlueprint("statements_api", __name__, url_prefix="/statements", description="Statements and budgets")
    _reading(bp, desk)
    _keeping(bp, desk)
    _budgets(bp, desk)
    return bp


def _reading(bp: ApiBlueprint, desk: SettlementDesk) -> None:
    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(StatementListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: Plain) -> Any:
        limit = wanted["limit"]
        said = {name: wanted[name].value if name != "month" else wanted[name]
                for name in ("month", "kind", "state") if name in wanted}  # fmt: skip
        rows = desk.settling.page(area(), after=wanted.get("cursor", ""), most=limit + 1, **said)
        page = rows[:limit]
        return bookmarked([told_short(each) for each in page], page[-1].id if len(rows) > limit else None)

    @bp.get("/<statement_id>")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, StatementSchema)
    def one(statement_id: str) -> Plain:
        return _shown(desk, statement_id)

    @bp.get("/<statement_id>/people")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, StatementPeopleSchema)
    def people(statement_id: str) -> Plain:
        found = desk.settling.one(statement_id, area()).statement
        desk.seen(f"list:statement {found.id}")
        return {"items": [_had(each) for each in desk.settling.people(found)]}


def _keeping(bp: ApiBlueprint, desk: SettlementDesk) -> None:
    once = Once(desk.transactions)

    @bp.post("")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(StatementsDrawSchema)
    @bp.response(200, StatementsDrawnSchema)
    def drawn(wanted: Plain) -> Plain:
        refuse_narrow()
        return {"month": wanted["month"], "drawn": desk.settling.draw(wanted["month"], by=caller())}

    @bp.post("/<statement_id>/steps")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(StatementStepSchema)
    @bp.response(200, StatementSchema)
    def stepped(wanted: Plain, statement_id: str) -> Plain:
        desk.settling.step(statement_id, by=caller(), area=area(), **wanted)
        return _shown(desk, statement_id)

    @bp.post("/<statement_id>/review")
    @require(Right.MONEY_APPROVE)
    @bp.arguments(StatementReviewSchema)
    @bp.response(200, StatementSchema)
    def reviewed(wanted: Plain, statement_id: str) -> Plain:
        # Two people: a machine's key is nobody.
        desk.settling.step(statement_id, by=caller(), area=area(), **wanted)
        return _shown(desk, statement_id)

    @bp.post("/<statement_id>/objections")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(StatementObjectionSchema)
    @bp.response(201, StatementSchema)
    def objected(wanted: Plain, statement_id: str) -> Plain:
        said = {"said_by": "", **wanted}
        desk.settling.object(statement_id, by=caller(), area=area(), **said)
        return _shown(desk, statement_id)

    @bp.post("/<statement_id>/objections/<objection_id>")
    @require(Right.MONEY_APPROVE)
    @bp.arguments(StatementAnswerSchema)
    @bp.response(200, StatementSchema)
    def answered(wanted: Plain, statement_id: str, objection_id: str) -> Plain:
        desk.settling.answer(statement_id, objection_id, by=caller(), area=area(), **wanted)
        return _shown(desk, statement_id)


def _budgets(bp: ApiBlueprint, desk: SettlementDesk) -> None:
    once = Once(desk.transactions)

    @bp.get("/budgets")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(BudgetYearSchema, location="query", unknown=RAISE)
    @bp.response(200, BudgetsSchema)
    def budgets(wanted: Plain) -> Plain:
        refuse_narrow()
        return {"items": desk.settling.budgets(wanted.get("year", desk.year()))}

    @bp.post("/budgets")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(BudgetSchema)
    @bp.response(200, BudgetsSchema)
    def budget(wanted: Plain) -> Plain:
        refuse_narrow()
        desk.settling.set_budget(wanted["fund"], wanted["year"], wanted["amount_fen"], by=caller())
        return {"items": desk.settling.budgets(wanted["year"])}


def _shown(desk: SettlementDesk, statement_id: str) -> Plain:
    return told_whole(desk.settling.one(statement_id, area()))


def _had(had: Any) -> Plain:
    """A key sees masked names; the id stays, for whoever keeps the register."""
    told = told_had(had)
    return {**told, "name": told_had(had, is_public=True)["name"]} if has_bearer(request) else told
