"""Puts together money for whoever serves: canteens and stations."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from config.policy_books import policy_book
from config.serving_options import ServingSettings
from config.settings import Settings
from config.wiring_meals import POLICIES
from dispatch.clock import Clock
from dispatch.rules.rights import DISTRICT
from dispatch.store.database import Engine
from dispatch.store.people import stations
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.store.of_stations import StationVisits
from schedules.meals.store.counted import CountedMeals
from schedules.money.beds.reckoning import Reckoning as BedReckoning
from schedules.money.book import Book
from schedules.money.operators.asked import Others, Station
from schedules.money.operators.filing import Filing
from schedules.money.operators.reckoning import Reckoning
from schedules.money.operators.settling import Settling
from schedules.money.rules.awards import PersonOn, Rules
from schedules.money.rules.ways import Ways
from schedules.money.store.ledger import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """All of it."""

    filing: Filing
    reckoning: Reckoning
    settling: Settling


def build_operators(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    beds: BedReckoning,
) -> Operators:  # fmt: skip
    """Wires it. The rules are those of meals; `beds` knows residents as rules see them."""
    book, texts = policy_book(Path(settings.meals.policies) if settings.meals.policies else POLICIES)
    ways = Ways(rounding=settings.meals.rounding, leap_day=settings.meals.leap_day)
    reckoning = reckoning_of(settings.serving, reading, book, ways, lambda ids: _people(beds, ids), calendar)
    settling = Settling(
        transactions, reading, clock, calendar, reckoning, books=lambda connection: Books(connection, texts)
    )
    return Operators(filing=Filing(transactions, reading, reckoning), reckoning=reckoning, settling=settling)


def reckoning_of(
    said: ServingSettings, reading: Engine, book: Book, ways: Ways,
    people: Callable[[Collection[str]], Mapping[str, PersonOn]], calendar: Calendar,
) -> Reckoning:  # fmt: skip
    """What months of serving come to, by the rules of a book."""

    @contextmanager
    def meals() -> Iterator[CountedMeals]:
        with reading.connect() as connection:
            yield CountedMeals(connection, calendar.day_of)

    @contextmanager
    def visited() -> Iterator[StationVisits]:
        with reading.connect() as connection:
            yield StationVisits(connection, calendar.day_of)

    others = Others(meals=meals, visited=visited, stations=lambda: _stations(reading), people=people)
    rules = Rules(book.policies, book.exclusions, ways)
    return Reckoning(reading, rules, book.implications, others, fund=said.fund)


def _people(beds: BedReckoning, ids: Collection[str]) -> Mapping[str, PersonOn]:
    return {id_: beds.person(known) for id_, known in beds.known(list(ids), DISTRICT).items()}


def _stations(reading: Engine) -> Mapping[str, Station]:
    with reading.connect() as connection:
        rows = connection.execute(select(stations.c.id, stations.c.code, stations.c.name))
        return {row.id: Station(code=row.code, name=row.name) for row in rows}
