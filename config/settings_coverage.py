"""What the settings file may say of coverage and of travel times."""

from marshmallow import fields, validate

from config.coverage_options import CoverageSettings, TravelSettings
from config.schemas import say
from config.settings_fields import PathField, Section, seconds, whole

_MINUTES = validate.Range(min=1, max=240)


class CoverageSchema(Section):
    value = CoverageSettings
    city_min = seconds("minutes from 1 to 240", _MINUTES)
    country_min = seconds("minutes from 1 to 240", _MINUTES)
    rural = fields.List(
        fields.String(validate=validate.Length(min=1, max=60)),
        metadata=say('communities or streets, like ["山后村", "岗上镇"]'),
    )
    answered_days = whole("a number of days from 1 to 366", validate.Range(min=1, max=366))
    ahead_days = whole("days from 1 to 60, or 0 for never", validate.Range(min=0, max=60))


class TravelSchema(Section):
    value = TravelSettings
    barriers = PathField(allow_none=True, metadata=say('the path of a file like "barriers.toml"'))
