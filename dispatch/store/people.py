"""
The people and places of the district on file. Rows are matched by their code, so that loading twice changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import CarerId, ContactId, HomeId, ResidentId, StationId
from dispatch.rules.calls import File
from dispatch.rules.people import Carer, Contact, Home, Household, Person, Resident, Station, Talk, contact, resident
from dispatch.rules.people import carer as carer_person
from dispatch.rules.place import Position
from dispatch.store.database import Instant, Json, metadata, upsert
from dispatch.store.finds import Finds
from dispatch.store.prepared import Prepared

districts = Table(
    "districts", metadata,
    Column("id", String(8), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("zone", String(40), nullable=False),
)  # fmt: skip
"""One row: what this service is for. `zone` is an IANA time zone."""

stations = Table(
    "stations", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("lat", Float), Column("lng", Float),
    Column("lends", Json, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
)  # fmt: skip

carers = Table(
    "carers", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("phone", String(20)),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("base_lat", Float), Column("base_lng", Float),
    Column("lat", Float), Column("lng", Float), Column("position_at", Instant),
    Column("means", String(8), nullable=False),
    Column("skills", Json, nullable=False), Column("languages", Json, nullable=False),
    Column("suspended", Boolean, nullable=False), Column("opted_out", Boolean, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"), Column("ended_at", Instant),
    Index("ix_carers_phone", "phone"),
)  # fmt: skip

homes = Table(
    "homes", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("address", String(240), nullable=False),
    Column("lat", Float), Column("lng", Float),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("entry", Text, nullable=False),
    Column("street", String(60), nullable=False, server_default=""),
    Column("community", String(60), nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"), Column("ended_at", Instant),
)  # fmt: skip

residents = Table(
    "residents", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("born_on", Date),
    Column("phone", String(20)),
    Column("level", String(20), nullable=False), Column("cats", Json, nullable=False),
    Column("needs", Json, nullable=False), Column("language", String(20)),
    Column("talk", Json, nullable=False), Column("agreements", Json, nullable=False),
    Column("illness", Text, nullable=False),
    Column("plan", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("ended_at", Instant), Column("ended_why", String(12)), Column("died_on", Date),
    Column("id_sealed", Text), Column("id_hash", String(64), index=True), Column("id_mask", String(20)),
    Index("ix_residents_phone", "phone"),
)  # fmt: skip
"""
`id_sealed` is the ID number as only whoever has the key can read it, `id_hash` what it is found by, `id_mask` what
pages show of it.
"""

contacts = Table(
    "contacts", metadata,
    Column("id", String(40), primary_key=True),
    Column("code", String(80), nullable=False, unique=True),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("phone", String(20)),
    Column("order", Integer, nullable=False),
    Column("relation", String(40), nullable=False),
    Column("key_holder", Boolean, nullable=False),
    Column("may_know", Json, nullable=False, server_default="[]"),
    Column("version", Integer, nullable=False, server_default="1"), Column("ended_at", Instant),
    Index("ix_contacts_phone", "phone"),
)  # fmt: skip

consents = Table(
    "consents", metadata,
    Column("contact_id", String(40), ForeignKey("contacts.id"), primary_key=True),
    Column("given_at", Instant, primary_key=True),
    Column("given_by", String(120), nullable=False),
    Column("may_know", Json, nullable=False),
)  # fmt: skip
"""Who allowed a contact to know what, and when: every word of it is kept, the newest holds. An empty list withdraws."""

_HOME = Prepared(select(homes).where(homes.c.id == bindparam("id")))
_RESIDENTS = Prepared(select(residents).where(residents.c.home_id == bindparam("id")).order_by(residents.c.code))
_RESIDENT = Prepared(select(residents).where(residents.c.id == bindparam("id")))
_CONTACTS = Prepared(
    select(contacts).where(contacts.c.home_id == bindparam("id"), contacts.c.ended_at.is_(None))
    .order_by(contacts.c.order, contacts.c.code)
)  # fmt: skip
_STATIONS = Prepared(select(stations).order_by(stations.c.code))
_CARERS = Prepared(select(carers).order_by(carers.c.code))
_STATION = Prepared(select(stations).where(stations.c.id == bindparam("id")))
_CARERS_OF = Prepared(select(carers).where(carers.c.id.in_(bindparam("ids", expanding=True))))
_CARER_PHONE = Prepared(select(carers.c.id).where(carers.c.phone == bindparam("phone")))
_KIN_PHONE = Prepared(select(contacts.c.id).where(contacts.c.phone == bindparam("phone")).order_by(contacts.c.id))
_RESIDENT_PHONE = Prepared(select(residents.c.id, residents.c.home_id).where(residents.c.phone == bindparam("phone")))
_KIN_HOME = Prepared(select(contacts.c.id, contacts.c.home_id).where(contacts.c.phone == bindparam("phone")))
_NAMES = {
    kind: Prepared(select(table.c.id, table.c.name).where(table.c.id.in_(bindparam("ids", expanding=True))))
    for kind, table in (("carer", carers), ("contact", contacts), ("resident", residents))
}


KINDS = {
    "residents": "resident", "homes": "home", "contacts": "contact", "carers": "carer", "stations": "station",
}  # fmt: skip
"""What a row of each register is called."""


class People:
    """The shelf of everybody: who lives where, who may be sent, who is told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def household(self, id_: HomeId, about: ResidentId | None = None, *, living: Household | None = None) -> Household:
        """
        A home with its residents, contacts and station; `about` is one of them even after moving elsewhere, so that an
        alarm that is open goes on with all that is known of who it is about. `living` is what `dwelling` gave a moment
        ago.

        Raises:
            NotFound: there is no such home.
        """
        known = living or self.dwelling(id_)
        residents = known.residents
        if about is not None and all(each.id != about for each in residents):
            residents += tuple(resident_of(each) for each in _RESIDENT.on(self._connection, id=about))
        return Household(
            home=known.home,
            residents=residents,
            contacts=tuple(contact_of(each) for each in _CONTACTS.on(self._connection, id=id_)),
            station=self.station(known.home.station_id) if known.home.station_id else None,
        )

    def dwelling(self, id_: HomeId) -> Household:
        """
        A home with its residents alone: what raising an alarm needs to know.

        Raises:
            NotFound: there is no such home.
        """
        found = _RESIDENTS.on(self._connection, id=id_)
        return Household(home=self.home(id_), residents=tuple(resident_of(each) for each in found))

    def home(self, id_: HomeId) -> Home:
        """
        A home by itself.

        Raises:
            NotFound: there is no such home.
        """
        row = _HOME.on(self._connection, id=id_).first()
        if row is None:
            raise NotFound(f"no home {id_}")
        return home_of(row)

    def homes(self) -> list[Home]:
        return [home_of(row) for row in self._connection.execute(select(homes).order_by(homes.c.code))]

    def is_served(self, id_: ResidentId) -> bool:
        """Whether this resident is on file and has neither left nor died."""
        row = _RESIDENT.on(self._connection, id=id_).first()
        return row is not None and resident_of(row).is_served

    def residents(self) -> list[Resident]:
        return [resident_of(row) for row in self._connection.execute(select(residents).order_by(residents.c.code))]

    def contacts(self) -> list[Contact]:
        return [contact_of(row) for row in self._connection.execute(select(contacts).order_by(contacts.c.code))]

    def station(self, id_: StationId) -> Station | None:
        row = _STATION.on(self._connection, id=id_).first()
        return None if row is None else _station(row)

    def stations(self) -> list[Station]:
        return [_station(row) for row in _STATIONS.on(self._connection)]

    def carers(self) -> list[Carer]:
        return [_carer(row) for row in _CARERS.on(self._connection)]

    def carers_by_id(self, ids: Collection[CarerId]) -> dict[CarerId, Carer]:
        """These carers; ids nobody has are left out."""
        if not ids:
            return {}
        found = (_carer(row) for row in _CARERS_OF.on(self._connection, ids=list(ids)))
        return {each.id: each for each in found}

    def lock_carers(self, ids: Collection[CarerId]) -> None:
        """
        On PostgreSQL: nobody else chooses among these until the unit ends. Locked in id order, so never in a ring.
        """
        if ids and self._connection.dialect.name == "postgresql":
            query = select(carers.c.id).where(carers.c.id.in_(ids)).order_by(carers.c.id).with_for_update()
            self._connection.execute(query).all()

    def by_phone(self, phone: str) -> list[Person]:
        """Everybody with this number: carers first, then contacts."""
        found = [carer_person(CarerId(row.id)) for row in _CARER_PHONE.on(self._connection, phone=phone)]
        return found + [contact(row.id) for row in _KIN_PHONE.on(self._connection, phone=phone)]

    def files_of(self, phone: str) -> tuple[File, ...]:
        """Whose number this is, with the homes they belong to: residents first, then contacts, then carers."""
        found = [
            File(person=resident(row.id), home_id=row.home_id, resident_id=row.id)
            for row in _RESIDENT_PHONE.on(self._connection, phone=phone)
        ]
        found += [
            File(person=contact(row.id), home_id=row.home_id) for row in _KIN_HOME.on(self._connection, phone=phone)
        ]
        staff = (carer_person(CarerId(row.id)) for row in _CARER_PHONE.on(self._connection, phone=phone))
        return (*found, *(File(person=each) for each in staff))

    def keep_consent(
        self, contact_id: ContactId, *, given_by: str, given_at: datetime, may_know: Collection[str]
    ) -> bool:
        """Keeps a consent and lets the newest hold; False where the same was kept before."""
        key = (consents.c.contact_id == contact_id) & (consents.c.given_at == given_at)
        if self._connection.execute(select(consents.c.contact_id).where(key)).first() is not None:
            return False
        row = {"contact_id": contact_id, "given_at": given_at, "given_by": given_by, "may_know": sorted(may_know)}
        self._connection.execute(insert(consents).values(row))
        newest = (
            select(consents.c.may_know)
            .where(consents.c.contact_id == contact_id)
            .order_by(consents.c.given_at.desc())
            .limit(1)
        )
        holds = self._connection.execute(newest).scalar()
        self._connection.execute(update(contacts).where(contacts.c.id == contact_id).values(may_know=holds))
        return True

    def opt_out(self, id_: CarerId) -> None:
        """This carer's number refuses our texts."""
        self._connection.execute(update(carers).where(carers.c.id == id_).values(opted_out=True))

    def name_of(self, person: Person) -> str:
        """What a person is called, for people to read; the bare reference where nobody is found."""
        return self.names_of([person])[person]

    def names_of(self, people: Iterable[Person]) -> dict[str, str]:
        """The same for several, in one statement for each kind of person."""
        names: dict[str, str] = {person: person for person in people}
        for kind, shelf in _NAMES.items():
            ids = [person.removeprefix(f"{kind}:") for person in names if person.startswith(f"{kind}:")]
            found = shelf.on(self._connection, ids=ids) if ids else ()
            names |= {f"{kind}:{row.id}": row.name for row in found if row.name}
        return names

    def describe(self, name: str, *, area_code: str, zone: str) -> None:
        """Says what district this is; there is only one."""
        upsert(districts, self._connection, "id", {"id": "only", "name": name, "area_code": area_code, "zone": zone})

    def district(self) -> tuple[str, str]:
        """The district's name and time zone; nameless and Chinese before anything was loaded."""
        row = self._connection.execute(select(districts.c.name, districts.c.zone)).first()
        return (row.name, row.zone) if row else ("", "Asia/Shanghai")

    def put(self, table: Table, row: Mapping[str, Any], *, once: Collection[str] = ()) -> None:
        """
        Inserts a row, or makes the row with the same code like it, but for the columns in `once`. What it is found by
        goes with it; a row that is like it already is left alone, and keeps its version.
        """
        known = _by_code(table).on(self._connection, code=row["code"]).first()
        before = {} if known is None else known._asdict()
        changed = [name for name in row if name not in {"id", "code", *once} and before.get(name) != row[name]]
        if known is not None and not changed:
            return
        version = before.get("version", 0) + 1
        upsert(table, self._connection, "code", {**row, "version": version}, once=once)
        self.learn(table, str(row["code"]))

    def learn(self, table: Table, code: str) -> None:
        """What this row is found by is written anew."""
        found = _by_code(table).on(self._connection, code=code)[0]
        Finds(self._connection).learn(KINDS[table.name], found._asdict())

    def id_of(self, table: Table, code: str) -> str | None:
        """The id behind a code."""
        found = _id_of(table).on(self._connection, code=code).scalar()
        return None if found is None else str(found)


@cache
def _by_code(table: Table) -> Prepared:
    return Prepared(select(table).where(table.c.code == bindparam("code")))


@cache
def _id_of(table: Table) -> Prepared:
    return Prepared(select(table.c.id).where(table.c.code == bindparam("code")))


def _at(lat: float | None, lng: float | None) -> Position | None:
    return None if lat is None or lng is None else Position(lat, lng)


def _station(row: Any) -> Station:
    lends = tuple(StationId(each) for each in row.lends)
    return Station(id=row.id, code=row.code, name=row.name, position=_at(row.lat, row.lng), lends=lends,
                   version=row.version)  # fmt: skip


def _carer(row: Any) -> Carer:
    position = _at(row.lat, row.lng)
    return Carer(
        id=row.id, code=row.code, name=row.name, phone=row.phone, station_id=row.station_id,
        base=_at(row.base_lat, row.base_lng), position=position, position_at=row.position_at if position else None,
        means=row.means, skills=frozenset(row.skills), languages=frozenset(row.languages),
        suspended=row.suspended, opted_out=row.opted_out, version=row.version, ended_at=row.ended_at,
    )  # fmt: skip


def home_of(row: Any) -> Home:
    """A home as its row tells it."""
    return Home(
        id=row.id, code=row.code, address=row.address, position=_at(row.lat, row.lng), station_id=row.station_id,
        entry=row.entry, street=row.street, community=row.community, version=row.version, ended_at=row.ended_at,
    )  # fmt: skip


def resident_of(row: Any) -> Resident:
    """A resident as their row tells it."""
    return Resident(
        id=row.id, code=row.code, home_id=row.home_id, name=row.name, born_on=row.born_on, phone=row.phone,
        level=row.level, cats=tuple(row.cats), needs=frozenset(row.needs), language=row.language,
        talk=tuple(Talk(each) for each in row.talk), agreements=frozenset(row.agreements), illness=row.illness,
        plan=row.plan, version=row.version, ended_at=row.ended_at, ended_why=row.ended_why, died_on=row.died_on,
    )  # fmt: skip


def contact_of(row: Any) -> Contact:
    """A contact as their row tells it."""
    return Contact(
        id=row.id, home_id=row.home_id, name=row.name, phone=row.phone, order=row.order, relation=row.relation,
        key_holder=row.key_holder, may_know=frozenset(row.may_know), version=row.version, ended_at=row.ended_at,
    )  # fmt: skip
