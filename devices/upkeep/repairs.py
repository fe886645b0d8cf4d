"""
What waits because something is broken: a repair for its date, a resident to be asked how they are.

A check that is due is a text to the duty numbers and a line in the list of the day, not an alarm: nobody has asked for
help, and an alarm would send a carer through the night for a battery. The operator telephones. Whoever does not answer
becomes an alarm by that operator's hand, and from there on it is an alarm like any other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from devices.rules.repair import REPORTED, Result
from devices.store.devices import Devices
from devices.store.repairs import Check, Checks, Repair, Repairs
from devices.upkeep.cases import ByDay, Cases
from devices.upkeep.notices import Notices
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotFound
from dispatch.ids import AlarmId, DeviceId, HomeId
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person, compound
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx

ASK_AGAIN = timedelta(hours=4)
"""A check that nobody has done is told again after so long, by day."""

REMIND_AGAIN = timedelta(days=1)
AGAIN = timedelta(minutes=1)

_RAISES = {Result.NO_ANSWER: Cause.INACTIVITY, Result.NEEDS_HELP: Cause.HOTLINE}
"""What an operator's finding makes of a check: the resident is looked for, or helped."""


class Repairing:
    """The owner of repair cases and checks; ids are `repair:…` and `check:…`."""

    name = "repairs"
    patient = True

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        cases: Cases,
        desk: Desk,
        notices: Notices,
        *,
        by_day: ByDay,
        nudge: Callable[[], None],
    ) -> None:
        self._transactions = transactions
        self._reading = reading
        self._cases = cases
        self._desk = desk
        self._notices = notices
        self._by_day = by_day
        self._nudge = nudge

    # ------------------------------------------------------------------------------------------- what people do

    def report(self, device_id: DeviceId, *, by: Person, note: str | None = None, fault: str = REPORTED) -> str:
        """
        Somebody says that it does not work: it has a case from now on, whose id this is.

        Raises:
            NotFound: no such device in use.
        """

        def work(tx: Tx) -> str:
            device = Devices(tx.connection).get(device_id)
            if device is None:
                raise NotFound("There is no such device in use.")
            self._cases.note(tx, {device.id: (device.home_id, [fault])}, by=by, note=note)
            return Repairs(tx.connection).open_of([device.id])[device.id].id

        repair_id = self._transactions.run(work)
        self._nudge()
        return repair_id

    def assign(self, repair_id: str, owner: str, *, by: Person) -> None:
        """
        Somebody else sees to it.

        Raises:
            NotFound: no such case. Conflict: it is over.
        """

        def work(tx: Tx) -> None:
            repair = _case(tx, repair_id)
            Repairs(tx.connection).change(repair.id, owner=owner)
            tx.log(Line(kind="repair_assigned", by=by, facts={"repair": repair.id, "owner": owner}))

        self._transactions.run(work)

    def done(self, check_id: str, result: Result, *, by: Person, note: str | None = None) -> AlarmId | None:
        """
        Somebody asked how the resident is. The alarm that came of it, if any.

        While the case is open the next check is planned at once: only a test press ends them.

        Raises:
            NotFound: no such check. Conflict: it is over. NotFound: a list of homes is not one home to be helped.
        """
        check = self._waiting(check_id)
        cause = _RAISES.get(result)
        alarm_id = None
        if cause is not None:
            if check.home_id is None:
                raise Conflict("Raise an alarm for the home that does not answer, then mark the list as done.")
            alarm_id = self._desk.raise_by_hand(cause, by=by, home_id=check.home_id, note=note)
        self._transactions.run(lambda tx: self._done(tx, check_id, result, by, note, alarm_id))
        self._nudge()
        return alarm_id

    def _waiting(self, check_id: str) -> Check:
        with self._reading.connect() as connection:
            check = Checks(connection).get(check_id)
        if check is None:
            raise NotFound("There is no such check.")
        if check.due_at is None:
            raise Conflict("This check is over.")
        return check

    def _done(
        self, tx: Tx, check_id: str, result: Result, by: Person, note: str | None, alarm_id: AlarmId | None
    ) -> None:
        shelf = Checks(tx.connection)
        over = {"state": "done", "due_at": None, "done_at": tx.now, "done_by": by, "result": result.value}
        if not shelf.change(check_id, **over, alarm_id=alarm_id):
            raise Conflict("This check is over.")
        check = shelf.get(check_id)
        assert check is not None
        facts: dict[str, Fact] = {"check": check_id, "home": check.home_id, "result": result.value, "alarm": alarm_id}
        tx.log(Line(kind="check_done", by=by, facts=facts, note=note))
        repair = Repairs(tx.connection).get(check.repair_id) if check.repair_id else None
        if repair is not None and repair.ended_at is None:
            self._cases.plan_check(tx, repair)

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            late = [f"check:{id_}" for id_ in Checks(connection).due(now, most)]
            late += [f"repair:{id_}" for id_ in Repairs(connection).due(now, most - len(late))]
        return late

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            times = [Checks(connection).next_due(), Repairs(connection).next_due()]
        return min((at for at in times if at is not None), default=None)

    def wake(self, id_: str) -> None:
        """Tells the people on watch; what they do about it is theirs."""
        kind, _, rest = id_.partition(":")
        self._transactions.run(partial(self._ask if kind == "check" else self._remind, rest))
        self._nudge()

    def stumble(self, id_: str, error: Exception) -> None:
        """Telling failed: again in a minute, and the others go on."""
        kind, _, rest = id_.partition(":")

        def work(tx: Tx) -> None:
            shelf = Checks(tx.connection) if kind == "check" else Repairs(tx.connection)
            shelf.change(rest, due_at=tx.now + AGAIN)

        self._transactions.run(work)

    def _ask(self, id_: str, tx: Tx) -> None:
        shelf = Checks(tx.connection)
        check = shelf.get(id_)
        if check is None or check.due_at is None or check.due_at > tx.now:
            return
        shelf.change(id_, state="asked", asked=check.asked + 1, due_at=self._by_day(tx.now + ASK_AGAIN))
        facts: dict[str, Fact] = {
            "check": id_, "home": check.home_id, "repair": check.repair_id, "incident": check.incident_id,
            "asked": check.asked + 1,
        }  # fmt: skip
        tx.log(Line(kind="check_due", by=SERVICE, facts=facts))
        why = "welfare_check" if check.home_id else "outage_round"
        self._notices.remind(tx, why, place=_place(tx, check.home_id))

    def _remind(self, id_: str, tx: Tx) -> None:
        shelf = Repairs(tx.connection)
        repair = shelf.get(id_)
        if repair is None or repair.due_at is None or repair.due_at > tx.now:
            return
        shelf.change(id_, due_at=self._by_day(tx.now + REMIND_AGAIN))
        facts = {"repair": id_, "device": repair.device_id, "owner": repair.owner}
        tx.log(Line(kind="repair_overdue", by=SERVICE, facts=facts))
        self._notices.remind(tx, "repair_overdue", place=_place(tx, repair.home_id))


def _case(tx: Tx, repair_id: str) -> Repair:
    repair = Repairs(tx.connection).get(repair_id)
    if repair is None:
        raise NotFound("There is no such repair case.")
    if repair.ended_at is not None:
        raise Conflict("This repair case is over.")
    return repair


def _place(tx: Tx, home_id: HomeId | None) -> str:
    return compound(People(tx.connection).home(home_id).address) if home_id else ""
