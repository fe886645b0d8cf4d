"""
Repair cases, the checks on residents that go with them, and the monthly campaigns of test presses.

A case has an owner and a date, and ends only with a test press; the database refuses a second one for a device.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from devices.store.waiting import Waiting
from dispatch.ids import AlarmId, DeviceId, HomeId
from dispatch.store.database import Instant, Json, insert_once, metadata
from dispatch.store.people import homes
from dispatch.store.prepared import Prepared

repairs = Table(
    "repairs", metadata,
    Column("id", String(40), primary_key=True),
    Column("device_id", String(40), ForeignKey("devices.id"), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("faults", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("repair_by", Instant, nullable=False),
    Column("due_at", Instant),
    Column("ended_at", Instant),
    Column("ended_by", String(80)),
    Column("test_id", String(40), ForeignKey("press_tests.id")),
    CheckConstraint("(due_at IS NULL) = (ended_at IS NOT NULL)", name="due_at"),
    Index("ix_repairs_opened_at", "opened_at"),
)  # fmt: skip
"""`repair_by` is the date it has; `due_at` is when somebody is reminded of it; `test_id` is the press that ended it."""
_OPEN = repairs.c.ended_at.is_(None)
Index("ix_repairs_open", repairs.c.device_id, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
_ENDED = repairs.c.ended_at.is_not(None)
Index("ix_repairs_ended_at", repairs.c.ended_at, sqlite_where=_ENDED, postgresql_where=_ENDED)
_WAITS = repairs.c.due_at.is_not(None)
Index("ix_repairs_due_at", repairs.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

checks = Table(
    "checks", metadata,
    Column("id", String(40), primary_key=True),
    Column("repair_id", String(40), ForeignKey("repairs.id")),
    Column("incident_id", String(40), ForeignKey("incidents.id")),
    Column("home_id", String(40), ForeignKey("homes.id")),
    Column("state", String(8), nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("asked", Integer, nullable=False),
    Column("done_at", Instant),
    Column("done_by", String(80)),
    Column("result", String(16)),
    Column("alarm_id", String(40), ForeignKey("alarms.id")),
    CheckConstraint("state IN ('waiting','asked','done','dropped')", name="state"),
    CheckConstraint("(due_at IS NULL) = (state IN ('done','dropped'))", name="due_at"),
    CheckConstraint("(repair_id IS NULL) <> (incident_id IS NULL)", name="about"),
    Index("ix_checks_repair_id", "repair_id"),
    Index("ix_checks_incident_id", "incident_id"),
)  # fmt: skip
"""Somebody asks a resident how they are, because their button may not work. `asked` counts how often we said so."""
_CHECK_WAITS = checks.c.due_at.is_not(None)
Index("ix_checks_due_at", checks.c.due_at, sqlite_where=_CHECK_WAITS, postgresql_where=_CHECK_WAITS)

campaigns = Table(
    "campaigns", metadata,
    Column("id", String(7), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("ended_at", Instant),
    Column("covered", Integer),
    Column("of", Integer),
)  # fmt: skip
"""A month (`2026-11`) of test presses; `covered` of so many devices were heard in it, once it is over."""
_REPAIRS, _CHECKS = Waiting(repairs, _WAITS), Waiting(checks, _CHECK_WAITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A device that does not work, with who sees to it until when."""

    id: str
    device_id: DeviceId
    home_id: HomeId
    faults: tuple[str, ...]
    opened_at: datetime
    by: str
    owner: str
    repair_by: datetime
    due_at: datetime | None
    ended_at: datetime | None = None
    ended_by: str | None = None
    test_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Somebody is to ask how a resident (or, after an outage, a list of homes) is."""

    id: str
    repair_id: str | None
    incident_id: str | None
    home_id: HomeId | None
    state: str
    planned_at: datetime
    due_at: datetime | None
    asked: int = 0
    done_at: datetime | None = None
    done_by: str | None = None
    result: str | None = None
    alarm_id: AlarmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A month in which every button is to be pressed once."""

    id: str
    began_at: datetime
    due_at: datetime | None
    ended_at: datetime | None = None
    covered: int | None = None
    of: int | None = None


_OPEN_OF = select(repairs).where(_OPEN, repairs.c.device_id.in_(bindparam("ids", expanding=True)))
_CHANGE = Prepared(update(repairs).where(repairs.c.id == bindparam("its_id"), _OPEN))
_CHANGE_CHECK = Prepared(update(checks).where(checks.c.id == bindparam("its_id"), _CHECK_WAITS))
_CHECK = Prepared(select(checks).where(checks.c.id == bindparam("id")))


class Repairs:
    """The shelf of repair cases and checks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, *opened: Repair) -> None:
        """Opens cases of devices that have none."""
        if opened:
            self._connection.execute(insert(repairs), [_row(each) for each in opened])

    def stations_of(self, home_ids: Collection[HomeId]) -> Mapping[HomeId, str | None]:
        """Which station answers for each of these homes."""
        query = select(homes.c.id, homes.c.station_id).where(homes.c.id.in_(home_ids))
        return {HomeId(row.id): row.station_id for row in self._connection.execute(query)}

    def open_of(self, ids: Sequence[DeviceId]) -> Mapping[DeviceId, Repair]:
        """The open cases of these devices."""
        found = [_repair(row) for row in self._connection.execute(_OPEN_OF, {"ids": list(ids)})]
        return {each.device_id: each for each in found}

    def get(self, id_: str) -> Repair | None:
        row = self._connection.execute(select(repairs).where(repairs.c.id == id_)).first()
        return None if row is None else _repair(row)

    def of_device(self, device_id: DeviceId, most: int = 20) -> list[Repair]:
        """The cases of a device, the latest first."""
        query = select(repairs).where(repairs.c.device_id == device_id).order_by(repairs.c.opened_at.desc()).limit(most)
        return [_repair(row) for row in self._connection.execute(query)]

    def change(self, id_: str, **values: Any) -> bool:
        """Changes an open case; False when it is over."""
        return _CHANGE.on(self._connection, its_id=id_, **values).rowcount == 1

    def due(self, now: datetime, most: int) -> list[str]:
        return _REPAIRS.due(self._connection, now, most)

    def next_due(self) -> datetime | None:
        return _REPAIRS.next_due(self._connection)

    def shift_due(self, seconds: float) -> None:
        """Moves what waits, because somebody moved the clock."""
        _REPAIRS.shift_due(self._connection, seconds)


class Checks:
    """The shelf of checks on residents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan(self, *planned: Check) -> None:
        if planned:
            self._connection.execute(insert(checks), [_fields(each) for each in planned])

    def get(self, id_: str) -> Check | None:
        row = _CHECK.on(self._connection, id=id_).first()
        return None if row is None else _check(row)

    def of_repair(self, repair_id: str) -> list[Check]:
        return self._of(checks.c.repair_id == repair_id)

    def of_incident(self, incident_id: str) -> list[Check]:
        return self._of(checks.c.incident_id == incident_id)

    def asked(self, most: int) -> list[Check]:
        """Those that somebody was told of and nobody has done, the oldest first."""
        query = select(checks).where(checks.c.state == "asked", _CHECK_WAITS).order_by(checks.c.planned_at).limit(most)
        return [_check(row) for row in self._connection.execute(query)]

    def change(self, id_: str, **values: Any) -> bool:
        """Changes a check that is to be done; False when it is over."""
        return _CHANGE_CHECK.on(self._connection, its_id=id_, **values).rowcount == 1

    def drop(self, repair_id: str) -> None:
        """All works again: nobody needs to ask."""
        left = update(checks).where(checks.c.repair_id == repair_id, _CHECK_WAITS)
        self._connection.execute(left.values(state="dropped", due_at=None))

    def due(self, now: datetime, most: int) -> list[str]:
        return _CHECKS.due(self._connection, now, most)

    def next_due(self) -> datetime | None:
        return _CHECKS.next_due(self._connection)

    def shift_due(self, seconds: float) -> None:
        """Moves what waits, because somebody moved the clock."""
        _CHECKS.shift_due(self._connection, seconds)

    def _of(self, which: Any) -> list[Check]:
        query = select(checks).where(which).order_by(checks.c.planned_at, checks.c.id)
        return [_check(row) for row in self._connection.execute(query)]


class Campaigns:
    """The shelf of campaigns."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, campaign: Campaign) -> bool:
        """Begins it; False when this month has one."""
        fields = {name: getattr(campaign, name) for name in Campaign.__dataclass_fields__}
        return self._connection.execute(insert_once(campaigns, self._connection), fields).rowcount == 1

    def recent(self, most: int = 24) -> list[Campaign]:
        """The newest first."""
        query = select(campaigns).order_by(campaigns.c.id.desc()).limit(most)
        return [Campaign(**dict(row._mapping)) for row in self._connection.execute(query)]

    def open(self) -> list[Campaign]:
        query = select(campaigns).where(campaigns.c.ended_at.is_(None)).order_by(campaigns.c.id)
        return [Campaign(**dict(row._mapping)) for row in self._connection.execute(query)]

    def end(self, id_: str, at: datetime, *, covered: int, of: int) -> bool:
        """It is over with this result; False when it was before."""
        running = update(campaigns).where(campaigns.c.id == id_, campaigns.c.ended_at.is_(None))
        done = self._connection.execute(running.values(due_at=None, ended_at=at, covered=covered, of=of))
        return done.rowcount == 1


def _row(repair: Repair) -> Mapping[str, Any]:
    fields = {name: getattr(repair, name) for name in Repair.__dataclass_fields__}
    return fields | {"faults": list(repair.faults)}


def _repair(row: Row[Any]) -> Repair:
    return Repair(**dict(row._mapping) | {"faults": tuple(row.faults)})


def _fields(check: Check) -> dict[str, Any]:
    return {name: getattr(check, name) for name in Check.__dataclass_fields__}


def _check(row: Row[Any]) -> Check:
    return Check(**row._asdict())
