"""
The engine's pulse: one row that is written every few seconds, because only a commit shows that commits are possible.

Beside it what the engine asks before it says that all is well: emergencies that nobody took, providers that take
nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Integer, String, Table, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from dispatch.rules.signal import Cause
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, insert_once, metadata
from dispatch.store.outbox import attempts, messages
from dispatch.store.questions import UNTAKEN, values_at

NotWritten = SQLAlchemyError
"""What the database raises when it keeps nothing, by a name other rooms may say without knowing its library."""

RECENT_ATTEMPTS = 6
"""So many of the newest attempts are looked at to see whether any provider takes anything."""

RECENT_MIN = 3
"""Fewer attempts than this tell nothing."""

pulses = Table(
    "pulses", metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
)  # fmt: skip

_UNTAKEN = text(UNTAKEN)
_ENDED = ("taken", "confirmed", "refused", "not_sent", "unknown", "absent")


class Pulses:
    """The shelf of pulses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def beat(self, name: str, now: datetime) -> None:
        """Says that this commit was possible. The count goes round at a million: nothing may depend on its size."""
        count = (pulses.c.count + 1) % 1_000_000
        beaten = self._connection.execute(update(pulses).where(pulses.c.name == name).values(at=now, count=count))
        if beaten.rowcount == 0:
            self._connection.execute(insert_once(pulses, self._connection).values(name=name, at=now, count=1))

    def untaken(self, now: datetime, seconds: float) -> list[str]:
        """Ids of emergency messages, and of alarms, that no provider has taken anything of in time; five at most."""
        return [str(row[0]) for row in self._connection.execute(_UNTAKEN, values_at(now, seconds))]

    def providers_take(self, now: datetime, within: timedelta) -> bool | None:
        """
        Whether any provider has taken anything lately: False when the newest attempts, more than two, all failed.

        Refusals of one number alone tell nothing of the road, nor does an exercise, which tries one road by itself.
        None when too little was sent to tell.
        """
        rows = self._connection.execute(
            select(attempts.c.outcome, messages.c.to)
            .join(messages, messages.c.id == attempts.c.message_id)
            .join(alarms, alarms.c.id == messages.c.alarm_id, isouter=True)
            .where(attempts.c.started_at > now - within, attempts.c.outcome.in_(_ENDED))
            .where(func.coalesce(alarms.c.cause, "") != Cause.EXERCISE.value)
            .order_by(attempts.c.started_at.desc())
            .limit(RECENT_ATTEMPTS)
        ).all()
        if any(row.outcome in {"taken", "confirmed"} for row in rows):
            return True
        certain = any(row.outcome != "refused" for row in rows) or len({row.to for row in rows}) > 1
        return False if len(rows) >= RECENT_MIN and certain else None
