# mypy: disable-error-code="untyped-decorator"
"""What `/roads` shows and does, for programs: exercises, the paths they take, streets that are only listened to."""

from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.drilling import Drilling
from dispatch.reachability import Reachability
from dispatch.rules.rights import Right
from dispatch.shadow import MODES, Shadowing
from dispatch.store.drills import Drill
from dispatch.store.shadows import EVERYWHERE, LIVE
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, whole_district
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import in_pages
from dispatch.web.schemas import ListSchema, PageSchema, Text, Wire

READ, WRITE = "read", "roads"
"""The scopes of keys that may look at roads, and order exercises and shadows."""

LISTED = 500

Plain = dict[str, Any]


class DrillAskSchema(Wire):
    """The path to take; what is left out is chosen, the path that was tried longest ago."""

    gateway = Text()
    provider = Text()
    channel = fields.String(validate=validate.OneOf(["sms", "voice"]))


class StreetAskSchema(Wire):
    """`*` is every street that is not named."""

    street = Text(120, required=True)
    mode = fields.String(required=True, validate=validate.OneOf(sorted(MODES)))


class SwitchedSchema(Schema):
    """How the street stands, and how many open alarms people were told of with it."""

    street = fields.String(required=True)
    mode = fields.String(required=True)
    alarms_gone_live = fields.Integer(required=True)


class DrillSchema(Schema):
    """One exercise."""

    id = fields.String(required=True)
    gateway = fields.String(required=True)
    provider = fields.String(required=True)
    channel = fields.String(required=True)
    by = fields.String(required=True)
    state = fields.String(required=True)
    lacking = fields.String(required=True, allow_none=True)
    alarm = fields.String(required=True, allow_none=True)
    begun_at = fields.String(required=True, metadata={"format": "date-time"})
    answered_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


def roads_api(
    drilling: Drilling, shadowing: Shadowing, reach: Reachability, *, transactions: Transactions
) -> ApiBlueprint:
    """
    `/api/v1/drills`, `/paths`, `/streets` and `/reach`. All but the last are the whole district's: 404 to people who
    work for some stations only, as on the page.
    """
    bp = ApiBlueprint("roads_api", __name__, description="Whether messages get through")
    once = Once(transactions)

    @bp.get("/drills")
    @either(READ, Right.MESSAGES_SEE)
    @whole_district
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def drills(wanted: Plain) -> Any:
        """Exercises and what came of them"""
        return in_pages([_drill(each) for each in drilling.recent(LISTED)], wanted)

    @bp.post("/drills")
    @either(WRITE, Right.ROADS_CHANGE)
    @whole_district
    @once
    @bp.arguments(DrillAskSchema)
    @bp.response(201, DrillSchema)
    def begun(wanted: Plain) -> Plain:
        """Begin an exercise, marked as one in every word"""
        return _drill(drilling.begin(**wanted, by=caller()))

    @bp.get("/paths")
    @either(READ, Right.MESSAGES_SEE)
    @whole_district
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def paths(wanted: Plain) -> Any:
        """Every way an alarm may take"""
        rows = [
            {"id": f"{x.gateway}|{x.provider}|{x.channel}", "gateway": x.gateway, "provider": x.provider,
             "channel": x.channel}
            for x in drilling.paths()
        ]  # fmt: skip
        return in_pages(rows, wanted)

    @bp.get("/streets")
    @either(READ, Right.MESSAGES_SEE)
    @whole_district
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def streets(wanted: Plain) -> Any:
        """Every street, and whether it is live or only listened to"""
        modes = {each.area: each.mode for each in shadowing.switches()}
        everywhere = modes.get(EVERYWHERE, LIVE)
        names = [EVERYWHERE, *shadowing.streets()]
        return in_pages([{"id": each, "street": each, "mode": modes.get(each) or everywhere} for each in names], wanted)

    @bp.post("/streets")
    @either(WRITE, Right.ROADS_CHANGE)
    @whole_district
    @once
    @bp.arguments(StreetAskSchema)
    @bp.response(200, SwitchedSchema)
    def switched(wanted: Plain) -> Plain:
        """Put a street in the shadow, or let it go live"""
        gone = shadowing.switch(wanted["street"], wanted["mode"], by=caller())
        return {**wanted, "alarms_gone_live": gone}

    @bp.get("/reach")
    @either(READ, Right.MESSAGES_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def reached(wanted: Plain) -> Any:
        """Which carers' telephones can be reached"""
        mine = [each for each in reach.carers() if area().covers(each.carer.station_id)]
        rows = [{"id": str(x.carer.id), "code": x.carer.code, "why_not": x.why} for x in mine]
        return in_pages(rows, wanted)

    return bp


def _drill(drill: Drill) -> Plain:
    return {
        "id": drill.id, "gateway": drill.gateway, "provider": drill.provider, "channel": drill.channel,
        "by": drill.by, "state": drill.state, "lacking": drill.lacking, "alarm": drill.alarm_id,
        "begun_at": drill.begun_at.isoformat(), "answered_at": _iso(drill.answered_at),
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
