"""
Shadow mode: for a cut-over from another system, street by street. A street in the shadow is heard and decided for as if
it were live; nobody is told, and what would have been sent is listed.

    live ◄──► shadow      a street, switched by a named operator, either way, at any time
      an alarm raised in the shadow   stays there until its street goes live, and is then told to everybody at once
      an alarm raised live            stays live, whatever is switched: it is never dropped

Whatever nobody has switched is live: silence has to be asked for by name.
"""

from collections.abc import Callable, Sequence

from dispatch.desk import Desk
from dispatch.errors import Invalid
from dispatch.ids import AlarmId
from dispatch.rules.alarm import change
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.people import SERVICE, Person, compound
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.shadows import EVERYWHERE, LIVE, SHADOW, Shadows, Switch, WouldHave
from dispatch.store.transactions import Transactions, Tx

MODES = (LIVE, SHADOW)


class Shadowing:
    """Switches streets. `check` is called every few seconds and finds whatever a switch left behind."""

    def __init__(self, transactions: Transactions, reading: Engine, desk: Desk, *, nudge: Callable[[], None]) -> None:
        self._transactions = transactions
        self._reading = reading
        self._desk = desk
        self._nudge = nudge

    def switch(self, area: str, mode: str, *, by: Person) -> int:
        """
        From now on this street (or `*`, all that are not named) is live or in the shadow.

        Returns:
            How many open alarms left the shadow with it.

        Raises:
            Invalid: no home stands in such a street, or there is no such mode.
        """
        known = self.streets()
        if area != EVERYWHERE and area not in known:
            raise Invalid(f"No home stands in '{area}'; streets are {', '.join(known[:20])}", {"area": "unknown"})
        if mode not in MODES:
            raise Invalid("A street is live or in the shadow.", {"mode": "unknown"})

        def work(tx: Tx) -> None:
            Shadows(tx.connection).switch(area, mode, at=tx.now, by=by)
            tx.log(Line(kind="street_switched", by=by, facts={"street": area, "mode": mode}))

        self._transactions.run(work)
        return self.check(by=by)

    def check(self, *, by: Person = SERVICE) -> int:
        """
        Brings every open alarm out of a shadow that is over. A switch does so itself; this is the net below, for one
        that was killed in between. How many there were.
        """
        with self._reading.connect() as connection:
            shelf = Shadows(connection)
            left = [each for each in shelf.open_in(EVERYWHERE) if shelf.mode_of(shelf.of_alarm(each) or "") == LIVE]
        for alarm_id in left:
            self._desk.after(self._transactions.run(lambda tx, id_=alarm_id: self._go_live(tx, id_, by)))  # type: ignore[misc]
        if left:
            self._nudge()
        return len(left)

    def streets(self) -> list[str]:
        """Every street or compound in which a home stands, as an address names it."""
        with self._reading.connect() as connection:
            return sorted({compound(each.address) for each in People(connection).homes()})

    def switches(self) -> Sequence[Switch]:
        with self._reading.connect() as connection:
            return Shadows(connection).all()

    def would_have(self, most: int) -> Sequence[WouldHave]:
        """What was decided and not sent, the newest first."""
        with self._reading.connect() as connection:
            return Shadows(connection).would_have(most)

    def _go_live(self, tx: Tx, alarm_id: AlarmId, by: Person) -> Decision:
        decision = self._desk.in_unit(tx, alarm_id, lambda situation: go_live(situation, by=by))
        Shadows(tx.connection).uncover(alarm_id, tx.now)
        return decision


def go_live(situation: Situation, *, by: Person) -> Decision:
    """
    The alarm leaves the shadow. Nobody has heard of it yet, so that while it still asks its last step comes at once:
    everybody on duty and the desk.
    """
    alarm = situation.alarm
    if not alarm.open:
        return Decision(alarm=alarm)
    if not alarm.needs_asking:
        after, line = change(alarm, "went_live", by)
    else:
        last, now = situation.policy.last, situation.now
        after, line = change(alarm, "went_live", by, step=last, rounds=0, due_at=now)
    return Decision(alarm=after, lines=(line,))
