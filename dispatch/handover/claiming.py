"""
Claims on alarms: taken, taken over, given back, and lapsed when the holder's console is gone; the ticks of the plan.

Nothing here touches the alarm itself: whatever operators do among themselves, the policy goes on.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from dispatch.clock import Clock
from dispatch.errors import Busy
from dispatch.ids import AlarmId
from dispatch.rules import claims as rules
from dispatch.rules.claims import Claim, Tick
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.alarms import Alarms
from dispatch.store.claims import Claims
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx

log = structlog.get_logger()

SEEN_EVERY = timedelta(seconds=10)
"""How often a board that asks is written down for its claims; it asks every 12 to 18 s, so at each question."""


class Claiming:
    """Keeps claims. `nudge` is called after each commit, so that every board hears of it at once."""

    def __init__(self, transactions: Transactions, reading: Engine, clock: Clock, *, nudge: Callable[[], None]) -> None:
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._nudge = nudge
        self._lock = threading.Lock()
        self._seen: dict[Person, datetime] = {}

    def take(self, alarm_id: AlarmId, *, by: Person, over: bool = False, reason: str | None = None) -> Claim:
        """
        This operator is in charge of this alarm from now on.

        Raises:
            NotFound: no such alarm. Held, Invalid: see `rules.claims.take`.
        """

        def work(tx: Tx) -> Claim:
            tx.hold(f"claim:{alarm_id}")
            Alarms.of(tx).get(alarm_id)
            shelf = Claims(tx.connection)
            claim, line = rules.take(shelf.get(alarm_id), alarm_id, by, over=over, reason=reason, now=tx.now)
            shelf.keep(claim)
            tx.log(*([line] if line else []))
            return claim

        claim = self._transactions.run(work)
        self._nudge()
        return claim

    def leave(self, alarm_id: AlarmId, *, by: Person) -> None:
        """This operator is in charge no longer; nothing happens where somebody else is."""

        def work(tx: Tx) -> None:
            shelf = Claims(tx.connection)
            claim = shelf.get(alarm_id)
            if claim is not None and claim.by == by:
                shelf.drop([alarm_id])
                tx.log(Line(kind="claim_left", by=by, alarm_id=alarm_id))

        self._transactions.run(work)
        self._nudge()

    def tick(self, alarm_id: AlarmId, step: Tick, *, by: Person, done: bool = True) -> None:
        """
        A step of the response plan is done, or was ticked by mistake. The same again changes nothing.

        Raises:
            NotFound: no such alarm.
        """

        def work(tx: Tx) -> None:
            Alarms.of(tx).get(alarm_id)
            shelf = Claims(tx.connection)
            changed = shelf.tick(alarm_id, step, by, tx.now) if done else shelf.untick(alarm_id, step)
            if changed:
                kind = "step_ticked" if done else "step_unticked"
                tx.log(Line(kind=kind, by=by, alarm_id=alarm_id, facts={"tick": str(step)}))

        self._transactions.run(work)
        self._nudge()

    def open(self, now: datetime) -> Mapping[AlarmId, Claim]:
        """Who is in charge of which open alarm, and sits at a console."""
        with self._reading.connect() as connection:
            return {id_: each for id_, each in Claims(connection).open().items() if each.holds(now)}

    def of(self, alarm_id: AlarmId) -> tuple[Claim | None, Mapping[Tick, tuple[Person, datetime]]]:
        """The claim on one alarm, lapsed or not, and its ticks."""
        with self._reading.connect() as connection:
            shelf = Claims(connection)
            return shelf.get(alarm_id), shelf.ticked(alarm_id)

    def seen(self, by: Person) -> None:
        """A console of this operator has asked for the board: their claims go on. Cheap; asked at every refresh."""
        now = self._clock.now()
        with self._lock:
            last = self._seen.get(by)
            if last is not None and abs(now - last) < SEEN_EVERY:
                return
            self._seen[by] = now
        with self._reading.connect() as connection:
            if not Claims(connection).any_of(by):
                return
        try:
            self._transactions.run(lambda tx: Claims(tx.connection).seen(by, tx.now), lane=Lane.BULK)
        except Busy:
            # A board that cannot be written down must still be read; the hold lapses, and somebody else may take it.
            log.warning("claims_not_marked", by=by)

    def check(self) -> None:
        """Writes down which claims have lapsed, so that every board says so. Called every few seconds."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            lapsed = [id_ for id_, each in Claims(connection).open().items() if not each.holds(now)]
        if lapsed:
            self._transactions.run(lambda tx: _lapse(tx, lapsed))
            self._nudge()


def _lapse(tx: Tx, alarm_ids: list[AlarmId]) -> None:
    shelf = Claims(tx.connection)
    for alarm_id in alarm_ids:
        claim = shelf.get(alarm_id)
        if claim is not None and not claim.holds(tx.now):
            shelf.drop([alarm_id])
            tx.log(Line(kind="claim_lapsed", by=SERVICE, alarm_id=alarm_id, facts={"was": claim.by}))
