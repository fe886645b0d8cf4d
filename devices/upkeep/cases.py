"""Opening and ending repair cases, within somebody's unit of work."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from devices.rules.plan import Plan
from devices.rules.repair import joined, next_check, owner_of, repair_by
from devices.store.devices import Devices
from devices.store.repairs import Check, Checks, Repair, Repairs
from dispatch.ids import DeviceId, HomeId
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Tx

ByDay = Callable[[datetime], datetime]
"""Puts an instant off until people may be telephoned."""


class Cases:
    """Who opens and ends cases; `by_day` says when residents may be asked."""

    def __init__(self, plan: Plan, by_day: ByDay) -> None:
        self._plan = plan
        self._by_day = by_day

    def note(
        self,
        tx: Tx,
        faulty: Mapping[DeviceId, tuple[HomeId, Sequence[str]]],
        *,
        by: Person = SERVICE,
        note: str | None = None,
    ) -> None:
        """
        These devices have these faults: each has a case that says so from now on.

        A fault that its case knows already changes nothing.
        """
        if not faulty:
            return
        open_ = Repairs(tx.connection).open_of(list(faulty))
        for device_id, repair in open_.items():
            self._join(tx, repair, faulty[device_id][1], by, note)
        self._open(tx, {id_: found for id_, found in faulty.items() if id_ not in open_}, by, note)

    def end(self, tx: Tx, device_id: DeviceId, *, test_id: str | None, by: Person) -> str | None:
        """The case of this device is over, because a test press was seen or it is nobody's any more; its id, if any."""
        shelf = Repairs(tx.connection)
        repair = shelf.open_of([device_id]).get(device_id)
        Devices(tx.connection).mended(device_id)
        if repair is None:
            return None
        shelf.change(repair.id, due_at=None, ended_at=tx.now, ended_by=by, test_id=test_id)
        Checks(tx.connection).drop(repair.id)
        tx.log(Line(kind="repair_ended", by=by, facts={"repair": repair.id, "device": device_id, "test": test_id}))
        return repair.id

    def plan_check(self, tx: Tx, *repairs: Repair) -> None:
        """The next check on whoever depends on these devices."""
        Checks(tx.connection).plan(*(self._check(tx, repair) for repair in repairs))

    def _check(self, tx: Tx, repair: Repair) -> Check:
        at = self._by_day(next_check(repair.faults, tx.now, self._plan))
        return Check(
            id=tx.new_id(), repair_id=repair.id, incident_id=None, home_id=repair.home_id, state="waiting",
            planned_at=at, due_at=at,
        )  # fmt: skip

    def _open(
        self, tx: Tx, faulty: Mapping[DeviceId, tuple[HomeId, Sequence[str]]], by: Person, note: str | None
    ) -> None:
        """All of them in a few statements: a whole district's batteries may tell at once."""
        shelf = Repairs(tx.connection)
        stations = shelf.stations_of({home_id for home_id, _ in faulty.values()})
        opened = [
            self._repair(tx, device_id, home_id, tuple(faults), by, stations.get(home_id))
            for device_id, (home_id, faults) in faulty.items()
        ]
        shelf.open(*opened)
        self.plan_check(tx, *opened)
        for repair in opened:
            facts = {
                "repair": repair.id, "device": repair.device_id, "faults": " ".join(repair.faults),
                "owner": repair.owner,
            }  # fmt: skip
            tx.log(Line(kind="repair_opened", by=by, facts=facts, note=note))

    def _repair(
        self, tx: Tx, device_id: DeviceId, home_id: HomeId, faults: tuple[str, ...], by: Person, station: str | None
    ) -> Repair:
        until = repair_by(faults, tx.now, self._plan)
        return Repair(
            id=tx.new_id(), device_id=device_id, home_id=home_id, faults=faults, opened_at=tx.now, by=by,
            owner=owner_of(station), repair_by=until, due_at=until,
        )  # fmt: skip

    def _join(self, tx: Tx, repair: Repair, faults: Sequence[str], by: Person, note: str | None) -> None:
        every = joined(repair.faults, faults)
        if every == repair.faults and note is None:
            return
        until = min(repair.repair_by, repair_by(every, tx.now, self._plan))
        assert repair.due_at is not None
        Repairs(tx.connection).change(
            repair.id, faults=list(every), repair_by=until, due_at=min(repair.due_at, until)
        )  # fmt: skip
        self._hasten(tx, repair, every)
        facts = {"repair": repair.id, "device": repair.device_id, "faults": " ".join(every)}
        tx.log(Line(kind="repair_joined", by=by, facts=facts, note=note))

    def _hasten(self, tx: Tx, repair: Repair, faults: Sequence[str]) -> None:
        """A graver fault brings the next check forward, and never puts it off."""
        at = self._by_day(next_check(faults, tx.now, self._plan))
        for check in Checks(tx.connection).of_repair(repair.id):
            if check.state == "waiting" and check.due_at is not None and at < check.due_at:
                Checks(tx.connection).change(check.id, due_at=at, planned_at=at)
