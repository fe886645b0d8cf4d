"""Who has had a button of their own, and since when: for those who are paid by the month for it."""

from datetime import datetime

from sqlalchemy import Connection, select

from devices.store.assignments import assignments
from devices.store.devices import devices

BUTTONS = ("pendant", "pull_cord", "button", "wristband", "base_unit")


def fitted_buttons(connection: Connection) -> list[tuple[str, datetime, datetime | None]]:
    """
    Resident, first instant and last instant (None: still) of each; the days between two devices of one person count,
    because the service went on.
    """
    query = (
        select(assignments.c.resident_id, assignments.c.from_at, assignments.c.until_at)
        .join(devices, devices.c.id == assignments.c.device_id)
        .where(assignments.c.resident_id.is_not(None), devices.c.kind.in_(BUTTONS)).order_by(assignments.c.from_at)
    )  # fmt: skip
    held: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for row in connection.execute(query):
        held.setdefault(row.resident_id, []).append((row.from_at, row.until_at))
    return [(id_, spans[0][0], _end(spans)) for id_, spans in sorted(held.items())]


def _end(spans: list[tuple[datetime, datetime | None]]) -> datetime | None:
    ends = [end for _, end in spans if end is not None]
    return max(ends) if len(ends) == len(spans) else None
