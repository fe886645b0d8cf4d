"""A receiver behind a serial server: COM port control over Telnet (RFC 2217), whose server half is pyserial's own."""

import contextlib
import os
import socket
import threading
import tty

import pytest
import serial
import serial.rfc2217

from devices.decoders.surgard import ACK, Surgard, encode
from devices.gateway import Gateway
from devices.ports import PortLost, open_port
from dispatch.clock import SystemClock
from tests.fakes.line import Ears, listening, until
from tests.ports import free_port

# pyserial's client makes its thread by names that Python 3.10 has put out of use.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name).. is deprecated:DeprecationWarning")


class Wireless(serial.Serial):
    """A pseudo-terminal has bytes and no wires; asked for those it raises."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    _update_rts_state = _update_dtr_state


class SerialServer:
    """One pseudo-terminal at one TCP port, for one client after another. `line` is the receiver's end."""

    def __init__(self) -> None:
        self.line, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._serial = Wireless(os.ttyname(self._slave), timeout=0.02)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self._manager: serial.rfc2217.PortManager | None = None
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._accept, self._forward)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        return f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def baudrate(self) -> int:
        return self._serial.baudrate

    def hang_up(self) -> None:
        with self._lock:
            self._manager = None
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def write(self, data: bytes) -> None:
        """What the protocol's half has to say to the client."""
        with self._lock:
            if self._client is not None:
                self._client.sendall(data)

    def close(self) -> None:
        self._ending.set()
        self.hang_up()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
        self._listener.close()
        self._serial.close()
        for end in (self.line, self._slave):
            os.close(end)

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._client = client
            self._manager = serial.rfc2217.PortManager(self._serial, self)
            self._serve(client, self._manager)

    def _serve(self, client: socket.socket, manager: serial.rfc2217.PortManager) -> None:
        try:
            while data := client.recv(1024):
                self._serial.write(b"".join(manager.filter(data)))
        except OSError:
            pass
        finally:
            client.close()

    def _forward(self) -> None:
        while not self._ending.is_set():
            manager = self._manager
            try:
                data = self._serial.read(1) if manager is not None else b""
                if data and manager is not None:
                    data += self._serial.read(self._serial.in_waiting)
                    self.write(b"".join(manager.escape(data)))
            except (OSError, TypeError, serial.SerialException):
                pass
            if manager is None:
                self._ending.wait(0.01)


@pytest.fixture
def server():
    server = SerialServer()
    yield server
    server.close()


def test_the_settings_reach_the_line_behind_the_server(server):
    port = open_port(server.address, baud=1200)
    port.open()
    assert server.baudrate == 1200
    port.close()


def test_every_byte_passes_both_ways_the_one_that_telnet_doubles_too(server):
    port = open_port(server.address, baud=9600)
    port.open()
    whole = bytes(range(256))
    os.write(server.line, whole)
    heard = b""
    while len(heard) < len(whole):
        heard += (more := port.read(5.0))
        assert more
    assert heard == whole
    port.write(whole)
    said = b""
    while len(said) < len(whole):
        said += os.read(server.line, 1024)
    assert said == whole
    port.close()


def test_a_receiver_behind_it_is_heard_answered_and_heard_again_after_the_connection_was_lost(server):
    ears = Ears()
    gateway = Gateway(
        "server", lambda: open_port(server.address), Surgard, ears, SystemClock(), lambda: b"", threading.Event()
    )  # fmt: skip
    with listening(gateway):
        until(lambda: server._manager is not None)
        os.write(server.line, encode("1234"))
        assert os.read(server.line, 1) == ACK
        server.hang_up()
        until(lambda: server._manager is not None)
        os.write(server.line, encode("5678"))
        assert os.read(server.line, 1) == ACK
    assert ["1234" in ears.kept[0], "5678" in ears.kept[-1]] == [True, True]


def test_a_server_that_is_not_there_is_a_lost_line():
    port = open_port(f"rfc2217://127.0.0.1:{free_port()}")
    with pytest.raises(PortLost):
        port.open()
