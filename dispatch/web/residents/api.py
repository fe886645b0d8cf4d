# mypy: disable-error-code="untyped-decorator"
"""
The registers for programs: one row, a new one, a change, an ending; absences, follow-ups, and the search.

A change names the version it changes (`If-Match` with the `ETag` of the row): 428 without, 412 where somebody else has
changed it since, with the fields that differ. Telephones and ID numbers are masked; whoever may, asks for them in full
with a reason.
"""

import re
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields, validate

from dispatch.errors import NotFound, Unconditional
from dispatch.ids import ResidentId
from dispatch.registry.finding import SHOWN, Found
from dispatch.registry.follow_ups import FOUND
from dispatch.registry.leaving import Carried, Why
from dispatch.rules.absences import Absence
from dispatch.rules.absences import Kind as Away
from dispatch.rules.rights import Right
from dispatch.store.absences import Absences
from dispatch.store.follow_ups import FollowUp, FollowUps
from dispatch.store.register_rows import CARERS, CONTACTS, HOMES, KINDS, RESIDENTS, Kind, RegisterRows, Row
from dispatch.web.access import area, caller, either, has_bearer, recently, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import READ, discreet, in_pages
from dispatch.web.residents.fields import adding, changing
from dispatch.web.residents.telling import etag, schema_of, told
from dispatch.web.residents.work import Work
from dispatch.web.schemas import NOTE_MAX, ListSchema, PageSchema, Text, Wire

Plain = dict[str, Any]

WRITE = "registers"
"""The scope of keys that may change the registers."""

_VERSION = re.compile(r"[0-9]{1,18}")

LISTED_MAX = 10_000
"""Absences and follow-ups of a district are never so many."""

SEE = {"residents": Right.RESIDENTS_SEE, "homes": Right.RESIDENTS_SEE, "contacts": Right.RESIDENTS_SEE,
       "carers": Right.CARERS_SEE, "stations": Right.CARERS_SEE}  # fmt: skip
CHANGE = {"residents": Right.RESIDENTS_CHANGE, "homes": Right.RESIDENTS_CHANGE, "contacts": Right.RESIDENTS_CHANGE,
          "carers": Right.CARERS_CHANGE, "stations": Right.CARERS_CHANGE}  # fmt: skip


class NoteOnlySchema(Wire):
    """Words about what is done."""

    note = Text(NOTE_MAX)


class LeaveSchema(NoteOnlySchema):
    """Why a resident is served no more."""

    why = fields.Enum(Why, by_value=True, required=True)
    died_on = fields.Date()


class MoveSchema(NoteOnlySchema):
    """
    Where to: a home on file by its code, or a new one; what goes along, by id; and since which local day they live
    there, where that was before today.
    """

    home = Text(40)
    new_home = fields.Nested(adding(HOMES))
    devices = fields.List(Text(40), load_default=list)
    contacts = fields.List(Text(40), load_default=list)
    entry = fields.Boolean(load_default=False)
    since = fields.Date(load_default=None, allow_none=True)


class AbsenceSchema(NoteOnlySchema):
    """Away until then, from now on where no beginning is said."""

    kind = fields.Enum(Away, by_value=True, required=True)
    from_at = fields.AwareDateTime()
    until_at = fields.AwareDateTime(required=True)


class ProlongSchema(NoteOnlySchema):
    until_at = fields.AwareDateTime(required=True)


class UnmaskSchema(Wire):
    reason = Text(NOTE_MAX, required=True)


class NumbersSchema(Schema):
    numbers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class FollowedUpSchema(Wire):
    note = Text(NOTE_MAX, required=True)


class EntryCheckSchema(NoteOnlySchema):
    """How the way in was found."""

    found = fields.String(required=True, validate=validate.OneOf(FOUND))


class FindSchema(Wire):
    """What was typed, and how much of what is like it is wanted; whoever misses something types more."""

    q = Text(80, required=True)
    limit = fields.Integer(load_default=SHOWN, validate=validate.Range(1, SHOWN))


class FoundSchema(Schema):
    """What is like the words that were typed, the likeliest first. There is no more of it."""

    items = fields.List(fields.Dict(), required=True)


class AddedSchema(Schema):
    id = fields.String(required=True)


def registry_api(work: Work) -> ApiBlueprint:
    """`/api/v1/<register>` for changing, `/absences`, `/follow-ups`, `/find`."""
    bp = ApiBlueprint("registry", __name__, description="Changing who and what the district consists of")
    once = Once(work.transactions)
    for kind in KINDS.values():
        _row_views(bp, work, once, kind)
        _change_views(bp, work, kind)
    for kind in (CONTACTS, CARERS, HOMES):
        _ending(bp, work, once, kind)
    _residents(bp, work, once)
    _absences(bp, work, once)
    _follow_ups(bp, work, once)

    @bp.get("/find")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(FindSchema, location="query", unknown=RAISE)
    @bp.response(200, FoundSchema)
    def find(wanted: Plain) -> Plain:
        return {"items": [_found(each) for each in work.finding.find(wanted["q"], area(), wanted["limit"])]}

    return bp


def _row_views(bp: ApiBlueprint, work: Work, once: Once, kind: Kind) -> None:
    @bp.get(f"/{kind.register}/<name>", endpoint=f"{kind.one}_told")
    @either(READ, SEE[kind.register])
    @bp.response(200, schema_of(kind))
    def one(name: str) -> Any:
        row = work.row(kind, name)
        if kind is RESIDENTS:
            work.seen(ResidentId(row["id"]))
        return answered(work, row)

    @bp.post(f"/{kind.register}", endpoint=f"{kind.one}_added")
    @either(WRITE, CHANGE[kind.register])
    @once
    @bp.arguments(adding(kind))
    @bp.response(201, schema_of(kind))
    def added(_: Plain) -> Any:
        return answered(work, work.row(kind, work.add(kind, request.get_json())))


def _change_views(bp: ApiBlueprint, work: Work, kind: Kind) -> None:
    @bp.route(f"/{kind.register}/<name>", methods=["PATCH"], endpoint=f"{kind.one}_changed")
    @either(WRITE, CHANGE[kind.register])
    @bp.arguments(changing(kind))
    @bp.response(200, schema_of(kind))
    def changed(_: Plain, name: str) -> Any:
        row = work.row(kind, name)
        return answered(work, work.change(kind, row["id"], request.get_json(), version=_version(row)))


def _ending(bp: ApiBlueprint, work: Work, once: Once, kind: Kind) -> None:
    @bp.post(f"/{kind.register}/<name>/end", endpoint=f"{kind.one}_end")
    @either(WRITE, CHANGE[kind.register])
    @once
    @bp.arguments(NoteOnlySchema)
    @bp.response(200, schema_of(kind))
    def end(wanted: Plain, name: str) -> Any:
        work.registry.end(kind, name, by=caller(), area=area(), note=wanted.get("note"))
        return answered(work, work.row(kind, name))

    @bp.post(f"/{kind.register}/<name>/restore", endpoint=f"{kind.one}_restore")
    @either(WRITE, CHANGE[kind.register])
    @once
    @bp.response(200, schema_of(kind))
    def restore(name: str) -> Any:
        work.registry.restore(kind, name, by=caller(), area=area())
        return answered(work, work.row(kind, name))


def _residents(bp: ApiBlueprint, work: Work, once: Once) -> None:
    @bp.post("/residents/<name>/leave")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(LeaveSchema)
    @bp.response(200, schema_of(RESIDENTS))
    def leave(wanted: Plain, name: str) -> Any:
        work.day_of_death(wanted["why"], wanted.get("died_on"))
        work.leaving.leave(name, by=caller(), area=area(), **wanted)
        return answered(work, work.row(RESIDENTS, name))

    @bp.post("/residents/<name>/resume")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(NoteOnlySchema)
    @bp.response(200, schema_of(RESIDENTS))
    def resume(wanted: Plain, name: str) -> Any:
        work.leaving.resume(name, by=caller(), area=area(), **wanted)
        return answered(work, work.row(RESIDENTS, name))

    @bp.post("/residents/<name>/move")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(MoveSchema)
    @bp.response(200, schema_of(RESIDENTS))
    def move(wanted: Plain, name: str) -> Any:
        work.move(name, wanted, Carried(**{each: wanted[each] for each in ("devices", "contacts", "entry")}))
        return answered(work, work.row(RESIDENTS, name))

    @bp.post("/residents/<name>/unmask")
    @require(Right.UNMASK)
    @recently
    @bp.arguments(UnmaskSchema)
    @bp.response(200, NumbersSchema)
    def unmask(wanted: Plain, name: str) -> Plain:
        return {"numbers": work.disclosures.unmask(name, wanted["reason"], by=caller(), area=area())}

    @bp.post("/homes/<name>/checks")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(EntryCheckSchema)
    @bp.response(200, schema_of(HOMES))
    def checks(wanted: Plain, name: str) -> Any:
        work.following_up.check_keys(name, wanted["found"], by=caller(), area=area(), note=wanted.get("note"))
        return answered(work, work.row(HOMES, name))


def _absences(bp: ApiBlueprint, work: Work, once: Once) -> None:
    @bp.get("/absences")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def absences(wanted: Plain) -> Any:
        with work.reading.connect() as connection:
            found = [each for each in Absences(connection).current(LISTED_MAX) if _is_ours(connection, each.home_id)]
        return in_pages(map(_absence, found), wanted, "until_at", "id")

    @bp.post("/residents/<name>/absences")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(AbsenceSchema)
    @bp.response(201, AddedSchema)
    def begun(wanted: Plain, name: str) -> Plain:
        made = work.absent.begin(
            name, wanted["kind"], from_at=wanted.get("from_at"), until_at=wanted["until_at"], by=caller(),
            area=area(), note=wanted.get("note"),
        )  # fmt: skip
        return {"id": made}

    @bp.post("/absences/<id_>/end")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(NoteOnlySchema)
    @bp.response(200, AddedSchema)
    def over(wanted: Plain, id_: str) -> Plain:
        work.absent.end(id_, by=caller(), area=area(), note=wanted.get("note"))
        return {"id": id_}

    @bp.post("/absences/<id_>/prolong")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(ProlongSchema)
    @bp.response(200, AddedSchema)
    def prolong(wanted: Plain, id_: str) -> Plain:
        work.absent.prolong(id_, until_at=wanted["until_at"], by=caller(), area=area(), note=wanted.get("note"))
        return {"id": id_}


def _follow_ups(bp: ApiBlueprint, work: Work, once: Once) -> None:
    @bp.get("/follow-ups")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: Plain) -> Any:
        with work.reading.connect() as connection:
            found = [each for each in FollowUps(connection).to_do(LISTED_MAX) if _is_ours(connection, each.home_id)]
        return in_pages(map(_follow_up, found), wanted, "due_at", "id")

    @bp.post("/follow-ups/<id_>/done")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(FollowedUpSchema)
    @bp.response(200, AddedSchema)
    def done(wanted: Plain, id_: str) -> Plain:
        work.following_up.done(id_, note=wanted["note"], by=caller(), area=area())
        return {"id": id_}


# ------------------------------------------------------------------------------------------------ the parts


def answered(work: Work, row: Row) -> tuple[Plain, dict[str, str]]:
    with work.reading.connect() as connection:
        plain = told(row, connection)
    return (discreet(plain) if has_bearer(request) else plain), {"ETag": etag(row)}


def _version(row: Row) -> int:
    """The version that the caller means to change: `*` is whichever there is."""
    if not request.headers.get("If-Match"):
        raise Unconditional("Send If-Match with the ETag of what you have seen.")
    if request.if_match.star_tag:
        return int(row["version"])
    # An empty tag is read as None.
    said = {int(each) for each in request.if_match.as_set() if each and _VERSION.fullmatch(each)}
    return int(row["version"]) if row["version"] in said else max(said, default=0)


def _is_ours(connection: Any, home_id: str | None) -> bool:
    if home_id is None or area().is_district:
        return area().is_district
    try:
        RegisterRows(connection).one(HOMES, home_id, area())
    except NotFound:
        return False
    return True


def _found(found: Found) -> Plain:
    return {
        "kind": found.kind, "id": found.id, "code": found.code, "name": found.name, "where": found.where,
        "path": found.path, "over": found.over,
    }  # fmt: skip


def _absence(absence: Absence) -> Plain:
    return {
        "id": absence.id, "resident": absence.resident_id, "home": absence.home_id, "kind": absence.kind.value,
        "from_at": absence.from_at.isoformat(), "until_at": absence.until_at.isoformat(),
        "state": absence.state.value, "by": absence.by,
    }  # fmt: skip


def _follow_up(each: FollowUp) -> Plain:
    return {
        "id": each.id, "kind": each.kind.value, "resident": each.resident_id, "home": each.home_id,
        "about": each.about, "owner": each.owner, "opened_at": each.opened_at.isoformat(),
        "due_at": each.due_at.isoformat(),
    }  # fmt: skip
