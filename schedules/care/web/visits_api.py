# mypy: disable-error-code="untyped-decorator"
"""
`/api/v1/visits`: planned visits, what is said about them, and their judgement.

A machine's key speaks for the carers' own programs: what it tells counts like a page. What a person at a desk tells is
an entry at the desk, with a reason and a second person, unless a call from the home is behind it.
"""

import hashlib
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields, validate

from dispatch.errors import Invalid, NotFound
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, has_bearer
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import in_pages
from dispatch.web.schemas import (
    NOTE_MAX,
    ListSchema,
    Moment,
    PageSchema,
    PositionSchema,
    Text,
    Wire,
    named,
    position_of,
)
from schedules.care.judging import RESOLUTIONS
from schedules.care.rules.presence import Point, State, Way, Which
from schedules.care.store.visit_points import Kept
from schedules.care.visit_book import Row, VisitBook, Whole
from schedules.care.visiting import Said, Visiting
from schedules.care.web.visit_words import BY_HAND

READ, WRITE = "visits:read", "visits"

Plain = dict[str, Any]


class VisitListSchema(ListSchema):
    """Of which local day (today when nothing is said), in which state, of which carer (code or id)."""

    day = fields.Date()
    state = fields.Enum(State, by_value=True)
    carer = Text()


class SignVisitSchema(PositionSchema):
    """
    A sign-in or sign-out. `carer` is a code or an id. `way`: how a carer's program heard it; `call` is a call that rang
    in from a number of the home, which proves the place. `reason` is needed of an entry at a desk.
    """

    carer = Text(required=True)
    at = Moment()
    accuracy_m = fields.Integer(validate=validate.Range(0, 100_000))
    way = fields.String(validate=validate.OneOf(["page", "sms", "call", "landline", "resident"]))
    call = Text()
    reason = Text(NOTE_MAX)
    items = fields.List(Text(40), validate=validate.Length(max=100))


class CancelVisitSchema(Wire):
    """Why it does not take place."""

    reason = fields.String(required=True, validate=validate.OneOf(BY_HAND))
    note = Text(NOTE_MAX)


class AssignVisitSchema(Wire):
    """Who is sent, by code or id."""

    carers = fields.List(Text(), required=True, validate=validate.Length(max=4))


class VisitPhotoSchema(Wire):
    """A photo by the SHA-256 of its bytes (64 hexadecimal digits), and when its camera says that it was taken."""

    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    taken_at = Moment()
    carer = Text()


class ResolveFindingSchema(Wire):
    """A finding (its id, or its code) and how it is judged."""

    finding = Text(required=True)
    resolution = fields.String(required=True, validate=validate.OneOf(RESOLUTIONS))
    note = Text(NOTE_MAX)


class ApproveEntrySchema(Wire):
    """An entry at a desk that a second person agrees to."""

    point = Text(required=True)


class VisitSchema(Schema):
    """One visit. `points`, `photos` and `findings` stand in the answer to one visit, not in a list."""

    id = fields.String(required=True)
    key = fields.String(required=True)
    code = fields.Integer(required=True)
    state = fields.String(required=True)
    day = fields.String(required=True)
    start_from = fields.String(required=True)
    start_by = fields.String(required=True)
    minutes = fields.Integer(required=True)
    home = fields.String(required=True, metadata={"description": "The home's code"})
    resident = fields.String(required=True, metadata={"description": "The resident's id"})
    station = fields.String(required=True, allow_none=True)
    carers = fields.List(fields.String(), required=True, metadata={"description": "Codes of who is sent"})
    hands = fields.Integer(required=True, metadata={"description": "How many must be there at once"})
    late_min = fields.Integer(required=True)
    begun_at = fields.String(required=True, allow_none=True)
    finished_at = fields.String(required=True, allow_none=True)
    planned_items = fields.List(fields.String(), required=True)
    items = fields.List(fields.String(), required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    alarm = fields.String(required=True, allow_none=True)
    counts = fields.Boolean(required=True)
    judged_at = fields.String(required=True, allow_none=True)
    points = fields.List(fields.Dict())
    photos = fields.List(fields.Dict())
    findings = fields.List(fields.Dict())


class VisitPageSchema(PageSchema):
    """One page of visits."""

    items = fields.List(fields.Nested(VisitSchema), required=True)


def visits_blueprint(visiting: Visiting, book: VisitBook, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/visits`."""
    bp = ApiBlueprint("visits_api", __name__, url_prefix="/visits", description="Planned presence, and its proof")
    once = Once(transactions)

    def told(visit_id: str) -> Plain:
        return _whole(book.one(visit_id, area()))

    @bp.get("")
    @either(READ, Right.VISITS_SEE)
    @bp.arguments(VisitListSchema, location="query", unknown=RAISE)
    @bp.response(200, VisitPageSchema)
    def listed(wanted: Plain) -> Any:
        """Visits of a day, by their latest start"""
        carer_id = _carer(book, wanted["carer"]) if "carer" in wanted else None
        rows = [
            _row(each) for each in book.day(wanted.get("day") or book.today(), area())
            if wanted.get("state") in {None, each.visit.state}
            and (carer_id is None or carer_id in each.visit.carer_ids)
        ]  # fmt: skip
        return in_pages(rows, wanted, "start_by", "id")

    @bp.get("/<visit_id>")
    @either(READ, Right.VISITS_SEE)
    @bp.response(200, VisitSchema)
    def one(visit_id: str) -> Plain:
        """One visit with what was said about it and what speaks against it"""
        return told(visit_id)

    def signed(visit_id: str, wanted: Plain, which: Which) -> Plain:
        found = book.one(visit_id, area())
        visiting.sign(visit_id, _said(book, found, wanted, which))
        return told(visit_id)

    @bp.post("/<visit_id>/begin")
    @either(WRITE, Right.VISITS_CHANGE)
    @once
    @bp.arguments(SignVisitSchema)
    @bp.response(200, VisitSchema)
    def begin(wanted: Plain, visit_id: str) -> Plain:
        """A carer has come"""
        return signed(visit_id, wanted, Which.BEGIN)

    @bp.post("/<visit_id>/finish")
    @either(WRITE, Right.VISITS_CHANGE)
    @once
    @bp.arguments(SignVisitSchema)
    @bp.response(200, VisitSchema)
    def finish(wanted: Plain, visit_id: str) -> Plain:
        """A carer has left, and what was done"""
        return signed(visit_id, wanted, Which.FINISH)

    @bp.post("/<visit_id>/cancel")
    @either(WRITE, Right.VISITS_CHANGE)
    @once
    @bp.arguments(CancelVisitSchema)
    @bp.response(200, VisitSchema)
    def cancel(wanted: Plain, visit_id: str) -> Plain:
        """It does not take place"""
        book.one(visit_id, area())
        visiting.cancel(visit_id, reason=wanted["reason"], by=caller(), note=wanted.get("note"))
        return told(visit_id)

    @bp.post("/<visit_id>/assign")
    @either(WRITE, Right.VISITS_CHANGE)
    @once
    @bp.arguments(AssignVisitSchema)
    @bp.response(200, VisitSchema)
    def assign(wanted: Plain, visit_id: str) -> Plain:
        """Who is sent, and nobody else"""
        book.one(visit_id, area())
        with named("carers"):
            ids = [book.carer_id(each, area()) for each in wanted["carers"]]
        visiting.assign(visit_id, ids, by=caller())
        return told(visit_id)

    @bp.post("/<visit_id>/photo")
    @either(WRITE, Right.VISITS_CHANGE)
    @once
    @bp.arguments(VisitPhotoSchema)
    @bp.response(200, VisitSchema)
    def photo(wanted: Plain, visit_id: str) -> Plain:
        """A photo of the visit, by its hash"""
        book.one(visit_id, area())
        carer_id = _carer(book, wanted["carer"]) if "carer" in wanted else None
        visiting.add_photo(visit_id, wanted["sha256"], taken_at=wanted.get("taken_at"), by=caller(), carer_id=carer_id)
        return told(visit_id)

    @bp.post("/<visit_id>/resolve")
    @either("visits:judge", Right.VISITS_JUDGE)
    @once
    @bp.arguments(ResolveFindingSchema)
    @bp.response(200, VisitSchema)
    def resolve(wanted: Plain, visit_id: str) -> Plain:
        """How a finding is judged by a human"""
        found = book.one(visit_id, area())
        meant = [each.id for each in found.findings if wanted["finding"] in {each.id, each.code}]
        with named("finding"):
            if not meant:
                raise NotFound("This visit has no such finding.")
        visiting.resolve(meant[0], wanted["resolution"], by=caller(), note=wanted.get("note"))
        return told(visit_id)

    @bp.post("/<visit_id>/approve")
    @either("visits:judge", Right.VISITS_JUDGE)
    @once
    @bp.arguments(ApproveEntrySchema)
    @bp.response(200, VisitSchema)
    def approve(wanted: Plain, visit_id: str) -> Plain:
        """A second person agrees to an entry at a desk"""
        found = book.one(visit_id, area())
        with named("point"):
            if wanted["point"] not in {each.id for each in found.points}:
                raise NotFound("This visit has no such entry.")
        visiting.approve(wanted["point"], by=caller())
        return told(visit_id)

    return bp


def _carer(book: VisitBook, said: str) -> Any:
    with named("carer"):
        return book.carer_id(said, area())


def _said(book: VisitBook, found: Whole, wanted: Plain, which: Which) -> Said:
    way, proof, at = Way(wanted.get("way", "page")), None, wanted.get("at")
    if "call" in wanted:
        with named("call"):
            rang_at = book.rang_from_home(wanted["call"], found.row.visit.wanted.home_id)
        way = Way.RESIDENT if way is Way.RESIDENT else Way.LANDLINE
        proof, at = f"call:{wanted['call']}", at or rang_at
    elif way in {Way.LANDLINE, Way.RESIDENT}:
        raise Invalid("Name the call from the home that proves it.", {"json": {"call": ["Missing."]}})
    elif not has_bearer(request):
        way = Way.OFFICE
    items = wanted.get("items")
    return Said(
        key=_key(found.row.visit.id, which, wanted), which=which, way=way, by=caller(), at=at, proof=proof,
        carer_id=_carer(book, wanted["carer"]), position=position_of(wanted), accuracy_m=wanted.get("accuracy_m"),
        reason=wanted.get("reason"), items=None if items is None else tuple(items),
    )  # fmt: skip


def _key(visit_id: str, which: Which, wanted: Plain) -> str:
    """The same statement again is a copy, also without an Idempotency-Key: same visit, carer, time and place."""
    told = "\x00".join(f"{key}={wanted[key]}" for key in sorted(wanted))
    return f"api:{hashlib.sha256(f'{caller()}|{visit_id}|{which}|{told}'.encode()).hexdigest()}"


def _row(row: Row) -> Plain:
    visit, wanted = row.visit, row.visit.wanted
    return {
        "id": visit.id, "key": wanted.key, "code": visit.code, "state": visit.state.value, "day": wanted.on.isoformat(),
        "start_from": wanted.start_from.isoformat(), "start_by": wanted.start_by.isoformat(),
        "minutes": wanted.minutes, "home": row.home.code, "resident": wanted.resident_id,
        "station": row.home.station_id, "carers": [each.code for each in row.carers], "hands": wanted.carers,
        "late_min": row.late_min, "begun_at": _at(visit.begun_at), "finished_at": _at(visit.finished_at),
        "planned_items": list(wanted.items), "items": None if visit.items is None else list(visit.items),
        "reason": visit.reason, "alarm": visit.alarm_id, "counts": visit.counts, "judged_at": _at(visit.judged_at),
    }  # fmt: skip


def _whole(one: Whole) -> Plain:
    return {
        **_row(one.row),
        "points": [_point(each, one.metres.get(each.id)) for each in one.points],
        "photos": [
            {"sha256": each.sha256, "taken_at": _at(each.taken_at), "received_at": _at(each.received_at),
             "age_s": each.age_s} for each in one.photos
        ],
        "findings": [_finding(each) for each in one.findings],
    }  # fmt: skip


def _point(point: Point, metres: int | None) -> Plain:
    place = point.position
    return {
        "id": point.id, "which": point.which.value, "way": point.way.value, "at": _at(point.at),
        "received_at": _at(point.received_at), "by": point.by, "carer": point.carer_id,
        "lat": place.lat if place else None, "lng": place.lng if place else None, "accuracy_m": point.accuracy_m,
        "from_home_m": metres, "proof": point.proof, "reason": point.reason, "approved_by": point.approved_by,
    }  # fmt: skip


def _finding(each: Kept) -> Plain:
    return {
        "id": each.id, "code": each.code, "evidence": dict(each.evidence), "found_at": _at(each.found_at),
        "resolution": each.resolution, "resolved_by": each.resolved_by, "resolved_at": _at(each.resolved_at),
    }  # fmt: skip


def _at(at: Any) -> str | None:
    return None if at is None else at.isoformat()
