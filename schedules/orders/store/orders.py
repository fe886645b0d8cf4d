"""Orders on file, with their photos, and who can be asked to do them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    true,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import CarerId, HomeId, ResidentId
from dispatch.rules.people import Carer, Person, carer
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.people import People, homes, residents
from dispatch.store.prepared import Prepared
from dispatch.store.satisfaction import ratings
from schedules.orders.rules.order import Order, State

orders = Table(
    "orders", metadata,
    Column("id", String(40), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("service", String(30), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("by", String(80), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("note", Text, nullable=False),
    Column("smells", Json, nullable=False),
    Column("provider", String(80)),
    Column("offered_until", Instant),
    Column("tried", Json, nullable=False),
    Column("step", String(12), nullable=False),
    Column("done_at", Instant),
    Column("score", Integer),
    Column("why", Text, nullable=False),
    Column("call_id", String(40)),
    CheckConstraint("state IN ('offered','waiting','accepted','done','closed','cancelled')", name="state"),
    CheckConstraint("(state IN ('closed','cancelled')) = (due_at IS NULL)", name="waits"),
    CheckConstraint("score IS NULL OR (score >= 1 AND score <= 5)", name="score"),
    Index("ix_orders_resident_id", "resident_id", "start_at"),
    Index("ix_orders_start_at", "start_at"),
    Index("ix_orders_provider", "provider", "state"),
)  # fmt: skip
_WAITS = orders.c.due_at.is_not(None)
Index("ix_orders_due_at", orders.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

order_photos = Table(
    "order_photos", metadata,
    Column("id", String(40), primary_key=True),
    Column("order_id", String(40), ForeignKey("orders.id"), nullable=False, index=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False, index=True),
    Column("step", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("picture", LargeBinary, nullable=False),
)  # fmt: skip

order_providers = Table(
    "order_providers", metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("phone", String(20)),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("skills", Json, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant),
)  # fmt: skip
"""Organisations that do services: a repair shop, a clinic. Carers stand in their own register, with their skills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An organisation that can be asked. `station_id` None: it serves the whole district."""

    id: str
    name: str
    phone: str | None
    station_id: str | None
    skills: tuple[str, ...]
    by: Person
    at: datetime
    ended_at: datetime | None = None

    @property
    def person(self) -> Person:
        return Person(f"provider:{self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture of a step, without the picture."""

    id: str
    order_id: str
    resident_id: ResidentId
    step: str
    at: datetime
    by: Person
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody who can be asked: how they are reached, and where they belong."""

    person: Person
    name: str
    phone: str | None
    lang: str = "zh"
    station_id: str | None = None


_OFFERED = Prepared(
    select(orders.c.id).where(orders.c.provider == bindparam("provider"), orders.c.state == "offered").limit(1)
)
"""Whether anything at all is offered to this provider: asked at every answer, and nearly always nothing is."""


class Orders:
    """The shelf of orders."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, order: Order) -> None:
        self._connection.execute(insert(orders), _row(order))

    def save(self, order: Order) -> None:
        self._connection.execute(update(orders).where(orders.c.id == order.id).values(**_row(order)))

    def next_number(self) -> int:
        return (self._connection.execute(select(func.max(orders.c.number))).scalar() or 0) + 1

    def get(self, id_: str, area: Area | None = None) -> Order:
        """
        One order.

        Raises:
            NotFound: there is none with this id, or it is outside the area.
        """
        row = self._connection.execute(select(orders).where(orders.c.id == id_, _inside(area))).first()
        if row is None:
            raise NotFound("There is no such order.")
        return _value(row)

    def newest(
        self, area: Area, *, states: Collection[State] = (), most: int, before: int | None = None
    ) -> list[Order]:
        """The newest of an area, of these states or all, numbered below `before`."""
        query = select(orders).where(_inside(area))
        query = query.where(orders.c.state.in_(sorted(states))) if states else query
        query = query.where(orders.c.number < before) if before is not None else query
        return [_value(row) for row in self._connection.execute(query.order_by(orders.c.number.desc()).limit(most))]

    def of(self, resident_ids: Collection[ResidentId], most: int) -> list[Order]:
        query = select(orders).where(orders.c.resident_id.in_(resident_ids)).order_by(orders.c.number.desc())
        return [_value(row) for row in self._connection.execute(query.limit(most))]

    def offered_to(self, person: Person) -> list[Order]:
        """What this provider is asked to do now."""
        if not _OFFERED.on(self._connection, provider=person):
            return []
        query = select(orders).where(orders.c.provider == person, orders.c.state == "offered").order_by(orders.c.number)
        return [_value(row) for row in self._connection.execute(query)]

    def in_hand(self, person: Person) -> list[Order]:
        """What this provider is asked to do, or has taken and not reported done, by when it begins."""
        mine = (orders.c.provider == person) & orders.c.state.in_(["offered", "accepted"])
        rows = self._connection.execute(select(orders).where(mine).order_by(orders.c.start_at, orders.c.id))
        return [_value(row) for row in rows]

    def same(self, resident_id: ResidentId, service: str, start_at: datetime) -> Order | None:
        """The open order of the same thing at the same time, as when somebody presses twice."""
        query = select(orders).where(
            orders.c.resident_id == resident_id, orders.c.service == service, orders.c.start_at == start_at,
            orders.c.state.not_in(["closed", "cancelled"]),
        )  # fmt: skip
        row = self._connection.execute(query).first()
        return None if row is None else _value(row)

    def last_done(self, resident_id: ResidentId, service: str) -> datetime | None:
        """When this resident had it last, or will have it."""
        query = select(func.max(orders.c.start_at)).where(
            orders.c.resident_id == resident_id, orders.c.service == service, orders.c.state != "cancelled"
        )
        found: datetime | None = self._connection.execute(query).scalar()
        return found

    def between(self, start: datetime, end: datetime) -> list[Order]:
        """Accepted orders that begin in this window."""
        query = select(orders).where(orders.c.state == "accepted", orders.c.start_at >= start, orders.c.start_at < end)
        return [_value(row) for row in self._connection.execute(query.order_by(orders.c.start_at, orders.c.id))]

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(orders.c.id).where(orders.c.due_at <= now).order_by(orders.c.due_at).limit(most)
        return list(self._connection.execute(query).scalars())

    def next_due(self) -> datetime | None:
        found: datetime | None = self._connection.execute(select(func.min(orders.c.due_at)).where(_WAITS)).scalar()
        return found

    def rest(self, id_: str, until: datetime) -> None:
        """It is looked at again then, and not before."""
        self._connection.execute(update(orders).where(orders.c.id == id_, _WAITS).values(due_at=until))

    def score_of(self, id_: str) -> int | None:
        """What whoever was served has answered to the question how it was; 5 is best."""
        query = select(ratings.c.score).where(ratings.c.about == f"visit:order:{id_}")
        found: int | None = self._connection.execute(query).scalar()
        return found

    # ------------------------------------------------------------------------------------------- photos

    def keep_photo(self, photo: Photo, picture: bytes) -> None:
        self._connection.execute(insert(order_photos), asdict(photo) | {"picture": picture})

    def photos(self, order_id: str) -> list[Photo]:
        """The photos of an order, without the pictures."""
        columns = [order_photos.c[each.name] for each in fields(Photo)]
        query = select(*columns).where(order_photos.c.order_id == order_id).order_by(order_photos.c.at)
        return [Photo(**row._mapping) for row in self._connection.execute(query)]

    def picture(self, order_id: str, photo_id: str) -> tuple[bytes, str]:
        """
        A picture and its kind.

        Raises:
            NotFound: there is none such.
        """
        query = select(order_photos.c.picture, order_photos.c.kind).where(
            order_photos.c.id == photo_id, order_photos.c.order_id == order_id
        )
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such photo.")
        return bytes(row.picture), row.kind

    # ------------------------------------------------------------------------------------------- who can be asked

    def add_provider(self, provider: Provider) -> None:
        self._connection.execute(insert(order_providers), asdict(provider) | {"skills": list(provider.skills)})

    def end_provider(self, id_: str, at: datetime) -> None:
        self._connection.execute(update(order_providers).where(order_providers.c.id == id_).values(ended_at=at))

    def providers(self, *, ended: bool = False) -> list[Provider]:
        """Organisations in use, or all."""
        query = select(order_providers).order_by(order_providers.c.name, order_providers.c.id)
        query = query if ended else query.where(order_providers.c.ended_at.is_(None))
        return [
            Provider(**dict(row._mapping) | {"skills": tuple(row.skills)}) for row in self._connection.execute(query)
        ]

    def able(self, skills: Collection[str], station_id: str | None) -> list[Asked]:
        """
        Who has all these skills, in the order in which they are asked: of the home's station first, carers before
        organisations, then by name, so that two runs ask the same.
        """
        people = [_asked(each) for each in People(self._connection).carers() if _can(each, skills)]
        others = [
            Asked(person=each.person, name=each.name, phone=each.phone, station_id=each.station_id)
            for each in self.providers() if set(skills) <= set(each.skills)
        ]  # fmt: skip
        here = [each for each in (*people, *others) if station_id is None or each.station_id in {station_id, None}]
        return sorted(here, key=lambda each: (each.station_id != station_id, each.person.startswith("provider:")))

    def asked(self, person: Person) -> Asked | None:
        """Somebody who was asked, whoever they are."""
        kind, _, id_ = person.partition(":")
        if kind == "carer":
            found = People(self._connection).carers_by_id([CarerId(id_)]).get(CarerId(id_))
            return None if found is None else _asked(found)
        all_ = {each.id: each for each in self.providers(ended=True)}
        one = all_.get(id_)
        return None if one is None else Asked(
            person=one.person, name=one.name, phone=one.phone, station_id=one.station_id
        )  # fmt: skip


def _asked(each: Carer) -> Asked:
    return Asked(person=carer(each.id), name=each.name, phone=None if each.opted_out else each.phone, lang=each.lang,
                 station_id=each.station_id)  # fmt: skip


def _can(each: Carer, skills: Collection[str]) -> bool:
    return each.ended_at is None and not each.suspended and set(skills) <= each.skills


def _inside(area: Area | None) -> ColumnElement[bool]:
    if area is None or area.stations is None:
        return true()
    mine = select(residents.c.id).join(homes, homes.c.id == residents.c.home_id)
    return orders.c.resident_id.in_(mine.where(homes.c.station_id.in_(sorted(area.stations))))


def _row(order: Order) -> dict[str, Any]:
    return {each.name: getattr(order, each.name) for each in fields(Order)} | {
        "smells": list(order.smells), "tried": list(order.tried),
    }  # fmt: skip


def _value(row: Any) -> Order:
    said = dict(row._mapping)
    return Order(**said | {
        "state": State(said["state"]), "smells": tuple(said["smells"]), "tried": tuple(said["tried"]),
        "resident_id": ResidentId(said["resident_id"]), "home_id": HomeId(said["home_id"]), "by": Person(said["by"]),
    })  # fmt: skip
