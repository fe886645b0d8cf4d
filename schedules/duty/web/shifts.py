# mypy: disable-error-code="untyped-decorator"
"""The roster on the wire: `/api/v1/shifts`, and the calendars `/calendar/<code>.ics`."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, request
from marshmallow import RAISE, Schema, fields
from werkzeug.exceptions import PreconditionFailed
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.ids import CarerId, StationId
from dispatch.rules.people import Carer
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, by_code, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.limits import Limit
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import NOTE_MAX, ListSchema, Moment, PageSchema, Text, Wire
from schedules.duty.desk import DutyDesk
from schedules.duty.feeds import feed, window
from schedules.duty.rules import Shift
from schedules.duty.web.words import Words

READ, WRITE = "read", "shifts"
"""The scopes of keys that may look at shifts, and change them."""

AHEAD = timedelta(days=14)
"""Shifts are listed from a day back to so far ahead, when nothing else is said."""

LONGEST = timedelta(days=400)
MISSES_A_MINUTE = 10
_LATER = {"example": "2026-11-23T20:00:00+08:00"}
_AT = {"format": "date-time", "example": "2026-11-23T08:00:00+08:00"}

Plain = dict[str, Any]


class ShiftListSchema(ListSchema):
    """Which shifts: those that share time with this window; of this carer (code or id), of this station (code)."""

    start = Moment()
    end = Moment()
    carer = Text()
    station = Text()


class ShiftAskSchema(Wire):
    """A shift to be put in. `carer` is a code or an id; times with their offset, `[start, end)`, a day at most."""

    carer = Text(required=True, metadata={"example": "C1"})
    start = Moment(required=True)
    end = Moment(required=True, metadata=_LATER)
    reason = Text(NOTE_MAX, metadata={"description": "Why it is put in although something speaks against it"})


class ShiftMoveSchema(Wire):
    """What is to be different."""

    carer = Text()
    start = Moment()
    end = Moment(metadata=_LATER)
    reason = Text(NOTE_MAX, metadata={"description": "Why it is moved although something speaks against it"})


class ShiftSchema(Schema):
    """One shift."""

    id = fields.String(required=True)
    carer = fields.String(required=True, metadata={"description": "The carer's id"})
    carer_code = fields.String(required=True)
    station = fields.String(required=True, allow_none=True, metadata={"description": "The station's id"})
    start = fields.String(required=True, metadata=_AT)
    end = fields.String(required=True, metadata=_AT)
    sequence = fields.Integer(required=True, metadata={"description": "How often it was moved"})


class ShiftPageSchema(PageSchema):
    """One page of shifts."""

    items = fields.List(fields.Nested(ShiftSchema), required=True)


def shifts_blueprint(desk: DutyDesk, clock: Clock, *, transactions: Transactions) -> ApiBlueprint:
    """
    `/api/v1/shifts`: one is put in, moved (its id stays), taken out; each at once.

    `If-Match` with the `ETag` of a shift refuses (412) to change one that somebody else moved meanwhile. A shift that
    overlaps another of the same carer, or leaves too little rest, is 409, unless a `reason` is given.
    """
    bp = ApiBlueprint("shifts", __name__, url_prefix="/shifts", description="Who is on duty when")
    once, told, words = Once(transactions), _Told(desk), Words(desk, desk.guard.calendar)

    @bp.get("")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(ShiftListSchema, location="query", unknown=RAISE)
    @bp.response(200, ShiftPageSchema)
    def listed(wanted: Plain) -> Any:
        """Shifts of a window, by their start"""
        start, end = _window(wanted, clock.now())
        rows = told.rows(desk.between(start, end), carer=wanted.get("carer"), station=wanted.get("station"))
        after = wanted.get("cursor", "")
        rows = [each for each in rows if _place_of(each) > after]
        page = rows[: wanted["limit"]]
        return bookmarked(page, _place_of(page[-1]) if len(rows) > len(page) else None)

    @bp.post("")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(ShiftAskSchema)
    @bp.response(201, ShiftSchema)
    @words.spoken
    def added(wanted: Plain) -> Any:
        """Put a shift in"""
        carer = told.mine(desk.carer(wanted["carer"]))
        made = desk.put(carer.id, wanted["start"], wanted["end"], by=caller(), reason=wanted.get("reason"))
        return told.one(made), {"ETag": _tag(made)}

    @bp.get("/<shift_id>")
    @either(READ, Right.CARERS_SEE)
    @bp.response(200, ShiftSchema)
    def one(shift_id: str) -> Any:
        """One shift"""
        found = told.visible(desk.get(shift_id))
        return told.one(found), {"ETag": _tag(found)}

    @bp.patch("/<shift_id>")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @bp.arguments(ShiftMoveSchema)
    @bp.response(200, ShiftSchema)
    @words.spoken
    def moved(wanted: Plain, shift_id: str) -> Any:
        """Give a shift other times or another carer"""
        _refuse_stale(told.visible(desk.get(shift_id)))
        carer = told.mine(desk.carer(wanted["carer"])).id if "carer" in wanted else None
        made = desk.move(
            shift_id, start=wanted.get("start"), end=wanted.get("end"), carer=carer, by=caller(),
            reason=wanted.get("reason"),
        )  # fmt: skip
        return told.one(made), {"ETag": _tag(made)}

    @bp.delete("/<shift_id>")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @bp.response(204)
    def removed(shift_id: str) -> None:
        """Take a shift out"""
        _refuse_stale(told.visible(desk.get(shift_id)))
        desk.take(shift_id, by=caller())

    return bp


def calendars_blueprint(desk: DutyDesk, clock: Clock, zone: ZoneInfo) -> Blueprint:
    """`/calendar/<code>.ics`, for whoever holds the code: a carer's own shifts, or those of a whole station."""
    bp = Blueprint("calendars", __name__)
    misses = Limit(MISSES_A_MINUTE, 60.0, lambda: clock.look().steady_s)

    @bp.get("/calendar/<code>.ics")
    @by_code
    def calendar(code: str) -> Response:
        caller_ip = request.remote_addr or ""
        owner = desk.owner(code) if not misses.is_over(caller_ip) or len(code) == 22 else None
        if owner is None:
            misses.count(caller_ip)
            raise NotFound("no such calendar")
        written = _written(desk, owner, clock.now(), zone)
        answer = make_response(written)
        answer.content_type = "text/calendar; charset=utf-8"
        answer.headers["Cache-Control"] = "private, max-age=300"
        answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        answer.headers["Content-Disposition"] = "inline; filename=anling.ics"
        answer.set_etag(hashlib.sha256(written).hexdigest()[:32])
        return answer.make_conditional(request)

    return bp


def _written(desk: DutyDesk, owner: str, now: datetime, zone: ZoneInfo) -> bytes:
    start, end = window(now)
    everybody, stations = desk.people()
    kind, _, id_ = owner.partition(":")
    carers = [each for each in everybody if id_ in {str(each.id) if kind == "carer" else str(each.station_id)}]
    mine = {each.id for each in carers}
    home = id_ if kind == "station" else next((str(each.station_id) for each in carers), "")
    place = next((each.name for each in stations if str(each.id) == home), "")
    shifts = [each for each in desk.between(start, end) if each.carer_id in mine]
    titles = {str(each.id): f"值班 {each.name}" if kind == "station" else "值班" for each in carers}
    name = place if kind == "station" else next((each.name for each in carers), "")
    return feed(shifts, name=f"安铃 {name}", titles=titles, place=place, zone=zone)


class _Told:
    """Shifts as they are told, to whom they may be told."""

    def __init__(self, desk: DutyDesk) -> None:
        self._desk = desk

    def rows(self, shifts: list[Shift], *, carer: str | None, station: str | None) -> list[Plain]:
        carers, stations = self._desk.people()
        people = {each.id: each for each in carers}
        codes = {each.id: each.code for each in stations}
        mine = area()
        return [
            _row(each, people.get(each.carer_id)) for each in shifts
            if mine.covers(_station(people, each.carer_id))
            and (carer is None or carer in {each.carer_id, people[each.carer_id].code})
            and (station is None or codes.get(_station(people, each.carer_id) or StationId("")) == station)
        ]  # fmt: skip

    def one(self, shift: Shift) -> Plain:
        return _row(shift, self._desk.carer(shift.carer_id))

    def visible(self, shift: Shift) -> Shift:
        """The shift, if the caller works for its station; otherwise it does not exist."""
        if not area().covers(self._desk.station_of(shift.carer_id)):
            raise NotFound(f"no shift {shift.id}")
        return shift

    def mine(self, carer: Carer) -> Carer:
        """The carer, if the caller works for their station."""
        if not area().covers(carer.station_id):
            raise Invalid("There is no such carer.", {"json": {"carer": ["There is no such carer."]}})
        return carer


def _station(people: dict[CarerId, Carer], id_: CarerId) -> StationId | None:
    found = people.get(id_)
    return found.station_id if found else None


def _row(shift: Shift, carer: Carer | None) -> Plain:
    return {
        "id": shift.id, "carer": shift.carer_id, "carer_code": carer.code if carer else "",
        "station": carer.station_id if carer else None, "start": shift.start_at.isoformat(),
        "end": shift.end_at.isoformat(), "sequence": shift.sequence,
    }  # fmt: skip


def _place_of(row: Plain) -> str:
    return f"{row['start']}.{row['id']}"


def _window(wanted: Plain, now: datetime) -> tuple[datetime, datetime]:
    start = wanted.get("start") or now - timedelta(days=1)
    end = wanted.get("end") or start + AHEAD + timedelta(days=1)
    if not timedelta(0) < end - start <= LONGEST:
        raise Invalid("The window ends before it starts, or is longer than 400 days.", {"query": {"end": ["window"]}})
    return start, end


def _tag(shift: Shift) -> str:
    return f'"{shift.id}-{shift.sequence}"'


def _refuse_stale(shift: Shift) -> None:
    if request.if_match and not request.if_match.contains(f"{shift.id}-{shift.sequence}"):
        raise PreconditionFailed
