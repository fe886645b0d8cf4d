"""Wires the planning of visits: who keeps plans, and who thinks about them in processes of their own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from config.settings import Settings
from config.travel import roads_of
from dispatch.clock import Clock
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine, TravelTime
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.apart import Apart, Failed
from schedules.calendar import Calendar
from schedules.care.rules.presence import Visit
from schedules.care.sending import Sending
from schedules.planning.desk import PlanDesk
from schedules.planning.gathering import Known, OpenVisit, VisitBook
from schedules.planning.process import PlannerProcess
from schedules.planning.publishing import Publishing
from schedules.planning.telling import Telling
from schedules.planning.thinking import Router, Thinker, nobody
from schedules.roads.squares import ways_by_roads
from schedules.timetable import Periodic

TELL_EVERY_S, PUBLISH_EVERY_S = 60.0, 20.0
log = structlog.get_logger()


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


def router_of(settings: Settings, apart: Apart) -> Router:
    """Asks the road router in a process of its own; where that fails every way goes by the line."""

    def ask(spots: Sequence[Position | None], means: Sequence[Means], for_s: float) -> Known:
        roads = roads_of(settings, for_s=for_s)
        try:
            return apart(ways_by_roads, roads, list(spots), list(means)) if roads else ()
        except Failed as failure:
            log.warning("ways_not_asked", why=str(failure))
            return ()

    return ask


def build_planning(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    book: VisitBook | None = None, travel: Callable[[], TravelTime] = StraightLine,
    kept: Callable[[date], Sequence[Visit]] = lambda _: (), nudge: Callable[[], None] = lambda: None,
    apart: Apart | None = None,
) -> Planning:  # fmt: skip
    """
    `book` keeps the visits, `kept` reads those of a day, `nudge` wakes the courier; `travel` answers how long ways are
    by the line, and `apart` asks a road router about them where one is set.
    """
    said, visits = settings.planning, book or NoVisits()
    process = PlannerProcess(processes=said.processes, memory_mb=said.memory_mb)
    thinker = Thinker(
        transactions, reading, clock, calendar, visits, process, travel, promised=timedelta(hours=said.promised_h),
        router=router_of(settings, apart) if apart is not None and settings.travel.router else nobody,
    )  # fmt: skip
    telling = Telling(transactions, reading, clock, calendar, kept, page=f"{settings.web.base_url}/c", nudge=nudge)
    publishing = Publishing(transactions, reading, clock, Sending(transactions, reading), told=telling.told)
    desk = PlanDesk(transactions, reading, publishing, seconds=said.seconds, nudge=thinker.nudge)
    timetable = (
        Periodic(name="publish_plans", every_s=PUBLISH_EVERY_S, work=publishing.check),
        Periodic(name="tell_of_plans", every_s=TELL_EVERY_S, work=telling.check),
    )
    return Planning(desk=desk, thinker=thinker, timetable=timetable)
