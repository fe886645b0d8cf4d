"""Meals that were ordered, and the counts at each hand-over."""

from collections.abc import Sequence
from dataclasses import asdict
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
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from dispatch.errors import Conflict, NotFound
from dispatch.ids import ResidentId
from dispatch.store.database import Instant, metadata, savepoint
from dispatch.store.people import residents
from schedules.meals.rules.handover import Count, Order, OrderState, Proof, Stage
from schedules.meals.rules.serving import MealType

meal_orders = Table(
    "meal_orders", metadata,
    Column("id", String(40), primary_key=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("point_id", String(40), ForeignKey("canteens.id"), nullable=False),
    Column("on", Date, nullable=False),
    Column("meal_type", String(12), nullable=False),
    Column("delivery", Boolean, nullable=False),
    Column("state", String(12), nullable=False),
    Column("code", String(4), nullable=False),
    Column("ordered_by", String(80), nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("proof", String(8)),
    Column("shown", String(80), nullable=False),
    Column("settled_by", String(80)),
    Column("settled_at", Instant, index=True),
    Column("taken_at", Instant),
    CheckConstraint("state IN ('ordered','cancelled','handed_out','missed')", name="state"),
    CheckConstraint("(state = 'ordered') = (settled_at IS NULL)", name="settled"),
    Index("ix_meal_orders_on", "on", "point_id"),
    Index("ix_meal_orders_resident_id", "resident_id", "on"),
    Index("ix_meal_orders_shown", "shown"),
)  # fmt: skip
_STANDS = meal_orders.c.state != "cancelled"
Index(
    "ix_meal_orders_once", meal_orders.c.resident_id, meal_orders.c.on, meal_orders.c.meal_type, unique=True,
    sqlite_where=_STANDS, postgresql_where=_STANDS,
)  # fmt: skip

meal_counts = Table(
    "meal_counts", metadata,
    Column("point_id", String(40), ForeignKey("canteens.id"), primary_key=True),
    Column("on", Date, primary_key=True),
    Column("meal_type", String(12), primary_key=True),
    Column("stage", String(12), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("stage IN ('sent','received','handed_out')", name="stage"),
    CheckConstraint("count >= 0", name="count"),
)  # fmt: skip


class MealOrders:
    """The shelf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, order: Order) -> None:
        """
        One more.

        Raises:
            Conflict: this person has ordered this meal of this day.
        """
        try:
            with savepoint(self._connection):
                self._connection.execute(insert(meal_orders), _row(order))
        except IntegrityError:
            raise Conflict("This person has ordered this meal of this day.") from None

    def get(self, id_: str) -> Order:
        """
        One.

        Raises:
            NotFound: there is none.
        """
        row = self._connection.execute(select(meal_orders).where(meal_orders.c.id == id_)).first()
        if row is None:
            raise NotFound(f"no order {id_}")
        return _value(row)

    def save(self, order: Order) -> None:
        self._connection.execute(update(meal_orders).where(meal_orders.c.id == order.id).values(**_row(order)))

    def of_day(self, day: date, points: Sequence[str]) -> list[Order]:
        """What stands for a day at these points."""
        c = meal_orders.c
        query = select(meal_orders).where(c.on == day, c.point_id.in_(points), _STANDS).order_by(c.meal_type, c.id)
        return [_value(row) for row in self._connection.execute(query)]

    def brought(self, first: date, last: date) -> list[Order]:
        """Meals of these days that were brought and handed out."""
        c = meal_orders.c
        query = select(meal_orders).where(c.on >= first, c.on <= last, c.delivery, c.state == "handed_out")
        return [_value(row) for row in self._connection.execute(query.order_by(c.on, c.id))]

    def shown_before(self, photos: Sequence[str], day: date) -> list[Order]:
        """Orders of days before this one that one of these pictures proves, the oldest first."""
        c = meal_orders.c
        query = select(meal_orders).where(c.shown.in_(photos), c.proof == "photo", c.on < day)
        return [_value(row) for row in self._connection.execute(query.order_by(c.on, c.id))]

    def of(self, resident_id: str, first: date, last: date) -> list[Order]:
        c = meal_orders.c
        query = select(meal_orders).where(c.resident_id == resident_id, c.on >= first, c.on <= last, _STANDS)
        return [_value(row) for row in self._connection.execute(query.order_by(c.on, c.id))]

    def missed(self, since: datetime, most: int) -> list[tuple[Order, str]]:
        """Meals nobody took, settled from then on, with the home of each diner."""
        c = meal_orders.c
        query = (
            select(meal_orders, residents.c.home_id).join(residents, residents.c.id == c.resident_id)
            .where(c.state == "missed", c.settled_at >= since).order_by(c.settled_at).limit(most)
        )  # fmt: skip
        return [(_value(row), row.home_id) for row in self._connection.execute(query)]

    def counts(self, day: date, points: Sequence[str]) -> dict[tuple[str, MealType], dict[Stage, Count]]:
        """By point and meal."""
        c = meal_counts.c
        found: dict[tuple[str, MealType], dict[Stage, Count]] = {}
        for row in self._connection.execute(select(meal_counts).where(c.on == day, c.point_id.in_(points))):
            key = (row.point_id, MealType(row.meal_type))
            count = Count(stage=Stage(row.stage), count=row._mapping["count"], why=row.why, by=row.by)
            found.setdefault(key, {})[count.stage] = count
        return found

    def put_count(self, point_id: str, day: date, meal_type: MealType, count: Count, at: datetime) -> None:
        """Counted again is counted anew; what it was before is in the record."""
        c = meal_counts.c
        key = {"point_id": point_id, "on": day, "meal_type": str(meal_type), "stage": str(count.stage)}
        same = (c.point_id == point_id) & (c.on == day) & (c.meal_type == meal_type) & (c.stage == count.stage)
        self._connection.execute(delete(meal_counts).where(same))
        said = {"count": count.count, "why": count.why, "by": count.by, "at": at}
        self._connection.execute(insert(meal_counts).values(**key, **said))


def _row(order: Order) -> dict[str, Any]:
    return asdict(order) | {
        "meal_type": str(order.meal_type), "state": str(order.state),
        "proof": str(order.proof) if order.proof else None,
    }  # fmt: skip


def _value(row: Any) -> Order:
    return Order(
        id=row.id, resident_id=ResidentId(row.resident_id), point_id=row.point_id, on=row.on,
        meal_type=MealType(row.meal_type), delivery=row.delivery, state=OrderState(row.state), code=row.code,
        ordered_by=row.ordered_by, ordered_at=row.ordered_at, proof=Proof(row.proof) if row.proof else None,
        shown=row.shown, settled_by=row.settled_by, settled_at=row.settled_at,
        taken_at=row.taken_at,
    )  # fmt: skip
