"""
Changing the registers: who lives where, who is told, who may be sent. Every change has an author, a version, a line.

Deleting is ending: a row that an alarm, a message or the record may point to stays, and is only not offered any more.
Two people may look at the same row; the second to write is told what the first has changed, and nothing is lost.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dispatch.errors import Conflict, Invalid, Stale
from dispatch.ids import HomeId
from dispatch.registry.id_numbers import IdNumbers, born_on, normal
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.files import Files
from dispatch.store.moves import RegisterMoves
from dispatch.store.register_rows import CARERS, CONTACTS, HOMES, RESIDENTS, STATIONS, Kind, RegisterRows, Row
from dispatch.store.transactions import Transactions, Tx

Values = Mapping[str, Any]
"""Columns of a row as they are to be; `id_number` is a checked ID number, or empty."""

_DEFAULTS: Mapping[str, Values] = {
    "residents": {
        "born_on": None, "phone": None, "level": "", "cats": [], "needs": [], "language": None, "talk": [],
        "agreements": [], "illness": "", "plan": "",
    },
    "homes": {"lat": None, "lng": None, "station_id": None, "entry": ""},
    "contacts": {"phone": None, "order": 1, "relation": "", "key_holder": False, "may_know": []},
    "carers": {
        "phone": None, "station_id": None, "base_lat": None, "base_lng": None, "lat": None, "lng": None,
        "position_at": None, "means": "ebike", "skills": [], "languages": ["zh"], "suspended": False,
        "opted_out": False,
    },
    "stations": {"lat": None, "lng": None, "lends": []},
}  # fmt: skip
_UNSAID = frozenset({"id_sealed", "id_hash", "illness", "entry"})
"""What stands in no line of the record, not even in its erasable words: only that it was changed."""


class Registry:
    """Adds, changes and ends rows. `changed` is called after each: pictures of the registers are made anew."""

    def __init__(self, transactions: Transactions, sealing: IdNumbers, *, changed: Callable[[], None]) -> None:
        self._transactions = transactions
        self._sealing = sealing
        self._changed = changed

    def add(self, kind: Kind, values: Values, *, by: Person, area: Area) -> str:
        """
        A new row; gives back its id.

        Raises:
            Invalid: a code, an order or an ID number is taken, or it would lie outside the area.
        """

        def work(tx: Tx) -> str:
            return self.add_in(tx, kind, values, by=by, area=area)

        made = self._transactions.run(work)
        self._changed()
        return made

    def add_in(self, tx: Tx, kind: Kind, values: Values, *, by: Person, area: Area) -> str:
        """The same within a unit of work."""
        shelf, id_ = RegisterRows(tx.connection), tx.new_id()
        code = values.get("code") or shelf.free_code(kind)
        row: Row = {**_DEFAULTS[kind.register], **self._sealed(values, ""), "id": id_, "code": code, "version": 1}
        if shelf.is_taken(kind, code):
            raise refused("code", "Another one has this code already.")
        self._check(tx, kind, row)
        if not area.covers(shelf.station_of(kind, row)):
            field = "home" if "home_id" in row else "station"
            raise refused(field, "This is outside the stations you work for.")
        shelf.add(kind, row)
        tx.log(Line(kind=f"{kind.one}_added", by=by, facts={kind.one: id_, "code": code}, note=_said({}, row)))
        return id_

    def change(self, kind: Kind, name: str, values: Values, *, version: int, by: Person, area: Area) -> Row:
        """
        Some columns of the row with this id or code; gives back the row as it is now.

        Raises:
            NotFound: it is not there for this area. Stale: it has another version by now; says what differs.
            Invalid: see `add`.
        """

        def work(tx: Tx) -> Row:
            shelf = RegisterRows(tx.connection)
            before = shelf.one(kind, name, area)
            wanted = self._sealed(values, before.get("id_hash") or "")
            changes = {column: value for column, value in wanted.items() if before[column] != value}
            if before["version"] != version:
                raise Stale(
                    "Somebody else has changed this meanwhile", {each: _plain(before[each]) for each in changes}
                )
            if not changes:
                return before
            if "phone" in changes and kind is CARERS:
                changes["opted_out"] = False  # The old number refused our texts, not this one.
            self._check(tx, kind, {**before, **changes}, before=before)
            if not area.covers(shelf.station_of(kind, {**before, **changes})):
                raise refused("station", "This is outside the stations you work for.")
            RegisterMoves(tx.connection).note(kind.table, before["id"], changes, tx.now)
            shelf.change(kind, before["id"], changes)
            facts = {kind.one: before["id"], "fields": ",".join(sorted(changes)), "version": version + 1}
            tx.log(Line(kind=f"{kind.one}_changed", by=by, facts=facts, note=_said(before, changes)))
            return shelf.one(kind, before["id"], area)

        changed = self._transactions.run(work)
        self._changed()
        return changed

    def numbered(self, number: str, area: Area) -> str:
        """
        The resident with this ID number, by its keyed hash: the number itself is looked up nowhere.

        Raises:
            NotFound: there is none in this area.
        """

        def work(tx: Tx) -> str:
            shelf = RegisterRows(tx.connection)
            found = shelf.by_hash(self._sealing.hash(normal(number)))
            return str(shelf.one(RESIDENTS, found["id"] if found else "", area)["id"])

        return self._transactions.run(work)

    def end(self, kind: Kind, name: str, *, by: Person, area: Area, note: str | None = None) -> None:
        """
        A contact, a carer or a home is not used any more; a resident leaves by `Leaving`.

        Raises:
            NotFound: it is not there. Conflict: somebody lives there or is needed there.
        """
        assert kind in {CONTACTS, CARERS, HOMES}

        def work(tx: Tx) -> None:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(kind, name, area)
            if row["ended_at"] is not None:
                return
            if kind is HOMES:
                refuse_needed(tx, HomeId(row["id"]))
            shelf.change(kind, row["id"], {"ended_at": tx.now, **({"suspended": True} if kind is CARERS else {})})
            tx.log(Line(kind=f"{kind.one}_ended", by=by, facts={kind.one: row["id"]}, note=note))

        self._transactions.run(work)
        self._changed()

    def restore(self, kind: Kind, name: str, *, by: Person, area: Area) -> None:
        """Takes an ending back; a carer may be sent again."""

        def work(tx: Tx) -> None:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(kind, name, area)
            if row["ended_at"] is None and not row.get("suspended"):
                return
            self._check(tx, kind, {**row, "ended_at": None}, before=row)
            shelf.change(kind, row["id"], {"ended_at": None, **({"suspended": False} if kind is CARERS else {})})
            tx.log(Line(kind=f"{kind.one}_restored", by=by, facts={kind.one: row["id"]}))

        self._transactions.run(work)
        self._changed()

    # ------------------------------------------------------------------------------------------- the parts

    def _sealed(self, values: Values, known: str) -> Row:
        """The values with the three forms of an ID number in the place of the number; the same number changes none."""
        row = {name: value for name, value in values.items() if name != "id_number"}
        if "id_number" not in values:
            return row
        number = values["id_number"]
        if not number:
            return {**row, "id_sealed": None, "id_hash": None, "id_mask": None}
        if row.get("born_on") not in {None, born_on(number)}:
            raise refused("born_on", "The ID number says another date of birth.")
        row["born_on"] = born_on(number)
        if self._sealing.hash(number) == known:
            return row
        kept = self._sealing.seal(number)
        return {**row, "id_sealed": kept.sealed, "id_hash": kept.hash, "id_mask": kept.mask}

    def _check(self, tx: Tx, kind: Kind, row: Row, *, before: Row | None = None) -> None:
        shelf = RegisterRows(tx.connection)
        if kind is RESIDENTS and row.get("id_hash") and (before is None or before["id_hash"] != row["id_hash"]):
            other = shelf.by_hash(row["id_hash"])
            if other is not None and other["id"] != row["id"]:
                raise refused("id_number", "Another resident has this ID number already.")
        if kind is CONTACTS and row.get("ended_at") is None:
            tx.hold(f"home:{row['home_id']}")
            others = shelf.of_home(CONTACTS, HomeId(row["home_id"]))
            used = {each["order"] for each in others if each["id"] != row["id"] and each["ended_at"] is None}
            if row["order"] in used and (before is None or before["order"] != row["order"] or before["ended_at"]):
                raise refused("order", "Another contact of this home is asked at this place already.")
        if kind is STATIONS and row["id"] in row["lends"]:
            raise refused("lends", "A station does not lend to itself.")


def refuse_needed(tx: Tx, home_id: HomeId) -> None:
    """
    A home where somebody is needed, or lives, does not end.

    Raises:
        Conflict: says which of them.
    """
    tx.hold(f"home:{home_id}")
    if Files(tx.connection).has_open(home_id):
        raise Conflict("There is an open alarm at this home: close it first.")
    people = RegisterRows(tx.connection).of_home(RESIDENTS, home_id)
    if any(each["ended_at"] is None for each in people):
        raise Conflict("Somebody still lives here: move them or end their service first.")


def refused(field: str, why: str) -> Invalid:
    """A refusal that names its field."""
    return Invalid("Please check what was entered", {"json": {field: [why]}})


def _said(before: Values, changes: Values) -> str:
    """The change in words for the record: kept beside the entry, and erased with the person."""
    shown = {name: value for name, value in changes.items() if name not in _UNSAID}
    return "\n".join(f"{name}: {_plain(before.get(name))} → {_plain(value)}" for name, value in sorted(shown.items()))


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
