"""What a page shows of coverage: the gaps of somebody's own homes, by day and by community, with figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dispatch.clock import Clock
from dispatch.rules.people import Carer
from dispatch.rules.rights import Area
from dispatch.store.people import People
from schedules.calendar import Calendar
from schedules.coverage.rules.standing import Standing
from schedules.coverage.store import Gaps, Lived, Look, ReadingEngine, lived_in

DAY = timedelta(days=1)

LASTING = timedelta(days=3)
"""A gap of so many days is no matter of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """`covered` is the share of home-hours, from now to the end of the look, in which somebody could come in time."""

    name: str
    homes: int
    gaps: int
    covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`homes` by code; `days` are local days with the gaps that share time with them; `silent` are (carer, why)."""

    look: Look | None
    homes: dict[str, Lived]
    gaps: Sequence[Standing]
    days: Sequence[tuple[date, Sequence[Standing]]]
    communities: Sequence[Community]
    silent: Sequence[tuple[Carer, str]]

    def alone(self, at: datetime) -> list[tuple[Lived, Standing]]:
        """The homes that nobody could reach in time at an instant."""
        found = {code: row for row in self.gaps if row.gap.start_at <= at < row.gap.end_at for code in row.gap.homes}
        return [(self.homes[code], row) for code, row in sorted(found.items())]


class Outlooks:
    """Reads what the watch of coverage has kept; works nothing out anew."""

    def __init__(self, reading: ReadingEngine, clock: Clock, calendar: Calendar) -> None:
        self._reading = reading
        self._clock = clock
        self.calendar = calendar

    def of(self, area: Area) -> Outlook:
        """All that concerns the homes and carers of this area."""
        with self._reading.connect() as connection:
            shelf = Gaps(connection)
            look, rows = shelf.look(), shelf.open()
            homes = {each.code: each for each in lived_in(connection) if area.covers(each.station_id)}
            carers = [each for each in People(connection).carers() if area.covers(each.station_id)]
        gaps = [mine for row in rows if (mine := _only(row, homes)) is not None]
        return Outlook(
            look=look, homes=homes, gaps=gaps, days=list(self._by_day(gaps)) if look else [],
            communities=_communities(look, homes, gaps), silent=_silent(look, carers),
        )  # fmt: skip

    def now(self) -> datetime:
        return self._clock.now()

    def _by_day(self, gaps: Sequence[Standing]) -> Iterable[tuple[date, list[Standing]]]:
        days: dict[date, list[Standing]] = defaultdict(list)
        now = self._clock.now()
        for row in gaps:
            day = self.calendar.day_of(max(row.gap.start_at, now))
            days[day].append(row)
            day += DAY
            # One that lasts is said once, on its first day: its times tell that it goes on.
            while row.gap.end_at - row.gap.start_at < LASTING and self.calendar.start_of(day) < row.gap.end_at:
                days[day].append(row)
                day += DAY
        return sorted(days.items())


def _only(row: Standing, homes: dict[str, Lived]) -> Standing | None:
    """A gap with nobody else's homes in it; None where nothing is left of it."""
    mine = tuple(code for code in row.gap.homes if code in homes)
    return replace(row, gap=replace(row.gap, homes=mine)) if mine else None


def _communities(look: Look | None, homes: dict[str, Lived], gaps: Sequence[Standing]) -> list[Community]:
    """The worst first."""
    if look is None:
        return []
    length_s = (look.until - look.at).total_seconds()
    count = Counter(each.community for each in homes.values())
    many, alone_s = Counter[str](), Counter[str]()
    for row in gaps:
        gap = row.gap
        many[gap.community] += 1
        seconds = (min(gap.end_at, look.until) - max(gap.start_at, look.at)).total_seconds()
        alone_s[gap.community] += round(max(0.0, seconds) * len(gap.homes))
    found = [
        Community(name=name, homes=n, gaps=many[name], covered=max(0.0, 1 - alone_s[name] / (n * length_s)))
        for name, n in count.items()
    ]
    return sorted(found, key=lambda each: (each.covered, each.name))


def _silent(look: Look | None, carers: Sequence[Carer]) -> list[tuple[Carer, str]]:
    known = look.facts.get("silent", {}) if look else {}
    return [(each, known[each.code]) for each in carers if each.code in known]
