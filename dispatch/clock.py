"""The only file that asks the machine what time it is, for wall time and steady time both."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """
    One look at both clocks.

    `wall` is aware UTC and may be set by anybody; `steady_s` are seconds that only ever grow while `boot` stays the
    same.
    """

    wall: datetime
    steady_s: float
    boot: str

    def __post_init__(self) -> None:
        assert self.wall.tzinfo is UTC


class Clock(Protocol):
    """Where the time comes from. Handed in, so that a test or a simulation can bring its own."""

    def look(self) -> Instant:
        """Both clocks at this moment."""
        ...

    def now(self) -> datetime:
        """The wall clock: aware UTC."""
        ...


class SystemClock:
    """The machine's own clocks. Steady time counts through suspension where the system can say so."""

    def __init__(self) -> None:
        self._boot = _boot_id()
        self._steady = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def look(self) -> Instant:
        return Instant(wall=self.now(), steady_s=time.clock_gettime(self._steady), boot=self._boot)

    def now(self) -> datetime:
        return datetime.now(UTC)


def jump_s(before: Instant, after: Instant) -> float:
    """
    Seconds by which somebody moved the wall clock between two looks; negative when it was set back.

    Zero across a restart of the machine, because steady time does not reach over it.
    """
    if before.boot != after.boot:
        return 0.0
    return (after.wall - before.wall).total_seconds() - (after.steady_s - before.steady_s)


@cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip().replace("-", "")
    except OSError:
        # Without a boot id two boots look like one; then steady time only speaks for this process.
        return f"process{time.monotonic_ns()}"
