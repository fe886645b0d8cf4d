"""
Plans of visits: asked for by a person, thought about elsewhere, looked at, published by a person, taken back.

    ask ──► waiting ──► thinking ──► ready ──► published ──► undone
                            └──► failed    └──► dropped

Nothing that waits or thinks or fails changes who goes where: only publishing does (`publishing.py`).
"""

from collections.abc import Callable
from datetime import date

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.rules.people import Person
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.planning.publishing import Published, Publishing, line
from schedules.planning.store import Planned, State, VisitPlan, VisitPlans

DAYS_MAX = 7
SECONDS = (1, 600)
"""How long a plan may be thought about, at least and at most."""

RECENT = 20


class PlanDesk:
    """Keeps plans."""

    def __init__(
        self, transactions: Transactions, reading: Engine, publishing: Publishing, *, seconds: int,
        nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        """`seconds`: how long a plan is thought about when nothing else is said; `nudge` wakes who thinks."""
        self._transactions = transactions
        self._reading = reading
        self._publishing = publishing
        self._seconds = seconds
        self._nudge = nudge

    # ------------------------------------------------------------------------------------ reading

    def get(self, plan_id: str) -> VisitPlan:
        """
        A plan.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = VisitPlans(connection).get(plan_id)
        if found is None:
            raise NotFound("There is no such plan.")
        return found

    def recent(self) -> list[VisitPlan]:
        """The newest first."""
        with self._reading.connect() as connection:
            return VisitPlans(connection).recent(RECENT)

    def visits(self, plan_id: str) -> list[Planned]:
        """The visits of a plan, by their start."""
        with self._reading.connect() as connection:
            return VisitPlans(connection).visits(plan_id)

    # ------------------------------------------------------------------------------------ what people do

    def ask(
        self, first_on: date, days: int, station_id: StationId | None, *, by: Person, seconds: int | None = None,
        seed: int = 1,
    ) -> VisitPlan:  # fmt: skip
        """
        Asks for a plan of so many local days; it is thought about as soon as somebody is free.

        Raises:
            Invalid: more days than a week, or too long a thought.
            Conflict: a plan of the same station waits or is thought about.
        """
        seconds = self._seconds if seconds is None else seconds
        if not 1 <= days <= DAYS_MAX:
            raise Invalid("A plan is of one to seven days.", {"json": {"days": ["A plan is of one to seven days."]}})
        if not SECONDS[0] <= seconds <= SECONDS[1]:
            words = "A plan is thought about for one second to ten minutes."
            raise Invalid(words, {"json": {"seconds": [words]}})

        def work(tx: Tx) -> VisitPlan:
            shelf = VisitPlans(tx.connection)
            under_way = {State.WAITING, State.THINKING}
            if any(each.state in under_way and each.station_id == station_id for each in shelf.recent(RECENT)):
                raise Conflict("A plan is being made already.")
            plan = VisitPlan(
                id=tx.new_id(), station_id=station_id, first_on=first_on, days=days, state=State.WAITING,
                seconds=seconds, seed=seed, asked_at=tx.now, asked_by=by,
            )  # fmt: skip
            shelf.add(plan)
            tx.log(line("plan_asked", plan, by))
            return plan

        plan = self._transactions.run(work, lane=Lane.BULK)
        self._nudge()
        return plan

    def drop(self, plan_id: str, *, by: Person) -> None:
        """
        This plan is not wanted; whoever thinks about it stops.

        Raises:
            Conflict: it is published, or gone already.
        """
        plan = self.get(plan_id)

        def work(tx: Tx) -> None:
            open_ = {State.WAITING, State.THINKING, State.READY, State.FAILED}
            if not VisitPlans(tx.connection).turn(plan_id, open_, state=State.DROPPED, ended_at=tx.now):
                raise Conflict("This plan is not open any more.")
            tx.log(line("plan_dropped", plan, by))

        self._transactions.run(work, lane=Lane.BULK)

    def publish(self, plan_id: str, *, by: Person) -> Published:
        """
        The plan becomes true: visits get their carers, all at once. Published again, it does nothing.

        Raises:
            Conflict: it is not ready, it is over, or another plan was published since it was made.
        """
        return self._publishing.publish(self.get(plan_id), by=by)

    def undo(self, plan_id: str, *, by: Person) -> Published:
        """
        Every visit that this plan gave to somebody goes back to whom it had, where the book lets it.

        Raises:
            Conflict: it is not published, or another plan was published after it.
        """
        return self._publishing.undo(self.get(plan_id), by=by)
