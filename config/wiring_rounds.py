"""Puts together the rounds and the orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from config.files import parse_toml
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.errors import Misconfigured
from dispatch.satisfaction.asking import SatisfactionAsking
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.rules.evidence import Limits
from schedules.orders.answers import OrderAnswers
from schedules.orders.ordering import Ordering
from schedules.orders.rules.services import read_services
from schedules.rounds.extra import Extras, Festivals
from schedules.rounds.rounding import DEFAULTS, RoundsDesk
from schedules.rounds.rules.book import BadBook, read_book
from schedules.timetable import Periodic

CHECK_EVERY_S = 60.0

HERE = Path(__file__).with_name("care")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Everybody who looks after rounds and orders. `answers` hears what providers text."""

    desk: RoundsDesk
    extras: Extras
    ordering: Ordering
    answers: OrderAnswers

    @property
    def owners(self) -> Sequence[Any]:
        return (self.desk, self.ordering)

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            Periodic(name="plan_rounds", every_s=CHECK_EVERY_S, work=self.desk.check),
            Periodic(name="open_extra_rounds", every_s=CHECK_EVERY_S, work=self.extras.check),
        )


def build_rounds(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk,
    asking: SatisfactionAsking, *, nudge: Callable[[], None], is_workday: Callable[[date], bool] = lambda _: True,
    festivals: Festivals = lambda _start, _end: (), two_way: Callable[[str], bool] = lambda _: True,
    limits: Limits = DEFAULTS,
) -> Rounding:  # fmt: skip
    """
    Wires them. `is_workday` and `festivals` come from the table of holidays, `limits` are those of visits.

    Raises:
        Misconfigured: the book of rounds or the services are not in order.
    """
    book = read_care(settings.rounds.book or HERE / "rounds.toml", read_book)
    services = read_care(settings.orders.services or HERE / "services.toml", read_services)
    ordering = Ordering(
        transactions, reading, clock, calendar, services, rates=asking, nudge=nudge, two_way=two_way,
    )  # fmt: skip
    return Rounding(
        desk=RoundsDesk(
            transactions, reading, clock, calendar, book, desk, nudge=nudge, wanted=settings.rounds.wanted,
            is_workday=is_workday, limits=limits, always=settings.rounds.alarm_from_the_start,
        ),
        extras=Extras(
            transactions, reading, clock, calendar, book, festivals=festivals, nudge=nudge, is_workday=is_workday
        ),
        ordering=ordering,
        answers=OrderAnswers(ordering, nudge=nudge),
    )  # fmt: skip


def read_care(path: Path | str, read: Callable[[dict[str, Any]], T]) -> T:
    """
    What a book says.

    Raises:
        Misconfigured: it cannot be read, or says something that cannot be meant; the place is the file.
    """
    try:
        return read(parse_toml(Path(path)))
    except BadBook as wrong:
        raise Misconfigured(str(path), f"{wrong}. The shipped one shows how it is written.") from None
