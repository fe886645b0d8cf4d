"""
Gateways as they are heard, the times in which they were deaf, and the incidents that came of it.

One incident a gateway is open at a time; the database refuses a second, however often the supervisor starts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.engine import Row

from devices.rules.silence import Span
from devices.store.devices import devices, hearings, seen
from devices.store.waiting import Waiting
from dispatch.store.database import Instant, Json, insert_into, insert_once, metadata
from dispatch.store.people import homes
from dispatch.store.prepared import Prepared

gateways = Table(
    "gateways", metadata,
    Column("name", String(80), primary_key=True),
    Column("forwarding", Boolean, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("quiet_s", Float, nullable=False),
    Column("dismissed_at", Instant),
    Column("silent_s", Float, nullable=False, server_default="0"),
    Column("behind", String(80), nullable=False, server_default=""),
    Column("connected_at", Instant),
)  # fmt: skip
"""
`heard_at`: when it was last known to hear; `quiet_s`: how long we have listened since and heard nothing; `silent_s`:
how long it may be quiet, 0 for ever; `behind`: the edge it is wired to, empty if to us; `connected_at`: when its line
was last known to be there.
"""

deafness = Table(
    "deafness", metadata,
    Column("gateway", String(80), primary_key=True),
    Column("start", Instant, primary_key=True),
    Column("end", Instant, nullable=False),
)  # fmt: skip

incidents = Table(
    "incidents", metadata,
    Column("id", String(40), primary_key=True),
    Column("gateway", String(80), nullable=False),
    Column("why", String(12), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("told", Integer, nullable=False),
    Column("homes", Json, nullable=False),
    Column("devices", Integer, nullable=False),
    Column("owner", String(80), nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(80)),
)  # fmt: skip
"""`homes` are the codes of those left uncovered, `devices` how many were last heard there; `told` counts the pages."""
_OPEN = incidents.c.ended_at.is_(None)
Index("ix_incidents_open", incidents.c.gateway, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_incidents_opened_at", incidents.c.opened_at)

_INCIDENTS = Waiting(incidents, _OPEN)
_DEAF = Prepared(
    select(deafness)
    .where(deafness.c.gateway.in_(bindparam("names", expanding=True)), deafness.c.end > bindparam("since"))
    .order_by(deafness.c.start)
)

JAMMED = "jammed"
"""Why an incident is open whose gateway is there, and whose devices are kept from it."""
_JAMMED = Prepared(select(incidents.c.gateway).where(_OPEN, incidents.c.why == JAMMED))

COPY_US = 60_000_000
"""A gateway that heard the latest statement of a device up to a minute before the last one did heard it as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """A gateway as it is on file."""

    name: str
    forwarding: bool
    heard_at: datetime
    quiet_s: float
    dismissed_at: datetime | None = None
    silent_s: float = 0.0
    behind: str = ""
    connected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A gateway that heard nothing any more, and whom that leaves uncovered."""

    id: str
    gateway: str
    why: str
    began_at: datetime
    opened_at: datetime
    due_at: datetime | None
    told: int
    homes: tuple[str, ...]
    devices: int
    owner: str
    ended_at: datetime | None = None
    ended_by: str | None = None


class Gateways:
    """The shelf of gateways."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Ear]:
        return [Ear(**dict(row._mapping)) for row in self._connection.execute(select(gateways))]

    def heard(self, ears: Sequence[Ear]) -> None:
        """How each of these is now; one that is heard again is no longer dismissed."""
        rows = [{name: getattr(each, name) for name in Ear.__dataclass_fields__} for each in ears]
        if rows:
            insert_ = insert_into(gateways, self._connection.dialect.name)
            changes = {name: insert_.excluded[name] for name in rows[0] if name != "name"}
            self._connection.execute(insert_.on_conflict_do_update(index_elements=["name"], set_=changes), rows)

    def dismiss(self, name: str, at: datetime) -> None:
        """Nobody expects this gateway, or whatever is behind this edge, to be heard, until it is."""
        these = (gateways.c.name == name) | (gateways.c.behind == name)
        self._connection.execute(update(gateways).where(these).values(dismissed_at=at))

    def was_deaf(self, name: str, span: Span) -> None:
        row = {"gateway": name, "start": span.start, "end": span.end}
        self._connection.execute(insert_once(deafness, self._connection), row)

    def deaf(self, names: Collection[str], since: datetime) -> Mapping[str, tuple[Span, ...]]:
        """The spans in which these gateways heard nothing, as far as they reach beyond `since`."""
        found: dict[str, tuple[Span, ...]] = {}
        for row in _DEAF.on(self._connection, names=sorted(names), since=since):
            found[row.gateway] = (*found.get(row.gateway, ()), Span(start=row.start, end=row.end))
        return found

    def forget_deafness(self, before: datetime) -> None:
        """Spans that ended so long ago concern no device any more."""
        self._connection.execute(delete(deafness).where(deafness.c.end < before))

    def forget(self, name: str) -> None:
        """Nobody listens to it any more, because it is there no more."""
        self._connection.execute(delete(gateways).where(gateways.c.name == name))

    def uncovered(self, names: Collection[str], also: Collection[str]) -> tuple[tuple[str, ...], int]:
        """
        The codes of the homes whose devices were last heard by these gateways alone, and how many devices that are.

        `also` are other gateways that hear nothing at the moment: they cover nobody.
        """
        behind = self._behind(names)
        covered = (
            select(devices.c.home_id)
            .join(seen, seen.c.device_id == devices.c.id)
            .where(devices.c.retired_at.is_(None), _heard_by(lambda gateway: gateway.not_in([*names, *also])))
        )
        left = behind.with_only_columns(homes.c.code).where(homes.c.id.not_in(covered)).distinct()
        codes = sorted(row.code for row in self._connection.execute(left))
        count = self._connection.execute(select(func.count()).select_from(behind.subquery())).scalar_one()
        return tuple(codes), int(count)

    def _behind(self, names: Collection[str]) -> Select[Any]:
        """The devices in use that one of these heard last, alone or with others, or is the only one to hear."""
        never = seen.c.device_id.is_(None) & devices.c.gateway.in_(names)
        return (
            select(devices.c.id)
            .join(homes, homes.c.id == devices.c.home_id)
            .join(seen, seen.c.device_id == devices.c.id, isouter=True)
            .where(devices.c.retired_at.is_(None), never | _heard_by(lambda gateway: gateway.in_(names)))
        )


def _heard_by(such: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether such a gateway heard the last statement of a device, as the last one to or shortly before."""
    heard = select(hearings.c.device_id).where(
        hearings.c.device_id == devices.c.id,
        hearings.c.last_at >= seen.c.last_at - literal(COPY_US, BigInteger),
        such(hearings.c.gateway),
    )
    return such(seen.c.gateway) | heard.exists()


class Incidents:
    """The shelf of incidents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, incident: Incident) -> bool:
        """Opens it; False when this gateway has one already."""
        row = {name: getattr(incident, name) for name in Incident.__dataclass_fields__}
        done = self._connection.execute(insert_once(incidents, self._connection), row | {"homes": list(row["homes"])})
        return done.rowcount == 1

    def open_of(self, gateway: str) -> Incident | None:
        row = self._connection.execute(select(incidents).where(_OPEN, incidents.c.gateway == gateway)).first()
        return None if row is None else _incident(row)

    def all_open(self) -> list[Incident]:
        query = select(incidents).where(_OPEN).order_by(incidents.c.opened_at)
        return [_incident(row) for row in self._connection.execute(query)]

    def get(self, id_: str) -> Incident | None:
        row = self._connection.execute(select(incidents).where(incidents.c.id == id_)).first()
        return None if row is None else _incident(row)

    def recent(self, most: int, *, before: tuple[datetime, str] | None = None) -> list[Incident]:
        """The newest first; `before` is opening and id of the last one seen."""
        query = select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(most)
        if before is not None:
            at, id_ = before
            query = query.where((incidents.c.opened_at < at) | ((incidents.c.opened_at == at) & (incidents.c.id < id_)))
        return [_incident(row) for row in self._connection.execute(query)]

    def change(self, id_: str, **values: Any) -> bool:
        """Changes an open incident; False when it is over."""
        done = self._connection.execute(update(incidents).where(incidents.c.id == id_, _OPEN).values(**values))
        return done.rowcount == 1

    def tell(self, incident: Incident, *, told: int, due_at: datetime) -> bool:
        """It is told again; False when somebody else has, or it is over."""
        once = update(incidents).where(incidents.c.id == incident.id, incidents.c.told == incident.told, _OPEN)
        return self._connection.execute(once.values(told=told, due_at=due_at)).rowcount == 1

    def jammed(self) -> frozenset[str]:
        """The gateways whose devices are kept from them at the moment."""
        return frozenset(row.gateway for row in _JAMMED.on(self._connection))

    def shift_due(self, seconds: float) -> None:
        """Moves what waits, because somebody moved the clock."""
        _INCIDENTS.shift_due(self._connection, seconds)


def _incident(row: Row[Any]) -> Incident:
    return Incident(**dict(row._mapping) | {"homes": tuple(row.homes)})
