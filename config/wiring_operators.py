"""Puts together money for whoever serves: canteens and stations."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import select

from config.policy_books import policy_book
from config.serving_options import ServingSettings
from config.settings import Settings
from config.wiring_meals import POLICIES
from dispatch.clock import Clock
from dispatch.errors import Conflict
from dispatch.store.database import Engine, reading_engine
from dispatch.store.people import stations
from dispatch.store.transactions import Transactions
from schedules.apart import Apart, Failed
from schedules.calendar import Calendar
from schedules.care.store.of_stations import StationVisits
from schedules.meals.store.counted import CountedMeals
from schedules.money.beds.facts import person_of
from schedules.money.beds.reckoning import Reckoning as BedReckoning
from schedules.money.beds.store import People
from schedules.money.book import Book
from schedules.money.looking import Looking
from schedules.money.operators.asked import Others, Station
from schedules.money.operators.filing import Filing
from schedules.money.operators.jobs import Summed, Told
from schedules.money.operators.reckoning import Reckoning
from schedules.money.operators.settling import Settling
from schedules.money.rules.awards import PersonOn, Rules
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.ways import Ways
from schedules.money.store.ledger import Books

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """All of it."""

    filing: Filing
    reckoning: Reckoning
    settling: Settling


def build_operators(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    beds: BedReckoning, apart: Apart,
) -> Operators:  # fmt: skip
    """
    Wires it. The rules are those of meals; `beds` knows residents as rules see them; `apart` has months worked out that
    are to be booked, and large ones that are shown.
    """
    book, texts = policy_book(Path(settings.meals.policies) if settings.meals.policies else POLICIES)
    ways = Ways(rounding=settings.meals.rounding, leap_day=settings.meals.leap_day)
    reckoning = reckoning_of(settings.serving, reading, book, ways, beds.person_of_each, calendar)
    asked = Question(
        url=settings.database_url, zone=calendar.zone, serving=settings.serving, book=book, ways=ways,
        implied=beds.implied, people_ways=beds.rules.ways,
    )  # fmt: skip
    settling = Settling(
        transactions, reading, clock, calendar, reckoning, books=lambda connection: Books(connection, texts),
        reckon=partial(_worked_out, reckoning, partial(_reckoned, apart, asked)),
        looking=Looking(
            clock, lambda month: reckoning.month(month).told, lambda month: apart(told_there, asked, month),
            is_large=reckoning.is_large,
        ),
    )  # fmt: skip
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


HERE_MAX = 3
"""So many small months are worked out where they are booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What another process works a month out from: the rules as they were read at the start, not the files of today."""

    url: str
    zone: str
    serving: ServingSettings
    book: Book
    ways: Ways
    implied: Implications
    people_ways: Ways


def reckoned_there(asked: Question, months: Sequence[str]) -> list[Summed]:
    """The other side: months worked out for booking them."""
    with _there(asked) as reckoning:
        return [reckoning.month(each).summed for each in months]


def told_there(asked: Question, month: str) -> Told:
    """The other side: a month worked out for showing it."""
    with _there(asked) as reckoning:
        return reckoning.month(month).told


@contextmanager
def _there(asked: Question) -> Iterator[Reckoning]:
    reading, calendar = reading_engine(asked.url), Calendar(asked.zone)

    def people(ids: Collection[str]) -> Mapping[str, PersonOn]:
        with reading.connect() as connection:
            known = People(connection).known(list(ids), calendar.day_of)
        return {id_: person_of(each, asked.implied, asked.people_ways) for id_, each in known.items()}

    try:
        yield reckoning_of(asked.serving, reading, asked.book, asked.ways, people, calendar)
    finally:
        reading.dispose()


def _worked_out(
    reckoning: Reckoning, elsewhere: Callable[[Sequence[str]], list[Summed]], months: Sequence[str]
) -> list[Summed]:
    """A few small months here: another process takes two seconds to begin, and they a third of one each at most."""
    if len(months) > HERE_MAX or any(map(reckoning.is_large, months)):
        return elsewhere(months)
    return [reckoning.month(each).summed for each in months]


def _reckoned(apart: Apart, asked: Question, months: Sequence[str]) -> list[Summed]:
    try:
        return apart(reckoned_there, asked, months)
    except Failed as failed:
        log.error("serving_not_worked_out", month=months[-1], why=str(failed))
        raise Conflict(
            "Serving could not be worked out, and nothing was booked: try again. The log says why."
        ) from failed


def _stations(reading: Engine) -> Mapping[str, Station]:
    with reading.connect() as connection:
        rows = connection.execute(select(stations.c.id, stations.c.code, stations.c.name))
        return {row.id: Station(code=row.code, name=row.name) for row in rows}
