"""Puts together what is measured for the figures."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from devices.store.online import online
from dispatch.clock import Clock
from dispatch.figures.measuring import Count, Coverage, Measuring
from dispatch.muster import Muster
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.timetable import Periodic

HEARD = timedelta(hours=24)
"""A device heard within a day counts as online (CARE-RULES, 5.2: device_online_rate)."""


def measuring(transactions: Transactions, reading: Engine, clock: Clock, muster: Muster) -> Periodic:
    """Looks every minute whether it is time to measure."""

    def devices(now: datetime) -> Mapping[str, tuple[int, int]]:
        with reading.connect() as connection:
            return online(connection, now - HEARD)

    counts: Mapping[str, Count] = {"devices": devices, "coverage": Coverage(reading, muster)}
    return Periodic(name="measure", every_s=60.0, work=Measuring(transactions, reading, clock, counts).check)
