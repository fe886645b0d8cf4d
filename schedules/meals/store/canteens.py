"""Canteens on file, the rules in force at each, and their tills."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import StationId
from dispatch.store.database import Instant, metadata
from dispatch.store.moves import RegisterMoves, belonged
from dispatch.store.prepared import Prepared
from schedules.meals.rules.canteen import Canteen, Kind, Term, Till

canteens = Table(
    "canteens", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("station_id", String(40), ForeignKey("stations.id"), index=True),
    Column("place", String(40), nullable=False),
    Column("hours", String(400), nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("ended_at", Instant),
    CheckConstraint("kind IN ('kitchen','canteen','point')", name="kind"),
)  # fmt: skip

canteen_rules = Table(
    "canteen_rules", metadata,
    Column("id", String(40), primary_key=True),
    Column("canteen_id", String(40), ForeignKey("canteens.id"), nullable=False, index=True),
    Column("policy", String(80), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),
    CheckConstraint("until_on IS NULL OR until_on >= from_on", name="until_on"),
)  # fmt: skip

tills = Table(
    "tills", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("canteen_id", String(40), ForeignKey("canteens.id"), nullable=False, index=True),
    Column("key", String(80), nullable=False),
    Column("ended_at", Instant),
)  # fmt: skip

_GET = Prepared(select(canteens).where((canteens.c.code == bindparam("name")) | (canteens.c.id == bindparam("name"))))
_TERMS = Prepared(
    select(canteen_rules.c.policy, canteen_rules.c.from_on, canteen_rules.c.until_on)
    .where(canteen_rules.c.canteen_id == bindparam("canteen")).order_by(canteen_rules.c.from_on)
)  # fmt: skip
_TILL = Prepared(select(tills).where(tills.c.code == bindparam("code"), tills.c.ended_at.is_(None)))


class Canteens:
    """The shelf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, *, closed: bool = False) -> list[Canteen]:
        """Those that are not closed for good, or those as well, by code."""
        query = select(canteens).order_by(canteens.c.code)
        query = query if closed else query.where(canteens.c.ended_at.is_(None))
        return [_value(row._asdict()) for row in self._connection.execute(query)]

    def get(self, name: str) -> Canteen:
        """
        One by code or id, also a closed one.

        Raises:
            NotFound: there is none.
        """
        row = _GET.on(self._connection, name=name).first()
        if row is None:
            raise NotFound(f"no canteen {name}")
        return _value(row._asdict())

    def as_of(
        self, canteen: Canteen, day: date, now: datetime, day_of: Callable[[datetime], date]
    ) -> tuple[Canteen, list[Term]]:
        """
        A canteen as it was on a local day (in another area, it may be), and its rules; `day_of` is the local day of an
        instant.
        """
        if day_of(now) == day:
            return canteen, self.terms(canteen.id)
        moves = RegisterMoves(self._connection).of("canteens", "area_code", day_of, of=canteen.id).get(canteen.id, ())
        stood = replace(canteen, area_code=belonged(moves, day, canteen.area_code) or canteen.area_code)
        return stood, self.terms(canteen.id)

    def put(self, canteen: Canteen, *, is_new: bool) -> None:
        values = asdict(canteen) | {"kind": str(canteen.kind)}
        statement = insert(canteens) if is_new else update(canteens).where(canteens.c.id == canteen.id)
        self._connection.execute(statement.values(**values))

    def terms(self, canteen_id: str) -> list[Term]:
        """The rules of a canteen, the oldest first."""
        return [Term(**row._asdict()) for row in _TERMS.on(self._connection, canteen=canteen_id)]

    def put_terms(self, canteen_id: str, terms: list[tuple[str, Term]]) -> None:
        """These are its rules now; each with the id of its row."""
        self._connection.execute(delete(canteen_rules).where(canteen_rules.c.canteen_id == canteen_id))
        for id_, each in terms:
            self._connection.execute(insert(canteen_rules).values(id=id_, canteen_id=canteen_id, **asdict(each)))

    def till(self, code: str) -> Till:
        """
        A till in use.

        Raises:
            NotFound: there is none of this code.
        """
        row = _TILL.on(self._connection, code=code).first()
        if row is None:
            raise NotFound(f"no till {code}")
        return Till(**row._asdict())

    def tills(self) -> list[Till]:
        """Those in use, by code."""
        query = select(tills).where(tills.c.ended_at.is_(None)).order_by(tills.c.code)
        return [Till(**row._mapping) for row in self._connection.execute(query)]

    def put_till(self, till: Till) -> None:
        """A new one, or the one of this id made like it."""
        known = self._connection.execute(select(tills.c.id).where(tills.c.id == till.id)).first()
        statement = insert(tills) if known is None else update(tills).where(tills.c.id == till.id)
        self._connection.execute(statement.values(**asdict(till)))

    def till_of(self, code: str) -> Till | None:
        """A till by its code, also one that is out of use."""
        row = self._connection.execute(select(tills).where(tills.c.code == code)).first()
        return None if row is None else Till(**row._mapping)


def _value(row: Mapping[str, Any]) -> Canteen:
    found = dict(row)
    station = found["station_id"]
    return Canteen(**found | {"kind": Kind(found["kind"]), "station_id": StationId(station) if station else None})
