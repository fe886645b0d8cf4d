"""
Whether files that people bring hold something known to be malicious, by the word of a clamd of the installer's.

```
  files ──► a free place? ──► one connection each: zINSTREAM, pieces, an empty piece ──► "stream: OK" ──► go on
               │ no                │ nothing, or nonsense, within the seconds for all              "… FOUND"
               └──────► Unscanned ◄┘                                                              └──► Infected
```

The commands are those of clamd(8), "COMMANDS". All of it together has a total number of seconds, a name is never looked
up, and only so many requests wait here at once: whatever a scanner does, the rest of the service has its threads.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Sequence
from typing import IO

import structlog

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid

AT_ONCE_MAX = 8
"""Requests that are scanned at the same time; clamd itself looks at ten (MaxThreads)."""

PLACE_S = 1.0
"""So long a request waits for a free place among them."""

PIECE = 64 * 1024
REPLY_MAX = 4096

log = structlog.get_logger()


class Infected(Invalid):
    """The scanner knows what is in this file."""


class Unscanned(Conflict):
    """Nobody could say whether this file is harmless, so it is not kept."""


class Silent(Exception):
    """The scanner did not answer, or not in words that it has; its text is a code of why."""


class Scanner:
    """Asks the clamd at `address`: the path of its socket, or HOST:PORT with the host's number. Any thread may."""

    def __init__(self, address: str, clock: Clock, *, total_s: float, place_s: float = PLACE_S) -> None:
        self._address = address
        self._clock = clock
        self._total_s = total_s
        self._place_s = place_s
        self._places = threading.BoundedSemaphore(AT_ONCE_MAX)

    def __call__(self, files: Sequence[IO[bytes]]) -> None:
        """
        Returns when all of them are harmless, each at its beginning again.

        Raises:
            Infected: one of them is not.
            Unscanned: the scanner did not say within the seconds, or too many others wait for it.
        """
        ends_s = self._clock.look().steady_s + self._total_s
        if not self._places.acquire(timeout=self._place_s):
            raise _unscanned("too_many")
        try:
            for each in files:
                self._look(each, ends_s)
        except Silent as silent:
            raise _unscanned(str(silent)) from None
        finally:
            self._places.release()

    def answers(self) -> str:
        """Empty where the scanner is there, else a code of why not."""
        try:
            with self._connected(self._clock.look().steady_s + self._total_s) as line:
                said = line.ask(b"zPING\0")
        except Silent as silent:
            return str(silent)
        return "" if said == "PONG" else "no_clamd"

    def _look(self, file: IO[bytes], ends_s: float) -> None:
        file.seek(0)
        with self._connected(ends_s) as line:
            said = line.ask(b"zINSTREAM\0", file)
        file.seek(0)
        found = re.fullmatch(r"stream: (.+) FOUND", said)
        if found:
            log.warning("file_infected", signature=found[1][:80])
            raise Infected("This file holds something malicious, says the scanner; it was not kept.")
        if said != "stream: OK":
            raise Silent("too_large" if "size limit" in said else "no_clamd")

    def _connected(self, ends_s: float) -> "_Line":
        return _Line(self._address, lambda: ends_s - self._clock.look().steady_s)


class _Line:
    """One connection to it; `left_s` says how many seconds there are for everything that is still to be done."""

    def __init__(self, address: str, left_s: Callable[[], float]) -> None:
        self._left_s = left_s
        host, _, port = address.rpartition(":")
        where: tuple[str, int] | str = address if address.startswith("/") else (host.strip("[]"), int(port))
        family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._timed().connect(where)
        except OSError as error:
            self._socket.close()
            raise _silent(error) from None

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, command: bytes, file: IO[bytes] | None = None) -> str:
        """What it says to this command, and to the file behind it."""
        try:
            self._timed().sendall(command)
            if file is not None:
                self._send(file)
            return self._answer()
        except OSError as error:
            raise _silent(error) from None

    def _send(self, file: IO[bytes]) -> None:
        # It takes no more of a file that is too large for it; why has been said then, and is read next.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while piece := file.read(PIECE):
                self._timed().sendall(len(piece).to_bytes(4, "big") + piece)
            self._timed().sendall(bytes(4))

    def _answer(self) -> str:
        said = b""
        while not said.endswith(b"\0"):
            piece = self._timed().recv(REPLY_MAX)
            said += piece
            if not piece or len(said) > REPLY_MAX:
                raise Silent("no_clamd")
        return said[:-1].decode("utf-8", "replace").strip()

    def _timed(self) -> socket.socket:
        left_s = self._left_s()
        if left_s <= 0:
            raise Silent("timeout")
        self._socket.settimeout(left_s)
        return self._socket


def _silent(error: OSError) -> Silent:
    return Silent("timeout" if isinstance(error, TimeoutError) else "no_connection")


def _unscanned(why: str) -> Unscanned:
    log.warning("file_not_scanned", why=why)
    return Unscanned(
        "The scanner did not say that this file is harmless, so it was not kept. Try again later, or go on without the "
        "file; whoever runs the service finds the reason with `anling doctor`."
    )
