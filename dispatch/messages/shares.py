"""
How many of the places for emergencies each kind of letter may hold, so that none ever has them all.

Confirmations may have half. Calls to all may have three quarters, also while nothing else waits: a provider that takes
its time would keep a first offer waiting until a place is free. And a quarter is theirs however many first offers wait.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.ids import AttemptId
from dispatch.messages.job import Job
from dispatch.rules.message import Priority, Rank
from dispatch.store.outbox import Message


@dataclass(frozen=True, slots=True)
class Room:
    """At most so many more confirmations and calls to all; `owed` calls go before first offers."""

    confirming: int
    calling: int
    owed: int


class Shares:
    """What is under way on so many places. May be used from any thread."""

    def __init__(self, places: int) -> None:
        self._confirming_max = (places + 1) // 2
        self._owed = places // 4
        self._calling_max = places - self._owed
        self._lock = threading.Lock()
        self._confirming: set[AttemptId] = set()
        self._calling: set[AttemptId] = set()

    def begin(self, jobs: Sequence[Job]) -> None:
        """These have been claimed, and are on their way or about to be."""
        with self._lock:
            self._confirming.update(each.outgoing.attempt_id for each in jobs if is_confirming(each.message))
            self._calling.update(each.outgoing.attempt_id for each in jobs if is_calling(each.message))

    def end(self, id_: AttemptId) -> None:
        """This one is over."""
        with self._lock:
            self._confirming.discard(id_)
            self._calling.discard(id_)

    def room(self, *, riding: bool) -> Room:
        """What is left. Of calls to all only those that are owed ride along: a press does not wait for their claims."""
        with self._lock:
            confirming, calling = len(self._confirming), len(self._calling)
        owed = max(0, self._owed - calling)
        return Room(
            confirming=max(0, self._confirming_max - confirming),
            calling=owed if riding else max(0, self._calling_max - calling),
            owed=owed,
        )


def is_confirming(message: Message) -> bool:
    return message.priority is Priority.CONFIRMATION


def is_calling(message: Message) -> bool:
    return message.priority is Priority.EMERGENCY and message.rank > Rank.FIRST
