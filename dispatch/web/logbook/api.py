# mypy: disable-error-code="untyped-decorator"
"""The review on the wire: everything its pages do. Findings and signatures are people's; no key speaks for one."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from flask import request
from marshmallow import RAISE
from werkzeug.wrappers import Response

from dispatch.ids import AlarmId
from dispatch.logbook import masks
from dispatch.logbook.verifying import Walk
from dispatch.rules.rights import Right
from dispatch.store.log_search import Search
from dispatch.store.logbook import breaches_of
from dispatch.web.access import area, caller, either, has_bearer, require, signed_in
from dispatch.web.api import ApiBlueprint
from dispatch.web.logbook.exporting import MIMES, exported
from dispatch.web.logbook.filters import (
    FilterSchema,
    ReviewListSchema,
    ReviewSearchSchema,
    filter_of,
    month_around,
)
from dispatch.web.logbook.reading import Codes, LogRoom
from dispatch.web.logbook.schemas import (
    ExportSchema,
    FindingSchema,
    FollowUpDoneSchema,
    ReviewedSchema,
    SignSchema,
    WalkSchema,
)
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked, discreet, in_pages
from dispatch.web.schemas import FILE, ListSchema, PageSchema

READ = "read"
DUE_MAX = 10_000
"""Findings to be looked at again are never so many."""

Plain = dict[str, Any]


def review_api(room: LogRoom) -> ApiBlueprint:
    """`/api/v1/review` and everything below it; `{alarm}` is an alarm's id."""
    bp = ApiBlueprint("review_api", __name__, url_prefix="/review", description="The review of the response log")
    codes, once = Codes(room.reading), Once(room.transactions)

    def page(loaded: Plain) -> tuple[list[Plain], str | None]:
        limit, before = loaded["limit"], loaded.get("cursor")
        if loaded.get("text"):
            loaded = month_around(loaded, room.today())
        with room.reading.connect() as connection:
            rows = Search(connection, area()).page(filter_of(loaded, codes, room.zone), limit + 1, before=before)
        return [_short(each) for each in rows[:limit]], str(rows[limit - 1]["first"]) if len(rows) > limit else None

    def story(alarm_id: str) -> Plain:
        told: Plain = _story(room, AlarmId(alarm_id))
        shown: Plain = discreet(told)
        return shown if has_bearer(request) else told

    @bp.get("")
    @either(READ, Right.RECORD_SEE)
    @bp.arguments(ReviewListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: Plain) -> Any:
        return bookmarked(*page(wanted))

    @bp.post("/search")
    @either(READ, Right.RECORD_SEE)
    @bp.arguments(ReviewSearchSchema)
    @bp.response(200, PageSchema)
    def searched(wanted: Plain) -> Any:
        """The same with words, which stand in no address."""
        items, next_ = page(wanted)
        return {"items": items, "next": next_}

    @bp.get("/follow-ups")
    @either(READ, Right.RECORD_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def follow_ups(wanted: Plain) -> Any:
        """What was to be looked at again by today, the longest overdue first."""
        with room.reading.connect() as connection:
            found = Search(connection, area()).follow_ups(room.today(), DUE_MAX)
        return in_pages(map(_plain, found), wanted, "follow_up_on", "id")

    @bp.post("/export")
    @require(Right.EXPORT)
    @bp.arguments(ExportSchema)
    @bp.response(200, FILE, content_type=MIMES["xlsx"])
    @bp.alt_response(200, schema=FILE, content_type="text/csv")
    def export(wanted: Plain) -> Response:
        """A file, Excel or CSV; that it was taken is an entry of the record."""
        said = {name: wanted[name] for name in FilterSchema().fields if name in wanted and wanted[name] != "any"}
        return exported(
            room, filter_of(wanted, codes, room.zone), area=area(), by=caller(), maker=signed_in().name, said=said,
            kind=wanted["kind"], is_full=wanted["full"], reason=wanted.get("reason", ""),
        )  # fmt: skip

    @bp.get("/<alarm_id>")
    @either(READ, Right.RECORD_SEE)
    @bp.response(200)
    @bp.alt_response(200, schema=ReviewedSchema)
    def told(alarm_id: str) -> Plain:
        return story(alarm_id)

    @bp.post("/<alarm_id>/findings")
    @require(Right.REVIEW)
    @once
    @bp.arguments(FindingSchema)
    @bp.response(201)
    @bp.alt_response(201, schema=ReviewedSchema)
    def found(wanted: Plain, alarm_id: str) -> Plain:
        station = codes.station(wanted.pop("station")) if "station" in wanted else None
        room.reviewing.find(AlarmId(alarm_id), by=caller(), area=area(), station_id=station, **wanted)
        return story(alarm_id)

    @bp.post("/<alarm_id>/sign")
    @require(Right.REVIEW)
    @once
    @bp.arguments(SignSchema)
    @bp.response(200)
    @bp.alt_response(200, schema=ReviewedSchema)
    def signed(wanted: Plain, alarm_id: str) -> Plain:
        room.reviewing.sign(AlarmId(alarm_id), by=caller(), area=area(), seen=wanted["seen"])
        return story(alarm_id)

    @bp.post("/<alarm_id>/findings/<finding>/done")
    @require(Right.REVIEW)
    @once
    @bp.arguments(FollowUpDoneSchema)
    @bp.response(200)
    @bp.alt_response(200, schema=ReviewedSchema)
    def done(wanted: Plain, alarm_id: str, finding: str) -> Plain:
        room.reviewing.follow_up_done(AlarmId(alarm_id), finding, by=caller(), area=area(), text=wanted.get("text"))
        return story(alarm_id)

    return bp


def verify_api(room: LogRoom) -> ApiBlueprint:
    """`/api/v1/record/verify`: begin a walk along the chain, and ask how far it is."""
    bp = ApiBlueprint("record_api", __name__, url_prefix="/record", description="The record counted over")

    @bp.post("/verify")
    @either(READ, Right.RECORD_SEE)
    @bp.response(202, WalkSchema)
    def begun() -> Plain:
        return _walk(room.verifier.begin(caller()))

    @bp.get("/verify")
    @either(READ, Right.RECORD_SEE)
    @bp.response(200, WalkSchema)
    def latest() -> Plain:
        walk = room.verifier.latest
        return {"state": "never"} if walk is None else _walk(walk)

    return bp


def _walk(walk: Walk) -> Plain:
    state = "running" if walk.is_under_way else "whole" if walk.is_whole else "broken"
    return {
        "state": state, "entries": walk.entries, "head": walk.head, "walked": walk.walked, "number": walk.number,
        "why": walk.why, "begun_at": walk.begun_at.isoformat(),
        "ended_at": walk.ended_at.isoformat() if walk.ended_at else None,
    }  # fmt: skip


def _story(room: LogRoom, alarm_id: AlarmId) -> Plain:
    story = room.stories.story(alarm_id, area())
    told, judged = story.judged.told, story.judged
    if told.home_id:
        subject = f"resident:{told.resident_id}" if told.resident_id else f"home:{told.home_id}"
        room.seen(by=caller(), subject=subject, where="review")
    return {
        **_plain({name: value for name, value in asdict(told).items() if name not in {"people", "notes", "acts"}}),
        "people": sorted(told.people), "breaches": [str(each) for each in judged.breaches],
        "is_drawn": judged.is_drawn, "stage": str(judged.stage), "timeline": story.timeline, "audits": story.audits,
        "proof": {**asdict(story.proof), "is_whole": story.proof.is_whole}, "address": story.home,
        "name": story.resident, "station": story.station,
    }  # fmt: skip


def _short(row: Mapping[str, Any]) -> Plain:
    """A line of a list: masked, as everywhere where nobody opened a file."""
    more = {
        "name": masks.name(row["name"] or "") or None, "address": masks.address(row["address"] or "") or None,
        "phone": masks.phone(row["phone"]) if row["phone"] else None,
        "breaches": [str(each) for each in breaches_of(row["breaches"])],
    }  # fmt: skip
    return _plain({**row, **more})


def _plain(told: Mapping[str, Any]) -> Plain:
    return {name: _value(each) for name, each in told.items()}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return [_value(each) for each in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value
