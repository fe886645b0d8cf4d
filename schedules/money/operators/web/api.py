# mypy: disable-error-code="untyped-decorator"
"""Money for serving on the wire: `/api/v1/operators`, what a month is due, and the terms. Money is fen."""

from typing import Any

from marshmallow import Schema, fields, validate

from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, whole_district
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire
from schedules.money.operators.filing import Filing
from schedules.money.operators.settling import Settling
from schedules.money.operators.web.telling import must_be_known, shown, terms_of, told_term
from schedules.money.paid.web.fields import PaidSchema
from schedules.money.rules.operators import DAYS, PERIODS, Term

READ, WRITE = "money:read", "money"
MONTH = validate.Regexp(r"(20|21)\d\d-(0[1-9]|1[0-2])\Z", error="A month is written 2026-11.")
Plain = dict[str, Any]


class ServingMonthSchema(Wire):
    """The month, written 2026-11."""

    month = fields.String(required=True, validate=MONTH)


class ServingTermAskSchema(Wire):
    """
    Whom which rule pays from when: `payee` is the code or id of a canteen or station, `facts` what the rule asks
    (`area`, `star`, what its slab selects by), `period` and `days` what an average of a day is over.
    """

    kind = fields.String(required=True, validate=validate.OneOf(("canteen", "station")))
    payee = Text(required=True)
    policy = Text(80, required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(load_default=None, allow_none=True)
    facts = fields.Dict(keys=fields.String(), values=Text(40), load_default=dict)
    fund = Text(80, load_default="district")
    period = fields.String(load_default="", validate=validate.OneOf(("", *PERIODS)))
    days = fields.String(load_default="calendar", validate=validate.OneOf(DAYS))


class ServingEndSchema(Wire):
    """The last day; the day before it began: it never held."""

    until_on = fields.Date(required=True)


class ServingTermSchema(Schema):
    """One term."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    payee = fields.String(required=True)
    name = fields.String(required=True)
    policy = fields.String(required=True)
    from_on = fields.String(required=True)
    until_on = fields.String(required=True, allow_none=True)
    facts = fields.Dict(required=True)
    fund = fields.String(required=True)
    period = fields.String(required=True)
    days = fields.String(required=True)


class ServingTermsSchema(Schema):
    """The terms."""

    items = fields.List(fields.Nested(ServingTermSchema), required=True)


class ServingDueSchema(PaidSchema):
    """What one payee is due by one version of a rule, beside what is booked."""

    kind = fields.String(required=True, metadata={"description": "slab, station or person_day"})
    payee = fields.String(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    version = fields.String(required=True)
    period = fields.String(required=True)
    on = fields.String(required=True)
    counted = fields.String(required=True)
    booked_fen = fields.Integer(required=True, allow_none=True)
    fund = fields.String(required=True)


class ServingDuesSchema(Schema):
    """
    A month as it was reckoned `as_of`; `troubles` are terms whose rule says nothing, with what to mend. A large month
    is worked out apart: 503 while nobody knows it, and `working_out` while an older answer is worked out anew.
    """

    as_of = fields.AwareDateTime(required=True)
    working_out = fields.Boolean(required=True)

    items = fields.List(fields.Nested(ServingDueSchema), required=True)
    troubles = fields.List(fields.Dict(), required=True)


class ServingSettledSchema(Schema):
    """Dues entered, taken back, left as they were; terms whose rule says nothing; months that were booked."""

    entered = fields.Integer(required=True)
    reversed = fields.Integer(required=True)
    same = fields.Integer(required=True)
    troubles = fields.Integer(required=True)
    months = fields.List(fields.String(), required=True)


def operators_api(filing: Filing, settling: Settling, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/operators` and what is below it."""
    bp = ApiBlueprint("operators_api", __name__, url_prefix="/operators", description="Money for whoever serves")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(ServingMonthSchema, location="query")
    @bp.response(200, ServingDuesSchema)
    def dues(asked: Plain) -> Any:
        """What canteens and stations are due for serving in a month, why, and what is booked"""
        found = must_be_known(shown(asked["month"], filing, settling, area()))
        return {
            "as_of": found.at, "working_out": found.under_way, "items": found.dues, "troubles": found.troubles,
        }  # fmt: skip

    @bp.get("/terms")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, ServingTermsSchema)
    def terms() -> Any:
        """By which rules canteens and stations are paid"""
        return {"items": terms_of(filing, settling, area())}

    @bp.post("/terms")
    @either(WRITE, Right.MONEY_CHANGE)
    @whole_district
    @once
    @bp.arguments(ServingTermAskSchema)
    @bp.response(201, ServingTermSchema)
    def added(asked: Plain) -> Any:
        """A rule pays a canteen or station from a day on"""
        term = filing.add(Term(id="", payee_id=asked.pop("payee"), **asked), by=caller())
        settling.looking.changed()
        return told_term(term, {})

    @bp.post("/terms/<term_id>/end")
    @either(WRITE, Right.MONEY_CHANGE)
    @whole_district
    @once
    @bp.arguments(ServingEndSchema)
    @bp.response(200, ServingTermSchema)
    def until(asked: Plain, term_id: str) -> Any:
        """The last day of a term"""
        ended = filing.end(term_id, asked["until_on"], by=caller())
        settling.looking.changed()
        return told_term(ended, {})

    @bp.post("/settle")
    @either("money:settle", Right.MONEY_APPROVE)
    @whole_district
    @once
    @bp.arguments(ServingMonthSchema)
    @bp.response(200, ServingSettledSchema)
    def settled(asked: Plain) -> Any:
        """Book a month that is over, and what changed since in months before; closing a month does it as well"""
        return settling.settle(asked["month"], by=caller())

    return bp
