"""
The outbox: what is to be sent, and every attempt at it.

    posted ──► claimed ──► sent ──► delivered
       ▲          │  │
       │          │  └──► uncertain ──► sent (found at the provider) or posted (certainly not there)
       └──────────┘                     failed, cancelled, expired are the other ends

An attempt is written before the network is touched. After a crash it is `unknown`, never "not sent". While an emergency
is claimed, `due_at` is when a second road is tried beside the first (the hedge), then when the lease runs out.

A message with a `bundle_id` leaves in the text of that other one, and by itself should that never come to an end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)

from dispatch.ids import AlarmId, AttemptId, MessageId, OfferId
from dispatch.rules.message import Channel, Draft, Priority, Rank
from dispatch.rules.people import Person
from dispatch.store.alarms import alarms, offers
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.prepared import Prepared, once
from dispatch.store.transactions import Tx

messages = Table(
    "messages", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(240), nullable=False, unique=True),
    Column("sentence", String(40), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("to", String(20), nullable=False),
    Column("person", String(80), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("facts", Json, nullable=False),
    Column("answerable", Boolean, nullable=False),
    Column("alarm_id", String(40), ForeignKey("alarms.id")),
    Column("offer_id", String(40), ForeignKey("offers.id")),
    Column("state", String(12), nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("delivered_at", Instant),
    Column("reason", String(160)),
    Column("bundle_id", String(40)),
    Column("rank", Integer, nullable=False, server_default="0"),
    CheckConstraint(
        "state IN ('posted','claimed','uncertain','sent','delivered','failed','cancelled','expired')", name="state"
    ),
    Index("ix_messages_alarm_id", "alarm_id"),
    Index("ix_messages_person", "person", "posted_at"),
)  # fmt: skip
_WAITS = messages.c.due_at.is_not(None)
Index(
    "ix_messages_due", messages.c.priority, messages.c.rank, messages.c.due_at,
    sqlite_where=_WAITS, postgresql_where=_WAITS,
)  # fmt: skip
_BUNDLED = messages.c.bundle_id.is_not(None)
Index("ix_messages_bundle_id", messages.c.bundle_id, sqlite_where=_BUNDLED, postgresql_where=_BUNDLED)
_PACED = messages.c.priority > literal_column("0")
Index(
    "ix_messages_paced", messages.c.to, messages.c.priority, messages.c.posted_at,
    sqlite_where=_PACED, postgresql_where=_PACED,
)  # fmt: skip

attempts = Table(
    "attempts", metadata,
    Column("id", String(40), primary_key=True),
    Column("message_id", String(40), ForeignKey("messages.id"), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("provider", String(40), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(12), nullable=False),
    Column("provider_id", String(80)),
    Column("status", String(40)),
    Column("code", String(40)),
    Column("detail", String(240)),
    Column("text", Text, nullable=False),
    Column("why", String(12)),
    Column("look_at", Instant),
    Column("looks", Integer),
    Column("absent_at", Instant),
    CheckConstraint(
        "outcome IN ('in_flight','taken','refused','not_sent','unknown','confirmed','absent')", name="outcome"
    ),
    Index("ix_attempts_provider_id", "provider", "provider_id", unique=True),
    Index("ix_attempts_message_seq", "message_id", "seq", unique=True),
)  # fmt: skip
_FLYING = attempts.c.outcome == literal_column("'in_flight'")
Index("ix_attempts_in_flight", attempts.c.started_at, sqlite_where=_FLYING, postgresql_where=_FLYING)
_LOOKED = attempts.c.look_at.is_not(None)
Index("ix_attempts_look_at", attempts.c.look_at, sqlite_where=_LOOKED, postgresql_where=_LOOKED)

receipts = Table(
    "receipts", metadata,
    Column("provider", String(40), primary_key=True),
    Column("key", String(160), primary_key=True),
    Column("attempt_id", String(40)),
    Column("kind", String(12), nullable=False),
    Column("status", String(40), nullable=False),
    Column("code", String(40)),
    Column("received_at", Instant, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    A draft on file. `due_at` says when the courier is to look at it; None once nothing more will happen.

    `lease_until` is how long the claim holds, `bundle_id` the message in whose text this one leaves.
    """

    id: MessageId
    sentence: str
    channel: Channel
    priority: Priority
    to: str
    person: Person
    lang: str
    facts: Mapping[str, Any]
    answerable: bool
    alarm_id: AlarmId | None
    offer_id: OfferId | None
    state: str
    posted_at: datetime
    due_at: datetime | None
    expires_at: datetime
    fence: int
    tries: int
    sent_at: datetime | None
    delivered_at: datetime | None
    reason: str | None
    lease_until: datetime | None = None
    bundle_id: MessageId | None = None
    rank: Rank = Rank.FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    One network call for one message.

    `why` says why it was made although another may have arrived: `hedge` (that one was slow) or `silent` (that one was
    taken, and no receipt came). None for a first try and for one after a failure.
    """

    id: AttemptId
    message_id: MessageId
    seq: int
    provider: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    provider_id: str | None
    status: str | None
    code: str | None
    detail: str | None
    text: str
    why: str | None = None


HEDGE, SILENT = "hedge", "silent"
"""What `Attempt.why` may say. A message whose `reason` is `silent` waits for another road because no receipt came."""

STANDING = (
    select(messages, alarms.c.state.label("alarm_state"), offers.c.state.label("offer_state"))
    .join(alarms, alarms.c.id == messages.c.alarm_id, isouter=True)
    .join(offers, offers.c.id == messages.c.offer_id, isouter=True)
)
"""Messages with the state of their alarms and of their offers."""

_POST = once(messages)
_FENCED = Prepared(
    update(messages).where(
        messages.c.id == bindparam("its_id"),
        messages.c.fence == bindparam("was"),
        messages.c.state != "delivered",  # A receipt may overtake our own settling; delivered is never taken back.
    )
)

_OF_ALARM = Prepared(select(messages).filter_by(alarm_id=bindparam("id")).order_by(messages.c.posted_at, messages.c.id))
_ADD_ATTEMPT = Prepared(insert(attempts))
_END = Prepared(update(attempts).where(attempts.c.id == bindparam("its_id")))
_ATTEMPTS_OF = Prepared(select(attempts).where(attempts.c.message_id == bindparam("id")).order_by(attempts.c.seq))
_ATTEMPT = Prepared(select(attempts).where(attempts.c.id == bindparam("id")))
_ATTEMPT_OF = Prepared(
    select(attempts).where(attempts.c.provider == bindparam("provider"), attempts.c.provider_id == bindparam("its_id"))
)
_MESSAGE = Prepared(select(messages).where(messages.c.id == bindparam("id")))
_RECEIPT = once(receipts)


class Outbox:
    """The shelf of messages and attempts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @staticmethod
    def post(tx: Tx, drafts: Sequence[Draft]) -> None:
        """Puts drafts on file, due now; one whose key is known already is left alone."""
        for draft in drafts:
            _POST.on(tx.connection, **_draft_row(tx, draft))

    def claim(self, message: Message, *, until: datetime, look_at: datetime | None = None) -> Message:
        """
        Takes the message under a lease; every later write of this claim carries the new fence. At `look_at`, before the
        lease ends, somebody looks whether it needs a second road.
        """
        fence, tries = message.fence + 1, message.tries + 1
        self.change(message, state="claimed", fence=fence, lease_until=until, due_at=look_at or until, tries=tries)
        return _with(message, state="claimed", fence=fence, tries=tries, lease_until=until)

    def also(self, message: Message) -> Message:
        """A second attempt under the same claim."""
        self.change(message, tries=message.tries + 1, due_at=message.lease_until)
        return _with(message, tries=message.tries + 1)

    def change(self, message: Message, **values: Any) -> bool:
        """Changes a message if the claim still holds; False when somebody else has taken it over."""
        return _FENCED.on(self._connection, **values, its_id=message.id, was=message.fence).rowcount == 1

    def start(self, attempt: Attempt) -> None:
        """The attempt is on file before the network is touched."""
        _ADD_ATTEMPT.on(self._connection, **_attempt_row(attempt))

    def end(self, id_: AttemptId, **values: Any) -> None:
        _END.on(self._connection, **values, its_id=id_)

    def attempts_of(self, id_: MessageId) -> list[Attempt]:
        return [attempt_of(row) for row in _ATTEMPTS_OF.on(self._connection, id=id_)]

    def attempt(self, id_: AttemptId) -> Attempt | None:
        row = _ATTEMPT.on(self._connection, id=id_).first()
        return None if row is None else attempt_of(row)

    def attempt_of_provider(self, provider: str, provider_id: str) -> Attempt | None:
        row = _ATTEMPT_OF.on(self._connection, provider=provider, its_id=provider_id).first()
        return None if row is None else attempt_of(row)

    def get(self, id_: MessageId) -> Message | None:
        row = _MESSAGE.on(self._connection, id=id_).first()
        return None if row is None else message_of(row)

    def of_alarm(self, alarm_id: AlarmId) -> list[Message]:
        return [message_of(row) for row in _OF_ALARM.on(self._connection, id=alarm_id)]

    def recent(self, limit: int, such: ColumnElement[bool] | None = None) -> list[Message]:
        """The newest messages, of those that fulfil a condition."""
        wanted = select(messages) if such is None else select(messages).where(such)
        query = wanted.order_by(messages.c.posted_at.desc(), messages.c.id.desc()).limit(limit)
        return [message_of(row) for row in self._connection.execute(query)]

    def waiting(self) -> int:
        """How many messages are still to be sent."""
        return int(self._connection.execute(select(func.count()).select_from(messages).where(_WAITS)).scalar_one())

    def strand(self, now: datetime) -> int:
        """
        After a start of the only engine: attempts in flight are unknown, their messages are looked at now; how many.
        """
        self._connection.execute(
            update(attempts).where(_FLYING).values(outcome="unknown", ended_at=now, detail=STOPPED, look_at=now)
        )
        stranded = update(messages).where(messages.c.state == "claimed")
        return self._connection.execute(
            stranded.values(state="uncertain", due_at=now, fence=messages.c.fence + 1)
        ).rowcount

    def receipt_once(self, provider: str, key: str, **values: Any) -> bool:
        """Keeps a provider's word; False when the same was kept before."""
        return _RECEIPT.on(self._connection, provider=provider, key=key, **values).rowcount == 1

    def outlast(self, seconds: float, now: datetime) -> None:
        """
        Somebody moved the clock forward, to `now`: what waits stays worth sending for as long as before, and a claim
        holds as long. One that would hold for longer than any does was made by another machine's clock: it is left.
        """
        by = literal(round(seconds * 1_000_000), BigInteger)
        self._connection.execute(update(messages).where(_WAITS).values(expires_at=messages.c.expires_at + by))
        ours = messages.c.lease_until <= now - timedelta(seconds=seconds) + 2 * LEASE
        claimed = update(messages).where(messages.c.state == "claimed", ours)
        self._connection.execute(claimed.values(due_at=messages.c.due_at + by, lease_until=messages.c.lease_until + by))

    def shift_due(self, seconds: float) -> None:
        """Moves all waiting messages, because somebody moved the clock."""
        by = literal(round(seconds * 1_000_000), BigInteger)
        columns = (messages.c.due_at, messages.c.expires_at, messages.c.lease_until)
        self._connection.execute(update(messages).where(_WAITS).values({each: each + by for each in columns}))
        looks = {attempts.c.look_at: attempts.c.look_at + by, attempts.c.absent_at: attempts.c.absent_at + by}
        self._connection.execute(update(attempts).where(_LOOKED).values(looks))


_OF_MESSAGE = tuple(Message.__dataclass_fields__)

STOPPED = "the service stopped"
"""The detail of an attempt that a stop left in doubt: its provider need not be slow."""

LEASE = timedelta(seconds=15)
"""Longer than any provider's total deadline with margin; MESSAGING, section 8.2."""


def _draft_row(tx: Tx, draft: Draft) -> dict[str, Any]:
    return {
        "id": tx.new_id(), "key": draft.key, "sentence": draft.sentence, "channel": draft.channel.value,
        "priority": int(draft.priority), "to": draft.to, "person": draft.person, "lang": draft.lang,
        "facts": dict(draft.facts), "answerable": draft.answerable, "alarm_id": draft.alarm_id,
        "offer_id": draft.offer_id, "state": "posted", "posted_at": tx.now, "due_at": tx.now,
        "expires_at": draft.expires_at, "fence": 0, "tries": 0, "rank": int(draft.rank),
    }  # fmt: skip


def message_of(row: Any) -> Message:
    fields = {name: getattr(row, name) for name in _OF_MESSAGE}
    kinds = {"channel": Channel(row.channel), "priority": Priority(row.priority), "rank": Rank(row.rank)}
    return Message(**fields | kinds)


def _with(message: Message, **values: Any) -> Message:
    fields = {name: getattr(message, name) for name in Message.__dataclass_fields__}
    return Message(**fields | values)


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    return {name: getattr(attempt, name) for name in Attempt.__dataclass_fields__}


def attempt_of(row: Any) -> Attempt:
    return Attempt(**{name: getattr(row, name) for name in Attempt.__dataclass_fields__})
