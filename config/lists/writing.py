"""
Writes the changes of an import, all in one unit of work that makes room for emergencies, and takes them back, a piece
at a time; all on the bulk lane.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from config.lists.register import TABLES, Change, Values
from devices.store.assignments import assignments
from devices.store.devices import Device
from devices.store.vigils import vigils
from devices.upkeep.register import enter_loaded
from dispatch.ids import DeviceId, HomeId, ResidentId
from dispatch.store.database import Connection, Table, metadata
from dispatch.store.moves import RegisterMoves
from dispatch.store.people import KINDS, People
from dispatch.store.record import entries
from dispatch.store.transactions import Tx
from schedules.duty.store import Shifts

PIECE, CHANGED = 250, 10
"""New rows in one unit of work, where a list is written in pieces, and as how many a changed one counts: some 20 ms."""

BACK = 50
"""The same where rows are taken back: each is looked for in every table that may point to it."""

STEP = 100
"""Rows of a whole list between two looks for emergencies: some 3 ms."""

WHOLE_MAX = 60_000
"""
Rows written in one unit of work: 20,000 residents, each with a home and a contact. Measured on SQLite: 1.6 s of
processor, the commit of them 0.13 s on a busy disk, during which nobody else can write.
"""


class MadeRoom(Exception):
    """Somebody in need waits: nothing of this was kept, and it is tried again."""


_ORDER = {name: number for number, name in enumerate(TABLES)}


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Whatever is pointed to comes first, what is new before what changes; then the order of the file."""
    return sorted(changes, key=lambda each: (_ORDER[each.table], each.before is not None))


def pieces(changes: Sequence[Change], most: int = PIECE) -> list[Sequence[Change]]:
    """
    Whole households (canteens with their tills …), so many that a press never waits for a piece: whoever reads amid a
    very long list sees fewer homes, and none without its people.
    """
    households: dict[str, list[Change]] = {}
    for each in changes:
        households.setdefault(_household(each), []).append(each)
    found: list[list[Change]] = [[]]
    weight = 0
    for household in households.values():
        heavy = sum(1 if each.before is None else CHANGED for each in household)
        if found[-1] and weight + heavy > most:
            found.append([])
            weight = 0
        found[-1] += household
        weight += heavy
    return [in_order(piece) for piece in found if piece]


def _household(change: Change) -> str:
    row = change.after
    return str(row.get("home_id") or row.get("canteen_id") or row["id"])


def write_whole(tx: Tx, changes: Sequence[Change], urgent: Callable[[], int]) -> None:
    """
    Writes all of it, so that readers see all of it at once.

    Raises:
        MadeRoom: an emergency waits.
    """
    for start in range(0, len(changes), STEP):
        if urgent():
            raise MadeRoom
        write(tx, changes[start : start + STEP])


def write(tx: Tx, piece: Sequence[Change]) -> None:
    """Writes these rows, by the functions that `load` writes with."""
    for (table, fresh), group in groupby(piece, key=lambda each: (each.table, each.before is None)):
        changes = list(group)
        rows = [each.after for each in changes]
        if table == "shifts":
            for row in rows:
                Shifts(tx.connection).add_once({k: v for k, v in row.items() if k not in {"sequence", "changed_at"}})
        elif table == "devices":
            for row in rows:
                enter_loaded(tx, _device(row))
        elif fresh:
            tx.connection.execute(TABLES[table].insert(), rows)
        else:
            for each in changes:
                _amend(tx, each, each.before or {})


def _amend(tx: Tx, change: Change, before: Values) -> None:
    """Only what is to be different."""
    fresh = {name: value for name, value in change.after.items() if before.get(name) != value}
    table = TABLES[change.table]
    version = {"version": table.c.version + 1} if "version" in table.c else {}
    RegisterMoves(tx.connection).note(table, change.after["id"], fresh, tx.now)
    tx.connection.execute(table.update().where(table.c.id == change.after["id"]).values(**fresh, **version))
    if change.table in KINDS:
        People(tx.connection).learn(table, change.after["code"])


def is_written(connection: Connection, done: str, since: datetime) -> bool:
    """Whether the record says that this import was written to its end."""
    found = entries.select().where(entries.c.kind == "list_imported", entries.c.at >= since)
    return any(f'"{done}"' in row.body for row in connection.execute(found))


def take_back(tx: Tx, piece: Sequence[Change]) -> int:
    """
    Makes these rows what they were, the last first; those that were changed since, or that something depends on, stay.
    How many stayed.
    """
    stayed = 0
    for (name, is_new), group in groupby(reversed(piece), key=lambda each: (each.table, each.before is None)):
        changes = list(group)
        # A row may be changed twice by one list: each is compared with what the one behind it has left.
        runs = [changes] if is_new else [[each] for each in changes]
        stayed += sum(_undone(tx, name, run) for run in runs)
    return stayed


def _undone(tx: Tx, name: str, changes: Sequence[Change]) -> int:
    """Makes these rows of one table what they were; how many stayed."""
    rows = _rows(tx.connection, TABLES[name], [each.after["id"] for each in changes])
    mine = [each for each in changes if (row := rows.get(each.after["id"])) and _is(row, each.after)]
    gone = _remove(tx, name, [each.after["id"] for each in mine if each.before is None])
    restored = [each.before for each in mine if each.before is not None]
    for before in restored:
        _restore(tx, name, before)
    return len(rows) - gone - len(restored)


def _rows(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, Values]:
    found = connection.execute(table.select().where(table.c.id.in_(ids)))
    return {row.id: dict(row._mapping) for row in found}


def _remove(tx: Tx, name: str, ids: Sequence[str]) -> int:
    """Takes rows away that nothing depends on; how many that were."""
    if name == "shifts":
        return sum(Shifts(tx.connection).remove(each) for each in ids)
    table, own = TABLES[name], (assignments, vigils) if name == "devices" else ()
    needed = _needed(tx.connection, table, ids, besides=[each.name for each in own])
    free = [each for each in ids if each not in needed]
    # A device that was given to its home and never heard leaves with what an import made for it.
    for other in own[::-1]:
        tx.connection.execute(other.delete().where(other.c.device_id.in_(free)))
    tx.connection.execute(table.delete().where(table.c.id.in_(free)))
    return len(free)


def _restore(tx: Tx, name: str, before: Values) -> None:
    RegisterMoves(tx.connection).note(TABLES[name], before["id"], before, tx.now)
    if name == "devices":
        enter_loaded(tx, _device(before))
    elif name in KINDS:
        People(tx.connection).put(TABLES[name], before)
    else:
        table = TABLES[name]
        tx.connection.execute(table.update().where(table.c.id == before["id"]).values(**before))


def _needed(connection: Connection, table: Table, ids: Sequence[str], *, besides: Sequence[str]) -> set[str]:
    """Those of these rows that a row of any other table points to."""
    keys = [
        key for other in metadata.tables.values() for key in other.foreign_keys
        if key.column.table is table and other.name not in besides
    ]  # fmt: skip
    found: set[str] = set()
    for key in keys:
        rows = connection.execute(key.parent.table.select().with_only_columns(key.parent).where(key.parent.in_(ids)))
        found |= {row[0] for row in rows}
    return found


def _is(row: Values, after: Values) -> bool:
    """Whether a row is still what the import made of it; its version says only how often it was written."""
    return all(row.get(name) == value for name, value in after.items() if name in row and name != "version")


def _device(row: Values) -> Device:
    return Device(
        id=DeviceId(row["id"]), code=row["code"], kind=row["kind"], protocol=row["protocol"], address=row["address"],
        gateway=row["gateway"], home_id=HomeId(row["home_id"]),
        resident_id=ResidentId(row["resident_id"]) if row["resident_id"] else None,
    )  # fmt: skip


Progress = Callable[[float], Any]
