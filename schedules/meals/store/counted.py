"""The meals of a day that count for whoever served them: read by the day, because a month has a million."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from dispatch.store.database import Connection
from dispatch.store.moves import RegisterMoves
from dispatch.store.prepared import Prepared
from schedules.meals.rules.serving import WAITING, Why
from schedules.meals.store.canteens import canteens
from schedules.meals.store.servings import servings
from schedules.money.operators.asked import Canteen, Meal

UNCOUNTED = sorted(str(each) for each in Why if str(each) not in WAITING)
"""
Why a meal counts for nobody: the diner was not known, had died or was elsewhere, or the meal came far too late. One
that only waits for its rule was eaten, and counts.
"""

_C = servings.c
_COLUMNS = (_C.canteen_id, _C.resident_id, _C.meal_type, _C.aided, _C.policy, _C.policy_version)
_KNOWN = (
    (_C.on == bindparam("day")) & _C.resident_id.is_not(None) & _C.cancelled_at.is_(None) & _C.reason.not_in(UNCOUNTED)
)
# Whoever served first has the person's day, whenever their till sent it (0081).
_SERVED = (_C.served_at, _C.received_at, _C.id)
_OF_DAY = Prepared(select(*_COLUMNS).where(_KNOWN).order_by(*_SERVED))


class CountedMeals:
    """What `schedules.money.operators` asks of meals."""

    def __init__(self, connection: Connection, day_of: Callable[[datetime], date]) -> None:
        """`day_of` is the local day of an instant."""
        self._connection, self._day_of = connection, day_of

    def of(self, day: date) -> list[Meal]:
        """
        The meals of a local day, in the order in which they were served: of each person one of a type, at whatever
        canteen; that with public money where there is one.
        """
        rows = _OF_DAY.plain(self._connection, day=day)
        had = {(row[1], row[2]) for row in rows if row[3]}
        told = []
        for row in rows:
            key = (row[1], row[2])
            if row[3]:
                told.append(row)
            elif key not in had:
                had.add(key)
                told.append(row)
        return told

    def facts(self, day: date) -> Mapping[tuple[str, str], Mapping[str, Any] | None]:
        """By resident and type of meal: the facts that the meal's rule was asked with."""
        query = select(_C.resident_id, _C.meal_type, _C.asked).where(_KNOWN)
        rows = self._connection.execute(query.order_by(_C.aided, *(each.desc() for each in _SERVED)), {"day": day})
        return {(row.resident_id, row.meal_type): row.asked for row in rows}

    def changed(self, before: date, since: datetime) -> list[date]:
        """Days before this one of which a meal came in, or was cancelled, from then on."""
        query = select(_C.on).where(_C.on < before, or_(_C.received_at >= since, _C.cancelled_at >= since))
        return list(self._connection.scalars(query.distinct()))

    def many(self, first: date, last: date, most: int) -> int:
        """How many were told of these local days, both inclusive, whether they count or not; `most` at most."""
        inside = select(_C.on).where(_C.on.between(first, last)).limit(most).subquery()
        return self._connection.execute(select(func.count()).select_from(inside)).scalar_one()

    def canteens(self) -> list[Canteen]:
        """All, those that are closed for good too."""
        c = canteens.c
        rows = self._connection.execute(select(c.id, c.code, c.name, c.station_id).order_by(c.code))
        moves = RegisterMoves(self._connection).of("canteens", "station_id", self._day_of)
        return [
            Canteen(id=row.id, code=row.code, name=row.name, station_id=row.station_id, moves=moves.get(row.id, ()))
            for row in rows
        ]
