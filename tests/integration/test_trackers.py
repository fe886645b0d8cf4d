"""Watches and trackers through the real reception and the real desk: strangers, copies, damage, lost logins."""

from datetime import timedelta

import pytest

from devices.decoders import ev07b, gt06, topin, watch3g
from devices.decoders.ev07b import Ev07b
from devices.decoders.gt06 import Gt06
from devices.decoders.h02 import H02, encode
from devices.decoders.topin import Topin
from devices.decoders.watch3g import Watch3g
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.rules.signal import Cause, Event
from tests.builders import DISTRICT, NOON, build_world

WATCH, TRACKER, PENDANT = "8800000015", "868120145233604", "867730053403279"
HOME = f"""
[[homes]]
code = "H9"
address = "柏林小区 9-1-101"
lat = 38.0720
lng = 114.4920
residents = [{{ code = "R9", name = "王秀英" }}]
devices = [
    {{ code = "W1", kind = "watch", protocol = "watch3g", address = "{WATCH}" }},
    {{ code = "W2", kind = "watch", protocol = "gt06", address = "{TRACKER}" }},
    {{ code = "W3", kind = "watch", protocol = "h02", address = "8401016597" }},
    {{ code = "W4", kind = "watch", protocol = "ev07b", address = "{PENDANT}" }},
]
"""
SPOKEN = ("watch3g", "ev07b", "gt06", "h02", "topin")


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path, district=DISTRICT + HOME)
    yield world
    world.close()


@pytest.fixture
def reception(world):
    supervision = Supervision(world.transactions)
    return Reception(
        world.desk, supervision, world.reading, world.clock, world.ids,
        protocols={name: name for name in SPOKEN}, stations={},
    )  # fmt: skip


def heard(reception, gateway, frames):
    return [reception.hear(frame, gateway=gateway) for frame in frames]


def test_the_press_of_a_watch_is_an_alarm_of_its_home(world, reception):
    (received,) = heard(reception, "watch3g", Watch3g().feed(watch3g.encode(WATCH)))
    alarm_ = world.alarm(received.alarm_id)
    assert (alarm_.home_id, alarm_.cause) == (world.home("H9"), Cause.PRESS)


def test_a_watch_that_repeats_is_a_copy_and_one_that_presses_again_joins(world, reception):
    again = [watch3g.encode(WATCH), watch3g.encode(WATCH), watch3g.encode(WATCH, count=30)]
    first, copy, second = heard(reception, "watch3g", Watch3g().feed(b"".join(again)))
    assert (copy.copy, copy.alarm_id) == (True, first.alarm_id)
    assert (second.joined, second.alarm_id) == (True, first.alarm_id)
    assert world.alarm(first.alarm_id).press_count == 2


def test_after_ten_minutes_the_same_statement_is_a_new_one(world, reception):
    frames = Watch3g().feed(watch3g.encode(WATCH))
    heard(reception, "watch3g", frames)
    world.clock.advance(601)
    (late,) = heard(reception, "watch3g", frames)
    assert (late.copy, late.joined) == (False, True)


def test_a_stranger_who_asks_for_help_is_an_alarm_without_a_home(world, reception):
    (received,) = heard(reception, "watch3g", Watch3g().feed(watch3g.encode("4711471147")))
    assert world.alarm(received.alarm_id).home_id is None
    fence, unclear = (Watch3g().feed(watch3g.encode("4711471147", event)) for event in (Event.WANDERING, Event.ALARM))
    told = heard(reception, "watch3g", fence + unclear)
    assert [each and each.alarm_id for each in told] == [None, None]


def test_an_alarm_before_any_login_belongs_to_nobody_and_is_heard(world, reception):
    (received,) = heard(reception, "gt06", Gt06().feed(gt06.encode(TRACKER)))
    alarm_ = world.alarm(received.alarm_id)
    assert (alarm_.home_id, alarm_.cause) == (None, Cause.PRESS)
    _, named = heard(reception, "gt06", Gt06().feed(gt06.login(TRACKER) + gt06.encode(TRACKER)))
    assert world.alarm(named.alarm_id).home_id == world.home("H9")


def test_an_sos_of_one_byte_is_counted_each_time(world, reception):
    frames = Topin().feed(topin.login("359339075416963") + topin.encode("") + topin.encode(""))
    _, first, second = heard(reception, "topin", frames)
    assert world.alarm(first.alarm_id).press_count == 2
    assert second.alarm_id == first.alarm_id


def test_a_damaged_press_raises_and_its_repetition_joins(world, reception):
    decoder, press = Ev07b(), ev07b.encode(PENDANT)
    damaged, whole = decoder.feed(press[:4] + bytes([press[4] ^ 1]) + press[5:] + press)
    first, copy = heard(reception, "ev07b", [damaged, whole])
    assert world.alarm(first.alarm_id).home_id == world.home("H9")
    assert (copy.copy, copy.alarm_id) == (True, first.alarm_id)
    assert decoder.acknowledge(damaged, NOON, b"") == b""
    assert decoder.acknowledge(whole, NOON, b"") != b""


def test_a_bit_that_may_be_sos_is_an_alarm_from_a_watch_of_ours_only(world, reception):
    ours, theirs = (H02().feed(encode(id_, Event.AMBIGUOUS)) for id_ in ("8401016597", "1401016597"))
    (received,) = heard(reception, "h02", ours)
    assert world.alarm(received.alarm_id).cause is Cause.UNCLEAR
    assert heard(reception, "h02", theirs) == [None]


def test_what_was_stored_without_a_network_is_marked_as_delayed(world, reception):
    late = watch3g.encode(WATCH, at=NOON - timedelta(minutes=30))
    (received,) = heard(reception, "watch3g", Watch3g().feed(late))
    assert world.alarm(received.alarm_id).delayed_s == 1800
