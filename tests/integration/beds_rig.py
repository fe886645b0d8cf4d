"""A world with home-care beds: their services over the registers, and visits proved by hand."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from config.beds_options import BedSettings
from config.wiring_beds import build_beds
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from schedules.care.assessing import Said
from schedules.care.beds import Form
from schedules.care.rules.bed import Deed, State
from schedules.care.rules.plan import Line, Pattern
from schedules.care.rules.visit import Proved
from schedules.care.store.beds import Beds as BedShelf
from schedules.care.store.beds import Steps
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.integration.registry_rig import SECOND, RegistryRig, work_over

MANAGER, TOWN, COUNTY = operator("manager"), operator("town"), operator("county")
TODAY = date(2026, 11, 21)
"""The local day on which every test begins: a Saturday, at noon in Shanghai."""


class Visits:
    """Proved visits, as somebody else's shelf would give them."""

    def __init__(self) -> None:
        self.all: list[Proved] = []

    def add(self, resident_id, day: date, minutes: int = 60, *, hour: int = 9, carers=("c1",), **more) -> Proved:
        begun = datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=8)
        made = Proved(
            visit_id=f"v{len(self.all)}", resident_id=resident_id, carer_ids=carers, on=day, begun_at=begun,
            finished_at=begun + timedelta(minutes=minutes), **more,
        )  # fmt: skip
        self.all.append(made)
        return made

    def proved(self, resident_id, start: date, end: date):
        return [each for each in self.all if each.resident_id == resident_id and start <= each.on < end]


class BedsRig(RegistryRig):
    """The registers with beds beside them."""

    def __init__(self, folder: Path, *, blueprints=None, world=None) -> None:
        """`blueprints` makes pages over this rig, whose services are there by then; without it there are none."""
        self.world = world = world or build_world(folder, district=FILE + SECOND)
        self.visits = Visits()
        self.beds = build_beds(
            BedSettings(), world.transactions, world.reading, world.clock, world.calendar, nudge=lambda: None
        )  # fmt: skip
        self.beds.elsewhere.visits = self.visits
        if blueprints is not None:
            super().__init__(folder, world=world, blueprints=blueprints(self))
        else:
            work = work_over(world)
            self.leaving, self.absent = work.leaving, work.absent
        self.has_pages = blueprints is not None
        self.leaving.partings.append(self.beds.life.parting)

    def close(self) -> None:
        if self.has_pages:
            super().close()
        else:
            self.world.close()

    # --------------------------------------------------------------------------------------- steps

    def apply(self, resident: str = "R1", **more) -> str:
        return self.beds.life.apply(resident, "fj-bed-pilot", by=MANAGER, area=DISTRICT, **more)

    def assess(self, bed: str, *, score: int = 50, on: date = TODAY, **more) -> str:
        said = Said(standard="gbt42195-2022", assessed_on=on, org="评估一所", score=score, **more)
        return self.beds.assessing.assess(bed, said, by=MANAGER, area=DISTRICT)

    def step(self, bed: str, deed: Deed, by=MANAGER, **form) -> str:
        return self.beds.life.step(bed, deed, Form(**form), by=by, area=DISTRICT)

    def until(self, state: State, resident: str = "R1", **more) -> str:
        """A bed that has come so far."""
        bed = self.apply(resident, **more)
        steps = [
            lambda: self.assess(bed),
            lambda: (self.step(bed, Deed.FIRST_REVIEW, TOWN), self.step(bed, Deed.APPROVE, COUNTY)),
            lambda: self.step(bed, Deed.BUILD, org="设计一所"),
            lambda: self.step(bed, Deed.ACCEPT, COUNTY, org="验收一所"),
            lambda: self.step(bed, Deed.ACTIVATE, org="服务一所", agreed_from=date(2026, 11, 1),
                              agreed_until=date(2027, 10, 31)),
        ]  # fmt: skip
        for take in steps[: list(State).index(state)]:
            take()
        return bed

    def bed(self, name: str):
        with self.world.reading.connect() as connection:
            return BedShelf(connection).get(name, DISTRICT)

    def stretches(self, name: str):
        with self.world.reading.connect() as connection:
            return [(each.from_on, each.until_on) for each in Steps(connection).stretches(name)]

    def steps(self, name: str):
        with self.world.reading.connect() as connection:
            return Steps(connection).of(name)

    def plan(self, bed: str, *lines: Line, base: int = 0, urgent: bool = False, **more):
        lines = lines or (daily(),)
        return self.beds.plans.change(bed, lines, base=base, urgent=urgent, by=MANAGER, area=DISTRICT, **more)

    def pass_days(self, days: float) -> None:
        """Days pass, and everybody who waits is looked at on the way, an hour at a time."""
        until = self.world.clock.now() + timedelta(days=days)
        while self.world.clock.now() < until:
            self.pass_time(min(6 * 3600.0, (until - self.world.clock.now()).total_seconds()))
            for id_ in self.beds.assessing.due(self.world.clock.now(), 100):
                self.beds.assessing.wake(id_)
            self.beds.life.look()


def daily(code: str = "a", **more) -> Line:
    """An hour each day between nine and ten."""
    return Line(**{"code": code, "pattern": Pattern.WEEKLY, "times": 7, "start": time(9), "by": time(10), "minutes": 60,
                   "items": ("B01",)} | more)  # fmt: skip
