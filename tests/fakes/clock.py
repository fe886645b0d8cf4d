"""Clocks that are moved by hand, or in a hurry."""

import threading
from datetime import UTC, datetime, timedelta

from dispatch.clock import Instant, SystemClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday far from any change of day or season in the zones the tests use."""


class HandClock:
    """
    Both clocks of `dispatch.clock.Clock`, standing still until somebody moves them. May be read from any thread.

    `wall` and `steady` may be set outright; `advance` lets time pass, `step_wall` is somebody setting the wall clock.
    """

    def __init__(self, wall: datetime = NOON, *, steady: float = 1_000.0, boot: str = "boot1") -> None:
        self._lock = threading.Lock()
        self._wall = _utc(wall)
        self._steady = steady
        self._boot = boot

    @property
    def wall(self) -> datetime:
        return self._wall

    @wall.setter
    def wall(self, at: datetime) -> None:
        with self._lock:
            self._wall = _utc(at)

    @property
    def steady(self) -> float:
        return self._steady

    @steady.setter
    def steady(self, seconds: float) -> None:
        with self._lock:
            self._steady = seconds

    def look(self) -> Instant:
        with self._lock:
            return Instant(wall=self._wall, steady_s=self._steady, boot=self._boot)

    def now(self) -> datetime:
        return self.look().wall

    def advance(self, seconds: float) -> datetime:
        """Time passes on both clocks; gives back the new wall time."""
        assert seconds >= 0, "time does not run backwards; step_wall sets the wall clock back"
        with self._lock:
            self._wall += timedelta(seconds=seconds)
            self._steady += seconds
            return self._wall

    def step_wall(self, seconds: float) -> datetime:
        """Somebody sets the wall clock forward or back; the steady one does not notice."""
        with self._lock:
            self._wall += timedelta(seconds=seconds)
            return self._wall

    def reboot(self, boot: str) -> None:
        """The machine starts again: steady time begins anew and does not reach over the restart."""
        with self._lock:
            self._boot, self._steady = boot, 0.0


class HurriedClock(SystemClock):
    """
    The machine's clocks, the steady one further on whenever somebody says so.

    Never faster: limits that are meant for answers would shrink with it, and a busy machine would not keep them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._skipped_s = 0.0

    def look(self) -> Instant:
        seen = super().look()
        return Instant(wall=seen.wall, steady_s=seen.steady_s + self._skipped_s, boot=seen.boot)

    def advance(self, seconds: float) -> None:
        """So much passes at once."""
        self._skipped_s += seconds


def _utc(at: datetime) -> datetime:
    assert at.tzinfo is not None, "aware instants only"
    return at.astimezone(UTC)
