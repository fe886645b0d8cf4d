"""The monthly test of every carer's telephone, and who cannot be reached."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from config.wiring_roads import answered_by
from dispatch.messages.providers.provider import Capability
from dispatch.rules.alarm import State
from dispatch.rules.message import Channel
from dispatch.store.reach_tests import reach_tests
from tests.fakes.provider import NOT_SENT
from tests.integration.roads_rig import PHONES, Roads

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, DAY = 3600, 86_400


@pytest.fixture
def roads(tmp_path):
    roads = Roads(tmp_path)
    yield roads
    roads.close()


def rows(roads):
    with roads.world.reading.connect() as connection:
        return list(connection.execute(select(reach_tests).order_by(reach_tests.c.due_at)))


def until_asked(roads):
    """Plans, and goes on until everybody's hour has come."""
    roads.reach.check()
    while any(row.state == "planned" for row in rows(roads)):
        due_at = roads.reach.next_due()
        roads.world.clock.advance(max(1.0, (due_at - roads.world.clock.now()).total_seconds()))
        roads.settle()
    return rows(roads)


def letters(roads):
    return [(each.to, each.text) for each in roads.one.sent if "测试" in each.text or "Monthly" in each.text]


def test_everybody_is_asked_once_a_month_within_working_hours(roads):
    until_asked(roads)
    asked = [row.asked_at.astimezone(SHANGHAI) for row in rows(roads)]
    assert {to for to, _ in letters(roads)} == set(PHONES.values())
    assert all(9 <= at.hour < 17 and at.weekday() < 5 for at in asked)
    roads.reach.check()
    assert len(rows(roads)) == len(PHONES)


def test_the_next_month_asks_again(roads):
    until_asked(roads)
    roads.world.clock.advance(31 * DAY)
    roads.reach.check()
    assert len({row.month for row in rows(roads)}) == 2


def test_the_answer_is_kept_and_thanked_for(roads):
    until_asked(roads)
    roads.says("C1", "1")
    assert [row.state for row in rows(roads) if row.phone == PHONES["C1"]] == ["answered"]
    assert any("谢谢" in text for to, text in roads.sent() if to == PHONES["C1"])


def test_a_day_of_silence_is_told_and_ranks_behind_the_others(roads):
    until_asked(roads)
    for code in ("C2", "C3"):
        roads.says(code, "1")
    roads.later(DAY + 60, step=HOUR)
    assert [each.why for each in roads.reach.unreached()] == ["silent"]
    assert ("carer_unreached", "C1") in roads.paged
    row = roads.reach.carers()[0]
    assert (row.carer.code, row.why) == ("C1", "silent")


def test_a_silent_carer_is_asked_after_the_others_and_still_asked(roads):
    until_asked(roads)
    roads.says("C2", "1")
    roads.later(DAY + 60, step=HOUR)
    roads.on_duty("C1", "C2", days=1)
    choice = roads.world.situations.propose(roads.world.press()).choice.ranked
    reasons = {each.code: [why.code for why in each.reasons] for each in choice}
    assert "unreached" in reasons["C1"]
    assert "unreached" not in reasons["C2"]
    assert [each.code for each in choice] == ["C2", "C1"]


def test_whoever_said_anything_at_all_was_reached(roads):
    until_asked(roads)
    roads.says("C1", "好的,我在上班")
    roads.later(DAY + 60, step=HOUR)
    assert "C1" not in {each.carer.code for each in roads.reach.unreached()}


def test_a_late_answer_makes_a_silent_carer_reachable_again(roads):
    until_asked(roads)
    roads.later(DAY + 60, step=HOUR)
    assert "C1" in {each.carer.code for each in roads.reach.unreached()}
    roads.says("C1", "1")
    assert "C1" not in {each.carer.code for each in roads.reach.unreached()}


def test_an_open_alarm_has_the_answer_and_not_the_test(roads):
    until_asked(roads)
    alarm_id = roads.world.press()
    roads.settle()
    code = "C1"
    roads.world.desk.offer(alarm_id, roads.world.carer(code), by="operator:wang")
    roads.says(code, "1")
    assert roads.world.alarm(alarm_id).state is State.ACCEPTED
    assert [row.state for row in rows(roads) if row.phone == PHONES[code]] == ["asked"]


def test_whoever_is_asked_about_an_alarm_is_tested_later(roads):
    roads.reach.check()
    first = rows(roads)[0]
    roads.world.clock.advance((first.due_at - roads.world.clock.now()).total_seconds() - 60)
    alarm_id = roads.world.press()
    roads.world.wake()
    who = next(code for code in PHONES if PHONES[code] == first.phone)
    roads.world.desk.offer(alarm_id, roads.world.carer(who), by="operator:wang")
    roads.world.clock.advance(61)
    roads.reach.wake(first.id)
    assert rows(roads)[0].state == "planned"
    assert letters(roads) == []


def test_where_no_answer_to_a_text_comes_back_a_call_asks_for_a_key(tmp_path):
    roads = Roads(tmp_path, road=Channel.VOICE)
    try:
        until_asked(roads)
        assert {each.channel for each in roads.one.sent if "测试" in each.text or "Monthly" in each.text} == {
            Channel.VOICE
        }
    finally:
        roads.close()


def test_where_no_answer_can_come_back_nobody_is_asked_and_nobody_called_silent(tmp_path, log_lines):
    """A call that asks for a key which cannot return would make everybody silent, and rank them behind the others."""
    roads = Roads(tmp_path, road=None)
    try:
        until_asked(roads)
        roads.world.clock.advance(2 * DAY)
        roads.settle()
        assert (letters(roads), roads.reach.unreached(), roads.paged) == ([], [], [])
        assert {each.state for each in rows(roads)} == {"left"}
        assert "reach_test_unanswerable" in [each["event"] for each in log_lines]
    finally:
        roads.close()


def test_an_answer_comes_by_text_or_by_a_key_or_not_at_all():
    class Road:
        def __init__(self, **able):
            self.capability = lambda phone: Capability(**able)

    text, call = Road(sms=True, two_way=True), Road(sms=True, voice=True)
    told = Road(sms=True, voice=True, keys=False)
    assert answered_by("+86", [text, call]) is Channel.SMS
    assert answered_by("+86", [told, call]) is Channel.VOICE
    assert answered_by("+86", [told, Road(sms=True)]) is None


def test_numbers_and_providers_have_their_rates(roads):
    roads.one.says.extend([NOT_SENT] * 3)
    roads.two.says.extend([NOT_SENT] * 3)
    until_asked(roads)
    rates = roads.reach.providers()
    assert rates["one"].lost == 3
    assert rates["one"].tries >= 3
    row = next(each for each in roads.reach.carers() if each.carer.code == "C1")
    assert row.tally is not None
    assert row.tally.tries >= 1


def test_a_number_that_takes_nothing_cannot_be_reached(roads):
    roads.one.says.extend([NOT_SENT] * 50)
    roads.two.says.extend([NOT_SENT] * 50)
    roads.world.press()
    roads.later(60)
    assert "refused" in {each.why for each in roads.reach.unreached()}


def test_a_service_that_was_down_over_night_asks_in_the_morning(roads):
    roads.reach.check()
    first = rows(roads)[0]
    night = datetime.combine(first.due_at.astimezone(SHANGHAI).date(), datetime.min.time(), SHANGHAI) + timedelta(
        hours=22
    )
    roads.world.clock.advance((night - roads.world.clock.now()).total_seconds())
    roads.settle()
    assert letters(roads) == []
    put_off = rows(roads)[0].due_at.astimezone(SHANGHAI)
    assert 9 <= put_off.hour < 17
