"""
Rosters with holes planted by seed, laid by the clocks of places where these are changed: each is found, none invented.

Homes H1 and H2 lie on the near bank, H3 beyond a river whose only bridge is far; carers C1 and C2 relieve each other at
0:00, 8:00 and 16:00, C3 does not answer tests, C4 lives beyond the river.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from dispatch.rules.barriers import Barrier, Crossing, Detours
from dispatch.rules.place import Position
from dispatch.rules.travel import StraightLine
from dispatch.store.people import carers
from dispatch.store.reach_tests import reach_tests
from schedules.calendar import Calendar
from schedules.coverage.picture import Terms, picture
from schedules.coverage.rules.reach import Reason
from schedules.duty.store import Shifts
from tests.builders import build_world

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PLACE = """
[district]
name = "示范区"
timezone = "Asia/Shanghai"
[[stations]]
code = "S1"
name = "柏林颐养驿站"
lat = 38.0712
lng = 114.4903
""" + "".join(
    f'[[carers]]\ncode = "C{number}"\nname = "护理{number}"\nphone = "+861380000000{number}"\nstation = "S1"\n'
    f"lat = 38.07\nlng = {lng}\n"
    for number, lng in enumerate((114.491, 114.492, 114.493, 114.511), 1)
) + "".join(
    f'[[homes]]\ncode = "H{number}"\naddress = "小区 {number}"\nlat = 38.071\nlng = {lng}\nstation = "S1"\n'
    for number, lng in enumerate((114.4905, 114.4925, 114.5105), 1)
)  # fmt: skip
RIVER = Barrier(
    name="river", line=(Position(37.9, 114.5), Position(38.3, 114.5)), crossings=(Crossing(at=Position(38.2, 114.5)),)
)
TRAVEL = Detours(open_country=StraightLine(), barriers=[RIVER])
NEAR, FAR = ("H1", "H2"), ("H3",)
FORTNIGHTS = {
    "the clocks go forward": ("Europe/Berlin", date(2027, 3, 20), date(2027, 3, 28)),
    "the clocks go back": ("Europe/Berlin", date(2027, 10, 24), date(2027, 10, 31)),
    "a leap day": ("Asia/Shanghai", date(2028, 2, 22), date(2028, 2, 29)),
    "half an hour back": ("Australia/Lord_Howe", date(2027, 3, 28), date(2027, 4, 4)),
}


@dataclass
class Plan:
    """Who is on duty when, and what must be found: homes, window and reason."""

    zone: ZoneInfo
    shifts: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    holes: list[tuple[tuple[str, ...], datetime, datetime, Reason]] = field(default_factory=list)

    def at(self, day: date, hour: int) -> datetime:
        """
        When the clocks show this hour first, 24 being the end of the day; an hour that is skipped is the moment they
        jump.
        """
        wall = datetime.combine(day + DAY * (hour // 24), time(hour % 24), self.zone)
        early, late = sorted((wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)))
        if early.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            return early
        # Skipped: both readings lie beside the jump, each as far from it as the other.
        jump = next(
            each for each in (early + n * MINUTE for n in range(181))
            if (each - MINUTE).astimezone(self.zone).utcoffset() != each.astimezone(self.zone).utcoffset()
        )  # fmt: skip
        assert early <= jump <= late
        return jump

    def on(self, carer: str, start: datetime, end: datetime) -> None:
        if start < end:
            self.shifts.append((carer, start, end))

    def gap(self, homes: tuple[str, ...], start: datetime, end: datetime, reason: Reason) -> None:
        if start < end:
            self.holes.append((homes, start, end, reason))


def planned(seed: int, zone: str, first: date, changing: date) -> Plan:
    draw, plan = Random(f"coverage {seed}"), Plan(zone=ZoneInfo(zone))
    days = [first + n * DAY for n in range(14)]
    watches = [(day, hour) for day in days for hour in (0, 8, 16)]
    lost, silent, short = draw.sample([each for each in watches if each != (changing, 0)], 3)
    for number, (day, hour) in enumerate(watches):
        carer = f"C{1 + number % 2}"
        start, end = plan.at(day, hour), plan.at(day, hour + 8)
        if (day, hour) == lost:
            # With whoever lives beyond the river on duty it is too far, not nobody.
            plan.gap(NEAR, start, end, Reason.TOO_FAR)
        elif (day, hour) == silent:
            plan.on("C3", start, end)
            plan.gap(NEAR, start, end, Reason.NOBODY_REACHABLE)
        elif (day, hour) == short:
            cut = end - timedelta(minutes=draw.randint(60, 420))
            plan.on(carer, start, cut)
            plan.on(carer, cut + MINUTE, end)
            plan.gap(NEAR, cut, cut + MINUTE, Reason.TOO_FAR)
        elif (day, hour) == (changing, 0):
            # Nobody from two to three, as the clocks show it: no time at all, an hour, or two.
            plan.on(carer, start, plan.at(day, 2))
            plan.on(carer, plan.at(day, 3), end)
            plan.gap(NEAR, plan.at(day, 2), plan.at(day, 3), Reason.TOO_FAR)
        else:
            plan.on(carer, start, end)
    away = draw.choice([day for day in days[1:-1] if day not in {changing, lost[0], silent[0], short[0]}])
    plan.on("C4", plan.at(days[0], 0), plan.at(away, 24))
    plan.on("C4", plan.at(away + DAY, 5), plan.at(days[-1], 24))
    clash = {each[0] for each in (lost, silent, short)}
    if away + DAY in clash | {changing}:
        return planned(seed + 1000, zone, first, changing)
    plan.gap(FAR, plan.at(away + DAY, 0), plan.at(away + DAY, 5), Reason.TOO_FAR)
    return plan


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = build_world(tmp_path_factory.mktemp("planted"), district=PLACE, on_duty=())
    with world.writing.begin() as connection:
        connection.execute(insert(reach_tests).values(
            id="t", carer_id=world.id_of(carers, "C3"), month="2026-11", phone="+8613800000003", state="silent",
            asked_at=world.clock.now() - 2 * DAY, ended_at=world.clock.now() - DAY,
        ))  # fmt: skip
    yield world
    world.close()


@pytest.mark.parametrize("name", FORTNIGHTS)
@pytest.mark.parametrize("seed", [31, 32])
def test_every_hole_is_found_to_the_minute_and_none_is_invented(world, seed, name):
    zone, first, changing = FORTNIGHTS[name]
    plan = planned(seed, zone, first, changing)
    laid = [
        {"id": f"{name}{seed}{n}", "carer_id": world.id_of(carers, code), "start_at": start, "end_at": end}
        for n, (code, start, end) in enumerate(plan.shifts)
    ]
    world.transactions.run(lambda tx: [Shifts(tx.connection).add_once(each) for each in laid])
    start, end = Calendar(zone).start_of(first), Calendar(zone).start_of(first + 14 * DAY)
    with world.reading.connect() as connection:
        seen = picture(connection, start, end, now=world.clock.now(), terms=Terms())
    found = {(each.homes, each.start_at, each.end_at, each.reason) for each in seen.gaps(start, end, TRAVEL)}
    world.transactions.run(lambda tx: [Shifts(tx.connection).remove(each["id"]) for each in laid])
    assert found == set(plan.holes)
    assert len(plan.holes) >= 4
