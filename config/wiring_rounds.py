"""Puts together the rounds and the orders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from config.files import parse_toml
from config.settings import Settings
from config.tolerated import stood_in
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.errors import SLIPS, Misconfigured
from dispatch.satisfaction.asking import SatisfactionAsking
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.rules.evidence import Limits
from schedules.orders.answers import OrderAnswers
from schedules.orders.ordering import Ordering
from schedules.orders.rules.services import Services, read_services
from schedules.rounds.extra import Extras, Festivals
from schedules.rounds.rounding import DEFAULTS, RoundsDesk
from schedules.rounds.rules.book import BadBook, Book, read_book
from schedules.timetable import Periodic

CHECK_EVERY_S = 60.0

HERE = Path(__file__).with_name("care")
_ROUNDS, _SERVICES = HERE / "rounds.toml", HERE / "services.toml"

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

    Where a file has a mistake, the one that comes with the program stands in: rounds go on, and nobody is moved to
    another list by it.
    """
    kept = stood_in("rounds", lambda: read_rounds(settings), lambda: read_care(_ROUNDS, read_book))
    offered = stood_in("services", lambda: read_offered(settings), lambda: read_care(_SERVICES, read_services))
    book = kept.value
    ordering = Ordering(
        transactions, reading, clock, calendar, offered.value, rates=asking, nudge=nudge, two_way=two_way,
        lacking=offered.lacking,
    )  # fmt: skip
    return Rounding(
        desk=RoundsDesk(
            transactions, reading, clock, calendar, book, desk, nudge=nudge, wanted=settings.rounds.wanted,
            is_workday=is_workday, limits=limits, always=settings.rounds.alarm_from_the_start, lacking=kept.lacking,
        ),
        extras=Extras(
            transactions, reading, clock, calendar, book, festivals=festivals, nudge=nudge, is_workday=is_workday
        ),
        ordering=ordering,
        answers=OrderAnswers(ordering, nudge=nudge),
    )  # fmt: skip


def read_rounds(settings: Settings) -> Book:
    """The book of rounds that the settings name. Raises: see `read_care`."""
    return read_care(settings.rounds.book or _ROUNDS, read_book)


def read_offered(settings: Settings) -> Services:
    """The services that the settings name. Raises: see `read_care`."""
    return read_care(settings.orders.services or _SERVICES, read_services)


def read_care(path: Path | str, read: Callable[[dict[str, Any]], T]) -> T:
    """
    What a book says.

    Raises:
        Misconfigured: it cannot be read, or says something that cannot be meant; the place is the file.
    """
    try:
        return read(parse_toml(Path(path)))
    except (BadBook, *SLIPS) as wrong:
        said = str(wrong) if isinstance(wrong, BadBook) else f"something is of another kind than it should be: {wrong}"
        raise Misconfigured(str(path), f"{said}. The shipped one shows how it is written.") from None
