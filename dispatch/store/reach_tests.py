"""The monthly test message to each carer, its answer, and what all messages together say about each number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)

from dispatch.ids import CarerId
from dispatch.rules.people import Person, carer
from dispatch.store.database import Instant, metadata
from dispatch.store.outbox import attempts, messages
from dispatch.store.people import carers
from dispatch.store.prepared import Prepared
from dispatch.store.replies import replies

reach_tests = Table(
    "reach_tests", metadata,
    Column("id", String(40), primary_key=True),
    Column("carer_id", String(40), ForeignKey("carers.id"), nullable=False),
    Column("month", String(7), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("due_at", Instant),
    Column("asked_at", Instant),
    Column("ended_at", Instant),
    Index("ix_reach_tests_once", "carer_id", "month", unique=True),
)  # fmt: skip
_TAKEN = ("taken", "confirmed")
_WAITS = reach_tests.c.due_at.is_not(None)
Index("ix_reach_tests_due", reach_tests.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_OF_REACH = tuple(reach_tests.columns.keys())
_NEXT = Prepared(select(func.min(reach_tests.c.due_at).label("at")).where(_WAITS))
_ASKED = Prepared(select(reach_tests).where(reach_tests.c.asked_at.is_not(None)).order_by(reach_tests.c.asked_at))
_PHONES = Prepared(select(carers.c.id, carers.c.phone))
_OPEN_OF = Prepared(
    select(reach_tests)
    .where(reach_tests.c.carer_id == bindparam("carer_id"), reach_tests.c.state.in_(["asked", "silent"]))
    .order_by(reach_tests.c.asked_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachTest:
    """
    One carer's test of one month (`2026-11`).

        planned ──► asked ──► answered
           └─────────────└──► silent (a day without an answer), or left (no phone any more, off the register)
    """

    id: str
    carer_id: CarerId
    month: str
    phone: str
    state: str
    due_at: datetime | None
    asked_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Attempts of one number or provider: how many there were, how many a provider took, how many arrived for sure."""

    tries: int
    taken: int
    delivered: int

    @property
    def lost(self) -> int:
        """How many nobody took."""
        return self.tries - self.taken


class ReachTests:
    """The shelf of these tests."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan(self, test: ReachTest) -> None:
        self._connection.execute(insert(reach_tests).values({name: getattr(test, name) for name in _OF_REACH}))

    def get(self, id_: str) -> ReachTest | None:
        row = self._connection.execute(select(reach_tests).where(reach_tests.c.id == id_)).first()
        return None if row is None else _test(row)

    def planned_in(self, month: str) -> set[CarerId]:
        """Who has a test in this month, whatever its state."""
        query = select(reach_tests.c.carer_id).where(reach_tests.c.month == month)
        return {CarerId(row[0]) for row in self._connection.execute(query)}

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(reach_tests.c.id).where(reach_tests.c.due_at <= now).order_by(reach_tests.c.due_at).limit(most)
        return [str(row[0]) for row in self._connection.execute(query)]

    def next_due(self) -> datetime | None:
        found: datetime | None = _NEXT.on(self._connection).scalar()
        return found

    def change(self, id_: str, **values: object) -> None:
        self._connection.execute(update(reach_tests).where(reach_tests.c.id == id_).values(**values))

    def open_of(self, carer_id: CarerId) -> ReachTest | None:
        """The test whose answer is still welcome: asked, or silent so far; the newest."""
        row = _OPEN_OF.on(self._connection, carer_id=carer_id).first()
        return None if row is None else _test(row)

    def last(self) -> Mapping[CarerId, ReachTest]:
        """The newest test of each carer that was asked."""
        return {row.carer_id: _test(row) for row in _ASKED.on(self._connection)}

    def said_since(self, person: Person, since: datetime) -> bool:
        """Whether this person has said anything at all since then: whoever answers an alarm can be reached."""
        query = select(replies.c.id).where(replies.c.person == person, replies.c.received_at >= since).limit(1)
        return self._connection.execute(query).first() is not None

    def silent(self) -> set[CarerId]:
        """Carers on the register whose newest test of this very number was never answered, nor anything since."""
        phones = {row.id: row.phone for row in _PHONES.on(self._connection)}
        return {
            id_ for id_, test in self.last().items()
            if test.state == "silent" and test.asked_at is not None and phones.get(id_) == test.phone
            and not self.said_since(carer(id_), test.asked_at)
        }  # fmt: skip

    def by_number(self, since: datetime) -> Mapping[str, Tally]:
        """What became of attempts to each number since then."""
        return self._tallies(messages.c.to, since)

    def untaken(self, since: datetime, least: int) -> list[str]:
        """
        Ids of carers to whose number nothing was taken of `least` attempts or more since then, in their order.

        Cheap enough to be asked every few seconds: of whoever is reached, the first message that was taken is the last
        row that is read.
        """
        of_theirs = (
            select(attempts.c.id)
            .join(messages, messages.c.id == attempts.c.message_id)
            .where(messages.c.person == literal("carer:") + carers.c.id, messages.c.posted_at > since,
                   messages.c.to == carers.c.phone)
        )  # fmt: skip
        tries = of_theirs.with_only_columns(func.count()).where(attempts.c.outcome != "in_flight").scalar_subquery()
        query = (
            select(carers.c.id)
            .where(~of_theirs.where(attempts.c.outcome.in_(_TAKEN)).exists(), tries >= least)
            .order_by(carers.c.id)
        )
        return [str(row[0]) for row in self._connection.execute(query)]

    def by_provider(self, since: datetime) -> Mapping[str, Tally]:
        """What became of attempts by each provider since then."""
        return self._tallies(attempts.c.provider, since)

    def _tallies(self, by: Column[str], since: datetime) -> dict[str, Tally]:
        taken = case((attempts.c.outcome.in_(_TAKEN), 1), else_=0)
        arrived = case((attempts.c.status == "delivered", 1), else_=0)
        query = (
            select(by, func.count(), func.sum(taken), func.sum(arrived))
            .join(messages, messages.c.id == attempts.c.message_id)
            .where(attempts.c.started_at > since, attempts.c.outcome != "in_flight")
            .group_by(by)
        )
        return {
            str(row[0]): Tally(tries=row[1], taken=int(row[2]), delivered=int(row[3]))
            for row in self._connection.execute(query)
        }

    def shift_due(self, seconds: float) -> None:
        """Moves all waiting rows, because somebody moved the clock."""
        moved = {"due_at": reach_tests.c.due_at + literal(round(seconds * 1_000_000), BigInteger)}
        self._connection.execute(update(reach_tests).where(_WAITS).values(**moved))


def _test(row: object) -> ReachTest:
    return ReachTest(**{name: getattr(row, name) for name in _OF_REACH})
