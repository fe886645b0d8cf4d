"""
The vigils kept over devices: how each one is, and when to look at it again.

A sign of life is written to `seen` and leaves the vigil alone. Only when the vigil falls due does anybody look whether
there was one, and puts it off by what is left: so a device that speaks every minute costs a look every few intervals,
and one without an interval costs none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    update,
)

from devices.rules.silence import Health
from devices.store.devices import devices, seen
from devices.store.gateways import gateways
from dispatch.ids import DeviceId
from dispatch.store.database import Instant, insert_once, metadata, upsert
from dispatch.store.prepared import Prepared

vigils = Table(
    "vigils", metadata,
    Column("device_id", String(40), ForeignKey("devices.id"), primary_key=True),
    Column("due_at", Instant),
    Column("health", String(8), nullable=False),
    Column("health_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Column("proven_at", Instant),
    Column("silent_s", Float),
    CheckConstraint("health IN ('well','late','offline')", name="health"),
)  # fmt: skip
"""
`since`: when it was handed out; `proven_at`: when a test press was first seen from it; `silent_s`: silent for so long
it must have a case, by the rule it was last judged by, for the auditor to go by; None while it need not speak.
"""
_WAITS = vigils.c.due_at.is_not(None)
Index("ix_vigils_due_at", vigils.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
ILL = vigils.c.health != "well"
Index("ix_vigils_ill", vigils.c.health, sqlite_where=ILL, postgresql_where=ILL)
_UNPROVEN = vigils.c.proven_at.is_(None)
Index("ix_vigils_unproven", vigils.c.device_id, sqlite_where=_UNPROVEN, postgresql_where=_UNPROVEN)
_NEXT_VIGILS = Prepared(select(func.min(vigils.c.due_at).label("at")).where(_WAITS))


rounds = Table(
    "rounds", metadata,
    Column("name", String(16), primary_key=True),
    Column("after", String(40), nullable=False),
)  # fmt: skip
"""A look at everybody that is not over: how far it has come, in the order of ids."""
_ROUND = "vigils"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """A device with everything that its state is judged by; `listened_until` None: its gateway is not known."""

    device_id: DeviceId
    code: str
    kind: str
    protocol: str
    address: str
    home_id: str
    gateway: str
    health: Health
    health_at: datetime
    since: datetime
    last_at: datetime | None
    listened_until: datetime | None
    battery_low: bool
    fault: str | None
    fault_at: datetime | None


_DUE = Prepared(
    select(vigils.c.device_id).where(vigils.c.due_at <= bindparam("now")).order_by(vigils.c.due_at)
    .limit(bindparam("most"))
)  # fmt: skip
_FAR = Prepared(select(rounds.c.after).where(rounds.c.name == _ROUND))
_NEXT_OF_ROUND = Prepared(
    select(vigils.c.device_id).where(vigils.c.device_id > bindparam("after"), _WAITS).order_by(vigils.c.device_id)
    .limit(bindparam("most"))
)  # fmt: skip
_GATEWAY = func.coalesce(seen.c.gateway, devices.c.gateway)
_LOOK = Prepared(
    select(
        vigils.c.device_id, vigils.c.health, vigils.c.health_at, vigils.c.since, devices.c.code, devices.c.kind,
        devices.c.protocol,
        devices.c.address, devices.c.home_id, _GATEWAY.label("gateway"), seen.c.last_at,
        gateways.c.heard_at.label("listened_until"), func.coalesce(seen.c.battery_low, False).label("battery_low"),
        seen.c.fault, seen.c.fault_at,
    )
    .join(devices, devices.c.id == vigils.c.device_id)
    .join(seen, seen.c.device_id == vigils.c.device_id, isouter=True)
    .join(gateways, (gateways.c.name == _GATEWAY) & gateways.c.dismissed_at.is_(None), isouter=True)
    .where(vigils.c.device_id.in_(bindparam("ids", expanding=True)), devices.c.retired_at.is_(None))
    .order_by(vigils.c.due_at)
)  # fmt: skip
_JUDGED = Prepared(update(vigils).where(vigils.c.device_id == bindparam("its_id")))
FEW = 200
_FEW = Prepared(select(vigils.c.device_id).where(ILL).limit(FEW + 1))
_ILL_AMONG = select(vigils.c.device_id).where(ILL, vigils.c.device_id.in_(bindparam("ids", expanding=True)))
_LOOK_NOW = update(vigils).where(vigils.c.device_id.in_(bindparam("ids", expanding=True)))


class Vigils:
    """The shelf of vigils."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, ids: Collection[DeviceId], now: datetime) -> None:
        """Somebody looks after these devices from now on, if nobody did; the first look is at once."""
        rows = [
            {
                "device_id": id_,
                "due_at": now,
                "health": "well",
                "health_at": now,
                "since": now,
                "proven_at": None,
                "silent_s": None,
            }
            for id_ in ids
        ]
        if rows:
            self._connection.execute(insert_once(vigils, self._connection), rows)

    def end(self, id_: DeviceId) -> None:
        """Nobody looks after a device that is not in use."""
        self._connection.execute(delete(vigils).where(vigils.c.device_id == id_))

    def due(self, now: datetime, most: int) -> list[DeviceId]:
        """Those whose time has come, the longest overdue first."""
        return [DeviceId(row.device_id) for row in _DUE.on(self._connection, now=now, most=most)]

    def next_due(self) -> datetime | None:
        found: datetime | None = _NEXT_VIGILS.on(self._connection).scalar()
        return found

    def look(self, ids: Sequence[DeviceId]) -> list[Vigil]:
        """What is known of these devices."""
        found = _LOOK.on(self._connection, ids=list(ids))
        return [Vigil(**row._asdict() | {"health": Health(row.health)}) for row in found]

    def judged(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """What became of them: `its_id`, `due_at`, `health`, `health_at`, `silent_s`."""
        if rows:
            _JUDGED.each(self._connection, rows)

    def ill_among(self, ids: Collection[DeviceId]) -> list[DeviceId]:
        """Those of these devices that are late or offline; where few are, they are read without asking for each."""
        few = [DeviceId(row.device_id) for row in _FEW.on(self._connection)]
        if len(few) <= FEW:
            return [id_ for id_ in few if id_ in set(ids)] if few else []
        found = self._connection.execute(_ILL_AMONG, {"ids": list(ids)})
        return [DeviceId(row.device_id) for row in found]

    def look_now(self, ids: Collection[DeviceId], now: datetime) -> None:
        """Something about these has to be looked at now."""
        if ids:
            self._connection.execute(_LOOK_NOW, {"ids": list(ids), "due_at": now})

    def proven(self, id_: DeviceId, at: datetime) -> None:
        """A test press was seen from it."""
        first = update(vigils).where(vigils.c.device_id == id_, _UNPROVEN)
        self._connection.execute(first.values(proven_at=at))

    def is_proven(self, id_: DeviceId) -> bool:
        query = select(vigils.c.proven_at).where(vigils.c.device_id == id_)
        return self._connection.execute(query).scalar() is not None

    def begun_by_now(self, ids: Collection[DeviceId], now: datetime) -> None:
        """No vigil began in the future."""
        ahead = update(vigils).where(vigils.c.device_id.in_(ids), vigils.c.since > now)
        self._connection.execute(ahead.values(since=now))

    def look_at_all(self) -> None:
        """
        Whoever waits is looked at, a part at a time: the clock was set back so far that nobody knows for how long they
        would. One row is written; moving a hundred thousand takes 0.1 s, for which a press would wait.
        """
        upsert(rounds, self._connection, "name", {"name": _ROUND, "after": ""})

    def round(self, most: int) -> list[DeviceId] | None:
        """The next of those to be looked at without being due; None when nobody is."""
        after = _FAR.on(self._connection).scalar()
        if after is None:
            return None
        found = _NEXT_OF_ROUND.on(self._connection, after=after, most=most)
        return [DeviceId(row.device_id) for row in found]

    def round_is_at(self, id_: DeviceId | None) -> None:
        """Everybody up to this one was looked at; None when that was everybody."""
        if id_ is None:
            self._connection.execute(delete(rounds).where(rounds.c.name == _ROUND))
        else:
            self._connection.execute(update(rounds).where(rounds.c.name == _ROUND).values(after=id_))
