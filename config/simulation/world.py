"""
The world under simulation: its clock, its identities, a district drawn from a seed, and the service on its file.

The service is the real one over the real store; what is not real is handed in.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from config.district import CarerRow, ContactRow, DeviceRow, District, HomeRow, ResidentRow, ShiftRow, StationRow
from config.files import parse_toml
from config.house import WAIT_MAX
from config.loading import load_into
from config.simulation.disk import Disk
from config.simulation.faults import Tripwire, Ways
from config.simulation.upkeep import OPERATORS as OPERATORS
from config.simulation.upkeep import SENSOR, build_upkeep
from config.wiring import mend_waiting
from devices.decoders import DECODERS
from devices.decoders.decoder import Decoder
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.answers import Answers
from dispatch.clock import Clock, Instant
from dispatch.desk import Desk
from dispatch.expectations import DeskClaims
from dispatch.messages.courier import Courier
from dispatch.messages.providers.provider import Provider
from dispatch.messages.reconcile import Reconciler
from dispatch.muster import Muster
from dispatch.rules.escalation import Policies, read_policies
from dispatch.rules.nearest import Weights
from dispatch.rules.people import Reach, operator
from dispatch.rules.place import Position
from dispatch.rules.steps import STEPS
from dispatch.situations import Situations
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine, to_us
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Lane, SerialTransactions, Tx, Work
from schedules.calendar import Calendar
from schedules.duty.roster import Roster
from schedules.timers import Owner, Timers

START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
"""Midnight in Shijiazhuang."""

RESIDENTS = 50
GATEWAYS: Mapping[str, str] = {"r1": "rflink", "r2": "rflink", "s1": "surgard", "w1": SENSOR}
_CENTRE = Position(38.0712, 114.4903)

SENSORS = 5
"""A few devices that speak by themselves."""

T = TypeVar("T")


class SimClock:
    """Both clocks. `t` is how long the simulation has lasted, in seconds; nobody but the simulation sets it."""

    def __init__(self, start: datetime = START) -> None:
        self.t = 0.0
        self._start = start
        self._offset_s = 0.0
        self._booted_t = -1_000.0
        self._boot = 1
        self._told = (self.t, start, to_us(start))

    def look(self) -> Instant:
        return Instant(wall=self.now(), steady_s=self.t - self._booted_t, boot=f"boot{self._boot}")

    def now(self) -> datetime:
        return self._now()[1]

    def now_us(self) -> int:
        """The same in microseconds since 1970."""
        return self._now()[2]

    def _now(self) -> tuple[float, datetime, int]:
        """Asked many times in each instant, reckoned once."""
        if self._told[0] != self.t:
            now = self._start + timedelta(seconds=self.t + self._offset_s)
            self._told = (self.t, now, to_us(now))
        return self._told

    def step_wall(self, seconds: float) -> None:
        """Somebody sets the wall clock; steady time does not notice."""
        self._offset_s += seconds
        self._told = (float("nan"), self._start, 0)

    def reboot(self) -> None:
        """The machine starts again: steady time begins anew."""
        self._boot += 1
        self._booted_t = self.t

    def t_of(self, wall: datetime) -> float:
        """When the wall clock will show this, if nobody touches it."""
        return self.t + (wall - self.now()).total_seconds()


def numbered_ids() -> Callable[[], str]:
    """Identities that count, the same in every run of a seed."""
    numbers = itertools.count(1)
    return lambda: f"{next(numbers):032x}"


# ------------------------------------------------------------------------------------------------ the district


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A device somebody may press: how it speaks, and whose it is."""

    code: str
    kind: str
    protocol: str
    address: str
    home: str
    resident: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A district and what the simulation must know of it."""

    district: District
    buttons: tuple[Button, ...]
    sensors: tuple[Button, ...] = ()

    def at_home(self, home: str, *kinds: str) -> list[Button]:
        """The devices of these kinds in a home."""
        return [each for each in self.buttons if each.home == home and each.kind in kinds]


def build_town(random: Random, days: float) -> Town:
    """A district of one or two stations with fifty residents, ten carers or so, and their shifts for these days."""
    stations = _stations(random)
    carers = tuple(_carer(random, number, stations) for number in range(1, random.randint(9, 13)))
    homes = tuple(_homes(random, stations))
    shifts = tuple(_shifts(random, [each.code for each in carers], days))
    district = District(name="模拟区", stations=stations, carers=carers, homes=homes, shifts=shifts)
    devices = tuple(
        Button(
            code=device.code, kind=device.kind, protocol=device.protocol, address=device.address, home=home.code,
            resident=device.resident,
        )
        for home in homes
        for device in home.devices
    )  # fmt: skip
    return Town(
        district=district,
        buttons=tuple(each for each in devices if each.protocol != SENSOR),
        sensors=tuple(each for each in devices if each.protocol == SENSOR),
    )


def _near(random: Random, at: Position, degrees: float = 0.02) -> Position:
    return Position(at.lat + random.uniform(-degrees, degrees), at.lng + random.uniform(-degrees, degrees))


def _stations(random: Random) -> tuple[StationRow, ...]:
    first = StationRow(code="S1", name="柏林驿站", position=_CENTRE)
    if random.random() < 0.6:
        return (first,)
    second = StationRow(code="S2", name="红星驿站", position=_near(random, _CENTRE, 0.05), lends=("S1",))
    return (first, second)


def _carer(random: Random, number: int, stations: tuple[StationRow, ...]) -> CarerRow:
    station = random.choice(stations)
    assert station.position is not None
    fresh = random.random() < 0.5
    return CarerRow(
        code=f"C{number}", name=f"护理{number}", station=station.code,
        phone="" if random.random() < 0.03 else f"+8613800000{number:03}",
        position=_near(random, station.position), position_at=START - timedelta(minutes=5) if fresh else None,
        means=random.choice(("foot", "ebike", "ebike", "car")),
        skills=("nurse",) if random.random() < 0.3 else (), languages=("en",) if random.random() < 0.05 else ("zh",),
    )  # fmt: skip


def _homes(random: Random, stations: tuple[StationRow, ...]) -> Iterator[HomeRow]:
    number = resident = 0
    while resident < RESIDENTS:
        number += 1
        count = min(RESIDENTS - resident, 2 if random.random() < 0.2 else 1)
        yield _home(random, number, [resident + each for each in range(1, count + 1)], stations)
        resident += count


def _home(random: Random, number: int, residents: list[int], stations: tuple[StationRow, ...]) -> HomeRow:
    station = random.choice(stations)
    assert station.position is not None
    return HomeRow(
        code=f"H{number}", address=f"柏林小区{number}号", entry="钥匙盒", station=station.code,
        position=None if random.random() < 0.03 else _near(random, station.position),
        residents=tuple(_resident(random, each) for each in residents),
        contacts=tuple(
            ContactRow(name=f"家属{number}{order}", phone=f"+86139{number:04}{order:04}", order=order)
            for order in range(1, random.randint(1, 4))
        ),
        devices=tuple(_devices(random, number, residents)),
    )  # fmt: skip


def _resident(random: Random, number: int) -> ResidentRow:
    return ResidentRow(
        code=f"R{number}", name=f"老人{number}", born_on=date(1938, 3, 5), phone=f"+8613600000{number:03}",
        needs=("nurse",) if random.random() < 0.1 else (),
        agreements=("emergency_service",) if random.random() < 0.3 else (),
    )  # fmt: skip


def _devices(random: Random, home: int, residents: list[int]) -> Iterator[DeviceRow]:
    if home % 6 == 0:
        yield DeviceRow(code=f"P{home}", kind="panel", protocol="surgard", address=f"{1000 + home}")
    for resident in residents:
        yield _radio("pendant", home, resident, "08", shared=len(residents) > 1 and random.random() < 0.2)
    if home <= SENSORS:
        yield DeviceRow(
            code=f"sensor{home}", kind="pendant", protocol=SENSOR, address=f"Visonic-Powercode:{home}",
            resident=f"R{residents[0]}",
        )  # fmt: skip
    for kind, switch, chance in (("fall", "01", 0.15), ("smoke", "02", 0.1), ("cancel", "04", 0.3)):
        if random.random() < chance:
            yield _radio(kind, home, residents[0], switch)


def _radio(kind: str, home: int, resident: int, switch: str, *, shared: bool = False) -> DeviceRow:
    address = f"EV1527:{0x0A0000 + home * 16 + resident % 16:06x}:{switch}"
    code = f"{kind}{home}.{resident}"
    return DeviceRow(
        code=code, kind=kind, protocol="rflink", address=address, resident=None if shared else f"R{resident}"
    )


def _shifts(random: Random, carers: list[str], days: float) -> Iterator[ShiftRow]:
    """Day and night shifts that overlap a little, with a gap of nobody at all now and then."""
    for day in range(-1, int(days) + 3):
        midnight = START + timedelta(days=day)
        late = random.choice((0, 0, 0, 0.5, 2))
        for carer in random.sample(carers, k=min(len(carers), random.randint(3, 6))):
            yield _shift(carer, midnight, 8 + late, 20 + random.choice((0, 0, 0.5)))
        for carer in random.sample(carers, k=random.randint(1, 3)):
            yield _shift(carer, midnight, 20, 32)


def _shift(carer: str, midnight: datetime, begins: float, ends: float) -> ShiftRow:
    return ShiftRow(carer=carer, start=midnight + timedelta(hours=begins), end=midnight + timedelta(hours=ends))


# ------------------------------------------------------------------------------------------------ the service


@lru_cache(maxsize=1)
def shipped_policies() -> Policies:
    """The escalation policies that are shipped."""
    path = Path(__file__).parent.parent / "escalation.toml"
    return read_policies(parse_toml(path)["policies"], STEPS)


def load(disk: Disk, clock: Clock, ids: Callable[[], str], town: Town) -> None:
    """Puts the district on file, before the service begins its first life."""
    transactions = SerialTransactions(disk.writing, clock, ids)
    load_into(transactions, town.district)
    transactions.close()


class Mortal(SerialTransactions):
    """Units of work of a process that may die at any commit: before it is kept, or before anybody hears of it."""

    def __init__(self, engine: Engine, clock: Clock, ids: Callable[[], str], tripwire: Tripwire) -> None:
        super().__init__(engine, clock, ids, on_jump=mend_waiting, before_commit=tripwire.before_commit)
        self._after_commit = tripwire.after_commit
        self.driver = self._connection.connection.driver_connection

    def run(self, work: Work[T], *, lane: Lane = Lane.EMERGENCY) -> T:
        result = super().run(work, lane=lane)
        self._after_commit()
        return result


class Service:
    """One life of the service, from its start to its crash: the real agents, wired on the file."""

    def __init__(
        self,
        disk: Disk,
        clock: SimClock,
        ids: Callable[[], str],
        providers: Mapping[str, Provider],
        tripwire: Tripwire,
        ways: Ways,
        watched: Callable[[Owner], Owner],
    ) -> None:
        reading = disk.reading
        self.transactions = transactions = Mortal(disk.writing, clock, ids, tripwire)
        with reading.connect() as connection:
            stations = People(connection).stations()
        calendar, roster = Calendar("Asia/Shanghai"), Roster(reading)
        muster = Muster(reading, roster, ways, Weights(), lambda: clock.look().steady_s)
        situations = Situations(
            reading, muster, clock,
            operators=[Reach(person=operator(phone), phone=phone) for phone in OPERATORS],
            two_way=lambda phone: not phone.endswith("7"), emergency_number="120",
        )  # fmt: skip
        self.desk = desk = Desk(
            transactions, reading, muster, shipped_policies(), situations,
            day_number=calendar.day_number, nudge=_nothing,
        )  # fmt: skip
        self.answers = Answers(transactions, reading, [DeskClaims(desk)], desk, nudge=_nothing)
        self.answers.learning.learn()
        self.courier = Courier(transactions, reading, providers, clock, local=calendar.local, unreached=desk)
        self.reconciler = Reconciler(
            self.courier, transactions, reading, clock, unreached=desk, poll_s=0.0, keep=lambda *_: None
        )
        self.reading = reading
        self.supervision = Supervision(transactions)
        upkeep = build_upkeep(transactions, reading, calendar, desk)
        self.tests = upkeep[0]
        self.reception = Reception(
            desk, self.supervision, reading, clock, ids,
            protocols=GATEWAYS, stations=dict.fromkeys(GATEWAYS, stations[0].id),
            tests=self.tests,
        )  # fmt: skip
        self.decoders: dict[str, Decoder] = {name: DECODERS[protocol]() for name, protocol in GATEWAYS.items()}
        self.timers = Timers([watched(desk), watched(self.answers)], clock, workers=0)
        # Apart, so that a pass for an alarm does not ask about devices: most passes are.
        self.upkeep = Timers([watched(each) for each in upkeep], clock, workers=0)
        self.timers.on_jump(lambda: transactions.run(_nothing_in))
        transactions.run(_take_up)

    @property
    def file(self) -> Any:
        """The connection of sqlite3 that the service writes by: between units of work it shows what is on file."""
        return self.transactions.driver

    def close(self) -> None:
        self.transactions.close()


def _nothing() -> None:
    """The simulation looks at the rows after every step, so that nobody needs to be nudged."""


def _nothing_in(_: Tx) -> None:
    """A unit of work that only looks at the clocks, which every unit does before it begins."""


def _take_up(tx: Tx) -> None:
    """What `House.start` and `Courier.start` do: nothing waits for ever, and what was in flight is in doubt."""
    Alarms.of(tx).pull_in(tx.now + WAIT_MAX, tx.now)
    Outbox(tx.connection).strand(tx.now)
