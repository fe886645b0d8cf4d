"""A plan of visits as it stands on file once it was thought about, and a book of visits in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dispatch.errors import Conflict, NotFound
from dispatch.ids import CarerId
from dispatch.store.transactions import Tx
from schedules.planning.gathering import OpenVisit
from schedules.planning.store import Planned, State, VisitPlan, VisitPlans


def planned_once(house: Any, residents: Sequence[Any], carers: Sequence[Any]) -> str:
    """A plan that is ready: a visit of one, a visit of two, one left out; its id."""
    now = house.clock.now()
    why = {"cost": 420, "others": [{"carer": carers[1].id, "more": 300}], "barred": {"no_skill": 2, "no_room": 1}}

    def visit(number: int, who: Sequence[Any], **more: Any) -> Planned:
        resident = residents[number % len(residents)]
        return Planned(
            visit_id=f"visit-{number}", resident_id=resident.id, home_id=resident.home_id, start_from=now, minutes=45,
            carers=tuple(each.id for each in who), **more,
        )  # fmt: skip

    visits = [
        visit(0, carers[:1], start_at=now + timedelta(hours=1), travel_s=400, why=why),
        visit(1, carers[:2], start_at=now + timedelta(hours=3), travel_s=90, had=(carers[0].id,), why=why),
        visit(2, [], reason="no_skill"),
    ]
    plan = VisitPlan(
        id="plan-once", station_id=None, first_on=date(2026, 11, 24), days=1, state=State.READY, seconds=10, seed=1,
        part=100, cost={"travel": 490, "total": 490}, asked_at=now, asked_by="operator:x",
    )  # fmt: skip

    def work(tx: Any) -> None:
        VisitPlans(tx.connection).add(plan)
        VisitPlans(tx.connection).put_visits(plan.id, visits)

    house.transactions.run(work)
    return plan.id


class BookOfVisits:
    """Visits in memory. What is in `stubborn` refuses to be assigned."""

    def __init__(self, visits: Sequence[OpenVisit]) -> None:
        self.visits = {each.id: each for each in visits}
        self.sent: dict[str, tuple[CarerId, ...]] = {each.id: each.carers for each in visits}
        self.stubborn: set[str] = set()
        self.staged: dict[str, tuple[CarerId, ...]] = {}

    def open_on(self, day: date) -> Sequence[OpenVisit]:
        return [replace(each, carers=self.sent[each.id]) for each in self.visits.values() if each.wanted.on == day]

    def under_way(self) -> Sequence[Any]:
        return ()

    def prepare(
        self, id_: str, sent: Mapping[str, Sequence[CarerId]], *, by: str
    ) -> Mapping[str, NotFound | Conflict]:  # fmt: skip
        refused: dict[str, NotFound | Conflict] = {}
        for visit_id in sent:
            if visit_id not in self.visits:
                refused[visit_id] = NotFound("no such visit")
            elif visit_id in self.stubborn:
                refused[visit_id] = Conflict("This visit is over.")
        self.staged = {visit_id: tuple(those) for visit_id, those in sent.items() if visit_id not in refused}
        return refused

    def make_true(self, tx: Tx, id_: str, visit_ids: Collection[str]) -> Mapping[str, NotFound | Conflict]:
        assert set(visit_ids) == set(self.staged)
        self.sent |= self.staged
        return {}

    def settle(self, id_: str) -> None:
        """Everything is where it belongs."""

    def abandon(self, id_: str) -> None:
        self.staged = {}
