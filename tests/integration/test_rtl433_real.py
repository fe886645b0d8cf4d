"""The real rtl_433 behind our port: real bits, real pulses, its real diagnostics on standard error."""

import shlex
import shutil
import threading

import pytest

from devices.decoders.rtl433 import Rtl433
from devices.gateway import Gateway
from devices.ports import PortLost, open_port
from dispatch.clock import SystemClock
from dispatch.rules.signal import Event
from tests.fakes.line import Ears, listening, until
from tests.need import need

ROW = "1110110000110010110011111"
"""A press of a Generic-Remote (EV1527 and PT2262 look like this): id 5069, button 48, and the stop bit."""

BITS = f"{{25}}{int(ROW + '000', 2):x}"
SHORT_US, LONG_US, PAUSE_US, REPEATS = 464, 1404, 14_000, 6


@pytest.fixture(autouse=True)
def _real_program():
    need(shutil.which("rtl_433"), "rtl_433 not found: apt install rtl-433")


def pulses(row: str) -> list[str]:
    """One repeat as pulse and gap in microseconds: a short pulse is a one."""
    pairs = [(SHORT_US, LONG_US) if bit == "1" else (LONG_US, SHORT_US) for bit in row]
    pairs[-1] = (pairs[-1][0], PAUSE_US)
    return [f"{pulse} {gap}" for pulse, gap in pairs]


@pytest.fixture
def recording(tmp_path):
    """A press as rtl_433 would record it from the air."""
    head = [";pulse data", ";version 1", ";timescale 1us", f";ook {len(ROW) * REPEATS} pulses", ";freq1 433920000"]
    path = tmp_path / "press.ook"
    path.write_text("\n".join([*head, *pulses(ROW) * REPEATS, ";end", ""]), encoding="ascii")
    return path


def rtl_433(*arguments: object) -> str:
    return "exec:" + shlex.join(["rtl_433", "-c", "0", "-F", "json", *map(str, arguments)])


def heard(address: str) -> tuple[list, Rtl433, str]:
    """All frames of one run, the decoder that made them, and how the run ended."""
    port, decoder, frames = open_port(address), Rtl433(), []
    port.open()
    try:
        while True:
            frames += decoder.feed(port.read(0.1))
    except PortLost as lost:
        return frames, decoder, lost.reason
    finally:
        port.close()


def test_bits_come_out_as_a_button_of_a_device():
    frames, decoder, reason = heard(rtl_433("-R", 30, "-y", BITS))
    assert [(frame.event, frame.address) for frame in frames] == [(Event.BUTTON, "Generic-Remote:5069:48")]
    assert reason.startswith("exit code 0")
    assert (decoder.tally.malformed, decoder.tally.noise_bytes) == (0, 0), "standard error was mixed in"


def test_every_repeat_of_a_press_in_the_air_is_heard_as_the_same_press(recording):
    frames, decoder, _ = heard(rtl_433("-r", recording))
    ours = [frame for frame in frames if frame.address == "Generic-Remote:5069:48"]
    assert len(ours) == REPEATS
    assert len({frame.dedup_key for frame in ours}) == 1
    assert decoder.tally.malformed == 0


def test_a_gateway_hears_the_program_again_after_each_of_its_ends(recording):
    ears = Ears()
    gateway = Gateway(
        "radio",
        lambda: open_port(rtl_433("-R", 30, "-r", recording)),
        Rtl433,
        ears,
        SystemClock(),
        lambda: b"",
        threading.Event(),
    )
    with listening(gateway):
        until(lambda: len(ears.kept) >= 2 * REPEATS)
        assert gateway.state.tally.malformed == 0


def test_a_program_without_its_radio_stick_is_a_lost_line():
    frames, _, reason = heard(rtl_433("-d", "rtl_tcp:127.0.0.1:9"))
    assert frames == []
    assert reason.startswith("exit code")
