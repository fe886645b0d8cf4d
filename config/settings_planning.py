"""What the settings file may say of planning visits."""

from marshmallow import validate

from config.planning_options import PlanningSettings
from config.settings_fields import Section, whole


class PlanningSchema(Section):
    value = PlanningSettings
    seconds = whole("seconds from 1 to 600", validate.Range(min=1, max=600))
    processes = whole("a number of processes from 1 to 16", validate.Range(min=1, max=16))
    memory_mb = whole("megabytes from 256 to 65536", validate.Range(min=256, max=65_536))
    promised_h = whole("hours from 0 to 168", validate.Range(min=0, max=168))
