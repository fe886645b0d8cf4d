"""The log on the wire, coming in."""

from marshmallow import fields, validate

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
