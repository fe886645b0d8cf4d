# mypy: disable-error-code="untyped-decorator"
"""Findings about public money on the wire: `/api/v1/money-findings`, their outcomes, the draw and its checks."""

from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.errors import Invalid
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import ListSchema, PageSchema, Text, Wire
from schedules.money.anomalies.desk import FindingsDesk
from schedules.money.anomalies.rules.judging import FEN_MAX, Case, Check, Result, State
from schedules.money.anomalies.rules.serving import Code
from schedules.money.anomalies.store.findings import Wanted

READ, WRITE = "read", "money"
"""The scopes of keys that may look at findings, and decide about them."""

Plain = dict[str, Any]


class MoneyFindingListSchema(ListSchema):
    """Findings of a state (open where nothing is said), code, canteen."""

    state = fields.Enum(State, by_value=True, load_default=State.OPEN)
    code = fields.Enum(Code, by_value=True)
    canteen = Text(80)


class MoneyFindingSchema(Schema):
    """One finding: ids and figures only. Amounts are fen."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    severity = fields.String(required=True)
    first_on = fields.String(required=True)
    last_on = fields.String(required=True)
    canteen = fields.String(required=True, allow_none=True)
    resident = fields.String(required=True, allow_none=True)
    operator = fields.String(required=True, allow_none=True)
    evidence = fields.List(fields.String(), required=True, metadata={"description": "Ids of servings or visits"})
    figures = fields.Dict(keys=fields.String(), required=True)
    amount_fen = fields.Integer(required=True)
    state = fields.String(required=True)
    judged_by = fields.String(required=True, allow_none=True)
    recovered_fen = fields.Integer(required=True)


class MoneyFindingPageSchema(PageSchema):
    """One page of findings, the oldest first."""

    items = fields.List(fields.Nested(MoneyFindingSchema), required=True)


class MoneyOutcomeSchema(Wire):
    """What it is, in words; `recovered_fen` with recovered, and only then."""

    state = fields.Enum(State, by_value=True, required=True)
    note = Text(2000, required=True)
    recovered_fen = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, FEN_MAX))


class MoneyMonthSchema(Wire):
    """A local month like 2026-11."""

    month = fields.String(required=True, validate=validate.Regexp(r"^\d{4}-\d{2}\Z"))


class MoneyCheckSchema(Schema):
    """Something that is looked at on site, with its result."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    place = fields.String(required=True)
    resident = fields.String(required=True)
    on = fields.String(required=True)
    result = fields.String(required=True, allow_none=True)


class MoneyDrawSchema(Schema):
    """
    A month's draw: whoever has the servings can draw it again from the seed.

    `onsite_check_rate` is in 1/10,000: checked of settled, in the whole district.
    """

    month = fields.String(required=True)
    seed = fields.String(required=True)
    ledger_hash = fields.String(required=True)
    settled = fields.Integer(required=True)
    checked = fields.Integer(required=True)
    onsite_check_rate = fields.Integer(required=True, allow_none=True)
    items = fields.List(fields.Nested(MoneyCheckSchema), required=True)


class MoneyResultSchema(Wire):
    """What a check came to; `note` with anything but right."""

    result = fields.Enum(Result, by_value=True, required=True)
    note = Text(2000)


def findings_api(desk: FindingsDesk, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/money-findings`. What was decided is 409; an outcome without words or amount 422."""
    bp = ApiBlueprint(
        "money_findings_api", __name__, url_prefix="/money-findings", description="Anomalies of public money"
    )
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(MoneyFindingListSchema, location="query", unknown=RAISE)
    @bp.response(200, MoneyFindingPageSchema)
    def listed(wanted: Plain) -> Any:
        """Findings, the oldest first"""
        rows = desk.some(Wanted(
            state=wanted["state"], code=wanted.get("code"), canteen=wanted.get("canteen", ""),
            after=_place(wanted.get("cursor", "")), most=wanted["limit"] + 1,
        ), area())  # fmt: skip
        page = [told(each) for each in rows[: wanted["limit"]]]
        return bookmarked(page, f"{page[-1]['first_on']}/{page[-1]['id']}" if len(rows) > len(page) else None)

    @bp.get("/<finding_id>")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, MoneyFindingSchema)
    def one(finding_id: str) -> Any:
        """One finding"""
        return told(desk.get(finding_id, area()))

    @bp.post("/<finding_id>/outcome")
    @either(WRITE, Right.MONEY_APPROVE)
    @once
    @bp.arguments(MoneyOutcomeSchema)
    @bp.response(200, MoneyFindingSchema)
    def decided(wanted: Plain, finding_id: str) -> Any:
        """What a finding turned out to be"""
        return told(desk.judge(
            finding_id, wanted["state"], by=caller(), area=area(), note=wanted["note"],
            recovered_fen=wanted["recovered_fen"],
        ))  # fmt: skip

    @bp.get("/checks")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(MoneyMonthSchema, location="query", unknown=RAISE)
    @bp.response(200, MoneyDrawSchema)
    def checks(wanted: Plain) -> Any:
        """A month's draw of checks on site"""
        drawn = desk.drawn(wanted["month"], area())
        return {
            "month": drawn.draw.month, "seed": drawn.draw.seed, "ledger_hash": drawn.draw.ledger_hash,
            "settled": drawn.draw.settled, "checked": drawn.done, "onsite_check_rate": drawn.per_myriad,
            "items": [_check(each) for each in drawn.checks],
        }  # fmt: skip

    @bp.post("/checks/<check_id>")
    @either(WRITE, Right.MONEY_APPROVE)
    @once
    @bp.arguments(MoneyResultSchema)
    @bp.response(200, MoneyCheckSchema)
    def entered(wanted: Plain, check_id: str) -> Any:
        """What a check on site came to"""
        done = desk.check(check_id, wanted["result"], by=caller(), area=area(), note=wanted.get("note", ""))
        return _check(done)

    return bp


def told(case: Case) -> Plain:
    found = case.found
    return {
        "id": case.id, "code": found.code.value, "severity": found.severity.value, "first_on": str(found.first),
        "last_on": str(found.last), "canteen": found.canteen, "resident": found.resident, "operator": found.operator,
        "evidence": list(found.evidence), "figures": dict(found.figures), "amount_fen": found.amount_fen,
        "state": case.state.value, "judged_by": case.judged_by, "recovered_fen": case.recovered_fen,
    }  # fmt: skip


def _check(check: Check) -> Plain:
    lot = check.lot
    return {
        "id": check.id, "kind": lot.kind, "source": lot.id, "place": lot.place, "resident": lot.resident,
        "on": str(lot.on), "result": check.result.value if check.result else None,
    }  # fmt: skip


def _place(cursor: str) -> tuple[date, str] | None:
    try:
        return (date.fromisoformat(cursor.partition("/")[0]), cursor.partition("/")[2]) if cursor else None
    except ValueError:
        raise Invalid("The cursor is none of ours.", {"query": {"cursor": ["none of ours"]}}) from None
