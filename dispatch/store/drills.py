"""Drills: exercises on a real path, with what came of each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    String,
    Table,
    func,
    insert,
    literal,
    select,
    update,
)

from dispatch.ids import AlarmId
from dispatch.rules.people import Person
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import Prepared

drills = Table(
    "drills", metadata,
    Column("id", String(40), primary_key=True),
    Column("gateway", String(64), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("by", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("alarm_id", String(40)),
    Column("raised_at", Instant),
    Column("taken_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("lacking", String(40)),
    CheckConstraint("state IN ('running','passed','failed','broken_off')", name="state"),
    Index("ix_drills_path", "gateway", "provider", "channel", "begun_at"),
)  # fmt: skip
_WAITS = drills.c.due_at.is_not(None)
Index("ix_drills_due", drills.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_OF_DRILL = tuple(drills.columns.keys())
_NEXT = Prepared(select(func.min(drills.c.due_at).label("at")).where(_WAITS))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Path:
    """A way an alarm may take: heard by this gateway, told by this provider through this channel."""

    gateway: str
    provider: str
    channel: str

    def __str__(self) -> str:
        return f"{self.gateway} → {self.provider} {self.channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """
    One exercise. `by` is the person who ordered it; `lacking` says what did not happen.

        running ──► passed        raised, taken by the provider, answered by a person
           ├──────► failed        at its time: `lacking` is raised, taken or answered
           └──────► broken_off    somebody needed help in earnest
    """

    id: str
    gateway: str
    provider: str
    channel: str
    by: Person
    state: str
    begun_at: datetime
    due_at: datetime | None
    alarm_id: AlarmId | None = None
    raised_at: datetime | None = None
    taken_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    lacking: str | None = None

    @property
    def path(self) -> Path:
        return Path(gateway=self.gateway, provider=self.provider, channel=self.channel)

    @property
    def subject(self) -> str:
        """What its alarm is about: a device of a protocol that no gateway speaks."""
        return f"{SUBJECT}{self.id}"


SUBJECT = "device:drill:"


class Drills:
    """The shelf of drills."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, drill: Drill) -> None:
        self._connection.execute(insert(drills).values({name: getattr(drill, name) for name in _OF_DRILL}))

    def get(self, id_: str) -> Drill | None:
        row = self._connection.execute(select(drills).where(drills.c.id == id_)).first()
        return None if row is None else _drill(row)

    def change(self, id_: str, **values: object) -> None:
        self._connection.execute(update(drills).where(drills.c.id == id_).values(**values))

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(drills.c.id).where(drills.c.due_at <= now).order_by(drills.c.due_at).limit(most)
        return [str(row[0]) for row in self._connection.execute(query)]

    def next_due(self) -> datetime | None:
        found: datetime | None = _NEXT.on(self._connection).scalar()
        return found

    def of_alarm(self, subject: str) -> Drill | None:
        """The drill that an alarm with this subject belongs to."""
        return self.get(subject.removeprefix(SUBJECT)) if subject.startswith(SUBJECT) else None

    def running(self) -> Drill | None:
        """The one that runs; there is never a second."""
        row = self._connection.execute(select(drills).where(_WAITS).order_by(drills.c.begun_at)).first()
        return None if row is None else _drill(row)

    def recent(self, most: int) -> list[Drill]:
        query = select(drills).order_by(drills.c.begun_at.desc(), drills.c.id.desc()).limit(most)
        return [_drill(row) for row in self._connection.execute(query)]

    def last_begun(self) -> datetime | None:
        found: datetime | None = self._connection.execute(select(func.max(drills.c.begun_at))).scalar()
        return found

    def passed(self) -> dict[Path, datetime]:
        """When each path was last shown to work."""
        return self._last(drills.c.state == "passed")

    def tried(self) -> dict[Path, datetime]:
        """When each path was last tried, whatever came of it."""
        return self._last(drills.c.state != "running")

    def _last(self, which: object) -> dict[Path, datetime]:
        path = (drills.c.gateway, drills.c.provider, drills.c.channel)
        rows = self._connection.execute(select(*path, func.max(drills.c.begun_at)).where(which).group_by(*path))  # type: ignore[arg-type]
        return {Path(gateway=row[0], provider=row[1], channel=row[2]): row[3] for row in rows}

    def shift_due(self, seconds: float) -> None:
        """Moves what waits, because somebody moved the clock."""
        moved = {"due_at": drills.c.due_at + literal(round(seconds * 1_000_000), BigInteger)}
        self._connection.execute(update(drills).where(_WAITS).values(**moved))


def _drill(row: object) -> Drill:
    return Drill(**{name: getattr(row, name) for name in _OF_DRILL})
