"""Shifts that are planned and not published yet, and which address of a calendar feed holds. On file."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Connection, ForeignKey, Integer, String, Table, delete, insert, select

from dispatch.store.database import Instant, metadata, upsert
from dispatch.store.people import carers

shift_drafts = Table(
    "shift_drafts", metadata,
    Column("id", String(40), primary_key=True),
    Column("what", String(4), nullable=False),
    Column("shift_id", String(40)),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    CheckConstraint("what IN ('put','take')", name="what"),
)  # fmt: skip

feeds = Table(
    "feeds", metadata,
    Column("owner", String(80), primary_key=True),
    Column("generation", Integer, nullable=False),
)  # fmt: skip
"""How often the address of a feed (`carer:<id>`, `station:<id>`) was renewed; one without a row has its first."""

PUT, TAKE = "put", "take"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftDraft:
    """A shift to be put in, or one on file (`shift_id`) to be taken out, once the plan is published."""

    id: str
    what: str
    shift_id: str | None
    carer_id: str
    start_at: datetime
    end_at: datetime
    by: str


class Plans:
    """The shelf of both."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[ShiftDraft]:
        """In the order they begin."""
        query = select(shift_drafts).order_by(shift_drafts.c.start_at, shift_drafts.c.id)
        return [ShiftDraft(**row._mapping) for row in self._connection.execute(query)]

    def add(self, draft: ShiftDraft) -> None:
        names = shift_drafts.columns.keys()
        self._connection.execute(insert(shift_drafts).values({name: getattr(draft, name) for name in names}))

    def remove(self, id_: str) -> bool:
        """Forgets a draft and says whether it was there."""
        return bool(self._connection.execute(delete(shift_drafts).where(shift_drafts.c.id == id_)).rowcount)

    def generations(self) -> dict[str, int]:
        """Of every feed whose address was renewed."""
        return {row.owner: row.generation for row in self._connection.execute(select(feeds))}

    def renew(self, owner: str) -> None:
        """The old address of this feed is dead from now on."""
        now = self.generations().get(owner, 1)
        upsert(feeds, self._connection, "owner", {"owner": owner, "generation": now + 1})
