"""Spreads what has to be done once over the working days and hours of a stretch of time."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta

from schedules.calendar import Calendar

SATURDAY = 5
SEARCH_DAYS = 40
"""A stretch without a working hour is left this far at most."""


class Spread:
    """Working hours are those from `from_hour` until `until_hour`, local time, Monday to Friday."""

    def __init__(self, calendar: Calendar, *, from_hour: int, until_hour: int) -> None:
        self._calendar = calendar
        self._from_hour = from_hour
        self._until_hour = until_hour

    def __call__(self, key: str, start: datetime, end: datetime) -> datetime:
        """
        An instant between the two, within working hours: the same for the same key, even over many keys.

        Where no working hour lies between them, the first one after `start`.
        """
        windows = self._windows(start, end) or self._windows(start, start + timedelta(days=SEARCH_DAYS))[:1]
        total_s = sum((until - since).total_seconds() for since, until in windows)
        place_s = total_s * _share(key)
        for since, until in windows:
            length_s = (until - since).total_seconds()
            if place_s < length_s:
                return since + timedelta(seconds=int(place_s))
            place_s -= length_s
        return windows[-1][0]

    def working(self, at: datetime) -> bool:
        """Whether this is a working hour."""
        local = self._calendar.local(at)
        return local.weekday() < SATURDAY and self._from_hour <= local.hour < self._until_hour

    def _windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The working hours of each day between the two, cut to them."""
        day, last = self._calendar.day_of(start), self._calendar.day_of(end)
        found = []
        while day <= last:
            if day.weekday() < SATURDAY:
                since, until = max(start, self._at(day, self._from_hour)), min(end, self._at(day, self._until_hour))
                found += [(since, until)] if since < until else []
            day += timedelta(days=1)
        return found

    def _at(self, day: date, hour: int) -> datetime:
        midnight = datetime.combine(day, time.min, self._calendar.tzinfo)
        return (midnight + timedelta(hours=hour)).astimezone(UTC)


def _share(key: str) -> float:
    """A number from 0 up to 1, drawn from the key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48
