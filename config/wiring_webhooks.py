"""Puts together who tells programs of others: the book, the postman, and timers of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from config.secret import secret_key
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.store.database import Engine
from dispatch.store.subscriptions import Subscriptions
from dispatch.store.transactions import Transactions, Tx
from dispatch.subscribers.book import Book
from dispatch.subscribers.line import PARALLEL_MAX, Line
from dispatch.subscribers.postman import Postman
from dispatch.subscribers.secrets import Signing
from schedules.timers import Timers
from schedules.timetable import Periodic


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """
    `timers` are not the desk's: at most `PARALLEL_MAX` receivers are waited for at once, and no alarm behind them.
    """

    book: Book
    postman: Postman
    timers: Timers

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (Periodic(name="tidy_webhooks", every_s=3600.0, work=self.postman.tidy),)


def build_webhooks(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, *, page: Callable[[str, str], None]
) -> Webhooks:
    """Wires them. `page(why, what)` tells the duty numbers."""
    signing, said = Signing(secret_key(settings.home)), settings.webhooks
    wire = Line(clock, private=said.private_addresses, hosts=said.hosts)
    postman = Postman(
        transactions, reading, clock, wire, signing, source=settings.web.base_url,
        give_up=timedelta(days=said.give_up_days), disabled=lambda name: page("webhook_disabled", name),
    )  # fmt: skip
    timers = Timers([postman], clock, workers=PARALLEL_MAX)
    book = Book(
        transactions, reading, clock, signing, private=said.private_addresses, hosts=said.hosts, nudge=timers.nudge
    )
    return Webhooks(book=book, postman=postman, timers=timers)


def mend_webhooks(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits here waits no longer than it would have."""
    Subscriptions(tx.connection).shift_due(seconds)
