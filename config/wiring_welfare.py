"""Puts the welfare signal together: who gathers signs, who looks, and whom the house asks for signs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.files import parse_toml
from config.settings import Settings
from config.tolerated import stood_in
from config.welfare_options import WelfareSettings
from devices.rules.meaning import Said
from devices.store.devices import Device
from devices.store.silent import fell_silent
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.errors import Invalid, Misconfigured
from dispatch.ids import HomeId, ResidentId
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.timetable import Periodic
from schedules.welfare.gathering import Gathering
from schedules.welfare.looking import Looking
from schedules.welfare.office import Office
from schedules.welfare.rules.signs import Kind, Observation, Scale, read_scale
from schedules.welfare.sources import Movements, Presses, Source, Told
from schedules.welfare.store import Standings

GATHER_EVERY_S, LEARN_EVERY_S, FORGET_EVERY_S = 60.0, 60.0, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Welfare:
    """Everybody who cares for the welfare signal. Where it is off nobody gathers and nobody looks."""

    gathering: Gathering
    looking: Looking
    office: Office
    movements: Movements
    on: bool

    @property
    def owners(self) -> tuple[Looking, ...]:
        return (self.looking,) if self.on else ()

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        if not self.on:
            return ()
        return (
            Periodic(name="gather_signs", every_s=GATHER_EVERY_S, work=self.gathering.check),
            Periodic(name="learn_of_signals", every_s=LEARN_EVERY_S, work=self.gathering.learn),
            Periodic(name="forget_signs", every_s=FORGET_EVERY_S, work=self.gathering.forget),
        )

    def heard(self, device: Device, said: Said, at: datetime) -> None:
        """What the gateways' threads hear, with every frame: it must cost nothing."""
        if self.on:
            self.movements.heard(device.home_id, device.resident_id, said.events, at)


def build_welfare(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk, *,
    nudge: Callable[[], None], sources: Sequence[Source] = (),
) -> Welfare:  # fmt: skip
    """
    Wires it. `sources` are further rooms that notice things: meals, deliveries, visits, rounds.

    Where the file of weights has a mistake, those that come with the program stand in: somebody looks in all the same.
    """
    kept = stood_in("welfare", lambda: scale_of(settings.welfare.file), lambda: scale_of(WelfareSettings().file))
    scale, movements = kept.value, Movements()
    own: list[Source] = [Presses(reading), movements, Told("devices", lambda at: _silent(reading, at)), *sources]
    return Welfare(
        gathering=Gathering(transactions, reading, clock, scale, own, nudge=nudge),
        looking=Looking(transactions, reading, desk, calendar, scale),
        office=Office(transactions, reading, clock, scale, nudge=nudge, lacking=kept.lacking), movements=movements,
        on=settings.welfare.on,
    )  # fmt: skip


def scale_of(path: Path) -> Scale:
    """
    What signs weigh by this file.

    Raises:
        Misconfigured: it cannot be read or says what cannot be; names the place.
    """
    try:
        return read_scale(parse_toml(path))
    except Invalid as wrong:
        raise Misconfigured(f"{path}: {next(iter(wrong.errors))}", wrong.detail) from None


def _silent(reading: Engine, since: datetime) -> list[Observation]:
    with reading.connect() as connection:
        rows = fell_silent(connection, since)
    return [
        Observation(
            key=f"silent:{row['id']}:{row['at']:%Y%m%d%H%M%S}", kind=Kind.DEVICE_SILENT, home_id=HomeId(row["home_id"]),
            resident_id=ResidentId(row["resident_id"]) if row["resident_id"] else None, at=row["at"],
            expected_at=row["last_at"],
        )
        for row in rows
    ]  # fmt: skip


def mend_welfare(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: homes are looked at when they would have been."""
    Standings(tx.connection).shift_due(seconds)
