"""The log on the wire."""

from marshmallow import Schema, fields, validate

from dispatch.rules.review import FindingCause, Measure
from dispatch.web.logbook.filters import FilterSchema
from dispatch.web.schemas import NOTE_MAX, NUMBER_MAX, Text, Wire


class FindingSchema(Wire):
    """A finding. `station` is a code; `seen` is the `act_number` of the case as the reviewer saw it."""

    cause = fields.Enum(FindingCause, by_value=True, required=True)
    measure = fields.Enum(Measure, by_value=True, load_default=Measure.NONE)
    text = Text(NOTE_MAX)
    station = Text()
    follow_up_on = fields.Date()
    seen = fields.Integer(strict=False, validate=validate.Range(0, NUMBER_MAX))


class SignSchema(Wire):
    """A signature under what was seen: `act_number` of the case."""

    seen = fields.Integer(strict=False, required=True, validate=validate.Range(0, NUMBER_MAX))


class FollowUpDoneSchema(Wire):
    """What looking again has shown."""

    text = Text(NOTE_MAX)


class ExportSchema(FilterSchema):
    """A filter and the kind of file; a full one needs a reason and the right to it."""

    kind = fields.String(required=True, validate=validate.OneOf(["xlsx", "csv"]))
    full = fields.Boolean(load_default=False)
    reason = Text(200)


# ------------------------------------------------------------------------------------------------ going out


class WalkSchema(Schema):
    """How far a walk along the chain is; nothing but `never` where nobody began one."""

    state = fields.String(required=True, validate=validate.OneOf(["never", "running", "whole", "broken"]))
    entries = fields.Integer()
    head = fields.String()
    walked = fields.Integer()
    number = fields.Integer(allow_none=True, metadata={"description": "The first entry that does not fit"})
    why = fields.String(allow_none=True)
    begun_at = fields.String()
    ended_at = fields.String(allow_none=True)


class ReviewedSchema(Schema):
    """One alarm with everything that was done; for reading the document only, a view tells more than this."""

    alarm_id = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True)
    state = fields.String(required=True)
    stage = fields.String(required=True)
    raised_at = fields.String(required=True)
    closed_at = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    act_number = fields.Integer(required=True, metadata={"description": "What a signature names as seen"})
    breaches = fields.List(fields.String(), required=True)
    findings = fields.List(fields.Dict(), required=True)
    timeline = fields.List(fields.Dict(), required=True)
    audits = fields.List(fields.Dict(), required=True)
    proof = fields.Dict(required=True)
