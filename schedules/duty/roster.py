"""Answers dispatch's question who is on duty, out of a copy of the shifts around now."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.muster import Duty
from schedules.duty.rules import Stretch, changes_after, joined, present
from schedules.duty.store import ReadingEngine, Shifts

WINDOW = timedelta(days=2)
"""So far back and ahead of the asked instant shifts are read."""

DRIFT_MAX = timedelta(days=1)
"""Asked about an instant farther than this from its middle, the copy is read anew, so it always sees a day ahead."""

LOOK_AGAIN = timedelta(seconds=5)
"""A change by another process is seen within this time; one of our own at once, by `forget`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """The stretches around `middle`, as they were at `version`; `looked_at` is when that was last found to be so."""

    version: int
    middle: datetime
    looked_at: datetime
    stretches: list[Stretch]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One duty and the half-open window in which it may be given again without looking at anything."""

    duty: Duty
    start_at: datetime
    end_at: datetime


class Roster:
    """
    Keeps dispatch's promise `DutyRoster`. May be asked from any thread.

    The wall clock is the caller's and comes in as `at`; so a clock that is set wrong gives a wrong answer only for as
    long as it is wrong, and nothing is forgotten by it. An answer is cached until the next change of duty: asking again
    costs microseconds whatever the number of carers.
    """

    def __init__(self, reading_engine: ReadingEngine) -> None:
        self._engine = reading_engine
        self._lock = threading.Lock()
        self._copy: _Copy | None = None
        self._answer: _Answer | None = None

    def on_duty(self, at: datetime) -> Duty:
        """
        Who is on duty at this wall-clock instant, and until when; empty when nobody is.

        Ends are exact up to a day ahead; a stretch of adjoining shifts longer than that may be told shorter than it is.
        `changes_at` is None when nobody comes or goes within the window that was read. The version changes with the
        shifts and with the window.
        """
        answer = self._answer
        if answer is not None and answer.start_at <= at < answer.end_at:
            return answer.duty
        with self._lock:
            self._copy = self._current(at)
            self._answer = answer = _answer(self._copy, at, self._answer)
            return answer.duty

    def forget(self) -> None:
        """The shifts have changed: the next question reads them afresh. Called after the change is committed."""
        with self._lock:  # A question that was under way must not put back what it read before the change.
            self._answer = None
            self._copy = None

    def _current(self, at: datetime) -> _Copy:
        """The copy, read anew if it is of another time or another version."""
        copy = self._copy
        if copy is not None and abs(at - copy.middle) > DRIFT_MAX:
            copy = None
        if copy is not None and abs(at - copy.looked_at) < LOOK_AGAIN:
            return copy
        with self._engine.connect() as connection:
            return _read(Shifts(connection), copy, at)


def _read(shelf: Shifts, copy: _Copy | None, at: datetime) -> _Copy:
    # The version is read first: a change in between makes the copy newer than its version, and the next look mends it.
    version = shelf.version()
    if copy is not None and copy.version == version:
        return _Copy(version=version, middle=copy.middle, looked_at=at, stretches=copy.stretches)
    stretches = joined(shelf.covering(at - WINDOW, at + WINDOW))
    return _Copy(version=version, middle=at, looked_at=at, stretches=stretches)


def _answer(copy: _Copy, at: datetime, last: _Answer | None) -> _Answer:
    """The last answer for a further while if it still holds, else a new one out of the copy."""
    version = f"{copy.version}@{copy.middle:%Y%m%dT%H%M%S}"
    if last is not None and last.duty.version == version and last.start_at <= at < _change(last.duty, at):
        duty, start_at = last.duty, last.start_at
    else:
        changes_at = changes_after(copy.stretches, at)
        duty, start_at = Duty(until=present(copy.stretches, at), version=version, changes_at=changes_at), at
    return _Answer(duty=duty, start_at=start_at, end_at=min(copy.looked_at + LOOK_AGAIN, _change(duty, at)))


def _change(duty: Duty, at: datetime) -> datetime:
    return duty.changes_at or at + LOOK_AGAIN
