"""What the settings file may say of home-care beds."""

from marshmallow import fields, validate

from config.beds_options import BedSettings
from config.schemas import say
from config.settings_fields import PathField, Section, text, whole

_LEVELS = ("intact", "mild", "moderate", "severe", "total")


class BedsSchema(Section):
    value = BedSettings
    standard = text("the id of a standard, like fj-bed-pilot")
    standards = PathField(metadata=say("the path of a folder of standards"))
    assessments = PathField(metadata=say("the path of a file of standards of assessment"))
    items = PathField(metadata=say("the path of a service list"))
    hospital_days = whole("a number of days from 1 to 366", validate.Range(1, 366))
    away_days = whole("a number of days from 1 to 366", validate.Range(1, 366))
    levels = fields.List(fields.String(validate=validate.OneOf(_LEVELS)), metadata=say(f"some of {_LEVELS}"))
    change_by = whole("a day of the month from 1 to 31", validate.Range(1, 31))
    remind_days = whole("a number of days from 1 to 366", validate.Range(1, 366))
    day_minutes_max = whole("minutes from 1 to 1440", validate.Range(1, 1440))
