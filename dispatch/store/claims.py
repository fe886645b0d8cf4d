"""Who at the desk is in charge of which alarm, and the ticks of its response plan."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, bindparam, delete, select, update

from dispatch.ids import AlarmId
from dispatch.rules.claims import Claim, Tick
from dispatch.rules.people import Person
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, insert_once, metadata, upsert
from dispatch.store.prepared import Prepared

claims = Table(
    "claims", metadata,
    Column("alarm_id", String(40), ForeignKey("alarms.id"), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("since_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_claims_by", "by"),
)  # fmt: skip
"""One row for each claimed alarm; who had it before stands in the record."""

ticks = Table(
    "ticks", metadata,
    Column("alarm_id", String(40), ForeignKey("alarms.id"), primary_key=True),
    Column("step", String(16), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip

_GET = Prepared(select(claims).where(claims.c.alarm_id == bindparam("id")))
_TICKS = Prepared(select(ticks).where(ticks.c.alarm_id == bindparam("id")).order_by(ticks.c.at))
_ANY = Prepared(select(claims.c.alarm_id).where(claims.c.by == bindparam("who")).limit(1))
_SEEN = Prepared(update(claims).where(claims.c.by == bindparam("who")))


class Claims:
    """The shelf of claims and ticks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, alarm_id: AlarmId) -> Claim | None:
        row = _GET.on(self._connection, id=alarm_id).first()
        return None if row is None else _claim(row)

    def open(self) -> dict[AlarmId, Claim]:
        """The claims of all open alarms."""
        query = select(claims).join(alarms, alarms.c.id == claims.c.alarm_id).where(alarms.c.state != "closed")
        return {AlarmId(row.alarm_id): _claim(row) for row in self._connection.execute(query)}

    def keep(self, claim: Claim) -> None:
        upsert(claims, self._connection, "alarm_id", {
            "alarm_id": claim.alarm_id, "by": claim.by, "since_at": claim.since_at, "seen_at": claim.seen_at,
        })  # fmt: skip

    def drop(self, alarm_ids: Collection[AlarmId]) -> None:
        self._connection.execute(delete(claims).where(claims.c.alarm_id.in_(alarm_ids)))

    def seen(self, by: Person, at: datetime) -> None:
        """This operator's console is there."""
        _SEEN.on(self._connection, who=by, seen_at=at)

    def any_of(self, by: Person) -> bool:
        """Whether this operator has claimed anything."""
        return _ANY.on(self._connection, who=by).first() is not None

    def tick(self, alarm_id: AlarmId, step: Tick, by: Person, at: datetime) -> bool:
        """Ticks a step once; False where it was ticked before."""
        row = {"alarm_id": alarm_id, "step": step.value, "by": by, "at": at}
        return bool(self._connection.execute(insert_once(ticks, self._connection).values(**row)).rowcount)

    def untick(self, alarm_id: AlarmId, step: Tick) -> bool:
        """Takes a tick back; False where there was none."""
        gone = delete(ticks).where(ticks.c.alarm_id == alarm_id, ticks.c.step == step.value)
        return bool(self._connection.execute(gone).rowcount)

    def ticked(self, alarm_id: AlarmId) -> dict[Tick, tuple[Person, datetime]]:
        """The steps that are ticked: by whom and when."""
        return {Tick(row.step): (Person(row.by), row.at) for row in _TICKS.on(self._connection, id=alarm_id)}


def _claim(row: Any) -> Claim:
    return Claim(alarm_id=AlarmId(row.alarm_id), by=Person(row.by), since_at=row.since_at, seen_at=row.seen_at)
