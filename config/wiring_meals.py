"""Puts meals together: who serves, who keeps the registers, who takes orders and counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import structlog

from config.district_phones import typed_number
from config.policy_books import policy_book
from config.register_keys import id_numbers
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.registry.id_numbers import IdNumbers, Locked
from dispatch.store.database import Connection, Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.meals.catering import Catering
from schedules.meals.correcting import MealCorrections
from schedules.meals.deciding import Deciding
from schedules.meals.desk import MealDesk
from schedules.meals.ordering import MealOrdering
from schedules.meals.own_pay import OwnPay
from schedules.meals.store.canteens import Canteens
from schedules.meals.waiting import Waiting
from schedules.money.book import Book
from schedules.money.rules.ways import Ways
from schedules.money.settling import Payee
from schedules.money.store.ledger import Books
from schedules.welfare.sources import Told

POLICIES = Path(__file__).with_name("policies")
"""The rules that come with the program."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meals:
    """Everybody who looks after meals; `book` is what the rules say."""

    catering: Catering
    desk: MealDesk
    ordering: MealOrdering
    own_pay: OwnPay
    waiting: Waiting
    corrections: MealCorrections
    book: Book
    reading: Engine

    def payees(self) -> Mapping[str, Payee]:
        """Whom the ledger owes for meals, by the code of the canteen."""
        with self.reading.connect() as connection:
            canteens = Canteens(connection).all()
        return {each.code: Payee(name=each.name, station_id=each.station_id) for each in canteens}

    @property
    def source(self) -> Told:
        """What they notice, for the welfare signal."""
        return Told("meals", self.ordering.signs)


def build_meals(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    is_workday: Callable[[date], bool], days_mark: Callable[[], str] = lambda: "",
) -> Meals:  # fmt: skip
    """
    Wires it. A rule that is not there or has mistakes keeps nothing from starting: see `config.policy_books`.
    """
    said = settings.meals
    book, texts = policy_book(Path(said.policies) if said.policies else POLICIES)
    deciding = Deciding(
        book, is_workday=is_workday, days_mark=days_mark, ways=Ways(rounding=said.rounding, leap_day=said.leap_day)
    )
    numbers = _Numbers(settings.home)
    meal_rules = sorted({each.id for each in book.policies if each.kind == "meal"})

    def books(connection: Connection) -> Books:
        return Books(connection, texts)

    catering = Catering(
        transactions, clock, calendar, deciding, books=books,
        id_numbers=numbers, e164=typed_number, late=timedelta(days=said.late_days),
    )  # fmt: skip
    return Meals(
        catering=catering, own_pay=OwnPay(catering, transactions, clock, calendar),
        waiting=Waiting(reading, deciding.can_ask), corrections=MealCorrections(reading, deciding, books=books),
        desk=MealDesk(
            transactions, reading, clock, calendar, id_numbers=numbers, policies=lambda: meal_rules,
        ),
        ordering=MealOrdering(transactions, reading, clock, calendar), book=book, reading=reading,
    )  # fmt: skip


class _Numbers:
    """The keys of ID numbers, read when they are first needed; without them nobody is found by card or ID."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._kept: IdNumbers | None = None

    def __call__(self) -> IdNumbers:
        if self._kept is None:
            try:
                self._kept = id_numbers(self._home)
            except (Misconfigured, OSError, UnicodeDecodeError) as error:
                log.error("id_numbers_locked", why=str(error))
                self._kept = Locked()
        return self._kept
