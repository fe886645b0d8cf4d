"""Books what a month of beds and services comes to: each payment one entry, each correction a reversal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from dispatch.clock import Clock
from dispatch.errors import Conflict
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT
from dispatch.store.database import Connection
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.money.beds.reckoning import Reckoned, Reckoning
from schedules.money.beds.store import Bills, Payments, Row
from schedules.money.paid.store import entry_of
from schedules.money.rules.awards import Award
from schedules.money.rules.bills import MADE
from schedules.money.rules.ledger import CORRECTED, Entry, Kind, Source, reversal, subsidy
from schedules.money.rules.usage import Move
from schedules.money.wording import explained


class Books(Protocol):
    """The ledger, within a unit of work."""

    def enter(self, entry: Entry, /) -> bool:
        """Takes an entry; False when it is there already. Raises Conflict where it may not be."""
        ...

    def closed(self) -> str | None:
        """The last month that takes no more entries."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many payments were entered, taken back and left as they were."""

    entered: int = 0
    reversed: int = 0
    same: int = 0


class Settling:
    """Settles months; doing it twice is doing it once, and doing it after a correction books the difference."""

    def __init__(
        self, transactions: Transactions, clock: Clock, calendar: Calendar, reckoning: Reckoning, *,
        books: Callable[[Connection], Books],
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._clock = clock
        self._calendar = calendar
        self.reckoning = reckoning
        self._books = books

    def today(self) -> date:
        return self._calendar.day_of(self._clock.now())

    def settle(self, month: str, *, by: Person) -> Settled:
        """
        Books a month that is over. What is unchanged stays; what changed is taken back and entered anew; what is not
        due any more is taken back. Of a month that the ledger has closed, it goes into the first open one.

        Raises:
            Conflict: the month is not over, or the ledger refuses an entry; then nothing of that payment was kept, and
                doing it again goes on from there. NoRule: see `Reckoning.month`.
        """
        if month >= f"{self.today():%Y-%m}":
            raise Conflict("This month is not over.")
        due = self.reckoning.month(month, DISTRICT)
        wanted = {each.source: each for each in due.awards}
        stale = [row for row in self._held(month) if not _same(row, wanted.get(row["source"]))]
        # What is taken back comes first: it sets claims free that others may have.
        for row in stale:
            self._transactions.run(lambda tx, row=row: self._take_back(tx, row), lane=Lane.BULK)  # type: ignore[misc]
        entered = [self._transactions.run(self._entering(each, month, by), lane=Lane.BULK) for each in due.awards]
        settled = Settled(entered=sum(entered), reversed=len(stale), same=len(entered) - sum(entered))
        self._transactions.run(lambda tx: self._finish(tx, due, settled, by), lane=Lane.BULK)
        return settled

    def correct(self, tx: Tx, rows: Sequence[Row], awards: Sequence[Award], due: Reckoned, by: Person) -> None:
        """
        Takes these payments back and enters these awards of a month in their place, in the caller's unit of work,
        because their rule was corrected. The vouchers of their residents are kept as they are reckoned now.
        """
        for row in rows:
            self._take_back(tx, row, why=CORRECTED)
        for award in awards:
            self._entering(award, due.month, by, why=CORRECTED)(tx)
        for resident in sorted({row["resident_id"] for row in rows}):
            mine = {key: moves for key, moves in due.vouchers.items() if key[0] == resident}
            Payments(tx.connection).keep_vouchers(due.month, _moved(mine, due.month, tx), of=resident)

    def _held(self, month: str) -> list[Row]:
        return self._transactions.run(lambda tx: list(Payments(tx.connection).of_month(month).values()), lane=Lane.BULK)

    def _take_back(self, tx: Tx, row: Row, *, why: str = "reversal") -> None:
        shelf = Payments(tx.connection)
        held = shelf.live(row["source"])
        if held is None or held["id"] != row["id"]:
            return
        if held["booked"] is not None:
            books = self._books(tx.connection)
            books.enter(reversal(entry_of(held), entry_id=f"{held['id']}-back", closed=books.closed(), why=why))
        shelf.take_back(held["id"], tx.now)

    def _entering(self, award: Award, month: str, by: Person, *, why: str = "late") -> Callable[[Tx], bool]:
        def work(tx: Tx) -> bool:
            shelf = Payments(tx.connection)
            if shelf.live(award.source) is not None:
                return False
            if award.kind in MADE:
                Bills(tx.connection).make(_bill(award, month, tx))
            entry = self._enter(tx, award, f"{award.source}#{shelf.count(award.source) + 1}", why)
            shelf.add(self._row(award, month, entry, by, tx))
            return True

        return work

    def _enter(self, tx: Tx, award: Award, id_: str, why: str) -> tuple[str, Entry | None]:
        if not award.amount_fen:
            return id_, None
        assert award.version is not None
        books = self._books(tx.connection)
        entry = subsidy(
            entry_id=id_, source=Source(Kind.BILL, award.source), version=award.version, claim=award.claim, on=award.on,
            layers={self.reckoning.schemes.fund: award.amount_fen}, owed_to=award.owed_to, closed=books.closed(),
            why=why,
        )  # fmt: skip
        books.enter(entry)
        return id_, entry

    def _row(self, award: Award, month: str, entered: tuple[str, Entry | None], by: Person, tx: Tx) -> Row:
        id_, entry = entered
        return {
            "id": id_, "source": award.source, "claim": award.claim, "kind": award.kind,
            "resident_id": award.resident_id, "month": month, "policy_id": award.policy_id, "version": award.version,
            "on": award.on, "amount_fen": award.amount_fen, "fund": self.reckoning.schemes.fund,
            "owed_to": award.owed_to, "outcome": award.outcome.value, "because": explained(award.because),
            "booked": entry.month if entry else None, "live": True, "by": by, "at": tx.now, "reversed_at": None,
        }  # fmt: skip

    def _finish(self, tx: Tx, due: Reckoned, settled: Settled, by: Person) -> None:
        Payments(tx.connection).keep_vouchers(due.month, _moved(due.vouchers, due.month, tx))
        facts: dict[str, Any] = {
            "month": due.month, "entered": settled.entered, "reversed": settled.reversed, "same": settled.same,
            "amount_fen": sum(each.amount_fen for each in due.awards),
        }  # fmt: skip
        tx.log(Line(kind="bed_month_settled", by=by, facts=facts))


def _moved(vouchers: Mapping[tuple[str, str], Sequence[Move]], month: str, tx: Tx) -> list[Row]:
    """How vouchers moved in a month, as rows."""
    return [
        {"resident_id": resident, "scheme": scheme, "month": month, "at": tx.now,
         "moves": [{"on": each.on.isoformat(), "what": each.what, "amount_fen": each.amount_fen,
                    "left_fen": each.left_fen} for each in moves]}
        for (resident, scheme), moves in vouchers.items()
    ]  # fmt: skip


def _same(row: Row, award: Award | None) -> bool:
    """Whether what was booked is what is due: the amount, the rule, the claim and whom it is owed to."""
    if award is None:
        return False
    due = (award.amount_fen, award.version, award.outcome.value, award.claim, award.owed_to, award.on)
    return due == tuple(row[each] for each in ("amount_fen", "version", "outcome", "claim", "owed_to", "on"))


def _bill(award: Award, month: str, tx: Tx) -> Row:
    return {
        "id": award.source, "kind": award.kind, "scheme": award.policy_id, "resident_id": award.resident_id,
        "month": month, "on": award.on, "provider": award.owed_to, "payer": "", "prior_adaptation": False,
        "state": "open", "by": SERVICE, "at": tx.now, "why": "",
    }  # fmt: skip
