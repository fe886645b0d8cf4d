"""What the settings file may say of meals."""

from marshmallow import fields, validate

from config.meal_options import MealSettings
from config.settings_fields import Section, whole


class MealSchema(Section):
    value = MealSettings
    policies = fields.String()
    late_days = whole("days from 0 to 31", validate.Range(min=0, max=31))
    rounding = fields.String(validate=validate.OneOf(["half_up", "half_even", "down"]))
    leap_day = fields.String(validate=validate.OneOf(["mar_1", "feb_28"]))
