"""What the settings file may say of the welfare signal."""

from pathlib import Path

from config.schemas import say
from config.settings_fields import PathField, Section, must, truth
from config.welfare_options import WelfareSettings


class WelfareSchema(Section):
    value = WelfareSettings
    on = truth("true or false")
    file = PathField(validate=must(lambda path: path != Path(), "No file."), metadata=say("the path of a TOML file"))
