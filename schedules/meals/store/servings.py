"""Meals on file: each till's own id once, and one meal with public money for a person, type of meal and day."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
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
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from dispatch.ids import ResidentId
from dispatch.rules.rights import Area
from dispatch.store.database import Instant, Json, insert_once, metadata
from dispatch.store.people import residents
from dispatch.store.prepared import Prepared
from schedules.meals.rules.serving import WAITING, Answer, By, MealType, Money, Serving
from schedules.meals.store.canteens import canteens, tills

servings = Table(
    "servings", metadata,
    Column("id", String(40), primary_key=True),
    Column("till_id", String(40), ForeignKey("tills.id"), nullable=False),
    Column("ref", String(80), nullable=False),
    Column("canteen_id", String(40), ForeignKey("canteens.id"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id")),
    Column("meal_type", String(12), nullable=False),
    Column("served_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("on", Date, nullable=False),
    Column("by", String(8), nullable=False),
    Column("delivery", Boolean, nullable=False),
    Column("price_fen", Integer, nullable=False),
    Column("fee_fen", Integer, nullable=False),
    Column("charged_fen", Integer),
    Column("operator", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("policy", String(80)),
    Column("policy_version", String(64)),
    Column("discount_fen", Integer, nullable=False),
    Column("subsidy_fen", Integer, nullable=False),
    Column("layers", Json, nullable=False),
    Column("delivery_fen", Integer, nullable=False),
    Column("pays_fen", Integer, nullable=False),
    Column("quota_fen", Integer, nullable=False),
    Column("because", Json, nullable=False),
    Column("asked", Json),
    Column("aided", Boolean, nullable=False),
    Column("booked", String(7)),
    Column("cancelled_at", Instant),
    Column("cancelled_by", String(80)),
    Column("pricing", Integer, nullable=False, server_default="1"),
    Column("priced_at", Instant),
    UniqueConstraint("till_id", "ref"),
    CheckConstraint("price_fen >= 0 AND fee_fen >= 0 AND pays_fen >= 0 AND subsidy_fen >= 0", name="fen"),
    CheckConstraint("NOT aided OR (resident_id IS NOT NULL AND policy_version IS NOT NULL)", name="aided"),
    Index("ix_servings_on", "on", "canteen_id"),
    Index("ix_servings_resident_id", "resident_id", "on"),
    Index("ix_servings_canteen_id", "canteen_id", "served_at"),
    Index("ix_servings_received_at", "received_at"),
    Index("ix_servings_policy", "policy", "policy_version", "on"),
)  # fmt: skip
_LIVE = servings.c.aided & servings.c.cancelled_at.is_(None)
Index(
    "ix_servings_once", servings.c.resident_id, servings.c.on, servings.c.meal_type, unique=True,
    sqlite_where=_LIVE, postgresql_where=_LIVE,
)  # fmt: skip
_CANCELLED = text("cancelled_at IS NOT NULL")
Index("ix_servings_cancelled_at", servings.c.cancelled_at, sqlite_where=_CANCELLED, postgresql_where=_CANCELLED)
WAITS = text(f"reason IN ({', '.join(repr(each) for each in sorted(WAITING))}) AND cancelled_at IS NULL")
"""Written out, and not as values: only then does SQLite see that the index below answers the question."""
Index("ix_servings_waiting", servings.c.on, servings.c.canteen_id, sqlite_where=WAITS, postgresql_where=WAITS)

serving_cancellations = Table(
    "serving_cancellations", metadata,
    Column("till_id", String(40), ForeignKey("tills.id"), primary_key=True),
    Column("ref", String(80), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)  # fmt: skip
"""Meals that were cancelled, also those that have not come in yet: a till sends in any order."""

PRICED = (
    "charged_fen", "reason", "policy", "policy_version", "discount_fen", "subsidy_fen", "layers", "delivery_fen",
    "pays_fen", "quota_fen", "because", "asked", "aided", "booked", "pricing", "priced_at",
)  # fmt: skip
"""What of a meal is written when its rule can be asked at last, or was corrected backwards."""

Used = Sequence[tuple[date, str]]

_C, _D = servings.c, serving_cancellations.c
_ADD = Prepared(insert(servings))
_BY_REFS = Prepared(
    select(servings).where(_C.till_id == bindparam("till"), _C.ref.in_(bindparam("refs", expanding=True)))
)  # fmt: skip
_CANCELLATION = Prepared(select(_D.by, _D.at).where(_D.till_id == bindparam("till"), _D.ref == bindparam("ref")))
_AIDED = Prepared(
    select(_C.on, _C.meal_type)
    .where(_C.resident_id == bindparam("who"), _C.on >= bindparam("first"), _C.on <= bindparam("last"), _LIVE)
)  # fmt: skip
_DRAWN = Prepared(
    select(_C.on, _C.quota_fen)
    .where(_C.resident_id == bindparam("who"), _C.policy == bindparam("policy"), _C.quota_fen > 0, _LIVE)
    .where(_C.on >= bindparam("first"), _C.on <= bindparam("last")).order_by(_C.on, _C.id)
)  # fmt: skip


class Servings:
    """The shelf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, serving: Serving) -> None:
        """
        One more.

        Raises:
            sqlalchemy.exc.IntegrityError: the till's id is there, or the person had this meal.
        """
        _ADD.on(self._connection, **_row(serving))

    def get(self, id_: str) -> Serving | None:
        row = self._connection.execute(select(servings).where(servings.c.id == id_)).first()
        return None if row is None else serving_of(row)

    def by_ref(self, till_id: str, ref: str) -> Serving | None:
        """The meal a till calls so."""
        return self.by_refs(till_id, [ref]).get(ref)

    def by_refs(self, till_id: str, refs: Sequence[str]) -> dict[str, Serving]:
        """Those of these meals of a till that are on file, by what the till calls them."""
        return {row.ref: serving_of(row) for row in _BY_REFS.on(self._connection, till=till_id, refs=list(refs))}

    def cancel(self, serving: Serving, *, by: str, at: datetime) -> None:
        changed = {"cancelled_at": at, "cancelled_by": by}
        self._connection.execute(update(servings).where(servings.c.id == serving.id).values(**changed))

    def price(self, serving: Serving) -> None:
        """What became of the price of a meal whose rule could not be asked when it came in, or was corrected."""
        row = _row(serving)
        changed = {name: row[name] for name in PRICED}
        self._connection.execute(update(servings).where(servings.c.id == serving.id).values(**changed))

    def diners_at(self, canteen_id: str, since: date, most: int) -> list[str]:
        """Whoever ate at a canteen from this day on."""
        c = servings.c
        query = select(c.resident_id).where(c.canteen_id == canteen_id, c.on >= since, c.resident_id.is_not(None))
        return [str(each) for each in self._connection.scalars(query.distinct().limit(most))]

    def waiting(self, area: Area, reasons: Sequence[str], *, since: date, most: int) -> list[str]:
        """Ids of meals of an area with one of these reasons that were not cancelled, those served first first."""
        c = servings.c
        query = select(c.id).where(c.on >= since, c.reason.in_(reasons), c.cancelled_at.is_(None))
        query = query.where(c.resident_id.is_not(None))
        if area.stations is not None:
            query = query.join(canteens, canteens.c.id == c.canteen_id).where(canteens.c.station_id.in_(area.stations))
        return list(self._connection.scalars(query.order_by(c.served_at, c.id).limit(most)))

    def waiting_by_day(self, area: Area) -> list[tuple[str, date, int]]:
        """How many meals of an area wait for their rule: canteen, day, meals."""
        c = servings.c
        many = func.count(c.resident_id)
        query = select(c.canteen_id, c.on, many.label("many")).where(WAITS).group_by(c.on, c.canteen_id)
        if area.stations is not None:
            own = select(canteens.c.id).where(canteens.c.station_id.in_(area.stations))
            query = query.where(c.canteen_id.in_(own))
        query = query.having(many > 0)
        return [(row.canteen_id, row.on, row.many) for row in self._connection.execute(query)]

    def keep_cancellation(self, till_id: str, ref: str, *, by: str, at: datetime) -> bool:
        """False where it was kept before."""
        row = {"till_id": till_id, "ref": ref, "by": by, "at": at}
        return self._connection.execute(insert_once(serving_cancellations, self._connection), row).rowcount == 1

    def cancellation(self, till_id: str, ref: str) -> tuple[str, datetime] | None:
        """Who cancelled it, and when."""
        row = _CANCELLATION.on(self._connection, till=till_id, ref=ref).first()
        return None if row is None else (row.by, row.at)

    def aided(self, resident_id: ResidentId, first: date, last: date) -> Used:
        """Day and type of each meal of these days that has public money."""
        rows = _AIDED.on(self._connection, who=resident_id, first=first, last=last)
        return [(row.on, row.meal_type) for row in rows]

    def drawn(self, resident_id: ResidentId, policy: str, first: date, last: date) -> list[tuple[date, int]]:
        """What was drawn from the virtual account of a rule: days and fen, in their order."""
        rows = _DRAWN.on(self._connection, who=resident_id, policy=policy, first=first, last=last)
        return [(row.on, row.quota_fen) for row in rows]

    def of(self, resident_id: str, first: date, last: date) -> list[Serving]:
        """A resident's meals of these days."""
        c = servings.c
        query = select(servings).where(c.resident_id == resident_id, c.on >= first, c.on <= last)
        return [serving_of(row) for row in self._connection.execute(query.order_by(c.served_at, c.id))]

    def on(self, day: date, canteen_ids: Sequence[str]) -> list[Serving]:
        """Those of a day at these canteens, cancelled ones left out."""
        c = servings.c
        query = select(servings).where(c.on == day, c.canteen_id.in_(canteen_ids), c.cancelled_at.is_(None))
        return [serving_of(row) for row in self._connection.execute(query.order_by(c.served_at, c.id))]

    def recent(
        self, area: Area, *, since: date, until: date, canteen: str = "", reasons: Sequence[str] = (), most: int = 200
    ) -> list[Serving]:  # fmt: skip
        """Those of an area of these days, the newest first; at one canteen (its id), with one of these reasons."""
        c = servings.c
        query = select(servings).where(c.on >= since, c.on <= until)
        if area.stations is not None:
            query = query.join(canteens, canteens.c.id == c.canteen_id).where(canteens.c.station_id.in_(area.stations))
        if canteen:
            query = query.where(c.canteen_id == canteen)
        if reasons:
            query = query.where(c.reason.in_(reasons))
        query = query.order_by(c.served_at.desc(), c.id.desc()).limit(most)
        return [serving_of(row) for row in self._connection.execute(query)]

    def between(self, first: date, last: date) -> Iterator[tuple[Serving, str, str]]:
        """Every meal of these days, cancelled ones too, with the codes of till and canteen, in order of day and id."""
        c = servings.c
        query = (
            select(servings, tills.c.code.label("till"), canteens.c.code.label("canteen"))
            .join(tills, tills.c.id == c.till_id).join(canteens, canteens.c.id == c.canteen_id)
            .where(c.on >= first, c.on <= last).order_by(c.on, c.id).execution_options(yield_per=1_000)
        )  # fmt: skip
        for row in self._connection.execute(query):
            yield serving_of(row), row.till, row.canteen

    def received(self, since: datetime, most: int) -> list[tuple[Serving, str]]:
        """Meals of people we know that came in from then on, with the home of each."""
        c = servings.c
        query = (
            select(servings, residents.c.home_id).join(residents, residents.c.id == c.resident_id)
            .where(c.received_at >= since, c.cancelled_at.is_(None)).order_by(c.received_at).limit(most)
        )  # fmt: skip
        return [(serving_of(row), row.home_id) for row in self._connection.execute(query)]


def _row(each: Serving) -> dict[str, Any]:
    money, answer = each.answer.money, each.answer
    return {
        "id": each.id, "till_id": each.till_id, "ref": each.ref, "canteen_id": each.canteen_id,
        "resident_id": each.resident_id, "meal_type": str(each.meal_type), "served_at": each.served_at,
        "received_at": each.received_at, "on": each.on, "by": str(each.by), "delivery": each.delivery,
        "price_fen": money.price_fen, "fee_fen": money.fee_fen, "charged_fen": each.charged_fen,
        "operator": each.operator, "digest": each.digest, "reason": answer.reason, "policy": answer.policy,
        "policy_version": answer.version, "discount_fen": money.discount_fen, "subsidy_fen": money.subsidy_fen,
        "layers": dict(money.layers), "delivery_fen": money.delivery_fen, "pays_fen": money.pays_fen,
        "quota_fen": money.quota_fen, "because": {lang: list(said) for lang, said in answer.because.items()},
        "asked": dict(answer.asked) if answer.asked is not None else None,
        "aided": answer.is_aided, "booked": each.booked, "cancelled_at": each.cancelled_at,
        "cancelled_by": each.cancelled_by, "pricing": each.pricing, "priced_at": each.priced_at,
    }  # fmt: skip


def serving_of(row: Any) -> Serving:
    """A row of the table as a value."""
    money = Money(
        price_fen=row.price_fen, fee_fen=row.fee_fen, discount_fen=row.discount_fen, layers=row.layers,
        delivery_fen=row.delivery_fen, pays_fen=row.pays_fen, quota_fen=row.quota_fen,
    )  # fmt: skip
    answer = Answer(
        money=money, reason=row.reason, policy=row.policy, version=row.policy_version,
        because={lang: tuple(said) for lang, said in row.because.items()}, asked=row.asked,
    )  # fmt: skip
    return Serving(
        id=row.id, till_id=row.till_id, ref=row.ref, canteen_id=row.canteen_id,
        resident_id=ResidentId(row.resident_id) if row.resident_id else None, meal_type=MealType(row.meal_type),
        served_at=row.served_at, received_at=row.received_at, on=row.on, by=By(row.by), delivery=row.delivery,
        charged_fen=row.charged_fen, operator=row.operator, digest=row.digest, answer=answer, booked=row.booked,
        cancelled_at=row.cancelled_at, cancelled_by=row.cancelled_by, pricing=row.pricing, priced_at=row.priced_at,
    )  # fmt: skip
