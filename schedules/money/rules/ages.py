"""Full years (周岁) on a local day."""

from datetime import date

LEAP_DAYS = ("mar_1", "feb_28")
"""On which day somebody born on 29 February counts a year more in a common year. The first is the default."""


def full_years(born_on: date, on: date, leap_day: str = "mar_1") -> int:
    """
    How old somebody is on a local day: a year more from the birthday on.

    Who was born on 29 February counts it on 1 March in common years, or on 28 February where `leap_day` says so. A day
    before the birth gives a negative number.
    """
    assert leap_day in LEAP_DAYS
    month, day = born_on.month, born_on.day
    if leap_day == "feb_28" and (month, day) == (2, 29) and not _is_leap(on.year):
        day = 28
    return on.year - born_on.year - ((on.month, on.day) < (month, day))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
