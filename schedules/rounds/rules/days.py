"""Local days of rounds: intervals that hold over month ends and leap days, ages, and the days of a first round."""

import calendar
import hashlib
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """So many days or so many calendar months; one of them."""

    days: int = 0
    months: int = 0

    def __post_init__(self) -> None:
        assert (self.days > 0) != (self.months > 0)

    def after(self, day: date) -> date:
        """
        The last local day on which the next one still keeps the interval.

        A month after 31 January is the last of February: never a day later than the same day of the month it falls in.
        """
        return day + timedelta(days=self.days) if self.days else add_months(day, self.months)


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later, or the last one where that month is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def age_on(born_on: date, day: date) -> int:
    """Full years on this day; whoever was born on 29 February has a birthday on 1 March in other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def first_due(every: Interval, start: date, key: str) -> date:
    """
    The day by which somebody new is visited first: within the interval, spread over its days by the key, so that a
    district that begins does not have everybody due on one day.
    """
    span = (every.after(start) - start).days
    return start + timedelta(days=int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % span + 1)


def planned_on(due_on: date, lead_days: int, opened_on: date) -> date:
    """The day for which a round is planned: some days before it is due, and not before it was opened."""
    return max(due_on - timedelta(days=lead_days), min(opened_on, due_on))
