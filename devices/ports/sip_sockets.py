"""
The two ways SIP comes in, on one selector: datagrams on one socket, and as many connections as there is room for.
With a certificate there are connections alone, all of them in TLS.

Nothing here waits for a peer. What a peer does not take is dropped; over UDP it asks again, over TCP it is hung up on.
"""

import contextlib
import selectors
import socket
import ssl
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from devices.ports.addresses import bound_socket
from devices.ports.port import PortLost
from devices.ports.sip_framing import Garbled, SipStream, in_datagram
from devices.ports.sip_message import SipMessage

READ_BYTES = 65_536
"""One read of a connection; no datagram is longer."""

DATAGRAMS_MAX = 128
"""Datagrams taken at one look, so that a flood of them leaves room for connections."""

CALLERS_MAX = 512
"""Connections at once. Units hold theirs for one message; over this the one that has been quiet longest goes."""

UNSENT_MAX = 65_536
"""Bytes of answers that wait for a connection to take them."""

WAITING_BYTES = 1024 * 1024
"""What the system is asked to hold for us while we are busy."""

BACKLOG = 1024
"""Connections that the system holds ready for us; after a power cut everybody calls at once."""

ACCEPT_MAX = 32
"""Connections taken at one look."""

_PORT_TRIES = 20


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a message came from and an answer goes: an address, and the connection if it came on one."""

    host: str
    port: int
    connection: int = 0


@dataclass(slots=True, eq=False)
class _Caller:
    peer: Peer
    socket: socket.socket
    stream: SipStream = field(default_factory=SipStream)
    unsent: bytearray = field(default_factory=bytearray)
    leaving: bool = False
    greeting: bool = False


Heard = tuple[Peer, SipMessage | Garbled]
"""What came, and from whom."""


class SipSockets:
    """
    One address, over UDP and TCP. Used by one thread.

    `unanswered` counts answers that nobody took, `refused` connections that were ended for want of room.
    """

    def __init__(self, host: str, port: int, *, certificate: str = "", key: str = "") -> None:
        """`certificate` and `key` are files in PEM."""
        self.unanswered = 0
        self.refused = 0
        self._host = host
        self._port = port
        self._certificate, self._key = certificate, key
        self._context: ssl.SSLContext | None = None
        self._selector: selectors.BaseSelector | None = None
        self._datagrams: socket.socket | None = None
        self._door: socket.socket | None = None
        self._callers: OrderedDict[int, _Caller] = OrderedDict()
        self._count = 0

    @property
    def port(self) -> int:
        """The port listened on, once open: what the machine chose where the address says 0."""
        return 0 if self._door is None else int(self._door.getsockname()[1])

    def open(self) -> None:
        """Takes the address; `PortLost` when somebody else has it, or the certificate is none."""
        self.close()
        self._context = _context(self._certificate, self._key) if self._certificate else None
        if self._context is None:
            self._datagrams, self._door = _both(self._host, self._port)
            with contextlib.suppress(OSError):
                self._datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING_BYTES)
        else:
            self._door = bound_socket(self._host, self._port, socket.SOCK_STREAM)
            self._door.listen(BACKLOG)
        self._selector = selectors.DefaultSelector()
        for each in filter(None, (self._datagrams, self._door)):
            self._selector.register(each, selectors.EVENT_READ, None)

    def poll(self, timeout_s: float) -> Iterator[Heard]:
        """What has come, at once when there is something; nothing after so many seconds. `PortLost` when not open."""
        if self._selector is None:
            raise PortLost("not open")
        for key, events in self._selector.select(timeout_s):
            caller: _Caller | None = key.data
            if caller is not None:
                yield from self._served(caller, events)
            elif key.fileobj is self._datagrams:
                yield from self._received()
            else:
                self._welcome()

    def send(self, peer: Peer, data: bytes) -> None:
        """To where it says, without waiting; dropped and counted when that is gone or does not read."""
        if not peer.connection:
            self._send_datagram(peer, data)
            return
        caller = self._callers.get(peer.connection)
        if caller is None or len(caller.unsent) + len(data) > UNSENT_MAX:
            self.unanswered += 1
            if caller is not None:
                self._drop(caller)
            return
        caller.unsent += data
        self._flush(caller)

    def hang_up(self, peer: Peer) -> None:
        """Ends a connection once it has taken what was said to it."""
        caller = self._callers.get(peer.connection)
        if caller is not None:
            caller.leaving = True
            self._flush(caller)

    def transport_to(self, peer: Peer) -> str:
        """How a Via names the way to this peer."""
        return "UDP" if not peer.connection else "TLS" if self._context is not None else "TCP"

    def host_towards(self, peer: Peer) -> str:
        """Our own address as this peer knows it; sends nothing."""
        caller = self._callers.get(peer.connection)
        try:
            if caller is not None:
                return str(caller.socket.getsockname()[0])
            with socket.socket(socket.AF_INET6 if ":" in peer.host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((peer.host, peer.port))
                return str(probe.getsockname()[0])
        except (OSError, OverflowError):
            return self._host

    def close(self) -> None:
        """Gives the address back and ends every connection."""
        for caller in list(self._callers.values()):
            self._drop(caller)
        for each in (self._datagrams, self._door, self._selector):
            if each is not None:
                each.close()
        self._datagrams = self._door = self._selector = self._context = None

    # ------------------------------------------------------------------------------------------------ datagrams

    def _received(self) -> Iterator[Heard]:
        assert self._datagrams is not None
        for _ in range(DATAGRAMS_MAX):
            try:
                data, (host, port, *_) = self._datagrams.recvfrom(READ_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                raise PortLost(f"listening failed: {error.strerror}") from error
            yield from _told(Peer(host, port), in_datagram(data))

    def _send_datagram(self, peer: Peer, data: bytes) -> None:
        try:
            assert self._datagrams is not None
            self._datagrams.sendto(data, (peer.host, peer.port))
        except (OSError, OverflowError, AssertionError):
            self.unanswered += 1

    # ------------------------------------------------------------------------------------------------ connections

    def _welcome(self) -> None:
        assert self._door is not None
        for _ in range(ACCEPT_MAX):
            try:
                connection, (host, port, *_) = self._door.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:
                # No file number is left for it: it is let in when somebody has left.
                self._make_room()
                return
            self._admit(connection, host, port)

    def _admit(self, connection: socket.socket, host: str, port: int) -> None:
        assert self._selector is not None
        if len(self._callers) >= CALLERS_MAX:
            self._make_room()
        connection.setblocking(False)
        if self._context is not None:
            try:
                connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            except (OSError, ValueError):
                # It has hung up again before anybody looked.
                connection.close()
                return
        self._count += 1
        caller = _Caller(Peer(host, port, self._count), connection, greeting=self._context is not None)
        self._callers[self._count] = caller
        self._selector.register(connection, selectors.EVENT_READ, caller)

    def _make_room(self) -> None:
        if self._callers:
            self.refused += 1
            self._drop(next(iter(self._callers.values())))

    def _served(self, caller: _Caller, events: int) -> Iterator[Heard]:
        if caller.greeting and not self._greet(caller):
            return
        if events & selectors.EVENT_WRITE and caller.peer.connection in self._callers:
            self._flush(caller)
        if events & selectors.EVENT_READ and caller.peer.connection in self._callers:
            yield from self._read(caller)

    def _greet(self, caller: _Caller) -> bool:
        """Takes a TLS handshake as far as it goes now; whether it is through."""
        assert isinstance(caller.socket, ssl.SSLSocket)
        try:
            caller.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._await(caller, selectors.EVENT_READ)
            return False
        except ssl.SSLWantWriteError:
            self._await(caller, selectors.EVENT_WRITE)
            return False
        except (OSError, ValueError):
            self._drop(caller)
            return False
        caller.greeting = False
        self._await(caller, selectors.EVENT_READ)
        return True

    def _read(self, caller: _Caller) -> Iterator[Heard]:
        try:
            data = caller.socket.recv(READ_BYTES)
            # What TLS has opened already wakes no selector; it is at most one record.
            while data and isinstance(caller.socket, ssl.SSLSocket) and caller.socket.pending():
                data += caller.socket.recv(READ_BYTES)
        except _NOT_NOW:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(caller)
            return
        self._callers.move_to_end(caller.peer.connection)
        yield from _told(caller.peer, caller.stream.feed(data))
        if caller.stream.pinged:
            caller.stream.pinged = 0
            self.send(caller.peer, b"\r\n")

    def _flush(self, caller: _Caller) -> None:
        try:
            if caller.unsent:
                del caller.unsent[: caller.socket.send(caller.unsent)]
        except _NOT_NOW:
            pass
        except OSError:
            self.unanswered += 1
            self._drop(caller)
            return
        if caller.leaving and not caller.unsent:
            self._drop(caller)
        else:
            self._await(caller, selectors.EVENT_READ | (selectors.EVENT_WRITE if caller.unsent else 0))

    def _await(self, caller: _Caller, events: int) -> None:
        if self._selector is not None:
            self._selector.modify(caller.socket, events, caller)

    def _drop(self, caller: _Caller) -> None:
        if self._callers.pop(caller.peer.connection, None) is None:
            return
        if self._selector is not None:
            self._selector.unregister(caller.socket)
        caller.socket.close()


_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Line(ssl.SSLSocket):
    """
    A line in TLS that is shut at once when it has no other end. What the library makes of a line that was reset before
    it was looked at is left open, out of everybody's reach, until it is collected.
    """

    def getpeername(self) -> Any:
        try:
            return super().getpeername()
        except OSError:
            self.close()
            raise


def _context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS as a server: 1.2 or newer, which is what units that are kept up to date speak."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = _Line
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise PortLost(f"the certificate in {certificate} with the key in {key} is of no use: {error}") from error
    return context


def _told(peer: Peer, messages: Iterator[SipMessage]) -> Iterator[Heard]:
    try:
        for message in messages:
            yield peer, message
    except Garbled as garbled:
        yield peer, garbled


def _both(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A socket for datagrams and one for connections on the same port; where the machine chooses, it may have to."""
    lost = PortLost(f"cannot listen on {host}:{port}")
    for _ in range(1 if port else _PORT_TRIES):
        datagrams = bound_socket(host, port, socket.SOCK_DGRAM)
        try:
            door = bound_socket(host, datagrams.getsockname()[1], socket.SOCK_STREAM)
            door.listen(BACKLOG)
        except (PortLost, OSError) as error:
            datagrams.close()
            lost = error if isinstance(error, PortLost) else PortLost(str(error))
            continue
        return datagrams, door
    raise lost
