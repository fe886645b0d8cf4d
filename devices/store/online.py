"""How many devices were heard of late, for the figures."""

from datetime import datetime

from sqlalchemy import Connection, case, func, select

from devices.store.devices import devices, seen
from devices.store.vigils import vigils
from dispatch.store.people import homes


def online(connection: Connection, since: datetime) -> dict[str, tuple[int, int]]:
    """
    By station: devices heard since then, of those in use that speak by themselves.

    A button that says nothing until it is pressed is not among them: that it is silent means nothing.
    """
    heard = func.sum(case((seen.c.last_at >= since, 1), else_=0))
    query = (
        select(homes.c.station_id, heard, func.count())
        .select_from(devices)
        .join(homes, homes.c.id == devices.c.home_id)
        .join(vigils, vigils.c.device_id == devices.c.id)
        .join(seen, seen.c.device_id == devices.c.id, isouter=True)
        .where(devices.c.retired_at.is_(None), vigils.c.silent_s.is_not(None))
        .group_by(homes.c.station_id)
    )
    return {row[0] or "": (int(row[1]), row[2]) for row in connection.execute(query)}
