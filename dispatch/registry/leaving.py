"""
When somebody dies, leaves the service or moves house: what stops at once, what goes along, what people have to do.

Nothing here writes to a family, and nothing takes a device out of use: until somebody has collected it, its press is an
alarm like any other, for somebody else may be in that home.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from dispatch.errors import Conflict
from dispatch.ids import HomeId, ResidentId
from dispatch.registry.absences import end_all
from dispatch.registry.follow_ups import ask
from dispatch.registry.registers import Registry, refused
from dispatch.rules.follow_ups import Kind as Task
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Connection
from dispatch.store.files import Files
from dispatch.store.moves import RegisterMoves
from dispatch.store.register_rows import CONTACTS, HOMES, RESIDENTS, RegisterRows, Row
from dispatch.store.transactions import Transactions, Tx

Plain = dict[str, Any]


class Why(StrEnum):
    """Why somebody is not served any more."""

    DIED = "died"
    LEFT = "left"
    MOVED_AWAY = "moved_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What goes along with a move: devices and contacts by id, and whether the way in stays true."""

    devices: Collection[str] = ()
    contacts: Collection[str] = ()
    entry: bool = False


DevicesAt = Callable[[Connection, str], list[Plain]]
"""The devices in use at a home, each with `id`, `code` and `resident_id`; another room tells."""

Parting = Callable[[Tx, ResidentId, Why, date | None, Person], None]
"""What else ends when a resident is not served any more, within the same unit of work; the day is that of a death."""

Carry = Callable[[Tx, str, HomeId, ResidentId, Person], None]
"""Gives a device to a resident at a home, within this unit of work."""


class Leaving:
    """Ends and moves residents. `changed` is called after each."""

    def __init__(
        self, transactions: Transactions, registry: Registry, *, devices_at: DevicesAt, carry: Carry,
        changed: Callable[[], None],
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._registry = registry
        self._devices_at = devices_at
        self._carry = carry
        self._changed = changed
        self.partings: list[Parting] = []

    def leave(
        self, resident: str, why: Why, *, by: Person, area: Area, died_on: date | None = None, note: str | None = None
    ) -> None:
        """
        This resident is served no more: greetings, surveys, visits and bills stop with this commit.

        Opens a task to collect each device of theirs and, after a death, to speak with the family.

        Raises:
            NotFound: no such resident in this area. Conflict: they have left already.
        """

        def work(tx: Tx) -> None:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(RESIDENTS, resident, area)
            if row["ended_at"] is not None:
                raise Conflict("This resident is not served any more.")
            day = died_on if why is Why.DIED else None
            shelf.change(RESIDENTS, row["id"], {"ended_at": tx.now, "ended_why": why.value, "died_on": day})
            facts = {"resident": row["id"], "why": why.value, "died_on": day.isoformat() if day else None}
            tx.log(Line(kind="resident_left", by=by, facts=facts, note=note))
            end_all(tx, ResidentId(row["id"]), by=by)
            for part in self.partings:
                part(tx, ResidentId(row["id"]), why, day, by)
            self._tasks(tx, row, why, by)

        self._transactions.run(work)
        self._changed()

    def resume(self, resident: str, *, by: Person, area: Area, note: str | None = None) -> None:
        """It was a mistake, or they came back: served again from now on. Raises: see `leave`."""

        def work(tx: Tx) -> None:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(RESIDENTS, resident, area)
            if row["ended_at"] is None:
                raise Conflict("This resident is served.")
            shelf.change(RESIDENTS, row["id"], {"ended_at": None, "ended_why": None, "died_on": None})
            tx.log(Line(kind="resident_resumed", by=by, facts={"resident": row["id"]}, note=note))

        self._transactions.run(work)
        self._changed()

    def move(
        self, resident: str, home: str | Mapping[str, Any], carried: Carried, *, by: Person, area: Area,
        note: str | None = None, since: date | None = None,
    ) -> HomeId:  # fmt: skip
        """
        This resident lives elsewhere from now on: at a home on file, or at a new one of these values. Whose their money
        is goes by the local day `since`, which is over, where they have lived there for longer.

        An alarm that is open goes on where it was raised. The old home ends when nobody is left and nobody is needed
        there. Gives back the new home.

        Raises:
            NotFound: no such resident or home in this area. Invalid: a device or contact is not of the old home.
            Conflict: they live there already, or are not served.
        """

        def work(tx: Tx) -> HomeId:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(RESIDENTS, resident, area)
            if row["ended_at"] is not None:
                raise Conflict("This resident is not served any more.")
            old = HomeId(row["home_id"])
            new = self._home(tx, shelf, home, old, carried, by, area)
            if new == old:
                raise Conflict("They live there already.")
            for subject in sorted((old, new)):
                tx.hold(f"home:{subject}")
            RegisterMoves(tx.connection).note(RESIDENTS.table, row["id"], {"home_id": new}, tx.now, since=since)
            shelf.change(RESIDENTS, row["id"], {"home_id": new})
            facts: dict[str, str | int | None] = {"resident": row["id"], "from": old, "to": new}
            facts |= {"since": since.isoformat()} if since else {}
            tx.log(Line(kind="resident_moved", by=by, facts=facts, note=note))
            self._take(tx, shelf, row, old, new, carried, by)
            self._close(tx, shelf, row, old, by)
            return new

        moved = self._transactions.run(work)
        self._changed()
        return moved

    # ------------------------------------------------------------------------------------------- the parts

    def _tasks(self, tx: Tx, row: Row, why: Why, by: Person) -> None:
        alone = not _served(tx, HomeId(row["home_id"]))
        for device in self._devices_at(tx.connection, row["home_id"]):
            if device["resident_id"] == row["id"] or (alone and device["resident_id"] is None):
                self._collect(tx, device, row, by)
        if why is Why.DIED:
            ask(
                tx, Task.QUIET_CONTACT, key=f"quiet:{row['id']}:{int(tx.now.timestamp())}", by=by, owner=by,
                resident_id=ResidentId(row["id"]), home_id=HomeId(row["home_id"]),
            )  # fmt: skip

    def _collect(self, tx: Tx, device: Plain, row: Row, by: Person) -> None:
        ask(
            tx, Task.COLLECT_DEVICE, key=f"collect:{device['id']}:{int(tx.now.timestamp())}", by=by,
            resident_id=ResidentId(row["id"]), home_id=HomeId(row["home_id"]), about=device["code"],
        )  # fmt: skip

    def _home(
        self, tx: Tx, shelf: RegisterRows, home: str | Mapping[str, Any], old: HomeId, carried: Carried, by: Person,
        area: Area,
    ) -> HomeId:  # fmt: skip
        if isinstance(home, str):
            found = shelf.one(HOMES, home, area)
            if found["ended_at"] is not None:
                raise refused("home", "This home is not in use any more.")
            return HomeId(found["id"])
        entry = shelf.one(HOMES, old, area)["entry"] if carried.entry else home.get("entry", "")
        return HomeId(self._registry.add_in(tx, HOMES, {**home, "entry": entry}, by=by, area=area))

    def _take(
        self, tx: Tx, shelf: RegisterRows, row: Row, old: HomeId, new: HomeId, carried: Carried, by: Person
    ) -> None:
        here = {each["id"]: each for each in self._devices_at(tx.connection, old)}
        kin = {each["id"]: each for each in shelf.of_home(CONTACTS, old) if each["ended_at"] is None}
        if not set(carried.devices) <= set(here):
            raise refused("devices", "Another home has one of these devices.")
        if not set(carried.contacts) <= set(kin):
            raise refused("contacts", "Another home has one of these contacts.")
        for id_ in sorted(carried.devices):
            self._carry(tx, id_, new, ResidentId(row["id"]), by)
        for id_, device in here.items():
            if id_ not in carried.devices and device["resident_id"] == row["id"]:
                self._collect(tx, device, row, by)
        taken = sorted((kin[id_] for id_ in carried.contacts), key=lambda each: (each["order"], each["id"]))
        self._take_contacts(tx, shelf, taken, old, new, by)

    def _take_contacts(
        self, tx: Tx, shelf: RegisterRows, taken: Collection[Row], old: HomeId, new: HomeId, by: Person
    ) -> None:
        """They come behind those who are asked there already; where others stay behind, they stay theirs as well."""
        there = [each["order"] for each in shelf.of_home(CONTACTS, new) if each["ended_at"] is None]
        others = _served(tx, old)
        for order, contact in enumerate(taken, max(there, default=0) + 1):
            if others:
                id_ = tx.new_id()
                code = f"{contact['code'][:30]}-{id_[-8:]}"
                shelf.add(CONTACTS, {**contact, "id": id_, "code": code, "home_id": new, "order": order, "version": 1})
            else:
                id_ = contact["id"]
                shelf.change(CONTACTS, id_, {"home_id": new, "order": order})
            tx.log(Line(kind="contact_moved", by=by, facts={"contact": id_, "from": old, "to": new}))

    def _close(self, tx: Tx, shelf: RegisterRows, row: Row, old: HomeId, by: Person) -> None:
        """A home where nobody is left ends, unless somebody is needed there at this moment."""
        if _served(tx, old) or Files(tx.connection).has_open(old):
            return
        for device in self._devices_at(tx.connection, old):
            if device["resident_id"] is None:
                self._collect(tx, device, {**row, "home_id": old}, by)
        shelf.change(HOMES, old, {"ended_at": tx.now})
        tx.log(Line(kind="home_ended", by=by, facts={"home": old}))


def _served(tx: Tx, home_id: HomeId) -> bool:
    """Whether anybody who is served lives there."""
    return any(each["ended_at"] is None for each in RegisterRows(tx.connection).of_home(RESIDENTS, home_id))
