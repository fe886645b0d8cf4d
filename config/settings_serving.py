"""What the settings file may say of money for whoever serves."""

from config.serving_options import ServingSettings
from config.settings_fields import Section, text


class ServingSchema(Section):
    value = ServingSettings
    fund = text("the name of a fund")
