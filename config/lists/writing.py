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
from dispatch.store.people import KINDS, People
from dispatch.store.record import entries
from dispatch.store.transactions import Tx
from schedules.duty.store import Shifts

PIECE, CHANGED = 250, 25
"""New rows in one unit of work, where a list is written in pieces, and changed ones: some 20 ms each."""

STEP = 10
"""Rows of a whole list between two looks for emergencies."""

WHOLE_MAX = 20_000
"""
Rows written in one unit of work. Measured on SQLite: 15,000 rows (5,000 residents with home and contact) take 350 ms of
processor, the commit of them 33 ms, during which nobody else can write.
"""


class MadeRoom(Exception):
    """Somebody in need waits: nothing of this was kept, and it is tried again."""


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Whatever is pointed to comes first; the order of the file within a table."""
    order = {name: number for number, name in enumerate(TABLES)}
    return sorted(changes, key=lambda each: order[each.table])


def pieces(changes: Sequence[Change]) -> list[Sequence[Change]]:
    """Runs of new and of changed rows, each short enough that a press never waits for it."""
    found: list[Sequence[Change]] = []
    for fresh, group in groupby(changes, key=lambda each: each.before is None):
        run, size = list(group), PIECE if fresh else CHANGED
        found += [run[start : start + size] for start in range(0, len(run), size)]
    return found


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
    for change in reversed(piece):
        table = TABLES[change.table]
        row = tx.connection.execute(table.select().where(table.c.id == change.after["id"])).first()
        if row is None:
            continue
        if not _is(dict(row._mapping), change.after):
            stayed += 1
        elif change.before is None:
            stayed += not _remove(tx, change.table, change.after["id"])
        else:
            _restore(tx, change.table, change.before)
    return stayed


def _remove(tx: Tx, name: str, id_: str) -> bool:
    if name == "shifts":
        return Shifts(tx.connection).remove(id_)
    if name == "devices":
        return _remove_device(tx, id_)
    if _depends(tx.connection, TABLES[name], id_):
        return False
    tx.connection.execute(TABLES[name].delete().where(TABLES[name].c.id == id_))
    return True


def _remove_device(tx: Tx, id_: str) -> bool:
    """One that was given to its home and never heard leaves with what an import made for it."""
    devices = TABLES["devices"]
    if _depends(tx.connection, devices, id_, besides=(assignments.name, vigils.name)):
        return False
    tx.connection.execute(vigils.delete().where(vigils.c.device_id == id_))
    tx.connection.execute(assignments.delete().where(assignments.c.device_id == id_))
    tx.connection.execute(devices.delete().where(devices.c.id == id_))
    return True


def _restore(tx: Tx, name: str, before: Values) -> None:
    if name == "devices":
        enter_loaded(tx, _device(before))
    elif name in KINDS:
        People(tx.connection).put(TABLES[name], before)
    else:
        table = TABLES[name]
        tx.connection.execute(table.update().where(table.c.id == before["id"]).values(**before))


def _depends(connection: Connection, table: Table, id_: str, *, besides: Sequence[str] = ()) -> bool:
    """Whether a row of any table points to this one, or the record speaks of it by an alarm."""
    for other in metadata.tables.values():
        for key in other.foreign_keys:
            points = key.column.table is table and other.name not in besides
            if points and connection.execute(other.select().where(key.parent == id_).limit(1)).first() is not None:
                return True
    return False


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
