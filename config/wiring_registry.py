"""Puts together who changes the registers, finds people, keeps absences and what is to be done afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from config.register_keys import id_numbers
from config.settings import Settings
from devices.store.dwellings import at_home, called
from devices.upkeep.register import Place
from devices.upkeep.register import Register as DeviceRegister
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.registry.absences import Absent
from dispatch.registry.disclosures import Disclosures
from dispatch.registry.finding import Finding
from dispatch.registry.follow_ups import FollowingUp
from dispatch.registry.id_numbers import IdNumbers, Locked
from dispatch.registry.leaving import Leaving
from dispatch.registry.registers import Registry
from dispatch.rules.people import Person
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.timetable import Periodic

log = structlog.get_logger()

FOLLOW_UPS_EVERY_S = 60.0
LEARN_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """Everybody who looks after the registers. `owners` keep rows that wait, `timetable` looks for what is due."""

    registry: Registry
    leaving: Leaving
    absent: Absent
    following_up: FollowingUp
    finding: Finding
    disclosures: Disclosures
    timetable: tuple[Periodic, ...]

    @property
    def owners(self) -> tuple[Absent]:
        return (self.absent,)


def _sealing(home: Path) -> IdNumbers:
    """A broken file of keys costs the ID numbers and no more: a press must not find the service refusing to start."""
    try:
        return id_numbers(home)
    except (Misconfigured, OSError, UnicodeDecodeError) as error:
        log.error("id_numbers_locked", why=str(error))
        return Locked()


def build_registers(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, devices: DeviceRegister, *,
    nudge: Callable[[], None], changed: Callable[[], None],
) -> Registers:  # fmt: skip
    """
    Wires them. `changed` is called when a register has changed.
    """
    sealing = _sealing(settings.home)
    registry = Registry(transactions, sealing, changed=changed)
    following_up = FollowingUp(transactions, reading)
    finding = Finding(reading, transactions, clock, devices=called)
    return Registers(
        registry=registry,
        leaving=Leaving(
            transactions, registry, devices_at=at_home, carry=partial(_carry, devices),
            changed=changed,
        ),
        absent=Absent(transactions, reading, nudge=nudge),
        following_up=following_up,
        finding=finding,
        disclosures=Disclosures(transactions, sealing),
        timetable=(
            Periodic(name="look_for_follow_ups", every_s=FOLLOW_UPS_EVERY_S,
                     work=lambda: following_up.look(clock.now())),
            Periodic(name="learn_what_is_typed", every_s=LEARN_EVERY_S, work=finding.learn),
        ),
    )  # fmt: skip


def _carry(
    devices: DeviceRegister, tx: Tx, device_id: str, home_id: HomeId, resident_id: ResidentId, by: Person
) -> None:
    devices.move_in(tx, DeviceId(device_id), Place(home_id=home_id, resident_id=resident_id), by=by)
