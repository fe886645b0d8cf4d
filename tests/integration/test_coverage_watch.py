"""The watch of coverage on a real database: found, told ahead, told live, told closed, and never twice."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from config.wiring_coverage import letters
from dispatch.messages.providers.provider import Capability
from dispatch.messages.wording import render
from dispatch.rules.travel import StraightLine
from dispatch.store.database import reading_engine
from dispatch.store.outbox import attempts, messages
from dispatch.store.people import carers
from dispatch.store.reach_tests import reach_tests
from dispatch.store.record import entries
from dispatch.watch.auditor import Auditor
from schedules.apart import Apart, Failed
from schedules.calendar import Calendar
from schedules.coverage.agent import CoverageWatch
from schedules.coverage.picture import Terms
from schedules.coverage.store import Gaps, coverage_gaps, signature
from schedules.coverage.watch import COVERAGE
from schedules.coverage.working_out import Question, work_out
from schedules.duty.store import Shifts
from tests.builders import NOON, build_world

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PHONE = "+8613900000001"
LOCAL = Calendar("Asia/Shanghai").local


class Rig:
    """C1 is on duty around the clock for a month; the tests take something away."""

    def __init__(self, folder):
        self.world = build_world(folder, on_duty=())
        self.clock = self.world.clock
        self.looks = []
        self.failing = ""
        self.sent = 0
        self.put(NOON - DAY, NOON + 30 * DAY, "long")
        self.watch = self.another()

    def another(self):
        return CoverageWatch(
            self.world.transactions, self.world.reading, self.clock, question=self.question, work_out=self.work_out,
            letters=letters([PHONE], Calendar("Asia/Shanghai")), nudge=lambda: None,
        )  # fmt: skip

    def question(self, now):
        url = f"sqlite:///{self.world.path / 'anling.db'}"
        return Question(url=url, now=now, ahead=14 * DAY, terms=Terms(), travel=StraightLine())

    def work_out(self, question):
        self.looks.append(question.now)
        if self.failing:
            raise Failed(self.failing)
        return work_out(question)

    def put(self, start, end, id_, code="C1"):
        row = {"id": id_, "carer_id": self.world.id_of(carers, code), "start_at": start, "end_at": end}
        self.world.transactions.run(lambda tx: Shifts(tx.connection).add_once(row))

    def hole(self, start, end):
        """C1 goes home in between."""
        self.world.transactions.run(lambda tx: Shifts(tx.connection).remove("long"))
        self.put(NOON - DAY, start, "before")
        self.put(end, NOON + 30 * DAY, "after")

    def mend(self, start, end):
        self.put(start, end, "mended")

    def sql(self, statement):
        with self.world.writing.begin() as connection:
            return connection.execute(statement)

    def refused(self, times, outcome="refused"):
        """So many texts to C1 come to this."""
        id_ = self.world.id_of(carers, "C1")
        for _ in range(times):
            self.sent += 1
            self.sql(insert(messages).values(
                id=f"m{self.sent}", key=f"m{self.sent}", sentence="reach_test", channel="sms", priority=3,
                to="+8613800000001", person=f"carer:{id_}", lang="zh", facts={}, answerable=True, state="failed",
                posted_at=self.clock.now(), expires_at=self.clock.now() + HOUR, fence=0, tries=1,
            ))  # fmt: skip
            self.sql(insert(attempts).values(
                id=f"a{self.sent}", message_id=f"m{self.sent}", seq=1, provider="one", started_at=self.clock.now(),
                ended_at=self.clock.now(), outcome=outcome, text="",
            ))  # fmt: skip

    def run(self, length, step=MINUTE / 3):
        """Time passes, with a look as often as the service has one."""
        until = self.clock.now() + length
        while self.clock.now() < until:
            self.clock.advance(step.total_seconds())
            self.watch.check()

    def told(self):
        return [
            (
                each.sentence,
                render(each.sentence, each.channel, "zh", each.facts, capability=Capability(two_way=True), local=LOCAL),
            )
            for each in reversed(self.world.messages())
            if each.person.startswith("operator:")
        ]

    def open(self):
        with self.world.reading.connect() as connection:
            return Gaps(connection).open()


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def test_nothing_is_found_and_nobody_is_told_where_nothing_is_missing(rig):
    rig.run(2 * MINUTE)
    assert (rig.open(), rig.told(), len(rig.looks)) == ([], [], 1)


def test_a_hole_of_one_minute_is_told_a_week_a_day_and_an_hour_ahead_and_never_again(rig):
    start = NOON + 10 * DAY
    rig.hole(start, start + MINUTE)
    rig.watch.check()
    assert [(row.gap.start_at, row.gap.end_at) for row in rig.open()] == [(start, start + MINUTE)]
    assert rig.told() == []
    told_at = []
    while rig.clock.now() < start + 2 * HOUR:
        before = len(rig.told())
        rig.run(30 * MINUTE, step=30 * MINUTE)
        told_at += [start - rig.clock.now()] * (len(rig.told()) - before)
    assert [why for why, _ in rig.told()] == ["coverage_gap"] * 3
    assert 6 * DAY < told_at[0] <= 7 * DAY
    assert DAY <= told_at[1] <= 26 * HOUR
    assert MINUTE < told_at[2] <= HOUR
    assert rig.open() == []


def test_a_carer_who_goes_home_early_is_told_within_a_minute(rig):
    rig.run(MINUTE)
    rig.hole(rig.clock.now(), rig.clock.now() + 3 * HOUR)
    rig.run(MINUTE)
    ((why, text),) = rig.told()
    assert why == "coverage_gap"
    begins = LOCAL(rig.clock.now() - MINUTE)
    assert f"2户无人能及时上门，{begins:%m-%d %H:%M}-" in text


def test_a_failed_test_is_told_within_a_minute(rig):
    rig.run(MINUTE)
    rig.sql(insert(reach_tests).values(
        id="t1", carer_id=rig.world.id_of(carers, "C1"), month="2026-11", phone="+8613800000001", state="silent",
        asked_at=NOON - DAY, ended_at=NOON,
    ))  # fmt: skip
    rig.run(MINUTE)
    assert len(rig.told()) == 1
    assert {row.gap.reason for row in rig.open()} == {"nobody_reachable"}


def test_a_number_that_takes_nothing_is_told_within_a_minute(rig):
    rig.run(MINUTE)
    rig.refused(2)
    rig.run(MINUTE)
    assert rig.told() == []
    rig.refused(1)
    rig.run(MINUTE)
    assert {row.gap.reason for row in rig.open()} == {"nobody_reachable"}
    assert [why for why, _ in rig.told()] == ["coverage_gap"]
    rig.refused(1, outcome="taken")
    rig.run(2 * MINUTE)
    assert rig.open() == []


def test_a_gap_that_is_mended_is_told_to_be_closed_once(rig):
    start = NOON + DAY
    rig.hole(start, start + HOUR)
    rig.run(MINUTE)
    rig.mend(start, start + HOUR)
    rig.run(5 * MINUTE)
    assert [why for why, _ in rig.told()] == ["coverage_gap"]
    rig.run(HOUR)
    assert [why for why, _ in rig.told()] == ["coverage_gap", "coverage_closed"]
    with rig.world.reading.connect() as connection:
        kinds = list(connection.execute(select(entries.c.kind).order_by(entries.c.number)).scalars())
    assert [each for each in kinds if "gap" in each] == ["coverage_gap_found", "coverage_gap_closed"]


def test_a_plan_that_is_changed_to_and_fro_does_not_chatter(rig):
    start = NOON + DAY
    rig.hole(start, start + HOUR)
    rig.run(MINUTE)
    for _ in range(10):
        rig.mend(start, start + HOUR)
        rig.run(MINUTE)
        rig.world.transactions.run(lambda tx: Shifts(tx.connection).remove("mended"))
        rig.run(MINUTE)
    assert [why for why, _ in rig.told()] == ["coverage_gap"]


def test_forty_gaps_are_one_letter(rig):
    rig.world.transactions.run(lambda tx: Shifts(tx.connection).remove("long"))
    for number in range(40):
        rig.put(NOON + number * 2 * HOUR, NOON + (number * 2 + 1) * HOUR, f"s{number}")
    rig.run(MINUTE)
    ((_, text),) = rig.told()
    assert "共40处缺口" in text
    assert len(rig.open()) == 40


def test_it_looks_once_an_hour_when_nothing_changes_and_after_a_restart_not_at_once(rig):
    rig.run(2.5 * HOUR, step=MINUTE)
    assert len(rig.looks) == 3
    rig.watch = rig.another()
    rig.run(2 * MINUTE)
    assert len(rig.looks) == 3


def test_of_two_engines_one_works_it_out(rig):
    second, inside = rig.another(), []
    rig.watch._work_out = lambda question: inside.append(second.check()) or work_out(question)
    rig.watch.check()
    assert len(inside) == 1
    assert rig.looks == []


def test_what_cannot_be_worked_out_is_kept_for_the_page_and_tried_again(rig, capsys):
    rig.watch.check()
    rig.failing = "the disk"
    rig.put(NOON + 40 * DAY, NOON + 41 * DAY, "more")
    rig.run(MINUTE / 2)
    with rig.world.reading.connect() as connection:
        assert Gaps(connection).look().trouble == "the disk"
    assert len(rig.looks) == 2
    rig.failing = ""
    rig.run(5 * MINUTE)
    with rig.world.reading.connect() as connection:
        assert Gaps(connection).look().trouble is None


# ------------------------------------------------------------------------------------------------- another process


def test_another_process_finds_what_this_one_finds(rig):
    rig.hole(NOON + DAY, NOON + DAY + MINUTE)
    question = rig.question(NOON)
    assert Apart()(work_out, question) == work_out(question)


def test_one_that_fails_says_why(tmp_path):
    empty = Question(url=f"sqlite:///{tmp_path / 'no'}.db", now=NOON, ahead=DAY, terms=Terms(), travel=StraightLine())
    with pytest.raises(Failed, match=r"no such table|unable to open"):
        Apart()(work_out, empty)


# ------------------------------------------------------------------------------------------------- watched


def broken(rig):
    auditor = Auditor(reading_engine(f"sqlite:///{rig.world.path / 'anling.db'}"), rig.clock, predicates=COVERAGE)
    return {each.promise for each in auditor.pass_(full=True)}


def test_the_watch_asks_for_nothing_while_every_gap_was_told(rig):
    rig.hole(NOON + HOUR, NOON + 2 * HOUR)
    rig.run(2 * MINUTE)
    assert rig.told()
    assert broken(rig) == set()


def test_the_watch_finds_a_gap_that_nobody_was_told_of(rig):
    rig.hole(NOON + 5 * HOUR, NOON + 6 * HOUR)
    rig.run(2 * MINUTE)
    rig.sql(update(coverage_gaps).values(told=0))
    assert broken(rig) == {"I15.gap_untold"}


def test_the_watch_finds_that_nobody_looks_any_more(rig):
    rig.watch.check()
    rig.clock.advance(2 * 3600 + 1)
    assert broken(rig) == {"I15.coverage_unlooked"}


def test_the_signature_changes_with_the_roster_and_the_registers_and_stays_otherwise(rig):
    def now():
        with rig.world.reading.connect() as connection:
            return signature(connection, rig.clock.now())

    first = now()
    assert now() == first
    rig.sql(update(carers).where(carers.c.code == "C2").values(opted_out=True))
    second = now()
    rig.put(NOON, NOON + HOUR, "x", code="C2")
    assert len({first, second, now()}) == 3
