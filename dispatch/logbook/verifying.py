"""
The whole record counted over by one press of a button: in slices and in a thread of its own, so that nobody waits.

A walk takes about six microseconds an entry and as long again in pauses, so that presses have the processor; whoever
asks meanwhile is told how far it is. The result is an entry of the record, with the head that was found: the list of
these is what there is to compare a head with that somebody kept on paper.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from dispatch.clock import Clock
from dispatch.errors import Refusal
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.audit import Books, Engine, Unreadable
from dispatch.store.record import Record
from dispatch.store.transactions import Lane, Transactions

SLICE = 2_000
PAUSE_MAX_S = 0.05

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One walk along the chain: under way, or ended with the first entry that does not fit (None: all do) and why."""

    by: Person
    begun_at: datetime
    entries: int
    head: str
    walked: int = 0
    ended_at: datetime | None = None
    number: int | None = None
    why: str | None = None

    @property
    def is_under_way(self) -> bool:
        return self.ended_at is None

    @property
    def is_whole(self) -> bool:
        return self.ended_at is not None and self.why is None


class Verifier:
    """Walks once at a time; whoever asks during a walk gets that one."""

    def __init__(self, reading: Engine, transactions: Transactions, clock: Clock) -> None:
        self._reading = reading
        self._books = Books(reading)
        self._transactions = transactions
        self._clock = clock
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._walk: Walk | None = None

    @property
    def latest(self) -> Walk | None:
        """The walk under way, or the last one of this process."""
        return self._walk

    def begin(self, by: Person, *, wait_s: float = 1.0) -> Walk:
        """Begins a walk, or joins the one under way, and waits so long for its end: a short record needs no more."""
        with self._lock:
            if self._walk is None or not self._walk.is_under_way:
                with self._books.open() as page:
                    entries, head = page.head()
                self._walk = Walk(by=by, begun_at=self._clock.now(), entries=entries, head=head)
                self._thread = threading.Thread(target=self._run, name="verifier", daemon=True)
                self._thread.start()
        assert self._thread is not None
        self._thread.join(wait_s)
        return self._walk

    def stop(self) -> None:
        """Gives a walk up; it says nothing then."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        assert self._walk is not None
        walk = self._walk
        try:
            fault = self._walked(walk) or self._notes()
        except Unreadable as error:
            fault = None, str(error)
        if self._stopping.is_set():
            return
        number, why = fault or (None, None)
        walk = replace(walk, walked=walk.entries, ended_at=self._clock.now(), number=number, why=why)
        try:
            self._transactions.run(lambda tx: tx.log(_line(walk)), lane=Lane.BULK)
        except Refusal:
            log.warning("verification_not_kept", entries=walk.entries)
        self._walk = walk

    def _walked(self, walk: Walk) -> tuple[int | None, str] | None:
        for start in range(0, walk.entries, SLICE):
            begun_s = self._clock.look().steady_s
            end = min(start + SLICE, walk.entries)
            with self._books.open() as page:
                if fault := page.chain_fault(start, end):
                    return fault
            self._walk = replace(walk, walked=end)
            if self._stopping.wait(min(PAUSE_MAX_S, self._clock.look().steady_s - begun_s)):
                return None
        return self._headed(walk)

    def _headed(self, walk: Walk) -> tuple[int | None, str] | None:
        """The end must be the head that there was: an entry taken away from the end leaves no other trace."""
        with self._reading.connect() as connection:
            found = Record(connection).hashes_of([walk.entries])
        missing = walk.entries and found.get(walk.entries) != walk.head
        return (walk.entries, "is missing") if missing else None

    def _notes(self) -> tuple[int | None, str] | None:
        with self._reading.connect() as connection:
            return next(iter(Record(connection).note_faults()), None)


def _line(walk: Walk) -> Line:
    facts: dict[str, Fact] = {"entries": walk.entries, "head": walk.head, "number": walk.number, "why": walk.why}
    return Line(kind="record_verified", by=walk.by, facts={**facts, "whole": "yes" if walk.is_whole else "no"})
