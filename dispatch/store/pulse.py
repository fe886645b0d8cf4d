"""
The engine's pulse: one row that is written every few seconds, because only a commit shows that commits are possible.

Beside it what the engine asks before it says that all is well: emergencies that nobody took, providers that take
nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Integer, String, Table, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from dispatch.store.database import Instant, insert_once, metadata
from dispatch.store.outbox import attempts
from dispatch.store.questions import UNTAKEN, values_at

NotWritten = SQLAlchemyError
"""What the database raises when it keeps nothing, by a name other rooms may say without knowing its library."""

RECENT_ATTEMPTS = 6
"""So many of the newest attempts are looked at to see whether any provider takes anything."""

pulses = Table(
    "pulses", metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
)  # fmt: skip

_UNTAKEN = text(UNTAKEN)
_TRIED = {"taken", "confirmed", "refused", "not_sent", "unknown", "absent"}


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
        Whether any provider has taken anything lately: False when of the newest attempts, more than two, all failed for
        a reason that lies with the road. None when too little was sent to tell.
        """
        rows = self._connection.execute(
            select(attempts.c.outcome, attempts.c.status)
            .where(attempts.c.started_at > now - within, attempts.c.outcome.in_(_TRIED))
            .order_by(attempts.c.started_at.desc())
            .limit(RECENT_ATTEMPTS)
        ).all()
        outcomes: Sequence[str] = [row.outcome for row in rows]
        if len(outcomes) < 3:
            return None
        return any(each in {"taken", "confirmed", "refused"} for each in outcomes)
