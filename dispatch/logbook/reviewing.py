"""
The acts of a review: finding, signing, ending a follow-up. Each is an entry of the record, which alone decides.

Nothing is judged by rows: inside the unit of work the alarm is told anew from its entries, so that of two who act at
once the second sees what the first wrote.
"""

from collections.abc import Callable
from datetime import date, datetime

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import AlarmId, StationId
from dispatch.logbook.follower import Follower
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.review import FindingCause, Measure, check_finding, check_signing, is_due
from dispatch.rules.rights import Area
from dispatch.store.logbook import Judged, Log
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx


class Reviewing:
    """What reviewers do. `today` is the district's local day at an instant."""

    def __init__(self, transactions: Transactions, follower: Follower, today: Callable[[datetime], date]) -> None:
        self._transactions = transactions
        self._follower = follower
        self._today = today

    def find(
        self, alarm_id: AlarmId, *, by: Person, area: Area, cause: FindingCause, measure: Measure = Measure.NONE,
        text: str | None = None, station_id: StationId | None = None, follow_up_on: date | None = None,
        seen: int | None = None,
    ) -> str:  # fmt: skip
        """
        A finding about a closed alarm; the id of it. A signed case waits for a signature again. `seen` is the number of
        the review's last entry that the reviewer had before them.

        Raises:
            NotFound: there is no such alarm in `area`, or no such station.
            Conflict: the alarm is open, or somebody has written since.
            Invalid: the day lies behind us, or a finding that is one has no words.
        """
        if cause is not FindingCause.IN_ORDER and not text:
            raise Invalid("Please say in words what was found.", {"text": ["missing"]})

        def work(tx: Tx) -> str:
            judged = self._told(tx, alarm_id, area)
            check_finding(judged.told, today=self._today(tx.now), follow_up_on=follow_up_on, seen=seen)
            if station_id is not None and People(tx.connection).station(station_id) is None:
                raise NotFound("There is no such station.")
            facts = {
                "finding": tx.new_id(), "cause": str(cause), "measure": str(measure), "station": station_id,
                "follow_up_on": follow_up_on.isoformat() if follow_up_on else None,
            }  # fmt: skip
            tx.log(Line(kind="finding_made", by=by, alarm_id=alarm_id, facts=facts, note=text))
            return str(facts["finding"])

        made = self._transactions.run(work)
        self._follower.refresh(alarm_id)
        return made

    def sign(self, alarm_id: AlarmId, *, by: Person, area: Area, seen: int | None = None) -> None:
        """
        The second person's signature.

        Raises:
            NotFound: there is no such alarm in `area`.
            NotAllowed: the findings are their own.
            Conflict: nothing waits for a signature, or somebody has written since.
        """

        def work(tx: Tx) -> None:
            judged = self._told(tx, alarm_id, area)
            due = is_due(judged.breaches, drawn=judged.is_drawn)
            check_signing(judged.told, is_due=due, by=by, seen=seen)
            facts = {"findings": len(judged.told.findings)}
            tx.log(Line(kind="review_signed", by=by, alarm_id=alarm_id, facts=facts))

        self._transactions.run(work)
        self._follower.refresh(alarm_id)

    def follow_up_done(
        self, alarm_id: AlarmId, finding: str, *, by: Person, area: Area, text: str | None = None
    ) -> None:
        """
        It was looked at again.

        Raises:
            NotFound: there is no such alarm in `area`, or no such finding about it.
            Conflict: that was done already, or there is nothing to look at again.
        """

        def work(tx: Tx) -> None:
            told = self._told(tx, alarm_id, area).told
            found = next((each for each in told.findings if each.id == finding), None)
            if found is None:
                raise NotFound("There is no such finding.")
            if found.done_at is not None or found.follow_up_on is None:
                raise Conflict("There is nothing left to look at again.")
            tx.log(Line(kind="follow_up_done", by=by, alarm_id=alarm_id, facts={"finding": finding}, note=text))

        self._transactions.run(work)
        self._follower.refresh(alarm_id)

    def _told(self, tx: Tx, alarm_id: AlarmId, area: Area) -> Judged:
        tx.hold(f"review:{alarm_id}")
        exists, station = Log(tx.connection).station_of(alarm_id)
        judged = self._follower.judged(tx.connection, alarm_id) if exists and area.answers_for(station) else None
        if judged is None:
            raise NotFound("There is no such alarm.")
        return judged
