"""What all rules shared, as it was at each start that found it changed: kept, because it has no version of its own."""

from datetime import datetime

from sqlalchemy import Column, Connection, Index, String, Table, func, insert, select, update

from dispatch.store.database import Instant, Json, metadata
from schedules.money.rules.shared import Shared

rules_shared = Table(
    "rules_shared", metadata,
    Column("kind", String(8), primary_key=True),
    Column("mark", String(64), primary_key=True),
    Column("said", Json, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_rules_shared_at", "kind", "at"),
)  # fmt: skip
"""By whoever prices ("meal", "bill"): each has a folder of rules. The newest `at` is what holds."""


class SharedRules:
    """The shelf, of one kind."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection, self._kind = connection, kind

    def keep(self, now: Shared, at: datetime) -> bool:
        """This holds from now on; False where it did before."""
        c = rules_shared.c
        mine = select(c.mark).where(c.kind == self._kind)
        if self._connection.scalar(mine.order_by(c.at.desc(), c.mark).limit(1)) == now.mark:
            return False
        if self._connection.scalar(mine.where(c.mark == now.mark)) is None:
            row = {"kind": self._kind, "mark": now.mark, "said": now.plain(), "at": at}
            self._connection.execute(insert(rules_shared), row)
        else:
            again = update(rules_shared).where(c.kind == self._kind, c.mark == now.mark)
            self._connection.execute(again.values(at=at))
        return True

    def before(self, now: Shared) -> list[Shared]:
        """Whatever else held once."""
        c = rules_shared.c
        query = select(c.said).where(c.kind == self._kind, c.mark != now.mark).order_by(c.at, c.mark)
        return [Shared.read(said) for said in self._connection.scalars(query)]

    def changed_at(self) -> datetime | None:
        """Since when what holds holds; None where nothing else held before."""
        c = rules_shared.c
        found: datetime | None = self._connection.scalar(
            select(func.max(c.at)).where(c.kind == self._kind).having(func.count() > 1)
        )
        return found
