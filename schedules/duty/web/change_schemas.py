"""What comes in over the wire about rotations, swaps and absences of carers."""

from marshmallow import fields, validate

from dispatch.web.schemas import NOTE_MAX, Moment, Text, Wire
from schedules.duty.store.away import KINDS

_TIME = r"^([01]\d|2[0-3]):[0-5]\d\Z"


class WindowSchema(Wire):
    """Duty from a local time to another; an end that is not after the start is on the next day."""

    start = fields.String(required=True, validate=validate.Regexp(_TIME), metadata={"example": "08:00"})
    end = fields.String(required=True, validate=validate.Regexp(_TIME), metadata={"example": "20:00"})


class PlaceSchema(Wire):
    """A carer (code or id), and on which day of the cycle they are on the first day, counted from 0."""

    carer = Text(required=True, metadata={"example": "C1"})
    offset = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 55))


class RotationAskSchema(Wire):
    """A rotation: `cycle` is a list of days, each a list of windows, empty for a day off."""

    name = Text(required=True)
    station = Text(required=True, metadata={"description": "The station's code", "example": "S1"})
    first_day = fields.Date(required=True)
    last_day = fields.Date(allow_none=True)
    cycle = fields.List(fields.List(fields.Nested(WindowSchema)), required=True)
    places = fields.List(fields.Nested(PlaceSchema), required=True)
    reason = Text(NOTE_MAX, metadata={"description": "Why it may go against what people are owed"})


class RotationChangeSchema(Wire):
    """What is to be different; `version` is the one that was read."""

    version = fields.Integer(strict=True)
    name = Text()
    last_day = fields.Date(allow_none=True)
    cycle = fields.List(fields.List(fields.Nested(WindowSchema)))
    places = fields.List(fields.Nested(PlaceSchema))
    reason = Text(NOTE_MAX)


class SwapAskSchema(Wire):
    """`shift` goes to `carer` (code or id), in return for `return_shift` or for nothing."""

    shift = Text(required=True)
    carer = Text(required=True, metadata={"example": "C2"})
    return_shift = Text()


class DecideSchema(Wire):
    """`reason` to let it be against what speaks against it."""

    yes = fields.Boolean(required=True)
    reason = Text(NOTE_MAX)


class AbsenceAskSchema(Wire):
    """A carer (code or id) is away from `start` until `end`."""

    carer = Text(required=True, metadata={"example": "C1"})
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    start = Moment(required=True)
    end = Moment(required=True)


class AbsenceEndSchema(Wire):
    """When the carer is back; now when nothing is said."""

    at = Moment()


class FillSchema(Wire):
    """Who stands in (code or id); `reason` to let it be against what speaks against it."""

    carer = Text(required=True, metadata={"example": "C2"})
    reason = Text(NOTE_MAX)


class StandInSchema(FillSchema):
    """Who stands in for [start, end) of the shift."""

    start = Moment(required=True)
    end = Moment(required=True)


class HolidayListSchema(Wire):
    """Which year."""

    year = fields.Integer(required=True, validate=validate.Range(1949, 2199))
