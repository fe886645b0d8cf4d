# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/coverage`: the gaps ahead, or those at an instant, as the service last worked them out."""

from typing import Any

from marshmallow import RAISE, Schema, fields

from dispatch.rules.rights import Right
from dispatch.web.access import area, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.schemas import Moment, Wire
from schedules.coverage.outlook import Outlook, Outlooks
from schedules.coverage.rules.reach import Reason
from schedules.coverage.rules.standing import Standing

READ = "read"
_AT = {"format": "date-time", "example": "2026-11-23T02:00:00+08:00"}
_SILENT = {"description": "Codes of carers with shifts who do not answer, with the reason"}
_WHY = {"description": ", ".join(Reason)}


class CoverageAskSchema(Wire):
    """Which gaps: those at this instant; without it all that lie ahead."""

    at = Moment()


class CoverageGapSchema(Schema):
    """Homes of one community that nobody could reach in time in [from, to)."""

    id = fields.String(required=True)
    community = fields.String(required=True)
    reason = fields.String(required=True, metadata=_WHY)
    start = fields.String(required=True, data_key="from", metadata=_AT)
    end = fields.String(required=True, data_key="to", metadata=_AT)
    count = fields.Integer(required=True)
    homes = fields.List(fields.String(), required=True, metadata={"description": "Their codes"})
    told_at = fields.String(required=True, allow_none=True, metadata={"description": "When people were last told"})


class CoveredCommunitySchema(Schema):
    """How a community is covered."""

    name = fields.String(required=True)
    homes = fields.Integer(required=True)
    gaps = fields.Integer(required=True)
    covered = fields.Float(required=True, metadata={"description": "Share of home-hours ahead, 0 to 1"})


class CoverageSchema(Schema):
    """The gaps, and what they were worked out from."""

    looked_at = fields.String(required=True, allow_none=True, metadata={"description": "None: not worked out yet"})
    until = fields.String(required=True, allow_none=True)
    trouble = fields.String(required=True, allow_none=True, metadata={"description": "Why the last try failed"})
    homes = fields.Integer(required=True)
    gaps = fields.List(fields.Nested(CoverageGapSchema), required=True)
    communities = fields.List(fields.Nested(CoveredCommunitySchema), required=True)
    silent = fields.Dict(keys=fields.String(), values=fields.String(), required=True, metadata=_SILENT)


def coverage_api(outlooks: Outlooks) -> ApiBlueprint:
    """The resource."""
    bp = ApiBlueprint("coverage_api", __name__, url_prefix="/coverage", description="Which homes could be reached")

    @bp.get("")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(CoverageAskSchema, location="query", unknown=RAISE)
    @bp.response(200, CoverageSchema)
    def coverage(asked: dict[str, Any]) -> dict[str, Any]:
        """The gaps in coverage ahead, or those at an instant"""
        seen, at = outlooks.of(area()), asked.get("at")
        rows = [row for row in seen.gaps if at is None or row.gap.start_at <= at < row.gap.end_at]
        return {**_facts(seen), "gaps": [_gap(row, outlooks) for row in rows]}

    return bp


def _facts(seen: Outlook) -> dict[str, Any]:
    look = seen.look
    return {
        "looked_at": look.at.isoformat() if look else None, "until": look.until.isoformat() if look else None,
        "trouble": look.trouble if look else None, "homes": len(seen.homes), "communities": seen.communities,
        "silent": {each.code: why for each, why in seen.silent},
    }  # fmt: skip


def _gap(row: Standing, outlooks: Outlooks) -> dict[str, Any]:
    gap, local = row.gap, outlooks.calendar.local
    return {
        "id": row.id, "community": gap.community, "reason": str(gap.reason), "start": local(gap.start_at).isoformat(),
        "end": local(gap.end_at).isoformat(), "count": len(gap.homes), "homes": list(gap.homes),
        "told_at": row.told_at.isoformat() if row.told_at else None,
    }  # fmt: skip
