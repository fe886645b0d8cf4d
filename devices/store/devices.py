"""The register of devices, when each was last heard, and the strangers nobody has registered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    case,
    delete,
    false,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.engine import Row

from devices.store.known import KnownDevice
from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.rules.signal import Event
from dispatch.store.database import Instant, insert_into, metadata, upsert
from dispatch.store.prepared import Prepared

devices = Table(
    "devices", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("kind", String(24), nullable=False),
    Column("protocol", String(24), nullable=False),
    Column("address", String(160), nullable=False),
    Column("gateway", String(80), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False, index=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), index=True),
    Column("retired_at", Instant),
)  # fmt: skip
_ACTIVE = devices.c.retired_at.is_(None)
Index(
    "ix_devices_address", devices.c.protocol, devices.c.address, devices.c.gateway,
    unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE,
)  # fmt: skip
_ALL_ACTIVE = Prepared(select(devices).where(_ACTIVE).order_by(devices.c.code))

seen = Table(
    "seen", metadata,
    Column("device_id", String(40), ForeignKey("devices.id"), primary_key=True),
    Column("last_at", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("gateway", String(80), nullable=False),
    Column("battery_low", Boolean, nullable=False),
    Column("fault", String(24)),
    Column("fault_at", Instant),
    Column("pressed_at", Instant),
    Column("off_at", Instant),
)  # fmt: skip
"""`pressed_at`: its last call, whatever became of it; `off_at`: since when it has been taken off."""

hearings = Table(
    "hearings", metadata,
    Column("device_id", String(40), ForeignKey("devices.id"), primary_key=True),
    Column("gateway", String(80), primary_key=True),
    Column("last_at", Instant, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("rssi", Float),
)  # fmt: skip
"""Which gateways hear a device, copies included: who is left uncovered when one of them is lost. `rssi` in dBm."""

strangers = Table(
    "strangers", metadata,
    Column("protocol", String(24), primary_key=True),
    Column("address", String(160), primary_key=True),
    Column("gateway", String(80), nullable=False),
    Column("event", String(24), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    Column("rssi", Float),
)  # fmt: skip

STUCK = "stuck"
"""The fault of a button that is pressed without end. No device says it of itself."""

STRANGERS_MAX = 5_000
"""A noisy band makes up addresses without end; the list for pairing is for people."""


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
    """
    What was heard of a device or a stranger since the last time this was written down.

    `changes` are what it said of itself, in the order said: an event that is a fault (True) or ends one (False).
    `worn` is False when it was taken off, True when it was put on, None when it did not say. `rssi` is in dBm. `stuck`:
    its button has been pressed for minutes without a pause. `alive` is False for what a broker has kept and hands on:
    it says how the device was, and not that it is there.
    """

    at: datetime
    gateway: str
    events: tuple[Event, ...]
    times: int = 1
    changes: tuple[tuple[Event, bool], ...] = ()
    pressed: bool = False
    worn: bool | None = None
    rssi: float | None = None
    stuck: bool = False
    alive: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing but that the device is there."""
        return not self.changes and not self.pressed and self.worn is None and not self.stuck

    @property
    def faulty(self) -> bool:
        """Whether a fault is among it, which somebody has to look at now."""
        return self.stuck or any(is_fault for _, is_fault in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """How often a gateway has heard a device since this was last written down, when last and how strongly."""

    at: datetime
    times: int = 1
    rssi: float | None = None


_RETIRED_AT = Prepared(select(devices.c.retired_at).where(devices.c.id == bindparam("id")))
_ID_OF = Prepared(select(devices.c.id).where(devices.c.code == bindparam("code")))
_AT = Prepared(
    select(devices.c.id, devices.c.code, devices.c.gateway, devices.c.retired_at)
    .where(devices.c.protocol == bindparam("protocol"), devices.c.address == bindparam("address"))
    .order_by(devices.c.retired_at.is_not(None), devices.c.id.desc())
)


class Devices:
    """The shelf of devices."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def active(self) -> list[Device]:
        """All devices in use."""
        return [_device(row) for row in _ALL_ACTIVE.on(self._connection)]

    def get(self, id_: DeviceId) -> Device | None:
        """A device in use."""
        row = self._connection.execute(select(devices).where(devices.c.id == id_, _ACTIVE)).first()
        return None if row is None else _device(row)

    def enter(self, device: Device) -> None:
        """This device is in use from now on, new or known."""
        row = {name: getattr(device, name) for name in Device.__dataclass_fields__}
        upsert(devices, self._connection, "id", {**row, "retired_at": None})

    def retire(self, id_: DeviceId, at: datetime) -> None:
        self._connection.execute(update(devices).where(devices.c.id == id_).values(retired_at=at))

    def is_retired(self, id_: DeviceId) -> bool:
        """Whether it was in use once and is not now."""
        return _RETIRED_AT.on(self._connection, id=id_).scalar() is not None

    def at_address(self, protocol: str, address: str) -> list[KnownDevice]:
        """Every device that has or had this address, whichever gateway it was bound to; those in use first."""
        return [KnownDevice(**row._asdict()) for row in _AT.on(self._connection, protocol=protocol, address=address)]

    def others_of(self, device: Device) -> list[DeviceId]:
        """The other devices in use of the same resident, or of the home where it is everybody's."""
        query = select(devices.c.id).where(_ACTIVE, devices.c.home_id == device.home_id, devices.c.id != device.id)
        if device.resident_id is not None:
            query = query.where(devices.c.resident_id == device.resident_id)
        return [DeviceId(row.id) for row in self._connection.execute(query)]

    def free_code(self) -> str:
        """A code nobody has: P and the next number."""
        number = int(self._connection.execute(select(func.count()).select_from(devices)).scalar_one()) + 1
        while self.id_of(f"P{number}") is not None:
            number += 1
        return f"P{number}"

    def no_stranger(self, protocol: str, address: str) -> None:
        """Whoever has this address is known now."""
        gone = delete(strangers).where(strangers.c.protocol == protocol, strangers.c.address == address)
        self._connection.execute(gone)

    def mended(self, id_: DeviceId) -> None:
        """It works again: what it said of itself before counts no more."""
        values = {"battery_low": False, "fault": None, "fault_at": None}
        self._connection.execute(update(seen).where(seen.c.device_id == id_).values(**values))

    def id_of(self, code: str) -> str | None:
        found: str | None = _ID_OF.on(self._connection, code=code).scalar()
        return found

    def saw(self, sightings: Sequence[tuple[DeviceId, Sighting]]) -> None:
        """One `seen` row a device, not a row a heartbeat: one statement for life signs, one for whoever said more."""
        plain = [_sign_of_life(id_, each) for id_, each in sightings if each.alive and each.is_plain]
        others = [{"device_id": id_, **_changes(each)} for id_, each in sightings if each.alive and not each.is_plain]
        kept = [(id_, _changes(each)) for id_, each in sightings if not (each.alive or each.is_plain)]
        if plain:
            _SAW_PLAINLY.each(self._connection, plain)
        if others:
            self._connection.execute(_saw(self._connection.dialect.name), others)
        for id_, said in kept:
            fault = {"its_fault": said["fault"], "its_fault_at": said["fault_at"]}
            values = {"its_id": id_, "battery": said["battery"], "faulty": said["faulty"], **fault}
            self._connection.execute(_KEPT, values)

    def heard(self, hearings_: Sequence[tuple[tuple[DeviceId, str], Hearing]]) -> None:
        """Which gateway heard which device."""
        rows = [
            {"device_id": id_, "gateway": gateway, "last_at": each.at, "times": each.times, "rssi": each.rssi}
            for (id_, gateway), each in hearings_
        ]
        if rows:
            _HEARD.each(self._connection, rows)

    def heard_by_now(self, ids: Collection[DeviceId], now: datetime) -> None:
        """
        Whatever was heard of these in the future was heard by now: the clock has been set back since, and nothing may
        be believed until a year that is far away.
        """
        late = [seen.c.last_at, seen.c.fault_at, seen.c.pressed_at, seen.c.off_at]
        clamped = {column.name: case((column > now, literal(now, Instant)), else_=column) for column in late}
        self._connection.execute(update(seen).where(seen.c.device_id.in_(ids)).values(**clamped))
        ahead = update(hearings).where(hearings.c.device_id.in_(ids), hearings.c.last_at > now)
        self._connection.execute(ahead.values(last_at=now))

    def saw_strangers(self, sightings: Sequence[tuple[tuple[str, str], Sighting]]) -> None:
        """Lists unregistered devices for pairing, or counts them again."""
        rows = [
            {
                "protocol": protocol, "address": address, "gateway": each.gateway, "event": each.events[0].value,
                "first_at": each.at, "last_at": each.at, "times": each.times, "rssi": each.rssi,
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
        "pressed_at": sighting.at if sighting.pressed else None,
        "taken_off_at": sighting.at, "worn": _WORN[sighting.worn],
    }  # fmt: skip
    for event, is_fault in sighting.changes:
        if event in {Event.LOW_BATTERY, Event.BATTERY_RESTORE}:
            values["battery"] = is_fault
        if event is not Event.LOW_BATTERY:
            fault = (event.value, sighting.at) if is_fault else (None, None)
            values |= {"faulty": 1, "fault": fault[0], "fault_at": fault[1]}
    if sighting.stuck:
        values |= {"faulty": 1, "fault": STUCK, "fault_at": sighting.at}
    return values


def _sign_of_life(id_: DeviceId, sighting: Sighting) -> dict[str, Any]:
    return {"device_id": id_, "last_at": sighting.at, "times": sighting.times, "gateway": sighting.gateway}


def _saw_plainly(dialect: str) -> Any:
    insert_ = insert_into(seen, dialect).values(battery_low=false())
    new = insert_.excluded
    changes = {"last_at": new.last_at, "gateway": new.gateway, "times": seen.c.times + new.times}
    return insert_.on_conflict_do_update(index_elements=["device_id"], set_=changes)


_WORN = {None: 0, True: 1, False: 2}


@lru_cache(maxsize=2)
def _saw(dialect: str) -> Any:
    battery = bindparam("battery", type_=Boolean)
    changed = bindparam("faulty", type_=Integer) == 1
    worn = bindparam("worn", type_=Integer)
    insert_ = insert_into(seen, dialect).values(
        battery_low=func.coalesce(battery, false()),
        off_at=case((worn == _WORN[False], bindparam("taken_off_at", type_=Instant))),
    )
    new = insert_.excluded
    return insert_.on_conflict_do_update(
        index_elements=["device_id"],
        set_={
            "last_at": new.last_at,
            "gateway": new.gateway,
            "times": seen.c.times + new.times,
            "battery_low": func.coalesce(battery, seen.c.battery_low),
            "fault": case((changed, new.fault), else_=seen.c.fault),
            # The first time a fault was told is when it began, however often it is told again.
            "fault_at": case(
                (changed & (new.fault == seen.c.fault), seen.c.fault_at), (changed, new.fault_at), else_=seen.c.fault_at
            ),
            "pressed_at": func.coalesce(new.pressed_at, seen.c.pressed_at),
            "off_at": case(
                (worn == _WORN[False], func.coalesce(seen.c.off_at, new.off_at)),
                (worn == _WORN[True], null()),
                else_=seen.c.off_at,
            ),
        },
    )


_CHANGED = bindparam("faulty", type_=Integer) == 1
_SAME = seen.c.fault == bindparam("its_fault", type_=String)
_KEPT = (
    update(seen)
    .where(seen.c.device_id == bindparam("its_id"))
    .values(
        battery_low=func.coalesce(bindparam("battery", type_=Boolean), seen.c.battery_low),
        fault=case((_CHANGED, bindparam("its_fault", type_=String)), else_=seen.c.fault),
        fault_at=case(
            (_CHANGED & ~func.coalesce(_SAME, false()), bindparam("its_fault_at", type_=Instant)), else_=seen.c.fault_at
        ),
    )
)
"""What was said before anybody listened, of a device that has been heard since: when it was heard stays."""


def _heard(dialect: str) -> Any:
    insert_ = insert_into(hearings, dialect)
    new = insert_.excluded
    changes = {
        "last_at": new.last_at,
        "times": hearings.c.times + new.times,
        "rssi": func.coalesce(new.rssi, hearings.c.rssi),
    }
    return insert_.on_conflict_do_update(index_elements=["device_id", "gateway"], set_=changes)


@lru_cache(maxsize=2)
def _saw_stranger(dialect: str) -> Any:
    insert_ = insert_into(strangers, dialect)
    new = insert_.excluded
    changes = {
        "last_at": new.last_at,
        "gateway": new.gateway,
        "event": new.event,
        "times": strangers.c.times + new.times,
        "rssi": func.coalesce(new.rssi, strangers.c.rssi),
    }
    return insert_.on_conflict_do_update(index_elements=["protocol", "address"], set_=changes)


_SAW_PLAINLY, _HEARD = Prepared(_saw_plainly), Prepared(_heard)
_OLDEST = select(strangers.c.last_at).order_by(strangers.c.last_at.desc()).offset(STRANGERS_MAX).limit(1)
_FORGET = strangers.delete().where(strangers.c.last_at <= _OLDEST.scalar_subquery())


def _device(row: Row[Any]) -> Device:
    fields = row._asdict()
    del fields["retired_at"]
    return Device(**fields)
