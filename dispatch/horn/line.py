"""A serial line by nothing but the system's own calls: raw bytes, no library to be missing."""

import os
import select
import termios

WRITE_S = 2.0
"""A line that takes nothing for so long is blocked."""


class RawLine:
    """A device file, opened raw and without waiting for a carrier. Errors of the system pass through as OSError."""

    def __init__(self, path: str, *, baud: int) -> None:
        """
        Opens it.

        Raises:
            OSError: it is not there, or not ours, or no terminal, or knows no such speed.
        """
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise OSError(f"no serial line runs at {baud} baud")
        self._end = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._make_raw(speed)
        except (termios.error, OSError) as error:
            os.close(self._end)
            raise OSError(f"{path} is no serial line: {error}") from None

    def _make_raw(self, speed: int) -> None:
        attributes = termios.tcgetattr(self._end)
        attributes[0] = attributes[1] = attributes[3] = 0
        # Without HUPCL the relay keeps its state while nobody has the line open.
        attributes[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self._end, termios.TCSANOW, attributes)

    def read(self, timeout_s: float) -> bytes:
        """What has come; nothing after so many seconds."""
        ready, _, _ = select.select([self._end], [], [], timeout_s)
        return os.read(self._end, 4096) if ready else b""

    def write(self, data: bytes) -> None:
        """
        All of this.

        Raises:
            OSError: the line is gone, or took nothing for two seconds.
        """
        while data:
            _, ready, _ = select.select([], [self._end], [], WRITE_S)
            if not ready:
                raise OSError("the line takes nothing")
            data = data[os.write(self._end, data) :]

    def close(self) -> None:
        os.close(self._end)
