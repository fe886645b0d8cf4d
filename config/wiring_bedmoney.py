"""Puts together money for beds and services: what a month comes to, bills, and booking a month."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from config.bedmoney_options import BedMoneySettings
from config.policy_books import policy_book, tell_strange
from devices.store.fitted import fitted_buttons
from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.store.database import Connection, Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.standing import Months
from schedules.money.beds.filing import Filing
from schedules.money.beds.reckoning import Fitted, Reckoning, Schemes, Visits
from schedules.money.beds.settling import Books as Ledger
from schedules.money.beds.settling import Settling
from schedules.money.book import Book
from schedules.money.rules.awards import Rules
from schedules.money.rules.ledger import Entry
from schedules.money.rules.ways import Ways
from schedules.money.store.ledger import Books
from schedules.money.store.versions import Rule, Versions
from schedules.orders.store.orders import Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class BedMoney:
    """All of it."""

    filing: Filing
    reckoning: Reckoning
    settling: Settling


class KeepingBooks:
    """The ledger on file, which keeps each version of a rule with the first money that is given by it."""

    def __init__(self, connection: Connection, texts: Mapping[str, Rule]) -> None:
        self._books, self._versions, self._texts = Books(connection), Versions(connection), texts

    def enter(self, entry: Entry) -> bool:
        if entry.version is not None:
            self._versions.keep(self._texts[entry.version])
        return self._books.enter(entry)

    def closed(self) -> str | None:
        return self._books.closed()


def build_bedmoney(
    said: BedMoneySettings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    months: Months, visits: Visits, books: Callable[[Connection], Ledger] | None = None,
    fitted: Callable[[], Sequence[Fitted]] | None = None,
) -> BedMoney:  # fmt: skip
    """
    Wires it. `books` opens the ledger on a connection, in place of the one on file; `fitted`
    is who has a device, in place of the devices' own file.

    A rule that is not there or has mistakes keeps nothing from starting: see `config.policy_books`.
    """
    book, texts = policy_book(said.policies)
    _tell_strange(said, book)
    rules = Rules(book.policies, book.exclusions, Ways(rounding=said.rounding, leap_day=said.leap_day))
    schemes = Schemes(
        beds=said.beds, vouchers=tuple(said.vouchers), visits=said.visits, calls=said.calls,
        calls_owed_to=said.calls_owed_to, fund=said.fund,
    )  # fmt: skip
    reckoning = Reckoning(
        reading, months, visits, rules, book.implications, schemes,
        done_order=lambda id_: _done(reading, calendar, id_), fitted=fitted or (lambda: _fitted(reading, calendar)),
        day_of=calendar.day_of,
    )  # fmt: skip
    opened = books or (lambda connection: KeepingBooks(connection, texts))
    settling = Settling(transactions, clock, calendar, reckoning, books=opened)
    return BedMoney(
        filing=Filing(transactions, reading, clock, calendar, book.policies), reckoning=reckoning, settling=settling
    )


def _tell_strange(said: BedMoneySettings, book: Book) -> None:
    tell_strange("beds", "home_bed", [said.beds], book)
    tell_strange("vouchers", "voucher", said.vouchers, book)
    tell_strange("visits", "visit_unit", [said.visits], book)
    tell_strange("calls", "call_fee", [said.calls], book)


def _done(reading: Engine, calendar: Calendar, order_id: str) -> tuple[str, date] | None:
    with reading.connect() as connection:
        try:
            found = Orders(connection).get(order_id)
        except NotFound:
            return None
    return (found.resident_id, calendar.day_of(found.done_at)) if found.done_at else None


def _fitted(reading: Engine, calendar: Calendar) -> Sequence[Fitted]:
    """From the day somebody first had a button of their own; a device that took the place of another goes on."""
    with reading.connect() as connection:
        found = fitted_buttons(connection)
    day = calendar.day_of
    return [Fitted(resident_id=id_, on=day(start), until_on=day(end) if end else None) for id_, start, end in found]
