"""Calendars of duty as two readers understand them: icalendar's own, and dateutil by the zones in the file."""

import io
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil import tz

from dispatch.ids import CarerId
from schedules.duty.feeds import feed
from schedules.duty.rules import Shift

QUARTER = timedelta(minutes=15)
DAYS = {
    "Europe/Berlin": [date(2027, 3, 28), date(2027, 10, 31), date(2028, 2, 29)],
    "America/St_Johns": [date(2027, 3, 14), date(2027, 11, 7)],
    "Australia/Lord_Howe": [date(2027, 4, 4), date(2027, 10, 3)],
    "Asia/Shanghai": [date(2026, 12, 31), date(2028, 2, 29)],
}
"""Days of 23, 24, 24½ and 25 hours, a leap day, and the end of a year."""


@pytest.mark.parametrize("zone", DAYS)
def test_a_shift_is_read_at_its_true_time_whatever_the_clocks_do(zone):
    shifts = [each for day in DAYS[zone] for each in _around(day, ZoneInfo(zone))]
    written = feed(shifts, name="班表", titles={}, place="", zone=ZoneInfo(zone))
    true = [(each.start_at, each.end_at) for each in shifts]
    events = icalendar.Calendar.from_ical(written).walk("VEVENT")
    assert [tuple(each[name].dt.astimezone(UTC) for name in ("dtstart", "dtend")) for each in events] == true
    assert by_dateutil(written.decode().replace("\r\n ", "")) == true
    assert b"X-PUBLISHED-TTL:PT30M" in written


def _around(day: date, zone: ZoneInfo) -> list[Shift]:
    """Three hours each from every quarter of an hour between eight in the evening and noon."""
    first = datetime.combine(day - timedelta(days=1), time(20), zone).astimezone(UTC)
    return [
        Shift(id=f"{day}-{n}", carer_id=CarerId("c"), start_at=first + n * QUARTER, end_at=first + (n + 12) * QUARTER)
        for n in range(64)
    ]


def by_dateutil(text: str) -> list[tuple[datetime, datetime]]:
    zones = tz.tzical(io.StringIO("\n".join(text.splitlines())))

    def at(block: str, name: str) -> datetime:
        found = re.search(rf"{name}(?:;TZID=([^:]+))?:(\d{{8}}T\d{{6}})(Z?)", block)
        assert found is not None
        plain = datetime.strptime(found[2], "%Y%m%dT%H%M%S")  # noqa: DTZ007  its zone follows
        return plain.replace(tzinfo=UTC if found[3] else zones.get(found[1])).astimezone(UTC)

    return [(at(each, "DTSTART"), at(each, "DTEND")) for each in text.split("BEGIN:VEVENT")[1:]]
