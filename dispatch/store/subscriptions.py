"""
Programs of others that are told, and what became of each message to them.

Nothing is copied out of the record: a subscription keeps the number up to which it was told (`cursor`), and when it is
to be tried again (`due_at`). So what was not delivered is found again after any crash, in its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.record import entries
from dispatch.store.shadows import shadowed

subscriptions = Table(
    "subscriptions", metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("url", String(500), nullable=False),
    Column("template", String(12), nullable=False),
    Column("types", Json, nullable=False),
    Column("stations", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("old_until", Instant),
    Column("cursor", BigInteger, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("failing_since", Instant),
    Column("tries", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(80), nullable=False),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata,
    Column("id", String(40), primary_key=True),
    Column("subscription_id", String(40), ForeignKey("subscriptions.id"), nullable=False),
    Column("webhook_id", String(80), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", String(80), nullable=False),
    Column("why", String(8), nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("status", Integer),
    Column("error", String(80)),
    Column("took_ms", Integer),
    Column("at", Instant, nullable=False),
    Column("due_at", Instant),
    Index("ix_deliveries_subscription_id", "subscription_id", "at"),
    Index("ix_deliveries_live", "subscription_id", "number", "why"),
)  # fmt: skip
_WAITS = deliveries.c.due_at.is_not(None)
Index("ix_deliveries_due", deliveries.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

_SUBSCRIPTION, _DELIVERY = tuple(subscriptions.columns.keys()), tuple(deliveries.columns.keys())

LIVE, REPLAY, TEST = "live", "replay", "test"
"""Why a message leaves: it happened, somebody wants it once more, somebody tries the line."""

ACTIVE, PAUSED, DISABLED = "active", "paused", "disabled"
"""`disabled` by the service itself, because nobody took anything for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """
    One receiver. `cursor` is the last entry of the record that was told or passed over; `generation` counts its
    secrets, of which the one before holds until `old_until`.
    """

    id: str
    name: str
    url: str
    template: str
    types: Sequence[str]
    stations: Sequence[str]
    state: str
    generation: int
    old_until: datetime | None
    cursor: int
    due_at: datetime
    failing_since: datetime | None
    tries: int
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message: waiting, delivered, failed (and tried again), given_up. `took_ms` of its last try."""

    id: str
    subscription_id: str
    webhook_id: str
    number: int
    type: str
    why: str
    state: str
    tries: int
    at: datetime
    status: int | None = None
    error: str | None = None
    took_ms: int | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The alarm of an entry as the tables have it; `shadow`: in a street that is only listened to."""

    number: str
    home: str | None
    station: str | None
    cause: str
    shadow: bool


class Subscriptions:
    """The shelf of both."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, subscription: Subscription) -> None:
        self._connection.execute(
            insert(subscriptions).values({name: getattr(subscription, name) for name in _SUBSCRIPTION})
        )

    def get(self, id_: str) -> Subscription | None:
        row = self._connection.execute(select(subscriptions).where(subscriptions.c.id == id_)).first()
        return None if row is None else Subscription(**row._mapping)

    def all(self) -> list[Subscription]:
        query = select(subscriptions).order_by(subscriptions.c.id)
        return [Subscription(**row._mapping) for row in self._connection.execute(query)]

    def change(self, id_: str, **values: object) -> None:
        self._connection.execute(update(subscriptions).where(subscriptions.c.id == id_).values(**values))

    def remove(self, id_: str) -> bool:
        """Takes it away with its log; False where somebody had already."""
        self._connection.execute(delete(deliveries).where(deliveries.c.subscription_id == id_))
        return self._connection.execute(delete(subscriptions).where(subscriptions.c.id == id_)).rowcount > 0

    # -------------------------------------------------------------------------------------- what waits

    def due(self, now: datetime, most: int) -> list[str]:
        """Subscriptions with something to tell that may be tried now, the longest waiting first."""
        query = self._ready().where(subscriptions.c.due_at <= now).order_by(subscriptions.c.due_at).limit(most)
        found = [str(row.id) for row in self._connection.execute(query)]
        once = select(deliveries.c.subscription_id).where(deliveries.c.due_at <= now).distinct().limit(most)
        return list(dict.fromkeys([*(str(row[0]) for row in self._connection.execute(once)), *found]))[:most]

    def next_due(self) -> datetime | None:
        """When the next of them may be tried."""
        ready = self._connection.execute(self._ready().order_by(subscriptions.c.due_at).limit(1)).first()
        once: datetime | None = self._connection.execute(
            select(func.min(deliveries.c.due_at).label("at")).where(_WAITS)
        ).scalar()
        return min((at for at in (ready.due_at if ready else None, once) if at is not None), default=None)

    def _ready(self) -> Select[tuple[str, datetime]]:
        head = select(func.coalesce(func.max(entries.c.number), 0)).scalar_subquery()
        return select(subscriptions.c.id, subscriptions.c.due_at).where(
            subscriptions.c.state == ACTIVE, subscriptions.c.cursor < head
        )

    def shift_due(self, seconds: float) -> None:
        """Moves all waiting rows, because somebody moved the clock."""
        moved = literal(round(seconds * 1_000_000), BigInteger)
        self._connection.execute(update(subscriptions).values(due_at=subscriptions.c.due_at + moved))
        self._connection.execute(update(deliveries).where(_WAITS).values(due_at=deliveries.c.due_at + moved))

    # -------------------------------------------------------------------------------------- the log

    def post(self, delivery: Delivery) -> None:
        self._connection.execute(insert(deliveries).values({name: getattr(delivery, name) for name in _DELIVERY}))

    def amend(self, id_: str, **values: object) -> None:
        self._connection.execute(update(deliveries).where(deliveries.c.id == id_).values(**values))

    def delivery(self, id_: str) -> Delivery | None:
        row = self._connection.execute(select(deliveries).where(deliveries.c.id == id_)).first()
        return None if row is None else Delivery(**row._mapping)

    def live(self, subscription_id: str, number: int) -> Delivery | None:
        """The row of an entry that is being tried."""
        of = (deliveries.c.subscription_id == subscription_id) & (deliveries.c.number == number)
        row = self._connection.execute(select(deliveries).where(of, deliveries.c.why == LIVE)).first()
        return None if row is None else Delivery(**row._mapping)

    def waiting(self, subscription_id: str, now: datetime) -> list[Delivery]:
        """Tests and replays that are due, the oldest first."""
        of = (deliveries.c.subscription_id == subscription_id) & (deliveries.c.due_at <= now)
        query = select(deliveries).where(of).order_by(deliveries.c.due_at).limit(20)
        return [Delivery(**row._mapping) for row in self._connection.execute(query)]

    def log(self, subscription_id: str, limit: int, before: str | None = None) -> list[Delivery]:
        """The newest first; `before` is the id of the last one seen."""
        query = select(deliveries).where(deliveries.c.subscription_id == subscription_id)
        if before is not None:
            query = query.where(deliveries.c.id < before)
        return [Delivery(**row._mapping) for row in self._connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit))]  # noqa: E501  # fmt: skip

    def forget_before(self, at: datetime) -> None:
        """The log is kept for a while only; what waits stays."""
        self._connection.execute(delete(deliveries).where(deliveries.c.at < at, deliveries.c.due_at.is_(None)))

    def seen(self, alarm_id: str) -> Seen | None:
        """The alarm of an entry."""
        query = (
            select(alarms.c.number, alarms.c.home_id, alarms.c.station_id, alarms.c.cause, shadowed.c.alarm_id)
            .join(shadowed, (shadowed.c.alarm_id == alarms.c.id) & shadowed.c.until_at.is_(None), isouter=True)
            .where(alarms.c.id == alarm_id)
        )
        row = self._connection.execute(query).first()
        return None if row is None else Seen(
            number=row[0], home=row[1], station=row[2], cause=row[3], shadow=row[4] is not None
        )  # fmt: skip
