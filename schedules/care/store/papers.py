"""
The papers of a bed: what was signed and stamped, scanned or photographed, one row a file with its bytes.

In the database on purpose: a backup has them with the step they belong to, and whoever is erased takes them along.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, LargeBinary, String, Table, insert, select

from dispatch.errors import NotFound
from dispatch.rules.people import Person
from dispatch.store.database import Instant, metadata

bed_papers = Table(
    "bed_papers", metadata,
    Column("id", String(40), primary_key=True),
    Column("bed_id", String(40), ForeignKey("beds.id"), nullable=False, index=True),
    Column("step_id", String(40), ForeignKey("bed_steps.id"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),
)  # fmt: skip

_ABOUT = [each for each in bed_papers.c if each.name != "content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper without its bytes. `kind` is its media type, `sha256` the hexadecimal digest of the bytes."""

    id: str
    bed_id: str
    step_id: str
    name: str
    kind: str
    size: int
    sha256: str
    at: datetime
    by: Person


class Papers:
    """The shelf of papers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, paper: Paper, content: bytes) -> None:
        row = {name: getattr(paper, name) for name in Paper.__slots__}
        self._connection.execute(insert(bed_papers), row | {"content": content})

    def of(self, bed_id: str) -> list[Paper]:
        """A bed's papers in the order they came."""
        query = select(*_ABOUT).where(bed_papers.c.bed_id == bed_id).order_by(bed_papers.c.at, bed_papers.c.id)
        return [Paper(**row) for row in self._connection.execute(query).mappings()]

    def content(self, bed_id: str, id_: str) -> tuple[Paper, bytes]:
        """
        A paper with its bytes.

        Raises:
            NotFound: this bed has no such paper.
        """
        query = select(bed_papers).where(bed_papers.c.id == id_, bed_papers.c.bed_id == bed_id)
        found = self._connection.execute(query).mappings().first()
        if found is None:
            raise NotFound("There is no such paper.")
        row = dict(found)
        content: bytes = row.pop("content")
        return Paper(**row), content
