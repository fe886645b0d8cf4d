"""
The watch passes from one operator to the next: what is open is written down, two people sign, claims go along.

A station that watches for itself hands over for itself: whoever works for some stations only sees and takes what was
begun within them, and what they begin names the alarms of them alone.

    begin (outgoing) ──► take (incoming): every claim of the outgoing on an open alarm is the incoming's
"""

from collections.abc import Callable

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.ids import OperatorId
from dispatch.rules import handing_over as rules
from dispatch.rules.claims import Claim
from dispatch.rules.handing_over import Handover
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.accounts import Accounts
from dispatch.store.alarms import Alarms
from dispatch.store.claims import Claims
from dispatch.store.database import Connection, Engine
from dispatch.store.handovers import Handovers
from dispatch.store.transactions import Transactions, Tx

KNOWN = 10
"""Handovers that are looked through for one that waits; two of a day, so those of five days."""


class Watch:
    """Keeps handovers. `begun` is called once one has begun, to file the duty sheet; what it raises is its own."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, nudge: Callable[[], None],
        begun: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._nudge = nudge
        self._begun = begun

    def begin(self, *, by: Person, note: str, area: Area = DISTRICT) -> Handover:
        """
        The outgoing operator signs; what is open now is kept with it.

        Raises:
            Conflict: another handover waits to be taken.
        """

        def work(tx: Tx) -> Handover:
            tx.hold("watch")
            shelf = Handovers(tx.connection)
            open_now = tuple(each.number for each in Alarms.of(tx).open() if area.answers_for(each.station_id))
            fresh = Handover(id=tx.new_id(), outgoing=by, begun_at=tx.now, alarms=open_now, note=note)
            known = _within(tx.connection, shelf.recent(KNOWN), area)
            waiting = next((each for each in known if each.waits(tx.now)), None)
            shelf.add(rules.begin(waiting, fresh))
            facts: dict[str, Fact] = {"handover": fresh.id, "open": len(open_now)}
            tx.log(Line(kind="watch_handed_over", by=by, facts=facts, note=note or None))
            return fresh

        handover = self._transactions.run(work)
        self._nudge()
        self._begun()
        return handover

    def take(self, id_: str, *, by: Person, area: Area = DISTRICT) -> Handover:
        """
        The incoming operator signs, and is in charge of whatever the outgoing was.

        Raises:
            NotFound: no such handover in this area. Conflict: see `rules.handing_over.take`.
        """

        def work(tx: Tx) -> Handover:
            tx.hold("watch")
            shelf = Handovers(tx.connection)
            found = shelf.get(id_)
            if found is None or not _within(tx.connection, [found], area):
                raise NotFound("no such handover")
            taken = rules.take(found, by, tx.now)
            shelf.take(taken)
            tx.log(Line(kind="watch_taken", by=by, facts={"handover": id_}))
            _pass_on(tx, found.outgoing, by)
            return taken

        handover = self._transactions.run(work)
        self._nudge()
        return handover

    def recent(self, most: int = KNOWN, area: Area = DISTRICT) -> list[Handover]:
        """Those of this area among the last, the newest first."""
        with self._reading.connect() as connection:
            return _within(connection, Handovers(connection).recent(most), area)

    def waiting(self, area: Area = DISTRICT) -> Handover | None:
        """The one that somebody has to take, if there is one."""
        now = self._clock.now()
        return next((each for each in self.recent(area=area) if each.waits(now)), None)


def _within(connection: Connection, found: list[Handover], area: Area) -> list[Handover]:
    """Those that were begun by somebody who works for nothing outside this area."""
    if area.stations is None:
        return found
    accounts, mine = Accounts(connection), []
    for each in found:
        theirs = accounts.operator(OperatorId(each.outgoing.partition(":")[2])).area.stations
        if theirs is not None and theirs <= area.stations:
            mine.append(each)
    return mine


def _pass_on(tx: Tx, outgoing: Person, incoming: Person) -> None:
    shelf = Claims(tx.connection)
    for alarm_id, claim in shelf.open().items():
        if claim.by == outgoing:
            shelf.keep(Claim(alarm_id=alarm_id, by=incoming, since_at=tx.now, seen_at=tx.now))
            tx.log(Line(kind="claim_passed_on", by=incoming, alarm_id=alarm_id, facts={"was": outgoing}))
