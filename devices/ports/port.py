"""
The contract of a port: a line that carries bytes, and what it is to lose one.

To add a kind of line: write `ports/<name>.py` with a class that keeps this contract, and add one line to `PORTS` in
`ports/__init__.py`. Exceptions of foreign libraries never leave a port's file: they become `PortLost` there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

WRITE_S = 0.5
"""Seconds after which a write that does not go through is given up (R21): the same thread must go back to reading."""

READ_BYTES_MAX = 64
"""
The most that one `read` returns: about one line of a radio receiver.

A pendant says everything several times. What is not read yet survives this process in the kernel's buffer, so that the
first copy is on disk before the next is taken; 57,600 baud are ninety such reads a second. Only where calls for help
wait behind each other some more is read before they are kept (`Gateway._hears_on`).
"""


class PortLost(Exception):
    """
    The line is not there (any more): unplugged, closed by the other end, taken by another process, never found.

    `reason` is for people. Whoever gets this closes the port and opens it again later.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PortBlocked(Exception):
    """
    The line is there but took none, or not all, of what was written within `WRITE_S`; reading goes on as before.

    What was sent in part cannot be taken back: the other end repeats what it takes for unanswered.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """
    How a serial line speaks; kinds of line without these notions ignore them.

    `baud` in bits a second, `bytesize` 5 to 8 data bits, `parity` one of `N E O M S`, `stopbits` 1, 1.5 or 2.
    """

    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1


class Port(Protocol):
    """One line. Used by one thread at a time; may be opened again after it was lost and closed."""

    def open(self) -> None:
        """Take the line; `PortLost` when it is not there or somebody else has it. Discards nothing that waits in it."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """
        What has come, at once when there is something, at most `READ_BYTES_MAX` bytes; `b""` after so many seconds.

        `PortLost` when the line is gone; what came before that was returned by the reads before.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of this, within `WRITE_S`; `PortBlocked` when it does not go through, `PortLost` when it is gone."""
        ...

    def close(self) -> None:
        """Give the line back. Never raises, may be called again, and before `open`."""
        ...


PortFactory = Callable[[str, LineSettings], Port]
"""Makes a port, not opened yet, from the whole address. A `ValueError` says what is wrong with the address."""
