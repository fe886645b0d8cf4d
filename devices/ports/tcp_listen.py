"""
TCP connections from many devices on one address (`tcp-listen://0.0.0.0:5000`, `tcp-listen://[::]:5000`).

One selector for all of them, nothing that waits for one of them. Two things are done about file numbers, because ten
thousand watches are ten thousand of them: the process's own limit is raised as far as it may be, and connections are
moved to numbers above those that `select` can look at, which serial lines, the web server and MQTT still need.
"""

import contextlib
import fcntl
import os
import resource
import selectors
import socket
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from devices.ports.addresses import bound_socket, host_and_port
from devices.ports.listener import SAID_BYTES_MAX, SAID_MAX, Said
from devices.ports.port import PortLost

BACKLOG = 1024
"""Connections that the system holds ready for us; after a power cut everybody calls at once."""

ACCEPT_MAX = 128
"""Connections taken at one look, so that a crowd at the door does not silence those inside."""

ANSWERS_MAX = 65_536
"""Bytes of answers that may wait for a talker who does not read; after that its connection is closed."""

FILES_WANTED = 65_536
FILES_KEPT = 512
"""How many open files are asked of the system, and how many of them are left for everything but connections."""

SELECT_MAX = 1024
"""`select` looks at no file number from here on (FD_SETSIZE of the C library)."""

_LASTING = (
    # A radio's battery pays for every probe: after some minutes without an answer the connection counts as lost.
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 300),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)


@dataclass(slots=True, eq=False)
class _Caller:
    """One connection: `unsent` are answers it has not taken yet; `deaf` when it said its last word."""

    name: Hashable
    connection: socket.socket
    unsent: bytearray = field(default_factory=bytearray)
    deaf: bool = False
    leaving: bool = False
    watched: int = 0


class TcpListener:
    """
    A `Listener` over TCP. A talker is one connection: `(host, port, count)`.

    Whoever closes its own side first, as a sender does that waits for its answer, can be answered until it is
    dismissed. Memory and file numbers are bounded; who calls when there is no room is hung up on and counted.
    """

    def __init__(self, address: str) -> None:
        """`tcp-listen://HOST:PORT`; a `ValueError` says what is wrong with it."""
        self._host, self._port = host_and_port(address, scheme="tcp-listen")
        self.unanswered = 0
        self.refused = 0
        self._door: socket.socket | None = None
        self._selector: selectors.BaseSelector | None = None
        self._callers: dict[Hashable, _Caller] = {}
        self._speaking: deque[_Caller] = deque()
        self._told: deque[Said] = deque()
        self._count = 0
        self._room = 0
        self._spare = -1

    @property
    def port(self) -> int:
        """The port listened on, once open: what the machine chose where the address says 0."""
        return 0 if self._door is None else int(self._door.getsockname()[1])

    def open(self) -> None:
        self.close()
        self._room = _room()
        self._door = bound_socket(self._host, self._port, socket.SOCK_STREAM)
        try:
            self._door.listen(BACKLOG)
        except OSError as error:
            self.close()
            raise PortLost(f"cannot listen on {self._host}:{self._port}: {error.strerror}") from error
        self._spare = os.open(os.devnull, os.O_RDONLY)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ, None)

    def poll(self, timeout_s: float) -> Sequence[Said]:
        if self._selector is None:
            raise PortLost("not open")
        if not self._speaking and not self._told:
            self._look(self._selector, timeout_s)
        said: list[Said] = []
        while len(said) < SAID_MAX and (self._told or self._speaking):
            if self._told:
                said.append(self._told.popleft())
            else:
                said += self._hear(self._speaking.popleft())
        return said

    def answer(self, talker: Hashable, data: bytes) -> None:
        caller = self._callers.get(talker)
        if caller is None or len(caller.unsent) + len(data) > ANSWERS_MAX:
            self.unanswered += 1
            if caller is not None:
                self._lose(caller)
            return
        caller.unsent += data
        self._send(caller)

    def confirm(self, said: Said, frames: int) -> None:
        """Nothing: a stream has no receipts but the protocol's own answers."""

    def dismiss(self, talker: Hashable) -> None:
        """Hangs up, once it has taken what was said to it."""
        caller = self._callers.get(talker)
        if caller is not None:
            caller.leaving = True
            self._send(caller)

    def close(self) -> None:
        for caller in list(self._callers.values()):
            self._drop(caller)
        self._speaking.clear()
        self._told.clear()
        selector, self._selector = self._selector, None
        if selector is not None:
            selector.close()
        door, self._door = self._door, None
        if door is not None:
            door.close()
        spare, self._spare = self._spare, -1
        if spare >= 0:
            os.close(spare)

    # ------------------------------------------------------------------------------------------------ looking

    def _look(self, selector: selectors.BaseSelector, timeout_s: float) -> None:
        for key, events in selector.select(timeout_s):
            caller: _Caller | None = key.data
            if caller is None:
                self._welcome()
                continue
            if events & selectors.EVENT_WRITE:
                self._send(caller)
            if events & selectors.EVENT_READ:
                self._speaking.append(caller)

    def _welcome(self) -> None:
        assert self._door is not None
        for _ in range(ACCEPT_MAX):
            try:
                connection, peer = self._door.accept()
            except BlockingIOError:
                return
            except OSError:
                self.refused += 1
                self._turn_away()
                return
            if len(self._callers) < self._room:
                self._admit(_moved_up(connection), peer)
            else:
                self.refused += 1
                connection.close()

    def _turn_away(self) -> None:
        """
        When others have taken all file numbers: with the one kept for this whoever knocks is let in and out again.

        Left at the door it would wake us without end.
        """
        assert self._door is not None
        os.close(self._spare)
        with contextlib.suppress(OSError):
            self._door.accept()[0].close()
        self._spare = os.open(os.devnull, os.O_RDONLY)

    def _admit(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            for level, option, value in _LASTING:
                connection.setsockopt(level, option, value)
        self._count += 1
        caller = _Caller((peer[0], peer[1], self._count), connection)
        self._callers[caller.name] = caller
        self._watch(caller)
        # So that whoever bounds the number of talkers knows of those who never say anything.
        self._told.append(Said(caller.name, b""))

    def _hear(self, caller: _Caller) -> list[Said]:
        """What it said; after its last word it is listened to no more, but may still be answered."""
        if caller.name not in self._callers or caller.deaf:
            return []
        try:
            data = caller.connection.recv(SAID_BYTES_MAX)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            self._drop(caller)
            return [Said(caller.name, b"", ended=True)]
        if not data:
            caller.deaf = True
            self._watch(caller)
        return [Said(caller.name, data, ended=not data)]

    # ------------------------------------------------------------------------------------------------ answering

    def _send(self, caller: _Caller) -> None:
        try:
            while caller.unsent and (sent := caller.connection.send(caller.unsent)):
                del caller.unsent[:sent]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.unanswered += 1
            self._lose(caller)
            return
        if caller.leaving and not caller.unsent:
            self._drop(caller)
        else:
            self._watch(caller)

    def _lose(self, caller: _Caller) -> None:
        """It is gone or takes nothing: whoever keeps its conversation is told, unless it knows."""
        known = caller.deaf or caller.leaving
        self._drop(caller)
        if not known:
            self._told.append(Said(caller.name, b"", ended=True))

    def _drop(self, caller: _Caller) -> None:
        if self._callers.pop(caller.name, None) is None:
            return
        caller.deaf = caller.leaving = True
        caller.unsent.clear()
        self._watch(caller)
        caller.connection.close()

    def _watch(self, caller: _Caller) -> None:
        """What the selector is to tell of this connection: nothing it has no use for, or it would never sleep."""
        wanted = 0 if caller.deaf or caller.leaving else selectors.EVENT_READ
        wanted |= selectors.EVENT_WRITE if caller.unsent else 0
        if self._selector is None or wanted == caller.watched:
            return
        with contextlib.suppress(OSError, KeyError, ValueError):
            if not wanted:
                self._selector.unregister(caller.connection)
            elif caller.watched:
                self._selector.modify(caller.connection, wanted, caller)
            else:
                self._selector.register(caller.connection, wanted, caller)
        caller.watched = wanted


def _room() -> int:
    """How many connections may be open; first the process's own limit is raised to what the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(16, soft - FILES_KEPT - SELECT_MAX if soft > 2 * SELECT_MAX else soft - FILES_KEPT)


def _moved_up(connection: socket.socket) -> socket.socket:
    """The same connection under a number above `SELECT_MAX`, or as it is where the system has none."""
    try:
        number = fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, SELECT_MAX)
    except OSError:
        return connection
    moved = socket.socket(fileno=number)
    connection.close()
    return moved
