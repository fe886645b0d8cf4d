"""Rounds over a real database and a hand clock: lists, results, what happens, and what becomes of a missed one."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.registry.absences import Absent
from dispatch.registry.id_numbers import IdNumbers, draw_key
from dispatch.registry.leaving import Leaving, Why
from dispatch.registry.registers import Registry
from dispatch.rules.absences import Kind as Away
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT, Area
from dispatch.rules.signal import Cause
from dispatch.store.follow_ups import FollowUps
from dispatch.store.people import residents
from dispatch.store.record import Record
from schedules.rounds.extra import Called, Extras
from schedules.rounds.proving import Where
from schedules.rounds.reading import RoundsBook
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules.book import Means, read_book
from schedules.rounds.rules.round import Kind, Result, State
from schedules.rounds.store.rounds import Rounds
from tests.builders import DISTRICT as FILE
from tests.builders import build_world

BY = operator("o1")
BOOK = read_book(tomllib.loads((Path(__file__).parents[2] / "config/care/rounds.toml").read_text(encoding="utf-8")))
PEOPLE = FILE.replace('level = "moderate"', 'level = "moderate", cats = ["living_alone"]').replace(
    'name = "赵大爷"', 'name = "赵大爷", born_on = 1950-01-01'
)
"""王秀英 (88, alone) is of high risk, 赵大爷 one of the others, 张桂兰 on no list: nobody said how old she is."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Rig:
    def __init__(self, folder: Path, **more) -> None:
        self.world = build_world(folder, district=PEOPLE)
        world = self.world
        parts = (world.transactions, world.reading, world.clock, world.calendar, BOOK)
        self.rounds = RoundsDesk(*parts, world.desk, nudge=lambda: None, **more)
        self.extras = Extras(*parts, festivals=lambda start, end: [
            each for each in [("春节", date(2027, 2, 6), date(2027, 2, 12))] if start <= each[1] < end
        ])  # fmt: skip
        self.book = RoundsBook(world.reading, world.clock, world.calendar, BOOK)
        self.rounds.check()

    def open(self, code="R1"):
        with self.world.reading.connect() as connection:
            return Rounds(connection).open_of(self.world.resident(code))

    def regular(self, code="R1"):
        return next(each for each in self.open(code) if each.kind is Kind.REGULAR)

    def run(self, for_):
        """Time passes; rounds and alarms that fall due are woken at their time."""
        until = self.world.clock.now() + for_
        while (at := self.rounds.next_due()) is not None and at <= until:
            self.world.clock.advance(max(0.0, (at - self.world.clock.now()).total_seconds()))
            for id_ in self.rounds.due(self.world.clock.now(), 100):
                self.rounds.wake(id_)
        self.world.clock.advance((until - self.world.clock.now()).total_seconds())

    def kinds(self):
        with self.world.reading.connect() as connection:
            return [each.kind for each in Record(connection).after(0, 10_000)]

    def to_do(self):
        with self.world.reading.connect() as connection:
            return [each.about for each in FollowUps(connection).to_do(100)]

    def today(self):
        return self.world.calendar.day_of(self.world.clock.now())

    def enter(self, round_, result=Result.WELL, means=Means.VISIT, **more):
        self.rounds.enter(round_.id, result, means, by=BY, area=DISTRICT, **more)


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def test_a_new_district_is_listed_a_part_at_each_look_and_no_press_waits_for_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("schedules.rounds.rounding.LISTED_MAX", 1)
    rig, listed = Rig(tmp_path), []
    for _ in range(3):
        listed.append(sum(bool(rig.open(code)) for code in ("R1", "R2", "R3")))
        rig.rounds.check()
    rig.world.close()
    assert listed == [1, 2, 2]


def test_everybody_on_a_list_has_one_open_round_within_the_interval(rig):
    first, other = rig.regular("R1"), rig.regular("R3")
    assert (first.cls, other.cls) == ("high", "other")
    assert rig.today() < first.due_on <= rig.today() + timedelta(days=7)
    assert rig.today() < other.due_on <= date(2027, 2, 21)
    assert rig.open("R2") == []
    rig.rounds.check()
    assert len(rig.open("R1")) == 1


def test_a_result_closes_a_round_and_opens_the_next_in_the_same_unit(rig):
    round_ = rig.regular()
    rig.enter(round_)
    after = rig.regular()
    assert after.id != round_.id
    assert after.due_on == rig.today() + timedelta(days=7)
    with pytest.raises(Conflict):
        rig.enter(round_)
    assert "round_entered" in rig.kinds()


def test_a_telephone_call_does_not_do_for_a_visit(rig):
    with pytest.raises(Invalid):
        rig.enter(rig.regular(), means=Means.PHONE)
    assert rig.regular().state is State.OPEN


def test_needs_without_a_word_about_them_are_refused_and_with_one_somebody_has_to_do_it(rig):
    with pytest.raises(Invalid):
        rig.enter(rig.regular(), Result.NEEDS)
    rig.enter(rig.regular(), Result.NEEDS, note="要一根拐杖")
    assert "round_needs" in rig.to_do()


def test_a_result_in_the_future_is_refused(rig):
    with pytest.raises(Invalid):
        rig.enter(rig.regular(), at=rig.world.clock.now() + HOUR)


def test_a_missed_round_is_reminded_of_then_listed_then_an_alarm_and_once_more(rig):
    round_ = rig.regular()
    rig.rounds.entrust("R1", rig.world.carer("C1"), by=BY, area=DISTRICT)
    rig.run(round_.deadline - rig.world.clock.now())
    assert [each.sentence for each in rig.world.messages()] == ["round_due"]
    assert rig.to_do() == []
    rig.run(13 * HOUR)
    assert rig.to_do() == ["round_missed"]
    assert "raised" not in rig.kinds()
    rig.run(20 * HOUR)
    assert rig.kinds().count("raised") == 1
    rig.run(24 * HOUR)
    assert rig.kinds().count("round_missed") == 2
    rig.enter(round_)
    assert rig.to_do() == []


def test_a_centre_that_has_fallen_behind_does_not_drown_its_own_alarms(rig):
    rig.world.load(
        "\n".join(
            f"""
        [[homes]]
        code = "X{n}"
        address = "新村 {n}-101"
        lat = 38.07
        lng = 114.49
        residents = [{{ code = "X{n}", name = "老人{n}", born_on = 1940-01-01, cats = ["living_alone"] }}]
        """
            for n in range(10)
        ).join(["[district]\nname = '示范区'\ntimezone = 'Asia/Shanghai'\n", ""])
    )
    rig.rounds.check()
    rig.run(9 * DAY)
    with rig.world.reading.connect() as connection:
        missed = [each.at for each in Record(connection).after(0, 10_000) if each.kind == "round_missed"]
    assert max(sum(at <= each < at + HOUR for each in missed) for at in missed) <= BOOK.alarms_per_hour
    rig.run(2 * DAY)
    with rig.world.reading.connect() as connection:
        entries = [each for each in Record(connection).after(0, 50_000) if each.kind == "round_missed"]
    assert len({each.alarm_id for each in entries}) == 11


def test_no_reminder_and_no_alarm_comes_in_the_night(rig):
    rig.run(timedelta(days=30))
    with rig.world.reading.connect() as connection:
        found = [each for each in Record(connection).after(0, 10_000) if each.kind.startswith("round_")]
    hours = {rig.world.calendar.local(each.at).hour for each in found if each.kind != "round_class"}
    assert hours
    assert hours <= set(range(8, 20))


def test_not_met_is_tried_again_and_after_the_second_time_the_desk_hears_at_once(rig):
    round_ = rig.regular()
    rig.enter(round_, Result.NOT_MET)
    again = rig.regular()
    assert (again.id, again.tries) == (round_.id, 1)
    assert again.deadline == rig.world.clock.now() + timedelta(hours=24)
    rig.enter(again, Result.NOT_MET)
    rig.run(timedelta(0))
    assert "round_missed" in rig.kinds()
    assert rig.regular().state is State.OPEN


def test_whoever_is_away_is_not_due_and_is_seen_within_a_day_of_coming_back(rig):
    round_ = rig.regular()
    absent = Absent(rig.world.transactions, rig.world.reading, nudge=lambda: None)
    until = rig.world.clock.now() + timedelta(days=20)
    id_ = absent.begin("R1", Away.HOSPITAL, from_at=None, until_at=until, by=BY, area=DISTRICT)
    rig.run(timedelta(days=15))
    assert "round_overdue" not in rig.kinds()
    with rig.world.reading.connect() as connection:
        listed = Rounds(connection).due_list(
            DISTRICT, until=rig.today() + timedelta(days=400), now=rig.world.clock.now(), most=50
        )
    assert [each[0].resident_id for each in listed] == [rig.world.resident("R3")]
    absent.end(id_, by=BY, area=DISTRICT)
    rig.rounds.check()
    change = next(each for each in rig.open() if each.kind is Kind.CHANGE)
    assert change.why == "discharge"
    assert change.deadline == rig.world.clock.now() + timedelta(hours=24)
    assert round_.id == rig.regular().id


def test_a_fall_closed_as_helped_asks_for_a_round_within_a_day_and_a_false_alarm_does_not(rig):
    for outcome, wanted in ((Outcome.FALSE_ALARM, 0), (Outcome.HELPED, 1)):
        alarm = rig.world.press(cause=Cause.FALL, dedup_key=str(outcome))
        rig.world.desk.close(alarm, outcome=outcome, by=BY)
        rig.rounds.check()
        rig.rounds.check()
        assert [each.why for each in rig.open() if each.kind is Kind.CHANGE] == ["fall"] * wanted


def test_a_round_soon_done_by_visit_keeps_the_interval_too(rig):
    before = rig.regular()
    rig.rounds.ask_for("R1", note="邻居说几天没见", by=BY, area=DISTRICT)
    soon = next(each for each in rig.open() if each.kind is Kind.CHANGE)
    rig.enter(soon)
    after = rig.regular()
    assert after.id == before.id
    assert after.due_on == max(before.due_on, rig.today() + timedelta(days=7))


def test_a_death_drops_the_rounds_and_asks_for_one_at_the_one_who_stays(rig):
    leaving = Leaving(
        rig.world.transactions, _registry(rig), devices_at=lambda *_: [], carry=None, changed=lambda: None
    )
    leaving.leave("R3", Why.DIED, died_on=rig.today(), by=BY, area=DISTRICT)
    rig.rounds.check()
    assert rig.open("R3") == []
    assert [each.why for each in rig.open("R2")] == ["bereavement"]


def test_a_class_by_hand_needs_a_reason_holds_and_pulls_the_round_in(rig):
    before = rig.regular("R3")
    with pytest.raises(Invalid):
        rig.rounds.classify("R3", "high", why=" ", by=BY, area=DISTRICT)
    rig.rounds.classify("R3", "high", why="刚丧偶", by=BY, area=DISTRICT)
    rig.rounds.check()
    after = rig.regular("R3")
    assert (after.id, after.cls) == (before.id, "high")
    assert after.due_on <= rig.today() + timedelta(days=7)
    rig.rounds.classify("R3", "", why="不愿意", by=BY, area=DISTRICT)
    rig.rounds.check()
    assert rig.open("R3") == []
    rig.rounds.classify("R3", None, why="又愿意", by=BY, area=DISTRICT)
    assert rig.regular("R3").cls == "other"


def test_a_graver_class_counts_from_the_day_somebody_was_seen_last(rig):
    rig.enter(rig.regular("R3"), means=Means.PHONE)
    seen = rig.today()
    rig.world.clock.advance(5 * 86_400)
    rig.rounds.classify("R3", "high", why="刚丧偶", by=BY, area=DISTRICT)
    assert rig.regular("R3").due_on == seen + 7 * DAY
    rig.world.clock.advance(20 * 86_400)
    rig.rounds.classify("R3", "other", why="好转", by=BY, area=DISTRICT)
    rig.rounds.classify("R3", "high", why="又差", by=BY, area=DISTRICT)
    assert rig.regular("R3").due_on <= rig.today() + DAY


def test_a_heat_warning_calls_extra_rounds_once_and_calling_off_drops_what_is_open(rig):
    today = rig.today()
    called = Called(occasion="heat", level="orange", from_on=today, until_on=today + 2 * DAY, key="cma-1")
    campaign = rig.extras.call(called, by=BY, area=DISTRICT)
    assert rig.extras.call(called, by=BY, area=DISTRICT).id == campaign.id
    extra = [each for each in rig.open() if each.kind is Kind.EXTRA]
    assert [(each.why, each.due_on) for each in extra] == [("heat", today + DAY)]
    assert [each for each in rig.open("R3") if each.kind is Kind.EXTRA] == []
    rig.extras.end(campaign.id, by=BY, area=DISTRICT)
    assert [each for each in rig.open() if each.kind is Kind.EXTRA] == []
    with pytest.raises(Conflict):
        rig.extras.end(campaign.id, by=BY, area=DISTRICT)


def test_a_warning_below_the_colour_calls_none_and_days_that_are_over_are_refused(rig):
    today = rig.today()
    low = Called(occasion="storm", level="yellow", from_on=today, until_on=today)
    assert rig.extras.call(low, by=BY, area=DISTRICT) is None
    with pytest.raises(Invalid):
        rig.extras.call(replace(low, level="red", from_on=today - DAY, until_on=today - DAY), by=BY, area=DISTRICT)


def test_whoever_works_for_one_station_calls_for_that_one_only(rig):
    mine = Area(frozenset({StationId(rig.world.id_of_station("S1"))}))
    called = Called(occasion="heat", from_on=rig.today(), until_on=rig.today())
    with pytest.raises(Invalid):
        rig.extras.call(called, by=BY, area=mine)
    assert rig.extras.call(replace(called, station="S1"), by=BY, area=mine).station_id
    with pytest.raises(NotFound):
        rig.rounds.enter(rig.regular().id, Result.WELL, Means.VISIT, by=BY, area=Area(frozenset({StationId("x")})))


def test_a_festival_in_the_table_calls_its_rounds_a_week_ahead_once(rig):
    rig.world.clock.wall = datetime(2027, 1, 30, 4, tzinfo=UTC)
    rig.extras.check()
    rig.extras.check()
    assert [each.why for each in rig.open() if each.kind is Kind.EXTRA] == ["festival"]


def test_the_visit_rate_counts_people_and_not_visits(rig):
    month = f"{rig.regular().due_on:%Y-%m}"
    for north in (0.0, 0.00001):
        where = Where(position=Position(38.0721 + north, 114.4921), accuracy_m=10)
        rig.enter(rig.regular(), where=where)
    rig.rounds.check()
    visited, due = rig.book.rate(month)
    assert (visited, due) == (1, 1)
    with pytest.raises(Invalid):
        rig.book.rate("2026-13")


def test_rounds_that_go_to_the_door_are_wanted_on_their_planned_day_and_each_try_is_a_visit(rig):
    round_ = rig.regular()
    wanted = rig.rounds.wanted(round_.plan_on)
    assert [each.key for each in wanted] == [f"round:{round_.id}"]
    assert rig.world.calendar.local(wanted[0].start_from).hour == 8
    rig.enter(round_, Result.NOT_MET)
    assert [each.key for each in rig.rounds.wanted(rig.regular().plan_on)] == [f"round:{round_.id}:2"]


def _registry(rig):
    return Registry(rig.world.transactions, IdNumbers([draw_key()], b"pepper"), changed=lambda: None)


@pytest.fixture
def careful(tmp_path):
    """A service as it comes: nobody has told of a round yet."""
    rig = Rig(tmp_path, always=False)
    yield rig
    rig.world.close()


def test_where_nobody_does_rounds_yet_a_missed_one_stays_on_the_list(careful):
    careful.run(10 * DAY)
    assert "round_overdue" in careful.kinds()
    assert "round_missed" in careful.to_do()
    assert "round_missed" not in careful.kinds()


def test_once_a_round_was_done_the_missed_ones_are_alarms(careful):
    careful.run(10 * DAY)
    careful.enter(careful.regular("R3"), means=Means.PHONE)
    careful.run(DAY)
    assert "round_missed" in careful.kinds()


def test_rounds_done_long_ago_are_done_no_more(careful):
    careful.enter(careful.regular("R3"), means=Means.PHONE)
    careful.enter(careful.regular("R1"), Result.REFUSED)
    careful.world.clock.advance((31 * DAY).total_seconds())
    careful.run(3 * DAY)
    assert "round_overdue" in careful.kinds()
    assert "round_missed" not in careful.kinds()


def test_somebody_not_met_twice_is_an_alarm_wherever_it_is(careful):
    for _ in range(2):
        careful.enter(careful.regular(), Result.NOT_MET)
    careful.run(HOUR)
    assert "round_missed" in careful.kinds()


def test_what_changes_beside_the_registers_is_found_within_the_hour(careful):
    careful.rounds.check()
    with careful.world.writing.begin() as connection:
        connection.execute(residents.update().where(residents.c.code == "R3").values(cats=["disabled"]))
    careful.rounds.check()
    assert careful.regular("R3").cls == "other"
    careful.world.clock.advance(3601)
    careful.rounds.check()
    assert careful.regular("R3").cls == "key"


def test_what_changes_in_the_registers_is_found_at_once(careful):
    careful.rounds.check()
    with careful.world.writing.begin() as connection:
        change = residents.update().where(residents.c.code == "R3")
        connection.execute(change.values(cats=["disabled"], version=residents.c.version + 1))
    careful.rounds.check()
    assert careful.regular("R3").cls == "key"
