"""Exercises: marked all the way, on one road, ended by themselves, and never in the way of a real alarm."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch.errors import Conflict, Invalid
from dispatch.rules.alarm import Outcome, State
from dispatch.rules.message import Channel
from dispatch.rules.signal import Cause
from dispatch.store.alarms import alarms
from dispatch.store.record import entries
from tests.fakes.provider import NOT_SENT
from tests.integration.roads_rig import DUTY, PHONES, WANG, Roads


@pytest.fixture
def roads(tmp_path):
    roads = Roads(tmp_path)
    yield roads
    roads.close()


def result_of(roads, drill):
    return next(each for each in roads.drilling.recent(20) if each.id == drill.id)


def record(roads, kind):
    with roads.world.reading.connect() as connection:
        return [
            json.loads(row.body) for row in connection.execute(select(entries.c.body).where(entries.c.kind == kind))
        ]


def alarm_of(roads):
    with roads.world.reading.connect() as connection:
        return roads.world.alarm(
            connection.execute(select(alarms.c.id).where(alarms.c.cause == "exercise")).scalar_one()
        )


def begin(roads, **path):
    drill = roads.drilling.begin(by=WANG, **path)
    roads.settle()
    return drill


def test_an_answered_exercise_has_passed_and_is_closed_in_the_name_of_who_ordered_it(roads):
    drill = begin(roads, gateway="roof", provider="one", channel="sms")
    roads.says("C1", "1")
    roads.later(4)
    found = result_of(roads, drill)
    assert (found.state, found.lacking) == ("passed", None)
    assert found.begun_at <= found.raised_at <= found.taken_at <= found.answered_at <= found.ended_at
    alarm = alarm_of(roads)
    assert (alarm.state, alarm.outcome, alarm.closed_by) == (State.CLOSED, Outcome.TEST, WANG)
    assert record(roads, "drill_ended")[0]["result"] == "passed"


def test_every_word_of_it_says_that_it_is_an_exercise(roads):
    begin(roads, channel="sms")
    roads.later(130)
    roads.says("C1", "1")
    roads.later(4)
    told = roads.sent()
    assert {to for to, _ in told} >= {DUTY, PHONES["C1"]}
    assert [text for _, text in told if "演习！" not in text] == []


def test_it_takes_the_one_road_that_it_tries_and_no_other_helps_out(roads):
    drill = begin(roads, provider="two", channel="sms")
    assert roads.one.sent == []
    assert [each.channel for each in roads.two.sent] == [Channel.SMS]
    assert result_of(roads, drill).provider == "two"


def test_a_road_that_takes_nothing_fails_it_and_the_desk_is_told(roads):
    roads.two.says.extend([NOT_SENT] * 100)
    drill = begin(roads, provider="two", channel="sms")
    roads.later(160)
    found = result_of(roads, drill)
    assert (found.state, found.lacking) == ("failed", "taken")
    assert ("drill_failed", "hall → two sms") in roads.paged
    assert alarm_of(roads).state is State.CLOSED


def test_a_gateway_that_hears_nothing_fails_it_as_not_raised(roads):
    drill = roads.drilling.begin(gateway="hall", by=WANG)
    roads.doors[0].waiting.clear()
    roads.later(160)
    assert (result_of(roads, drill).state, result_of(roads, drill).lacking) == ("failed", "raised")


def test_a_call_tries_the_voice_alone(roads):
    begin(roads, channel="voice")
    assert [each.channel for each in roads.one.sent] == [Channel.VOICE]


def test_nobody_but_one_carer_and_the_desk_is_troubled(roads):
    begin(roads, channel="sms")
    roads.later(160)
    carers = {to for to, _ in roads.sent()} - {DUTY}
    assert len(carers) == 1


# ------------------------------------------------------------------------------------------------ never in the way


def test_it_breaks_off_when_somebody_needs_help(roads):
    drill = begin(roads, channel="sms")
    roads.world.press()
    roads.later(4)
    assert result_of(roads, drill).state == "broken_off"
    assert alarm_of(roads).state is State.CLOSED


def test_an_answer_is_the_emergencys_when_both_are_open(roads):
    begin(roads, channel="sms")
    real = roads.world.press()
    roads.world.wake()
    [asked] = [each.person for each in roads.world.offers(real)]
    code = next(code for code in PHONES if roads.world.carer(code) == asked)
    with roads.world.reading.connect() as connection:
        both = {each.cause for each in map(roads.world.alarm, connection.execute(select(alarms.c.id)).scalars())}
    assert both == {Cause.EXERCISE, Cause.PRESS}
    # Somebody whom both have asked, so that the answer could mean either.
    roads.world.desk.offer(alarm_of(roads).id, asked, by=WANG)
    roads.says(code, "1")
    assert roads.world.alarm(real).state is State.ACCEPTED


def test_none_begins_while_somebody_needs_help_or_another_runs(roads):
    roads.world.press()
    with pytest.raises(Conflict, match="needs help"):
        roads.drilling.begin(by=WANG)
    assert roads.drilling.check(roads.world.clock.now()) is None


def test_there_is_never_a_second(roads):
    begin(roads)
    with pytest.raises(Conflict, match="running"):
        roads.drilling.begin(by=WANG)


def test_a_press_in_the_exercises_station_is_an_alarm_of_its_own(roads):
    begin(roads, channel="sms")
    real = roads.world.press()
    assert roads.world.alarm(real).cause is Cause.PRESS
    assert roads.world.alarm(real).id != alarm_of(roads).id


# ------------------------------------------------------------------------------------------------ rhythm and paths


def test_every_gateway_is_tried_with_every_provider_and_channel_it_can_take(roads):
    assert sorted(map(str, roads.drilling.paths())) == [
        "hall → one sms", "hall → one voice", "hall → two sms",
        "roof → one sms", "roof → one voice", "roof → two sms",
    ]  # fmt: skip


def test_a_drill_a_day_has_every_path_tested_in_six_working_days(roads):
    roads.on_duty("C1", "C2", "C3", days=14)
    now = roads.world.clock.now
    assert len(roads.drilling.untested(now())) == 6
    for _ in range(11):
        if roads.drilling.check(now()) is not None:
            roads.settle()
            for code in PHONES:
                roads.says(code, "1")
            roads.later(4)
        assert roads.drilling.check(now()) is None, "the next one is a day away"
        roads.world.clock.advance(86_400)
    assert roads.drilling.untested(now()) == {}
    assert {each.state for each in roads.drilling.recent(20)} == {"passed"}


def test_a_path_is_untested_again_when_its_time_is_over_and_the_oldest_is_next(roads):
    drill = begin(roads, gateway="roof", provider="two", channel="sms")
    roads.says("C1", "1")
    roads.later(4)
    now = roads.world.clock.now()
    assert drill.path not in roads.drilling.untested(now)
    late = roads.drilling.untested(now + timedelta(days=31))
    assert late[drill.path] == drill.begun_at


def test_at_night_and_at_the_weekend_nobody_is_drilled(roads):
    roads.world.clock.advance(12 * 3600)
    assert roads.drilling.check(roads.world.clock.now()) is None


@pytest.mark.parametrize("path", [{"gateway": "cellar"}, {"provider": "post"}, {"provider": "two", "channel": "voice"}])
def test_a_path_that_is_not_there_is_refused_with_those_that_are(roads, path):
    with pytest.raises(Invalid, match="hall → one sms"):
        roads.drilling.begin(by=WANG, **path)


def test_a_restart_in_the_middle_ends_it_all_the_same(roads):
    drill = begin(roads, channel="sms")
    roads.later(2)
    roads.says("C1", "1")
    # Closed, and killed before the row was ended.
    roads.world.desk.close(alarm_of(roads).id, outcome=Outcome.TEST, by=WANG)
    roads.later(4)
    assert result_of(roads, drill).state == "passed"


def test_an_exercise_is_told_though_everything_else_stands_in_the_shadow(roads):
    roads.shadowing.switch("*", "shadow", by=WANG)
    begin(roads, channel="sms")
    assert roads.sent()


def test_an_exercise_whose_rules_fail_is_the_desks_and_troubles_nobody_else(roads):
    begin(roads, channel="sms")
    before = len(roads.sent())
    for _ in range(2):
        roads.world.desk.stumble(alarm_of(roads).id, RuntimeError("planted"))
    roads.settle()
    told = roads.sent()[before:]
    assert {to for to, _ in told} == {DUTY}
    assert all("演习！" in text for _, text in told)
