"""The real rtl_433, hearing a pretend radio stick, through a real broker to an alarm."""

import shutil
import subprocess
import threading

from devices.decoders.rtl433 import Rtl433
from devices.exchange import Exchange
from devices.ports.mqtt import MqttListener
from dispatch.clock import SystemClock
from dispatch.rules.signal import Event
from tests.fakes.line import listening, until
from tests.fakes.listener import SharedEars
from tests.fakes.rtl_tcp import RtlTcp, air
from tests.integration.broker import Broker
from tests.integration.test_rtl433_real import REPEATS, ROW, pulses
from tests.need import need

PRESS = [tuple(map(int, line.split())) for line in pulses(ROW)]


class Frames(SharedEars):
    """What was heard, whole."""

    def __init__(self) -> None:
        super().__init__([])
        self.heard: list = []

    def hear(self, frame, **more):
        self.heard.append(frame)
        return super().hear(frame, **more)


def test_a_press_in_the_air_comes_through_the_broker_once_for_each_of_its_repeats(tmp_path):
    need(shutil.which("rtl_433"), "rtl_433 not found: apt install rtl-433")
    ears = Frames()
    with Broker(tmp_path) as broker, RtlTcp() as stick:
        listener = MqttListener(broker.address("rtl_433/+/events"))
        exchange = Exchange("radio", listener, Rtl433, ears, SystemClock(), lambda: b"", threading.Event())
        command = ["rtl_433", "-c", "0", "-R", "30", "-d", f"rtl_tcp:127.0.0.1:{stick.port}",
                   "-F", f"mqtt://127.0.0.1:{broker.port},retain=0"]  # fmt: skip
        with listening(exchange):
            until(lambda: exchange.state.connected)
            program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                # The program tells nobody when it has reached its broker, and drops what it hears before.
                until(lambda: broker.has_client("rtl_433"))
                stick.play(air(PRESS * REPEATS))
                until(lambda: len(ears.heard) == REPEATS)
            finally:
                program.kill()
                program.wait()
    assert {(frame.event, frame.address) for frame in ears.heard} == {(Event.BUTTON, "Generic-Remote:5069:48")}
    assert len({frame.dedup_key for frame in ears.heard}) == 1
