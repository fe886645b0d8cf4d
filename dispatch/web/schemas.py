"""
What comes in over the wire, and the shape of what goes out. A schema checks and never decides.

`Wire` refuses what it does not know: a misspelt field must not be taken for one that was left out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate, validates_schema

from dispatch.errors import Invalid, NotFound
from dispatch.rules.alarm import Outcome, Proof, State
from dispatch.rules.place import Position, gcj02_to_wgs84
from dispatch.rules.signal import Cause
from dispatch.rules.signs import is_readable

PAGE = 50
PAGE_MAX = 500
"""Items of a list in one answer: when nothing is said, and at most."""

NOTE_MAX = 2_000
NAME_MAX = 80
NUMBER_MAX = 2**63 - 1
"""The largest whole number the database keeps."""


class Wire(Schema):
    """The base of everything that is read from a request."""

    class Meta:
        unknown = RAISE


class Quick:
    """
    What is plain and right, loaded by the fields of a schema without what surrounds them, in half the time.

    Not the schema's own hooks: whoever has some looks at what they look at.
    """

    def __init__(self, schema: Schema) -> None:
        self._fields = schema.load_fields
        self._required = {name for name, field in self._fields.items() if field.required}
        assert all(field.load_default is missing for field in self._fields.values()), "nothing is put in here"
        renamed = {each for field in self._fields.values() for each in (field.attribute, field.data_key)} - {None}
        assert not renamed, "nothing is renamed here"

    def load(self, said: Any) -> dict[str, Any] | None:
        """As the schema loads it; None where that would refuse it: whoever wants to know why asks the schema."""
        if not isinstance(said, dict) or not self._required <= said.keys() <= self._fields.keys():
            return None
        try:
            return {name: self._fields[name].deserialize(value, name, said) for name, value in said.items()}
        except ValidationError:
            return None


class Text(fields.String):
    """A text of one character or more, without control characters other than line ends: see `is_readable`."""

    def __init__(self, longest: int = NAME_MAX, **more: Any) -> None:
        super().__init__(validate=[validate.Length(1, longest), _printable], **more)


def _printable(text: str) -> None:
    if not is_readable(text) or not text.strip():
        raise ValidationError("Not a readable text.")


class Moment(fields.AwareDateTime):
    """A time with its offset, in UTC afterwards; what lies outside of 1970 to 2199 no clock of ours has shown."""

    def __init__(self, **more: Any) -> None:
        about = {"format": "date-time", "example": "2026-11-23T08:00:00+08:00", **more.pop("metadata", {})}
        super().__init__(metadata=about, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        said = super()._deserialize(value, attr, data, **more)
        if not _FIRST_YEAR <= said.year < _LAST_YEAR:
            raise ValidationError("That is too far away.")
        return said.astimezone(UTC)


_FIRST_YEAR, _LAST_YEAR = 1971, 2200


@contextmanager
def named(field: str) -> Iterator[None]:
    """What is not found in here was named by this field of the body: the body is wrong, not the address."""
    try:
        yield
    except NotFound as missing:
        raise Invalid(missing.detail, {"json": {field: [missing.detail]}}) from None


class PositionSchema(Wire):
    """A point in degrees, WGS-84 unless `datum` says gcj02; both halves or none."""

    lat = fields.Float(validate=validate.Range(-90, 90))
    lng = fields.Float(validate=validate.Range(-180, 180))
    datum = fields.String(validate=validate.OneOf(["wgs84", "gcj02"]))

    @validates_schema
    def _whole(self, loaded: dict[str, Any], **_: Any) -> None:
        if ("lat" in loaded) != ("lng" in loaded):
            raise ValidationError("A position has lat and lng.", "lng" if "lat" in loaded else "lat")


def position_of(loaded: dict[str, Any]) -> Position | None:
    """The WGS-84 position that a `PositionSchema` has loaded, None where none was told."""
    if "lat" not in loaded:
        return None
    said = Position(loaded["lat"], loaded["lng"])
    return gcj02_to_wgs84(said) if loaded.get("datum") == "gcj02" else said


# ------------------------------------------------------------------------------------------------ alarms, coming in


class RaiseSchema(Wire):
    """An alarm raised by hand. `home` and `resident` are codes."""

    home = Text(required=True)
    resident = Text()
    cause = fields.Enum(
        Cause, by_value=True, load_default=Cause.HOTLINE,
        validate=validate.NoneOf([Cause.EXERCISE], error="An exercise is begun as a drill, not raised by hand."),
    )  # fmt: skip
    note = Text(NOTE_MAX)


class PersonSchema(Wire):
    """Somebody who answers or is asked: `carer:<id>`, `contact:<id>`, a carer's code or a contact's id."""

    person = Text(required=True)


class OfferSchema(Wire):
    """Who is asked: one `person` (see `PersonSchema`), or with `everybody` all on duty who are not being asked yet."""

    person = Text()
    everybody = fields.Boolean(load_default=False)

    @validates_schema
    def _one_of_them(self, loaded: dict[str, Any], **_: Any) -> None:
        if ("person" in loaded) == loaded["everybody"]:
            raise ValidationError("Name a person, or say everybody.", "person")


class AttendSchema(PersonSchema, PositionSchema):
    """An arrival with its proof; `position` is proved by lat and lng."""

    proof = fields.Enum(Proof, by_value=True, required=True)


class CloseSchema(Wire):
    """How it ended."""

    outcome = fields.Enum(Outcome, by_value=True, required=True)
    note = Text(NOTE_MAX)


class NoteSchema(Wire):
    """Words about an alarm."""

    text = Text(NOTE_MAX, required=True)


class ReopenSchema(Wire):
    """Why a closing is taken back."""

    note = Text(NOTE_MAX)


class EmergencySchema(Wire):
    """The number that the emergency service gave to the call."""

    reference = Text(required=True)


# ------------------------------------------------------------------------------------------------ lists


class ListSchema(Wire):
    """Where a list goes on and how much of it is wanted."""

    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, PAGE_MAX))
    cursor = Text(200, metadata={"description": "`next` of the page before"})


class AlarmListSchema(ListSchema):
    """Alarms in this state; those with entries after this number of the record."""

    state = fields.Enum(State, by_value=True)
    since = fields.Integer(strict=False, validate=validate.Range(0, NUMBER_MAX))


class RecordListSchema(Wire):
    """Entries after this number: of `[since, until)`, of one kind, by somebody, about an alarm."""

    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    kind = fields.String(validate=validate.Regexp(r"[a-z_]{1,40}\Z"))
    by = Text()
    alarm_id = Text(data_key="alarm")
    after = fields.Integer(load_default=0, validate=validate.Range(0, NUMBER_MAX))
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, PAGE_MAX))


FILE = {"type": "string", "format": "binary"}
"""A file in the document."""


class PageSchema(Schema):
    """One page of a list; `next` is the cursor of the following one, null at the end."""

    items = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True, allow_none=True)


# ------------------------------------------------------------------------------------------------ alarms, going out


def _rows(words: str) -> fields.List[Any]:
    return fields.List(fields.Dict(), required=True, metadata={"description": words})


def _at(words: str) -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"format": "date-time", "description": words})


def _word(words: str, **more: Any) -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"description": words}, **more)


class ShortSchema(Schema):
    """An alarm in short."""

    id = fields.String(required=True)
    number = fields.String(required=True, metadata={"description": "What people call it: 1121-004"})
    cause = fields.String(required=True, validate=validate.OneOf([str(each) for each in Cause]))
    shadow = _word("The street in whose shadow it stands: nobody is told; null for an alarm in earnest")
    state = fields.String(required=True, validate=validate.OneOf([str(each) for each in State]))
    home = _word("The home's code")
    resident = _word("The resident's code")
    address = _word("The home's address")
    name = _word("The resident's name")
    station = _word("The responsible station's name")
    station_id = _word("The station that answers for it, by its id")
    place = fields.Dict(required=True, metadata={"description": "lat, lng (WGS-84) and source"})
    raised_at = _at("When it was raised")
    due_at = _at("When the service looks at it again; null when closed")
    pressed_at = _at("The latest press")
    accepted_at = _at("When the leading responder accepted")
    attended_at = _at("When the first one stood in the room")
    closed_at = _at("When a named human closed it")
    closed_by = _word("Who")
    press_count = fields.Integer(required=True)
    policy = fields.String(required=True)
    proof = _word("How the arrival is known")
    outcome = _word("How it ended")
    delayed_s = fields.Integer(required=True)
    version = fields.Integer(required=True)
    step = fields.Integer(required=True)


class StorySchema(ShortSchema):
    """One alarm whole."""

    home_file = fields.Dict(required=True, allow_none=True)
    resident_file = fields.Dict(required=True, allow_none=True)
    responders = _rows("Who accepted")
    offers = _rows("Who was asked")
    candidates = _rows("Who could come, the best first, with the reasons")
    excluded = fields.Dict(required=True)
    steps = _rows("The policy")
    attempts = _rows("Messages with every attempt")
    signals = _rows("What was heard")
    calls = _rows("Calls that rang in")
    timeline = _rows("The entries of the record")


class AlarmPageSchema(PageSchema):
    """One page of alarms."""

    items = fields.List(fields.Nested(ShortSchema), required=True)
