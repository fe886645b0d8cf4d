"""
Where signs come from: a protocol for everybody who notices something, and what buttons and sensors themselves say.

A source that fails costs its own signs and nobody else's (`gathering.py`).
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from dispatch.ids import HomeId, ResidentId
from dispatch.rules.signal import Event
from dispatch.store.accounts import Reading
from schedules.welfare.rules.signs import Kind, Observation
from schedules.welfare.store import Around

MOST = 1_000
KEPT_MAX = 50_000
"""Homes and hours that moved, kept in memory until they are written; beyond that the oldest are dropped."""

MOVES = frozenset({
    Event.MOTION, Event.PRESENCE, Event.BUTTON, Event.CONTACT_OPEN, Event.CONTACT_CLOSED, Event.BED_ENTER,
    Event.BED_EXIT, Event.ARM_DISARM,
})  # fmt: skip
"""What only happens where somebody moves."""


class Source(Protocol):
    """Somebody who notices things: meals, deliveries, visits, calls and rounds, devices, beds."""

    @property
    def name(self) -> str:
        """A word for the log and the page; no two have the same."""
        ...

    def since(self, at: datetime) -> Iterable[Observation]:
        """Everything that was noticed from `at` on. The same again is harmless: its key tells."""
        ...


class Presses:
    """Whoever presses a button lives."""

    name = "presses"

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def since(self, at: datetime) -> Sequence[Observation]:
        with self._reading.connect() as connection:
            rows = Around(connection).pressed(at, MOST)
        return [
            Observation(
                key=f"press:{row.id}", kind=Kind.PRESS, home_id=HomeId(row.home_id),
                resident_id=ResidentId(row.resident_id) if row.resident_id else None, at=row.received_at,
            )
            for row in rows
        ]  # fmt: skip


class Movements:
    """
    What sensors hear of somebody moving: one notice for each home and hour, gathered in memory.

    `heard` is called by the threads that hear devices: it never waits and never fails. What is lost with the process is
    an hour's movement, and the next one says the same.
    """

    name = "movements"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moved: dict[str, Observation] = {}

    def heard(
        self, home_id: HomeId, resident_id: ResidentId | None, events: Sequence[Event], at: datetime
    ) -> None:  # fmt: skip
        if MOVES.isdisjoint(events):
            return
        key = f"moved:{home_id}:{resident_id or '-'}:{at:%Y%m%d%H}"
        moved = Observation(key=key, kind=Kind.MOTION, home_id=home_id, resident_id=resident_id, at=at)
        with self._lock:
            self._moved.setdefault(key, moved)
            if len(self._moved) > KEPT_MAX:
                self._moved.pop(next(iter(self._moved)))

    def since(self, at: datetime) -> Sequence[Observation]:
        """What was gathered and is young enough; what is older than that is forgotten, it is on file long since."""
        with self._lock:
            self._moved = {key: each for key, each in self._moved.items() if each.at >= at}
            return list(self._moved.values())


class Told:
    """What another room says when asked: its function as a source. For the wiring."""

    def __init__(self, name: str, ask: "Asked") -> None:
        self.name = name
        self._ask = ask

    def since(self, at: datetime) -> Iterable[Observation]:
        return self._ask(at)


class Asked(Protocol):
    """Gives what was noticed from then on."""

    def __call__(self, at: datetime, /) -> Iterable[Observation]: ...
