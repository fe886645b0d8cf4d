# mypy: disable-error-code="untyped-decorator"
"""Beds on the wire: `/api/v1/beds` with their life, care plans, and the standing and statement of a month."""

from datetime import date, time
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields, validate

from dispatch.ids import CarerId
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, either, has_bearer, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked, discreet
from dispatch.web.schemas import NOTE_MAX, ListSchema, PageSchema, Text, Wire, named
from schedules.care.assessing import Said
from schedules.care.beds import Form
from schedules.care.rules.assessment import Reason
from schedules.care.rules.bed import Deed, State, Why
from schedules.care.rules.month import Course
from schedules.care.rules.plan import Holidays, Line, Pattern
from schedules.care.web.desk import BedDesk, Plain, told_plan, told_standing, told_visits

READ, WRITE = "read", "beds"
"""The scopes of keys that may look at beds, and take them further."""

REVIEWS = (Deed.FIRST_REVIEW, Deed.SEND_BACK, Deed.APPROVE)
STEPS = (Deed.BUILD, Deed.ACCEPT, Deed.ACTIVATE, Deed.SUSPEND, Deed.RESUME, Deed.END, Deed.REOPEN)
_MONTH = validate.Regexp(r"(19|20|21)\d\d-(0[1-9]|1[0-2])\Z", error="A month is written 2026-11.")
_TIME = r"([01]\d|2[0-3]):[0-5]\d\Z"


class BedListSchema(ListSchema):
    """Beds in this state, of this resident (code or id), whose month stood so when it was last counted."""

    state = fields.Enum(State, by_value=True)
    course = fields.Enum(Course, by_value=True)
    resident = Text()


class BedApplySchema(Wire):
    """A bed is asked for. `standard` is the id of the month's duty; the setting's when it is left out."""

    resident = Text(required=True)
    standard = Text()
    on = fields.Date()
    post = Text()
    opinion = Text(NOTE_MAX)
    number = Text()


class BedAssessSchema(Wire):
    """An assessment as its paper says it: a score, or where the standard has none, the level."""

    standard = Text(required=True)
    assessed_on = fields.Date(required=True)
    org = Text(120, required=True)
    score = fields.Integer(strict=True, validate=validate.Range(0, 1000))
    level = Text()
    adjustments = fields.List(Text(), load_default=list)
    reason = fields.Enum(Reason, by_value=True, load_default=Reason.FIRST)
    valid_until = fields.Date()
    number = Text()
    opinion = Text(NOTE_MAX)


class BedReviewSchema(Wire):
    """What a reviewer decides: the town first, the district second, or back."""

    deed = fields.Enum(Deed, by_value=True, required=True, validate=validate.OneOf(REVIEWS))
    post = Text()
    opinion = Text(NOTE_MAX)
    number = Text()


class BedStepSchema(Wire):
    """A step with its paper; `agreed_from`, `agreed_until` with `activate`, `why` with `suspend` and `end`."""

    deed = fields.Enum(Deed, by_value=True, required=True, validate=validate.OneOf(STEPS))
    on = fields.Date()
    post = Text()
    opinion = Text(NOTE_MAX)
    org = Text(120)
    number = Text()
    why = fields.Enum(Why, by_value=True)
    agreed_from = fields.Date()
    agreed_until = fields.Date()


class BedLineSchema(Wire):
    """One kind of visit: its days, its window (local times), and who has to come for what."""

    code = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9]{1,8}\Z"), metadata={"example": "a"})
    pattern = fields.Enum(Pattern, by_value=True, required=True)
    days = fields.List(fields.Integer(strict=True, validate=validate.Range(0, 31)), load_default=list)
    times = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 366))
    first_on = fields.Date(load_default=None, allow_none=True)
    start = fields.String(required=True, validate=validate.Regexp(_TIME), metadata={"example": "09:00"})
    by = fields.String(required=True, validate=validate.Regexp(_TIME), metadata={"example": "10:00"})
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1440))
    items = fields.List(Text(metadata={"example": "B01"}), load_default=list)
    skills = fields.List(Text(), load_default=list)
    carers = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 2))
    usual = fields.List(Text(metadata={"description": "Ids of carers, dearest first"}), load_default=list)
    medical = fields.Boolean(load_default=False)
    holidays = fields.Enum(Holidays, by_value=True, load_default=Holidays.KEEP)


class BedPlanAskSchema(Wire):
    """A new version of a care plan. `base` is the version that was read, 0 when there was none."""

    base = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100_000))
    lines = fields.List(fields.Nested(BedLineSchema), required=True, validate=validate.Length(0, 30))
    not_with = fields.List(Text(), load_default=list)
    urgent = fields.Boolean(load_default=False)
    note = Text(NOTE_MAX)


class BedMonthSchema(Wire):
    """Which month; this one when it is left out."""

    month = fields.String(validate=_MONTH, metadata={"example": "2026-11"})


class BedSchema(Schema):
    """A bed with its life."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    resident = fields.String(required=True)
    resident_code = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    station = fields.String(required=True, allow_none=True)
    standard = fields.String(required=True)
    agency = fields.String(required=True)
    applied_on = fields.String(required=True)
    applied_by = fields.String(required=True)
    first_by = fields.String(required=True, allow_none=True, metadata={"description": "Who reviewed for the town"})
    agreed_from = fields.String(required=True, allow_none=True)
    agreed_until = fields.String(required=True, allow_none=True)
    why = fields.String(required=True, allow_none=True)
    ended_on = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    steps = fields.List(fields.Dict(), required=True)
    assessments = fields.List(fields.Dict(), required=True)
    papers = fields.List(fields.Dict(), required=True)
    service = fields.List(
        fields.Dict(), required=True, metadata={"description": "Days in service, [from_on, until_on)"}
    )
    plans = fields.List(fields.Dict(), required=True)


class BedPlanSchema(Schema):
    """One version of a care plan."""

    version = fields.Integer(required=True)
    from_on = fields.String(required=True)
    made_at = fields.String(required=True)
    by = fields.String(required=True)
    urgent = fields.Boolean(required=True)
    not_with = fields.List(fields.String(), required=True)
    lines = fields.List(fields.Dict(), required=True)


class BedStandingSchema(Schema):
    """A bed's month against its duty. Hours are told in minutes."""

    bed = fields.String(required=True)
    number = fields.String(required=True)
    month = fields.String(required=True)
    standard = fields.String(required=True)
    course = fields.String(required=True)
    owed_days = fields.Integer(required=True)
    visits = fields.Integer(required=True)
    minutes = fields.Integer(required=True)
    medical_visits = fields.Integer(required=True)
    items = fields.List(fields.String(), required=True)
    fails = fields.List(fields.String(), required=True)
    points = fields.List(fields.Dict(), required=True)
    days = fields.List(fields.Dict(), required=True)
    year_visits = fields.Integer(required=True)
    units = fields.Integer(required=True, metadata={"description": "Thirty visits of the year are one 人次"})


class BedStatementSchema(BedStandingSchema):
    """The same with the visits it was counted from."""

    rows = fields.List(fields.Dict(), required=True)


def beds_api(desk: BedDesk) -> ApiBlueprint:
    """`/api/v1/beds`. A step that is not legal from where a bed stands is 409, as is a plan somebody else changed."""
    bp = ApiBlueprint("beds_api", __name__, url_prefix="/beds", description="Home-care beds")
    _life(bp, desk)
    _care(bp, desk)
    return bp


def _life(bp: ApiBlueprint, desk: BedDesk) -> None:
    once = Once(desk.transactions)

    @bp.get("")
    @either(READ, Right.BEDS_SEE)
    @bp.arguments(BedListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: Plain) -> Any:
        limit = wanted["limit"]
        rows = desk.listed(
            area(), after=wanted.get("cursor", ""), most=limit + 1, resident=wanted.get("resident", ""),
            states=[wanted["state"]] if "state" in wanted else (),
            courses=[wanted["course"]] if "course" in wanted else (),
        )  # fmt: skip
        page = rows[:limit]
        return bookmarked([_shown(each) for each in page], page[-1]["id"] if len(rows) > limit else None)

    @bp.post("")
    @either(WRITE, Right.BEDS_CHANGE)
    @once
    @bp.arguments(BedApplySchema)
    @bp.response(201, BedSchema)
    def applied(wanted: Plain) -> Plain:
        resident, standard = wanted.pop("resident"), wanted.pop("standard", desk.default)
        with named("resident"):
            made = desk.life.apply(resident, standard, Form(**wanted), by=caller(), area=area())
        return _shown(desk.one(made, area()))

    @bp.get("/<name>")
    @either(READ, Right.BEDS_SEE)
    @bp.response(200, BedSchema)
    def one(name: str) -> Plain:
        return _shown(desk.one(name, area()))

    @bp.post("/<name>/assessments")
    @either(WRITE, Right.BEDS_CHANGE)
    @once
    @bp.arguments(BedAssessSchema)
    @bp.response(200, BedSchema)
    def assessed(wanted: Plain, name: str) -> Plain:
        desk.assessing.assess(name, Said(**wanted), by=caller(), area=area())
        return _shown(desk.one(name, area()))

    @bp.post("/<name>/review")
    @require(Right.BEDS_APPROVE)
    @bp.arguments(BedReviewSchema)
    @bp.response(200, BedSchema)
    def reviewed(wanted: Plain, name: str) -> Plain:
        # Two people: a machine's key is nobody.
        desk.life.step(name, wanted.pop("deed"), Form(**wanted), by=caller(), area=area())
        return _shown(desk.one(name, area()))

    @bp.post("/<name>/steps")
    @either(WRITE, Right.BEDS_CHANGE)
    @once
    @bp.arguments(BedStepSchema)
    @bp.response(200, BedSchema)
    def stepped(wanted: Plain, name: str) -> Plain:
        desk.life.step(name, wanted.pop("deed"), Form(**wanted), by=caller(), area=area())
        return _shown(desk.one(name, area()))


def _care(bp: ApiBlueprint, desk: BedDesk) -> None:
    once = Once(desk.transactions)

    @bp.post("/<name>/plans")
    @either(WRITE, Right.BEDS_CHANGE)
    @once
    @bp.arguments(BedPlanAskSchema)
    @bp.response(201, BedPlanSchema)
    def planned(wanted: Plain, name: str) -> Plain:
        made = desk.plans.change(
            name, [line_of(each) for each in wanted["lines"]], base=wanted["base"], urgent=wanted["urgent"],
            not_with=[CarerId(each) for each in wanted["not_with"]], note=wanted.get("note"), by=caller(), area=area(),
        )  # fmt: skip
        return told_plan(made)

    @bp.get("/<name>/standing")
    @either(READ, Right.BEDS_SEE)
    @bp.arguments(BedMonthSchema, location="query", unknown=RAISE)
    @bp.response(200, BedStandingSchema)
    def standing(wanted: Plain, name: str) -> Plain:
        return told_standing(desk.months.statement(name, _month(desk, wanted), area()))

    @bp.get("/<name>/statement")
    @either(READ, Right.BEDS_SEE)
    @bp.arguments(BedMonthSchema, location="query", unknown=RAISE)
    @bp.response(200, BedStatementSchema)
    def statement(wanted: Plain, name: str) -> Plain:
        found = desk.months.statement(name, _month(desk, wanted), area())
        desk.seen(found.bed.resident_id)
        return {**told_standing(found), "rows": told_visits(found.standing)}


def line_of(said: Plain) -> Line:
    """The line that a body or a form tells, once its fields were looked at."""
    return Line(
        **said
        | {
            "start": time.fromisoformat(said["start"]), "by": time.fromisoformat(said["by"]),
            "days": tuple(sorted(set(said["days"]))), "items": tuple(dict.fromkeys(said["items"])),
            "skills": tuple(dict.fromkeys(said["skills"])), "usual": tuple(CarerId(each) for each in said["usual"]),
        }
    )  # fmt: skip


def _month(desk: BedDesk, wanted: Plain) -> date:
    return date.fromisoformat(f"{wanted['month']}-01") if "month" in wanted else desk.months.this_month()


def _shown(told: Plain) -> Plain:
    found: Plain = discreet(told) if has_bearer(request) else told
    return found
