"""A position that a frame carries, from the decoder's frame to the alarm's place."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.decoders.decoder import Frame
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch import ids
from dispatch.rules.place import Position
from dispatch.rules.signal import Event
from tests.builders import World, build_world

PARK = Position(38.05, 114.5)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    built = build_world(tmp_path)
    yield built
    built.close()


def place(world: World, **more):
    """The place of the alarm that a registered device raises with such a frame, and where that place comes from."""
    reception = Reception(
        world.desk, Supervision(world.transactions), world.reading, world.clock, ids.new_id,
        protocols={"hall": "rflink"}, stations={},
    )  # fmt: skip
    frame = Frame(event=Event.PRESS, raw=b"press", address="EV1527:0a1b2c:01", dedup_key="press", **more)
    received = reception.hear(frame, gateway="hall")
    alarm = world.alarm(received.alarm_id)
    return alarm.place, alarm.place_source


def test_a_fresh_position_is_the_alarms_place(world):
    a_minute_ago = world.clock.now() - timedelta(minutes=1)
    assert place(world, position=PARK, position_at=a_minute_ago) == (PARK, "device")


def test_an_old_position_is_not(world):
    an_hour_ago = world.clock.now() - timedelta(hours=1)
    assert place(world, position=PARK, position_at=an_hour_ago)[1] == "home"


def test_a_position_of_unknown_age_is_not(world):
    assert place(world, position=PARK)[1] == "home"


@pytest.mark.error_lines("sign_of_life_not_heeded")
def test_a_mistake_of_whoever_heeds_life_signs_costs_no_press(world):
    reception = Reception(
        world.desk, Supervision(world.transactions), world.reading, world.clock, ids.new_id,
        protocols={"hall": "rflink"}, stations={},
    )  # fmt: skip
    reception.heeding = lambda *_: 1 / 0
    frame = Frame(event=Event.PRESS, raw=b"press", address="EV1527:0a1b2c:01", dedup_key="press")
    assert world.alarm(reception.hear(frame, gateway="hall").alarm_id).press_count == 1
