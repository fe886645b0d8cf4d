"""A district with everybody who changes duty, wired as the service does it, on a hand clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from flask import Blueprint

from config.holiday_files import read_holidays
from dispatch.answers import Answers, Said
from dispatch.expectations import DeskClaims
from dispatch.ids import CarerId, StationId
from dispatch.rules.people import operator
from dispatch.store.record import Record
from schedules.duty.absent import Absent
from schedules.duty.desk import DutyDesk
from schedules.duty.guard import Guard
from schedules.duty.rotating import Rotating
from schedules.duty.rules import Shift
from schedules.duty.rules.rest import Limits
from schedules.duty.rules.rotation import Place, Rotation, Window
from schedules.duty.store import Shifts
from schedules.duty.swapping import Swapping, Terms
from schedules.duty.web import parts as parts_
from schedules.duty.web.changes import changes_blueprint
from schedules.duty.web.changing_pages import changing_pages
from schedules.duty.web.pages import roster_pages
from tests.builders import NOON, PUBLIC_URL, World, build_world

BOSS = operator("boss")
MONDAY = datetime(2026, 11, 22, 16, tzinfo=NOON.tzinfo)
"""The first instant of Monday 23 November in Shanghai; `NOON` is on the Saturday before."""

LIMITS = Limits(rest_h=8, break_h=4, day_h=12, week_h=60, days_in_row=6, nights_in_row=4)


@dataclass
class Office:
    """The agents of duty over a world."""

    world: World
    guard: Guard
    rotating: Rotating
    absent: Absent
    swapping: Swapping
    answers: Answers
    changes: list[None] = field(default_factory=list)

    def carer(self, code: str) -> CarerId:
        return CarerId(self.world.carer(code).removeprefix("carer:"))

    def station(self, code: str = "S1") -> StationId:
        return StationId(self.world.id_of_station(code))

    def put(self, code: str, start: float, end: float) -> Shift:
        """A shift on file, hours from Monday's midnight, whatever speaks against it."""
        new = Shift(
            id=self.world.ids(), carer_id=self.carer(code), start_at=MONDAY + start * HOUR, end_at=MONDAY + end * HOUR
        )
        row = {"id": new.id, "carer_id": new.carer_id, "start_at": new.start_at, "end_at": new.end_at}
        self.world.transactions.run(lambda tx: Shifts(tx.connection).add_once(row))
        self.world.roster.forget()
        return new

    def shifts(self, code: str | None = None, *, days: int = 60) -> list[tuple[float, float]]:
        """What is on file of a carer, or of everybody, as hours from Monday's midnight."""
        with self.world.reading.connect() as connection:
            found = Shifts(connection).covering(MONDAY - 9 * DAY, MONDAY + days * DAY)
        mine = [each for each in found if code is None or each.carer_id == self.carer(code)]
        return sorted(((each.start_at - MONDAY) / HOUR, (each.end_at - MONDAY) / HOUR) for each in mine)

    def rotation(self, *codes: str, first: date = date(2026, 11, 23), cycle=None) -> Callable[[str], Rotation]:
        """Day, night, rest, rest, unless another cycle is given; each carer a day behind the one before."""
        cycle = cycle or ((DAYS,), (NIGHTS,), (), ())
        places = tuple(
            Place(carer_id=self.carer(code), offset=number % len(cycle)) for number, code in enumerate(codes)
        )
        return lambda id_: Rotation(
            id=id_, station_id=self.station(), name="白夜休休", first_day=first, cycle=cycle, places=places
        )

    def says(self, code: str, text: str) -> None:
        """A carer answers by text."""
        phone = f"+861380000000{code[1]}"
        self.answers.receive("test", [Said(key=f"{code}{text}{self.world.clock.now()}", sender=phone, text=text)])
        for id_ in self.answers.due(self.world.clock.now(), 100):
            self.answers.wake(id_)

    def kinds(self) -> list[str]:
        """What the record has of the house, in order."""
        with self.world.reading.connect() as connection:
            return [each.kind for each in Record(connection).after(0, 1000)]


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS, NIGHTS = Window(start=time(8), end=time(20)), Window(start=time(20), end=time(8))


def office_in(folder, *, approved: bool = False, limits: Limits = LIMITS, on_duty=()) -> Office:
    return office_over(build_world(folder, on_duty=on_duty), approved=approved, limits=limits)


def duty_views(office: Office, desk: DutyDesk) -> list[Blueprint]:
    """The pages and the interface, as the service puts them together."""
    world = office.world
    parts = parts_.Office(
        desk=desk, rotating=office.rotating, absent=office.absent, swapping=office.swapping,
        holidays=read_holidays(), calendar=world.calendar,
    )  # fmt: skip
    return [
        roster_pages(parts, world.clock, public_url=PUBLIC_URL), changing_pages(parts, world.clock),
        changes_blueprint(parts, world.clock, transactions=world.transactions),
    ]  # fmt: skip


def office_over(world: World, *, approved: bool, limits: Limits) -> Office:
    """The agents over a world that there is."""
    guard, changes = Guard(limits=limits, calendar=world.calendar), list[None]()

    def changed() -> None:
        changes.append(None)
        world.roster.forget()
        world.muster.forget()

    swapping = Swapping(
        world.transactions, world.reading, world.clock, guard=guard, terms=Terms(approved=approved),
        two_way=lambda _: True, changed=changed, nudge=lambda: None,
    )  # fmt: skip
    return Office(
        world=world, guard=guard, swapping=swapping, changes=changes,
        rotating=Rotating(
            world.transactions, world.reading, world.clock, guard=guard, weeks=2, changed=changed
        ),
        absent=Absent(world.transactions, world.reading, world.clock, guard=guard, changed=changed),
        answers=Answers(
            world.transactions, world.reading, [DeskClaims(world.desk), swapping], world.desk, nudge=lambda: None
        ),
    )  # fmt: skip
