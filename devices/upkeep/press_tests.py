"""
"Press the pendant now": a test press that is waited for, and the press that proves the whole way.

```
  begun ──► waiting ──► seen        the centre heard the press: no alarm, kept as a signal, a case may end
              │  └────► lapsed      its time is over: from that instant a press is an alarm again
              └───────► cancelled
```

Nothing is done until the centre saw the press. Whoever stands in the home without a network is told by text, because
the sentence is posted in the same commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.store.devices import Device, Devices, Sighting
from devices.store.press_tests import PressTest, PressTests, Purpose
from devices.store.vigils import Vigils
from devices.upkeep.cases import Cases
from devices.upkeep.notices import tell_installer
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import DeviceId
from dispatch.rules.message import Fact
from dispatch.rules.people import Person, compound
from dispatch.rules.record import Line
from dispatch.rules.signal import Signal
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx

WAIT = timedelta(minutes=2)
"""How long a press is waited for when nothing else is said."""

WAIT_MAX = timedelta(minutes=60)
"""For an installer who is on the way or has no network: test mode never lasts longer (PROMISES, O8)."""

SAME_PRESS = timedelta(seconds=10)
"""How much later than the first the other gateways hand in one press: a spool is emptied every few seconds."""

AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for: how long to wait, and a telephone (E.164) that is told what was seen."""

    wait: timedelta = WAIT
    notify: str | None = None
    lang: str = "zh"


class PressTesting:
    """Begins and ends test presses. An owner of waiting rows; `awaits` may be asked from any thread."""

    name = "press_tests"
    patient = True

    def __init__(self, transactions: Transactions, reading: Engine, cases: Cases, *, nudge: Callable[[], None]) -> None:
        self._transactions = transactions
        self._reading = reading
        self._cases = cases
        self._nudge = nudge
        self._awaited: frozenset[DeviceId] = frozenset()
        self.forget()

    def forget(self) -> None:
        """Somebody else may have begun one: look again whom we wait for."""
        with self._reading.connect() as connection:
            self._awaited = frozenset(PressTests(connection).all_waiting())

    def awaits(self, device_id: DeviceId) -> bool:
        """Whether a press of this device may be a test. The answer that counts is given by `take`, on file."""
        return device_id in self._awaited

    # ------------------------------------------------------------------------------------------- what people do

    def begin(self, device_id: DeviceId, purpose: Purpose, wanted: Wanted, *, by: Person) -> PressTest:
        """
        From now on a press of this device is a test, once.

        Raises:
            NotFound: no such device in use. Invalid: nobody may wait so long. Conflict: it is awaited already, or
            somebody in its home needs help at the moment.
        """
        begun = self._transactions.run(lambda tx: self.begin_in(tx, device_id, purpose, wanted, by=by))
        self.forget()
        self._nudge()
        return begun

    def begin_in(self, tx: Tx, device_id: DeviceId, purpose: Purpose, wanted: Wanted, *, by: Person) -> PressTest:
        """The same inside a unit of somebody else's, who calls `forget` afterwards."""
        shelf = PressTests(tx.connection)
        device = Devices(tx.connection).get(device_id)
        if device is None:
            raise NotFound("There is no such device in use.")
        if not timedelta() < wanted.wait <= WAIT_MAX:
            raise Invalid("A test press is waited for up to an hour.", {"json": {"minutes": ["1 to 60"]}})
        if shelf.is_alarmed(device.home_id):
            raise Conflict("There is an open alarm in this home: a press there is no test now.")
        if shelf.waiting_of(device_id, tx.now) is not None:
            raise Conflict("A test press of this device is waited for already.")
        shelf.lapse(device_id)
        until = tx.now + wanted.wait
        test = PressTest(
            id=tx.new_id(), device_id=device_id, purpose=purpose, state="waiting", begun_at=tx.now, until_at=until,
            due_at=until, by=by, notify=wanted.notify, lang=wanted.lang,
        )  # fmt: skip
        shelf.begin(test)
        tx.log(Line(kind="test_begun", by=by, facts={"device": device_id, "test": test.id, "purpose": str(purpose)}))
        return test

    def cancel(self, device_id: DeviceId, *, by: Person) -> None:
        """
        Nobody waits any more; from now on a press is an alarm.

        Raises:
            NotFound: nobody waited.
        """
        self._transactions.run(lambda tx: self.cancel_in(tx, device_id, by=by))
        self.forget()

    def cancel_in(self, tx: Tx, device_id: DeviceId, *, by: Person) -> None:
        shelf = PressTests(tx.connection)
        test = shelf.waiting_of(device_id, tx.now)
        if test is None or not shelf.end(test.id, "cancelled"):
            raise NotFound("No test press of this device is waited for.")
        tx.log(Line(kind="test_cancelled", by=by, facts={"device": device_id, "test": test.id}))

    # ------------------------------------------------------------------------------------------- what is heard

    def take(self, tx: Tx, device: Device, signal: Signal) -> bool:
        """
        Whether this press of this device is the one that is waited for; then the test is done, in this very unit.

        False when nobody waits any more, and while somebody in the home needs help: then it is a press like any other.
        The same press by way of another gateway, a moment later, is that test press still; a second press is heard by
        the first gateway as well and is an alarm.
        """
        shelf = PressTests(tx.connection)
        # Almost always there is none, and whoever pressed waits for their carer meanwhile.
        if not shelf.is_tested(device.id, tx.now - SAME_PRESS) or shelf.is_alarmed(device.home_id):
            return False
        test = shelf.waiting_of(device.id, tx.now)
        if test is None:
            return shelf.seen_elsewhere(device.id, signal.gateway, tx.now - SAME_PRESS, tx.now)
        if not shelf.end(test.id, "seen", seen_at=tx.now, gateway=signal.gateway, signal_id=signal.id):
            return False
        # Its case ends with this, so it must count as heard in the same commit: nobody may find it silent without one.
        here = Sighting(at=tx.now, gateway=signal.gateway, events=(signal.event,), times=0)
        Devices(tx.connection).saw([(device.id, here)])
        Vigils(tx.connection).proven(device.id, tx.now)
        Vigils(tx.connection).look_now([device.id], tx.now)
        tested = Person(f"device:{signal.address}")
        self._cases.end(tx, device.id, test_id=test.id, by=tested)
        facts = {"device": device.id, "test": test.id, "purpose": str(test.purpose), "signal": signal.id}
        tx.log(Line(kind="test_seen", by=tested, facts=facts))
        self._tell(tx, test, device, "test_seen")
        return True

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return PressTests(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return PressTests(connection).next_due()

    def wake(self, id_: str) -> None:
        """Its time is over: whoever waits for an answer is told that nothing was heard."""
        self._transactions.run(lambda tx: self._lapse(tx, id_))
        self.forget()
        self._nudge()

    def stumble(self, id_: str, error: Exception) -> None:
        """Telling failed: again in a while. The test itself was over by its time."""
        self._transactions.run(lambda tx: PressTests(tx.connection).put_off(id_, tx.now + AGAIN))

    def _lapse(self, tx: Tx, id_: str) -> None:
        shelf = PressTests(tx.connection)
        test = shelf.get(id_)
        if test is None or test.due_at is None or test.due_at > tx.now or not shelf.end(id_, "lapsed"):
            return
        tx.log(Line(kind="test_lapsed", by=test.by, facts={"device": test.device_id, "test": test.id}))
        device = Devices(tx.connection).get(test.device_id)
        if device is not None:
            self._tell(tx, test, device, "test_lapsed")

    def _tell(self, tx: Tx, test: PressTest, device: Device, sentence: str) -> None:
        if test.notify is None:
            return
        place = compound(People(tx.connection).home(device.home_id).address)
        facts: dict[str, Fact] = {"number": device.code, "place": place}
        tell_installer(
            tx, sentence, phone=test.notify, by=test.by, lang=test.lang, key=f"{sentence}:{test.id}", facts=facts
        )  # fmt: skip
