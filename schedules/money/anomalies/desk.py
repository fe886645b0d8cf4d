"""The queue of findings and the list of checks, for people: reading, and deciding with a name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.errors import NotFound
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Transactions, Tx
from schedules.money.anomalies.rules.judging import Case, Check, Draw, Result, State, checked, judged
from schedules.money.anomalies.store.checks import Checks
from schedules.money.anomalies.store.findings import Findings, Wanted
from schedules.money.anomalies.store.remarkable import Remarkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A month's draw as an area sees it. `done` and `draw.settled` are the whole district's: 现场核查率."""

    draw: Draw
    checks: Sequence[Check]
    done: int

    @property
    def per_myriad(self) -> int | None:
        """`onsite_check_rate` in 1/10,000: checked of settled; None where nothing was."""
        return self.done * 10_000 // self.draw.settled if self.draw.settled else None


class FindingsDesk:
    """Decides about findings and checks. `lacking` is why nothing is looked for, in one sentence; empty when it is."""

    def __init__(self, transactions: Transactions, reading: Reading, *, lacking: str = "") -> None:
        self._transactions = transactions
        self._reading = reading
        self.lacking = lacking

    def some(self, wanted: Wanted, area: Area) -> list[Case]:
        with self._reading.connect() as connection:
            return Findings(connection).some(wanted, area)

    def tally(self, area: Area) -> dict[State, tuple[int, int]]:
        with self._reading.connect() as connection:
            return Findings(connection).tally(area)

    def get(self, id_: str, area: Area) -> Case:
        """
        One finding.

        Raises:
            NotFound: there is none in this area.
        """
        with self._reading.connect() as connection:
            return Findings(connection).get(id_, area)

    def people(self, residents: Collection[str]) -> Mapping[str, tuple[str, str]]:
        """Code and name of these residents, for whoever goes and looks; whoever is in no register is left out."""
        with self._reading.connect() as connection:
            return Remarkable(connection, datetime.date).called(residents)

    def judge(
        self, id_: str, to: State, *, by: Person, area: Area, note: str, recovered_fen: int = 0
    ) -> Case:  # fmt: skip
        """
        A named person says what it is.

        Raises:
            NotFound: there is none in this area. Conflict: it was decided. Invalid: words or the amount are missing.
        """

        def work(tx: Tx) -> Case:
            tx.hold(f"money_finding:{id_}")
            shelf = Findings(tx.connection)
            before = shelf.get(id_, area)
            case = judged(before, to, by=by, at=tx.now, note=note, recovered_fen=recovered_fen)
            shelf.save(case)
            facts = {"finding": id_, "code": case.found.code.value, "was": before.state.value, "state": to.value,
                     "recovered_fen": recovered_fen or None}  # fmt: skip
            tx.log(Line(kind="money_finding_judged", by=by, facts=facts, note=case.note))
            return case

        return self._transactions.run(work)

    def months(self) -> list[str]:
        with self._reading.connect() as connection:
            return Checks(connection).months()

    def drawn(self, month: str, area: Area) -> Drawn:
        """
        A month's draw.

        Raises:
            NotFound: the month was not drawn.
        """
        with self._reading.connect() as connection:
            shelf = Checks(connection)
            found = shelf.draw(month)
            if found is None:
                raise NotFound("There is no draw of this month.")
            return Drawn(draw=found, checks=shelf.of(month, area), done=shelf.done(month))

    def one_check(self, id_: str, area: Area) -> Check:
        """
        One check.

        Raises:
            NotFound: there is none in this area.
        """
        with self._reading.connect() as connection:
            return Checks(connection).get(id_, area)

    def check(self, id_: str, result: Result, *, by: Person, area: Area, note: str = "") -> Check:
        """
        What a check on site came to.

        Raises:
            NotFound: there is none in this area. Conflict: it has a result. Invalid: words are missing.
        """

        def work(tx: Tx) -> Check:
            tx.hold(f"money_check:{id_}")
            shelf = Checks(tx.connection)
            done = checked(shelf.get(id_, area), result, by=by, at=tx.now, note=note)
            shelf.save(done)
            facts = {"check": id_, "month": done.month, "result": result.value}
            tx.log(Line(kind="money_check_done", by=by, facts=facts, note=done.note or None))
            return done

        return self._transactions.run(work)
