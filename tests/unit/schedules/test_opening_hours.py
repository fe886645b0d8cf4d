"""Opening hours: by weekday, over midnight, on holidays, and by the clock on the wall where clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.places.rules.hours import DAYS, read_hours

MONDAY = date(2026, 11, 23)
WORKDAY = lambda _day: False  # noqa: E731


def closes(text: str, day: date, at: str, is_holiday=WORKDAY) -> time | None:
    hour, minute = map(int, at.split(":"))
    return read_hours(text).closes(datetime.combine(day, time(hour, minute)), is_holiday)


@pytest.mark.parametrize(
    ("text", "day", "at", "until"),
    [
        ("Mo-Fr 07:00-09:00,11:00-13:00", 0, "06:59", None),
        ("Mo-Fr 07:00-09:00,11:00-13:00", 0, "07:00", "09:00"),
        ("Mo-Fr 07:00-09:00,11:00-13:00", 0, "09:00", None),
        ("Mo-Fr 07:00-09:00,11:00-13:00", 4, "12:59", "13:00"),
        ("Mo-Fr 07:00-09:00,11:00-13:00", 5, "12:00", None),
        ("07:00-19:00", 6, "12:00", "19:00"),
        ("Mo-Su 08:00-20:00; We off", 2, "12:00", None),
        ("Mo-Su 08:00-20:00; We 09:00-10:00", 2, "08:30", None),
        ("Mo,We 08:00-24:00", 2, "23:59", "00:00"),
        ("Mo,We 08:00-24:00", 3, "00:00", None),
        ("Sa-Mo 08:00-09:00", 6, "08:00", "09:00"),
        ("Sa-Mo 08:00-09:00", 1, "08:00", None),
        ("Fr 22:00-06:00", 4, "23:00", "06:00"),
        ("Fr 22:00-06:00", 5, "05:59", "06:00"),
        ("Fr 22:00-06:00", 5, "06:00", None),
        ("Fr 22:00-06:00", 4, "05:00", None),
        ("24/7", 6, "03:00", "00:00"),
        ("", 0, "12:00", None),
    ],
)
def test_open_until(text, day, at, until):
    found = closes(text, MONDAY + timedelta(days=day), at)
    assert (f"{found:%H:%M}" if found else None) == until


def test_on_a_holiday_its_own_rule_holds_and_without_one_the_weekdays():
    festival = lambda day: day == MONDAY  # noqa: E731
    assert closes("Mo 08:00-12:00; PH off", MONDAY, "09:00", festival) is None
    assert closes("Mo 08:00-12:00; PH 10:00-11:00", MONDAY, "10:30", festival) == time(11)
    assert closes("Mo 08:00-12:00", MONDAY, "09:00", festival) == time(12)
    assert closes("PH,Mo 08:00-12:00", MONDAY + timedelta(days=7), "09:00", festival) == time(12)


def test_the_night_after_the_eve_of_a_holiday_belongs_to_the_eve():
    festival = lambda day: day == MONDAY  # noqa: E731
    text = "Mo-Su 20:00-02:00; PH off"
    assert closes(text, MONDAY, "01:00", festival) == time(2)
    assert closes(text, MONDAY, "21:00", festival) is None
    assert closes(text, MONDAY + timedelta(days=1), "01:00", festival) is None


@pytest.mark.parametrize(
    ("day", "hours_open"), [(date(2026, 3, 29), 3), (date(2026, 10, 25), 5), (date(2026, 6, 1), 4)]
)
def test_where_clocks_are_changed_the_clock_on_the_wall_is_what_counts(day, hours_open):
    """01:00 to 05:00 in Berlin is three hours of the night the clocks go forward and five of the one they go back."""
    hours, zone = read_hours("01:00-05:00"), ZoneInfo("Europe/Berlin")
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    minutes = (start + timedelta(minutes=n) for n in range(12 * 60))
    assert sum(hours.closes(each.astimezone(zone), WORKDAY) is not None for each in minutes) == hours_open * 60


@pytest.mark.parametrize(
    "text",
    ["Mo 7:00-9:00", "Mo 07:00", "Xx 07:00-09:00", "Mo 24:00-25:00", "Mo 07:00-24:30", "Mo-PH 07:00-09:00", "weekdays",
     "Mo 07:00-09:00 Tu 07:00-09:00", "Mo--Fr 07:00-09:00"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_words(text):
    with pytest.raises(ValueError, match=r"write it like|write them like|no time of a day|by itself"):
        read_hours(text)


def test_a_day_named_by_itself_is_that_day():
    for number, name in enumerate(DAYS):
        assert closes(f"{name} 08:00-09:00", MONDAY + timedelta(days=number), "08:30") == time(9)
        assert closes(f"{name} 08:00-09:00", MONDAY + timedelta(days=number + 1), "08:30") is None
