"""Wires the planning of visits: who keeps plans, and who thinks about them in processes of their own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.settings import Settings
from dispatch.clock import Clock
from dispatch.rules.travel import StraightLine, TravelTime
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.rules.presence import Visit
from schedules.care.sending import Sending
from schedules.planning.desk import PlanDesk
from schedules.planning.gathering import OpenVisit, VisitBook
from schedules.planning.process import PlannerProcess
from schedules.planning.publishing import Publishing
from schedules.planning.telling import Telling
from schedules.planning.thinking import Thinker
from schedules.timetable import Periodic

TELL_EVERY_S, PUBLISH_EVERY_S = 60.0, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """Plans of visits, and their thinker: the role `planner`."""

    desk: PlanDesk
    thinker: Thinker
    timetable: tuple[Periodic, ...]

    def start(self, roles: Collection[str]) -> None:
        """Begins to think, where this process is to."""
        if "planner" in roles:
            self.thinker.start()


class NoVisits:
    """The book of visits of a house that keeps none."""

    def open_on(self, day: date) -> Sequence[OpenVisit]:
        return ()


def build_planning(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    book: VisitBook | None = None, travel: Callable[[], TravelTime] = StraightLine,
    kept: Callable[[date], Sequence[Visit]] = lambda _: (), nudge: Callable[[], None] = lambda: None,
) -> Planning:  # fmt: skip
    """
    `book` keeps the visits, `kept` reads those of a day, `nudge` wakes the courier; `travel` answers how long ways are,
    by a road router where there is one.
    """
    said, visits = settings.planning, book or NoVisits()
    process = PlannerProcess(processes=said.processes, memory_mb=said.memory_mb)
    thinker = Thinker(
        transactions, reading, clock, calendar, visits, process, travel, promised=timedelta(hours=said.promised_h)
    )
    telling = Telling(transactions, reading, clock, calendar, kept, page=f"{settings.web.base_url}/c", nudge=nudge)
    publishing = Publishing(transactions, reading, clock, Sending(transactions, reading), told=telling.told)
    desk = PlanDesk(transactions, reading, publishing, seconds=said.seconds, nudge=thinker.nudge)
    timetable = (
        Periodic(name="publish_plans", every_s=PUBLISH_EVERY_S, work=publishing.check),
        Periodic(name="tell_of_plans", every_s=TELL_EVERY_S, work=telling.check),
    )
    return Planning(desk=desk, thinker=thinker, timetable=timetable)
