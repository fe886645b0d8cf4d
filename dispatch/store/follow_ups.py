"""What has to be done by a person afterwards, on file; and when each way in was looked at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, func, insert, select, update

from dispatch.errors import NotFound
from dispatch.ids import HomeId, ResidentId, StationId
from dispatch.rules.follow_ups import Kind
from dispatch.store.database import Instant, insert_once, metadata

follow_ups = Table(
    "follow_ups", metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("key", String(120), nullable=False, unique=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), index=True),
    Column("home_id", String(40), ForeignKey("homes.id"), index=True),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("about", String(120), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("by", String(80), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("done_by", String(80)),
)  # fmt: skip
"""`key` says what it is about, so that it is opened once; `about` is a code, of the device to collect for example."""
_OPEN = follow_ups.c.done_at.is_(None)
Index("ix_follow_ups_open", follow_ups.c.due_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

key_checks = Table(
    "key_checks", metadata,
    Column("id", String(40), primary_key=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("found", String(12), nullable=False),
    Index("ix_key_checks_home_id", "home_id", "at"),
)  # fmt: skip
"""Who looked at the key box and the way in, and whether they are as the file says: `good`, `changed` or `bad`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One thing to be done by `owner` (a person's reference, or empty for whoever is on watch) until `due_at`."""

    id: str
    kind: Kind
    key: str
    resident_id: ResidentId | None
    home_id: HomeId | None
    station_id: StationId | None
    about: str
    owner: str
    by: str
    opened_at: datetime
    due_at: datetime
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCheck:
    """Somebody looked at the way into a home."""

    id: str
    home_id: HomeId
    at: datetime
    by: str
    found: str


class FollowUps:
    """The shelf of what has to be done."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, follow_up: FollowUp) -> bool:
        """False where the same was asked for before."""
        row = {name: getattr(follow_up, name) for name in FollowUp.__slots__} | {"kind": follow_up.kind.value}
        return bool(self._connection.execute(insert_once(follow_ups, self._connection), row).rowcount)

    def get(self, id_: str) -> FollowUp:
        """
        One of them.

        Raises:
            NotFound: there is none with this id.
        """
        row = self._connection.execute(select(follow_ups).where(follow_ups.c.id == id_)).first()
        if row is None:
            raise NotFound("There is no such task.")
        return _value(row)

    def to_do(self, most: int) -> list[FollowUp]:
        """All that are not done, the most urgent first."""
        query = select(follow_ups).where(_OPEN).order_by(follow_ups.c.due_at, follow_ups.c.id).limit(most)
        return [_value(row) for row in self._connection.execute(query)]

    def done_lately(self, most: int) -> list[FollowUp]:
        query = select(follow_ups).where(~_OPEN).order_by(follow_ups.c.done_at.desc()).limit(most)
        return [_value(row) for row in self._connection.execute(query)]

    def of_resident(self, id_: ResidentId) -> list[FollowUp]:
        query = select(follow_ups).where(follow_ups.c.resident_id == id_, _OPEN).order_by(follow_ups.c.due_at)
        return [_value(row) for row in self._connection.execute(query)]

    def opened(self, kind: Kind, resident_id: ResidentId, since: datetime) -> list[datetime]:
        """When such were opened for this resident."""
        query = select(follow_ups.c.opened_at).where(
            follow_ups.c.resident_id == resident_id, follow_ups.c.kind == kind.value, follow_ups.c.opened_at >= since
        )
        return list(self._connection.execute(query).scalars())

    def open_of(self, kind: Kind) -> int:
        """How many of this kind nobody has done yet."""
        query = select(func.count()).select_from(follow_ups).where(follow_ups.c.kind == kind.value, _OPEN)
        return int(self._connection.execute(query).scalar_one())

    def late(self, now: datetime) -> int:
        """How many should have been done before now."""
        query = select(func.count()).select_from(follow_ups).where(_OPEN, follow_ups.c.due_at < now)
        return int(self._connection.execute(query).scalar() or 0)

    def change(self, id_: str, **changes: Any) -> bool:
        """Sets columns of one that is not done; False where it is."""
        query = update(follow_ups).where(follow_ups.c.id == id_, _OPEN).values(**changes)
        return bool(self._connection.execute(query).rowcount)

    def done_for(self, kind: Kind, *, key: str, at: datetime, by: str) -> bool:
        """What it was about has happened by itself; False where it was done before."""
        query = update(follow_ups).where(follow_ups.c.kind == kind.value, follow_ups.c.key.startswith(key), _OPEN)
        return bool(self._connection.execute(query.values(done_at=at, done_by=by)).rowcount)


class KeyChecks:
    """The shelf of looks at the way in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, check: KeyCheck) -> None:
        self._connection.execute(insert(key_checks), {name: getattr(check, name) for name in KeyCheck.__slots__})

    def of_home(self, id_: HomeId, most: int) -> list[KeyCheck]:
        """The newest first."""
        query = select(key_checks).where(key_checks.c.home_id == id_).order_by(key_checks.c.at.desc()).limit(most)
        return [KeyCheck(**dict(row._mapping)) for row in self._connection.execute(query)]

    def unchecked(self, since: datetime, most: int, *, but: Collection[str] = ()) -> list[HomeId]:
        """Homes in use with a way in on file that nobody looked at since then, and that nobody was asked to look at."""
        homes = metadata.tables["homes"]
        checked = select(key_checks.c.id).where(key_checks.c.home_id == homes.c.id, key_checks.c.at > since).exists()
        asked = select(follow_ups.c.id).where(
            follow_ups.c.home_id == homes.c.id, follow_ups.c.kind == Kind.KEY_CHECK.value, _OPEN
        ).exists()  # fmt: skip
        query = select(homes.c.id).where(
            homes.c.entry != "", homes.c.ended_at.is_(None), ~checked, ~asked, homes.c.id.not_in(but)
        )
        return [HomeId(each) for each in self._connection.execute(query.order_by(homes.c.id).limit(most)).scalars()]


def _value(row: Any) -> FollowUp:
    found = dict(row._mapping)
    return FollowUp(**found | {"kind": Kind(found["kind"])})
