"""The settings of duty, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DutySettings:
    """
    `rotation_weeks` is how far ahead rotations lay shifts. Hours of rest between two duties, of a break within one, on
    one day and in one week at most; days and nights in a row at most; 0 for no limit. `swaps_approved`: whether a
    manager agrees to a swap too, `swap_h` hours are waited for an answer. `holidays` is a folder of further years.
    """

    rotation_weeks: int = 6
    rest_h: int = 8
    break_h: int = 4
    day_h: int = 12
    week_h: int = 60
    days_in_row: int = 6
    nights_in_row: int = 4
    swaps_approved: bool = True
    swap_h: int = 24
    holidays: str = ""
