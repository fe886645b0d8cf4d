"""Test presses that are waited for, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine import Row

from devices.store.waiting import Waiting
from dispatch.ids import DeviceId, HomeId, SignalId
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import Prepared

press_tests = Table(
    "press_tests", metadata,
    Column("id", String(40), primary_key=True),
    Column("device_id", String(40), ForeignKey("devices.id"), nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("state", String(10), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("by", String(80), nullable=False),
    Column("notify", String(20)),
    Column("lang", String(8), nullable=False),
    Column("seen_at", Instant),
    Column("gateway", String(80)),
    Column("signal_id", String(40)),
    CheckConstraint("purpose IN ('pairing','repair','campaign')", name="purpose"),
    CheckConstraint("state IN ('waiting','seen','lapsed','cancelled')", name="state"),
    CheckConstraint("(due_at IS NULL) = (state <> 'waiting')", name="due_at"),
    Index("ix_press_tests_device_id", "device_id", "begun_at"),
)  # fmt: skip
"""`notify`: the installer's telephone, told what was seen; `gateway` and `signal_id`: by whom and as what."""
_WAITS = press_tests.c.due_at.is_not(None)
Index("ix_press_tests_due_at", press_tests.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_WAITING = press_tests.c.state == literal_column("'waiting'")
Index("ix_press_tests_waiting", press_tests.c.device_id, unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING)


class Purpose(StrEnum):
    """What a test press is to show."""

    PAIRING = "pairing"
    REPAIR = "repair"
    CAMPAIGN = "campaign"


_WAITING_ROWS = Waiting(press_tests, _WAITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressTest:
    """A test press that is waited for until `until_at`, or what became of it."""

    id: str
    device_id: DeviceId
    purpose: Purpose
    state: str
    begun_at: datetime
    until_at: datetime
    due_at: datetime | None
    by: str
    notify: str | None
    lang: str
    seen_at: datetime | None = None
    gateway: str | None = None
    signal_id: SignalId | None = None


_OF = select(press_tests).where(press_tests.c.device_id == bindparam("device_id"))
_WAITING_OF = Prepared(_OF.where(_WAITING, press_tests.c.until_at > bindparam("now")))
_SEEN_ELSEWHERE = Prepared(
    _OF.where(
        press_tests.c.seen_at > bindparam("since"), press_tests.c.seen_at <= bindparam("now"),
        press_tests.c.gateway != bindparam("gateway"),
    )
)  # fmt: skip
_TESTED = Prepared(
    select(press_tests.c.id)
    .where(press_tests.c.device_id == bindparam("device_id"), _WAITING | (press_tests.c.seen_at > bindparam("since")))
    .limit(1)
)
_END = update(press_tests).where(press_tests.c.id == bindparam("its_id"), _WAITING)
_ALARMED = Prepared(
    select(alarms.c.id)
    .where(alarms.c.home_id == bindparam("home_id"), alarms.c.state != literal_column("'closed'")).limit(1)
)  # fmt: skip


class PressTests:
    """The shelf of test presses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, test: PressTest) -> None:
        self._connection.execute(insert(press_tests), _row(test))

    def waiting_of(self, device_id: DeviceId, now: datetime) -> PressTest | None:
        """The test this device is awaited for at this moment; one whose time is over is none, woken or not."""
        row = _WAITING_OF.on(self._connection, device_id=device_id, now=now).first()
        return None if row is None else _test(row)

    def is_tested(self, device_id: DeviceId, since: datetime) -> bool:
        """Whether a test of this device is waited for, perhaps for a moment too long, or was seen since then."""
        return _TESTED.on(self._connection, device_id=device_id, since=since).first() is not None

    def seen_elsewhere(self, device_id: DeviceId, gateway: str, since: datetime, now: datetime) -> bool:
        """Whether a test press of this device was seen since then, by another gateway than this."""
        found = _SEEN_ELSEWHERE.on(self._connection, device_id=device_id, gateway=gateway, since=since, now=now)
        return found.first() is not None

    def all_waiting(self) -> list[DeviceId]:
        """The devices that are awaited, some perhaps for a moment too long."""
        found = self._connection.execute(select(press_tests.c.device_id).where(_WAITING))
        return [DeviceId(row.device_id) for row in found]

    def due(self, now: datetime, most: int) -> list[str]:
        return _WAITING_ROWS.due(self._connection, now, most)

    def next_due(self) -> datetime | None:
        return _WAITING_ROWS.next_due(self._connection)

    def get(self, id_: str) -> PressTest | None:
        row = self._connection.execute(select(press_tests).where(press_tests.c.id == id_)).first()
        return None if row is None else _test(row)

    def of(self, device_id: DeviceId, most: int = 20) -> list[PressTest]:
        """The tests of a device, the latest first."""
        query = _OF.order_by(press_tests.c.begun_at.desc(), press_tests.c.id.desc()).limit(most)
        return [_test(row) for row in self._connection.execute(query, {"device_id": device_id})]

    def lapse(self, device_id: DeviceId) -> None:
        """Whatever was waited for of this device, and was not woken yet, is over."""
        left = update(press_tests).where(press_tests.c.device_id == device_id, _WAITING)
        self._connection.execute(left.values(state="lapsed", due_at=None))

    def end(self, id_: str, state: str, **values: Any) -> bool:
        """It is over; False when it was before."""
        done = self._connection.execute(_END, {"its_id": id_, "state": state, "due_at": None, **values})
        return done.rowcount == 1

    def put_off(self, id_: str, until: datetime) -> None:
        """Nobody looks at it before then, because looking failed. Its own time is over all the same."""
        self._connection.execute(update(press_tests).where(press_tests.c.id == id_, _WAITING).values(due_at=until))

    def is_alarmed(self, home_id: HomeId) -> bool:
        """Whether somebody in this home needs help at the moment: then no press there is a test."""
        return _ALARMED.on(self._connection, home_id=home_id).first() is not None

    def shift_due(self, seconds: float) -> None:
        """Moves what waits, because somebody moved the clock."""
        _WAITING_ROWS.shift_due(self._connection, seconds, "until_at")


def _row(test: PressTest) -> Mapping[str, Any]:
    fields = {name: getattr(test, name) for name in PressTest.__dataclass_fields__}
    return fields | {"purpose": test.purpose.value}


def _test(row: Row[Any]) -> PressTest:
    return PressTest(**row._asdict() | {"purpose": Purpose(row.purpose)})
