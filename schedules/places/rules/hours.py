"""
Opening hours as people write them, in a small part of the `opening_hours` notation of OpenStreetMap
(https://wiki.openstreetmap.org/wiki/Key:opening_hours):

    Mo-Fr 07:00-09:00,11:00-13:00; Sa 08:00-12:00; PH off        24/7        Fr 22:00-06:00

Rules stand between semicolons and a later one replaces an earlier one for its days; PH are public holidays. Hours are
those of a clock on the wall: where clocks are changed a place opens at seven all the same. A window that does not end
after its beginning ends on the next day, and belongs to the day it began on.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
HOLIDAY = "PH"
_KEYS = (*DAYS, HOLIDAY)
_DAY = timedelta(days=1)
_MIDNIGHT = 24 * 60
_RULE = re.compile(r"(?:(?P<days>(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)(?:[-,](?:Mo|Tu|We|Th|Fr|Sa|Su|PH))*)\s+)?(?P<hours>\S+)\Z")
_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z")

IsHoliday = Callable[[date], bool]
"""Whether a local day is a public holiday."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the local day, [from, until); `until` is over 1440 where it is on the next day. Days: Mo … Su, PH."""

    of: Mapping[str, tuple[tuple[int, int], ...]]

    def on(self, day: date, is_holiday: IsHoliday) -> tuple[tuple[int, int], ...]:
        """The windows that begin on this day. Without a rule for holidays a holiday is like any other day."""
        if HOLIDAY in self.of and is_holiday(day):
            return self.of[HOLIDAY]
        return self.of.get(DAYS[day.weekday()], ())

    def closes(self, local: datetime, is_holiday: IsHoliday) -> time | None:
        """When it closes, as the clock on the wall will show it; None where it is closed at this local time."""
        minute = local.hour * 60 + local.minute
        today, yesterday = local.date(), local.date() - _DAY
        for day, at in ((today, minute), (yesterday, minute + _MIDNIGHT)):
            for start, end in self.on(day, is_holiday):
                if start <= at < end:
                    return time(end // 60 % 24, end % 60)
        return None


def read_hours(text: str) -> Hours:
    """
    The hours behind the text; nothing written is nothing known, and never open.

    Raises:
        ValueError: it cannot be read; says which part.
    """
    of: dict[str, tuple[tuple[int, int], ...]] = {}
    for rule in filter(None, (part.strip() for part in text.split(";"))):
        if rule == "24/7":
            of.update(dict.fromkeys(_KEYS, ((0, _MIDNIGHT),)))
            continue
        match = _RULE.match(rule)
        if match is None:
            raise ValueError(f'"{rule}" are no opening hours; write them like "Mo-Fr 07:00-13:00; PH off"')
        of.update(dict.fromkeys(_days(match["days"]), _windows(match["hours"])))
    return Hours(of)


def _days(said: str | None) -> list[str]:
    if said is None:
        return list(DAYS)
    found: list[str] = []
    for part in said.split(","):
        first, _, last = part.partition("-")
        if HOLIDAY in (first, last) and last:
            raise ValueError(f'"{part}": PH stands by itself')
        found += [first] if not last else _from_to(first, last)
    return found


def _from_to(first: str, last: str) -> list[str]:
    """Also over the weekend: Sa-Mo."""
    start, end = DAYS.index(first), DAYS.index(last)
    return [DAYS[number % 7] for number in range(start, end + 1 if end >= start else end + 8)]


def _windows(said: str) -> tuple[tuple[int, int], ...]:
    if said in {"off", "closed"}:
        return ()
    return tuple(_window(part) for part in said.split(","))


def _window(said: str) -> tuple[int, int]:
    match = _WINDOW.match(said)
    if match is None:
        raise ValueError(f'"{said}" is no time of opening; write it like 07:00-13:00')
    from_h, from_m, until_h, until_m = map(int, match.groups())
    start, end = from_h * 60 + from_m, until_h * 60 + until_m
    if start >= _MIDNIGHT or end > _MIDNIGHT:
        raise ValueError(f'"{said}" is no time of a day')
    return start, end if end > start else end + _MIDNIGHT
