# mypy: disable-error-code="untyped-decorator"
"""What is broken, on the wire: repair cases, checks on residents, incidents of gateways, campaigns of test presses."""

from collections.abc import Callable
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields

from devices.rules.repair import Result
from devices.web.devices import READ, WRITE
from devices.web.shelves import Plain, Shelves, Upkeep, cursor_of
from dispatch.errors import Invalid
from dispatch.ids import DeviceId
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import caller, either, has_bearer, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked, discreet, in_pages
from dispatch.web.schemas import NOTE_MAX, ListSchema, PageSchema, Text, Wire, named


class CaseListSchema(ListSchema):
    """Only those that are open, or only those that are over."""

    open = fields.Boolean()


class ReportSchema(Wire):
    """A complaint: this device (code or id) does not work."""

    device = Text(required=True)
    note = Text(NOTE_MAX)


class AssignSchema(Wire):
    """Who sees to it: `station:<id>`, `carer:<id>` or `operators`."""

    owner = Text(required=True)


class DoneSchema(Wire):
    """What came of asking."""

    result = fields.Enum(Result, by_value=True, required=True)
    note = Text(NOTE_MAX)


class CaseSchema(Schema):
    """A repair case with its checks."""

    id = fields.String(required=True)
    device = fields.String(required=True, metadata={"description": "The device's code"})
    home_code = fields.String(required=True)
    faults = fields.List(fields.String(), required=True)
    opened_at = fields.String(required=True)
    by = fields.String(required=True)
    owner = fields.String(required=True)
    repair_by = fields.String(required=True)
    ended_at = fields.String(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    test_id = fields.String(required=True, allow_none=True, metadata={"description": "The test press that ended it"})
    checks = fields.List(fields.Dict(), required=True)


class CheckSchema(Schema):
    """What became of a check: the alarm that was raised, if any."""

    alarm = fields.String(required=True, allow_none=True)


class IncidentSchema(Schema):
    """A gateway that hears nothing, with the codes of the homes it leaves uncovered."""

    id = fields.String(required=True)
    gateway = fields.String(required=True)
    why = fields.String(required=True)
    began_at = fields.String(required=True)
    opened_at = fields.String(required=True)
    homes = fields.List(fields.String(), required=True)
    devices = fields.Integer(required=True)
    owner = fields.String(required=True)
    ended_at = fields.String(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    checks = fields.List(fields.Dict(), required=True)


def repairs_blueprint(shelves: Shelves, upkeep: Upkeep, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/repairs`, `/checks`, `/incidents` and `/campaigns`."""
    bp = ApiBlueprint("repairs", __name__, description="What is broken, and who sees to it")
    once = Once(transactions)

    @bp.get("/repairs")
    @either(READ, Right.DEVICES_SEE)
    @bp.arguments(CaseListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: dict[str, Any]) -> Any:
        return _paged(wanted, shelves.repairs)

    @bp.get("/repairs/<repair_id>")
    @either(READ, Right.DEVICES_SEE)
    @bp.response(200, CaseSchema)
    def one(repair_id: str) -> Plain:
        return _shown(shelves.repair(repair_id))

    @bp.post("/repairs")
    @either(WRITE, Right.DEVICES_SEE)
    @once
    @bp.arguments(ReportSchema)
    @bp.response(201, CaseSchema)
    def reported(wanted: dict[str, Any]) -> Plain:
        device_id = _known_device(shelves, wanted["device"])
        # One that is out of use is on file and cannot be broken.
        with named("device"):
            repair_id = upkeep.repairing.report(device_id, by=caller(), note=wanted.get("note"))
        return _shown(shelves.repair(repair_id))

    @bp.post("/repairs/<repair_id>/assign")
    @either(WRITE, Right.DEVICES_CHANGE)
    @bp.arguments(AssignSchema)
    @bp.response(200, CaseSchema)
    def assigned(wanted: dict[str, Any], repair_id: str) -> Plain:
        shelves.repair(repair_id)
        known_owner(shelves, wanted["owner"])
        upkeep.repairing.assign(repair_id, wanted["owner"], by=caller())
        return _shown(shelves.repair(repair_id))

    @bp.get("/checks")
    @either(READ, Right.DEVICES_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def checks(wanted: dict[str, Any]) -> Any:
        return in_pages([_shown(each) for each in shelves.checks(500)], wanted)

    @bp.post("/checks/<check_id>/done")
    @require(Right.ALARMS_ACT)
    @bp.arguments(DoneSchema)
    @bp.response(200, CheckSchema)
    def done(wanted: dict[str, Any], check_id: str) -> Plain:
        shelves.check(check_id)
        alarm_id = upkeep.repairing.done(check_id, wanted["result"], by=caller(), note=wanted.get("note"))
        return {"alarm": alarm_id}

    @bp.get("/incidents")
    @either(READ, Right.DEVICES_SEE)
    @bp.arguments(CaseListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def incidents(wanted: dict[str, Any]) -> Any:
        return _paged(wanted, shelves.incidents)

    @bp.get("/incidents/<incident_id>")
    @either(READ, Right.DEVICES_SEE)
    @bp.response(200, IncidentSchema)
    def incident(incident_id: str) -> Plain:
        return shelves.incident(incident_id)

    @bp.post("/incidents/<incident_id>/dismiss")
    @require(Right.ALARMS_ACT)
    @bp.response(200, IncidentSchema)
    def dismissed(incident_id: str) -> Plain:
        shelves.whole_incident(incident_id)
        upkeep.outages.dismiss(incident_id, by=caller())
        return shelves.incident(incident_id)

    @bp.get("/campaigns")
    @either(READ, Right.DEVICES_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def campaigns(wanted: dict[str, Any]) -> Any:
        return in_pages(shelves.campaigns(), wanted)

    return bp


def _known_device(shelves: Shelves, name: str) -> DeviceId:
    """
    A device that a body names.

    Raises:
        Invalid: there is none.
    """
    with named("device"):
        return shelves.id_of(name)


def known_owner(shelves: Shelves, owner: str) -> str:
    """
    Somebody who can own a case.

    Raises:
        Invalid: there is nobody of this name.
    """
    if owner != "operators" and owner not in shelves.owners():
        raise Invalid("Nobody is called so.", {"json": {"owner": ["Nobody is called so."]}})
    return owner


def _paged(wanted: dict[str, Any], rows: Callable[..., list[Plain]]) -> Any:
    limit = wanted["limit"]
    found = rows(limit + 1, is_open=wanted.get("open"), cursor=wanted.get("cursor"))
    page = found[:limit]
    next_ = cursor_of(page[-1]["opened_at"], page[-1]["id"]) if len(found) > limit else None
    return bookmarked([_shown(each) for each in page], next_)


def _shown(told: Plain) -> Plain:
    found: Plain = discreet(told) if has_bearer(request) else told
    return found
