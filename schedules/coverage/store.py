"""Gaps of coverage on file, what was looked at last, and what coverage reads that no other shelf tells."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    String,
    Table,
    Text,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from dispatch.ids import CarerId, StationId
from dispatch.reachability import RATES_OVER, REFUSED_MIN
from dispatch.rules.people import carer
from dispatch.rules.place import Position
from dispatch.store.database import Instant, Json, insert_once, metadata, upsert
from dispatch.store.people import carers, homes, stations
from dispatch.store.reach_tests import ReachTests, reach_tests
from dispatch.store.replies import replies
from schedules.coverage.rules.reach import Gap, Reason
from schedules.coverage.rules.standing import AHEAD, CLOSED_FOR, Standing, Told
from schedules.duty.store import Shifts

ReadingEngine = Engine
"""What the agents read through, named here so that they need not know the library."""

_SECOND = timedelta(seconds=1)

coverage_gaps = Table(
    "coverage_gaps", metadata,
    Column("id", String(40), primary_key=True),
    Column("community", String(120), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("homes", Json, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("told_at", Instant),
    Column("homes_told", Integer, nullable=False, server_default="0"),
    Column("length_told_s", BigInteger, nullable=False, server_default="0"),
    Column("closed_at", Instant),
    Column("closing_told", Integer, nullable=False, server_default="0"),
    CheckConstraint("end_at > start_at", name="end_at"),
    CheckConstraint("reason IN ('nobody_on_duty','nobody_reachable','too_far')", name="reason"),
    Index("ix_coverage_gaps_closed_at", "closed_at"),
)  # fmt: skip
"""`homes` are codes; `told` is 1 a week ahead, 2 a day, 3 an hour; a gap that has passed is closed at its end."""

coverage_looks = Table(
    "coverage_looks", metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("shifts_version", Integer, nullable=False),
    Column("homes", Integer, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("facts", Json, nullable=False),
    Column("told_at", Instant),
    Column("trouble", Text),
    Column("seen", String(64), nullable=False, server_default=""),
    Column("claimed_until", Instant),
    CheckConstraint("id = 1", name="one_row"),
)  # fmt: skip
"""
One row: the last look. `trouble` says why the newest try gave nothing; `told_at` when the last letter went out;
`seen` is what it was worked out from, hashed, and `claimed_until` keeps a second engine from doing the same work.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was looked at last: from `at` on, until `until`, how many homes, and what was left out (`facts`)."""

    at: datetime
    until: datetime
    shifts_version: int
    homes: int
    took_ms: int
    facts: dict[str, Any]
    told_at: datetime | None = None
    trouble: str | None = None
    seen: str = ""


_OF_LOOK = tuple(each.name for each in fields(Look))


class Gaps:
    """The shelf of gaps and of the last look."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self) -> list[Standing]:
        """Those that are still there, by their beginning."""
        return self._where(coverage_gaps.c.closed_at.is_(None))

    def unsettled(self) -> list[Standing]:
        """Those that are still there, and closed ones of which people may still have to hear."""
        silent = (coverage_gaps.c.told > 0) & (coverage_gaps.c.closing_told == 0)
        return self._where(or_(coverage_gaps.c.closed_at.is_(None), silent))

    def has_news(self, now: datetime) -> bool:
        """Whether there may be something to tell: asked every few seconds, so that rows are read only when there is."""
        gap = coverage_gaps.c
        nearer = or_(*((gap.told < told) & (gap.start_at <= now + ahead) for told, ahead in AHEAD.items()))
        opened = gap.closed_at.is_(None) & (gap.end_at > now) & nearer
        closed = (gap.told > 0) & (gap.closing_told == 0) & (gap.closed_at <= now - CLOSED_FOR)
        return self._connection.execute(select(gap.id).where(or_(opened, closed)).limit(1)).first() is not None

    def put(self, rows: Collection[Standing]) -> None:
        """New rows."""
        if rows:
            self._connection.execute(insert(coverage_gaps), [_plain(each) for each in rows])

    def change(self, row: Standing) -> None:
        values = _plain(row)
        self._connection.execute(update(coverage_gaps).where(coverage_gaps.c.id == values.pop("id")).values(**values))

    def look(self) -> Look | None:
        """The last look; None before the first."""
        row = self._connection.execute(
            select(coverage_looks).where(coverage_looks.c.until > coverage_looks.c.at)
        ).first()
        if row is None:
            return None
        return Look(**{name: value for name, value in row._mapping.items() if name in _OF_LOOK})

    def claim(self, now: datetime, until: datetime) -> bool:
        """Whether the work is the caller's, until then; somebody else's claim that has ended counts no more."""
        empty = {"id": 1, "at": now, "until": now, "shifts_version": -1, "homes": 0, "took_ms": 0, "facts": {}}
        self._connection.execute(insert_once(coverage_looks, self._connection).values(**empty))
        held = coverage_looks.c.claimed_until
        # One that lies further ahead than any claim is of a clock that was set back.
        is_free = or_(held.is_(None), held <= now, held > until)
        taken = self._connection.execute(update(coverage_looks).where(is_free).values(claimed_until=until))
        return bool(taken.rowcount)

    def keep_look(self, look: Look) -> None:
        """The claim ends with it."""
        values = {name: getattr(look, name) for name in _OF_LOOK}
        upsert(coverage_looks, self._connection, "id", {"id": 1, **values, "claimed_until": None})

    def _where(self, condition: Any) -> list[Standing]:
        query = select(coverage_gaps).where(condition).order_by(coverage_gaps.c.start_at, coverage_gaps.c.community)
        return [_standing(row) for row in self._connection.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A home that is served, as far as a page of coverage shows it."""

    id: str
    code: str
    address: str
    station_id: StationId | None
    community: str
    position: Position | None


def lived_in(connection: Connection) -> list[Lived]:
    """Every home that is served, each with the community it is counted under."""
    counted = func.coalesce(func.nullif(homes.c.community, ""), func.nullif(homes.c.street, ""), stations.c.name, "")
    query = (
        select(homes.c.id, homes.c.code, homes.c.address, homes.c.station_id, homes.c.lat, homes.c.lng, counted)
        .select_from(homes.outerjoin(stations, stations.c.id == homes.c.station_id))
        .where(homes.c.ended_at.is_(None))
        .order_by(homes.c.code)
    )
    return [
        Lived(id=id_, code=code, address=address, station_id=station, community=community,
              position=None if lat is None or lng is None else Position(lat, lng))
        for id_, code, address, station, lat, lng, community in connection.execute(query)
    ]  # fmt: skip


def signature(connection: Connection, now: datetime) -> str:
    """
    A value that is another one whenever coverage may have become another: shifts, homes, carers, stations, tests,
    numbers that take nothing.

    Sums are done in the database; 20,000 homes take some milliseconds and hold nobody up.
    """

    def of(*columns: Any) -> Sequence[Any]:
        return tuple(connection.execute(select(*columns)).one())

    def yes(column: Any) -> Any:
        return func.sum(case((column, 1), else_=0))

    tests = select(reach_tests.c.state, func.count(), func.max(reach_tests.c.ended_at)).group_by(reach_tests.c.state)
    parts = (
        (Shifts(connection).version(),),
        of(func.count(), func.sum(homes.c.version), func.count(homes.c.ended_at)),
        of(func.count(), func.sum(carers.c.version), func.count(carers.c.ended_at), func.count(carers.c.phone),
           yes(carers.c.suspended), yes(carers.c.opted_out)),
        of(func.count(), func.sum(stations.c.version)),
        *sorted(map(str, connection.execute(tests))),
        tuple(ReachTests(connection).untaken(now - RATES_OVER, REFUSED_MIN)),
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def last_heard(connection: Connection) -> dict[CarerId, datetime]:
    """
    When each carer who was ever asked last answered a test, or said anything else; those who never did have the time
    of their first test.
    """
    of_carer = reach_tests.c.carer_id
    asked = select(of_carer, func.min(reach_tests.c.asked_at)).where(reach_tests.c.asked_at.is_not(None))
    answered = select(of_carer, func.max(reach_tests.c.ended_at)).where(reach_tests.c.state == "answered")
    heard = {row[0]: row[1] for row in connection.execute(asked.group_by(of_carer))}
    heard |= {row[0]: row[1] for row in connection.execute(answered.group_by(of_carer)) if row[1] is not None}
    said = select(replies.c.person, func.max(replies.c.received_at)).where(replies.c.person.like("carer:%"))
    spoken = {row[0]: row[1] for row in connection.execute(said.group_by(replies.c.person))}
    return {id_: max(at, spoken.get(carer(id_), at)) for id_, at in heard.items()}


def _plain(row: Standing) -> dict[str, Any]:
    return {
        "id": row.id, "community": row.gap.community, "reason": str(row.gap.reason), "start_at": row.gap.start_at,
        "end_at": row.gap.end_at, "homes": list(row.gap.homes), "found_at": row.found_at, "told": int(row.told),
        "told_at": row.told_at, "homes_told": row.homes_told, "length_told_s": row.length_told // _SECOND,
        "closed_at": row.closed_at, "closing_told": int(row.closing_told),
    }  # fmt: skip


def _standing(row: Any) -> Standing:
    gap = Gap(
        community=row.community, reason=Reason(row.reason), start_at=row.start_at, end_at=row.end_at,
        homes=tuple(row.homes),
    )  # fmt: skip
    return Standing(
        id=row.id, gap=gap, found_at=row.found_at, told=Told(row.told), told_at=row.told_at,
        homes_told=row.homes_told, length_told=row.length_told_s * _SECOND, closed_at=row.closed_at,
        closing_told=bool(row.closing_told),
    )  # fmt: skip
