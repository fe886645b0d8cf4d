"""Who looks after devices in a simulation: the real agents, but a few devices speak every few minutes."""

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from config.files import parse_toml
from devices.rules.plan import Plan, Type, read_plan
from devices.upkeep.cases import Cases
from devices.upkeep.notices import Notices
from devices.upkeep.press_tests import PressTesting
from devices.upkeep.repairs import Repairing
from devices.upkeep.silences import Silences
from dispatch.desk import Desk
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar

SENSOR = "rtl433"
MODEL = "Visonic-Powercode:"
BEAT_S = 1800.0
"""More often than any real one, so that a short run sees silence and its end."""

OPERATORS = ("+8613700000001",)


@lru_cache(maxsize=1)
def sensor_plan() -> Plan:
    """How devices are looked after as shipped, but for the sensors."""
    plan = read_plan(parse_toml(Path(__file__).parent.parent / "devices.toml"))
    often = Type(protocol=SENSOR, address=MODEL, interval=timedelta(seconds=BEAT_S), offline=None)
    return replace(plan, types=[*(each for each in plan.types if each.address != MODEL), often])


def build_upkeep(
    transactions: Transactions, reading: Engine, calendar: Calendar, desk: Desk
) -> tuple[PressTesting, Silences, Repairing]:
    """The owners of what waits for devices."""
    plan, notices = sensor_plan(), Notices(OPERATORS)
    cases = Cases(plan, calendar.by_day)
    tests = PressTesting(transactions, reading, cases, nudge=_nothing)
    repairing = Repairing(transactions, reading, cases, desk, notices, by_day=calendar.by_day, nudge=_nothing)
    return tests, Silences(transactions, reading, plan, cases), repairing


def _nothing() -> None:
    """The simulation looks at the rows after every step, so that nobody needs to be nudged."""
