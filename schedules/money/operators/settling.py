"""Books what serving comes to, when a month is closed or at a click: each due one entry, each correction a reversal."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatch.clock import Clock
from dispatch.errors import Conflict
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.database import Connection
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.money.looking import Looking
from schedules.money.operators.jobs import Summed, Told
from schedules.money.operators.reckoning import Reckoning
from schedules.money.operators.store import (
    OperatorPayments,
    Row,
    Terms,
    late_days,
    months_between,
    row_of,
)
from schedules.money.paid.store import entry_of
from schedules.money.rules.ledger import Kind, Source, reversal, subsidy
from schedules.money.rules.months import following, must_be_month
from schedules.money.rules.operators import Due
from schedules.money.store.ledger import Books
from schedules.money.store.shared import SharedRules
from schedules.money.wording import explained

DAY = timedelta(days=1)
PIECE = 6
"""So many months are worked out at once: beginning a process takes as long as a small month."""

Progress = Callable[[int, int], None]
"""Called with how many months are worked out, of how many."""

_BACK_MONTHS = 24
"""So far back a month that nobody closed is looked for: terms may have begun long before the service did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many dues were entered, taken back and left as they were; terms whose rule says nothing; months booked."""

    entered: int = 0
    reversed: int = 0
    same: int = 0
    troubles: int = 0
    months: tuple[str, ...] = ()


class Settling:
    """Settles months; doing it twice is doing it once, and doing it after a correction books the difference."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, calendar: Calendar, reckoning: Reckoning, *,
        books: Callable[[Connection], Books], reckon: Callable[[Sequence[str]], list[Summed]] | None = None,
        looking: Looking[Told] | None = None,
    ) -> None:  # fmt: skip
        """
        `books` opens the ledger; it keeps each version of a rule with the first money that is given by it. `reckon`
        works months out elsewhere: one of a million meals is seconds of a processor. `looking` shows months.
        """
        self.looking = looking or Looking(clock, lambda month: reckoning.month(month).told)
        self._reckon = reckon or (lambda months: [reckoning.month(each).summed for each in months])
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self.reckoning = reckoning
        self._books = books

    def today(self) -> date:
        return self._calendar.day_of(self._clock.now())

    def settle(self, month: str, *, by: Person, progress: Progress = lambda _done, _of: None) -> Settled:
        """
        Books a month that is over, and whatever changed since in months before it. What is unchanged stays; what
        changed is taken back and entered anew; what is not due any more is taken back. Of a month that the ledger has
        closed, it goes into the first open one. `progress` is told how many months are worked out, of how many.

        Raises:
            Invalid: this is no month. Conflict: it is not over, or the ledger refuses an entry; then nothing of that
                due was kept, and doing it again goes on from there.
        """
        must_be_month(month)
        if month >= f"{self.today():%Y-%m}":
            raise Conflict("This month is not over.")
        at = self._clock.now()
        months = self._months(month)
        found: list[Summed] = []
        for start in range(0, len(months), PIECE):
            progress(start, len(months))
            found += self._reckon(months[start : start + PIECE])
        progress(len(months), len(months))
        troubled = {term for each in found for term, _ in each.troubled}
        # A file that is missing takes nothing back: what was booked by it stays until it is mended or the term ended.
        spared = {(each.month, policy) for each in found for _, policy in each.troubled}
        dues = {due.source: due for each in found for due in each.dues}
        held = [row for row in self._held(months) if (row["month"], row["policy_id"]) not in spared]
        stale = [row for row in held if not _same(row, dues.get(row["source"]))]
        # What is taken back comes first: it sets claims free that others may have.
        for row in stale:
            self._transactions.run(lambda tx, row=row: self._take_back(tx, row), lane=Lane.BULK)  # type: ignore[misc]
        entered = [self._transactions.run(self._entering(due, by), lane=Lane.BULK) for due in dues.values()]
        settled = Settled(
            entered=sum(entered), reversed=len(stale), same=len(entered) - sum(entered), troubles=len(troubled),
            months=tuple(months),
        )  # fmt: skip
        self._transactions.run(lambda tx: self._finish(tx, month, found, settled, at, by), lane=Lane.BULK)
        return settled

    def held(self, months: Collection[str]) -> dict[str, Row]:
        """What is booked of the money that is due in these months, by source."""
        with self._reading.connect() as connection:
            return OperatorPayments(connection).of_months(months)

    def pending(self, closed: str | None) -> str | None:
        """The first month behind the last closed one that has a term and was not booked; over or not."""
        with self._reading.connect() as connection:
            terms, booked = Terms(connection).all(), OperatorPayments(connection).months()
        first = following(closed) if closed else self._earliest()
        ours = [month for each in terms for month in self._of_term(each.from_on, each.until_on, first)]
        return min((month for month in ours if month not in booked), default=None)

    # ------------------------------------------------------------------------------------------- which months

    def _months(self, month: str) -> list[str]:
        """This one; those before it that were booked and have changed since; and open ones that nobody booked."""
        start = date.fromisoformat(f"{month}-01")
        with self._reading.connect() as connection:
            shelf = OperatorPayments(connection)
            booked, closed, held = shelf.months(), Books(connection).closed(), shelf.versions()
            since = max((at for at, _ in booked.values()), default=None)
            terms = Terms(connection).all()
            changed = Terms(connection).changed(since) if since else []
            days = late_days(connection, since) if since else []
            shared_at = SharedRules(connection, "meal").changed_at()
        touched = {f"{day:%Y-%m}" for day in [*days, *self._touched(start, since)]}
        touched |= {each for term in changed for each in months_between(term.from_on, start - DAY)}
        touched |= {each for each, version in held if self.reckoning.rules.policies.version(version) is None}
        touched |= {each for each, (_, whole) in booked.items() if not whole}
        # What rules exclude and categories imply has no days of its own: it holds for all of them.
        touched |= set(booked) if since and shared_at and shared_at >= since else set()
        if self.reckoning.is_wide(terms):
            # Money of a quarter or a year is due later than most of what it is reckoned from.
            touched |= {each for each in booked for one in touched if one <= each and one[:4] == each[:4]}
        first = following(closed) if closed else self._earliest()
        fresh = {each for term in terms for each in self._of_term(term.from_on, term.until_on, first)} - booked.keys()
        return sorted({month} | {each for each in (touched & booked.keys()) | fresh if each < month})

    def _touched(self, before: date, since: datetime | None) -> list[date]:
        if since is None:
            return []
        others = self.reckoning.others
        with others.meals() as meals, others.visited() as visited:
            return [*meals.changed(before, since), *visited.changed(before, since)]

    def _earliest(self) -> str:
        today = self.today()
        months = today.year * 12 + today.month - 1 - _BACK_MONTHS
        return f"{months // 12:04}-{months % 12 + 1:02}"

    def _of_term(self, from_on: date, until_on: date | None, first: str) -> list[str]:
        """The months of a term from this one on that are over."""
        last = min(until_on or self.today(), self.today().replace(day=1) - DAY)
        return [each for each in months_between(from_on, last) if each >= first] if from_on <= last else []

    # ------------------------------------------------------------------------------------------- booking

    def _held(self, months: Sequence[str]) -> list[Row]:
        return list(self.held(months).values())

    def _take_back(self, tx: Tx, row: Row) -> None:
        shelf = OperatorPayments(tx.connection)
        held = shelf.live(row["source"])
        if held is None or held["id"] != row["id"]:
            return
        if held["booked"] is not None:
            books = self._books(tx.connection)
            books.enter(reversal(entry_of(held), entry_id=f"{held['id']}-back", closed=books.closed()))
        shelf.take_back(held["id"], tx.now)

    def _entering(self, due: Due, by: Person) -> Callable[[Tx], bool]:
        def work(tx: Tx) -> bool:
            shelf = OperatorPayments(tx.connection)
            if shelf.live(due.source) is not None:
                return False
            id_ = f"{due.source}#{shelf.count(due.source) + 1}"
            shelf.add(row_of(due, explained(due.because)) | {
                "id": id_, "booked": self._enter(tx, due, id_), "live": True, "by": by, "at": tx.now,
                "reversed_at": None,
            })  # fmt: skip
            return True

        return work

    def _enter(self, tx: Tx, due: Due, id_: str) -> str | None:
        if not due.amount_fen:
            return None
        books = self._books(tx.connection)
        entry = subsidy(
            entry_id=id_, source=Source(Kind.BILL, due.source), version=due.version, claim=due.claim, on=due.on,
            layers={due.fund: due.amount_fen}, owed_to=due.owed_to, closed=books.closed(),
        )  # fmt: skip
        books.enter(entry)
        return entry.month

    def _finish(
        self, tx: Tx, month: str, found: Sequence[Summed], settled: Settled, at: datetime, by: Person
    ) -> None:  # fmt: skip
        OperatorPayments(tx.connection).looked_at({each.month: not each.troubled for each in found}, at)
        facts: dict[str, str | int | None] = {
            "month": month, "entered": settled.entered, "reversed": settled.reversed, "same": settled.same,
            "troubles": settled.troubles,
            "amount_fen": sum(due.amount_fen for each in found if each.month == month for due in each.dues),
        }  # fmt: skip
        tx.log(Line(kind="operator_money_booked", by=by, facts=facts))


_KEPT = ("amount_fen", "version", "claim", "owed_to", "on", "fund", "counted")


def _same(row: Row, due: Due | None) -> bool:
    """Whether what was booked is what is due, counted alike."""
    return due is not None and row["outcome"] == due.outcome and all(row[each] == getattr(due, each) for each in _KEPT)
