"""
Calls that ring in: kept first, then judged by a human, and never dropped.

A call that a human takes is theirs to judge, with one key on the board. One that nobody takes becomes an alarm by
itself, with a cause and a policy of its own: the desk is told to call back, and somebody looks in. An owner of waiting
rows, so that neither a crash nor a provider that falls silent loses one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch.desk import Desk
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import AlarmId, CallId, HomeId
from dispatch.rules.calls import (
    Call,
    CallState,
    File,
    Judgement,
    Rang,
    after,
    came,
    file_meant,
    judged,
    raises,
    served,
    woken,
)
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.raising import Heard
from dispatch.rules.received import Received
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.calls import Calls as Shelf
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx

AGAIN_S = 5
"""A call that could not be made an alarm is tried again after this time, as often as it takes."""


class Calls:
    """Keeps, wakes and judges calls. An owner of waiting rows: `due`, `next_due`, `wake`, `stumble`."""

    name = "calls"

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        desk: Desk,
        *,
        nudge: Callable[[], None],
        hand_over: Callable[[CallId], None] | None = None,
    ) -> None:
        """`hand_over` is told of a call that is due this very moment; `nudge` of every other change."""
        self._transactions = transactions
        self._reading = reading
        self._desk = desk
        self._nudge = nudge
        self._hand_over = hand_over or (lambda _: nudge())

    # ------------------------------------------------------------------------------------------- what is told

    def receive(self, provider: str, rang: Sequence[Rang]) -> None:
        """Makes news of calls durable; a copy changes nothing, and news of a call nobody told us of begins it."""
        if not rang:
            return
        for call in self._transactions.run(lambda tx: [self._receive(tx, provider, each) for each in rang]):
            if call.state is CallState.MISSED and call.due_at is not None:
                self._hand_over(call.id)
        self._nudge()

    def _receive(self, tx: Tx, provider: str, rang: Rang) -> Call:
        shelf = Shelf(tx.connection)
        call = shelf.of_key(provider, rang.key)
        if call is None:
            call = came(CallId(tx.new_id()), rang, provider=provider, now=tx.now)
            if shelf.add(call):
                tx.log(self._line(tx, "call_came", call))
            call = shelf.of_key(provider, rang.key) or call
        told = after(call, rang.news, tx.now)
        if told != call:
            shelf.change(told)
        if told.state is not call.state:
            rings = told.state is CallState.RINGING
            ended = "call_answered" if told.state is CallState.ANSWERED else "call_missed"
            tx.log(self._line(tx, "call_came" if rings else ended, told))
        return told

    def serve_in(self, tx: Tx, provider: str, key: str, *, by: Person) -> None:
        """Within somebody's unit: the caller has done by their own keys what they rang for."""
        call = Shelf(tx.connection).of_key(provider, key)
        done = served(call, by=by, now=tx.now) if call is not None else None
        if done is not None and done != call:
            Shelf(tx.connection).change(done)
            tx.log(self._line(tx, "call_answered", done, by, keys=1, judged=str(done.judged)))

    def _line(self, tx: Tx, kind: str, call: Call, by: Person = SERVICE, **more: Fact) -> Line:
        """What the record says of a call: whose it is by reference, and never the number."""
        files = files_of(tx, call)
        meant = file_meant(files)
        facts: dict[str, Fact] = {"call": call.id, "person": files[0].person if files else None}
        facts |= {"home": meant.home_id if meant else None, **more}
        return Line(kind=kind, by=by, alarm_id=call.alarm_id, facts=facts)

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[CallId]:
        with self._reading.connect() as connection:
            return Shelf(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Shelf(connection).next_due()

    def wake(self, id_: str) -> None:
        """A call that nobody has taken in its time is a soft alarm. Waking too early or twice does nothing."""
        alarm_id = self._transactions.run(lambda tx: self._wake(tx, CallId(id_)))
        if alarm_id is not None:
            self._desk.proceed(Received(alarm_id=alarm_id))
        self._nudge()

    def _wake(self, tx: Tx, id_: CallId) -> AlarmId | None:
        before = Shelf(tx.connection).get(id_)
        if before is None or before.due_at is None or before.due_at > tx.now:
            return None
        call = woken(before, tx.now)
        if call.state is not before.state:
            tx.log(self._line(tx, "call_missed", call))
        if raises(call):
            call = self._raised(tx, call, Cause.MISSED_CALL, Person(f"call:{call.id}"), file_meant(files_of(tx, call)))
        Shelf(tx.connection).change(call)
        return call.alarm_id

    def stumble(self, id_: str, error: Exception) -> None:
        """It stays on the board meanwhile, and is tried again."""

        def work(tx: Tx) -> None:
            call = Shelf(tx.connection).get(CallId(id_))
            if call is not None and call.due_at is not None:
                later = replace(call, due_at=tx.now + timedelta(seconds=AGAIN_S), failures=call.failures + 1)
                Shelf(tx.connection).change(later)

        self._transactions.run(work)

    # ------------------------------------------------------------------------------------------- what people say

    def raise_alarm(self, id_: CallId, *, by: Person, home_id: HomeId | None = None) -> AlarmId:
        """
        A named human says that somebody must come: to this home, or else to the one home of whoever rings.

        Raises:
            NotFound: there is no such call. Invalid: the caller's number does not belong to this home.
            Conflict: somebody has judged it already, or it is an alarm.
        """
        alarm_id = self._transactions.run(lambda tx: self._judge_alarm(tx, id_, by, home_id))
        self._desk.proceed(Received(alarm_id=alarm_id))
        self._nudge()
        return alarm_id

    def _judge_alarm(self, tx: Tx, id_: CallId, by: Person, home_id: HomeId | None) -> AlarmId:
        call = self._to_judge(tx, id_)
        files = files_of(tx, call)
        meant = file_meant(tuple(each for each in files if home_id in (None, each.home_id)))
        if home_id is not None and meant is None:
            raise Invalid("This call is not about that home.", {"home": "unknown"})
        call = self._raised(tx, judged(call, Judgement.ALARM, by=by, now=tx.now), Cause.HOTLINE, by, meant)
        Shelf(tx.connection).change(call)
        tx.log(self._line(tx, "call_judged", call, by, judged=str(call.judged)))
        assert call.alarm_id is not None
        return call.alarm_id

    def dismiss(self, id_: CallId, *, by: Person) -> None:
        """
        A named human says that it is no alarm.

        Raises:
            NotFound: there is no such call. Conflict: somebody has judged it already, or it is an alarm.
        """

        def work(tx: Tx) -> None:
            call = judged(self._to_judge(tx, id_), Judgement.NO_ALARM, by=by, now=tx.now)
            Shelf(tx.connection).change(call)
            tx.log(self._line(tx, "call_judged", call, by, judged=str(call.judged)))

        self._transactions.run(work)
        self._nudge()

    def _to_judge(self, tx: Tx, id_: CallId) -> Call:
        call = Shelf(tx.connection).get(id_)
        if call is None:
            raise NotFound(f"no call {id_[:40]}")
        if call.judged is not None or call.alarm_id is not None:
            raise Conflict("this call has been judged, or is an alarm")
        return call

    def _raised(self, tx: Tx, call: Call, cause: Cause, by: Person, meant: File | None) -> Call:
        heard = Heard(
            cause=cause,
            by=by,
            home_id=meant.home_id if meant else None,
            resident_id=meant.resident_id if meant else None,
            address=call.subject,
        )
        return replace(call, alarm_id=self._desk.raise_in(tx, heard))


def files_of(tx: Tx, call: Call) -> tuple[File, ...]:
    """Whose number it is; nobody's where it is withheld."""
    return People(tx.connection).files_of(call.number) if call.number else ()
