"""
People by their code or name, for filters that name somebody.

A page that offered everybody in a list read every carer and contact for it, whoever asked for what.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, true

from dispatch.rules.people import Person
from dispatch.rules.rights import Area
from dispatch.store.people import carers, contacts, homes


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """Somebody: the reference by which the record names them, their code and their name."""

    person: Person
    code: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.code} {self.name}"


class CalledPeople:
    """Carers and contacts of `area`, at most `most` of each in the order of their codes."""

    def __init__(self, connection: Connection, area: Area, most: int) -> None:
        self._connection = connection
        self._area = area
        self._most = most

    def carers(self, typed: str) -> list[Called]:
        """The carer with this code, else all of this name."""
        return self._exactly("carer", carers, typed)

    def anybody(self, typed: str) -> list[Called]:
        """Carers and contacts with this code, else all of this name."""
        found = [*self.carers(typed), *self._exactly("contact", contacts, typed)]
        return [each for each in found if each.code == typed] or found

    def carers_like(self, typed: str) -> list[Called]:
        """Carers whose code begins so, or whose name has it in it."""
        begins = carers.c.code.istartswith(typed, autoescape=True)
        return self._those("carer", carers, or_(begins, carers.c.name.icontains(typed, autoescape=True)))

    def named(self, person: Person) -> Called | None:
        """Who this reference means; None for nobody of this area."""
        kind, _, id_ = person.partition(":")
        table = {"carer": carers, "contact": contacts}.get(kind)
        found = self._those(kind, table, table.c.id == id_) if table is not None else []
        return found[0] if found else None

    def _exactly(self, kind: str, table: Table, typed: str) -> list[Called]:
        by_code = self._those(kind, table, table.c.code == typed)
        return by_code or self._those(kind, table, func.lower(table.c.name) == typed.lower())

    def _those(self, kind: str, table: Table, wanted: ColumnElement[bool]) -> list[Called]:
        query = select(table.c.id, table.c.code, table.c.name).where(wanted, self._ours(table))
        rows = self._connection.execute(query.order_by(table.c.code).limit(self._most))
        return [Called(person=Person(f"{kind}:{row.id}"), code=row.code, name=row.name) for row in rows]

    def _ours(self, table: Table) -> ColumnElement[bool]:
        if self._area.stations is None:
            return true()
        mine = sorted(self._area.stations)
        if table is carers:
            return carers.c.station_id.in_(mine)
        return contacts.c.home_id.in_(select(homes.c.id).where(homes.c.station_id.in_(mine)))
