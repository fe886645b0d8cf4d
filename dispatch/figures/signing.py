"""
Monthly reports with somebody's name under them: kept as they were, with a line in the record that says so.

Whatever is written about the month later does not change what was signed; it is shown beside it.
"""

import json
from collections.abc import Sequence

from dispatch.errors import Conflict, NotAllowed
from dispatch.figures.counted import Figures
from dispatch.rules.figures.report import digest
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import Engine
from dispatch.store.signed_reports import SignedReport, SignedReports
from dispatch.store.transactions import Transactions, Tx


class Signing:
    """Signs reports of whole months for the whole district."""

    def __init__(self, transactions: Transactions, reading: Engine, figures: Figures) -> None:
        self._transactions = transactions
        self._reading = reading
        self._figures = figures

    def sign(self, month: str, *, area: Area, by: Person, seen: str | None = None) -> SignedReport:
        """
        Puts a name under the figures of a month as they are counted now. `seen` is the digest of what the person
        looked at, where it is known.

        Raises:
            NotAllowed: this person works for some stations only. Conflict: the month is not over, or what was looked
            at has changed meanwhile. Invalid: no such month.
        """
        if not area.is_district:
            raise NotAllowed("A monthly report is signed for the whole district.")
        if not self._figures.is_over(month):
            raise Conflict("This month is not over yet.")
        report = self._figures.report(month, DISTRICT)
        told = digest(report)
        if seen is not None and seen != told:
            raise Conflict("The figures have changed since you looked. Please look at them again, and sign then.")

        def work(tx: Tx) -> SignedReport:
            mine = (each for each in SignedReports(tx.connection).of_month(month) if each.signed_by == by)
            if (known := next((each for each in mine if each.digest == told), None)) is not None:
                return known
            signed = SignedReport(
                id=tx.new_id(), month=month, signed_at=tx.now, signed_by=by, digest=told,
                figures=json.loads(json.dumps(report)),
            )  # fmt: skip
            SignedReports(tx.connection).add(signed)
            facts = {"report": signed.id, "month": month, "head": report["head"]["number"], "digest": told}
            tx.log(Line(kind="report_signed", by=by, facts=facts))
            return signed

        return self._transactions.run(work)

    def of_month(self, month: str) -> Sequence[SignedReport]:
        """What was signed for this month, the newest first."""
        with self._reading.connect() as connection:
            return SignedReports(connection).of_month(month)
