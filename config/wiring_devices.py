"""Puts together who looks after devices: the register, test presses, silences, repairs, gateways, campaigns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.files import parse_toml
from config.options import DeviceSettings
from config.settings import Settings
from config.tolerated import stood_in
from devices.ears import SILENT_S
from devices.outages import Heard, Outages
from devices.ports import is_listener
from devices.rules.plan import Plan, read_plan
from devices.store.gateways import Incidents
from devices.store.press_tests import PressTests
from devices.store.repairs import Checks, Repairs
from devices.store.vigils import Vigils
from devices.upkeep.campaigns import Campaigning
from devices.upkeep.cases import Cases
from devices.upkeep.notices import Notices
from devices.upkeep.press_tests import PressTesting
from devices.upkeep.register import Register
from devices.upkeep.repairs import Repairing
from devices.upkeep.silences import Silences
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.ids import StationId
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Everybody who looks after devices. `owners` keep rows that wait."""

    plan: Plan
    notices: Notices
    tests: PressTesting
    register: Register
    silences: Silences
    repairing: Repairing
    campaigning: Campaigning

    @property
    def owners(self) -> tuple[PressTesting, Silences, Repairing]:
        return self.tests, self.silences, self.repairing


def build_upkeep(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk,
    *, nudge: Callable[[], None], changed: Callable[[], None],
) -> Upkeep:  # fmt: skip
    """
    Wires them. `changed` is called when the register has changed. Where the file of devices has a mistake, the one that
    comes with the program stands in.
    """
    plan = stood_in("devices", lambda: plan_of(settings.devices.file), lambda: plan_of(DeviceSettings().file)).value
    notices = Notices(settings.operators.phones)
    cases = Cases(plan, calendar.by_day)
    tests = PressTesting(transactions, reading, cases, nudge=nudge)
    return Upkeep(
        plan=plan,
        notices=notices,
        tests=tests,
        register=Register(transactions, tests, cases, changed=changed),
        silences=Silences(transactions, reading, plan, cases),
        repairing=Repairing(
            transactions, reading, cases, desk, notices, by_day=calendar.by_day, nudge=nudge
        ),
        campaigning=Campaigning(transactions, reading, clock, plan, notices, month_of=calendar.month_of),
    )  # fmt: skip


def plan_of(path: Path) -> Plan:
    """
    How devices are supervised by this file.

    Raises:
        Misconfigured: it cannot be read or is wrong; names the place.
    """
    return read_plan(parse_toml(path))


def build_outages(
    settings: Settings, gateways: Sequence[Heard], stations: Mapping[str, StationId], transactions: Transactions,
    reading: Engine, clock: Clock, upkeep: Upkeep, *, forwarding: Callable[[], Mapping[str, int]],
    nudge: Callable[[], None], shared: bool,
) -> Outages:  # fmt: skip
    """
    Who notices that a gateway hears nothing. `forwarding` counts what those have handed in that say nothing of how
    they are; `shared` says that other processes may listen to others.
    """
    return Outages(
        gateways, transactions, reading, clock, upkeep.notices,
        forwarding=forwarding,
        silent_s={each.name: each.silent_s or default_silent_s(each.port) for each in settings.gateways},
        forwarding_silent_s=settings.devices.forwarding_silent_s, stations=stations, nudge=nudge,
        shared=shared,
    )  # fmt: skip


def default_silent_s(port: str) -> float:
    """How long a gateway may be quiet where nobody said it: over a line of its own, and never where others call us."""
    return 0.0 if is_listener(port) else SILENT_S


def mend_devices(tx: Tx, seconds: float) -> None:
    """
    Somebody set the clock back by so many (negative) seconds: what waits for people is moved with it.

    The vigils over devices bear an hour; after more they are all looked at now, whoever was heard is put off again.
    """
    for shelf in (PressTests, Repairs, Checks, Incidents):
        shelf(tx.connection).shift_due(seconds)
    if seconds < -BORNE_S:
        Vigils(tx.connection).look_at_all()


BORNE_S = 3_600.0
