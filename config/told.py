"""Whether this process was told to end, by a signal or by its own pages."""

import signal
import threading
from types import FrameType

LOOK_S = 0.25
"""How often a process looks whether it was told to end."""


class Told:
    """
    Whether somebody has told this process to end.

    The handler only sets a plain flag: an Event takes a lock in `set` that the interrupted `wait` may hold, and a
    signal can come between its last look and its sleep. So the flag is looked at twice a second.
    """

    def __init__(self) -> None:
        self._told = False
        self.anew = False
        self._pause = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def wait(self, limit_s: float | None = None) -> bool:
        """Returns True once told to end, or False when the time is over."""
        waited_s = 0.0
        while not self._told and (limit_s is None or waited_s < limit_s):
            self._pause.wait(LOOK_S)
            waited_s += LOOK_S
        return self._told

    def begin_anew(self) -> None:
        """Ends, and begins again in the same place: what the setup wizard chose is in force then."""
        self.anew = self._told = True

    def _tell(self, number: int, _: FrameType | None) -> None:
        self._told = True
