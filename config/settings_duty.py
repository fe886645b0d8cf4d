"""What the settings file may say of duty."""

from marshmallow import ValidationError, validate, validates_schema

from config.duty_options import DutySettings
from config.settings_fields import Section, text, truth, whole


class DutySchema(Section):
    value = DutySettings
    rotation_weeks = whole("weeks from 1 to 26", validate.Range(min=1, max=26))
    rest_h = whole("hours from 1 to 48, or 0 for no limit", validate.Range(min=0, max=48))
    break_h = whole("hours from 0 to 12", validate.Range(min=0, max=12))
    day_h = whole("hours from 1 to 24, or 0 for no limit", validate.Range(min=0, max=24))
    week_h = whole("hours from 1 to 168, or 0 for no limit", validate.Range(min=0, max=168))
    days_in_row = whole("days from 1 to 31, or 0 for no limit", validate.Range(min=0, max=31))
    nights_in_row = whole("nights from 1 to 31, or 0 for no limit", validate.Range(min=0, max=31))
    swaps_approved = truth("true or false")
    swap_h = whole("hours from 1 to 168", validate.Range(min=1, max=168))
    holidays = text("the path of a folder, or nothing")

    @validates_schema
    def _break_is_shorter(self, data: dict[str, int], **_: object) -> None:
        usual = DutySettings()
        rest = data.get("rest_h", usual.rest_h)
        if rest and data.get("break_h", usual.break_h) >= rest:
            raise ValidationError({"break_h": ["A break is shorter than rest_h."]})
