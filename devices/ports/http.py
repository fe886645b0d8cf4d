"""Requests of the web as a line (`http:`): what another system posts to us is handed to this gateway's decoder."""

import threading
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from devices.ports.listener import SAID_MAX, Said
from devices.ports.port import PortLost
from dispatch.errors import Busy

BODY_MAX = 16 * 1024
"""Bytes of one request: what a tracking server forwards is some 2 KB, and no more frames than the backlog holds."""

REQUESTS_MAX = 8
"""Requests that may wait at once; each holds a thread of the web server, and carers' answers need those too."""

WAIT_S = 8.0
"""After so long a sender is told to come again; what it said is kept all the same as soon as it can be."""


@dataclass(slots=True, eq=False)
class _Request:
    """A request that waits: when it is `settled`, `frames` is how many were understood in it, None if we stopped."""

    answer: bytearray = field(default_factory=bytearray)
    frames: int | None = None
    settled: threading.Event = field(default_factory=threading.Event)


class HttpDoor:
    """
    A `Listener` that is spoken to by threads of the web server. A talker is one request.

    `hand_over` may be called from any thread; the rest is used by the gateway's.
    """

    def __init__(self, address: str = "http:", *, wait_s: float = WAIT_S) -> None:
        """`ValueError` when something follows `http:`; `wait_s` is how long a request may wait."""
        if address != "http:":
            raise ValueError(f"nothing may follow 'http:': {address!r}")
        self.unanswered = 0
        self.refused = 0
        self._wait_s = wait_s
        self._open = False
        self._count = 0
        self._arrived: deque[Said] = deque()
        self._requests: dict[Hashable, _Request] = {}
        self._changed = threading.Condition()

    def hand_over(self, body: bytes) -> tuple[int, bytes]:
        """
        How many frames were in it, and what the decoder says to the sender; returned when all of them are durable.

        Raises:
            Busy: the gateway does not listen, too many wait, or it could not be made durable in time. Saying the same
                again is harmless.
        """
        talker, request = self._admit(body)
        request.settled.wait(self._wait_s)
        with self._changed:
            self._requests.pop(talker, None)
        if request.frames is None:
            raise Busy("It could not be kept in time. Please send it again.")
        return request.frames, bytes(request.answer)

    def _admit(self, body: bytes) -> tuple[int, _Request]:
        with self._changed:
            if not self._open or len(self._requests) >= REQUESTS_MAX:
                self.refused += 1
                raise Busy("This gateway takes nothing at the moment. Please send it again.")
            self._count += 1
            request = self._requests[self._count] = _Request()
            self._arrived.append(Said(self._count, body, ended=True, receipt=self._count))
            self._changed.notify()
            return self._count, request

    def open(self) -> None:
        with self._changed:
            self._open = True

    def poll(self, timeout_s: float) -> Sequence[Said]:
        with self._changed:
            if not self._open:
                raise PortLost("not open")
            self._changed.wait_for(lambda: self._arrived, timeout_s)
            return [self._arrived.popleft() for _ in range(min(SAID_MAX, len(self._arrived)))]

    def answer(self, talker: Hashable, data: bytes) -> None:
        with self._changed:
            request = self._requests.get(talker)
        if request is None:
            self.unanswered += 1
        else:
            request.answer += data

    def confirm(self, said: Said, frames: int) -> None:
        with self._changed:
            request = self._requests.get(said.receipt)
        if request is not None:
            request.frames = frames
            request.settled.set()

    def dismiss(self, talker: Hashable) -> None:
        """Nothing: a request ends when it is answered."""

    def close(self) -> None:
        with self._changed:
            self._open = False
            self._arrived.clear()
            for request in self._requests.values():
                request.settled.set()
