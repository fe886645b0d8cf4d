"""One welfare signal: signs from all sides join, raise one soft alarm with its reasons, and are settled by a look."""

from datetime import timedelta

import pytest

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import HomeId
from dispatch.rules.absences import Kind as Away
from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import DISTRICT, Area
from dispatch.rules.signal import Cause, Event
from dispatch.store.record import Record
from schedules.welfare.rules.signs import Kind, Observation
from schedules.welfare.sources import Movements, Presses
from schedules.welfare.store import Signs
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.integration.registry_rig import SECOND, work_over
from tests.integration.welfare_rig import SCALE, WANG, Broken, Watching

HOUR = 3600


@pytest.fixture
def rig(tmp_path):
    world = build_world(tmp_path, district=FILE + SECOND)
    yield Watching(world)
    world.close()


def lines(rig, kind):
    with rig.world.reading.connect() as connection:
        return [each for each in Record(connection).after(0, 10_000) if each.kind == kind]


def test_one_sign_is_nothing_and_two_raise_one_soft_alarm_with_both_reasons_in_both_languages(rig):
    rig.sees("meal_missed", hours=1)
    assert rig.alarms == []
    rig.sees("no_motion")
    (alarm,) = rig.alarms
    assert (alarm.cause, alarm.resident_id) == (Cause.INACTIVITY, rig.world.resident("R1"))
    (note,) = rig.notes(alarm.id, "raised")
    for words in (
        "平时有动静的时候没有动静",
        "平时来吃饭",
        "nothing moved at a time when something mostly does",
        "did not come to eat",
    ):
        assert words in note
    assert [each.alarm_id for each in rig.given] == [alarm.id]


def test_while_it_is_open_nothing_is_raised_again_and_only_what_is_new_is_noted(rig):
    rig.sees("door_unanswered")
    rig.sees("no_motion")
    (alarm,) = rig.alarms
    presses = alarm.press_count
    rig.pass_until(3 * HOUR)
    rig.sees("call_unanswered")
    (same,) = rig.alarms
    assert (same.id, same.press_count) == (alarm.id, presses)
    notes = rig.notes(alarm.id, "noted")
    assert len(notes) == 1
    assert "电话没人接" in notes[0]
    rig.world.clock.advance(60)
    rig.sees("motion", hours=40)
    assert len(rig.notes(alarm.id, "noted")) == 1
    assert len(rig.given) == 1


def test_it_joins_an_alarm_of_somebody_else_as_a_note(rig):
    pressed = rig.world.press("H1", "R1")
    rig.sees("door_unanswered")
    rig.sees("no_motion")
    assert [each.id for each in rig.alarms] == [pressed]
    assert len(rig.notes(pressed, "welfare_signalled")) == 1
    assert [each.joined for each in rig.given] == [True]


def test_whoever_ended_the_alarm_has_looked_and_everything_before_is_settled(rig):
    rig.sees("door_unanswered", hours=2)
    rig.sees("no_motion", hours=1)
    rig.close(rig.alarms[0].id, Outcome.HOSPITAL)
    assert rig.standing().score == SCALE.prior
    assert [(each.became, each.became_by) for each in rig.given] == [("right", WANG)]
    rig.world.clock.advance(10)
    rig.sees("call_unanswered")
    assert rig.alarms == []
    rig.sees("door_unanswered")
    rig.sees("no_motion")
    assert len(rig.alarms) == 1


@pytest.mark.parametrize(("outcome", "became"), [
    (Outcome.FALSE_ALARM, "wrong"), (Outcome.NOBODY_HOME, "wrong"), (Outcome.HELPED, "right"),
    (Outcome.OTHER, "unclear"),
])  # fmt: skip
def test_what_a_signal_was_is_learnt_from_how_its_alarm_ended(rig, outcome, became):
    rig.sees("door_unanswered")
    rig.sees("no_motion")
    rig.close(rig.alarms[0].id, outcome)
    assert [each.became for each in rig.given] == [became]
    assert len(lines(rig, "welfare_turned_out")) == 1


def test_a_sign_of_life_takes_back_what_was_noticed_before(rig):
    rig.sees("no_motion", hours=3)
    rig.sees("visited", hours=1, look=False)
    rig.sees("door_unanswered")
    assert rig.alarms == []


def test_an_absence_silences_even_afterwards_what_was_noticed_meanwhile(rig):
    absent = work_over(rig.world).absent
    now = rig.world.clock.now()
    absent.begin("R1", Away.AWAY, from_at=None, until_at=now + timedelta(hours=10), by=WANG, area=DISTRICT)
    rig.sees("door_unanswered")
    rig.sees("no_motion")
    assert rig.alarms == []
    rig.pass_until(11 * HOUR)
    rig.sees("call_unanswered")
    assert rig.alarms == []
    assert rig.standing().score < SCALE.threshold


@pytest.mark.error_lines("welfare_source_failed")
def test_a_source_that_fails_silences_no_other_and_is_told(rig):
    moves = Movements()
    moves.heard(rig.world.home("H1"), None, [Event.MOTION], rig.world.clock.now())
    rig.gathering.sources = [Broken(), moves]
    rig.gathering.check()
    assert rig.gathering.failed == {"broken"}
    assert rig.standing().score == SCALE.prior
    rig.gathering.sources = [moves]
    rig.gathering.check()
    assert rig.gathering.failed == frozenset()


def test_a_slip_of_a_code_costs_only_itself(rig):
    now = rig.world.clock.now()
    homes = ("nowhere", rig.world.home("H1"))
    told = [
        Observation(key=each, kind=Kind.NO_MOTION, home_id=HomeId(each), resident_id=None, at=now) for each in homes
    ]
    assert rig.gathering.observe(told, source="test") == 1
    assert rig.gathering.observe(told, source="test") == 0


def test_whoever_presses_lives(rig):
    rig.sees("no_motion", hours=3)
    alarm = rig.world.press("H1", "R1")
    rig.world.wake()
    rig.world.desk.close(alarm, outcome=Outcome.TEST, by=WANG)
    rig.gathering.sources = [Presses(rig.world.reading)]
    rig.gathering.check()
    with rig.world.reading.connect() as connection:
        found = Signs(connection).of(rig.world.home("H1"), rig.world.clock.now() - timedelta(hours=1))
    assert [each.kind.value for each in found] == ["press"]


def test_a_regular_diner_who_does_not_come_and_does_not_open_is_a_signal_at_the_end_of_lunch(rig):
    for week in range(1, 9):
        rig.sees("meal", days=7 * week, hours=-0.5, look=False)
        rig.sees("meal", "H2", "R2", days=7 * week, hours=-0.5, look=False)
    rig.look()
    rig.sees("meal", "H2", "R2", look=False)
    rig.sees("door_unanswered")
    assert rig.alarms == []
    rig.pass_until(4 * HOUR)
    (alarm,) = rig.alarms
    assert alarm.home_id == rig.world.home("H1")
    assert {each["kind"] for each in rig.given[0].reasons} == {"door_unanswered", "meal_missed"}


def test_a_closed_canteen_is_nobodys_trouble(rig):
    for week in range(1, 9):
        rig.sees("meal", days=7 * week, hours=-0.5, look=False)
    rig.sees("door_unanswered")
    rig.pass_until(4 * HOUR)
    assert rig.alarms == []


def test_a_home_is_looked_at_again_at_the_end_of_lunch_and_of_each_part_of_the_day(rig):
    rig.sees("meal")
    local = rig.world.calendar.local(rig.standing().due_at)
    assert 13 * 60 + 30 <= local.hour * 60 + local.minute <= 14 * 60
    hours = []
    for wait in (2, 4, 4, 12):
        rig.pass_until(wait * HOUR)
        hours.append(rig.world.calendar.local(rig.standing().due_at).hour)
    assert hours[:2] == [17, 21]
    assert hours[2] == 11


@pytest.mark.error_lines("welfare_not_judged")
def test_one_home_that_cannot_be_judged_rests_and_is_tried_again(rig):
    rig.sees("meal")
    rig.looking.stumble(rig.world.home("H1"), ValueError())
    assert rig.standing().failures == 1
    assert rig.standing().due_at - rig.world.clock.now() == timedelta(minutes=10)


# ------------------------------------------------------------------------------------------------ people


def test_a_household_may_have_a_threshold_of_its_own_with_a_reason_and_is_looked_at_at_once(rig):
    rig.sees("no_motion")
    rig.office.set_threshold("H1", -4.0, reason="刚出院", by=WANG, area=DISTRICT)
    rig.look()
    assert len(rig.alarms) == 1
    (watched,) = rig.office.watched(DISTRICT)
    assert (watched.threshold, watched.reason, watched.by) == (-4.0, "刚出院", WANG)
    rig.office.set_threshold("H1", None, reason="好了", by=WANG, area=DISTRICT)
    assert rig.office.watched(DISTRICT)[0].threshold == SCALE.threshold


def test_a_threshold_needs_a_reason_a_range_and_a_home_of_ones_own(rig):
    rig.sees("no_motion")
    for threshold, reason in ((99.0, "x"), (-4.0, " ")):
        with pytest.raises(Invalid):
            rig.office.set_threshold("H1", threshold, reason=reason, by=WANG, area=DISTRICT)
    elsewhere = Area(frozenset({rig.world.id_of_station("S2")}))
    for home, area in (("H1", elsewhere), ("H2", DISTRICT), ("H77", DISTRICT)):
        with pytest.raises(NotFound):
            rig.office.set_threshold(home, -4.0, reason="x", by=WANG, area=area)
    assert rig.office.watched(elsewhere) == []


def test_figures_are_counted_from_what_people_say(rig):
    assert rig.office.figures(DISTRICT).precision is None
    rig.sees("door_unanswered")
    rig.sees("no_motion")
    rig.close(rig.alarms[0].id, Outcome.FALSE_ALARM)
    rig.office.missed("H1", rig.world.clock.now(), note="邻居发现摔倒", by=WANG, area=DISTRICT)
    found = rig.office.figures(DISTRICT)
    assert (found.right, found.wrong, found.missed, found.precision, found.recall) == (0, 1, 1, 0.0, 0.0)
    signal = next(each for each in rig.given if each.became == "wrong")
    rig.office.became(signal.id, "right", by=WANG, area=DISTRICT)
    found = rig.office.figures(DISTRICT)
    assert (found.precision, found.recall) == (1.0, 0.5)


def test_what_was_missed_is_no_signal_and_lies_neither_ahead_nor_long_ago(rig):
    now = rig.world.clock.now()
    id_ = rig.office.missed("H1", now, note="摔倒", by=WANG, area=DISTRICT)
    with pytest.raises(Conflict):
        rig.office.became(id_, "right", by=WANG, area=DISTRICT)
    with pytest.raises(Invalid):
        rig.office.became(id_, "perhaps", by=WANG, area=DISTRICT)
    for at, note in ((now + timedelta(hours=1), "x"), (now - timedelta(days=91), "x"), (now, "")):
        with pytest.raises(Invalid):
            rig.office.missed("H1", at, note=note, by=WANG, area=DISTRICT)
    elsewhere = Area(frozenset({rig.world.id_of_station("S2")}))
    with pytest.raises(NotFound):
        rig.office.became(id_, "wrong", by=WANG, area=elsewhere)


def test_what_is_older_than_habits_look_back_is_forgotten(rig):
    rig.sees("meal", days=70)
    rig.sees("meal", days=10)
    rig.gathering.forget()
    with rig.world.reading.connect() as connection:
        assert len(Signs(connection).of(rig.world.home("H1"), rig.world.clock.now() - timedelta(days=99))) == 1
