"""Serial lines as the kernel makes them: pseudo-terminals, opened by the port, pulled out from under it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import termios
import threading
import tty

import pytest

from devices.decoders.rflink import PING, Rflink
from devices.decoders.surgard import Surgard
from devices.dialects import RflinkDialect, SurgardDialect
from devices.gateway import Gateway
from devices.line import Condition
from devices.ports import LineSettings, PortBlocked, PortLost, open_port
from devices.ports.stdin import StdinPort
from devices.simulator import Simulator
from dispatch.clock import SystemClock
from tests.fakes.clock import HandClock
from tests.fakes.line import Ears, listening, until
from tests.need import need

PENDANT = "EV1527:0a1b2c:08"


@pytest.fixture
def pty():
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    with contextlib.suppress(OSError):
        os.close(master)


@pytest.fixture
def take():
    """Open ports that are closed again when the test ends."""
    taken = []

    def opened(address, **settings):
        taken.append(port := open_port(str(address), **settings))
        port.open()
        return port

    yield opened
    for port in taken:
        port.close()


def gateway_on(path, decoder, ears, conditions=None) -> Gateway:
    return Gateway(
        "east",
        lambda: open_port(str(path), baud=57600),
        decoder,
        ears,
        SystemClock(),
        lambda: b"",
        threading.Event(),
        on_state=None if conditions is None else lambda state: conditions.append(state.condition),
    )


def all_of(port, count: int) -> bytes:
    data = b""
    for _ in range(50):
        data += port.read(0.1)
        if len(data) >= count:
            break
    return data


# ------------------------------------------------------------------------------------------------ the port


def test_what_waited_in_the_line_before_it_was_opened_is_heard(pty, take):
    """pyserial by itself throws it away at opening."""
    master, name = pty
    os.write(master, b"a press")
    assert take(name, baud=57600).read(5) == b"a press"


def test_what_waited_on_a_connection_is_heard_too(take):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"socket://127.0.0.1:{server.getsockname()[1]}"
        opening = threading.Thread(target=lambda: ports.append(take(address)))
        ports = []
        opening.start()
        other, _ = server.accept()
        other.sendall(b"a press")
        opening.join()
        with other:
            assert all_of(ports[0], 7) == b"a press"
            ports[0].write(b"\x06")
            assert other.recv(1) == b"\x06"
        with pytest.raises(PortLost):
            all_of(ports[0], 1)


@pytest.mark.parametrize("settings", [{"baud": 19200, "bytesize": 7, "parity": "E"}, {"baud": 9600, "stopbits": 2}])
def test_the_settings_of_a_receiver_are_taken(pty, take, settings):
    master, name = pty
    for _ in range(2):
        port = take(name, **settings)
        os.write(master, b"x")
        assert port.read(5) == b"x"
        port.close()


def test_every_byte_passes_unchanged_both_ways(pty, take):
    master, name = pty
    port = take(name)
    everything = bytes(range(256))
    os.write(master, everything)
    assert all_of(port, 256) == everything
    port.write(everything)
    assert os.read(master, 512) == everything


def test_closing_does_not_hang_up(pty, take):
    """With HUPCL, DTR would drop at closing and rise at opening: an Arduino would start anew with every restart."""
    master, name = pty
    take(name).close()
    assert not termios.tcgetattr(master)[2] & termios.HUPCL


def test_two_openers_of_one_line_refuse_each_other(pty, take):
    _, name = pty
    first = take(name)
    with pytest.raises(PortLost, match="lock"):
        take(name)
    first.close()
    take(name)


def test_another_process_is_refused_as_well(pty, take):
    _, name = pty
    take(name)
    script = (
        "import sys; from devices.ports import PortLost, open_port\n"
        "try: open_port(sys.argv[1]).open()\n"
        "except PortLost: sys.exit(42)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, name], check=False).returncode == 42


def test_a_full_line_is_given_up_in_half_a_second_and_read_on(pty, take):
    master, name = pty
    port = take(name)
    with pytest.raises(PortBlocked):
        port.write(b"x" * 200_000)
    os.write(master, b"a press")
    assert port.read(5) == b"a press"


def test_a_pulled_adapter_is_a_lost_line_for_reading_and_writing(pty, take):
    master, name = pty
    port = take(name)
    os.close(master)
    with pytest.raises(PortLost):
        port.read(0.2)
    with pytest.raises(PortLost):
        port.write(b"x")


def test_a_lost_line_can_be_opened_again_by_the_same_port(tmp_path, take):
    with Simulator(tmp_path, RflinkDialect()) as simulator:
        port = take(simulator.path)
        simulator.unplug()
        with pytest.raises(PortLost):
            port.read(0.2)
        port.close()
        with pytest.raises(PortLost, match="No such file"):
            port.open()
        simulator.plug()
        port.open()
        simulator.noise()
        assert port.read(5)


@pytest.mark.parametrize("address", ["", "carrier-pigeon:coop", "stdin:something", "exec:", "nosuch://host"])
def test_an_address_that_cannot_be_is_refused_before_anything_is_opened(address):
    with pytest.raises(ValueError, match=r"."):
        open_port(address)


def test_a_setting_that_cannot_be_is_refused_before_anything_is_opened():
    with pytest.raises(ValueError, match="parity"):
        open_port("/dev/ttyUSB0", parity="maybe")


def test_standard_input_is_a_line_that_ends(tmp_path):
    reader, writer = os.pipe()
    port = StdinPort(number=reader)
    port.open()
    assert port.read(0.01) == b""
    os.write(writer, b"line\n")
    assert port.read(5) == b"line\n"
    os.close(writer)
    with pytest.raises(PortLost, match="end of standard input"):
        port.read(0.5)
    os.close(reader)


def test_settings_are_those_of_most_receivers_unless_told():
    assert LineSettings() == LineSettings(baud=9600, bytesize=8, parity="N", stopbits=1)


# ------------------------------------------------------------------------------------------------ with a gateway on it


def test_a_press_before_the_service_is_up_is_heard_when_it_is(tmp_path):
    ears = Ears()
    with Simulator(tmp_path, RflinkDialect()) as simulator:
        simulator.press(PENDANT)
        with listening(gateway_on(simulator.path, Rflink, ears)):
            until(lambda: len(ears.kept) == 4)
    assert all("0a1b2c" in line for line in ears.kept)


def test_unplugged_in_mid_frame_and_plugged_in_again(tmp_path):
    """R1 and R2 on a real line: the half is forgotten, the next press is heard, each change is said once."""
    ears, conditions = Ears(), []
    with Simulator(tmp_path, RflinkDialect()) as simulator:
        gateway = gateway_on(simulator.path, Rflink, ears, conditions)
        with listening(gateway):
            until(lambda: gateway.state.connected)
            simulator._write(b"20;01;EV1527;ID=ffffff;SWI")
            simulator.unplug()
            until(lambda: gateway.state.condition is Condition.LOST)
            simulator.plug()
            simulator.noise()
            simulator.press(PENDANT)
            until(lambda: ears.kept and "0a1b2c" in ears.kept[-1])
    assert conditions == [Condition.CONNECTED, Condition.LOST, Condition.CONNECTED]
    assert not [line for line in ears.kept if "ffffff" in line]


def test_a_receiver_is_answered_and_repeats_when_it_is_not(tmp_path):
    ears = Ears()
    with Simulator(tmp_path, SurgardDialect(), answer_s=0.3) as simulator:
        assert not simulator.press("1234:001"), "nobody listens yet"
        with listening(gateway_on(simulator.path, Surgard, ears)):
            until(lambda: simulator.press("5678:002"))
            # Its answer may be the one to a message of before; lines are heard in their order, so the last says all.
            until(lambda: any("5678" in line for line in ears.kept))
    assert [line for line in ears.kept if "1234" in line] == ["5011 181234E10101001\x14"] * 4


@pytest.mark.error_lines("frame_not_kept")
def test_a_receiver_is_not_answered_before_its_message_is_kept(tmp_path):
    ears = Ears()
    ears.misses = 1_000_000
    with Simulator(tmp_path, SurgardDialect(), answer_s=0.3) as simulator:
        gateway = gateway_on(simulator.path, Surgard, ears)
        with listening(gateway):
            assert not simulator.press("1234:001")
            assert simulator.heard == b""
            ears.misses = 0
            until(lambda: b"\x06" in simulator.heard)
            assert ears.kept


def test_a_garbled_message_is_refused(tmp_path):
    with Simulator(tmp_path, SurgardDialect()) as simulator, listening(gateway_on(simulator.path, Surgard, Ears())):
        simulator._write(b"5011 18!!34E121\x14")
        until(lambda: simulator.heard == b"\x15")


def test_a_quiet_receiver_is_asked_whether_it_lives_and_answers(tmp_path):
    class Asking(Rflink):
        keepalive = PING

    ears, clock = Ears(), HandClock()
    with Simulator(tmp_path, RflinkDialect()) as simulator:
        gateway = Gateway(
            "east", lambda: open_port(str(simulator.path)), Asking, ears, clock, lambda: b"", threading.Event()
        )
        with listening(gateway):
            until(lambda: gateway.state.connected)
            clock.advance(60)
            until(lambda: ears.kept == ["20;01;PONG;"])


def test_what_was_said_before_the_plug_was_pulled_is_heard(tmp_path):
    """Bytes and loss may meet in one read; every length of the last words is tried."""
    for count in (1, 2, 100, 4000):
        master, slave = os.openpty()
        tty.setraw(slave)
        port = open_port(os.ttyname(slave))
        port.open()
        os.write(master, b"x" * count)
        assert port.read(5)[:1] == b"x"
        os.close(master)
        with pytest.raises(PortLost):
            all_of(port, 5000)
        port.close()
        os.close(slave)


def test_through_the_pair_that_socat_makes(tmp_path):
    need(shutil.which("socat"), "socat not found: apt install socat")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ears = Ears()
    pair = subprocess.Popen(["socat", f"pty,raw,echo=0,link={ours}", f"pty,raw,echo=0,link={theirs}"])
    try:
        with listening(gateway := gateway_on(ours, Surgard, ears)):
            until(lambda: gateway.state.connected)
            with open(theirs, "r+b", buffering=0) as receiver:
                receiver.write(b"5011 181234E12101001\x14")
                assert receiver.read(1) == b"\x06"
            pair.terminate()
            until(lambda: gateway.state.condition is Condition.LOST)
    finally:
        pair.kill()
        pair.wait()
    assert ears.kept == ["5011 181234E12101001\x14"]
