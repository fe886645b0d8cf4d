"""What ratings, interviews and remote rounds say of a bed's month; what nobody wrote down stays unknown."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import insert

from config.beds_others import OtherRooms
from dispatch.ids import new_id
from dispatch.store.satisfaction import ratings, survey_draws, surveys
from schedules.care.rules.bed import State
from schedules.care.rules.month import Course
from schedules.rounds.rules.book import Means
from schedules.rounds.store.rounds import care_rounds
from tests.integration.beds_rig import DISTRICT, MANAGER, TODAY, BedsRig

MONTH = date(2026, 11, 1)
DAY = timedelta(days=1)


class Rig(BedsRig):
    def __init__(self, folder):
        super().__init__(folder)
        world = self.world
        self.others = OtherRooms(world.reading, world.clock, world.calendar)
        self.beds.elsewhere.others = self.others
        self.r1 = world.resident("R1")

    def put(self, table, **values):
        self.world.transactions.run(lambda tx: tx.connection.execute(insert(table).values(**values)))

    def rated(self, score, at, *, resident="R1"):
        self.put(
            ratings, id=new_id(), about=f"alarm:{new_id()}", home_id=self.world.home("H1"), state="answered",
            resident_id=self.world.resident(resident) if resident else None, score=score, answered_at=at,
        )  # fmt: skip

    def asked(self, score, at):
        self.put(survey_draws, month="2026-11", seed="s", drawn_at=at, population=3, form="f")
        self.put(surveys, id=new_id(), month="2026-11", resident_id=self.r1, state="done", score=score, ended_at=at)

    def remote(self, day, means=Means.PHONE, result="well"):
        at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        self.put(
            care_rounds, id=new_id(), key=new_id(), resident_id=self.r1, home_id=self.world.home("H1"), kind="change",
            cls="", why="asked", means=["phone"], opened_on=day, plan_on=day, due_on=day, deadline=at, late={},
            stage="quiet", tries=0, state="done", result=result, by_means=means, done_on=day, done_at=at,
        )  # fmt: skip

    def apply(self, resident="R1", **more):
        return self.beds.life.apply(resident, "nj-bed-2021", by=MANAGER, area=DISTRICT, **more)

    def told(self, month=MONTH):
        return dict(self.others(self.r1, month))


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_what_nobody_wrote_down_is_unknown_and_never_a_zero(rig):
    rig.until(State.ACTIVE)
    assert rig.told() == {}


def test_satisfaction_is_the_share_of_four_and_five_of_the_local_month(rig):
    begins = datetime(2026, 10, 31, 16, tzinfo=UTC)  # Midnight in Shanghai.
    rig.rated(5, begins)
    rig.rated(4, begins + 9 * DAY, resident=None)
    rig.asked(3, begins + 10 * DAY)
    rig.rated(1, begins - timedelta(seconds=1))
    rig.rated(1, datetime(2026, 11, 30, 16, tzinfo=UTC))
    rig.rated(1, begins + DAY, resident="R2")
    assert rig.told() == {"satisfaction": Fraction(2, 3)}


def test_remote_rounds_are_the_fewest_of_any_day_that_is_over(rig):
    rig.until(State.ACTIVE)
    rig.pass_days(3)
    for _ in range(2):
        rig.remote(TODAY)
        rig.remote(TODAY + DAY, Means.VIDEO)
    rig.remote(TODAY + 2 * DAY)
    assert rig.told() == {"min_daily_remote_rounds": 1}
    rig.remote(TODAY + 2 * DAY)
    assert rig.told() == {"min_daily_remote_rounds": 2}, "today is not over, so its evening round is not missing yet"
    rig.remote(TODAY + 2 * DAY, Means.VISIT)
    rig.remote(TODAY + 2 * DAY, result="refused")
    assert rig.told() == {"min_daily_remote_rounds": 2}


def test_a_bed_under_a_standard_that_asks_for_both_stands_by_them(rig):
    bed = rig.until(State.ACTIVE)
    rig.pass_days(2)
    rig.rated(5, rig.world.clock.now() - DAY)
    rig.remote(TODAY)
    rig.remote(TODAY + DAY)
    points = {each.name: each for each in rig.beds.months.statement(bed, MONTH, DISTRICT).standing.points}
    assert points["satisfaction"].course is Course.MET
    assert (points["remote_rounds"].done, points["remote_rounds"].course) == (1, Course.LOST)
