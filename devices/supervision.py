"""
Life signs: when each device was last heard, low batteries and faults, and the strangers heard beside them.

A heartbeat is not a row. Sightings are gathered in memory and written once a second in one unit on the bulk lane, so
that a storm of them never stands before a press. Where a sender waits for an acknowledgement, its sighting is written
first.
"""

import threading
from datetime import datetime
from functools import partial
from typing import TypeVar

from devices.store.devices import Devices, Sighting
from dispatch.ids import DeviceId
from dispatch.rules.signal import Event
from dispatch.store.transactions import Lane, Transactions, Tx

WRITTEN_MAX = 50
"""Sightings written in one unit of work: a press that comes meanwhile waits for no more than these."""

GATHERED_MAX = 20_000
"""Sightings kept in memory at most; a stranger beyond that is not remembered, a registered device always is."""

T = TypeVar("T")

_LASTING = frozenset({
    Event.LOW_BATTERY, Event.BATTERY_RESTORE, Event.TAMPER, Event.TAMPER_RESTORE, Event.OFFLINE, Event.ONLINE,
    Event.FAULT, Event.BATTERY_MISSING, Event.MAINS_FAIL, Event.MAINS_RESTORE, Event.LINK_FAULT, Event.LINK_RESTORE,
    Event.JAMMING, Event.JAMMING_RESTORE,
})  # fmt: skip
"""Events that say something lasting: none of them may be forgotten when sightings are put together."""


class Supervision:
    """Gathers sightings and writes them down."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._lock = threading.Lock()
        # Whoever waits here finds its sightings written by the one before it, most of the time.
        self._writing = threading.Lock()
        self._known: dict[DeviceId, Sighting] = {}
        self._strangers: dict[tuple[str, str], Sighting] = {}

    def saw(self, device_id: DeviceId, at: datetime, *, gateway: str, events: tuple[Event, ...]) -> None:
        """A registered device was heard."""
        with self._lock:
            self._known[device_id] = _merged(self._known.get(device_id), at, gateway, events)

    def saw_stranger(self, protocol: str, address: str, at: datetime, *, gateway: str, event: Event) -> None:
        """Somebody nobody registered was heard."""
        key = (protocol, address)
        with self._lock:
            if key in self._strangers or len(self._strangers) < GATHERED_MAX:
                self._strangers[key] = _merged(self._strangers.get(key), at, gateway, (event,))

    def write_down(self) -> None:
        """
        Writes everything gathered; returns when it is durable. Called every second, and before an acknowledgement.
        """
        with self._writing:
            self._write_down()

    def _write_down(self) -> None:
        with self._lock:
            known, self._known = self._known, {}
            strangers, self._strangers = self._strangers, {}
        try:
            for part in _parts(list(known.items())):
                self._transactions.run(partial(_write_known, part), lane=Lane.BULK)
            for others in _parts(list(strangers.items())):
                self._transactions.run(partial(_write_strangers, others), lane=Lane.BULK)
        except BaseException:
            self._take_back(known, strangers)
            raise

    def _take_back(self, known: dict[DeviceId, Sighting], strangers: dict[tuple[str, str], Sighting]) -> None:
        with self._lock:
            self._known = known | self._known
            self._strangers = strangers | self._strangers


def _parts(items: list[T]) -> list[list[T]]:
    return [items[start : start + WRITTEN_MAX] for start in range(0, len(items), WRITTEN_MAX)]


def _write_known(part: list[tuple[DeviceId, Sighting]], tx: Tx) -> None:
    Devices(tx.connection).saw(part)


def _write_strangers(part: list[tuple[tuple[str, str], Sighting]], tx: Tx) -> None:
    Devices(tx.connection).saw_strangers(part)


def _merged(before: Sighting | None, at: datetime, gateway: str, events: tuple[Event, ...]) -> Sighting:
    kept = tuple(event for event in before.events if event in _LASTING) if before else ()
    return Sighting(at=at, gateway=gateway, events=(*kept, *events), times=(before.times if before else 0) + 1)
