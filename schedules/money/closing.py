"""
Closing a month of the ledger, in three parts, so that nothing else waits for it.

    begin   one short unit of work: the month takes no more entries from now on
    count   reading only, piece by piece, in whatever process: hash and sums; memory does not grow with the month
    end     one short unit of work: hash, sums, and the line of the record that anchors them

A closing that was broken off is taken up again by closing the same month. Counting may run in a process of its own,
because a million entries are a third of a minute of processor time, and what takes alarms has better things to do.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dispatch.clock import Clock
from dispatch.errors import Conflict
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.database import Connection
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.money.rules.ledger import begun
from schedules.money.rules.months import following, must_be_month
from schedules.money.store.ledger import PIECE, Books
from schedules.money.store.months import Months
from schedules.money.store.versions import Rule, Versions

Progress = Callable[[int, int], None]
"""Called with how many entries are counted, of how many."""


class Dues(Protocol):
    """Money that is due when a month is over, booked before the month takes no more."""

    def settle(self, month: str, /, *, by: Person, progress: Progress) -> object:
        """Books it, and what changed since in months before; tells how many are worked out. Raises Conflict."""
        ...

    def pending(self, closed: str | None, /) -> str | None:
        """The first month behind the last closed one that is over, has such money and was not booked."""
        ...


NOT_OVER = "%(month)s is not over; it can be closed from the first of %(next)s on"
NOT_KEPT = "rules of versions %(versions)s were used and not kept; put their files back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a month comes to. `sums` are fen and entries by payee and fund."""

    month: str
    before: str
    hash: str
    entries: int
    sums: Mapping[tuple[str, str], tuple[int, int]]

    def plain(self) -> dict[str, Any]:
        """As plain values, for another process."""
        sums = [[payee, fund, fen, entries] for (payee, fund), (fen, entries) in sorted(self.sums.items())]
        return {
            "month": self.month, "before": self.before, "hash": self.hash, "entries": self.entries, "sums": sums,
        }  # fmt: skip

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Counted":
        """From what `plain` gave."""
        sums = {(payee, fund): (fen, entries) for payee, fund, fen, entries in told["sums"]}
        return cls(**{**told, "sums": sums})


class CannotClose(Conflict):
    """Why a month cannot be closed: a sentence with `values` to be filled in."""

    def __init__(self, what: str, **values: str) -> None:
        super().__init__(what % values)
        self._what, self._values = what, values

    def told(self, gettext: Callable[..., str]) -> str:
        return gettext(self._what, **self._values)


class Closing:
    """Closes months. Only months that are over, in their order, each once."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, calendar: Calendar, dues: Dues | None = None
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._dues = dues

    def close(self, month: str, *, by: Person, progress: Progress = lambda _done, _of: None) -> Counted:
        """
        All three parts. Raises: see `begin` and `end`.
        """
        self.begin(month, by=by)
        return self.end(count(self._reading, month, progress), by=by)

    def check(self, month: str) -> None:
        """
        Nothing is done. Raises: see `begin`.
        """
        must_be_month(month)
        if month >= f"{self._calendar.day_of(self._clock.now()):%Y-%m}":
            raise CannotClose(NOT_OVER, month=month, next=following(month))
        with self._reading.connect() as connection:
            _refuse(connection, month)

    def begin(self, month: str, *, by: Person, progress: Progress = lambda _done, _of: None) -> None:
        """
        The month takes no more entries; beginning again a closing that was broken off changes nothing. What is due for
        it is booked first, which may take as long as counting does: `progress` is told months of it.

        Raises:
            Invalid: this is no month. Conflict: it is not over, it or a later one is closed, an earlier one is open and
            has entries, or a version of a rule that its entries name was not kept.
        """
        self.check(month)
        self._book(month, by, progress)

        def work(tx: Tx) -> None:
            Books(tx.connection).begin_closing()
            if not _refuse(tx.connection, month):
                return
            Months(tx.connection).begin(month, by=by, at=tx.now)
            tx.log(Line(kind="ledger_closing_begun", by=by, facts={"month": month}))

        self._transactions.run(work, lane=Lane.BULK)

    def _book(self, month: str, by: Person, progress: Progress) -> None:
        """What is due for the month is booked in it, before it takes no more; not again where closing was begun."""
        if self._dues is None:
            return
        with self._reading.connect() as connection:
            is_open = _refuse(connection, month)
        if is_open:
            self._dues.settle(month, by=by, progress=progress)

    def next(self) -> tuple[str, int, bool] | None:
        """
        The month that is to be closed next, how many entries it has, and whether closing it was begun and broken off;
        None where every month that is over and has entries is closed.
        """
        today = f"{self._calendar.day_of(self._clock.now()):%Y-%m}"
        with self._reading.connect() as connection:
            months, closed = Months(connection), Books(connection).closed()
            is_begun = closed is not None and months.get(closed) is None
            month = closed if is_begun else self._first(months.first_open(closed), closed)
            if month is None or month >= today:
                return None
            return month, months.entries(month), is_begun

    def _first(self, has_entries: str | None, closed: str | None) -> str | None:
        """The first month that has entries, or will have when it is closed."""
        due = self._dues.pending(closed) if self._dues is not None else None
        return min((each for each in (has_entries, due) if each is not None), default=None)

    def known(self, month: str) -> Mapping[str, Any] | None:
        """A closed month: `before`, `hash`, `entries`, `at`; None of every other."""
        with self._reading.connect() as connection:
            return Months(connection).get(month)

    def closed(self, most: int) -> list[str]:
        """Closed months, the newest first."""
        with self._reading.connect() as connection:
            return [month for month, *_ in Months(connection).newest(most)]

    def entries(self, month: str) -> int:
        """How many are booked in a month so far."""
        with self._reading.connect() as connection:
            return Months(connection).entries(month)

    def keep(self, rules: Mapping[str, Rule]) -> list[str]:
        """Keeps those of these rules that entries name and that were not kept with them; gives back their versions."""

        def work(tx: Tx) -> list[str]:
            kept = [rules[each] for each in Months(tx.connection).unkept() if each in rules]
            for rule in kept:
                Versions(tx.connection).keep(rule)
                facts = {"policy": rule.policy_id, "version": rule.version}
                tx.log(Line(kind="policy_version_kept", by=SERVICE, facts=facts))
            return [rule.version for rule in kept]

        return self._transactions.run(work, lane=Lane.BULK)

    def end(self, counted: Counted, *, by: Person) -> Counted:
        """
        Writes down what was counted and anchors it in the record; ending it again changes nothing.

        Raises:
            Conflict: it was ended with another hash, or is not being closed, or was not counted behind the last month.
        """

        def work(tx: Tx) -> Counted:
            months, month = Months(tx.connection), counted.month
            known = months.get(month)
            if known is not None and known["hash"] == counted.hash:
                return counted
            if known is not None or Books(tx.connection).closed() != month:
                raise CannotClose("%(month)s is closed, or closing it was not begun", month=month)
            if months.head() != counted.before:
                raise CannotClose("%(month)s was counted behind another month than the last closed one", month=month)
            months.end(
                month, before=counted.before, hash_=counted.hash, entries=counted.entries, sums=counted.sums, at=tx.now
            )  # fmt: skip
            tx.log(Line(kind="ledger_month_closed", by=by, facts={
                "month": counted.month, "hash": counted.hash, "before": counted.before, "entries": str(counted.entries),
            }))  # fmt: skip
            return counted

        return self._transactions.run(work, lane=Lane.BULK)


def count(reading: Reading, month: str, progress: Progress = lambda _done, _of: None, piece: int = PIECE) -> Counted:
    """
    Hash and sums of a month that takes no more entries, with `piece` entries in memory at once.

    Raises:
        Conflict: an entry does not balance: somebody wrote to the database past the program.
    """
    with reading.connect() as connection:
        of, before = Months(connection).entries(month), Months(connection).head(until=month)
    digest, sums, done, after = begun(month, before), _Sums(), 0, ""
    while True:
        # A connection for each piece: nothing that writes ever waits for this to end.
        with reading.connect() as connection:
            entries = Books(connection).lines(month, after, piece)
        for id_, line, postings in entries:
            if line is None:
                # What an entry promises is checked where it is made; here it is evidence, and not to be closed over.
                raise CannotClose(
                    "entry %(entry)s of %(month)s is not whole: %(month)s cannot be closed", entry=id_, month=month
                )
            digest.update(line + b"\n")
            sums.add(postings)
        done += len(entries)
        progress(done, of)
        if len(entries) < piece:
            return Counted(month=month, before=before, hash=digest.hexdigest(), entries=done, sums=sums.found)
        after = entries[-1][0]


def _refuse(connection: Connection, month: str) -> bool:
    """Whether closing has to be begun; False where it was, and was broken off."""
    months, closed = Months(connection), Books(connection).closed()
    if closed is not None and months.get(closed) is None:
        if month == closed:
            return False
        raise CannotClose("closing %(month)s was begun and not ended; close it first", month=closed)
    if closed is not None and month <= closed:
        raise CannotClose("%(closed)s is closed; %(month)s cannot be closed after it", closed=closed, month=month)
    first = months.first_open(closed)
    if first is not None and first < month:
        raise CannotClose("%(month)s has entries and is open; close it first", month=first)
    missing = months.unkept(month)
    if missing:
        raise CannotClose(NOT_KEPT, versions=", ".join(missing[:5]))
    return True


class _Sums:
    """
    Fen and entries by who is owed and who gives. Under a payee without a fund stands how many entries it has; what is
    not one payee and funds stands by itself.
    """

    def __init__(self) -> None:
        self._fen: dict[tuple[str, ...], list[int]] = {}
        """Fen of each account, and last how many entries: by the accounts of an entry, which are few in a month."""

    @property
    def found(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By payee and fund."""
        found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for accounts, (*sums, entries) in self._fen.items():
            for key, fen in _by_payee(accounts, sums):
                found[key][0] += fen
                found[key][1] += entries
        return {key: (fen, entries) for key, (fen, entries) in found.items()}

    def add(self, postings: Sequence[tuple[str, int]]) -> None:
        """One entry more: accounts with fen."""
        accounts = tuple([account for account, _ in postings])
        held = self._fen.get(accounts)
        if held is None:
            held = self._fen[accounts] = [0] * (len(accounts) + 1)
        for place, (_, fen) in enumerate(postings):
            held[place] += fen
        held[-1] += 1


def _by_payee(accounts: Sequence[str], sums: Sequence[int]) -> Iterator[tuple[tuple[str, str], int]]:
    """Who is owed and who gives, with fen; under a payee without a fund, nothing but that it is there."""
    payees = [account for account in accounts if not account.startswith("fund:")]
    alone = payees[0] if len(payees) == 1 else ""
    if alone:
        yield (alone, ""), 0
    for account, fen in zip(accounts, sums, strict=True):
        if account.startswith("fund:"):
            yield (alone, account), -fen
        elif not alone:
            yield (account, ""), fen
