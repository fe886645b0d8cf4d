"""The pictures of photos of visits: for whoever judges, erased with the resident, kept for two months."""

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, LargeBinary, String, Table, func, insert, select

from dispatch.ids import ResidentId
from dispatch.store.database import Instant, metadata
from schedules.care.rules.picture import PICTURES_MAX, Picture

visit_pictures = Table(
    "visit_pictures", metadata,
    Column("photo_id", String(40), ForeignKey("visit_photos.id"), primary_key=True),
    Column("visit_id", String(40), ForeignKey("visits.id"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("picture", LargeBinary, nullable=False),
    Index("ix_visit_pictures_visit_id", "visit_id"),
    Index("ix_visit_pictures_resident_id", "resident_id"),
    Index("ix_visit_pictures_received_at", "received_at"),
)  # fmt: skip


class Pictures:
    """The shelf of pictures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, photo_id: str, visit_id: str, resident_id: ResidentId, picture: Picture, at: datetime) -> bool:
        """Keeps the picture of a new photo; False where the visit has as many as are kept."""
        count = select(func.count()).select_from(visit_pictures).where(visit_pictures.c.visit_id == visit_id)
        if self._connection.execute(count).scalar_one() >= PICTURES_MAX:
            return False
        self._connection.execute(insert(visit_pictures).values(
            photo_id=photo_id, visit_id=visit_id, resident_id=resident_id, received_at=at, kind=picture.kind,
            picture=picture.content,
        ))  # fmt: skip
        return True

    def of(self, visit_id: str) -> frozenset[str]:
        """The ids of the photos of a visit whose pictures are kept."""
        query = select(visit_pictures.c.photo_id).where(visit_pictures.c.visit_id == visit_id)
        return frozenset(self._connection.execute(query).scalars())

    def get(self, visit_id: str, photo_id: str) -> Picture | None:
        """One picture; None where there is none such of this visit."""
        query = select(visit_pictures.c.kind, visit_pictures.c.picture).where(
            visit_pictures.c.visit_id == visit_id, visit_pictures.c.photo_id == photo_id
        )
        row = self._connection.execute(query).first()
        return None if row is None else Picture(kind=row.kind, content=bytes(row.picture))
