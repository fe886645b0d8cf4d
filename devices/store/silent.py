"""Devices that fell silent, for whoever judges how a household is."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from devices.store.devices import devices, seen
from devices.store.vigils import vigils

MOST = 2_000


def fell_silent(connection: Connection, since: datetime) -> list[dict[str, Any]]:
    """
    Devices in use that are silent since then: id, home_id, resident_id, at (when it was noticed), last_at (when it was
    last heard, or None).
    """
    query = (
        select(devices.c.id, devices.c.home_id, devices.c.resident_id, vigils.c.health_at.label("at"), seen.c.last_at)
        .join(vigils, vigils.c.device_id == devices.c.id)
        .outerjoin(seen, seen.c.device_id == devices.c.id)
        .where(devices.c.retired_at.is_(None), vigils.c.health == "offline", vigils.c.health_at >= since)
    )
    return [dict(row._mapping) for row in connection.execute(query.order_by(vigils.c.health_at).limit(MOST))]
