"""Attempts whose fate is to be asked of their providers: few, and away from the way of a press."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from dispatch.ids import AttemptId, MessageId
from dispatch.store.alarms import alarms
from dispatch.store.outbox import STANDING, Attempt, Message, Outbox, attempt_of, attempts, message_of, messages
from dispatch.store.prepared import Prepared

_WAITS = attempts.c.look_at.is_not(None)
_DUE = (
    select(attempts).where(attempts.c.look_at <= bindparam("now")).order_by(attempts.c.look_at).limit(bindparam("most"))
)
_TO_LOOK = Prepared(lambda dialect: _DUE if dialect == "sqlite" else _DUE.with_for_update(skip_locked=True))
_NEXT = Prepared(select(func.min(attempts.c.look_at).label("at")).where(_WAITS))
_ABOUT = Prepared(STANDING.where(messages.c.id.in_(bindparam("ids", expanding=True))))
_PUT_OFF = Prepared(update(attempts).where(attempts.c.id == bindparam("its_id")))
_STANDING = Prepared(STANDING.where(messages.c.id == bindparam("id")))
_ASKED = Prepared(select(func.min(alarms.c.raised_at).label("at")).where(alarms.c.state != "closed"))
_ABSENT = Prepared(select(attempts.c.absent_at).where(attempts.c.id == bindparam("id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    An attempt to ask about, with the message it was for. `looks` is how often it was asked about before, `over` whether
    it was about an alarm that has been closed since.
    """

    attempt: Attempt
    message: Message
    looks: int
    over: bool = False


class Looks:
    """The shelf of attempts that wait to be asked about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, now: datetime, most: int) -> list[Look]:
        """Those to be asked about now, the longest waiting first."""
        found = _TO_LOOK.on(self._connection, now=now, most=most)
        ids = list({row.message_id for row in found})
        about = {row.id: row for row in _ABOUT.on(self._connection, ids=ids)} if ids else {}
        return [
            Look(
                attempt=attempt_of(row), message=message_of(message), looks=row.looks or 0,
                over=message.alarm_state == "closed",
            )
            for row in found
            if (message := about.get(row.message_id)) is not None
        ]  # fmt: skip

    def put_off(self, times: Mapping[AttemptId, tuple[datetime | None, int]]) -> None:
        """When each is to be asked about next, None for never again, and how often it was asked about by then."""
        rows = [{"its_id": id_, "look_at": at, "looks": looks} for id_, (at, looks) in times.items()]
        if rows:
            _PUT_OFF.each(self._connection, rows)

    def is_due(self, now: datetime) -> bool:
        """Whether any is to be asked about now."""
        found = self.next()
        return found is not None and found <= now

    def next(self) -> datetime | None:
        """When the next is to be asked about."""
        found: datetime | None = _NEXT.on(self._connection).scalar()
        return found

    def asked_since(self) -> datetime | None:
        """Since when somebody may be answering about an alarm that is still open; None where none is."""
        found: datetime | None = _ASKED.on(self._connection).scalar()
        return found

    def absent_since(self, id_: AttemptId) -> datetime | None:
        """When its provider first said that it has no such message."""
        found: datetime | None = _ABSENT.on(self._connection, id=id_).scalar()
        return found

    def keep(self, id_: AttemptId, values: Mapping[str, Any]) -> None:
        """Sets `look_at`, `looks` or `absent_at`."""
        Outbox(self._connection).end(id_, **values)

    def standing(self, id_: MessageId) -> tuple[Message, str | None, str | None] | None:
        """One message as it stands, with the state of its alarm and of its offer."""
        row = _STANDING.on(self._connection, id=id_).first()
        return None if row is None else (message_of(row), row.alarm_state, row.offer_state)
