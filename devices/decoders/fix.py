"""Where a device says it is and when it says so: what positions and times of trackers have in common."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from dispatch.rules.place import Position

BELIEVABLE_FROM_YEAR = 2010
"""
Earlier, the clock was never set: those of trackers begin in 1970, 1980, 2000 or 2004, and a GPS receiver that missed
the roll-over of its week counter is 19.6 years behind. No time is better than a wrong one.
"""


@dataclass(frozen=True, slots=True)
class Fix:
    """
    A position in WGS-84 and the instant of the report that carried it, each None where the device did not know.

    A position is only here when the device vouches for it: what it sends along as *last known* may be hours old.
    """

    position: Position | None = None
    at: datetime | None = None


NO_FIX = Fix()


def position_of(lat: float, lng: float) -> Position | None:
    """The point at these degrees; None for what no point on earth has, and for 0/0, which means *none* everywhere."""
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lng <= 180.0) or lat == lng == 0.0:
        return None
    return Position(lat, lng)


def degrees(text: str, hemisphere: str) -> float | None:
    """Degrees from `DDMM.MMMM` or `DDDMM.MMMM` (NMEA 0183), south and west negative; None if it is no such number."""
    whole, point, fraction = text.strip().partition(".")
    if not (whole + fraction).isdecimal() or not (whole + fraction).isascii() or not point:
        return None
    minutes = float(f"{whole[-2:]}.{fraction or 0}")
    value = float(whole[:-2] or 0) + minutes / 60.0
    return -value if hemisphere in {"S", "W"} else value


def as_minutes(value: float, *, places: int) -> str:
    """What `degrees` reads: whole degrees in `places` digits, then minutes with four decimals."""
    whole, minutes = divmod(round(abs(value) * 600_000), 600_000)
    return f"{whole:0{places}}{minutes / 10_000:07.4f}"


def moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, *, east_min: int = 0
) -> datetime | None:
    """
    The instant of a date and time of day; two digits are a year after 2000. None where there is no such instant.

    `east_min` is how many minutes the device's time of day is ahead of UTC.
    """
    try:
        at = datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if at.year < BELIEVABLE_FROM_YEAR:
        return None
    return at - timedelta(minutes=east_min) if east_min else at


def moment_of(text: str, *, order: Literal["ymd", "dmy"] = "ymd", east_min: int = 0) -> datetime | None:
    """The instant of twelve digits: a date of two digits each in this order, then `hhmmss`."""
    if len(text) != 12 or not text.isdecimal() or not text.isascii():
        return None
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    if order == "dmy":
        year, day = day, year
    return moment(year, month, day, int(text[6:8]), int(text[8:10]), int(text[10:]), east_min=east_min)


def epoch(seconds: int) -> datetime | None:
    """The instant of seconds since 1970 (32 bits)."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at if at.year >= BELIEVABLE_FROM_YEAR else None
