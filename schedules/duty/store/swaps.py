"""Swaps on file: who asked whom for which shifts, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from dispatch.ids import CarerId
from dispatch.store.database import Instant, metadata
from dispatch.store.people import carers
from dispatch.store.prepared import Prepared

swaps = Table(
    "swaps", metadata,
    Column("id", String(40), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("shift_id", String(40), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("other_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("other_shift_id", String(40)),
    Column("other_start_at", Instant),
    Column("other_end_at", Instant),
    Column("code", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("ended_at", Instant),
    Column("why", String(12), nullable=False, server_default=""),
    CheckConstraint(
        "state IN ('asked','accepted','done','declined','refused','expired','withdrawn')", name="state"
    ),
    CheckConstraint("carer_id <> other_id", name="other_id"),
    Index("ix_swaps_other_id", "other_id", "state"),
)  # fmt: skip
"""`start_at` … `other_end_at` are the shifts as they were when it was asked: it is about those and no others."""

_WAITS = swaps.c.due_at.is_not(None)
Index("ix_swaps_due", swaps.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_NAMES = tuple(swaps.columns.keys())


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """
    One carer gives `shift_id` to another, in return for `other_shift_id` or for nothing.

        asked ──► accepted ──► done
          ├─► declined └─► refused (a manager, or what speaks against it by then)
          └─► expired, withdrawn
    """

    id: str
    state: str
    carer_id: CarerId
    shift_id: str
    start_at: datetime
    end_at: datetime
    other_id: CarerId
    other_shift_id: str | None
    other_start_at: datetime | None
    other_end_at: datetime | None
    code: int
    by: str
    asked_at: datetime
    expires_at: datetime
    due_at: datetime | None
    ended_at: datetime | None = None
    why: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in {"asked", "accepted"}


_ASKED_OF = Prepared(
    select(swaps)
    .where(swaps.c.other_id == bindparam("other_id"), swaps.c.state == "asked")
    .order_by(swaps.c.asked_at, swaps.c.id)
)


class Swaps:
    """The shelf of swaps. The service asks by `due_at`, answers by who is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, swap: Swap) -> None:
        self._connection.execute(insert(swaps).values({name: getattr(swap, name) for name in _NAMES}))

    def get(self, id_: str) -> Swap | None:
        return next(iter(self._some(swaps.c.id == id_)), None)

    def change(self, id_: str, **values: Any) -> None:
        self._connection.execute(update(swaps).where(swaps.c.id == id_).values(**values))

    def since(self, at: datetime) -> list[Swap]:
        """Those that are open, and those that ended since, the newest first."""
        return self._some(or_(_WAITS, swaps.c.asked_at >= at))[::-1]

    def asked_of(self, carer_id: CarerId) -> list[Swap]:
        """What waits for this carer's answer."""
        return [Swap(**row._asdict()) for row in _ASKED_OF.on(self._connection, other_id=carer_id)]

    def about(self, shift_id: str) -> list[Swap]:
        """Open swaps that this shift is in."""
        return self._some(or_(swaps.c.shift_id == shift_id, swaps.c.other_shift_id == shift_id), _WAITS)

    def due(self, now: datetime, most: int) -> Sequence[str]:
        query = select(swaps.c.id).where(_WAITS, swaps.c.due_at <= now).order_by(swaps.c.due_at).limit(most)
        return list(self._connection.execute(query).scalars())

    def next_due(self) -> datetime | None:
        return self._connection.execute(select(func.min(swaps.c.due_at).label("at")).where(_WAITS)).scalar()

    def shift_due(self, seconds: float) -> None:
        """Moves all waiting rows, because somebody moved the clock."""
        moved = {"due_at": swaps.c.due_at + literal(round(seconds * 1_000_000), BigInteger)}
        self._connection.execute(update(swaps).where(_WAITS).values(**moved))

    def _some(self, *which: Any) -> list[Swap]:
        rows = self._connection.execute(select(swaps).where(*which).order_by(swaps.c.asked_at, swaps.c.id))
        return [Swap(**row._mapping) for row in rows]
