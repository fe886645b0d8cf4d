"""What else goes to a contact: looked at before anything leaves that is no emergency."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from dispatch.ids import MessageId
from dispatch.rules.message import Priority
from dispatch.store.outbox import Message, message_of, messages
from dispatch.store.prepared import Prepared

POSTED_BEFORE = timedelta(days=2)
"""Nothing waits longer than this for its turn: what left lately was posted within it and the window asked about."""

_ONE_CONTACT = (
    messages.c.to == bindparam("to"),
    messages.c.priority == bindparam("priority"),
    messages.c.priority > 0,
)
_LEFT = Prepared(
    select(messages.c.state, messages.c.sent_at).where(
        *_ONE_CONTACT,
        messages.c.posted_at >= bindparam("posted"),
        messages.c.tries > 0,
        messages.c.bundle_id.is_(None),
    )
)
_BESIDE = Prepared(
    select(messages)
    .where(
        *_ONE_CONTACT,
        messages.c.state == "posted",
        messages.c.tries == 0,
        messages.c.expires_at > bindparam("now"),
        messages.c.id != bindparam("own"),
        or_(messages.c.bundle_id.is_(None), messages.c.bundle_id == bindparam("own")),
    )
    .order_by(messages.c.posted_at, messages.c.id)
    .limit(bindparam("most"))
)
_MEMBERS = (messages.c.bundle_id == bindparam("its_id"), messages.c.state == "posted")
_OF = Prepared(select(messages).where(*_MEMBERS).order_by(messages.c.posted_at, messages.c.id))
_SETTLE = Prepared(update(messages).where(*_MEMBERS))
_JOIN = Prepared(update(messages).where(messages.c.id == bindparam("its_id"), messages.c.state == "posted"))


class Bundles:
    """Messages of one contact, and those that leave in the text of another."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def left(self, to: str, priority: Priority, since: datetime, now: datetime) -> list[datetime]:
        """When something of this priority left to this number since then; what is on its way counts as now."""
        posted = since - POSTED_BEFORE
        rows = _LEFT.on(self._connection, to=to, priority=int(priority), posted=posted)
        times = [now if row.state in {"claimed", "uncertain"} else row.sent_at for row in rows]
        return sorted(each for each in times if each is not None and each > since)

    def beside(self, message: Message, now: datetime, most: int) -> list[Message]:
        """What else of its priority waits for the same person in the same tongue and was never tried."""
        values = {"to": message.to, "priority": int(message.priority), "own": message.id}
        rows = _BESIDE.on(self._connection, **values, now=now, most=most)
        return [each for each in map(message_of, rows) if _go_together(each, message)]

    def of(self, id_: MessageId) -> list[Message]:
        """What leaves in the text of this message."""
        return [message_of(row) for row in _OF.on(self._connection, its_id=id_)]

    def join(self, id_: MessageId, leader: MessageId, due_at: datetime) -> None:
        """From now on it leaves in the text of the other; should that never end, it is due by itself."""
        _JOIN.on(self._connection, its_id=id_, bundle_id=leader, due_at=due_at)

    def settle(self, leader: MessageId, **values: Any) -> None:
        """Changes everything that leaves in the text of this message."""
        _SETTLE.on(self._connection, **values, its_id=leader)


def _go_together(one: Message, other: Message) -> bool:
    """Whether the same person gets both, in the same tongue and way; what expects an answer is a text of its own."""
    same = (one.person, one.lang, one.channel) == (other.person, other.lang, other.channel)
    return same and not one.answerable
