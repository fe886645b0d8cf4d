"""How each bed's month stood when it was last counted: what the list filters by, and nothing that money comes from."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Column, Connection, ForeignKey, String, Table, or_, select

from dispatch.store.database import Instant, metadata, upsert
from schedules.care.store.beds import bed_stretches

bed_standings = Table(
    "bed_standings", metadata,
    Column("bed_id", String(40), ForeignKey("beds.id"), primary_key=True),
    Column("month", String(7), nullable=False),
    Column("course", String(12), nullable=False),
    Column("counted_at", Instant, nullable=False, index=True),
)  # fmt: skip


class Standings:
    """The shelf of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, bed_id: str, month: str, course: str, at: datetime) -> tuple[str, str] | None:
        """Writes how it stands now, and gives back the month and course it stood at before."""
        row = {"bed_id": bed_id, "month": month, "course": course, "counted_at": at}
        before = self._connection.execute(select(bed_standings).where(bed_standings.c.bed_id == bed_id)).first()
        upsert(bed_standings, self._connection, "bed_id", row)
        return None if before is None else (before.month, before.course)

    def stalest(self, days: Sequence[date], *, before: datetime, most: int) -> list[str]:
        """Beds in service on one of these days, not counted since then: those not counted for longest first."""
        stretch = bed_stretches.c
        query = (
            select(stretch.bed_id, bed_standings.c.counted_at)
            .join(bed_standings, bed_standings.c.bed_id == stretch.bed_id, isouter=True)
            .where(stretch.from_on <= days[-1], or_(stretch.until_on.is_(None), stretch.until_on > days[0]))
            .where(or_(bed_standings.c.counted_at.is_(None), bed_standings.c.counted_at <= before))
            .distinct().order_by(bed_standings.c.counted_at.nullsfirst(), stretch.bed_id).limit(most)
        )  # fmt: skip
        return [row.bed_id for row in self._connection.execute(query)]
