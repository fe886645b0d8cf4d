"""Streets in the shadow: heard and decided for, told to nobody; and the way back, on which nothing is dropped."""

import pytest

from dispatch.errors import Invalid
from dispatch.rules.alarm import State
from dispatch.store.shadows import Shadows
from tests.integration.roads_rig import PHONES, WANG, Roads

STREET = "柏林小区"


@pytest.fixture
def roads(tmp_path):
    roads = Roads(tmp_path)
    yield roads
    roads.close()


def test_whatever_nobody_switched_is_live(roads):
    roads.world.press()
    roads.settle()
    assert roads.sent()


def test_in_the_shadow_everything_is_decided_and_nothing_is_sent(roads):
    roads.shadowing.switch(STREET, "shadow", by=WANG)
    alarm_id = roads.world.press()
    roads.later(400)
    assert roads.sent() == []
    assert roads.world.alarm(alarm_id).state is State.OFFERED
    listed = roads.shadowing.would_have(200)
    assert {each.alarm_id for each in listed} == {alarm_id}
    assert {"offer", "offer_all"} <= {each.sentence for each in listed}
    assert {each.area for each in listed} == {STREET}


def test_another_street_is_not_touched(roads):
    [other] = [each for each in roads.shadowing.streets() if each != STREET][:1]
    roads.shadowing.switch(other, "shadow", by=WANG)
    roads.world.press()
    roads.settle()
    assert roads.sent()


def test_an_alarm_open_when_its_street_goes_live_is_told_to_everybody_at_once(roads):
    roads.shadowing.switch(STREET, "shadow", by=WANG)
    alarm_id = roads.world.press()
    roads.later(20)
    assert roads.shadowing.switch(STREET, "live", by=WANG) == 1
    roads.settle()
    assert {to for to, _ in roads.sent()} >= set(PHONES.values())
    roads.says("C2", "1")
    assert roads.world.alarm(alarm_id).state is State.ACCEPTED
    assert "went_live" in roads.world.kinds(alarm_id)


def test_an_alarm_raised_live_stays_live_when_its_street_is_switched_away(roads):
    alarm_id = roads.world.press()
    roads.settle()
    before = len(roads.sent())
    roads.shadowing.switch(STREET, "shadow", by=WANG)
    roads.later(400)
    assert len(roads.sent()) > before
    with roads.world.reading.connect() as connection:
        assert not Shadows(connection).covers(alarm_id)


def test_a_switch_that_was_killed_in_the_middle_is_finished_by_the_next_check(roads):
    roads.shadowing.switch(STREET, "shadow", by=WANG)
    roads.world.press()
    roads.settle()
    roads.world.transactions.run(lambda tx: Shadows(tx.connection).switch(STREET, "live", at=tx.now, by=WANG))
    assert roads.shadowing.check() == 1
    assert roads.shadowing.check() == 0
    roads.settle()
    assert roads.sent()


def test_everything_in_the_shadow_but_one_street(roads):
    roads.shadowing.switch("*", "shadow", by=WANG)
    roads.shadowing.switch(STREET, "live", by=WANG)
    roads.world.press("H1")
    roads.settle()
    assert roads.sent()
    before = len(roads.sent())
    roads.world.press("H2")
    roads.later(200)
    assert len([to for to, _ in roads.sent()]) >= before
    listed = {each.area for each in roads.shadowing.would_have(200)}
    assert STREET not in listed
    assert listed


def test_a_stray_answer_does_not_accept_what_nobody_was_asked(roads):
    roads.shadowing.switch(STREET, "shadow", by=WANG)
    alarm_id = roads.world.press()
    roads.settle()
    for code in PHONES:
        roads.says(code, "1")
    assert roads.world.alarm(alarm_id).state is State.OFFERED


def test_a_street_nobody_lives_in_is_refused(roads):
    with pytest.raises(Invalid, match=STREET):
        roads.shadowing.switch("柏林小去", "shadow", by=WANG)


def test_homes_of_one_street_are_one_street(roads):
    assert STREET in roads.shadowing.streets()
    assert len(roads.shadowing.streets()) == len(set(roads.shadowing.streets()))
