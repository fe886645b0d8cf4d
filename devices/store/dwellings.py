"""The devices of a home as a resident's file and the search show them: whose, when heard, what is wrong."""

from typing import Any

from sqlalchemy import Connection, func, or_, select

from devices.store.devices import devices, seen
from devices.store.vigils import vigils
from dispatch.rules.rights import Area
from dispatch.store.people import homes, residents

_COLUMNS = (
    devices.c.id, devices.c.code, devices.c.kind, devices.c.home_id, devices.c.resident_id, devices.c.address,
    seen.c.last_at, seen.c.pressed_at, func.coalesce(seen.c.battery_low, False).label("battery_low"),
    func.coalesce(vigils.c.health, "well").label("health"), vigils.c.proven_at,
)  # fmt: skip
_ROWS = (
    select(*_COLUMNS, homes.c.address.label("where"), residents.c.name.label("name"))
    .join(homes, homes.c.id == devices.c.home_id)
    .join(residents, residents.c.id == devices.c.resident_id, isouter=True)
    .join(seen, seen.c.device_id == devices.c.id, isouter=True)
    .join(vigils, vigils.c.device_id == devices.c.id, isouter=True)
    .where(devices.c.retired_at.is_(None))
)


def at_home(connection: Connection, home_id: str) -> list[dict[str, Any]]:
    """The devices in use there, in the order of their codes."""
    found = connection.execute(_ROWS.where(devices.c.home_id == home_id).order_by(devices.c.code))
    return [dict(row._mapping) for row in found]


def called(connection: Connection, typed: str, area: Area, most: int) -> list[dict[str, Any]]:
    """Devices in use whose number is this one or begins with it, or whose address is."""
    upper = typed.upper()
    begins = (devices.c.code >= upper) & (devices.c.code < upper + "\uffff")
    inside = () if area.stations is None else (homes.c.station_id.in_(sorted(area.stations)),)
    query = _ROWS.where(or_(begins, devices.c.code == typed, devices.c.address == typed), *inside)
    return [dict(row._mapping) for row in connection.execute(query.order_by(devices.c.code).limit(most))]
