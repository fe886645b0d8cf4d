"""Questions after an alarm or a visit, whom they must not go to, the monthly draw and its interviews, on file."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
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
    or_,
    select,
    update,
)

from dispatch.ids import HomeId, ResidentId, StationId
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import Person
from dispatch.rules.signal import Cause
from dispatch.store.alarms import alarms, offers
from dispatch.store.database import Instant, Json, insert_once, metadata
from dispatch.store.outbox import messages
from dispatch.store.people import carers, homes, residents
from dispatch.store.prepared import Prepared

ratings = Table(
    "ratings", metadata,
    Column("id", String(40), primary_key=True),
    Column("about", String(60), nullable=False, unique=True),
    Column("home_id", String(40), ForeignKey("homes.id")),
    Column("resident_id", String(40), ForeignKey("residents.id")),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("person", String(80)),
    Column("to", String(20)),
    Column("means", String(8)),
    Column("state", String(10), nullable=False),
    Column("why", String(24)),
    Column("due_at", Instant),
    Column("asked_at", Instant),
    Column("message_key", String(80)),
    Column("raw", Text),
    Column("score", Integer),
    Column("answered_at", Instant),
    CheckConstraint("state IN ('waiting','asked','silent','answered','left')", name="state"),
    CheckConstraint("score IS NULL OR (score >= 1 AND score <= 5)", name="score"),
    Index("ix_ratings_to", "to", "asked_at"),
    Index("ix_ratings_resident_id", "resident_id", "asked_at"),
    Index("ix_ratings_answered_at", "answered_at"),
)  # fmt: skip
"""`about` is what it is about: `alarm:<id>` or `visit:<id>`, asked once. `why` says why nobody is asked."""

_WAITS = ratings.c.due_at.is_not(None)
Index("ix_ratings_due_at", ratings.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

rating_refusals = Table(
    "rating_refusals", metadata,
    Column("phone", String(20), primary_key=True),
    Column("at", Instant, nullable=False),
)  # fmt: skip
"""Numbers that want no such questions any more."""

survey_draws = Table(
    "survey_draws", metadata,
    Column("month", String(7), primary_key=True),
    Column("seed", String(64), nullable=False),
    Column("drawn_at", Instant, nullable=False),
    Column("population", Integer, nullable=False),
    Column("form", String(40), nullable=False),
)  # fmt: skip

surveys = Table(
    "surveys", metadata,
    Column("id", String(40), primary_key=True),
    Column("month", String(7), ForeignKey("survey_draws.month"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("state", String(10), nullable=False),
    Column("interviewer", String(80)),
    Column("taken_at", Instant),
    Column("ended_at", Instant),
    Column("answers", Json),
    Column("score", Integer),
    CheckConstraint("state IN ('open','taken','done','refused','unreached','left')", name="state"),
    CheckConstraint("score IS NULL OR (score >= 1 AND score <= 5)", name="score"),
    Index("ix_surveys_once", "month", "resident_id", unique=True),
    Index("ix_surveys_ended_at", "ended_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """
    One question, once for each alarm or visit.

        waiting ──► asked ──► answered
           │          └────► silent (a late answer still counts: ──► answered)
           └──► left (why: never, nobody, quota, refused, not_served)
    """

    id: str
    about: str
    home_id: HomeId | None
    resident_id: ResidentId | None
    station_id: StationId | None
    person: Person | None
    to: str | None
    means: str | None
    state: str
    why: str | None
    due_at: datetime | None
    asked_at: datetime | None
    message_key: str | None
    raw: str | None
    score: int | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A closed alarm about which nobody was asked yet."""

    id: str
    home_id: HomeId | None
    resident_id: ResidentId | None
    station_id: StationId | None
    outcome: Outcome | None
    exercise: bool
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One resident of one month's draw. `state` is open, taken, done, refused, unreached or left."""

    id: str
    month: str
    resident_id: ResidentId
    station_id: StationId | None
    state: str
    interviewer: Person | None
    taken_at: datetime | None
    ended_at: datetime | None
    answers: Mapping[str, int] | None
    score: int | None


_ASKED_AT_NUMBER = Prepared(
    select(ratings)
    .where(
        ratings.c.to == bindparam("phone"), ratings.c.asked_at >= bindparam("since"), ratings.c.asked_at.is_not(None)
    )
    .order_by(ratings.c.asked_at.desc())
    .limit(1)
)
"""Asked with every answer that comes in, also with those to alarms."""


class Ratings:
    """The shelf of questions after alarms and visits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unplanned(self, since: datetime, most: int) -> list[Ended]:
        """Alarms raised since then, closed, about which nothing was planned; oldest first."""
        query = (
            select(alarms)
            .join(ratings, ratings.c.about == literal("alarm:") + alarms.c.id, isouter=True)
            .where(alarms.c.raised_at >= since, alarms.c.state == "closed", ratings.c.id.is_(None))
            .order_by(alarms.c.raised_at)
            .limit(most)
        )
        return [_ended(row) for row in self._connection.execute(query)]

    def plan(self, id_: str, about: str, due_at: datetime | None, **values: Any) -> None:
        """Keeps a question that waits, or that was left; a second one about the same changes nothing."""
        state = "waiting" if due_at else "left"
        row = {"id": id_, "about": about, "due_at": due_at, "state": state, **values}
        self._connection.execute(insert_once(ratings, self._connection).values(row))

    def get(self, id_: str) -> Rating | None:
        row = self._connection.execute(select(ratings).where(ratings.c.id == id_).with_for_update()).first()
        return None if row is None else Rating(**row._mapping)

    def of(self, about: str) -> Rating | None:
        row = self._connection.execute(select(ratings).where(ratings.c.about == about)).first()
        return None if row is None else Rating(**row._mapping)

    def by_message(self, message_id: str) -> Rating | None:
        """The question that this message asked."""
        query = select(ratings).join(messages, messages.c.key == ratings.c.message_key)
        row = self._connection.execute(query.where(messages.c.id == message_id)).first()
        return None if row is None else Rating(**row._mapping)

    def asked_at_number(self, phone: str, since: datetime) -> Rating | None:
        """The newest question sent to this number since then, answered or not."""
        row = _ASKED_AT_NUMBER.on(self._connection, phone=phone, since=since).first()
        return None if row is None else Rating(**row._asdict())

    def asked_since(self, resident_id: str | None, phone: str, since: datetime) -> bool:
        """Whether this resident or this number was asked since then: the quota."""
        ours = or_(ratings.c.to == phone, ratings.c.resident_id == resident_id)
        query = select(ratings.c.id).where(ours, ratings.c.asked_at >= since).limit(1)
        return self._connection.execute(query).first() is not None

    def refuse(self, phone: str, at: datetime) -> None:
        """This number is asked no more."""
        self._connection.execute(insert_once(rating_refusals, self._connection).values(phone=phone, at=at))

    def has_refused(self, phone: str) -> bool:
        query = select(rating_refusals.c.phone).where(rating_refusals.c.phone == phone)
        return self._connection.execute(query).first() is not None

    def has_open_alarm(self, home_id: str | None) -> bool:
        """Whether any alarm of this home is open."""
        query = select(alarms.c.id).where(alarms.c.home_id == home_id, alarms.c.state != "closed").limit(1)
        return self._connection.execute(query).first() is not None

    def is_amid_alarm(self, message_id: str) -> bool:
        """Whether an alarm of the home has opened since this question was posted."""
        rating = self.by_message(message_id)
        return rating is not None and rating.home_id is not None and self.has_open_alarm(rating.home_id)

    def change(self, id_: str, **values: Any) -> None:
        self._connection.execute(update(ratings).where(ratings.c.id == id_).values(**values))

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(ratings.c.id).where(ratings.c.due_at <= now).order_by(ratings.c.due_at).limit(most)
        return [row.id for row in self._connection.execute(query)]

    def next_due(self) -> datetime | None:
        found: datetime | None = self._connection.execute(
            select(func.min(ratings.c.due_at).label("at")).where(_WAITS)
        ).scalar()
        return found

    def shift_due(self, seconds: float) -> None:
        """Moves what waits, because somebody moved the clock."""
        moved = {"due_at": ratings.c.due_at + literal(round(seconds * 1_000_000), BigInteger)}
        self._connection.execute(update(ratings).where(_WAITS).values(**moved))

    def scores(self, since: datetime, until: datetime) -> list[tuple[str, int, str]]:
        """(station, points, means) of every valid answer in this half-open window; "" where there is no station."""
        query = select(ratings.c.station_id, ratings.c.score, ratings.c.means).where(
            ratings.c.answered_at >= since, ratings.c.answered_at < until, ratings.c.score.is_not(None)
        )
        return [(row[0] or "", row[1], row[2] or "") for row in self._connection.execute(query)]

    def of_resident(self, resident_id: ResidentId, since: datetime, until: datetime) -> list[int]:
        """The points of every valid answer about this resident, or about their home as a whole, in this window."""
        home = select(residents.c.home_id).where(residents.c.id == resident_id).scalar_subquery()
        about = or_(ratings.c.resident_id == resident_id, ratings.c.resident_id.is_(None) & (ratings.c.home_id == home))
        query = select(ratings.c.score).where(
            about, ratings.c.answered_at >= since, ratings.c.answered_at < until, ratings.c.score.is_not(None)
        )
        return list(self._connection.execute(query).scalars())


class Surveys:
    """The shelf of monthly draws and of their interviews."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_drawn(self, month: str) -> bool:
        query = select(survey_draws.c.month).where(survey_draws.c.month == month)
        return self._connection.execute(query).first() is not None

    def keep_draw(self, month: str, *, seed: str, at: datetime, population: int, form: str) -> None:
        row = {"month": month, "seed": seed, "drawn_at": at, "population": population, "form": form}
        self._connection.execute(insert(survey_draws).values(row))

    def seed_of(self, month: str) -> tuple[str, int] | None:
        """The seed of a month and how many it was drawn from."""
        query = select(survey_draws.c.seed, survey_draws.c.population).where(survey_draws.c.month == month)
        row = self._connection.execute(query).first()
        return None if row is None else (row.seed, row.population)

    def keep(self, id_: str, month: str, resident_id: str, station_id: str | None) -> None:
        row = {"id": id_, "month": month, "resident_id": resident_id, "station_id": station_id, "state": "open"}
        self._connection.execute(insert(surveys).values(row))

    def get(self, id_: str) -> Survey | None:
        row = self._connection.execute(select(surveys).where(surveys.c.id == id_).with_for_update()).first()
        return None if row is None else Survey(**row._mapping)

    def of_month(self, month: str) -> list[Survey]:
        query = select(surveys).where(surveys.c.month == month).order_by(surveys.c.id)
        return [Survey(**row._mapping) for row in self._connection.execute(query)]

    def change(self, id_: str, **values: Any) -> None:
        self._connection.execute(update(surveys).where(surveys.c.id == id_).values(**values))

    def scores(self, since: datetime, until: datetime) -> list[tuple[str, int, str]]:
        """As `Ratings.scores`, of interviews."""
        query = select(surveys.c.station_id, surveys.c.score).where(
            surveys.c.ended_at >= since, surveys.c.ended_at < until, surveys.c.score.is_not(None)
        )
        return [(row[0] or "", row[1], "survey") for row in self._connection.execute(query)]

    def of_resident(self, resident_id: ResidentId, since: datetime, until: datetime) -> list[int]:
        """As `Ratings.of_resident`, of interviews."""
        query = select(surveys.c.score).where(
            surveys.c.resident_id == resident_id, surveys.c.ended_at >= since, surveys.c.ended_at < until,
            surveys.c.score.is_not(None),
        )  # fmt: skip
        return list(self._connection.execute(query).scalars())

    def population(self, served: Collection[str] | None = None) -> list[tuple[str, str | None]]:
        """Everybody on the register with their station, or those named."""
        query = select(residents.c.id, homes.c.station_id).join(homes, homes.c.id == residents.c.home_id)
        rows = [(row[0], row[1]) for row in self._connection.execute(query.order_by(residents.c.id))]
        return rows if served is None else [row for row in rows if row[0] in served]

    def served_by(self, resident_id: str, since: datetime) -> Sequence[tuple[str, str | None]]:
        """Name and telephone of every carer who accepted an alarm of this resident's home since then."""
        home = select(residents.c.home_id).where(residents.c.id == resident_id).scalar_subquery()
        query = (
            select(carers.c.name, carers.c.phone)
            .join(offers, offers.c.person == literal("carer:") + carers.c.id)
            .join(alarms, alarms.c.id == offers.c.alarm_id)
            .where(alarms.c.home_id == home, alarms.c.raised_at >= since, offers.c.state.in_(["accepted", "done"]))
            .distinct()
        )
        return [(row.name, row.phone) for row in self._connection.execute(query)]


def _ended(row: Any) -> Ended:
    return Ended(
        id=row.id, home_id=row.home_id, resident_id=row.resident_id, station_id=row.station_id,
        outcome=Outcome(row.outcome) if row.outcome else None, exercise=row.cause == Cause.EXERCISE,
        closed_at=row.closed_at,
    )  # fmt: skip
