"""What the settings file may say of coverage and of travel times."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from config.coverage_options import CoverageSettings, TravelSettings
from config.schemas import say
from config.settings_fields import PathField, Section, is_url, must, seconds, text, whole

_URL = must(lambda said: said == "" or (is_url(said) and not said.endswith("/")), "Not an address of the web.")
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
    router = text('"valhalla", "osrm" or nothing', validate.OneOf(["", "valhalla", "osrm"]))
    url = text('the router\'s address, like "http://127.0.0.1:8002", without a slash at the end', _URL)
    budget_ms = whole("milliseconds from 20 to 1000", validate.Range(min=20, max=1000))

    @validates_schema
    def _router_has_an_address(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("router") and not data.get("url"):
            raise ValidationError("The router has no address.", "url")
