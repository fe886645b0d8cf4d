"""What the settings file may say of rounds and orders."""

from config.rounds_options import OrderSettings, RoundSettings
from config.settings_fields import Section, text, truth


class RoundSchema(Section):
    value = RoundSettings
    wanted = truth("true or false")
    alarm_from_the_start = truth("true or false")
    book = text("the path of a file like the packaged care/rounds.toml, or nothing")


class OrderSchema(Section):
    value = OrderSettings
    services = text("the path of a file like the packaged care/services.toml, or nothing")
