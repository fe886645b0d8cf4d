"""What was said about visits, on file: points and photos, never changed; findings, and how each was resolved."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
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
    func,
    insert,
    select,
    update,
)

from dispatch.ids import CarerId, HomeId, ResidentId
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.people import homes, residents
from dispatch.store.prepared import Prepared, once
from dispatch.store.signals import signals
from schedules.care.rules.evidence import Entry, Finding, Trip
from schedules.care.rules.presence import Photo, Point, Way, Which
from schedules.care.store.visits import visit_carers, visits

visit_points = Table(
    "visit_points", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("visit_id", String(40), ForeignKey("visits.id"), nullable=False, index=True),
    Column("which", String(8), nullable=False),
    Column("way", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("carer_id", String(40), ForeignKey("carers.id")),
    Column("lat", Float), Column("lng", Float), Column("accuracy_m", Integer),
    Column("proof", String(60)),
    Column("reason", Text),
    Column("approved_by", String(80)), Column("approved_at", Instant),
    CheckConstraint("which IN ('begin','finish','confirm')", name="which"),
    CheckConstraint("approved_by IS NULL OR approved_by != \"by\"", name="two_people"),
    Index("ix_visit_points_carer_id", "carer_id", "received_at"),
    Index("ix_visit_points_place", "lat", "lng"),
)  # fmt: skip
"""`key` is the same for every copy of one statement: a text, a press of a button, a signal. WGS-84."""

visit_photos = Table(
    "visit_photos", metadata,
    Column("id", String(40), primary_key=True),
    Column("visit_id", String(40), ForeignKey("visits.id"), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Column("taken_at", Instant),
    Column("carer_id", String(40), ForeignKey("carers.id")),
    Column("by", String(80), nullable=False),
    Index("ix_visit_photos_once", "visit_id", "sha256", unique=True),
)  # fmt: skip

visit_findings = Table(
    "visit_findings", metadata,
    Column("id", String(40), primary_key=True),
    Column("visit_id", String(40), ForeignKey("visits.id"), nullable=False),
    Column("code", String(24), nullable=False),
    Column("evidence", Json, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("resolution", String(12)),
    Column("resolved_by", String(80)),
    Column("resolved_at", Instant),
    CheckConstraint("resolution IS NULL OR resolution IN ('accepted','rejected','cleared')", name="resolution"),
    Index("ix_visit_findings_once", "visit_id", "code", unique=True),
    Index("ix_visit_findings_found_at", "resolution", "found_at"),
)  # fmt: skip
"""
`resolution`: None while it waits for a human, `accepted` (the evidence is enough), `rejected` (the visit does not
count), `cleared` (it is found no more).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One finding on file."""

    id: str
    visit_id: str
    code: str
    evidence: Mapping[str, Fact]
    found_at: datetime
    resolution: str | None = None
    resolved_by: Person | None = None
    resolved_at: datetime | None = None

    @property
    def blocks(self) -> bool:
        """Whether the visit does not count because of it."""
        return self.resolution not in {"accepted", "cleared"}


_ADD, _ADD_PHOTO, _ADD_FINDING = once(visit_points), once(visit_photos), Prepared(insert(visit_findings))
_POINTS = Prepared(
    select(visit_points)
    .where(visit_points.c.visit_id.in_(bindparam("ids", expanding=True)))
    .order_by(visit_points.c.received_at, visit_points.c.id)
)
_PHOTOS = Prepared(
    select(visit_photos)
    .where(visit_photos.c.visit_id == bindparam("id"))
    .order_by(visit_photos.c.received_at, visit_photos.c.id)
)
_SHOWN_BEFORE = Prepared(
    select(visit_photos.c.visit_id)
    .where(
        visit_photos.c.sha256 == bindparam("sha256"), visit_photos.c.visit_id != bindparam("but"),
        visit_photos.c.received_at <= bindparam("received_at"),
    )
    .order_by(visit_photos.c.received_at).limit(1)
)  # fmt: skip
_MINE, _OTHER = visit_points.alias("mine"), visit_points.alias("other")
_SAME_PLACE = Prepared(
    select(_MINE.c.id, _OTHER.c.visit_id)
    .where(
        _MINE.c.visit_id == bindparam("id"), _OTHER.c.visit_id != bindparam("id"), _OTHER.c.lat == _MINE.c.lat,
        _OTHER.c.lng == _MINE.c.lng, _OTHER.c.which != Which.CONFIRM.value,
    )
    .order_by(_OTHER.c.received_at.desc())
)  # fmt: skip
_TRIPS = Prepared(
    select(visit_carers, visits.c.sound, homes.c.lat, homes.c.lng)
    .join(visits, visits.c.id == visit_carers.c.visit_id)
    .join(homes, homes.c.id == visits.c.home_id)
    .where(
        visit_carers.c.carer_id.in_(bindparam("carers", expanding=True)), visit_carers.c.visit_id != bindparam("but"),
        visit_carers.c.begun_at <= bindparam("end"), visit_carers.c.finished_at >= bindparam("start"),
    )
)  # fmt: skip
_ENTRIES = Prepared(
    select(visit_points.c.visit_id, visit_points.c.carer_id, visit_points.c.received_at).where(
        visit_points.c.carer_id.in_(bindparam("carers", expanding=True)),
        visit_points.c.received_at >= bindparam("start"), visit_points.c.received_at <= bindparam("end"),
        visit_points.c.way != Way.OFFICE.value,
    )
)  # fmt: skip
_END_OF = Prepared(select(residents.c.died_on, residents.c.ended_at).where(residents.c.id == bindparam("id")))
_FINDINGS = Prepared(
    select(visit_findings)
    .where(visit_findings.c.visit_id.in_(bindparam("ids", expanding=True)))
    .order_by(visit_findings.c.found_at, visit_findings.c.id)
)


class Points:
    """The shelf of points and photos, and of what else a judgement looks at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, point: Point, key: str) -> bool:
        """Keeps a point; False where the same statement is on file."""
        return _ADD.on(self._connection, **_point_row(point, key)).rowcount == 1

    def has(self, key: str) -> bool:
        """Whether this statement is on file."""
        query = select(visit_points.c.id).where(visit_points.c.key == key)
        return self._connection.execute(query).first() is not None

    def of(self, visit_ids: Collection[str]) -> list[Point]:
        return [_point(row) for row in _POINTS.on(self._connection, ids=list(visit_ids))]

    def get(self, id_: str) -> Point | None:
        row = self._connection.execute(select(visit_points).where(visit_points.c.id == id_)).first()
        return None if row is None else _point(row)

    def approve(self, id_: str, by: Person, at: datetime) -> bool:
        """A second person agrees; False where somebody has, or it is no entry of a desk."""
        open_ = (visit_points.c.id == id_) & visit_points.c.approved_by.is_(None)
        ours = open_ & (visit_points.c.way == Way.OFFICE.value) & (visit_points.c.by != by)
        done = self._connection.execute(update(visit_points).where(ours).values(approved_by=by, approved_at=at))
        return done.rowcount == 1

    def add_photo(self, id_: str, photo: Photo, by: Person) -> bool:
        """Keeps a photo; False where the visit has it."""
        row = {
            "id": id_, "visit_id": photo.visit_id, "sha256": photo.sha256, "received_at": photo.received_at,
            "taken_at": photo.taken_at, "carer_id": photo.carer_id, "by": by,
        }  # fmt: skip
        return _ADD_PHOTO.on(self._connection, **row).rowcount == 1

    def photos_of(self, visit_id: str) -> list[Photo]:
        return [
            Photo(visit_id=row.visit_id, sha256=row.sha256, received_at=row.received_at, taken_at=row.taken_at,
                  carer_id=row.carer_id, id=row.id) for row in _PHOTOS.on(self._connection, id=visit_id)
        ]  # fmt: skip

    def shown_before(self, photos: Sequence[Photo]) -> dict[str, str]:
        """Which other visit showed each of these photos before; by hash."""
        found: dict[str, str] = {}
        for each in photos:
            other = _SHOWN_BEFORE.on(
                self._connection, sha256=each.sha256, but=each.visit_id, received_at=each.received_at
            ).scalar()
            if other is not None:
                found[each.sha256] = other
        return found

    def same_place(self, visit_id: str) -> dict[str, str]:
        """Which other visit has a point at the very same position as one of this one's; by the id of this one's."""
        return {row.id: row.visit_id for row in _SAME_PLACE.on(self._connection, id=visit_id)}

    def is_known(self, place: Position) -> bool:
        """Whether somebody has signed at this very position before."""
        query = select(visit_points.c.id).where(visit_points.c.lat == place.lat, visit_points.c.lng == place.lng)
        return self._connection.execute(query.limit(1)).first() is not None

    def trips(self, carer_ids: Collection[CarerId], *, but: str, start: datetime, end: datetime) -> list[Trip]:
        """Other visits of these carers that share time with [start, end], with whether each holds together."""
        rows = _TRIPS.on(self._connection, carers=list(carer_ids), but=but, start=start, end=end)
        return [
            Trip(
                visit_id=row.visit_id, carer_id=CarerId(row.carer_id), begun_at=row.begun_at,
                finished_at=row.finished_at, sound=bool(row.sound),
                place=None if row.lat is None else Position(row.lat, row.lng),
            ) for row in rows
        ]  # fmt: skip

    def entries(self, carer_ids: Collection[CarerId], start: datetime, end: datetime) -> list[Entry]:
        """What these carers said about any visit in this time."""
        return [
            Entry(visit_id=row.visit_id, carer_id=CarerId(row.carer_id), received_at=row.received_at)
            for row in _ENTRIES.on(self._connection, carers=list(carer_ids), start=start, end=end)
        ]

    def end_of(self, resident_id: ResidentId) -> tuple[date | None, datetime | None]:
        """When this resident died, and when they left the service; None for what has not happened."""
        row = _END_OF.on(self._connection, id=resident_id).first()
        return (None, None) if row is None else (row.died_on, row.ended_at)

    def attendances(self, since: datetime) -> list[tuple[str, HomeId, datetime]]:
        """Signals of paired attendance devices since then: id, home, when."""
        query = select(signals.c.id, signals.c.home_id, signals.c.received_at).where(
            signals.c.event == "attendance", signals.c.received_at >= since, signals.c.home_id.is_not(None),
            signals.c.device_id.is_not(None), signals.c.trusted == 1,
        )  # fmt: skip
        rows = self._connection.execute(query.order_by(signals.c.received_at))
        return [(row.id, HomeId(row.home_id), row.received_at) for row in rows]


class Findings:
    """The shelf of findings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, visit_ids: Collection[str]) -> list[Kept]:
        return [Kept(**row._asdict()) for row in _FINDINGS.on(self._connection, ids=list(visit_ids))]

    def get(self, id_: str) -> Kept | None:
        row = self._connection.execute(select(visit_findings).where(visit_findings.c.id == id_)).first()
        return None if row is None else Kept(**row._mapping)

    def open(self, most: int) -> list[Kept]:
        """Those that wait for a human, the oldest first."""
        query = select(visit_findings).where(visit_findings.c.resolution.is_(None))
        rows = self._connection.execute(query.order_by(visit_findings.c.found_at, visit_findings.c.id).limit(most))
        return [Kept(**row._mapping) for row in rows]

    def count_open(self) -> int:
        query = select(func.count()).select_from(visit_findings).where(visit_findings.c.resolution.is_(None))
        return self._connection.execute(query).scalar_one()

    def add(self, id_: str, visit_id: str, finding: Finding, at: datetime) -> None:
        row = {
            "id": id_, "visit_id": visit_id, "code": finding.code.value, "evidence": dict(finding.evidence),
            "found_at": at,
        }  # fmt: skip
        _ADD_FINDING.on(self._connection, **row)

    def reopen(self, id_: str, finding: Finding, at: datetime) -> None:
        """It is found again, by other evidence than what was resolved."""
        row = {"evidence": dict(finding.evidence), "found_at": at, "resolution": None, "resolved_by": None}
        self._connection.execute(
            update(visit_findings).where(visit_findings.c.id == id_).values(**row, resolved_at=None)
        )

    def resolve(self, id_: str, resolution: str, by: Person, at: datetime) -> None:
        row = {"resolution": resolution, "resolved_by": by, "resolved_at": at}
        self._connection.execute(update(visit_findings).where(visit_findings.c.id == id_).values(row))


def _point_row(point: Point, key: str) -> dict[str, Any]:
    at = point.position
    return {
        "id": point.id, "key": key, "visit_id": point.visit_id, "which": point.which.value, "way": point.way.value,
        "at": point.at, "received_at": point.received_at, "by": point.by, "carer_id": point.carer_id,
        "lat": at.lat if at else None, "lng": at.lng if at else None, "accuracy_m": point.accuracy_m,
        "proof": point.proof, "reason": point.reason,
    }  # fmt: skip


def _point(row: Any) -> Point:
    return Point(
        id=row.id, visit_id=row.visit_id, which=Which(row.which), way=Way(row.way), at=row.at,
        received_at=row.received_at, by=Person(row.by), carer_id=CarerId(row.carer_id) if row.carer_id else None,
        position=None if row.lat is None else Position(row.lat, row.lng), accuracy_m=row.accuracy_m,
        proof=row.proof, reason=row.reason, approved_by=Person(row.approved_by) if row.approved_by else None,
    )  # fmt: skip


__all__ = ["Findings", "Kept", "Points", "visit_findings", "visit_photos", "visit_points"]
