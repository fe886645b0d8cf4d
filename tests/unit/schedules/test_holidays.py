"""Days off and worked weekends: judged by chinesecalendar for the years it knows, by the weekday for the others."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from config.holiday_files import read_holidays, read_year
from dispatch.errors import Misconfigured
from schedules.holidays import Holidays

TABLE = read_holidays()
DAYS = [date(2024, 1, 1) + timedelta(days=number) for number in range(366 + 365 + 365)]


def test_every_day_of_the_published_years_is_as_another_table_has_it():
    assert DAYS[-1] == date(2026, 12, 31)
    for day in DAYS:
        assert TABLE.is_workday(day) == chinese_calendar.is_workday(day), day
    assert all(TABLE.is_published(year) for year in (2024, 2025, 2026))


def test_weekends_that_are_worked_say_for_which_holiday():
    assert TABLE.is_workday(date(2026, 2, 14))
    assert TABLE.about(date(2026, 2, 14)).name == TABLE.about(date(2026, 2, 17)).name == "spring_festival"
    assert (TABLE.about(date(2026, 2, 14)).is_worked, TABLE.about(date(2026, 2, 17)).is_worked) == (True, False)
    assert TABLE.about(date(2026, 3, 3)) is None
    assert TABLE.workdays(date(2026, 2, 1), date(2026, 3, 1)) == 16


def test_a_year_nobody_published_goes_by_the_weekday_and_says_so():
    for year in (1999, 2027, 2099):
        assert not TABLE.is_published(year)
        assert TABLE.source(year) == ""
        first = date(year, 1, 1)
        assert [TABLE.is_workday(first + timedelta(days=n)) for n in range(7)] == [
            (first + timedelta(days=n)).weekday() < 5 for n in range(7)
        ]
    assert TABLE.unpublished(date(2026, 10, 1)) == []
    assert TABLE.unpublished(date(2026, 11, 22)) == [2027]
    assert TABLE.unpublished(date(2027, 3, 1)) == [2027]
    assert Holidays().unpublished(date(2026, 1, 1)) == [2026]


def test_festivals_are_a_lunation_apart():
    for year in (2024, 2025, 2026, 2027):
        told = TABLE.festivals(year)
        assert (told["lantern"] - told["spring_festival"]).days == 14
        assert (told["chongyang"] - told["mid_autumn"]).days in {23, 24}, (
            "from the 15th of the 8th to the 9th of the 9th"
        )
        assert told["spring_festival"].month in {1, 2}
        days = [told["dragon_boat"], told["mid_autumn"]]
        if TABLE.is_published(year):
            assert [TABLE.is_workday(each) for each in [*days, told["spring_festival"]]] == [False] * 3
    assert TABLE.festivals(2027)["spring_festival"] == date(2027, 2, 6), "the new moon is four minutes before midnight"
    assert TABLE.festivals(1999) == {}


NAMED = "year = 2027\nsource = 's'\n[[holidays]]\n"
HOLIDAY = f"{NAMED}name = 'a'\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("year = 'x'", "year"),
        ("year = 2027\n[[holidays]]\nname = 'a'\nfirst = 2027-01-01\nlast = 2027-01-03", "source"),
        (f"{HOLIDAY}first = 2027-01-03\nlast = 2027-01-01", "holidays.0.last"),
        (f"{HOLIDAY}first = 2026-11-30\nlast = 2027-01-01", "holidays.0.first"),
        (f"{HOLIDAY}first = '2027-01-01'\nlast = 2027-01-01", "first"),
        (f"{NAMED}first = 2027-01-01\nlast = 2027-01-01", "holidays.0"),
        (f"{HOLIDAY}first = 2027-01-01\nlast = 2027-01-01\nworked = [2027-01-04]", "worked"),
        ("year = 2027\nholidays = 3", "holidays"),
        ("year = 2027\n[festivals]\nchongyang = 3", "festivals.chongyang"),
        ("year = ", ""),
    ],
)
@pytest.mark.error_lines("holidays_unread")
def test_a_wrong_file_names_the_place_and_costs_its_own_year_only(tmp_path, log_lines, text, place):
    path = tmp_path / "2027.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as refused:
        read_year(path)
    assert refused.value.place.endswith(place or "2027.toml")
    table = read_holidays(str(tmp_path))
    assert table.is_published(2026)
    assert not table.is_published(2027)
    assert [each["event"] for each in log_lines if each["log_level"] == "error"] == ["holidays_unread"]


@pytest.mark.error_lines("holidays_unread")
def test_a_folder_of_ones_own_brings_the_year_that_was_published_since(tmp_path):
    (tmp_path / "2027.toml").write_text(
        "year = 2027\nsource = 'a notice'\n[[holidays]]\nname = 'new_year'\nfirst = 2027-01-01\nlast = 2027-01-03\n"
        "worked = [2027-01-09]\n",
        encoding="utf-8",
    )
    table = read_holidays(str(tmp_path))
    assert table.unpublished(date(2026, 11, 22)) == []
    assert (table.is_workday(date(2027, 1, 1)), table.is_workday(date(2027, 1, 9))) == (False, True)
    assert read_holidays(str(tmp_path / "nowhere")).unpublished(date(2026, 11, 22)) == [2027]


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 11, 1), []), (date(2026, 11, 2), [(2027, 60)]), (date(2026, 12, 1), [(2027, 60)]),
        (date(2026, 12, 2), [(2027, 30)]), (date(2026, 12, 18), [(2027, 14)]), (date(2026, 12, 25), [(2027, 7)]),
        (date(2026, 12, 31), [(2027, 1)]), (date(2027, 1, 1), [(2027, 0)]), (date(2027, 6, 1), [(2027, 0)]),
        (date(2027, 11, 2), [(2027, 0), (2028, 60)]),
    ],
)  # fmt: skip
def test_the_end_of_the_table_is_told_ever_more_often(today, told):
    assert TABLE.to_tell(today) == told
