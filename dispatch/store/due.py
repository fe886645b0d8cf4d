"""
What is to be sent now, in the order in which it leaves.

Emergencies have ranks: first offers, and whatever else goes to few; then calls to all; then calls to all that are
repeated. Each question is answered from `ix_messages_due` as far as it reads, however many letters wait.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select

from dispatch.rules.message import Priority, Rank
from dispatch.store.outbox import STANDING, Message, message_of, messages
from dispatch.store.prepared import Prepared

Standing = tuple[Message, str | None, str | None]
"""A message with the state of its alarm and of its offer."""

_FREE = (
    messages.c.due_at <= bindparam("now"),
    or_(messages.c.state != "claimed", messages.c.lease_until <= bindparam("now")),
)
_WITHIN = (messages.c.priority >= bindparam("first"), messages.c.priority <= bindparam("last"))
_EMERGENCY = messages.c.priority == int(Priority.EMERGENCY)


def _some(query: Select[Any]) -> Prepared:
    """So many of them. On PostgreSQL rows that another engine is looking at are passed over."""
    some = query.limit(bindparam("most"))
    return Prepared(
        lambda dialect: some if dialect == "sqlite" else some.with_for_update(skip_locked=True, of=messages)
    )


_TO_SEND = _some(STANDING.where(*_FREE, *_WITHIN).order_by(messages.c.priority, messages.c.rank, messages.c.due_at))
_FIRST = _some(STANDING.where(*_FREE, _EMERGENCY, messages.c.rank == int(Rank.FIRST)).order_by(messages.c.due_at))
_TO_ALL = _some(
    STANDING.where(*_FREE, _EMERGENCY, messages.c.rank > int(Rank.FIRST)).order_by(messages.c.rank, messages.c.due_at)
)
_IS_DUE = Prepared(select(messages.c.id).where(*_FREE, *_WITHIN).limit(1))
_TO_HEDGE = _some(
    STANDING.where(
        messages.c.due_at <= bindparam("now"),
        _EMERGENCY,
        messages.c.state == "claimed",
        messages.c.lease_until > bindparam("now"),
    ).order_by(messages.c.rank, messages.c.due_at)
)


class Due:
    """
    Asks the outbox what its turn is; those claimed under a lease that ran out are among it. Taking it is the outbox's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first(self, now: datetime, most: int) -> list[Standing]:
        """Emergencies that are no call to all, those that waited longest first."""
        return _standing(_FIRST.on(self._connection, now=now, most=most))

    def to_all(self, now: datetime, most: int) -> list[Standing]:
        """Calls to all, those that are repeated last."""
        return _standing(_TO_ALL.on(self._connection, now=now, most=most))

    def within(self, now: datetime, most: int, *, first: Priority, last: Priority) -> list[Standing]:
        """Whatever is due within these priorities, the most urgent first."""
        return _standing(_TO_SEND.on(self._connection, now=now, most=most, first=int(first), last=int(last)))

    def is_any(self, now: datetime, *, first: Priority, last: Priority) -> bool:
        """Whether anything within these priorities is to be looked at now."""
        return bool(_IS_DUE.on(self._connection, now=now, first=int(first), last=int(last)))

    def slow(self, now: datetime, most: int) -> list[Standing]:
        """Emergencies under a lease whose first road has not answered in its time, in the order in which they leave."""
        return _standing(_TO_HEDGE.on(self._connection, now=now, most=most))


def _standing(rows: Sequence[Any]) -> list[Standing]:
    return [(message_of(row), row.alarm_state, row.offer_state) for row in rows]
