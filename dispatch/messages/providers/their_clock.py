"""
What time it is for whoever answers us, by the header Date of their answers: our own clock may be wrong.

A provider signs, and judges what is signed, by its own clock. A machine whose clock was never set would otherwise
refuse every answer that its provider hands on as too old, and be refused itself for asking in another year.
"""

import threading
from datetime import datetime, timedelta

from dispatch.clock import Clock, Instant

_YEAR_MAX = 9000
"""A Date of later than this is nobody's clock, and there would be no time behind it to reckon with."""


class TheirClock:
    """
    One provider's clock. Safe to use from several threads.

    Steady time carries on what they said last, so that a step of our own clock moves nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._told: tuple[datetime, Instant] | None = None

    def told(self, date: datetime | None) -> None:
        """They have just answered with this Date (aware UTC); None: with none."""
        if date is not None and date.year < _YEAR_MAX:
            with self._lock:
                self._told = (date, self._clock.look())

    def now(self) -> datetime | None:
        """Their time, to a second or two; None while they have told none to this process."""
        with self._lock:
            told = self._told
        if told is None:
            return None
        date, seen = told
        return date + timedelta(seconds=self._clock.look().steady_s - seen.steady_s)

    def ours(self, at: datetime) -> datetime:
        """A moment by their clock, as our own clock has it; as it is while nothing is known of theirs."""
        theirs = self.now()
        try:
            return at if theirs is None else at + (self._clock.now() - theirs)
        except OverflowError:
            return at
