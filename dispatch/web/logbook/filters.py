"""
What a reviewer looks for, as the address of the page says it: codes and ids only, so that it may be sent around.

Words of people stand in no address (ASVS 14.2.1): they come by POST and wait in the session.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from dispatch.errors import Invalid
from dispatch.rules.alarm import Outcome
from dispatch.rules.review import Breach, Stage
from dispatch.rules.signal import Cause
from dispatch.store.log_search import MONTH, Filter
from dispatch.web.logbook.reading import Codes
from dispatch.web.schemas import NUMBER_MAX, PAGE, PAGE_MAX, Text, Wire

WAITING = "waiting"
TEXT_MAX = 100
STAGES = (WAITING, "any", *(str(each) for each in Stage))


class FilterSchema(Wire):
    """
    Days are the district's, `until` the last one that counts. `station`, `resident` and `carer` are codes, `operator`
    is an id. `stage` may also be `waiting` (open or found) or `any`.
    """

    since = fields.Date()
    until = fields.Date()
    station = Text()
    resident = Text()
    carer = Text()
    operator = Text()
    cause = fields.Enum(Cause, by_value=True)
    outcome = fields.Enum(Outcome, by_value=True)
    breach = fields.Enum(Breach, by_value=True)
    stage = fields.String(validate=validate.OneOf(STAGES), load_default="any")
    drawn = fields.Boolean()

    @validates_schema
    def _forwards(self, loaded: dict[str, Any], **_: Any) -> None:
        if "since" in loaded and "until" in loaded and loaded["until"] < loaded["since"]:
            raise ValidationError("The end lies before the beginning.", "until")


class ReviewListSchema(FilterSchema):
    """A filter, and where the list goes on: alarms before the entry of this number."""

    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, PAGE_MAX))
    cursor = fields.Integer(strict=False, validate=validate.Range(1, NUMBER_MAX))


class ReviewSearchSchema(ReviewListSchema):
    """The same with words that people wrote about an alarm, for which `since` and `until` lie within a month."""

    text = Text(TEXT_MAX)


def blank_left_out(typed: Mapping[str, str]) -> dict[str, str]:
    """What a form sends for a field that was left empty asks nothing."""
    return {name: value.strip() for name, value in typed.items() if value.strip()}


def filter_of(loaded: Mapping[str, Any], codes: Codes, zone: tzinfo) -> Filter:
    """
    The filter that was loaded.

    Raises:
        Invalid: nobody has this code, or words are looked for without a month.
    """
    people = [codes.person(kind, loaded[kind]) for kind in ("resident", "carer", "operator") if kind in loaded]
    return Filter(
        since=_midnight(loaded.get("since"), zone), until=_midnight(loaded.get("until"), zone, days=1),
        station_id=codes.station(loaded["station"]) if "station" in loaded else None, people=tuple(people),
        cause=_value(loaded, "cause"), outcome=_value(loaded, "outcome"), breach=loaded.get("breach"),
        stages=_stages(loaded.get("stage", "any")), is_drawn=loaded.get("drawn"), text=loaded.get("text", ""),
    )  # fmt: skip


def month_around(loaded: Mapping[str, Any], today: date) -> dict[str, Any]:
    """With words and without days, the last month is meant; with one day, the month from or to it."""
    if "since" not in loaded and "until" not in loaded:
        return {**loaded, "since": today - MONTH + timedelta(days=1), "until": today}
    if "since" not in loaded:
        return {**loaded, "since": loaded["until"] - MONTH + timedelta(days=1)}
    return {**loaded, "until": loaded.get("until") or min(today, loaded["since"] + MONTH - timedelta(days=1))}


def address_of(path: str, shown: Mapping[str, Any], **more: Any) -> str:
    """The page with this filter; what is None is left out."""
    said = {name: _said(value) for name, value in {**shown, **more}.items() if value not in (None, "")}
    return f"{path}?{urlencode(said)}" if said else path


def load(schema: Schema, typed: Mapping[str, str]) -> dict[str, Any]:
    """
    What was typed, checked.

    Raises:
        Invalid: a field is not what it should be; names each.
    """
    try:
        loaded: dict[str, Any] = schema.load(typed)
    except ValidationError as wrong:
        raise Invalid("Please check what was entered.", wrong.messages_dict) from None
    return loaded


def _stages(said: str) -> tuple[Stage, ...]:
    if said == WAITING:
        return Stage.OPEN, Stage.FOUND
    return () if said == "any" else (Stage(said),)


def _value(loaded: Mapping[str, Any], name: str) -> str | None:
    return str(loaded[name]) if name in loaded else None


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _midnight(day: date | None, zone: tzinfo, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=days), time.min, zone)
    except OverflowError:
        raise Invalid("Please check what was entered.", {"until": ["out of range"]}) from None
