"""The pretend gateway plays every protocol, also over a bad road, and the real gateway understands it."""

import threading

import pytest

from devices.decoders import DECODERS, ENCODERS
from devices.dialects import DIALECTS
from devices.gateway import Gateway
from devices.ports import open_port
from devices.simulator import Road, Simulator
from dispatch.clock import SystemClock
from dispatch.rules.signal import Event
from tests.fakes.line import until

ADDRESSES = {
    "rflink": "EV1527:0b2c3d:08", "rtl433": "Generic-Remote:7123:48", "surgard": "4321:002", "contact_id": "4321:002",
    "dc09": "4321", "scaip": "46709876543", "zigbee2mqtt": "bed_button", "chirpstack": "a840410000000001",
    "traccar": "359632107654321", "bed": "radar", "watch3g": "8800000016", "ev07b": "868120123456789",
    "gt06": "359632107654321", "h02": "4109123456", "jt808": "013912345678", "topin": "359632107654321",
    "trv": "359632107654321",
}  # fmt: skip
HELP = {Event.PRESS, Event.BUTTON, Event.AMBIGUOUS, Event.FALL, Event.ALARM}


class Listening:
    """Hears what a gateway hands on, and keeps everything."""

    def __init__(self):
        self.frames = []

    def hear(self, frame, *, gateway, waited_s=0.0):
        self.frames.append(frame)

    def proceed(self, heard):
        pass

    def heard(self):
        return [frame for frame in self.frames if {frame.event, *frame.also} & HELP]


@pytest.fixture
def play(tmp_path):
    ended = []

    def begin(protocol, road):
        simulator = Simulator(tmp_path, DIALECTS[protocol](), name=protocol, answer_s=1.0, road=road)
        ears, stopping = Listening(), threading.Event()
        gateway = Gateway(
            protocol, lambda: open_port(str(simulator.path)), DECODERS[protocol], ears, SystemClock(),
            lambda: bytes(16), stopping,
        )  # fmt: skip
        gateway.start()
        ended.extend([gateway.stop, simulator.close])
        until(lambda: gateway.state.connected)
        return simulator, ears, gateway

    yield begin
    for end in ended:
        end()


def test_there_is_a_dialect_for_every_protocol_that_is_decoded():
    assert set(DIALECTS) == set(ENCODERS) == set(DECODERS) == set(ADDRESSES)


@pytest.mark.parametrize("protocol", sorted(ADDRESSES))
@pytest.mark.parametrize(
    "road", [Road(), Road(bite=3), Road(times=3, lost=0.5, seed=2)], ids=["smooth", "split", "lossy and repeated"]
)
def test_a_press_is_heard_over_any_road(play, protocol, road):
    simulator, ears, _ = play(protocol, road)
    event = Event.FALL if protocol == "bed" else Event.BUTTON
    assert simulator.say(ADDRESSES[protocol], event)
    until(ears.heard)


@pytest.mark.parametrize("protocol", sorted(ADDRESSES))
def test_noise_before_a_press_costs_no_press(play, protocol):
    simulator, ears, _ = play(protocol, Road(times=2))
    simulator.noise()
    for _ in range(2):
        simulator.say(ADDRESSES[protocol], Event.FALL if protocol == "bed" else Event.BUTTON)
    until(ears.heard)
