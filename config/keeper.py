"""What systemd hears of us: that we are ready, that we make progress, how we are, that we stop."""

import socket
from collections.abc import Callable

import structlog

from config.settings import systemd_socket

log = structlog.get_logger()


def notify(line: str) -> None:
    """
    Tells systemd how we are, where there is one. The library for this drops lines that are not Latin-1, and with them
    the sign of life in the same message; so ours is eight lines. Whatever becomes of it, the service goes on.
    """
    path = systemd_socket()
    if path is None:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line_out:
            line_out.sendto(line.encode(), path.replace("@", "\0", 1) if path.startswith("@") else path)
    except OSError as error:
        log.warning("systemd_not_told", why=error.strerror)


class Keeper:
    """
    Feeds the watchdog while there is progress, and only then: a process that lives and does nothing is ended and begun
    anew (PROMISES, P3 and P4). A disk that keeps nothing is no reason: what was heard waits in memory.
    """

    def __init__(
        self, limit_s: float | None, *, stuck_s: Callable[[], float], status: Callable[[], str],
        tell: Callable[[str], None] = notify,
    ) -> None:  # fmt: skip
        """`limit_s` is systemd's patience, None where it has none; `stuck_s` for how long nothing has moved."""
        self._limit_s = limit_s
        self._stuck_s = stuck_s
        self._status = status
        self._tell = tell
        self._said = ""
        self._stuck = False

    @property
    def every_s(self) -> float | None:
        """How often `turn` wants to be called; None where nobody listens."""
        return None if self._limit_s is None else self._limit_s / 3

    def turn(self) -> None:
        """One sign of life, or none; and how we are where that has changed."""
        if self._limit_s is None:
            return
        stuck_s = self._stuck_s()
        if stuck_s < self._limit_s / 2:
            self._stuck = False
            status = self._status()
            self._tell("WATCHDOG=1" if status == self._said else f"WATCHDOG=1\nSTATUS={status}")
            self._said = status
        elif not self._stuck:
            self._stuck = True
            log.error("no_progress", seconds=round(stuck_s))
