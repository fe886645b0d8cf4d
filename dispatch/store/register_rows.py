"""The rows of the registers as they stand, for whoever changes one: read, written with a version, found by an area."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update
from sqlalchemy import Table as Table

from dispatch.errors import NotFound
from dispatch.ids import HomeId, StationId
from dispatch.rules.rights import Area
from dispatch.store.finds import Finds
from dispatch.store.people import carers, contacts, homes, residents, stations

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One register: its name on the wire, what one row is called, its table, and how its codes begin."""

    register: str
    one: str
    table: Table
    letter: str


RESIDENTS = Kind(register="residents", one="resident", table=residents, letter="R")
HOMES = Kind(register="homes", one="home", table=homes, letter="H")
CONTACTS = Kind(register="contacts", one="contact", table=contacts, letter="K")
CARERS = Kind(register="carers", one="carer", table=carers, letter="C")
STATIONS = Kind(register="stations", one="station", table=stations, letter="S")
KINDS: Mapping[str, Kind] = {each.register: each for each in (RESIDENTS, HOMES, CONTACTS, CARERS, STATIONS)}

_IN_A_HOME = frozenset({"residents", "contacts"})


class RegisterRows:
    """The shelf of rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def one(self, kind: Kind, name: str, area: Area) -> Row:
        """
        A row by its id or its code.

        Raises:
            NotFound: there is none, or it is outside the area, which nobody outside shall know.
        """
        table = kind.table
        found = self._connection.execute(select(table).where((table.c.id == name) | (table.c.code == name))).first()
        row = None if found is None else dict(found._mapping)
        if row is None or not area.covers(self.station_of(kind, row)):
            raise NotFound(f"no {kind.one} {name[:40]}")
        return row

    def station_choices(self, area: Area) -> list[tuple[str, str]]:
        """Code and name of each station of an area, a few dozen at the most."""
        return [(row["code"], row["name"]) for row in self.page(STATIONS, area, after="", most=500)]

    def station_of(self, kind: Kind, row: Mapping[str, Any]) -> StationId | None:
        """Whose it is."""
        if kind is STATIONS:
            return StationId(row["id"])
        if kind.register not in _IN_A_HOME:
            return None if row["station_id"] is None else StationId(row["station_id"])
        query = select(homes.c.station_id).where(homes.c.id == row["home_id"])
        found = self._connection.execute(query).scalar()
        return None if found is None else StationId(found)

    def page(self, kind: Kind, area: Area, *, after: str, most: int, ended: bool = False) -> list[Row]:
        """Rows of an area in the order of their ids behind `after`: those in use, or those that ended."""
        table = kind.table
        query = select(table).where(table.c.id > after, _inside(kind, area))
        if "ended_at" in table.c:
            query = query.where(table.c.ended_at.is_not(None) if ended else table.c.ended_at.is_(None))
        found = self._connection.execute(query.order_by(table.c.id).limit(most))
        return [dict(row._mapping) for row in found]

    def by_ids(self, kind: Kind, ids: Collection[str]) -> dict[str, Row]:
        """These rows; ids nobody has are left out."""
        if not ids:
            return {}
        found = self._connection.execute(select(kind.table).where(kind.table.c.id.in_(ids)))
        return {row.id: dict(row._mapping) for row in found}

    def of_home(self, kind: Kind, home_id: HomeId) -> list[Row]:
        """The residents or contacts of a home, those who ended too."""
        table = kind.table
        order = table.c.order if kind is CONTACTS else table.c.code
        found = self._connection.execute(select(table).where(table.c.home_id == home_id).order_by(order, table.c.code))
        return [dict(row._mapping) for row in found]

    def by_hash(self, hash_: str) -> Row | None:
        """The resident with this ID number."""
        found = self._connection.execute(select(residents).where(residents.c.id_hash == hash_)).first()
        return None if found is None else dict(found._mapping)

    def is_taken(self, kind: Kind, code: str) -> bool:
        return self._connection.execute(select(kind.table.c.id).where(kind.table.c.code == code)).first() is not None

    def free_code(self, kind: Kind) -> str:
        """A code nobody has: the letter of its kind and a number."""
        number = int(self._connection.execute(select(func.count()).select_from(kind.table)).scalar() or 0) + 1
        while self.is_taken(kind, f"{kind.letter}{number}"):
            number += 1
        return f"{kind.letter}{number}"

    def add(self, kind: Kind, row: Row) -> None:
        self._connection.execute(insert(kind.table), row)
        self._learn(kind, row["id"])

    def change(self, kind: Kind, id_: str, changes: Mapping[str, Any]) -> None:
        """Sets columns and makes the version grow; what it is found by goes with it."""
        table = kind.table
        query = update(table).where(table.c.id == id_).values(**changes, version=table.c.version + 1)
        self._connection.execute(query)
        self._learn(kind, id_)

    def _learn(self, kind: Kind, id_: str) -> None:
        found = self._connection.execute(select(kind.table).where(kind.table.c.id == id_)).one()
        Finds(self._connection).learn(kind.one, dict(found._mapping))


def _inside(kind: Kind, area: Area) -> ColumnElement[bool]:
    if area.stations is None:
        return true()
    mine = sorted(area.stations)
    if kind is STATIONS:
        return stations.c.id.in_(mine)
    if kind.register in _IN_A_HOME:
        return kind.table.c.home_id.in_(select(homes.c.id).where(homes.c.station_id.in_(mine)))
    return kind.table.c.station_id.in_(mine)
