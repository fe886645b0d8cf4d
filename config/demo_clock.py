"""The clock of a past that is lived through by hand."""

from datetime import UTC, datetime

from dispatch.clock import Instant


class PastClock:
    """Both clocks, moved by hand from a day in the past."""

    def __init__(self, now: datetime) -> None:
        self._start, self._now = now, now

    def look(self) -> Instant:
        return Instant(wall=self._now, steady_s=(self._now - self._start).total_seconds(), boot="past")

    def now(self) -> datetime:
        return self._now

    def to(self, at: datetime) -> None:
        self._now = max(self._now, at.astimezone(UTC))
