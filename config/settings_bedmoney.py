"""What the settings file may say of money for beds and services."""

from marshmallow import fields, validate

from config.bedmoney_options import BedMoneySettings
from config.schemas import say
from config.settings_fields import PathField, Section, text
from schedules.money.rules.ages import LEAP_DAYS
from schedules.money.rules.amounts import ROUNDINGS

_RULE = "the id of a rule, or nothing"


class BedMoneySchema(Section):
    value = BedMoneySettings
    policies = PathField(metadata=say("the path of a folder of rules"))
    beds = fields.String(metadata=say(_RULE))
    vouchers = fields.List(fields.String(), metadata=say("ids of rules"))
    visits = fields.String(metadata=say(_RULE))
    calls = fields.String(metadata=say(_RULE))
    calls_owed_to = text("who gets the call fees")
    fund = text("the name of a fund")
    rounding = fields.String(validate=validate.OneOf(list(ROUNDINGS)), metadata=say(f"one of {', '.join(ROUNDINGS)}"))
    leap_day = fields.String(validate=validate.OneOf(LEAP_DAYS), metadata=say(f"one of {', '.join(LEAP_DAYS)}"))
