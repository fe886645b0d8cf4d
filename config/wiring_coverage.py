"""Puts together who looks ahead whether every home could be reached, and who is told where it could not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.coverage import terms_of
from config.settings import Settings
from config.travel import roads_of
from dispatch.clock import Clock
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import operator
from dispatch.rules.travel import TravelTime
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.apart import Apart
from schedules.calendar import Calendar
from schedules.coverage.agent import CHECK_S, CoverageWatch
from schedules.coverage.rules.standing import Standing
from schedules.coverage.working_out import Question, work_out
from schedules.timetable import Periodic

SURVEY_S = 20.0
"""So long the roads are asked for one look ahead: a gap of now is told within a minute all the same."""

LASTS = timedelta(hours=4)
"""A letter about a gap is worth sending for so long; the next nearer one says it again."""


@dataclass(kw_only=True)
class Coverage:
    """The watch of coverage."""

    watch: CoverageWatch
    wanted: bool

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        if not self.wanted:
            return ()
        return (Periodic(name="look_at_coverage", every_s=CHECK_S, work=self.watch.check),)


def build_coverage(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar,
    travel: TravelTime, *, apart: Apart, nudge: Callable[[], None],
) -> Coverage:  # fmt: skip
    """Wires them. `apart` has it worked out."""
    ahead = timedelta(days=settings.coverage.ahead_days)
    roads = roads_of(settings, for_s=SURVEY_S)

    def question(now: datetime) -> Question:
        return Question(
            url=settings.database_url, now=now, ahead=ahead, terms=terms_of(settings), travel=travel, roads=roads
        )

    watch = CoverageWatch(
        transactions, reading, clock, question=question, work_out=lambda asked: apart(work_out, asked),
        letters=letters(settings.operators.phones, calendar), nudge=nudge,
    )  # fmt: skip
    return Coverage(watch=watch, wanted=settings.coverage.ahead_days > 0)


def letters(
    phones: Sequence[str], calendar: Calendar
) -> Callable[[str, Sequence[Standing], datetime], Sequence[Draft]]:
    """One letter to each of these numbers (E.164), however many gaps there are; the page has the others."""

    def write(why: str, gaps: Sequence[Standing], now: datetime) -> list[Draft]:
        first = min(gaps, key=lambda row: (row.gap.start_at, -len(row.gap.homes)))
        facts: dict[str, Fact] = {
            "place": first.gap.community, "number": str(len(first.gap.homes)), "choices": _window(first, calendar),
            "presses": len(gaps),
        }  # fmt: skip
        return [
            Draft(
                key=f"{why}:{first.id}:{now.isoformat()}:{phone}", sentence=why, channel=Channel.SMS,
                priority=Priority.CONFIRMATION, to=phone, person=operator(phone), lang="zh", expires_at=now + LASTS,
                facts=facts,
            )
            for phone in phones
        ]  # fmt: skip

    return write


def _window(first: Standing, calendar: Calendar) -> str:
    """When nobody is there, in signs that both languages read."""
    start, end = calendar.local(first.gap.start_at), calendar.local(first.gap.end_at)
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
    return f"{start:%m-%d %H:%M}-{until}"
