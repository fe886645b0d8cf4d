"""Corrections on file: what each prices otherwise, and what of it is done."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    case,
    func,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.people import residents
from schedules.money.corrections.rules.correction import OPEN, Correction, Item, State
from schedules.money.rules.outdated import Outdated

corrections = Table(
    "corrections", metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("mark", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("outdated", Json, nullable=False),
    Column("cursor", String(80), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("wanted_by", String(80)),
    Column("wanted_at", Instant),
    Column("note", Text, nullable=False),
    Column("decided_by", String(80)),
    Column("decided_at", Instant),
    Column("ended_at", Instant),
    CheckConstraint("kind IN ('meal','bill')", name="kind"),
    CheckConstraint(
        "state IN ('looking','found','wanted','approved','done','declined','nothing','void')", name="state"
    ),
    Index("ix_corrections_kind", "kind", "found_at"),
)  # fmt: skip

correction_items = Table(
    "correction_items", metadata,
    Column("correction_id", String(40), ForeignKey("corrections.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", String(120), nullable=False),
    Column("together", String(120), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False, index=True),
    Column("on", Date, nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("after_fen", BigInteger, nullable=False),
    Column("paid_fen", BigInteger, nullable=False),
    Column("pays_fen", BigInteger, nullable=False),
    Column("differs", Boolean, nullable=False),
    Column("old_version", String(64)),
    Column("new_version", String(64)),
    Column("facts", Json, nullable=False),
    Column("state", String(8), nullable=False),
    CheckConstraint("state IN ('open','done','skipped')", name="state"),
    Index("ix_correction_items_state", "correction_id", "state", "number"),
)  # fmt: skip

_ITEM = tuple(Item.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    What a correction comes to: how many are priced otherwise, public money before and after, what diners get back and
    what they paid too little; how many of all that is to be written are done, and were left as they are.
    """

    differing: int = 0
    before_fen: int = 0
    after_fen: int = 0
    back_fen: int = 0
    short_fen: int = 0
    items: int = 0
    done: int = 0
    skipped: int = 0


class Corrections:
    """The shelf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, correction: Correction) -> None:
        row = {name: getattr(correction, name) for name in Correction.__slots__}
        told = [{**asdict(each), "first": each.first.isoformat()} for each in correction.outdated]
        self._connection.execute(insert(corrections), row | {"state": correction.state.value, "outdated": told})

    def get(self, id_: str) -> Correction:
        """
        Raises:
            NotFound: there is none with this id.
        """
        row = self._connection.execute(select(corrections).where(corrections.c.id == id_)).first()
        if row is None:
            raise NotFound(f"no correction {id_}")
        return _value(row)

    def change(self, correction: Correction, **changed: Any) -> Correction:
        """Writes what changed, and gives it as it is now."""
        self._connection.execute(update(corrections).where(corrections.c.id == correction.id).values(**changed))
        return replace(correction, **changed)

    def newest(self, most: int, *, kind: str = "") -> list[Correction]:
        """The newest first; of one kind."""
        query = select(corrections).order_by(corrections.c.found_at.desc(), corrections.c.id.desc()).limit(most)
        query = query.where(corrections.c.kind == kind) if kind else query
        return [_value(row) for row in self._connection.execute(query)]

    def open(self) -> list[Correction]:
        """Those that are not done with, the oldest first."""
        query = select(corrections).where(corrections.c.state.in_([each.value for each in OPEN]))
        return [_value(row) for row in self._connection.execute(query.order_by(corrections.c.found_at))]

    def put(self, id_: str, items: Sequence[Item]) -> None:
        """More of what it prices otherwise."""
        if not items:
            return
        last = self._connection.scalar(
            select(func.max(correction_items.c.number)).where(correction_items.c.correction_id == id_)
        )
        rows = [
            {name: getattr(each, name) for name in _ITEM}
            | {"correction_id": id_, "number": number, "state": "open", "facts": dict(each.facts)}
            for number, each in enumerate(items, (last or 0) + 1)
        ]
        self._connection.execute(insert(correction_items), rows)

    def items(
        self, id_: str, *, after: int = 0, most: int, state: str = "", differing: bool = False
    ) -> list[tuple[int, str, Item]]:  # fmt: skip
        """The next items behind a number: number, state, item."""
        c = correction_items.c
        query = select(correction_items).where(c.correction_id == id_, c.number > after)
        query = query.where(c.state == state) if state else query
        query = query.where(c.differs) if differing else query
        return [
            (row.number, row.state, _item(row))
            for row in self._connection.execute(query.order_by(c.number).limit(most))
        ]

    def together(self, id_: str, together: str) -> list[tuple[int, Item]]:
        """Open items that are priced in one unit of work."""
        c = correction_items.c
        query = select(correction_items).where(c.correction_id == id_, c.state == "open", c.together == together)
        return [(row.number, _item(row)) for row in self._connection.execute(query.order_by(c.number))]

    def settle(self, id_: str, numbers: Sequence[int], state: str) -> None:
        """These are done, or were left as they are."""
        c = correction_items.c
        query = update(correction_items).where(c.correction_id == id_, c.number.in_(numbers))
        self._connection.execute(query.values(state=state))

    def people(self, ids: Collection[str]) -> dict[str, str]:
        """The names of residents by their ids."""
        query = select(residents.c.id, residents.c.name).where(residents.c.id.in_(set(ids)))
        return {row.id: row.name for row in self._connection.execute(query)}

    def tally(self, id_: str) -> Tally:
        c = correction_items.c
        change = c.paid_fen - c.pays_fen
        names = {
            "items": func.count(), "differing": _sum(case((c.differs, 1), else_=0)),
            "before_fen": _sum(c.before_fen), "after_fen": _sum(c.after_fen),
            "back_fen": _sum(case((c.differs & (change > 0), change), else_=0)),
            "short_fen": _sum(case((c.differs & (change < 0), -change), else_=0)),
            **{name: _sum(case((c.state == name, 1), else_=0)) for name in ("done", "skipped")},
        }  # fmt: skip
        query = select(*[each.label(name) for name, each in names.items()]).where(c.correction_id == id_)
        row = self._connection.execute(query).mappings().one()
        return Tally(**{name: int(row[name]) for name in names})


def _sum(of: Any) -> Any:
    return func.coalesce(func.sum(of), 0)


def _value(row: Any) -> Correction:
    outdated = tuple([_outdated(each) for each in row.outdated])
    said = {name: getattr(row, name) for name in Correction.__slots__}
    return Correction(**(said | {"state": State(row.state), "outdated": outdated}))


def _outdated(said: dict[str, Any]) -> Outdated:
    return Outdated(
        **{**said, "first": date.fromisoformat(said["first"]), "who": tuple(said.get("who", ()))}
    )  # fmt: skip


def _item(row: Any) -> Item:
    return Item(**{name: getattr(row, name) for name in _ITEM})
