"""The register of devices, when each was last heard, and the strangers nobody has registered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    select,
    update,
)
from sqlalchemy.engine import Row

from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.rules.signal import Event
from dispatch.store.database import Instant, insert_once, metadata, upsert

devices = Table(
    "devices", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("kind", String(24), nullable=False),
    Column("protocol", String(24), nullable=False),
    Column("address", String(160), nullable=False),
    Column("gateway", String(80), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id")),
    Column("retired_at", Instant),
)  # fmt: skip
_ACTIVE = devices.c.retired_at.is_(None)
Index(
    "ix_devices_address", devices.c.protocol, devices.c.address, devices.c.gateway,
    unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE,
)  # fmt: skip

seen = Table(
    "seen", metadata,
    Column("device_id", String(40), ForeignKey("devices.id"), primary_key=True),
    Column("last_at", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("gateway", String(80), nullable=False),
    Column("battery_low", Boolean, nullable=False),
    Column("fault", String(24)),
    Column("fault_at", Instant),
)  # fmt: skip

strangers = Table(
    "strangers", metadata,
    Column("protocol", String(24), primary_key=True),
    Column("address", String(160), primary_key=True),
    Column("gateway", String(80), nullable=False),
    Column("event", String(24), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
)  # fmt: skip

STRANGERS_MAX = 5_000
"""A noisy band makes up addresses without end; the list for pairing is for people."""

_FAULTS = frozenset(
    {Event.TAMPER, Event.OFFLINE, Event.FAULT, Event.BATTERY_MISSING, Event.MAINS_FAIL, Event.LINK_FAULT, Event.JAMMING}
)
_MENDS = frozenset(
    {
        Event.TAMPER_RESTORE,
        Event.ONLINE,
        Event.BATTERY_RESTORE,
        Event.MAINS_RESTORE,
        Event.LINK_RESTORE,
        Event.JAMMING_RESTORE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A trigger or sensor: what it is registered as, how its gateway knows it, whose it is."""

    id: DeviceId
    code: str
    kind: str
    protocol: str
    address: str
    gateway: str
    home_id: HomeId
    resident_id: ResidentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was heard of a device or a stranger since the last time this was written down."""

    at: datetime
    gateway: str
    events: tuple[Event, ...]
    times: int = 1


class Devices:
    """The shelf of devices."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def active(self) -> list[Device]:
        """All devices in use."""
        query = select(devices).where(_ACTIVE).order_by(devices.c.code)
        return [_device(row) for row in self._connection.execute(query)]

    def put(self, row: Mapping[str, Any]) -> None:
        """Registers a device, or makes the one with the same code like this."""
        upsert(devices, self._connection, "code", row)

    def id_of(self, code: str) -> str | None:
        found = self._connection.execute(select(devices.c.id).where(devices.c.code == code)).scalar()
        return None if found is None else str(found)

    def saw(self, device_id: DeviceId, sighting: Sighting) -> None:
        """One `seen` row a device, not a row a heartbeat."""
        values = _changes(sighting)
        update_ = update(seen).where(seen.c.device_id == device_id)
        done = self._connection.execute(update_.values(times=seen.c.times + sighting.times, **values))
        if done.rowcount == 0:
            fresh = {"device_id": device_id, "times": sighting.times, "battery_low": False, **values}
            self._connection.execute(insert_once(seen, self._connection), fresh)

    def saw_stranger(self, protocol: str, address: str, sighting: Sighting) -> None:
        """Lists an unregistered device for pairing, or counts it again."""
        known = (strangers.c.protocol == protocol, strangers.c.address == address)
        values = {"last_at": sighting.at, "gateway": sighting.gateway, "event": sighting.events[0].value}
        done = self._connection.execute(
            update(strangers).where(*known).values(times=strangers.c.times + sighting.times, **values)
        )
        if done.rowcount == 0:
            self._add_stranger(protocol, address, sighting, values)

    def _add_stranger(self, protocol: str, address: str, sighting: Sighting, values: Mapping[str, Any]) -> None:
        row = {"protocol": protocol, "address": address, "first_at": sighting.at, "times": sighting.times, **values}
        self._connection.execute(insert_once(strangers, self._connection), row)
        oldest = select(strangers.c.last_at).order_by(strangers.c.last_at.desc()).offset(STRANGERS_MAX).limit(1)
        self._connection.execute(strangers.delete().where(strangers.c.last_at <= oldest.scalar_subquery()))

    def strangers(self) -> Sequence[Mapping[str, Any]]:
        """Whoever was heard and is not registered, the latest first."""
        query = select(strangers).order_by(strangers.c.last_at.desc()).limit(200)
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def seen(self) -> Mapping[str, Mapping[str, Any]]:
        """When each device was last heard and what is wrong with it, by device."""
        return {row.device_id: dict(row._mapping) for row in self._connection.execute(select(seen))}


def _changes(sighting: Sighting) -> dict[str, Any]:
    values: dict[str, Any] = {"last_at": sighting.at, "gateway": sighting.gateway}
    for event in sighting.events:
        if event in {Event.LOW_BATTERY, Event.BATTERY_RESTORE}:
            values["battery_low"] = event is Event.LOW_BATTERY
        if event in _FAULTS:
            values |= {"fault": event.value, "fault_at": sighting.at}
        if event in _MENDS:
            values |= {"fault": None, "fault_at": None}
    return values


def _device(row: Row[Any]) -> Device:
    fields = dict(row._mapping)
    del fields["retired_at"]
    return Device(**fields)
