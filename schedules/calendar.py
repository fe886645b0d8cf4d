"""Local days: the only place with a time zone. Everywhere else time is aware UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)

DAY_BEGINS, DAY_ENDS = time(8), time(20)
"""Between these local times old people may be telephoned about something that is no emergency."""


class Calendar:
    """
    The days as people at one place count them.

    Days follow each other without gap or overlap, whatever the clocks of the place do: a day begins at the first
    instant whose local date has reached it and ends where the next one begins. So a day may be 23 or 25 hours long, may
    begin at one o'clock where midnight was skipped, and is empty where a place jumped over the date line (Apia, 30
    December 2011).
    """

    def __init__(self, zone: str) -> None:
        """
        `zone` is a name of the IANA time zone database, such as "Asia/Shanghai".

        Raises:
            zoneinfo.ZoneInfoNotFoundError: there is no such zone.
        """
        self.zone = zone
        self._zone = ZoneInfo(zone)

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone itself, for pages that show times."""
        return self._zone

    def local(self, at: datetime) -> datetime:
        """An aware instant as the clocks of the place show it, for people to read."""
        assert at.tzinfo is not None, "aware instants only"
        return at.astimezone(self._zone)

    def day_of(self, at: datetime) -> date:
        """
        The local day an instant belongs to: always the one whose `bounds` hold it.

        That is the local date, but for the hour after a clock that was set back over midnight (St. John's, until 2011):
        then the new day has begun already and does not begin a second time.
        """
        day = self.local(at).date()
        while at >= self.start_of(day + _DAY):
            day += _DAY
        return day

    def day_number(self, at: datetime) -> str:
        """Month and day of the local day as four digits, "0302" for 2 March: the first part of an alarm's number."""
        return f"{self.day_of(at):%m%d}"

    def start_of(self, day: date) -> datetime:
        """The first instant of a local day, in UTC."""
        return self.instant(day, time.min)

    def instant(self, day: date, at: time) -> datetime:
        """
        The instant, in UTC, at which the clocks of the place first show this time of this local day or a later one.

        So a time that is skipped is the moment the clocks jump, and one that comes twice is the first of the two:
        later times are never earlier instants, and windows that touch on the wall touch in truth.
        """
        assert at.tzinfo is None, "a time on the wall has no zone of its own"
        wall = datetime.combine(day, at, self._zone)
        first = wall.astimezone(UTC)
        early = wall.replace(fold=1).astimezone(UTC)
        # In a gap, and only there, the later reading of a wall time is the earlier instant (PEP 495).
        return self._first_after_gap(wall.replace(tzinfo=None), early, first) if early < first else first

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """The half-open window [start, end) of a local day, in UTC."""
        return self.start_of(day), self.start_of(day + _DAY)

    def month_of(self, at: datetime) -> tuple[str, datetime, datetime]:
        """The local month of an instant, "2026-11", and its half-open window [start, end) in UTC."""
        first = self.day_of(at).replace(day=1)
        next_ = (first + timedelta(days=32)).replace(day=1)
        return f"{first:%Y-%m}", self.start_of(first), self.start_of(next_)

    def by_day(self, at: datetime) -> datetime:
        """This instant if people may be telephoned then, else eight in the morning after it."""
        local = self.local(at)
        if DAY_BEGINS <= local.time() < DAY_ENDS:
            return at
        day = local.date() if local.time() < DAY_BEGINS else local.date() + _DAY
        return datetime.combine(day, DAY_BEGINS, self._zone).astimezone(UTC)

    def _first_after_gap(self, wall: datetime, before: datetime, after: datetime) -> datetime:
        """Where a time was skipped, the instant at which the clocks are moved; found by halving, to the second."""
        while after - before > _SECOND:
            middle = before + (after - before) // _SECOND // 2 * _SECOND
            if self.local(middle).replace(tzinfo=None) < wall:
                before = middle
            else:
                after = middle
        return after
