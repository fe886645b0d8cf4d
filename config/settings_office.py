"""What the settings file may say of what stands around the watch."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from config.options import (
    AccountSettings,
    EncryptionSettings,
    FigureSettings,
    MapSettings,
    OutgoingSettings,
    PrivacySettings,
    ReviewSettings,
    SatisfactionSettings,
    UploadSettings,
)
from config.schemas import say
from config.settings_fields import PathField, Section, must, text, truth, whole
from dispatch.rules.alarm import Outcome

_SESSION = validate.Range(min=1, max=7 * 24 * 60)
_HOST = validate.Regexp(r"^[a-z0-9.:-]+\Z", error="Not a host's name in small letters.")
_TILES = must(
    lambda text: (
        text == ""
        or (all(part in text for part in ("{z}", "{x}", "{y}")) and bool(re.match(r"(https?:/)?/[^\s;,'\"]+\Z", text)))
    ),
    "Not an address of tiles.",
)


class MapSchema(Section):
    value = MapSettings
    tiles = text('an address with {z}, {x} and {y}, like "/tiles/{z}/{x}/{y}.png", or nothing', _TILES)
    datum = text('"wgs84" or "gcj02"', validate.OneOf(["wgs84", "gcj02"]))
    attribution = text("what the maker of the tiles wants to stand below the map", validate.Length(max=200))


class ReviewSchema(Section):
    value = ReviewSettings
    file = PathField(validate=must(lambda path: path != Path(), "No file."), metadata=say("the path of a TOML file"))


class AccountSchema(Section):
    value = AccountSettings
    second_factor = text('"required" or "optional"', validate.OneOf(["required", "optional"]))
    watch_idle_min = whole("minutes, at most a week", _SESSION)
    watch_lasts_min = whole("minutes, at most a week", _SESSION)
    idle_min = whole("minutes, at most a week", _SESSION)
    lasts_min = whole("minutes, at most a week", _SESSION)


class SatisfactionSchema(Section):
    value = SatisfactionSettings
    keys = fields.Boolean(metadata=say("true or false"))
    after_h = fields.Float(validate=validate.Range(min=0.25, max=72), metadata=say("hours from 0.25 to 72"))
    from_hour = whole("an hour from 0 to 23", validate.Range(min=0, max=23))
    until_hour = whole("an hour from 1 to 24", validate.Range(min=1, max=24))
    quota_days = whole("days from 1 to 366", validate.Range(min=1, max=366))
    never = fields.List(text("an outcome", validate.OneOf([str(each) for each in Outcome])))
    surveys = fields.Boolean(metadata=say("true or false"))
    sample_share = fields.Float(validate=validate.Range(min=0, max=1), metadata=say("a share from 0 to 1"))
    sample_least = whole("a number of residents", validate.Range(min=0, max=10_000))
    form = PathField(metadata=say("the path of a form"))

    @validates_schema
    def _hours_fit(self, data: dict[str, Any], **_: Any) -> None:
        usual = SatisfactionSettings()
        if data.get("from_hour", usual.from_hour) >= data.get("until_hour", usual.until_hour):
            raise ValidationError({"until_hour": ["It must come after from_hour."]})


class PrivacySchema(Section):
    value = PrivacySettings
    retention = PathField(metadata=say("the path of a file of rules"))
    nightly = fields.Boolean(metadata=say("true or false"))


class EncryptionSchema(Section):
    value = EncryptionSettings
    required = truth("true or false")


def _is_clamd(text: str) -> bool:
    """A socket's path, or a number and a port: a name would have to be looked up, and nothing ends that in time."""
    host, _, port = text.rpartition(":")
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return text == "" or (text.startswith("/") and len(text) < 100)
    return port.isascii() and port.isdigit() and 0 < int(port) <= 65_535


class UploadSchema(Section):
    value = UploadSettings
    scanner = text(
        'the path of clamd\'s socket, like "/run/clamav/clamd.ctl", or a number and a port, like "127.0.0.1:3310"',
        must(_is_clamd, "No clamd can be there."),
    )
    scan_s = fields.Float(validate=validate.Range(min=1, max=60), metadata=say("seconds from 1 to 60"))


class OutgoingSchema(Section):
    value = OutgoingSettings
    private_addresses = truth("true or false")
    hosts = fields.List(
        fields.String(validate=_HOST),
        metadata=say('names like ["hooks.city.example", ".bureau.example"], or [] for none'),
    )
    give_up_days = fields.Float(validate=validate.Range(min=1, max=30), metadata=say("days from 1 to 30"))


class FigureSchema(Section):
    value = FigureSettings
    ack_s = whole("seconds from 1 to 3600", validate.Range(min=1, max=3600))
    response_s = whole("seconds from 1 to 3600", validate.Range(min=1, max=3600))
    on_site_min = whole("minutes from 1 to 240", validate.Range(min=1, max=240))
