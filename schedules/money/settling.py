"""
Settlement: statements drawn from closed months, taken step by step to the money, with objections and budgets.

Each step is one unit of work with its row and its line of the record; words of people stay out of the record's facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.money.operators.store import OperatorPayments
from schedules.money.rules import statement as rules
from schedules.money.rules.ledger import resident_of
from schedules.money.rules.months import must_be_month
from schedules.money.rules.operators import CLAIM
from schedules.money.rules.statement import Deed, Kind, Objection, State, Statement, Step
from schedules.money.store.months import Months
from schedules.money.store.statements import Budgets, Statements
from schedules.money.store.sums import Sums

PAST = {
    Deed.SUBMIT: "submitted", Deed.SEND_BACK: "sent_back", Deed.PUBLISH: "published", Deed.WITHDRAW: "withdrawn",
    Deed.APPROVE: "approved", Deed.PAY: "paid",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Whoever is owed money, as others know them: a canteen or a station, and which station it belongs to."""

    name: str
    station_id: StationId | None


Payees = Callable[[], Mapping[str, Payee]]
"""Everybody who may be owed money, by what stands behind "owed:" in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """
    What one resident had of a payee's or a fund's month; whoever is not in the register (any more) has no name. Money
    for serving is nobody's: it has the name of its rule, with the period and who is owed it.
    """

    resident_id: str
    name: str
    entries: int
    amount_fen: int
    late: int
    is_serving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    One statement with everything that belongs to it. `parts` are fen and entries by the other side's accounts,
    `serving` each entry of it that pays for serving, with what was booked and why (`OperatorPayments.entered`).
    """

    statement: Statement
    hash: str
    parts: Mapping[str, tuple[int, int]]
    steps: list[Step]
    objections: list[Objection]
    legal: list[Deed]
    serving: list[dict[str, Any]]


class Settling:
    """Draws statements and takes them further."""

    def __init__(
        self, transactions: Transactions, reading: Reading, calendar: Calendar, *, days: int, payees: Payees,
        second_reviewer: bool = True,
    ) -> None:  # fmt: skip
        """
        `days` is how long a published statement hangs out for objections. Without a `second_reviewer` whoever published
        a statement may approve it, too: for a team of two.
        """
        self._second_reviewer = second_reviewer
        self._transactions = transactions
        self._reading = reading
        self._calendar = calendar
        self._days = days
        self._payees = payees

    # ------------------------------------------------------------------------------------------- by people

    def draw(self, month: str, *, by: Person) -> int:
        """
        A draft for every payee and every fund of a closed month; how many are new. Drawing again changes nothing.

        Raises:
            Invalid: this is no month. Conflict: it is not closed.
        """
        must_be_month(month)

        def work(tx: Tx) -> int:
            if Months(tx.connection).get(month) is None:
                raise Conflict("This month is not closed yet.")
            shelf = Statements(tx.connection)
            drawn = [each for each in self._drafts(tx, month) if shelf.draw(each)]
            for each in drawn:
                shelf.add_step(Step(id=tx.new_id(), statement_id=each.id, deed=Deed.DRAW, state=each.state, by=by,
                                    at=tx.now))  # fmt: skip
            if drawn:
                tx.log(Line(kind="statements_drawn", by=by, facts={"month": month, "statements": str(len(drawn))}))
            return len(drawn)

        return self._transactions.run(work, lane=Lane.BULK)

    def step(
        self, statement_id: str, deed: Deed, *, by: Person, area: Area, note: str = "", on: date | None = None,
        reference: str = "",
    ) -> None:  # fmt: skip
        """
        Takes a statement one step further. `on` and `reference` are the payment's, `note` the reason of going back.

        Raises:
            NotFound: there is none in this area. Conflict: not from where it stands, not by this person, not yet.
            Invalid: the reason, or the payment's reference, is missing, or its day lies ahead.
        """
        if deed is Deed.DRAW:
            raise _wrong("deed", "Statements are drawn for a whole month.")
        if deed in {Deed.SEND_BACK, Deed.WITHDRAW} and not note:
            raise _wrong("note", "Please say why.")
        if deed is Deed.PAY and not reference:
            raise _wrong("reference", "Please give the number of the payment.")

        def work(tx: Tx) -> None:
            shelf, today = Statements(tx.connection), self._calendar.day_of(tx.now)
            if deed is Deed.PAY and (on or today) > today:
                raise _wrong("on", "This day lies ahead.")
            found = shelf.get(statement_id, area)
            objections = shelf.objections(statement_id)
            after = rules.taken(
                found, deed, by=by, today=today, days=self._days, objections=objections,
                steps=shelf.steps(statement_id), second_reviewer=self._second_reviewer,
            )  # fmt: skip
            shelf.save(after, before=found.version)
            paid = (on or today) if deed is Deed.PAY else None
            shelf.add_step(Step(id=tx.new_id(), statement_id=found.id, deed=deed, state=after.state, by=by, at=tx.now,
                                on=paid, reference=reference if paid else "", note=note))  # fmt: skip
            facts = {"statement": found.id, "month": found.month, "account": found.account, "fen": str(found.amount_fen)}  # noqa: E501  # fmt: skip
            tx.log(Line(kind=f"statement_{PAST[deed]}", by=by, facts=facts))

        self._transactions.run(work, lane=Lane.BULK)

    def object(self, statement_id: str, *, said_by: str, text: str, by: Person, area: Area) -> str:
        """
        Writes an objection down; gives its id.

        Raises:
            NotFound: there is no such statement in this area. Conflict: it is not published. Invalid: it says nothing.
        """
        if not text:
            raise _wrong("text", "Please write what is objected.")

        def work(tx: Tx) -> str:
            shelf = Statements(tx.connection)
            rules.refuse_objection(shelf.get(statement_id, area))
            made = Objection(
                id=tx.new_id(), statement_id=statement_id, said_by=said_by, text=text, by=by, at=tx.now
            )  # fmt: skip
            shelf.object(made)
            tx.log(Line(kind="statement_objected", by=by, facts={"statement": statement_id, "objection": made.id}))
            return made.id

        return self._transactions.run(work, lane=Lane.BULK)

    def answer(
        self, statement_id: str, objection_id: str, *, upheld: bool, answer: str, by: Person, area: Area
    ) -> None:  # fmt: skip
        """
        What became of an objection. What is right in it is put right by entries of the next month, never here.

        Raises:
            NotFound: there is no such objection in this area. Stale: it has an answer. Invalid: nothing is answered.
            Conflict: it is said against a statement that this person submitted.
        """
        if not answer:
            raise _wrong("answer", "Please write the answer.")

        def work(tx: Tx) -> None:
            shelf = Statements(tx.connection)
            shelf.get(statement_id, area)
            rules.refuse_own_answer(by, shelf.steps(statement_id))
            found = next((each for each in shelf.objections(statement_id) if each.id == objection_id), None)
            if found is None:
                raise NotFound(f"no objection {objection_id[:40]}")
            shelf.answer(replace(found, upheld=upheld, answer=answer, answered_by=by, answered_at=tx.now))
            facts = {"statement": statement_id, "objection": objection_id, "upheld": str(upheld).lower()}
            tx.log(Line(kind="statement_objection_answered", by=by, facts=facts))

        self._transactions.run(work, lane=Lane.BULK)

    def set_budget(self, fund: str, year: int, amount_fen: int, *, by: Person) -> None:
        """
        What a fund may give in a year, from now on.

        Raises:
            Invalid: there is no fund's name, no such year, or an amount below nothing.
        """
        if not fund or not 1990 <= year <= 2199 or amount_fen < 0:
            raise _wrong("fund", "A budget needs a fund, a year and an amount.")
        account = fund if fund.startswith("fund:") else f"fund:{fund}"

        def work(tx: Tx) -> None:
            row = {"fund": account, "year": year, "amount_fen": amount_fen, "by": by, "at": tx.now}
            Budgets(tx.connection).set(row)
            facts = {"fund": account, "year": str(year), "fen": str(amount_fen)}
            tx.log(Line(kind="budget_set", by=by, facts=facts))

        self._transactions.run(work, lane=Lane.BULK)

    # ------------------------------------------------------------------------------------------- reading

    def page(self, area: Area, **filters: Any) -> list[Statement]:
        """Statements of an area; `filters` as `Statements.page` takes them."""
        with self._reading.connect() as connection:
            return Statements(connection).page(area, **filters)

    def one(self, statement_id: str, area: Area) -> Told:
        """
        One with its parts, steps and objections.

        Raises:
            NotFound: there is none in this area.
        """
        with self._reading.connect() as connection:
            shelf = Statements(connection)
            found = shelf.get(statement_id, area)
            month = Months(connection).get(found.month)
            assert month is not None
            return Told(
                statement=found, hash=month["hash"], parts=Sums(connection).parts(found), steps=shelf.steps(found.id),
                objections=shelf.objections(found.id), legal=rules.legal(found.state),
                serving=_signed(found, OperatorPayments(connection).entered(found.month, found.account)),
            )  # fmt: skip

    def barred(self, deed: Deed, *, by: Person, steps: list[Step]) -> str | None:
        """Why this person may not take this step, or None."""
        return rules.barred(deed, by=by, steps=steps, second_reviewer=self._second_reviewer)

    def people(self, statement: Statement) -> list[Had]:
        """
        What each resident had of it, by name, and behind them what serving was paid; their sum is the statement's.
        """
        with self._reading.connect() as connection:
            found: dict[str, list[int]] = {}
            serving = _signed(statement, OperatorPayments(connection).entered(statement.month, statement.account))
            for claim, late, fen in Sums(connection).claims(statement.month, statement.account):
                if claim.startswith(CLAIM):
                    continue
                sums = found.setdefault(resident_of(claim), [0, 0, 0])
                sums[0], sums[1], sums[2] = sums[0] + 1, sums[1] + fen, sums[2] + bool(late)
            names = Sums(connection).names(found)
        sign = 1 if statement.kind is Kind.PAYEE else -1
        rows = [
            Had(resident_id=who, name=names.get(who, ""), entries=sums[0], amount_fen=sign * sums[1], late=sums[2])
            for who, sums in found.items()
        ]
        return [*sorted(rows, key=lambda each: (each.name, each.resident_id)), *_serving(serving)]

    def of_resident(self, resident_id: str, month: str) -> list[tuple[date, str, str, str, int]]:
        """A resident's entries of a month: day, source, who is owed, why late, fen; by their days."""
        with self._reading.connect() as connection:
            return Sums(connection).of_resident(resident_id, month)

    def budgets(self, year: int) -> list[dict[str, Any]]:
        """Every fund of a year: its budget, what it gave by closed months, what is paid, and the execution rate."""
        with self._reading.connect() as connection:
            budgets, amounts = Budgets(connection).of(year), Statements(connection).amounts(year)
            given = Sums(connection).given(year)
        found = []
        for fund in sorted({*budgets, *amounts, *given}):
            paid = amounts.get(fund, {}).get(State.PAID.value, 0)
            rate = rules.execution(budgets.get(fund, 0), paid)
            found.append({"fund": fund, "year": year, "budget_fen": budgets.get(fund), "given_fen": given.get(fund, 0),
                          "paid_fen": paid, "rate": rate})  # fmt: skip
        return found

    def closed(self) -> list[tuple[str, str, int, int]]:
        """Closed months, the newest first: month, hash, entries, and how many statements were drawn."""
        with self._reading.connect() as connection:
            counts = Statements(connection).counts()
            return [
                (month, hash_, entries, counts.get(month, 0))
                for month, hash_, entries in Months(connection).newest(120)
            ]

    def _drafts(self, tx: Tx, month: str) -> list[Statement]:
        known, sums = self._payees(), Sums(tx.connection).by_account(month)
        drafts = []
        for (kind, account), (fen, entries) in sorted(sums.items()):
            name = account.partition(":")[2]
            payee = known.get(name) if kind is Kind.PAYEE else None
            if account:
                drafts.append(Statement(
                    id=tx.new_id(), month=month, kind=kind, account=account, amount_fen=fen, entries=entries,
                    name=(payee.name if payee else name)[:120], station_id=payee.station_id if payee else None,
                ))  # fmt: skip
        return drafts


def _signed(statement: Statement, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As the statement counts them: what a fund gives is more than nothing."""
    sign = 1 if statement.kind is Kind.PAYEE else -1
    return [row | {"fen": sign * row["fen"]} for row in rows]


def _serving(rows: list[dict[str, Any]]) -> list[Had]:
    """By who is owed it, rule and period."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        sums = found.setdefault((row["owed_to"], row["title"], row["period"]), [0, 0, 0])
        sums[0], sums[1], sums[2] = sums[0] + 1, sums[1] + row["fen"], sums[2] + bool(row["late"])
    return [
        Had(resident_id="", name=f"{title} {period} {owed_to}", entries=sums[0], amount_fen=sums[1], late=sums[2],
            is_serving=True)
        for (owed_to, title, period), sums in found.items()
    ]  # fmt: skip


def _wrong(name: str, what: str) -> Invalid:
    return Invalid(what, {"json": {name: [what]}})
