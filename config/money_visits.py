"""The work of `anling money visits`: visits of a month with what speaks against each, for counting them again."""

import json
from typing import IO

from dispatch.store.database import Engine
from dispatch.store.people import People
from schedules.calendar import Calendar
from schedules.care.store.of_stations import StationVisits
from schedules.money.rules.months import days_of


def export_visits(reading: Engine, month: str, out: IO[str]) -> int:
    """
    Writes every visit of a month's local days that was begun, a JSON line each, and returns how many.

    Raises:
        Invalid: this is no month.
    """
    first, last = days_of(month)
    done = 0
    with reading.connect() as connection:
        _, zone = People(connection).district()
        for each in StationVisits(connection, Calendar(zone).day_of).told(first, last):
            out.write(json.dumps(each, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n")
            done += 1
    return done
