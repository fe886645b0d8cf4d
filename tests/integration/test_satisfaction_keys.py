"""One key after each alarm: who is asked, when, and that no answer to an alarm is ever taken for one."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.ids import AttemptId
from dispatch.rules.alarm import Outcome, State
from dispatch.rules.message import Channel
from dispatch.rules.signal import Cause
from tests.builders import DISTRICT
from tests.integration.satisfaction_rig import HOUR, R1, WANG, Satisfaction

KIN = "+8613800000201"
BOTH = DISTRICT.replace('"+8613800000201"', '"+8613800000001"')
"""The first contact of the home is the carer C1 as well: one telephone."""


@pytest.fixture
def rig(tmp_path):
    rig = Satisfaction(tmp_path)
    yield rig
    rig.close()


def test_whoever_was_helped_is_asked_some_time_after_and_the_key_is_kept(rig):
    alarm_id = rig.helped()
    assert rig.asked() == []
    rig.later(2 * HOUR + 60)
    assert rig.asked() == [R1]
    rig.says(R1, "2")
    row = rig.rows()[0]
    assert (row.state, row.score, row.raw, row.about) == ("answered", 4, "2", f"alarm:{alarm_id}")
    assert json.loads(rig.lines()[0].body) == {
        "score": 4, "of": 5, "team": row.station_id, "by_means": "sms", "about": f"alarm:{alarm_id}",
    }  # fmt: skip
    assert "谢谢您的评价" in rig.one.sent[-1].text


def test_nobody_is_asked_at_night(rig):
    rig.world.clock.advance(7 * HOUR)
    rig.helped()
    rig.later(15 * HOUR, step=HOUR / 2)
    at = rig.rows()[0].asked_at
    assert at is not None
    assert rig.world.calendar.local(at).hour == 9


@pytest.mark.parametrize("outcome", [Outcome.TEST, Outcome.FALSE_ALARM, Outcome.DUPLICATE, Outcome.DIED])
def test_some_outcomes_ask_nobody(rig, outcome):
    rig.helped(outcome=outcome)
    rig.later(5 * HOUR)
    assert rig.asked() == []
    assert [(row.state, row.why) for row in rig.rows()] == [("left", "never")]


def test_an_exercise_asks_nobody(rig):
    rig.helped(cause=Cause.EXERCISE)
    rig.later(5 * HOUR)
    assert rig.asked() == []


def test_nobody_is_asked_while_an_alarm_of_the_home_is_open_and_everybody_afterwards(rig):
    rig.helped()
    rig.later(HOUR)
    again = rig.world.press("H1")
    rig.later(4 * HOUR)
    assert rig.asked() == []
    rig.world.desk.close(again, outcome=Outcome.HELPED, by=WANG)
    rig.later(HOUR)
    assert rig.asked() == [R1]


def test_a_question_that_an_alarm_overtakes_does_not_leave(rig):
    rig.helped()
    carried, rig.courier.claim = rig.courier.claim, lambda most, *, emergency: []
    rig.later(2 * HOUR + 60)
    assert rig.rows()[0].state == "asked"
    rig.world.press("H1")
    rig.courier.claim = carried
    rig.settle()
    assert rig.asked() == []
    assert [each.state for each in rig.world.messages() if each.sentence == "rating"] == ["cancelled"]


def test_a_question_that_has_not_left_is_worth_nothing_an_hour_later(rig):
    rig.helped()
    rig.later(2 * HOUR + 60)
    expires = [
        (each.expires_at - each.posted_at).total_seconds() for each in rig.world.messages() if each.sentence == "rating"
    ]
    assert expires == [HOUR]


def test_each_person_once_a_month(rig):
    rig.helped()
    rig.later(3 * HOUR)
    rig.helped()
    rig.later(3 * HOUR)
    assert rig.asked() == [R1]
    assert [row.why for row in rig.rows()] == [None, "quota"]
    rig.later(31 * 24 * HOUR, step=12 * HOUR)
    rig.helped()
    rig.later(24 * HOUR, step=HOUR)
    assert rig.asked() == [R1, R1]


def test_who_died_or_left_is_not_asked(tmp_path):
    rig = Satisfaction(tmp_path, served=lambda _: False)
    rig.helped()
    rig.later(3 * HOUR)
    assert (rig.asked(), rig.rows()[0].why) == ([], "not_served")
    rig.close()


def test_the_family_is_asked_only_where_that_was_agreed(rig):
    rig.agree("R1", "satisfaction_contact")
    rig.helped()
    rig.later(3 * HOUR)
    assert rig.asked() == [KIN]


def test_who_speaks_english_is_asked_in_english(tmp_path):
    rig = Satisfaction(tmp_path, district=DISTRICT.replace('code = "R1",', 'code = "R1", language = "en",'))
    rig.helped()
    rig.later(3 * HOUR)
    assert [each.text for each in rig.one.sent if each.to == R1][-1].startswith("How was our service?")
    rig.close()


def test_who_refused_surveys_is_asked_nothing(rig):
    rig.agree("R1", "no_survey")
    rig.helped()
    rig.later(3 * HOUR)
    assert (rig.asked(), rig.rows()[0].why) == ([], "nobody")


def test_stop_is_kept_and_holds(rig):
    rig.helped()
    rig.later(3 * HOUR)
    rig.says(R1, "T")
    assert rig.rows()[0].score is None
    assert len(rig.lines("satisfaction_refused")) == 1
    rig.later(31 * 24 * HOUR, step=12 * HOUR)
    rig.helped()
    rig.later(24 * HOUR, step=HOUR)
    assert rig.asked() == [R1]
    assert rig.rows()[-1].why == "refused"


def test_a_late_answer_is_kept(rig):
    rig.helped()
    rig.later(3 * HOUR)
    rig.later(10 * 24 * HOUR, step=6 * HOUR)
    assert rig.rows()[0].state == "silent"
    rig.says(R1, "5")
    assert (rig.rows()[0].state, rig.rows()[0].score) == ("answered", 1)


def test_what_is_unclear_is_kept_as_it_came(rig):
    rig.helped()
    rig.later(3 * HOUR)
    rig.says(R1, "5分")
    assert (rig.rows()[0].state, rig.rows()[0].raw, rig.rows()[0].score) == ("asked", "5分", None)


def test_a_key_in_our_own_call_is_ours_even_while_an_alarm_is_open(tmp_path):
    """The family member is a carer too, is asked about an alarm meanwhile, and presses 1 in our call."""
    rig = Satisfaction(tmp_path, channel=Channel.VOICE, district=BOTH)
    rig.agree("R1", "satisfaction_contact")
    rig.helped()
    rig.later(2 * HOUR + 60)
    call = next(each for each in rig.one.sent if "请按五" in each.text)
    alarm_id = rig.world.press("H2", "R2")
    rig.settle()
    rig.world.desk.offer(alarm_id, rig.world.carer("C1"), by=WANG)
    rig.says("+8613800000001", "1", attempt_id=AttemptId(call.attempt_id), voice=True)
    assert rig.world.alarm(alarm_id).state is State.OFFERED
    assert (rig.rows()[0].score, rig.rows()[0].means) == (5, "voice")
    rig.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(["ask", "press"]), text=st.sampled_from(["1", "2", "1接单", "3", "5"]), closed=st.booleans()
)
def test_a_digit_of_a_family_member_who_is_a_carer_is_the_alarms_first(tmp_path_factory, order, text, closed):
    rig = Satisfaction(tmp_path_factory.mktemp("both"), district=BOTH)
    rig.agree("R1", "satisfaction_contact")
    rig.helped()
    if order[0] == "ask":
        rig.later(2 * HOUR + 60)
    alarm_id = rig.world.press("H2", "R2")
    rig.settle()
    rig.world.desk.offer(alarm_id, rig.world.carer("C1"), by=WANG)
    if order[0] == "press":
        rig.later(2 * HOUR + 60)
    if closed:
        rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=WANG)
    before = rig.world.alarm(alarm_id).state
    rig.says("+8613800000001", text)
    assert rig.rows()[0].score is None, "asked about an alarm later than we asked, or still: it is the desk's"
    if not closed and text in {"1", "1接单"}:
        assert rig.world.alarm(alarm_id).state is State.ACCEPTED
    if closed:
        assert rig.world.alarm(alarm_id).state is before
    rig.close()


def test_once_our_question_is_the_newer_one_the_digit_is_ours(tmp_path):
    rig = Satisfaction(tmp_path, district=BOTH)
    rig.agree("R1", "satisfaction_contact")
    alarm_id = rig.world.press("H2", "R2")
    rig.settle()
    rig.world.desk.offer(alarm_id, rig.world.carer("C1"), by=WANG)
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=WANG)
    rig.helped()
    rig.later(3 * HOUR)
    rig.says("+8613800000001", "1")
    assert [row.score for row in rig.rows() if row.home_id == rig.world.home("H1")] == [5]
    rig.close()


def test_a_visit_is_asked_about_like_an_alarm(rig):
    world = rig.world
    world.transactions.run(
        lambda tx: rig.asking.plan_visit(
            tx, "V1", home_id=world.home("H1"), resident_id=world.resident("R1"), station_id=world.id_of_station("S1")
        )
    )
    rig.later(3 * HOUR)
    rig.says(R1, "满意")
    assert [(row.about, row.score) for row in rig.rows()] == [("visit:V1", 4)]
