"""What the settings file may say of visits at home."""

from marshmallow import ValidationError, validate, validates_schema

from config.care_options import VisitSettings
from config.settings_fields import Section, truth, whole


class VisitSchema(Section):
    value = VisitSettings
    days_ahead = whole("days from 0 to 60", validate.Range(0, 60))
    remind_min = whole("minutes from 1 to 240", validate.Range(1, 240))
    tell_min = whole("minutes from 1 to 240", validate.Range(1, 240))
    missed_min = whole("minutes from 1 to 240", validate.Range(1, 240))
    unsigned_min = whole("minutes from 1 to 1440", validate.Range(1, 1440))
    give_up_h = whole("hours from 1 to 48", validate.Range(1, 48))
    radius_m = whole("metres from 20 to 2000", validate.Range(20, 2000))
    accuracy_max_m = whole("metres from 0 to 1000", validate.Range(0, 1000))
    short_percent = whole("percent from 10 to 100", validate.Range(10, 100))
    long_over_min = whole("minutes from 10 to 1440", validate.Range(10, 1440))
    entered_within_h = whole("hours from 1 to 240", validate.Range(1, 240))
    witness = truth("true or false")

    @validates_schema
    def _in_order(self, said: dict[str, int], **_: object) -> None:
        steps = [said.get(key, default) for key, default in _LADDER]
        if steps != sorted(steps):
            raise ValidationError("remind_min, tell_min and missed_min must follow each other.", "missed_min")


_LADDER = (("remind_min", 15), ("tell_min", 30), ("missed_min", 60))
