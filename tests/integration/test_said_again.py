"""What a broker or a platform says again after our restart is the same message: it was not confirmed before."""

import pytest

from devices.decoders import DECODERS, ENCODERS
from devices.dialects import address_of
from dispatch.rules.signal import Event
from tests.integration.devices_rig import DevicesRig


@pytest.fixture
def rig(tmp_path):
    rig = DevicesRig(tmp_path)
    yield rig
    rig.close()


def said(protocol: str, count: int):
    (frame,) = DECODERS[protocol]().feed(ENCODERS[protocol](address_of(protocol, 1), Event.PRESS, count=count))
    return frame


@pytest.mark.parametrize("protocol", ["traccar", "chirpstack"])
def test_a_message_with_a_name_of_its_own_is_known_again_after_a_restart(rig, protocol):
    first = rig.take(said(protocol, 7))
    assert not first.copy
    rig.restart()
    rig.world.clock.advance(30)
    assert rig.take(said(protocol, 7)).copy
    assert [alarm["press_count"] for alarm in rig.alarms()] == [1]
    assert not rig.take(said(protocol, 8)).copy, "another message is another press"
    assert [alarm["press_count"] for alarm in rig.alarms()] == [2]


def test_a_second_press_of_a_nameless_button_counts_also_after_a_restart(rig):
    rig.hear(Event.BUTTON)
    rig.restart()
    rig.hear(Event.BUTTON)
    assert [alarm["press_count"] for alarm in rig.alarms()] == [2]
