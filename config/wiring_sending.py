"""
Puts together what sends: the database, the providers and the courier.

It is all that a service which was killed needs to send what was pending, so nothing is imported here that it can do
without: the rest of the house is read and wired while the first letters leave.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from config.databases import Owned, open_for_writing, transactions_on
from config.late import Awaited
from config.nudges import Nudges
from config.secret import secret_key
from config.sending import courier_options
from config.settings import Settings
from config.wiring_providers import make_provider
from dispatch.clock import Clock
from dispatch.ids import OfferId
from dispatch.links import Links, addresses
from dispatch.messages.courier import Courier
from dispatch.messages.providers import console as console_provider
from dispatch.messages.providers.provider import Provider
from dispatch.messages.receipts import Unreached
from dispatch.rules.dialling import dialled
from dispatch.store.database import Engine, reading_engine
from dispatch.store.people import People
from dispatch.store.precedence import Precedence
from dispatch.store.transactions import OnJump
from schedules.calendar import Calendar


class AwaitedDesk:
    """
    Who is told that an offer cannot reach its person. What is told before the desk is there waits for it: what became
    of a letter is on file already, only its consequence is a moment late.
    """

    def __init__(self) -> None:
        self.desk: Awaited[Unreached] = Awaited()

    def unreached(self, offer_id: OfferId, *, code: str) -> None:
        """The letter certainly did not reach its person."""
        self.desk.get().unreached(offer_id, code=code)

    def unanswered(self, offer_id: OfferId, *, code: str) -> None:
        """The call is over, or a machine has it, and no key was pressed."""
        self.desk.get().unanswered(offer_id, code=code)

    def doubtful(self, offer_id: OfferId) -> None:
        """Nobody knows whether the letter left."""
        self.desk.get().doubtful(offer_id)

    def unheard(self, offer_id: OfferId, *, not_by: str) -> None:
        """A provider took the letter, and no receipt came in its time."""
        self.desk.get().unheard(offer_id, not_by=not_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Everything that a letter on file needs to leave."""

    writing: Engine
    reading: Engine
    transactions: Owned
    calendar: Calendar
    nudges: Nudges
    links: Links
    panel: console_provider.ConsolePanel
    providers: Mapping[str, Provider]
    courier: Courier
    precedence: Precedence
    unreached: AwaitedDesk = field(default_factory=AwaitedDesk)

    def stop(self) -> None:
        """Ends the courier, then the writer. May be called again; nobody waits for a desk that does not come."""
        self.unreached.desk.give_up()
        self.courier.stop()
        self.transactions.close()
        self.reading.dispose()
        self.writing.dispose()


def build_sending(
    settings: Settings, clock: Clock, ids: Callable[[], str], *, mend: OnJump, alone: bool | None = None
) -> Sending:
    """
    Wires it on its database, brought up to date; nothing runs yet but the writer.

    `mend` is called in a unit of work before which somebody had set the clock, with the seconds it was set by;
    `alone` says whether no other engine works on this database; None where its kind says so.

    Raises:
        Misconfigured: the database cannot be written or is newer than this program, or a provider is not in order.
    """
    writing, reading = open_for_writing(settings), reading_engine(settings.database_url)
    precedence = Precedence(clock)
    transactions = transactions_on(writing, clock, ids, mend, precedence)
    with reading.connect() as connection:
        _, zone = People(connection).district()
    calendar, nudges, unreached = Calendar(zone), Nudges(), AwaitedDesk()
    said = settings.providers.console
    panel = console_provider.ConsolePanel(token=said.token, fault=console_provider.ConsoleFault(said.fault))
    providers = {name: make_provider(name, settings, panel, clock, ids) for name in settings.messages.order}
    links = Links(reading, clock, secret=secret_key(settings.home))
    courier = Courier(
        transactions, reading, providers, clock, local=calendar.local, unreached=unreached,
        alone=writing.dialect.name == "sqlite" if alone is None else alone,
        emergency_workers=settings.messages.emergency_workers, notice_workers=settings.messages.notice_workers,
        address=addresses(links, settings.web.base_url), desk=dialled(settings.operators.desk), precedence=precedence,
        **courier_options(settings, clock),
    )  # fmt: skip
    nudges.join(courier.nudge)
    return Sending(
        writing=writing, reading=reading, transactions=transactions, calendar=calendar, nudges=nudges, links=links,
        panel=panel, providers=providers, courier=courier, unreached=unreached, precedence=precedence,
    )  # fmt: skip
