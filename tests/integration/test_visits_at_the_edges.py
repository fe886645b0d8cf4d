"""Visits signed by text and shown by the tag of the home where days, months and clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from config.holiday_files import read_holidays
from dispatch.ids import HomeId, ResidentId
from schedules.calendar import Calendar
from schedules.care.rules.plan import Holidays, Line, Pattern, Plan, Served, wanted
from schedules.care.rules.presence import State
from schedules.care.store.visits import visits
from tests.integration.visits_rig import HOUR, MINUTE, Rig

SHANGHAI, BERLIN, ST_JOHNS = "Asia/Shanghai", "Europe/Berlin", "America/St_Johns"

EDGES = {
    "before and after midnight": (SHANGHAI, "2027-01-14T23:30", 90, date(2027, 1, 14)),
    "the last minute of a month": (SHANGHAI, "2027-01-31T23:59", 60, date(2027, 1, 31)),
    "the first minute of a year": (SHANGHAI, "2027-01-01T00:00", 60, date(2027, 1, 1)),
    "into a leap day": (SHANGHAI, "2028-02-28T23:40", 60, date(2028, 2, 28)),
    "out of a leap day": (SHANGHAI, "2028-02-29T23:40", 60, date(2028, 2, 29)),
    "while an hour is skipped": (BERLIN, "2027-03-28T01:40", 60, date(2027, 3, 28)),
    "while an hour comes twice": (BERLIN, "2027-10-31T02:40", 60, date(2027, 10, 31)),
    "the second of two hours": (BERLIN, "2027-10-31T02:10+01:00", 60, date(2027, 10, 31)),
    "a month's end in the west": (ST_JOHNS, "2027-10-31T23:59", 60, date(2027, 10, 31)),
}


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("edge", EDGES)
def test_a_visit_counts_on_the_day_it_began_for_as_long_as_it_took(rig, edge):
    zone, said, minutes, day = EDGES[edge]
    rig.world.calendar = Calendar(zone)
    rig.again()
    start = datetime.fromisoformat(said)
    start = (start if start.tzinfo else start.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    one = rig.wanted(start=start, minutes=minutes)
    assert one.on == day
    rig.until(start - 30 * MINUTE)
    rig.planning.plan(day)
    rig.until(start)
    rig.says("C1", f"签到 {rig.visit().code}")
    rig.tag()
    rig.until(start + minutes * MINUTE)
    rig.says("C1", f"签退 {rig.visit().code}")
    rig.tag()
    assert (rig.visit().state, rig.open_codes()) == (State.FINISHED, [])
    proved = rig.visiting.proved(rig.world.resident("R1"), day, day + timedelta(days=1))
    assert [(each.on, each.minutes) for each in proved] == [(day, minutes)]
    assert rig.alarms() == []


def test_signing_out_first_and_by_wrong_codes_is_refused_and_then_all_is_well(rig):
    visit = rig.planned()
    rig.until(visit.wanted.start_from)
    for text in ("签退", f"签退 {visit.code}", f"签到 {visit.code + 1}", "签到 999"):
        rig.says("C1", text)
    assert (rig.visit().state, rig.points(), len(rig.sent("visit_none"))) == (State.PLANNED, [], 4)
    rig.says("C1", f"签到 {visit.code}")
    rig.until(visit.wanted.start_from + HOUR)
    rig.says("C1", f"签退 {visit.code}")
    # Signed in once more afterwards, nothing begins anew.
    rig.until(rig.world.clock.now() + HOUR)
    rig.says("C1", f"签到 {visit.code}")
    assert (rig.visit().state, len(rig.points())) == (State.FINISHED, 2)


def test_whoever_leaves_before_midnight_and_is_wanted_after_it_signs_two_visits(rig):
    night = datetime(2027, 1, 31, 22, 30, tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)
    rig.wanted(start=night)
    rig.wanted(key="plan:2", home="H2", resident="R2", start=night + 2 * HOUR)
    rig.until(night)
    rig.plan()
    first, second = rig.visit(), rig.visit("plan:2")
    assert (first.wanted.on, second.wanted.on) == (date(2027, 1, 31), date(2027, 2, 1))
    for visit in (first, second):
        rig.until(visit.wanted.start_from)
        rig.says("C1", f"签到 {visit.code}")
        rig.until(visit.wanted.start_from + HOUR)
        rig.says("C1", f"签退 {visit.code}")
    assert {rig.visit().state, rig.visit("plan:2").state} == {State.FINISHED}
    assert {each.carer_id for each in rig.points()} == {rig.carer("C1")}


def test_of_two_visits_with_one_code_it_is_the_nearer_one(rig):
    """A district with more visits a day than there are codes."""
    start = rig.world.clock.now() + HOUR
    for number, after in enumerate((0, 2)):
        rig.wanted(key=f"plan:{number + 1}", start=start + after * HOUR)
    rig.plan()
    with rig.world.writing.begin() as connection:
        connection.execute(update(visits).values(code=rig.visit().code))
    for key in ("plan:1", "plan:2"):
        rig.until(rig.visit(key).wanted.start_from)
        rig.says("C1", f"签到 {rig.visit().code}")
        assert rig.visit(key).state is State.BEGUN
        rig.until(rig.visit(key).wanted.start_from + HOUR)
        rig.says("C1", f"签退 {rig.visit().code}")
        assert rig.visit(key).state is State.FINISHED


def test_worked_weekends_and_holidays_are_those_of_the_published_table():
    """国务院办公厅, 2026: days off from 1 to 7 October; 20 September and 10 October, weekends, are worked for them."""
    table = read_holidays()
    line = Line(
        code="a", pattern=Pattern.WORKDAYS, start=datetime.min.time().replace(hour=9),
        by=datetime.min.time().replace(hour=10), minutes=60, holidays=Holidays.SKIP,
    )  # fmt: skip
    plan = Plan(
        id="p", bed_id="b", version=1, from_on=date(2026, 1, 1), made_at=datetime(2026, 1, 1, tzinfo=UTC), by="x",
        urgent=False, lines=(line,),
    )  # fmt: skip
    served = Served(bed_id="b", resident_id=ResidentId("r"), home_id=HomeId("h"))
    days = [date(2026, 9, 14) + timedelta(days=n) for n in range(35)]
    visited = {
        day for day in days
        if wanted(plan, served, day, zone=ZoneInfo(SHANGHAI), is_workday=table.is_workday)
    }  # fmt: skip
    weekends = {day for day in days if day.weekday() >= 5}
    assert weekends & visited == {date(2026, 9, 20), date(2026, 10, 10)}
    assert not visited & {date(2026, 10, n) for n in range(1, 8)}
    assert visited >= {day for day in days if day.weekday() < 5 and not date(2026, 9, 25) <= day <= date(2026, 10, 7)}
