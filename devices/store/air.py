"""How the devices of each gateway are, taken together: did they fall silent one by one, or all at once? For reading."""

from datetime import datetime

from sqlalchemy import Connection, case, func, literal, select

from devices.store.devices import devices, seen
from devices.store.vigils import ILL, vigils
from dispatch.store.database import Instant
from dispatch.store.people import homes

_SECOND = 1_000_000


class Air:
    """Reads vigils by the gateway that heard each device last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def silent(self, now: datetime, least: int) -> dict[str, tuple[int, int]]:
        """
        Of each gateway with at least so many: how many of its devices have missed two intervals, and how many of these
        have done so within the time for which they may be silent.
        """
        lately = vigils.c.health_at + vigils.c.silent_s * _SECOND > literal(now, Instant)
        query = (
            select(
                seen.c.gateway, func.count().label("silent"), func.sum(case((lately, 1), else_=0)).label("lately")
            )
            .select_from(vigils.join(seen, seen.c.device_id == vigils.c.device_id))
            .where(ILL, vigils.c.silent_s.is_not(None))
            .group_by(seen.c.gateway)
            .having(func.count() >= least)
        )  # fmt: skip
        return {row.gateway: (int(row.silent), int(row.lately)) for row in self._connection.execute(query)}

    def supervised(self, gateway: str) -> int:
        """How many devices that speak by themselves were last heard by this gateway."""
        query = (
            select(func.count())
            .select_from(seen.join(vigils, vigils.c.device_id == seen.c.device_id))
            .where(seen.c.gateway == gateway, vigils.c.silent_s.is_not(None))
        )
        return int(self._connection.execute(query).scalar_one())

    def homes(self, gateway: str) -> tuple[tuple[str, ...], int]:
        """The codes of the homes whose devices fell silent at this gateway, and how many devices that are."""
        query = (
            select(homes.c.code)
            .select_from(vigils.join(seen, seen.c.device_id == vigils.c.device_id))
            .join(devices, devices.c.id == vigils.c.device_id)
            .join(homes, homes.c.id == devices.c.home_id)
            .where(ILL, vigils.c.silent_s.is_not(None), seen.c.gateway == gateway)
        )
        codes = [row.code for row in self._connection.execute(query)]
        return tuple(sorted(set(codes))), len(codes)
