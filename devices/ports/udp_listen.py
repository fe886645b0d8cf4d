"""Datagrams from many devices on one address (`udp-listen://0.0.0.0:5140`), as `rtl_433 -F syslog:…` sends them."""

import contextlib
import select
import socket
from collections.abc import Hashable, Sequence

from devices.ports.addresses import bound_socket, host_and_port
from devices.ports.listener import SAID_MAX, Said
from devices.ports.port import PortLost

DATAGRAM_MAX = 65_536
"""No datagram is longer."""

WAITING_BYTES = 4 * 1024 * 1024
"""What the system is asked to hold for us while we are busy; it gives as much as `net.core.rmem_max` allows."""


class UdpListener:
    """
    A `Listener` over UDP. A talker is the address it sends from, for as long as its conversation lasts.

    A datagram is one piece, never cut. Nobody says that it goes; a decoder ends when its talker has been quiet.
    """

    def __init__(self, address: str) -> None:
        """`udp-listen://HOST:PORT`; a `ValueError` says what is wrong with it."""
        self._host, self._port = host_and_port(address, scheme="udp-listen")
        self.unanswered = 0
        self.refused = 0
        self._socket: socket.socket | None = None
        self._waiting = select.poll()

    @property
    def port(self) -> int:
        """The port listened on, once open: what the machine chose where the address says 0."""
        return 0 if self._socket is None else int(self._socket.getsockname()[1])

    def open(self) -> None:
        self.close()
        self._socket = bound_socket(self._host, self._port, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING_BYTES)
        self._waiting = select.poll()
        self._waiting.register(self._socket, select.POLLIN)

    def poll(self, timeout_s: float) -> Sequence[Said]:
        if self._socket is None:
            raise PortLost("not open")
        said: list[Said] = []
        try:
            self._waiting.poll(timeout_s * 1000)
            while len(said) < SAID_MAX:
                data, peer = self._socket.recvfrom(DATAGRAM_MAX)
                said.append(Said(peer, data))
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            if not said:
                raise PortLost(f"listening failed: {error.strerror}") from error
            # What came before is still worth hearing; the next look finds the failure again.
        return said

    def answer(self, talker: Hashable, data: bytes) -> None:
        try:
            assert self._socket is not None
            self._socket.sendto(data, talker)  # type: ignore[call-overload]
        except (OSError, AssertionError):
            self.unanswered += 1

    def confirm(self, said: Said, frames: int) -> None:
        """Nothing: a datagram has no receipt but the protocol's own answer."""

    def dismiss(self, talker: Hashable) -> None:
        """Nothing: there is no connection to end."""

    def close(self) -> None:
        bound, self._socket = self._socket, None
        if bound is not None:
            bound.close()
