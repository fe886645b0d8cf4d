"""What the settings file may say of the search for anomalies of public money."""

from config.anomalies_options import AnomalySettings
from config.settings_fields import Section, text


class AnomalySchema(Section):
    value = AnomalySettings
    rules = text("the path of a file like the packaged money/anomalies.toml, or nothing")
