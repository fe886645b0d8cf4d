"""Carers sent to very many visits: prepared in pieces, true by one row, and written to where it belongs in pieces."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.store.database import insert_once
from schedules.care.store.visits import IS_LIVE, visit_carers, visit_sendings, visits

Prepared = Row[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A sending that is not done with: prepared by half, or live and not all of it where it belongs."""

    id: str
    by: Person
    begun_at: datetime
    live_at: datetime | None


class Sendings:
    """The shelf of what is under way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, id_: str, by: Person, at: datetime) -> None:
        """Once; begun again it stays as it is."""
        new = {"id": id_, "by": by, "begun_at": at}
        self._connection.execute(insert_once(visit_sendings, self._connection).values(new))

    def get(self, id_: str) -> UnderWay | None:
        row = self._connection.execute(select(visit_sendings).where(visit_sendings.c.id == id_)).first()
        return None if row is None else UnderWay(**row._mapping)

    def under_way(self) -> list[UnderWay]:
        """The oldest first."""
        rows = self._connection.execute(select(visit_sendings).order_by(visit_sendings.c.begun_at))
        return [UnderWay(**row._mapping) for row in rows]

    def stage(self, id_: str, sent: Mapping[str, Sequence[CarerId]]) -> None:
        """Prepares these visits. What another sending had prepared of them, and not made true, is undone."""
        mine = visit_carers.c.visit_id.in_(list(sent))
        self._connection.execute(update(visit_carers).where(mine).values(sending_id=id_, then_sent=False))
        rows = [(visit_id, carer_id) for visit_id, those in sent.items() for carer_id in those]
        if not rows:
            return
        new = [
            {"visit_id": visit, "carer_id": carer, "sent": False, "sending_id": id_, "then_sent": True}
            for visit, carer in rows
        ]
        self._connection.execute(insert_once(visit_carers, self._connection), new)
        known = (visit_carers.c.visit_id == bindparam("v")) & (visit_carers.c.carer_id == bindparam("c"))
        change = update(visit_carers).where(known).values(then_sent=True)
        self._connection.execute(change, [{"v": visit, "c": carer} for visit, carer in rows])

    def by_hand(self, id_: str, visit_ids: Collection[str]) -> set[str]:
        """Which of these visits were prepared and then changed by somebody else."""
        its = (visit_carers.c.sending_id == id_) & visit_carers.c.then_sent.is_(None)
        query = select(visit_carers.c.visit_id).where(its, visit_carers.c.visit_id.in_(list(visit_ids)))
        return set(self._connection.execute(query).scalars())

    def staged(self, id_: str) -> Sequence[Prepared]:
        """All that is prepared: visit, its state, whom it does not want, carer, whether sent. Locked until the end."""
        query = (
            select(visits.c.id, visits.c.state, visits.c.not_with, visit_carers.c.carer_id, visit_carers.c.then_sent)
            .join(visit_carers, visit_carers.c.visit_id == visits.c.id)
            .where(visit_carers.c.sending_id == id_)
            .order_by(visits.c.id)
            .with_for_update(of=visits)
        )
        return [*self._connection.execute(query)]

    def unstage(self, id_: str, visit_ids: Collection[str]) -> None:
        """What was prepared of these visits is no more."""
        its = (visit_carers.c.sending_id == id_) & visit_carers.c.visit_id.in_(list(visit_ids))
        self._connection.execute(update(visit_carers).where(its).values(sending_id=None, then_sent=None))

    def make_true(self, id_: str, at: datetime) -> None:
        """From now on whoever reads finds what was prepared."""
        self._connection.execute(update(visit_sendings).where(visit_sendings.c.id == id_).values(live_at=at))

    def some(self, id_: str, most: int) -> list[str]:
        """Visits of which something is prepared or live still."""
        query = select(visit_carers.c.visit_id).where(visit_carers.c.sending_id == id_).distinct()
        return list(self._connection.execute(query.order_by(visit_carers.c.visit_id).limit(most)).scalars())

    def live_of(self, visit_ids: Collection[str]) -> dict[str, Person]:
        """Which of these visits are of a sending that is live, with who sent."""
        query = (
            select(visit_carers.c.visit_id, visit_sendings.c.by)
            .join(visit_sendings, visit_sendings.c.id == visit_carers.c.sending_id)
            .where(visit_carers.c.visit_id.in_(visit_ids), visit_sendings.c.live_at.is_not(None))
        )
        return {row.visit_id: row.by for row in self._connection.execute(query)}

    def settle(self, visit_ids: Collection[str]) -> None:
        """Writes what is live of these visits to where it belongs."""
        its = visit_carers.c.visit_id.in_(list(visit_ids)) & visit_carers.c.sending_id.is_not(None) & IS_LIVE
        then = {"sent": visit_carers.c.then_sent, "sending_id": None, "then_sent": None}
        self._connection.execute(update(visit_carers).where(its).values(then))

    def end(self, id_: str) -> None:
        """Nothing is left of it."""
        self._connection.execute(delete(visit_sendings).where(visit_sendings.c.id == id_))
