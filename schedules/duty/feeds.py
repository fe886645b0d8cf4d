"""
The calendar of a carer or a station as iCalendar text (RFC 5545), for the calendars of phones.

A shift keeps its UID for life; `SEQUENCE` counts how often it was moved; one that was taken out is gone from the feed,
which is how subscribed calendars learn of it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration

from schedules.duty.rules import Shift

BACK, AHEAD = timedelta(days=7), timedelta(days=366)
"""What a feed shows: a week of what was, and twelve months of what will be."""

REFRESH = timedelta(minutes=30)


def feed(shifts: Sequence[Shift], *, name: str, titles: Mapping[str, str], place: str, zone: ZoneInfo) -> bytes:
    """
    The feed as bytes, the same for the same shifts. `titles` says what a shift is called, by its carer's id; `place`
    is the station's name.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//anling//roster//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line(name))
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for shift in shifts:
        calendar.add_component(_event(shift, _line(titles.get(shift.carer_id, name)), _line(place), zone))
    if shifts:
        calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _line(text: str) -> str:
    """What is called so on one line: a line end in a name would end a line of the calendar."""
    return " ".join(text.split())


def _event(shift: Shift, title: str, place: str, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{shift.id}@anling")
    event.add("dtstamp", (shift.changed_at or shift.start_at).astimezone(UTC))
    event.add("sequence", shift.sequence)
    start, end = (at.astimezone(zone) for at in (shift.start_at, shift.end_at))
    if start.fold or end.fold:
        # A local time that comes twice means its first coming (RFC 5545, 3.3.5); the second can be told in UTC alone.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", title)
    if place:
        event.add("location", place)
    return event


def window(now: datetime) -> tuple[datetime, datetime]:
    """What a feed shows at this instant."""
    return now - BACK, now + AHEAD
