# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/reports`: the same figures for programs, as the auditor's recounting takes them."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.reports.desk import ReportDesk, Wanted

READ = "read"
"""The scope of keys that may look at figures."""

IDS_MAX = 1000

Plain = dict[str, Any]


class MonthSchema(Schema):
    """Which month."""

    month = fields.String(
        validate=validate.Regexp(r"^[0-9]{4}-[0-9]{2}\Z"), metadata={"description": "like 2026-11; the last by default"}
    )


class SignMonthSchema(Schema):
    """What is signed."""

    month = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{4}-[0-9]{2}\Z"))
    digest = fields.String(
        metadata={"description": "of the figures that were looked at; refused if they have changed since"}
    )


class CallsSchema(MonthSchema):
    """Which alarms behind a number."""

    figure = fields.String(load_default="calls_total", metadata={"description": "a key of the report"})
    show = fields.String(load_default="all", validate=validate.OneOf(["met", "missed", "all"]))
    part = fields.String(load_default="", metadata={"description": "station, street, community, hour or cause"})
    of = fields.String(load_default="", metadata={"description": "which of that part, as `of` in the report"})
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=10_000_000))


class FiguresSchema(Schema):
    """A month's figures; docs/figures.md says how each is counted."""

    month = fields.String(required=True)
    zone = fields.String(required=True)
    stations = fields.List(fields.String(), required=True, allow_none=True)
    limits = fields.Dict(required=True)
    head = fields.Dict(required=True)
    left_out = fields.Dict(required=True)
    figures = fields.Dict(required=True)
    by = fields.Dict(required=True)


class TrendSchema(Schema):
    """Twelve months; a month that is still being counted has no figures yet."""

    items = fields.List(fields.Dict(), required=True)


class CallIdsSchema(Schema):
    """Ids of alarms, a thousand at most; `next` is the offset of the next, null at the end."""

    items = fields.List(fields.String(), required=True)
    count = fields.Integer(required=True)
    next = fields.Integer(required=True, allow_none=True)


class SignedSchema(Schema):
    """A report with a name under it; `differs` names what is counted otherwise now."""

    id = fields.String(required=True)
    month = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True)
    signed_by = fields.String(required=True)
    digest = fields.String(required=True)
    figures = fields.Dict(required=True)
    differs = fields.List(fields.String(), required=True)


class SignedListSchema(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(SignedSchema), required=True)


def reports_api(desk: ReportDesk, *, transactions: Transactions) -> ApiBlueprint:
    """
    `kpi`, `trend`, `calls` and `signed`. A POST may bring an `Idempotency-Key`; only people sign, no machine does.
    """
    bp = ApiBlueprint("figures", __name__, url_prefix="/reports", description="Figures of the service")
    figures, once = desk.figures, Once(transactions)

    def month_of(asked: Plain) -> str:
        return asked.get("month") or figures.last_month()

    @bp.get("/kpi")
    @either(READ, Right.FIGURES_SEE)
    @bp.arguments(MonthSchema, location="query", unknown=RAISE)
    @bp.response(200, FiguresSchema)
    def kpi(asked: Plain) -> Plain:
        return figures.report(month_of(asked), area())

    @bp.get("/trend")
    @either(READ, Right.FIGURES_SEE)
    @bp.arguments(MonthSchema, location="query", unknown=RAISE)
    @bp.response(200, TrendSchema)
    def trend(asked: Plain) -> Plain:
        told = figures.trend(month_of(asked), area())
        return {"items": [{"month": month, "figures": report and report["figures"]} for month, report in told]}

    @bp.get("/calls")
    @either(READ, Right.FIGURES_SEE)
    @bp.arguments(CallsSchema, location="query", unknown=RAISE)
    @bp.response(200, CallIdsSchema)
    def calls(asked: Plain) -> Plain:
        offset = asked.pop("offset")
        found = desk.listed(Wanted(**{**asked, "month": month_of(asked)}), area())
        end = offset + IDS_MAX
        ids = [each.id for each in found[offset:end]]
        return {"items": ids, "count": len(found), "next": end if end < len(found) else None}

    @bp.get("/signed")
    @either(READ, Right.FIGURES_SEE)
    @bp.arguments(MonthSchema, location="query", unknown=RAISE)
    @bp.response(200, SignedListSchema)
    def signed(asked: Plain) -> Plain:
        month = month_of(asked)
        figures.bounds(month)
        # What was signed is the whole district's.
        found = desk.signed(month) if area().is_district else []
        return {"items": [_signed(report, differs) for report, differs in found]}

    @bp.post("/signed")
    @require(Right.REVIEW)
    @once
    @bp.arguments(SignMonthSchema)
    @bp.response(201, SignedSchema)
    def sign(asked: Plain) -> Plain:
        return _signed(desk.signing.sign(asked["month"], area=area(), by=caller(), seen=asked.get("digest")), [])

    return bp


def _signed(report: Any, differs: list[str]) -> Plain:
    return {name: getattr(report, name) for name in SignedSchema._declared_fields if name != "differs"} | {
        "differs": differs
    }
