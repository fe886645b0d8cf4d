"""What was noticed of households, how they stand, and the signals that came of it with what became of them, on file."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import AlarmId, HomeId, ResidentId
from dispatch.rules.absences import State as Away
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import SERVICE
from dispatch.rules.signal import Cause, Event
from dispatch.store.absences import absences
from dispatch.store.alarms import Alarms, alarms
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.follow_ups import follow_ups
from dispatch.store.people import homes, residents
from dispatch.store.prepared import Prepared, once
from dispatch.store.signals import signals
from schedules.welfare.rules.signs import Kind, Observation

PRESSES = (Event.PRESS, Event.CANCEL, Event.VOICE_REQUEST, Event.STATUS_PRESS, Event.BUTTON)
"""What nobody but a living person says."""

RING = "welfare_ring"
"""What a task on the operators' list is about where a household is to be rung."""

welfare_signs = Table(
    "welfare_signs", metadata,
    Column("key", String(160), primary_key=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), index=True),
    Column("kind", String(24), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expected_at", Instant),
    Column("strength", Float, nullable=False),
    Column("source", String(40), nullable=False),
    CheckConstraint("strength >= 0 AND strength <= 1", name="strength"),
    Index("ix_welfare_signs_home_id", "home_id", "at"),
    Index("ix_welfare_signs_at", "at"),
    Index("ix_welfare_signs_kind", "kind", "at"),
)  # fmt: skip

welfare_homes = Table(
    "welfare_homes", metadata,
    Column("home_id", String(40), ForeignKey("homes.id"), primary_key=True),
    Column("threshold", Float),
    Column("score", Float, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("watched_from", Instant, nullable=False),
    Column("looked_at", Instant),
    Column("settled_at", Instant),
    Column("due_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Index("ix_welfare_homes_due_at", "due_at"),
)  # fmt: skip
"""One row for each home of which anything was noticed. `settled_at`: somebody looked after them then."""

welfare_thresholds = Table(
    "welfare_thresholds", metadata,
    Column("id", String(40), primary_key=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False, index=True),
    Column("threshold", Float),
    Column("reason", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip

welfare_signals = Table(
    "welfare_signals", metadata,
    Column("id", String(40), primary_key=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), index=True),
    Column("alarm_id", String(40), ForeignKey("alarms.id"), index=True),
    Column("joined", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("became", String(8)),
    Column("became_by", String(80)),
    Column("became_at", Instant),
    CheckConstraint("became IN ('right','wrong','unclear','missed')", name="became"),
    CheckConstraint("(became IS NULL) = (became_by IS NULL)", name="became_by"),
    Index("ix_welfare_signals_home_id", "home_id", "at"),
    Index("ix_welfare_signals_at", "at"),
)  # fmt: skip
"""A signal with what became of it; `missed` is a trouble that somebody found and no signal had told of."""
_OPEN = welfare_signals.c.became.is_(None)
Index("ix_welfare_signals_open", welfare_signals.c.at, sqlite_where=_OPEN, postgresql_where=_OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a home stands: `threshold` None is the district's."""

    home_id: HomeId
    threshold: float | None
    score: float
    reasons: Sequence[Mapping[str, Any]]
    watched_from: datetime
    looked_at: datetime | None
    settled_at: datetime | None
    due_at: datetime
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One signal; `reasons` as they were told, `joined` where another alarm was open already."""

    id: str
    home_id: HomeId
    resident_id: ResidentId | None
    alarm_id: AlarmId | None
    joined: bool
    at: datetime
    score: float
    threshold: float
    reasons: Sequence[Mapping[str, Any]]
    became: str | None = None
    became_by: str | None = None
    became_at: datetime | None = None


# Twice a day every home is looked at, and every minute the district's sensors are heard.
_KEEP, _WATCH = once(welfare_signs), once(welfare_homes)
_SIGNS = (
    select(welfare_signs)
    .where(welfare_signs.c.home_id == bindparam("home_id"), welfare_signs.c.at >= bindparam("since"))
    .order_by(welfare_signs.c.at)
)
_OF_HOME = Prepared(_SIGNS)
_OF_KIND = Prepared(_SIGNS.where(welfare_signs.c.kind.in_(bindparam("kinds", expanding=True))))
_HOME = Prepared(select(homes.c.id).where(homes.c.id == bindparam("home_id")))
_LIVES = Prepared(
    select(residents.c.id).where(residents.c.id == bindparam("id"), residents.c.home_id == bindparam("home_id"))
)
_STANDING = Prepared(select(welfare_homes).where(welfare_homes.c.home_id == bindparam("home_id")))
_LOOKED = Prepared(
    update(welfare_homes)
    .where(welfare_homes.c.home_id == bindparam("id"))
    .values({name: bindparam(name) for name in ("score", "reasons", "looked_at", "settled_at", "due_at", "failures")})
)
_CLOSED = Prepared(
    select(func.max(alarms.c.closed_at).label("at")).where(
        alarms.c.home_id == bindparam("home_id"), alarms.c.cause != Cause.EXERCISE.value
    )
)
_AWAY = Prepared(
    select(absences.c.resident_id, absences.c.from_at, absences.c.until_at).where(
        absences.c.resident_id.in_(bindparam("served", expanding=True)), absences.c.until_at > bindparam("since"),
        (absences.c.state != Away.OVER.value) | (absences.c.until_at <= bindparam("now")),
    )
)  # fmt: skip


class Signs:
    """The shelf of what was noticed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, observation: Observation, source: str) -> bool:
        """False where the same was noticed before."""
        row = {name: getattr(observation, name) for name in Observation.__slots__}
        found = row | {"kind": observation.kind.value, "source": source}
        return bool(_KEEP.on(self._connection, **found).rowcount)

    def is_known(self, each: Observation) -> bool:
        """Whether its home is on file, and the resident, if it names one."""
        if each.resident_id is None:
            return bool(_HOME.on(self._connection, home_id=each.home_id))
        return bool(_LIVES.on(self._connection, id=each.resident_id, home_id=each.home_id))

    def of(self, home_id: HomeId, since: datetime, kinds: Collection[Kind] | None = None) -> list[Observation]:
        """What was noticed of this home from then on, the oldest first."""
        if kinds is None:
            return [_observation(row) for row in _OF_HOME.on(self._connection, home_id=home_id, since=since)]
        names = [each.value for each in kinds]
        return [_observation(row) for row in _OF_KIND.on(self._connection, home_id=home_id, since=since, kinds=names)]

    def any_meal(self, start: datetime, end: datetime) -> bool:
        """Whether anybody in the district ate at a table of ours in this window."""
        query = select(welfare_signs.c.key).where(
            welfare_signs.c.kind == Kind.MEAL.value, welfare_signs.c.at >= start, welfare_signs.c.at < end
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def forget(self, before: datetime, most: int) -> int:
        """Deletes what is too old to say anything; gives back how much."""
        old = select(welfare_signs.c.key).where(welfare_signs.c.at < before).limit(most)
        return int(self._connection.execute(delete(welfare_signs).where(welfare_signs.c.key.in_(old))).rowcount)


class Standings:
    """The shelf of how homes stand, and of their thresholds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def watch(self, home_id: HomeId, now: datetime, prior: float, *, due_at: datetime) -> None:
        """From now on this home is looked at, if it is not yet; for the first time when it is due."""
        row = {"home_id": home_id, "score": prior, "reasons": [], "watched_from": now, "due_at": due_at, "failures": 0}
        _WATCH.on(self._connection, **row)

    def look_now(self, home_id: HomeId, now: datetime) -> None:
        query = update(welfare_homes).where(welfare_homes.c.home_id == home_id, welfare_homes.c.due_at > now)
        self._connection.execute(query.values(due_at=now))

    def get(self, home_id: HomeId) -> Standing:
        """
        How it stands.

        Raises:
            NotFound: nothing was ever noticed of this home.
        """
        row = _STANDING.on(self._connection, home_id=home_id).first()
        if row is None:
            raise NotFound("Nothing is known of this home.")
        return Standing(**row._asdict())

    def looked(self, home_id: HomeId, **found: Any) -> None:
        """What a look found: score, reasons, looked_at, settled_at, due_at, failures."""
        _LOOKED.on(self._connection, id=home_id, **found)

    def change(self, home_id: HomeId, **changes: Any) -> None:
        self._connection.execute(update(welfare_homes).where(welfare_homes.c.home_id == home_id).values(**changes))

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(welfare_homes.c.home_id).where(welfare_homes.c.due_at <= now)
        return list(self._connection.execute(query.order_by(welfare_homes.c.due_at).limit(most)).scalars())

    def next_due(self) -> datetime | None:
        found: datetime | None = self._connection.execute(select(func.min(welfare_homes.c.due_at))).scalar()
        return found

    def by_score(self, most: int) -> list[Standing]:
        """The gravest first."""
        query = select(welfare_homes).order_by(welfare_homes.c.score.desc(), welfare_homes.c.home_id).limit(most)
        return [Standing(**dict(row._mapping)) for row in self._connection.execute(query)]

    def shift_due(self, seconds: float) -> None:
        """Moves all that waits, because somebody moved the clock."""
        by = literal(round(seconds * 1_000_000), BigInteger)
        self._connection.execute(update(welfare_homes).values(due_at=welfare_homes.c.due_at + by))

    def keep_threshold(self, row: Mapping[str, Any]) -> None:
        self._connection.execute(insert(welfare_thresholds), row)

    def thresholds(self, home_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """The latest word about each of these homes' thresholds."""
        query = select(welfare_thresholds).where(welfare_thresholds.c.home_id.in_(home_ids))
        rows = self._connection.execute(query.order_by(welfare_thresholds.c.at, welfare_thresholds.c.id))
        return {row.home_id: dict(row._mapping) for row in rows}


class Givens:
    """The shelf of signals."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, given: Given) -> None:
        row = {name: getattr(given, name) for name in Given.__slots__}
        self._connection.execute(insert(welfare_signals), row | {"joined": int(given.joined)})

    def get(self, id_: str) -> Given:
        """
        One of them.

        Raises:
            NotFound: there is none with this id.
        """
        row = self._connection.execute(select(welfare_signals).where(welfare_signals.c.id == id_)).first()
        if row is None:
            raise NotFound("There is no such signal.")
        return _given(row)

    def last_of(self, home_id: HomeId) -> Given | None:
        """The last signal of this home, whatever became of it; not what was missed."""
        query = select(welfare_signals).where(
            welfare_signals.c.home_id == home_id, welfare_signals.c.alarm_id.is_not(None)
        )
        row = self._connection.execute(query.order_by(welfare_signals.c.at.desc()).limit(1)).first()
        return None if row is None else _given(row)

    def recent(self, since: datetime, most: int) -> list[Given]:
        query = select(welfare_signals).where(welfare_signals.c.at >= since)
        rows = self._connection.execute(query.order_by(welfare_signals.c.at.desc()).limit(most))
        return [_given(row) for row in rows]

    def undecided(self, most: int) -> list[Given]:
        """Signals of which nobody knows yet what they were, the oldest first."""
        rows = self._connection.execute(select(welfare_signals).where(_OPEN).order_by(welfare_signals.c.at).limit(most))
        return [_given(row) for row in rows]

    def decide(self, id_: str, became: str, *, by: str, at: datetime) -> None:
        query = update(welfare_signals).where(welfare_signals.c.id == id_)
        self._connection.execute(query.values(became=became, became_by=by, became_at=at))

    def add_reasons(self, id_: str, reasons: Sequence[Mapping[str, Any]], score: float) -> None:
        query = update(welfare_signals).where(welfare_signals.c.id == id_)
        self._connection.execute(query.values(reasons=list(reasons), score=score))


class Around:
    """What others keep on file about a home: who is away, which alarm is open, when somebody last looked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def spans_away(
        self, served: Collection[ResidentId], since: datetime, now: datetime
    ) -> list[tuple[ResidentId, datetime, datetime]]:
        """
        From when until when each was away, lately or soon. Of one that was ended early nobody knows when: it is left
        out, and holds nothing back.
        """
        found = _AWAY.on(self._connection, served=list(served), since=since, now=now) if served else ()
        return [(ResidentId(row.resident_id), row.from_at, row.until_at) for row in found]

    def open_alarm(self, home_id: HomeId) -> AlarmId | None:
        """The alarm that is open at this home, whoever raised it and about whom; no exercise."""
        such = (alarms.c.home_id == home_id) & (alarms.c.cause != Cause.EXERCISE.value)
        found = Alarms(self._connection).open(such)
        return found[0].id if found else None

    def to_be_rung(self, home_id: HomeId) -> datetime | None:
        """Until when somebody is to ring this household; None where nobody is."""
        its = (follow_ups.c.home_id == home_id) & (follow_ups.c.about == RING) & follow_ups.c.done_at.is_(None)
        found: datetime | None = self._connection.execute(select(func.max(follow_ups.c.due_at)).where(its)).scalar()
        return found

    def settled(self, standing: Standing) -> datetime | None:
        """When somebody last looked, or reached them by telephone: what was before is settled."""
        rung = select(func.max(follow_ups.c.done_at)).where(
            follow_ups.c.home_id == standing.home_id, follow_ups.c.about == RING, follow_ups.c.done_by != SERVICE
        )  # fmt: skip
        known: list[datetime | None] = [standing.settled_at, self._connection.execute(rung).scalar()]
        known.append(_CLOSED.on(self._connection, home_id=standing.home_id).scalar())
        return max((each for each in known if each is not None), default=None)

    def pressed(self, since: datetime, most: int) -> list[Any]:
        """Signals that nobody but a living person gives: id, home_id, resident_id, received_at."""
        wanted = signals.c.event.in_([each.value for each in PRESSES]) & signals.c.home_id.is_not(None)
        query = select(signals.c.id, signals.c.home_id, signals.c.resident_id, signals.c.received_at).where(
            wanted, signals.c.received_at >= since, signals.c.trusted != 0
        )
        return list(self._connection.execute(query.order_by(signals.c.received_at).limit(most)))

    def outcomes(self, ids: Collection[AlarmId]) -> dict[AlarmId, tuple[Outcome, str, datetime]]:
        """How those of these alarms ended that are closed: the outcome, by whom, when."""
        query = select(alarms.c.id, alarms.c.outcome, alarms.c.closed_by, alarms.c.closed_at).where(
            alarms.c.id.in_(ids), alarms.c.outcome.is_not(None), alarms.c.closed_at.is_not(None)
        )
        return {
            AlarmId(row.id): (Outcome(row.outcome), row.closed_by, row.closed_at)
            for row in self._connection.execute(query)
        }  # fmt: skip


def _observation(row: Any) -> Observation:
    found = {name: getattr(row, name) for name in Observation.__slots__}
    return Observation(**found | {"kind": Kind(found["kind"])})


def _given(row: Any) -> Given:
    return Given(**dict(row._mapping) | {"joined": bool(row.joined)})
