"""What comes in and goes out over the wire about rotations, swaps and absences of carers."""

from marshmallow import Schema, fields, validate

from dispatch.web.schemas import NOTE_MAX, Moment, Text, Wire
from schedules.duty.store.away import KINDS

_TIME = r"^([01]\d|2[0-3]):[0-5]\d\Z"


class RotationWindowSchema(Wire):
    """Duty from a local time to another; an end that is not after the start is on the next day."""

    start = fields.String(required=True, validate=validate.Regexp(_TIME), metadata={"example": "08:00"})
    end = fields.String(required=True, validate=validate.Regexp(_TIME), metadata={"example": "20:00"})


class RotationPlaceSchema(Wire):
    """A carer (code or id), and on which day of the cycle they are on the first day, counted from 0."""

    carer = Text(required=True, metadata={"example": "C1"})
    offset = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 55))


class RotationAskSchema(Wire):
    """A rotation: `cycle` is a list of days, each a list of windows, empty for a day off."""

    name = Text(required=True)
    station = Text(required=True, metadata={"description": "The station's code", "example": "S1"})
    first_day = fields.Date(required=True)
    last_day = fields.Date(allow_none=True)
    cycle = fields.List(fields.List(fields.Nested(RotationWindowSchema)), required=True)
    places = fields.List(fields.Nested(RotationPlaceSchema), required=True)
    reason = Text(NOTE_MAX, metadata={"description": "Why it may go against what people are owed"})


class RotationChangeSchema(Wire):
    """What is to be different; `version` is the one that was read."""

    version = fields.Integer(strict=True)
    name = Text()
    last_day = fields.Date(allow_none=True)
    cycle = fields.List(fields.List(fields.Nested(RotationWindowSchema)))
    places = fields.List(fields.Nested(RotationPlaceSchema))
    reason = Text(NOTE_MAX)


class SwapAskSchema(Wire):
    """`shift` goes to `carer` (code or id), in return for `return_shift` or for nothing."""

    shift = Text(required=True)
    carer = Text(required=True, metadata={"example": "C2"})
    return_shift = Text()


class SwapDecideSchema(Wire):
    """`reason` to let it be against what speaks against it."""

    yes = fields.Boolean(required=True)
    reason = Text(NOTE_MAX)


class CarerAbsenceAskSchema(Wire):
    """A carer (code or id) is away from `start` until `end`."""

    carer = Text(required=True, metadata={"example": "C1"})
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    start = Moment(required=True)
    end = Moment(required=True)


class CarerAbsenceEndSchema(Wire):
    """When the carer is back; now when nothing is said."""

    at = Moment()


class VacancyFillSchema(Wire):
    """Who stands in (code or id); `reason` to let it be against what speaks against it."""

    carer = Text(required=True, metadata={"example": "C2"})
    reason = Text(NOTE_MAX)


class StandInSchema(VacancyFillSchema):
    """Who stands in for [start, end) of the shift."""

    start = Moment(required=True)
    end = Moment(required=True)


class HolidayListSchema(Wire):
    """Which year."""

    year = fields.Integer(required=True, validate=validate.Range(1949, 2199))


# ------------------------------------------------------------------------------------------------ going out

_AT = {"format": "date-time", "example": "2026-11-23T08:00:00+08:00"}
_DAY = {"format": "date", "example": "2026-11-23"}


def _at(*, allow_none: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=allow_none, metadata=_AT)


class DutySpanSchema(Schema):
    """A stretch of time, `[start, end)`."""

    start = _at()
    end = _at()


class LeftOutSchema(DutySpanSchema):
    """A turn that could not be laid; `why`: overlap, absent, rest, day, week, days or nights."""

    carer = fields.String(required=True, allow_none=True, metadata={"description": "The carer's code"})
    why = fields.String(required=True)


class RotationSchema(Schema):
    """One rotation."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    station = fields.String(required=True, metadata={"description": "The station's id"})
    version = fields.Integer(required=True, metadata={"description": "How often it was changed"})
    first_day = fields.String(required=True, metadata=_DAY)
    last_day = fields.String(required=True, allow_none=True, metadata=_DAY)
    reason = fields.String(required=True)
    cycle = fields.List(fields.List(fields.Dict()), required=True)
    places = fields.List(fields.Dict(), required=True)
    left_out = fields.List(fields.Nested(LeftOutSchema), required=True)


class SwapSchema(Schema):
    """One swap: `carer` gives `shift` to `other`, in return for `return_shift` or for nothing."""

    id = fields.String(required=True)
    state = fields.String(required=True)
    why = fields.String(required=True, allow_none=True)
    carer = fields.String(required=True, metadata={"description": "The carer's id"})
    shift = fields.String(required=True)
    start = _at()
    end = _at()
    other = fields.String(required=True, metadata={"description": "The other carer's id"})
    return_shift = fields.String(required=True, allow_none=True)
    return_start = _at(allow_none=True)
    return_end = _at(allow_none=True)
    asked_at = _at()
    expires_at = _at()
    ended_at = _at(allow_none=True)


class VacancySchema(DutySpanSchema):
    """Duty that an absence left open; `filled_by` is the shift of whoever stands in."""

    id = fields.String(required=True)
    absence = fields.String(required=True)
    carer = fields.String(required=True, metadata={"description": "The absent carer's id"})
    filled_by = fields.String(required=True, allow_none=True)


class CarerAbsenceSchema(Schema):
    """One absence, with what it leaves open; `forgotten` where it had not begun and nothing of it is left."""

    id = fields.String(required=True)
    carer = fields.String(metadata={"description": "The carer's id"})
    kind = fields.String()
    start = fields.String(metadata=_AT)
    end = fields.String(metadata=_AT)
    vacancies = fields.List(fields.Nested(VacancySchema))
    holes = fields.List(fields.Nested(DutySpanSchema), metadata={"description": "Where nobody is left at the station"})
    forgotten = fields.Boolean()


class StandInShiftSchema(DutySpanSchema):
    """The shift of whoever stands in."""

    id = fields.String(required=True)
    carer = fields.String(required=True, metadata={"description": "The carer's id"})
    sequence = fields.Integer(required=True)


class HolidaySchema(Schema):
    """One holiday: its first and last day off, and the weekend days that are worked for it."""

    name = fields.String(required=True)
    first = fields.String(required=True, metadata=_DAY)
    last = fields.String(required=True, metadata=_DAY)
    worked = fields.List(fields.String(metadata=_DAY), required=True)


class DaysOffSchema(Schema):
    """A year; where it is not `published`, weekdays count as workdays. `festivals` are lunar, by name."""

    year = fields.Integer(required=True)
    published = fields.Boolean(required=True)
    source = fields.String(required=True, allow_none=True)
    holidays = fields.List(fields.Nested(HolidaySchema), required=True)
    festivals = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
