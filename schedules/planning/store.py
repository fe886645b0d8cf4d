"""Plans on file: asked for, being thought about, ready to be looked at, published; and the visits of each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)  # fmt: skip

from dispatch.ids import CarerId, StationId
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.people import stations


class State(StrEnum):
    """How far a plan is."""

    WAITING = "waiting"
    THINKING = "thinking"
    READY = "ready"
    FAILED = "failed"
    PUBLISHED = "published"
    UNDONE = "undone"
    DROPPED = "dropped"


visit_plans = Table(
    "visit_plans", metadata,
    Column("id", String(40), primary_key=True),
    Column("station_id", String(40), ForeignKey(stations.c.id)),
    Column("first_on", Date, nullable=False),
    Column("days", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("cost", Json),
    Column("rests", Json),
    Column("error", Text),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(80), nullable=False),
    Column("seen_at", Instant),
    Column("ended_at", Instant),
    Column("published_at", Instant),
    Column("published_by", String(80)),
    CheckConstraint(f"state IN ({','.join(repr(str(each)) for each in State)})", name="state"),
    CheckConstraint("days >= 1", name="days"),
    Index("ix_visit_plans_state", "state", "asked_at"),
)  # fmt: skip
"""`seen_at` is the last word of whoever thinks about it; a plan without one for a minute is taken up by another."""

plan_visits = Table(
    "plan_visits", metadata,
    Column("plan_id", String(40), ForeignKey(visit_plans.c.id), primary_key=True),
    Column("visit_id", String(40), primary_key=True),
    Column("resident_id", String(40), nullable=False, index=True),
    Column("home_id", String(40), nullable=False),
    Column("start_from", Instant, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("carers", Json, nullable=False),
    Column("had", Json, nullable=False),
    Column("start_at", Instant),
    Column("travel_s", Integer),
    Column("reason", String(12)),
    Column("why", Json),
    Column("refused", Text),
    Column("assigned_at", Instant),
)  # fmt: skip
"""`carers` whom the plan sends, `had` whom the visit had before; `travel_s` the way of the first of them to it."""

_PLAN_COLUMNS = tuple(column.name for column in visit_plans.columns)
_VISIT_COLUMNS = tuple(column.name for column in plan_visits.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One visit of a plan; `start_at` is None and `reason` says why where it is left out."""

    visit_id: str
    resident_id: str
    home_id: str
    start_from: datetime
    minutes: int
    carers: tuple[CarerId, ...] = ()
    had: tuple[CarerId, ...] = ()
    start_at: datetime | None = None
    travel_s: int | None = None
    reason: str | None = None
    why: Mapping[str, Any] | None = None
    refused: str | None = None
    assigned_at: datetime | None = None

    @property
    def changes(self) -> bool:
        """Whether the plan sends somebody else than the visit has."""
        return self.start_at is not None and set(self.carers) != set(self.had)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPlan:
    """A plan of `days` local days from `first_on`, for one station; `station_id` None is the whole district."""

    id: str
    station_id: StationId | None
    first_on: date
    days: int
    state: State
    seconds: int
    seed: int
    part: int = 0
    """Hundredths of the time that have gone."""
    cost: Mapping[str, int] | None = None
    rests: Sequence[Mapping[str, Any]] | None = None
    error: str | None = None
    asked_at: datetime
    asked_by: str
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    published_at: datetime | None = None
    published_by: str | None = None


class VisitPlans:
    """The shelf of both tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, plan: VisitPlan) -> None:
        """Puts a plan there."""
        values = {name: getattr(plan, name) for name in _PLAN_COLUMNS}
        self._connection.execute(insert(visit_plans).values({**values, "state": str(plan.state)}))

    def get(self, id_: str) -> VisitPlan | None:
        row = self._connection.execute(select(visit_plans).where(visit_plans.c.id == id_)).first()
        return None if row is None else _plan(row)

    def recent(self, most: int) -> list[VisitPlan]:
        """The newest first."""
        query = select(visit_plans).order_by(visit_plans.c.asked_at.desc(), visit_plans.c.id.desc()).limit(most)
        return [_plan(row) for row in self._connection.execute(query)]

    def to_think(self, stale: datetime) -> VisitPlan | None:
        """The oldest that waits, or whose thinker has said nothing since `stale`."""
        waits = visit_plans.c.state == State.WAITING
        left = (visit_plans.c.state == State.THINKING) & (visit_plans.c.seen_at < stale)
        row = self._connection.execute(select(visit_plans).where(waits | left).order_by(visit_plans.c.asked_at)).first()
        return None if row is None else _plan(row)

    def published_since(self, at: datetime) -> list[VisitPlan]:
        """Plans that were published after this instant."""
        query = select(visit_plans).where(visit_plans.c.published_at > at, visit_plans.c.state == State.PUBLISHED)
        return [_plan(row) for row in self._connection.execute(query)]

    def came_true_since(self, at: datetime) -> list[VisitPlan]:
        """Plans published since this instant, the newest last, also those that were taken back."""
        true = visit_plans.c.state.in_([State.PUBLISHED, State.UNDONE])
        query = select(visit_plans).where(visit_plans.c.published_at >= at, true).order_by(visit_plans.c.published_at)
        return [_plan(row) for row in self._connection.execute(query)]

    def turn(self, id_: str, states: Collection[State], **values: Any) -> bool:
        """Changes a plan that is in one of these states, and says whether it was."""
        plain = {name: str(value) if isinstance(value, State) else value for name, value in values.items()}
        change = update(visit_plans).where(visit_plans.c.id == id_, visit_plans.c.state.in_([*map(str, states)]))
        return bool(self._connection.execute(change.values(plain)).rowcount)

    def put_visits(self, plan_id: str, visits: Sequence[Planned]) -> None:
        """Replaces the visits of a plan."""
        self._connection.execute(delete(plan_visits).where(plan_visits.c.plan_id == plan_id))
        names = [name for name in _VISIT_COLUMNS if name != "plan_id"]
        rows = [
            {"plan_id": plan_id, **{name: getattr(each, name) for name in names}, "carers": list(each.carers),
             "had": list(each.had)}
            for each in visits
        ]  # fmt: skip
        if rows:
            self._connection.execute(insert(plan_visits), rows)

    def visits(self, plan_id: str) -> list[Planned]:
        """The visits of a plan, by their start; those left out by when they might have begun."""
        query = select(plan_visits).where(plan_visits.c.plan_id == plan_id)
        found = [_planned(row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda each: (each.start_at or each.start_from, each.visit_id))

    def starts(self, visit_ids: Collection[str]) -> dict[str, datetime]:
        """When the last published plan had these visits begin."""
        query = (
            select(plan_visits.c.visit_id, plan_visits.c.start_at)
            .join(visit_plans, visit_plans.c.id == plan_visits.c.plan_id)
            .where(visit_plans.c.state == State.PUBLISHED, plan_visits.c.visit_id.in_(list(visit_ids)))
            .where(plan_visits.c.assigned_at.is_not(None))
            .order_by(visit_plans.c.published_at)
        )
        return {row.visit_id: row.start_at for row in self._connection.execute(query) if row.start_at is not None}

    def refuse(self, plan_id: str, refused: Mapping[str, str]) -> None:
        """These visits could not be handed over: each with its word."""
        one = (plan_visits.c.plan_id == plan_id) & (plan_visits.c.visit_id == bindparam("visit"))
        change = update(plan_visits).where(one).values(assigned_at=None, refused=bindparam("word"))
        rows = [{"visit": id_, "word": word} for id_, word in refused.items()]
        if rows:
            self._connection.execute(change, rows)

    def assign(self, plan_id: str, at: datetime) -> None:
        """All of its visits that have a start and were not refused are handed over."""
        its = (plan_visits.c.plan_id == plan_id) & plan_visits.c.start_at.is_not(None)
        waits = plan_visits.c.assigned_at.is_(None) & plan_visits.c.refused.is_(None)
        self._connection.execute(update(plan_visits).where(its, waits).values(assigned_at=at))


def _plan(row: Any) -> VisitPlan:
    return VisitPlan(**{**row._mapping, "state": State(row.state)})


def _planned(row: Any) -> Planned:
    values = {name: value for name, value in row._mapping.items() if name != "plan_id"}
    return Planned(**{**values, "carers": tuple(row.carers), "had": tuple(row.had)})
