"""A radio receiver's end of a pseudo-terminal, for measurements: it writes when told and knows when."""

import os
import select
import time
import tty


class Line:
    """The service opens `path`; we write on the other end."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)
        os.close(self._slave)

    def write(self, frame: bytes) -> float:
        """Writes a frame; the monotonic second at which it was about to be written."""
        self._drain()
        at = time.monotonic()
        os.write(self._master, frame)
        return at

    def ask(self, frame: bytes, answer: bytes, timeout_s: float) -> float | None:
        """Milliseconds from writing a frame to its answer; None when none came in time."""
        at = self.write(frame)
        until = at + timeout_s
        while (left_s := until - time.monotonic()) > 0:
            if select.select([self._master], [], [], left_s)[0] and answer in os.read(self._master, 4096):
                return (time.monotonic() - at) * 1000
        return None

    def _drain(self) -> None:
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, 4096)
