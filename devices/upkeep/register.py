"""
The life of a device in the register: paired, moved, lent, brought back, retired. Every step keeps its history.

```
  stranger heard ──► paired, unproven ──► proven by a test press ──► moved · lent · brought back ──► retired
                          │                                                                            ▲
                          └── not confirmed: stays unproven and listed, and its press is an alarm ─────┘
```

A device is somebody's from the moment a named person said so: a press outside the test is an alarm at once, because a
pendant that hangs around a neck and calls nobody is worse than a false alarm. It counts as done only when it is proven.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from devices.decoders import canonical
from devices.store.assignments import Assignment, Assignments
from devices.store.devices import Device, Devices
from devices.store.known import KnownDevice
from devices.store.press_tests import PressTest, PressTests, Purpose
from devices.store.vigils import Vigils
from devices.upkeep.cases import Cases
from devices.upkeep.press_tests import PressTesting, Wanted
from dispatch.errors import AlreadyPaired, Conflict, Invalid, NotFound
from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Transactions, Tx


class Reason(StrEnum):
    """Why a device is taken out of use."""

    REPLACED = "replaced"
    BROKEN = "broken"
    LOST = "lost"
    RETURNED = "returned"
    RESIDENT_LEFT = "resident_left"
    NEVER_WORKED = "never_worked"


_LEAVES_ALONE = frozenset({Reason.REPLACED, Reason.BROKEN, Reason.LOST})
"""The resident goes on needing one: another must have been proven before this is taken away (PROMISES, no. 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose a device is to be: a home, and one of its residents unless it is everybody's there."""

    home_id: HomeId
    resident_id: ResidentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a device is; `gateway` is the one it is bound to, empty for any; `code` is its own, None to be given one."""

    kind: str
    protocol: str
    address: str
    gateway: str = ""
    code: str | None = None


class Register:
    """Changes the register. `changed` is called after each change: pictures of it in memory are made anew."""

    def __init__(
        self, transactions: Transactions, tests: PressTesting, cases: Cases, *, changed: Callable[[], None]
    ) -> None:
        self._transactions = transactions
        self._tests = tests
        self._cases = cases
        self._changed = changed

    def pair(self, label: Label, place: Place, wanted: Wanted, *, by: Person) -> tuple[Device, PressTest]:
        """
        This transmitter is that resident's, and its test press is waited for from now on.

        Raises:
            AlreadyPaired: it is somebody's already, or another device has this code.
            Conflict: see `PressTesting.begin`.
        """

        def work(tx: Tx) -> tuple[Device, PressTest]:
            device = self._enter(tx, label, place, by)
            facts = {"device": device.id, "home": place.home_id, "resident": place.resident_id}
            tx.log(Line(kind="device_paired", by=by, facts=facts))
            return device, self._tests.begin_in(tx, device.id, Purpose.PAIRING, wanted, by=by)

        paired = self._transactions.run(work)
        self._after()
        return paired

    def move(self, device_id: DeviceId, place: Place, *, by: Person) -> None:
        """
        It is somebody else's from now on.

        Raises:
            NotFound: no such device in use. Conflict: it is theirs already.
        """
        self._put(device_id, place, by, kind="given", reason="moved")

    def move_in(self, tx: Tx, device_id: DeviceId, place: Place, *, by: Person) -> None:
        """The same within the unit of work of a resident's move, whose caller has the pictures of it made anew."""
        device = self._device(tx, device_id)
        if (device.home_id, device.resident_id) != (place.home_id, place.resident_id):
            self._move(tx, device_id, place, by, kind="given", reason="moved")

    def lend(self, device_id: DeviceId, place: Place, *, back_at: datetime, by: Person) -> None:
        """
        It is somebody else's until it is brought back; one that is not back in time stands in the list of the overdue.

        Raises:
            NotFound: no such device in use. Conflict: it is theirs already. Invalid: it would be back before now.
        """
        self._put(device_id, place, by, kind="lent", reason="lent", back_at=back_at)

    def bring_back(self, device_id: DeviceId, *, by: Person) -> None:
        """
        A lent device is again whose it was before.

        Raises:
            NotFound: no such device in use. Conflict: it is not lent.
        """

        def work(tx: Tx) -> None:
            self._device(tx, device_id)
            history = Assignments(tx.connection).of(device_id)
            if not history or history[0].until_at is not None or history[0].kind != "lent":
                raise Conflict("This device is not lent.")
            before = next((each for each in history if each.kind == "given"), None)
            if before is None:
                raise Conflict("Nobody had this device before: move it or retire it.")
            place = Place(home_id=before.home_id, resident_id=before.resident_id)
            self._move(tx, device_id, place, by, kind="given", reason="brought_back")

        self._transactions.run(work)
        self._after()

    def retire(self, device_id: DeviceId, reason: Reason, *, by: Person) -> None:
        """
        It is nobody's any more, and its press is a stranger's.

        Raises:
            NotFound: no such device in use. Conflict: the resident would be left without a button that is proven.
        """
        assert by.startswith("operator:"), "only a named human takes a device away"

        def work(tx: Tx) -> None:
            device = self._device(tx, device_id)
            vigils = Vigils(tx.connection)
            others = Devices(tx.connection).others_of(device)
            if reason is Reason.NEVER_WORKED and vigils.is_proven(device_id):
                raise Conflict("This device has worked before: say what became of it.")
            if reason in _LEAVES_ALONE and not any(vigils.is_proven(each) for each in others):
                raise Conflict("Pair the new device and test it first; then retire this one.")
            self._leave(tx, device, reason, by)

        self._transactions.run(work)
        self._after()

    # ------------------------------------------------------------------------------------------- the parts

    def _enter(self, tx: Tx, label: Label, place: Place, by: Person) -> Device:
        shelf = Devices(tx.connection)
        address = canonical(label.protocol, label.address)
        known = shelf.at_address(label.protocol, address)
        for each in known:
            if each.retired_at is None and (not each.gateway or not label.gateway or each.gateway == label.gateway):
                raise AlreadyPaired(
                    f"This device is paired already, as {each.code}. Retire or move that one.", each.code
                )
        former = next(
            (each for each in known if each.gateway == label.gateway and label.code in {None, each.code}), None
        )
        code = label.code or (former.code if former else shelf.free_code())
        holder = shelf.id_of(code)
        if holder is not None and (former is None or holder != former.id):
            raise AlreadyPaired(f"Another device has the code {code} already.", code)
        device = Device(
            id=former.id if former else DeviceId(tx.new_id()), code=code, kind=label.kind, protocol=label.protocol,
            address=address, gateway=label.gateway, home_id=place.home_id, resident_id=place.resident_id,
        )  # fmt: skip
        shelf.enter(device)
        shelf.no_stranger(label.protocol, address)
        Assignments(tx.connection).begin(_assignment(tx, device.id, place, by, kind="given"))
        Vigils(tx.connection).begin([device.id], tx.now)
        return device

    def _put(
        self, device_id: DeviceId, place: Place, by: Person, *, kind: str, reason: str, back_at: datetime | None = None
    ) -> None:
        def work(tx: Tx) -> None:
            if back_at is not None and back_at <= tx.now:
                raise Invalid("A loan ends in the future.", {"json": {"back_at": ["in the past"]}})
            device = self._device(tx, device_id)
            if (device.home_id, device.resident_id) == (place.home_id, place.resident_id):
                raise Conflict("The device is there already.")
            self._move(tx, device_id, place, by, kind=kind, reason=reason, back_at=back_at)

        self._transactions.run(work)
        self._after()

    def _move(
        self, tx: Tx, device_id: DeviceId, place: Place, by: Person, *, kind: str, reason: str,
        back_at: datetime | None = None,
    ) -> None:  # fmt: skip
        if PressTests(tx.connection).waiting_of(device_id, tx.now) is not None:
            self._tests.cancel_in(tx, device_id, by=by)
        next_ = _assignment(tx, device_id, place, by, kind=kind, back_at=back_at)
        Assignments(tx.connection).move(device_id, tx.now, next_, reason=reason)
        facts = {"device": device_id, "home": place.home_id, "resident": place.resident_id, "reason": reason}
        tx.log(Line(kind="device_moved", by=by, facts=facts))

    def _leave(self, tx: Tx, device: Device, reason: Reason, by: Person) -> None:
        if PressTests(tx.connection).waiting_of(device.id, tx.now) is not None:
            self._tests.cancel_in(tx, device.id, by=by)
        self._cases.end(tx, device.id, test_id=None, by=by)
        Assignments(tx.connection).end(device.id, tx.now, by=by, reason=reason.value)
        Devices(tx.connection).retire(device.id, tx.now)
        Vigils(tx.connection).end(device.id)
        facts = {"device": device.id, "home": device.home_id, "reason": reason.value}
        tx.log(Line(kind="device_retired", by=by, facts=facts))

    def _device(self, tx: Tx, device_id: DeviceId) -> Device:
        device = Devices(tx.connection).get(device_id)
        if device is None:
            raise NotFound("There is no such device in use.")
        return device

    def _after(self) -> None:
        self._tests.forget()
        self._changed()


def enter_loaded(tx: Tx, device: Device) -> None:
    """
    A device of a district file. Where a named person put it since (moved, lent, retired) it stays.
    """
    shelf, assigned = Devices(tx.connection), Assignments(tx.connection)
    if shelf.is_retired(device.id):
        return
    place = Place(home_id=device.home_id, resident_id=device.resident_id)
    now = assigned.now(device.id)
    if now is not None and now.by != SERVICE:
        place = Place(home_id=now.home_id, resident_id=now.resident_id)
    shelf.enter(replace(device, home_id=place.home_id, resident_id=place.resident_id))
    Vigils(tx.connection).begin([device.id], tx.now)
    given = _assignment(tx, device.id, place, SERVICE, kind="given")
    if now is None:
        assigned.begin(given)
    elif (now.home_id, now.resident_id) != (place.home_id, place.resident_id):
        assigned.move(device.id, tx.now, given, reason="loaded")


def refuse_taken(tx: Tx, code: str, protocol: str, address: str, gateway: str) -> None:
    """
    Whether the device that a file calls `code` may have this address.

    Raises:
        AlreadyPaired: a device in use under another code has it.
    """
    holder = _holder(Devices(tx.connection).at_address(protocol, address), gateway)
    if holder is not None and holder.code != code:
        raise AlreadyPaired(f"The address {address} of {code} is that of {holder.code} already.", holder.code)


def _holder(known: Sequence[KnownDevice], gateway: str) -> KnownDevice | None:
    """Who in use has an address at this gateway; a device that is bound to none is heard by all."""
    used = (each for each in known if each.retired_at is None)
    return next((each for each in used if not each.gateway or not gateway or each.gateway == gateway), None)


def _assignment(
    tx: Tx, device_id: DeviceId, place: Place, by: Person, *, kind: str, back_at: datetime | None = None
) -> Assignment:
    return Assignment(
        id=tx.new_id(), device_id=device_id, home_id=place.home_id, resident_id=place.resident_id, kind=kind,
        from_at=tx.now, by=by, back_at=back_at,
    )  # fmt: skip
