"""What the settings file may say of money for whoever serves."""

from config.operators_options import OperatorsSettings
from config.settings_fields import Section, text


class OperatorsSchema(Section):
    value = OperatorsSettings
    fund = text("the name of a fund")
