"""
Pages of the registers that have a row for everybody, for programs that read all of them one after the other.

A page costs what it shows: with 60,000 residents a program asks for 120 pages, and each used to read them all.
"""

from sqlalchemy import ColumnElement, Connection, Select, select, true
from sqlalchemy.sql.expression import Label

from dispatch.ids import StationId
from dispatch.rules.people import Contact, Home, Resident
from dispatch.rules.rights import Area
from dispatch.store.people import contact_of, contacts, home_of, homes, resident_of, residents


class PeoplePages:
    """Rows in the order of their ids, behind `after`, `most` at most, of the homes that `area` covers."""

    def __init__(self, connection: Connection, area: Area) -> None:
        self._connection = connection
        self._area = area

    def homes(self, after: str, most: int) -> list[Home]:
        query = select(homes).where(homes.c.id > after, self._ours()).order_by(homes.c.id).limit(most)
        return [home_of(row) for row in self._connection.execute(query)]

    def residents(self, after: str, most: int) -> list[tuple[Resident, str]]:
        """Each with the code of the home."""
        query = select(residents, _CODE).join(homes, homes.c.id == residents.c.home_id)
        query = query.where(residents.c.id > after).order_by(residents.c.id)
        return [(resident_of(row), row.home_code) for row in self._connection.execute(self._some(query, most))]

    def contacts(self, after: str, most: int) -> list[tuple[Contact, str]]:
        """Each with the code of the home."""
        query = select(contacts, _CODE).join(homes, homes.c.id == contacts.c.home_id)
        query = query.where(contacts.c.id > after).order_by(contacts.c.id)
        return [(contact_of(row), row.home_code) for row in self._connection.execute(self._some(query, most))]

    def _some(self, query: Select[*tuple[object, ...]], most: int) -> Select[*tuple[object, ...]]:
        return query.where(self._ours()).limit(most)

    def _ours(self) -> ColumnElement[bool]:
        stations: frozenset[StationId] | None = self._area.stations
        return true() if stations is None else homes.c.station_id.in_(sorted(stations))


_CODE: Label[str] = homes.c.code.label("home_code")
