"""
Slips of paper typed in later: one case in one unit of work, by the same rules as if it had been told at the time.

Whatever is typed, an alarm that is not closed by it goes on: it is looked at at once, and somebody is asked.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.ids import AlarmId
from dispatch.rules import answering
from dispatch.rules import paper as rules
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.paper import Slip
from dispatch.rules.people import Person
from dispatch.rules.raising import Heard
from dispatch.rules.record import Line
from dispatch.store.alarms import Alarms
from dispatch.store.transactions import Transactions, Tx

Decide = Callable[[Situation], Decision]


class Paper:
    """Types slips in."""

    def __init__(self, transactions: Transactions, desk: Desk, clock: Clock) -> None:
        self._transactions = transactions
        self._desk = desk
        self._clock = clock

    def enter(self, slip: Slip, *, by: Person) -> AlarmId:
        """
        Keeps one slip whole, or nothing of it.

        Raises:
            Invalid: it makes no sense. Conflict: the record knows better, or the person has an open alarm.
            NotFound: no such alarm or home.
        """
        rules.check(slip, self._clock.now())

        def work(tx: Tx) -> tuple[AlarmId, list[Decision]]:
            alarm_id = slip.alarm_id or self._raise(tx, slip, by)
            if slip.alarm_id and slip.note and slip.closed_at is None:
                tx.log(Line(kind="noted", by=by, alarm_id=alarm_id, note=slip.note))
            return alarm_id, [self._step(tx, alarm_id, slip, name, at, by) for name, at in slip.steps]

        alarm_id, decisions = self._transactions.run(work)
        for decision in decisions:
            self._desk.after(decision)
        return alarm_id

    def _raise(self, tx: Tx, slip: Slip, by: Person) -> AlarmId:
        heard = Heard(cause=slip.cause, by=by, home_id=slip.home_id, resident_id=slip.resident_id, note=slip.note)
        alarm_id = self._desk.raise_in(tx, heard)
        if Alarms.of(tx).get(alarm_id).version > 1:
            raise Conflict("An alarm is open for this person: write it there.")
        return alarm_id

    def _step(self, tx: Tx, alarm_id: AlarmId, slip: Slip, name: str, at: datetime, by: Person) -> Decision:
        if name == "raised_at":
            decide: Decide = lambda situation: rules.moved(situation.alarm, at, by)  # noqa: E731
        else:
            decide = self._deed(slip, name, at, by)
        people = [slip.person] if slip.person else []
        return self._desk.in_unit(tx, alarm_id, decide, *people)

    def _deed(self, slip: Slip, name: str, at: datetime, by: Person) -> Decide:
        def decide(now_known: Situation) -> Decision:
            happened_at = rules.settled(now_known.alarm, at)
            rules.fits(now_known.alarm, name, happened_at)
            then = replace(now_known, now=happened_at)
            return rules.dated(_decided(self._desk, then, slip, name, by), happened_at, now_known.now)

        return decide


def _decided(desk: Desk, then: Situation, slip: Slip, name: str, by: Person) -> Decision:
    if name == "closed_at":
        assert slip.outcome is not None
        return answering.close(then, outcome=slip.outcome, by=by, note=slip.note if slip.alarm_id else None)
    assert slip.person is not None
    asked = desk.asked(then, slip.person, by)
    if name == "accepted_at":
        return answering.accept(asked, slip.person, by=by)
    return answering.attend(asked, slip.person, proof=slip.proof, by=by)
