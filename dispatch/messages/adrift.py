"""
Letters whose claim is durable, though whoever asked for it has given up waiting.

A unit of work that waits for the disk may end well after its caller was told that the database is busy. Then the claim
stands and nobody carries the letter: it would wait for its lease, and for a second try behind that. So whoever gives up
leaves its jobs here, and the courier carries those that turn out to be claimed.
"""

import threading
from collections.abc import Callable

from dispatch.clock import Clock
from dispatch.messages.job import Job
from dispatch.store.database import Engine
from dispatch.store.outbox import LEASE, Outbox

Take = Callable[[Job], bool]
"""Carries a job on a place of its own; False when none is free."""


class Adrift:
    """Jobs of claims that may have become durable. May be used from any thread."""

    def __init__(self, reading: Engine, clock: Clock) -> None:
        self._reading = reading
        self._clock = clock
        self._lock = threading.Lock()
        self._left: list[tuple[float, list[Job], Take]] = []

    def __bool__(self) -> bool:
        return bool(self._left)

    def leave(self, jobs: list[Job], take: Take) -> None:
        """`jobs` is looked at later: a unit that has not run yet may still fill it."""
        with self._lock:
            self._left.append((self._clock.look().steady_s, jobs, take))

    def take_up(self) -> None:
        """Those whose claim is on file and holds are carried; what was not claimed within a lease is forgotten."""
        now_s = self._clock.look().steady_s
        for _, jobs, take in list(self._left):
            for job in list(jobs):
                if self._is_claimed(job) and take(job):
                    jobs.remove(job)
        with self._lock:
            self._left = [each for each in self._left if now_s - each[0] < LEASE.total_seconds()]

    def _is_claimed(self, job: Job) -> bool:
        with self._reading.connect() as connection:
            outbox = Outbox(connection)
            attempt, message = outbox.attempt(job.outgoing.attempt_id), outbox.get(job.message.id)
        if attempt is None or message is None or attempt.outcome != "in_flight":
            return False
        holds = message.lease_until is not None and message.lease_until > self._clock.now()
        return holds and (message.state, message.fence) == ("claimed", job.message.fence)
