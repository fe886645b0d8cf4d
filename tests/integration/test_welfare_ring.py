"""Somebody rings a household before anybody is sent there: for an hour, by day, and never instead of it."""

import pytest

from dispatch.ids import HomeId
from dispatch.registry.follow_ups import FollowingUp
from dispatch.rules.rights import DISTRICT
from dispatch.store.follow_ups import FollowUps
from tests.builders import DISTRICT as FILE
from tests.builders import build_world
from tests.integration.registry_rig import SECOND
from tests.integration.welfare_rig import PACKAGED, WANG, Watching

HOUR, MINUTE = 3600, 60


@pytest.fixture
def rig(tmp_path):
    """At noon, by the packaged weights."""
    world = build_world(tmp_path, district=FILE + SECOND)
    yield Watching(world, scale=PACKAGED)
    world.close()


def to_ring(rig):
    with rig.world.reading.connect() as connection:
        return [each for each in FollowUps(connection).to_do(50) if each.about == "welfare_ring"]


def reached(rig):
    [one] = to_ring(rig)
    FollowingUp(rig.world.transactions, rig.world.reading).done(one.id, note="接了，没事", by=WANG, area=DISTRICT)


def test_a_sign_that_is_not_sure_asks_to_ring_and_sends_nobody_for_an_hour(rig):
    rig.sees("door_unanswered")
    [one] = to_ring(rig)
    assert (one.home_id, (one.due_at - rig.world.clock.now()).total_seconds()) == (rig.world.home("H1"), HOUR)
    rig.pass_until(59 * MINUTE)
    assert (rig.alarms, len(to_ring(rig))) == ([], 1)
    rig.pass_until(2 * MINUTE)
    assert len(rig.alarms) == 1, "nobody said that they were reached"
    assert to_ring(rig) == [], "and nobody has to ring any more"


def test_whoever_was_reached_is_well_and_everything_before_is_settled(rig):
    rig.sees("door_unanswered")
    reached(rig)
    rig.world.clock.advance(1)
    rig.pass_until(3 * HOUR)
    assert (rig.alarms, to_ring(rig)) == ([], [])
    assert rig.standing().score == PACKAGED.prior


def test_a_sign_of_life_ends_the_ringing(rig):
    rig.sees("door_unanswered")
    rig.sees("visited")
    rig.pass_until(61 * MINUTE)
    assert (rig.alarms, to_ring(rig)) == ([], [])


def test_what_is_sure_sends_somebody_at_once_though_they_were_to_be_rung(rig):
    rig.sees("door_unanswered")
    assert rig.alarms == []
    rig.sees("no_motion")
    rig.sees("meal_missed")
    assert len(rig.alarms) == 1
    assert to_ring(rig) == []


def test_a_further_sign_gives_no_further_hour(rig):
    rig.sees("door_unanswered")
    rig.pass_until(50 * MINUTE)
    rig.sees("call_unanswered")
    assert len(to_ring(rig)) == 1
    rig.pass_until(11 * MINUTE)
    assert len(rig.alarms) == 1


def test_at_night_what_is_grave_sends_somebody_and_the_rest_is_rung_in_the_morning(rig):
    rig.world.clock.advance(14 * HOUR)
    rig.sees("not_in_bed")
    [one] = to_ring(rig)
    assert rig.world.calendar.local(one.due_at).hour == 9
    rig.sees("no_motion")
    assert len(rig.alarms) == 1


def test_where_an_alarm_is_open_nobody_is_asked_to_ring(rig):
    pressed = rig.world.press("H1", "R1")
    rig.sees("door_unanswered")
    assert to_ring(rig) == []
    assert [each.id for each in rig.alarms] == [pressed]


def test_rung_and_not_reached_twice_is_looked_at_again_by_itself(rig):
    rig.sees("door_unanswered")
    reached(rig)
    rig.world.clock.advance(2 * HOUR)
    rig.sees("door_unanswered")
    assert len(to_ring(rig)) == 1
    assert HomeId(to_ring(rig)[0].home_id) == rig.world.home("H1")
