"""
Life signs: when each device was last heard and by whom, what it said of itself, and the strangers heard beside them.

A heartbeat is not a row. Sightings are gathered in memory and written once a second in one unit on the bulk lane, so
that a storm of them never stands before a press. Where a sender waits for an acknowledgement, its sighting is written
first. A fault among them makes the device's vigil due in the same unit: `devices.upkeep.silences` opens its case.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from devices.rules.meaning import Said
from devices.store.devices import Devices, Hearing, Sighting
from devices.store.vigils import Vigils
from dispatch.desk import Also
from dispatch.ids import DeviceId
from dispatch.rules.signal import Event
from dispatch.store.transactions import Lane, Transactions, Tx

WRITTEN_MAX = 100
"""
Sightings written in one unit of work: a press that comes meanwhile waits for no more than these, a millisecond of work
(0.9 ms at the median, n = 100). With half as many a batch of a hundred takes two commits, each the price of a disk.
"""

HEARING_KEPT = timedelta(hours=24)
"""
That a gateway hears a device is written when it is new and once a day; and whenever another one hears it as well, so
that it is known who covers whom. Of a device that one gateway hears, its sighting says so already.
"""

GATHERED_MAX = 20_000
"""Sightings kept in memory at most; a stranger beyond that is not remembered, a registered device always is."""

T = TypeVar("T")


class Supervision:
    """Gathers sightings and writes them down."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._lock = threading.Lock()
        # Whoever waits here finds its sightings written by the one before it, most of the time.
        self._writing = threading.Lock()
        self._known: dict[DeviceId, Sighting] = {}
        self._hearings: dict[tuple[DeviceId, str], Hearing] = {}
        self._told: dict[tuple[DeviceId, str], datetime] = {}
        self._last: dict[DeviceId, tuple[str, datetime]] = {}
        self._strangers: dict[tuple[str, str], Sighting] = {}

    def saw(
        self, device_id: DeviceId, at: datetime, *, gateway: str, said: Said, rssi: float | None = None,
        stuck: bool = False, alive: bool = True,
    ) -> None:  # fmt: skip
        """
        A registered device was heard; `rssi` in dBm, where the frame tells. `stuck`: it is pressed without end. Not
        `alive`, it was not heard at all: a broker hands on what it had said before.
        """
        sighting = Sighting(
            at=at, gateway=gateway, events=said.events, changes=said.changes, pressed=said.pressed, worn=said.worn,
            rssi=rssi, stuck=stuck, alive=alive,
        )  # fmt: skip
        with self._lock:
            before = self._known.get(device_id)
            self._known[device_id] = sighting if before is None else _merged(before, sighting)
            if alive:
                self._note(device_id, at, gateway, rssi)
                self._last[device_id] = (gateway, at)

    def heard_too(self, device_id: DeviceId, at: datetime, *, gateway: str, rssi: float | None = None) -> None:
        """A copy of what a registered device said came by this gateway: it is covered by that one as well."""
        with self._lock:
            self._note(device_id, at, gateway, rssi)

    def saw_stranger(
        self, protocol: str, address: str, at: datetime, *, gateway: str, event: Event, rssi: float | None = None
    ) -> None:
        """Somebody nobody registered was heard."""
        key = (protocol, address)
        sighting = Sighting(at=at, gateway=gateway, events=(event,), rssi=rssi)
        with self._lock:
            if key in self._strangers or len(self._strangers) < GATHERED_MAX:
                before = self._strangers.get(key)
                self._strangers[key] = sighting if before is None else _merged(before, sighting)

    def _note(self, device_id: DeviceId, at: datetime, gateway: str, rssi: float | None) -> None:
        """By whom it was heard, where that is news; of two that hear it, both are."""
        last, last_at = self._last.get(device_id, (gateway, at))
        if last != gateway:
            self._heard(device_id, last_at, last, None)
        told_at = self._told.get((device_id, gateway))
        if last != gateway or told_at is None or not timedelta() <= at - told_at < HEARING_KEPT:
            self._heard(device_id, at, gateway, rssi)

    def _heard(self, device_id: DeviceId, at: datetime, gateway: str, rssi: float | None) -> None:
        before = self._hearings.get((device_id, gateway))
        strength = rssi if rssi is not None or before is None else before.rssi
        latest = at if before is None else max(before.at, at)
        self._hearings[device_id, gateway] = Hearing(
            at=latest, times=(before.times if before else 0) + 1, rssi=strength
        )
        self._told[device_id, gateway] = at

    def write_down(self, also: Also | None = None) -> None:
        """
        Writes everything gathered; returns when it is durable. Called every second, and before an acknowledgement.
        `also` is done in the last unit of it, or in one of its own.
        """
        with self._writing:
            self._write_down(also)

    def _write_down(self, also: Also | None) -> None:
        with self._lock:
            known, self._known = self._known, {}
            hearings, self._hearings = self._hearings, {}
            strangers, self._strangers = self._strangers, {}
        try:
            # By whom before when: a sighting on file always says which gateway covers the device.
            units: list[Also] = [
                *(partial(_write_hearings, part) for part in _parts(list(hearings.items()))),
                *(partial(_write_known, part) for part in _parts(list(known.items()))),
                *(partial(_write_strangers, part) for part in _parts(list(strangers.items()))),
            ]
            self._run(units, also)
        except BaseException:
            self._take_back(known, hearings, strangers)
            raise

    def _run(self, units: list[Also], also: Also | None) -> None:
        """Each unit by itself, so that a press that comes meanwhile waits for one of them; `also` with the last."""
        last = [each for each in (*units[-1:], also) if each is not None]
        for unit in units[:-1]:
            self._transactions.run(unit, lane=Lane.BULK)
        if last:
            self._transactions.run(lambda tx: _do(last, tx), lane=Lane.BULK)

    def _take_back(
        self,
        known: dict[DeviceId, Sighting],
        hearings: dict[tuple[DeviceId, str], Hearing],
        strangers: dict[tuple[str, str], Sighting],
    ) -> None:
        with self._lock:
            self._known = known | self._known
            self._hearings = hearings | self._hearings
            self._strangers = strangers | self._strangers


def _parts(items: list[T]) -> list[list[T]]:
    return [items[start : start + WRITTEN_MAX] for start in range(0, len(items), WRITTEN_MAX)]


def _do(works: Sequence[Also], tx: Tx) -> None:
    for work in works:
        work(tx)


def _write_known(part: list[tuple[DeviceId, Sighting]], tx: Tx) -> None:
    Devices(tx.connection).saw(part)
    vigils = Vigils(tx.connection)
    ill = vigils.ill_among([id_ for id_, _ in part])
    faulty = [id_ for id_, sighting in part if sighting.faulty]
    vigils.look_now([*ill, *faulty], tx.now)


def _write_hearings(part: list[tuple[tuple[DeviceId, str], Hearing]], tx: Tx) -> None:
    Devices(tx.connection).heard(part)


def _write_strangers(part: list[tuple[tuple[str, str], Sighting]], tx: Tx) -> None:
    Devices(tx.connection).saw_strangers(part)


def _merged(before: Sighting, new: Sighting) -> Sighting:
    """Two sightings as one: nothing lasting that was said is forgotten, and what was said last has the last word."""
    latest = new if new.alive or not before.alive else before
    return Sighting(
        at=latest.at, gateway=latest.gateway, events=new.events, times=before.times + new.times,
        changes=tuple(reversed(dict.fromkeys(reversed((*before.changes, *new.changes))))),
        pressed=before.pressed or new.pressed, worn=before.worn if new.worn is None else new.worn,
        rssi=before.rssi if new.rssi is None else new.rssi, stuck=before.stuck or new.stuck,
        alive=before.alive or new.alive,
    )  # fmt: skip
