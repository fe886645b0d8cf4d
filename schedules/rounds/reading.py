"""Reading: the due list, one resident's history, extra rounds and the visit rate, as plain values for pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dispatch.clock import Clock
from dispatch.errors import Invalid
from dispatch.ids import ResidentId
from dispatch.rules.people import Resident
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import Engine
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from schedules.calendar import Calendar
from schedules.rounds.rules.book import Book
from schedules.rounds.rules.round import Round
from schedules.rounds.store.campaigns import Campaign, Campaigns
from schedules.rounds.store.rounds import Listed, Rounds

DAY = timedelta(days=1)
SHOWN_MAX = 200
HISTORY_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One row of the due list; `days_late` is 0 where it is not overdue."""

    round: Round
    resident: Resident
    address: str
    community: str
    days_late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One resident on the page of rounds."""

    resident: Resident
    listed: Listed | None
    rounds: Sequence[Round]


class RoundsBook:
    """Reads for people; every method takes a connection of its own."""

    def __init__(self, reading: Engine, clock: Clock, calendar: Calendar, book: Book) -> None:
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self.book = book

    def today(self) -> date:
        return self._calendar.day_of(self._clock.now())

    def due(self, area: Area, *, days: int = 7, most: int = SHOWN_MAX, after: str = "", cls: str = "",
            community: str = "", station: str = "", responsible: str = "") -> list[Due]:  # fmt: skip
        """What is open and due within so many days, those longest overdue first; see `Rounds.due_list`."""
        now, today = self._clock.now(), self.today()
        with self._reading.connect() as connection:
            rows = Rounds(connection).due_list(
                area, until=today + days * DAY, now=now, most=most, after=after, cls=cls, community=community,
                station=station, responsible=responsible,
            )  # fmt: skip
        return [
            Due(round=one, resident=who, address=address, community=where, days_late=max(0, (today - one.due_on).days))
            for one, who, address, where in rows
        ]

    def history(self, resident: str, area: Area) -> History:
        """
        One resident with their rounds, the newest first.

        Raises:
            NotFound: no such resident in this area.
        """
        with self._reading.connect() as connection:
            row = RegisterRows(connection).one(RESIDENTS, resident, area)
            id_, shelf = ResidentId(row["id"]), Rounds(connection)
            who = shelf.residents_by_id([id_])[id_]
            return History(resident=who, listed=shelf.listed(id_), rounds=shelf.of(id_, HISTORY_MAX))

    def extras(self, area: Area) -> list[tuple[Campaign, int, int]]:
        """The newest extra rounds, with how many are done of how many."""
        with self._reading.connect() as connection:
            found = Campaigns(connection).newest(area, 20)
            tally = Campaigns(connection).tally([each.id for each in found])
        return [(each, *tally.get(each.id, (0, 0))) for each in found]

    def claimed(self, area: Area) -> list[tuple[Round, Resident]]:
        """Rounds at the door that nothing proves and nobody has looked at, with whom they are about."""
        with self._reading.connect() as connection:
            return Rounds(connection).claimed(area, SHOWN_MAX)

    def overdue(self, area: Area) -> int:
        with self._reading.connect() as connection:
            return Rounds(connection).overdue(self.today(), area)

    def month(self) -> str:
        return f"{self.today():%Y-%m}"

    def rate(self, month: str, area: Area = DISTRICT) -> tuple[int, int]:
        """
        People visited in a local month ("2026-11"), of the people with a round due in it (探访率).

        Raises:
            Invalid: that is no month.
        """
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError:
            raise Invalid("Please check what was entered", {"query": {"month": ["A month is like 2026-11."]}}) from None
        last = (first + timedelta(days=32)).replace(day=1) - DAY
        with self._reading.connect() as connection:
            return Rounds(connection).rate(first, last, area)
