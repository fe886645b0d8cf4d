"""What the settings file may say of settlement."""

from marshmallow import validate

from config.settings_fields import Section, truth, whole
from config.settlement_options import SettlementSettings


class SettlementSchema(Section):
    value = SettlementSettings
    objection_days = whole("a number of days from 1 to 60", validate.Range(1, 60))
    second_reviewer = truth("true or false")
