"""
Letters that ride along: claimed in the very unit of work that posts them, so that they leave with its commit.

Without it a letter costs a second unit, a second wait for the disk and three more hand-overs between threads: some 3 ms
between the decision and the provider (docs/adr/0018). Nothing else changes: posted, claimed and attempted are the same
rows, written before the network is touched, and whatever did not ride is found by the courier.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, Protocol

import structlog

from dispatch.messages.carriers import Carriers, Job
from dispatch.store.database import TransactionLost, savepoint
from dispatch.store.transactions import Tx

log = structlog.get_logger()


class Ride(Protocol):
    """One chance to claim."""

    def claim(self, tx: Tx) -> None:
        """To be called at the end of the unit of work; if that is run again, so is this."""
        ...


Rides = Callable[[], AbstractContextManager[Ride]]
"""Opened around a unit of work: what it claimed leaves when the block ends well, and is given back when it does not."""


class _Afoot:
    """Nobody gives a ride: the courier finds the letters."""

    def claim(self, tx: Tx) -> None:
        pass


@contextmanager
def afoot() -> Iterator[Ride]:
    """No ride, where there is no courier beside the desk: commands, tests, the simulation."""
    yield _Afoot()


RIDE_MAX = 16
"""Letters that may ride with one decision; what is over waits a moment for the courier."""


class _Seats(Generic[Job]):
    """A `Ride` on places at the carriers."""

    def __init__(
        self, carriers: Carriers[Job], claim: Callable[[Tx, int], list[Job]], leave: Callable[[list[Job]], None]
    ) -> None:
        self._carriers = carriers
        self._claim = claim
        self._leave = leave
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._over = False

    def claim(self, tx: Tx) -> None:
        self.give_back()
        # A unit whose caller has given up waiting for it claims nothing: nobody would carry it.
        if self._carriers.started and not self._over:
            places = self._carriers.take(RIDE_MAX, emergency=True)
            jobs = self._claimed(tx, places)
            self._carriers.give_back(places - len(jobs), emergency=True)
            if self._sit(jobs):
                self.miss()

    def _claimed(self, tx: Tx, places: int) -> list[Job]:
        """A letter that cannot be claimed must not cost the decision that it tells of: then the courier looks at it."""
        try:
            with savepoint(tx.connection):
                return self._claim(tx, places) if places else []
        except TransactionLost:
            raise
        except Exception:
            log.exception("ride_failed")
            return []

    def _sit(self, jobs: list[Job]) -> bool:
        """Keeps them; whether the caller gave up waiting while they were claimed."""
        with self._lock:
            self._jobs = jobs
            return self._over

    def go(self) -> None:
        """The unit is durable."""
        self._over = True
        for job in self._jobs:
            self._carriers.go(job, emergency=True)

    def give_back(self) -> list[Job]:
        """The unit failed, or begins again."""
        with self._lock:
            jobs, self._jobs = self._jobs, []
        self._carriers.give_back(len(jobs), emergency=True)
        return jobs

    def miss(self) -> None:
        """It failed for good; or its caller has only given up waiting, and what it claimed may be durable yet."""
        with self._lock:
            self._over = True
        if jobs := self.give_back():
            self._leave(jobs)


@contextmanager
def ride(
    carriers: Carriers[Job], claim: Callable[[Tx, int], list[Job]], leave: Callable[[list[Job]], None]
) -> Iterator[Ride]:
    """
    `claim` takes up, in a unit of work, up to so many letters that are due, the most urgent first; `leave` is given
    what was claimed by a unit of which nobody knows whether it became durable.
    """
    seats = _Seats(carriers, claim, leave)
    try:
        yield seats
    except BaseException:
        seats.miss()
        raise
    seats.go()
