"""Local days, over every change of clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError, available_timezones

import pytest

from schedules.calendar import Calendar

YEARS = (1985, 2035)
ODD = ["America/St_Johns", "America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Pacific/Apia", "Pacific/Kwajalein"]
ODD += ["Australia/Lord_Howe", "Africa/Casablanca", "Asia/Shanghai", "Europe/London", "Asia/Kathmandu", "UTC"]
"""Midnights skipped, midnights twice, half hours, days left out, and no change at all."""

ZONES = sorted(set(ODD) | set(sorted(available_timezones())[::12]))


def transitions(calendar: Calendar) -> list[datetime]:
    """Instants at most six hours before a change of the zone's offset."""
    at, end, step = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[1], 1, 1, tzinfo=UTC), timedelta(days=5)
    found = []
    while at < end:
        if calendar.local(at).utcoffset() != calendar.local(at + step).utcoffset():
            found += [at + n * timedelta(hours=6) for n in range(20) if moves(calendar, at + n * timedelta(hours=6))]
        at += step
    return found


def moves(calendar: Calendar, at: datetime) -> bool:
    return calendar.local(at).utcoffset() != calendar.local(at + timedelta(hours=6)).utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_days_follow_each_other_without_gap_or_overlap_and_hold_their_instants(zone):
    calendar = Calendar(zone)
    looked = 0
    for around in [datetime(2026, 3, 2, tzinfo=UTC), *transitions(calendar)]:
        for minutes in (-1500, -61, -1, 0, 1, 29, 30, 59, 60, 61, 119, 121, 239, 300, 359, 360, 1440):
            at = around + timedelta(minutes=minutes)
            day = calendar.day_of(at)
            start, end = calendar.bounds(day)
            assert start <= at < end
            assert end == calendar.bounds(day + timedelta(days=1))[0]
            assert calendar.local(start).date() >= day > calendar.local(start - timedelta(microseconds=1)).date()
            looked += 1
    assert looked >= 17


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("Asia/Shanghai", date(2026, 3, 2), "2026-03-01T16:00", 24),
        ("Europe/London", date(2026, 3, 29), "2026-03-29T00:00", 23),
        ("Europe/London", date(2026, 10, 25), "2026-10-24T23:00", 25),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00", 23),  # Midnight was skipped.
        ("America/Havana", date(2025, 11, 2), "2025-11-02T04:00", 25),  # Midnight came twice.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00", 0),  # A day left out.
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00", 24.5),
    ],
)
def test_a_day_begins_and_ends_where_the_place_says(zone, day, start, hours):
    begins, ends = Calendar(zone).bounds(day)
    assert begins == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert ends - begins == timedelta(hours=hours)
    assert begins.tzinfo is UTC
    assert ends.tzinfo is UTC


def test_a_day_that_has_begun_does_not_begin_a_second_time():
    """St. John's set its clocks back from 00:01 to 23:01: for one minute it was 1 November, then October again."""
    calendar = Calendar("America/St_Johns")
    again_october = datetime(2009, 11, 1, 2, 45, tzinfo=UTC)
    assert calendar.local(again_october).date() == date(2009, 10, 31)
    assert calendar.day_of(again_october) == date(2009, 11, 1)


def test_the_number_of_a_day_is_the_local_month_and_day():
    calendar = Calendar("Asia/Shanghai")
    assert calendar.day_number(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == "0301"
    assert calendar.day_number(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == "0302"
    assert calendar.day_number(datetime(2025, 12, 31, 16, 0, tzinfo=UTC)) == "0101"


def test_local_time_is_what_the_clocks_of_the_place_show():
    shown = Calendar("Asia/Shanghai").local(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    assert shown.isoformat() == "2026-03-02T20:00:00+08:00"


def test_the_zone_of_the_host_does_not_matter(monkeypatch):
    at = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    monkeypatch.setenv("TZ", "America/Anchorage")
    assert Calendar("Asia/Shanghai").day_of(at) == date(2026, 3, 2)


def test_a_zone_nobody_knows_is_refused():
    with pytest.raises(ZoneInfoNotFoundError):
        Calendar("Asia/Atlantis")


def test_an_instant_without_a_zone_is_a_mistake():
    with pytest.raises(AssertionError, match="aware"):
        Calendar("Asia/Shanghai").local(datetime(2026, 3, 2))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("local", "month", "days"),
    [("2026-11-01T00:00", "2026-11", 30), ("2026-12-31T23:59", "2026-12", 31), ("2028-02-29T12:00", "2028-02", 29)],
)
def test_an_instant_belongs_to_its_local_month(local, month, days):
    calendar = Calendar("Asia/Shanghai")
    at = datetime.fromisoformat(local).replace(tzinfo=calendar.tzinfo).astimezone(UTC)
    name, start, end = calendar.month_of(at)
    assert name == month
    assert start <= at < end
    assert end - start == timedelta(days=days)
    assert calendar.local(start).day == 1


@pytest.mark.parametrize("zone", ODD)
def test_months_follow_each_other_without_gap_or_overlap(zone):
    calendar = Calendar(zone)
    at = datetime(2009, 12, 15, tzinfo=UTC)
    for _ in range(40):
        _, start, end = calendar.month_of(at)
        assert calendar.month_of(end)[1] == end
        assert start <= at < end
        at = end


@pytest.mark.parametrize(
    ("local", "by_day"),
    [
        ("2026-11-21T07:59", "2026-11-21T08:00"),
        ("2026-11-21T08:00", "2026-11-21T08:00"),
        ("2026-11-21T19:59", "2026-11-21T19:59"),
        ("2026-11-21T20:00", "2026-11-22T08:00"),
        ("2026-12-31T23:30", "2027-01-01T08:00"),
    ],
)
def test_nobody_is_telephoned_by_night(local, by_day):
    calendar = Calendar("Asia/Shanghai")
    at, wanted = (datetime.fromisoformat(each).replace(tzinfo=calendar.tzinfo) for each in (local, by_day))
    assert calendar.by_day(at.astimezone(UTC)) == wanted
