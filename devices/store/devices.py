"""The register of devices, when each was last heard, and the strangers nobody has registered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
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
    bindparam,
    case,
    false,
    func,
    select,
)
from sqlalchemy.engine import Row

from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.rules.signal import Event
from dispatch.store.database import Instant, insert_into, metadata, upsert

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

    def saw(self, sightings: Sequence[tuple[DeviceId, Sighting]]) -> None:
        """One `seen` row a device, not a row a heartbeat; all of them in one statement."""
        rows = [{"device_id": id_, **_changes(sighting)} for id_, sighting in sightings]
        if rows:
            self._connection.execute(_saw(self._connection.dialect.name), rows)

    def saw_strangers(self, sightings: Sequence[tuple[tuple[str, str], Sighting]]) -> None:
        """Lists unregistered devices for pairing, or counts them again."""
        rows = [
            {
                "protocol": protocol, "address": address, "gateway": each.gateway, "event": each.events[0].value,
                "first_at": each.at, "last_at": each.at, "times": each.times,
            }
            for (protocol, address), each in sightings
        ]  # fmt: skip
        if rows:
            self._connection.execute(_saw_stranger(self._connection.dialect.name), rows)
            self._connection.execute(_FORGET)

    def strangers(self) -> Sequence[Mapping[str, Any]]:
        """Whoever was heard and is not registered, the latest first."""
        query = select(strangers).order_by(strangers.c.last_at.desc()).limit(200)
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def seen(self) -> Mapping[str, Mapping[str, Any]]:
        """When each device was last heard and what is wrong with it, by device."""
        return {row.device_id: dict(row._mapping) for row in self._connection.execute(select(seen))}


def _changes(sighting: Sighting) -> dict[str, Any]:
    """What a sighting says of a device; None for `battery`, 0 for `faulty` where it says nothing about that."""
    values: dict[str, Any] = {
        "last_at": sighting.at, "times": sighting.times, "gateway": sighting.gateway,
        "battery": None, "faulty": 0, "fault": None, "fault_at": None,
    }  # fmt: skip
    for event in sighting.events:
        if event in {Event.LOW_BATTERY, Event.BATTERY_RESTORE}:
            values["battery"] = event is Event.LOW_BATTERY
        if event in _FAULTS:
            values |= {"faulty": 1, "fault": event.value, "fault_at": sighting.at}
        if event in _MENDS:
            values |= {"faulty": 1, "fault": None, "fault_at": None}
    return values


@lru_cache(maxsize=2)
def _saw(dialect: str) -> Any:
    battery = bindparam("battery", type_=Boolean)
    changed = bindparam("faulty", type_=Integer) == 1
    insert_ = insert_into(seen, dialect).values(battery_low=func.coalesce(battery, false()))
    new = insert_.excluded
    return insert_.on_conflict_do_update(
        index_elements=["device_id"],
        set_={
            "last_at": new.last_at,
            "gateway": new.gateway,
            "times": seen.c.times + new.times,
            "battery_low": func.coalesce(battery, seen.c.battery_low),
            "fault": case((changed, new.fault), else_=seen.c.fault),
            "fault_at": case((changed, new.fault_at), else_=seen.c.fault_at),
        },
    )


@lru_cache(maxsize=2)
def _saw_stranger(dialect: str) -> Any:
    insert_ = insert_into(strangers, dialect)
    new = insert_.excluded
    changes = {
        "last_at": new.last_at,
        "gateway": new.gateway,
        "event": new.event,
        "times": strangers.c.times + new.times,
    }
    return insert_.on_conflict_do_update(index_elements=["protocol", "address"], set_=changes)


_OLDEST = select(strangers.c.last_at).order_by(strangers.c.last_at.desc()).offset(STRANGERS_MAX).limit(1)
_FORGET = strangers.delete().where(strangers.c.last_at <= _OLDEST.scalar_subquery())


def _device(row: Row[Any]) -> Device:
    fields = dict(row._mapping)
    del fields["retired_at"]
    return Device(**fields)
