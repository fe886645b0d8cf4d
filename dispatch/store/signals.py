"""What devices said that mattered, kept as evidence: each press once, its copies counted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Executable,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from dispatch.ids import AlarmId, SignalId
from dispatch.rules.signal import Signal
from dispatch.store.database import Instant, Json, insert_into, metadata
from dispatch.store.prepared import Prepared, once

signals = Table(
    "signals", metadata,
    Column("id", String(40), primary_key=True),
    Column("event", String(24), nullable=False),
    Column("cause", String(24)),
    Column("gateway", String(80), nullable=False),
    Column("protocol", String(24), nullable=False),
    Column("address", String(160), nullable=False),
    Column("dedup_key", String(240), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("heard_at", Instant),
    Column("device_id", String(40)),
    Column("home_id", String(40), ForeignKey("homes.id")),
    Column("resident_id", String(40), ForeignKey("residents.id")),
    Column("alarm_id", String(40), ForeignKey("alarms.id")),
    Column("raw", LargeBinary, nullable=False),
    Column("trusted", Integer, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_signals_dedup_key", "dedup_key", "heard_at"),
    Index("ix_signals_alarm_id", "alarm_id"),
)  # fmt: skip
_ORPHANS = signals.c.cause.is_not(None) & signals.c.alarm_id.is_(None)
Index("ix_signals_orphans", signals.c.id, sqlite_where=_ORPHANS, postgresql_where=_ORPHANS)
"""There are none; the watch looks."""

_SEEN_TO = signals.c.event == "attendance"
Index("ix_signals_attendance", signals.c.received_at, sqlite_where=_SEEN_TO, postgresql_where=_SEEN_TO)
"""Somebody who came and used a tag in the home: read for visits."""

spooled = Table(
    "spooled", metadata,
    Column("gateway", String(80), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("received_at", Instant, nullable=False),
)  # fmt: skip


spools = Table(
    "spools", metadata,
    Column("gateway", String(80), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("held", BigInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
)  # fmt: skip
"""How far we have each spool without a gap; what of it stood in `spooled` is let go."""

_ADD = Prepared(insert(signals))
_OF_ALARM = Prepared(select(signals).where(signals.c.alarm_id == bindparam("its_id")).order_by(signals.c.received_at))
_COPY_OF = Prepared(
    select(signals.c.id, signals.c.alarm_id)
    .where(
        signals.c.dedup_key == bindparam("key"),
        signals.c.heard_at > bindparam("since"),
        signals.c.heard_at <= bindparam("until"),
    )
    .order_by(signals.c.heard_at.desc())
    .limit(1)
)
_COUNT_COPY = Prepared(update(signals).where(signals.c.id == bindparam("its_id")).values(copies=signals.c.copies + 1))
_FIRST = once(spooled)


class Held(NamedTuple):
    """How far a spool is held without a gap: before something of it was made durable, and now."""

    before: int
    now: int


class Signals:
    """The shelf of signals."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def copy_of(self, dedup_key: str, since: datetime, until: datetime) -> tuple[SignalId, AlarmId | None] | None:
        """
        The same statement heard between these times, if it was, and the alarm it belongs to; counts this copy.

        Nothing heard after `until` counts: the clock may have been set back, and a press must not drown in its own
        future.
        """
        row = _COPY_OF.on(self._connection, key=dedup_key, since=since, until=until).first()
        if row is None:
            return None
        _COUNT_COPY.on(self._connection, its_id=row.id)
        return SignalId(row.id), None if row.alarm_id is None else AlarmId(row.alarm_id)

    def add(self, signal: Signal, alarm_id: AlarmId | None) -> None:
        _ADD.on(self._connection, **_row(signal, alarm_id))

    def of_alarm(self, alarm_id: AlarmId) -> list[Mapping[str, Any]]:
        """What was heard for this alarm, oldest first."""
        return [row._asdict() for row in _OF_ALARM.on(self._connection, its_id=alarm_id)]

    def first_time(self, gateway: str, epoch: str, seq: int, at: datetime) -> bool:
        """Whether this numbered signal of a forwarding gateway is new; remembers it."""
        if 0 < seq <= self.held(gateway, epoch):
            return False
        return _FIRST.on(self._connection, gateway=gateway, epoch=epoch, seq=seq, received_at=at).rowcount == 1

    def held(self, gateway: str, epoch: str) -> int:
        """How far we have this spool without a gap, counted from 1; 0 for nothing."""
        found = _HELD.on(self._connection, g=gateway, e=epoch).scalar()
        return 0 if found is None else int(found)

    def hold(self, gateway: str, epoch: str, seqs: Sequence[int], at: datetime, *, after: int | None = None) -> Held:
        """
        These numbers are durable; how far we had the spool, and have it now.

        `after` is the sender's word that between that number and the first of these there is nothing (any more), nor
        between any two of these. Without it numbers count only where each follows the one before.
        """
        before = self.held(gateway, epoch)
        held = held_with(before, seqs, after)
        if held > before:
            _HOLD.on(self._connection, gateway=gateway, epoch=epoch, held=held, last_at=at)
            _LET_GO.on(self._connection, g=gateway, e=epoch, last=held)
        return Held(before, held)


def held_with(before: int, seqs: Sequence[int], after: int | None) -> int:
    """How far a spool is held that was held as far as `before`, with these numbers; `after` as in `Signals.hold`."""
    held = max(before, *seqs, 0) if after is not None and after <= before else before
    for seq in sorted(seqs):
        held += seq == held + 1
    return held


def _hold(dialect: str) -> Executable:
    row = insert_into(spools, dialect)
    changes = {"held": row.excluded.held, "last_at": row.excluded.last_at}
    statement: Executable = row.on_conflict_do_update(index_elements=["gateway", "epoch"], set_=changes)
    return statement


_HOLD = Prepared(_hold)
_LET_GO = Prepared(
    delete(spooled).where(
        spooled.c.gateway == bindparam("g"), spooled.c.epoch == bindparam("e"),
        spooled.c.seq.between(1, bindparam("last")),
    )
)  # fmt: skip
_HELD = Prepared(select(spools.c.held).where(spools.c.gateway == bindparam("g"), spools.c.epoch == bindparam("e")))


def _row(signal: Signal, alarm_id: AlarmId | None) -> dict[str, Any]:
    return {
        "id": signal.id, "event": signal.event.value, "cause": signal.cause.value if signal.cause else None,
        "gateway": signal.gateway, "protocol": signal.protocol, "address": signal.address,
        "dedup_key": signal.dedup_key, "received_at": signal.received_at, "sent_at": signal.sent_at,
        "heard_at": signal.heard_at or signal.received_at,
        "device_id": signal.device_id, "home_id": signal.home_id, "resident_id": signal.resident_id,
        "alarm_id": alarm_id, "raw": signal.raw, "trusted": int(signal.trusted), "copies": 1,
        "details": dict(signal.details),
    }  # fmt: skip
