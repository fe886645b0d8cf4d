"""
Plans of visits: asked for by a person, thought about elsewhere, looked at, published by a person, taken back.

    ask ──► waiting ──► thinking ──► ready ──► published ──► undone
                            └──► failed    └──► dropped

Nothing that waits or thinks or fails changes who goes where: only publishing does, visit by visit, through the book of
visits, which may refuse one; what it refused stays on the plan, with its words. Publishing again goes on where it was
cut off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound, Refusal
from dispatch.ids import CarerId, StationId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.planning.gathering import VisitBook
from schedules.planning.store import Planned, State, VisitPlan, VisitPlans

DAYS_MAX = 7
SECONDS = (1, 600)
"""How long a plan may be thought about, at least and at most."""

RECENT = 20

log = structlog.get_logger()


def _nobody(plan: VisitPlan, carers: Sequence[CarerId]) -> None:
    """For a house that tells nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many visits got other carers, and how many the book of visits refused."""

    assigned: int
    refused: int


class PlanDesk:
    """Keeps plans. `told` hears which carers got other visits, once everything is durable."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, book: VisitBook, *, seconds: int,
        nudge: Callable[[], None], told: Callable[[VisitPlan, Sequence[CarerId]], None] = _nobody,
    ) -> None:  # fmt: skip
        """`seconds`: how long a plan is thought about when nothing else is said; `nudge` wakes who thinks."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._book = book
        self._seconds = seconds
        self._nudge = nudge
        self._told = told

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
            raise NotFound(f"no plan {plan_id[:40]}")
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
            tx.log(_line("plan_asked", plan, by))
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
            tx.log(_line("plan_dropped", plan, by))

        self._transactions.run(work, lane=Lane.BULK)

    def publish(self, plan_id: str, *, by: Person) -> Published:
        """
        The plan becomes true: visits get their carers. A plan whose publishing was cut off goes on.

        Raises:
            Conflict: it is not ready, it is over, or another plan was published since it was made.
        """
        plan = self.get(plan_id)

        def work(tx: Tx) -> None:
            shelf = VisitPlans(tx.connection)
            if plan.state is State.PUBLISHED:
                return
            if any(_overlaps(plan, each) for each in shelf.published_since(plan.asked_at)):
                raise Conflict("Another plan was published since this one was made: please plan anew.")
            if not shelf.turn(plan_id, {State.READY}, state=State.PUBLISHED, published_at=tx.now, published_by=by):
                raise Conflict("This plan is not ready.")
            tx.log(_line("plan_published", plan, by))

        self._transactions.run(work, lane=Lane.BULK)
        done = [self._hand_over(plan, each, each.carers, by) for each in self.visits(plan_id) if _waits(each)]
        carers = {carer for each in self.visits(plan_id) if each.changes for carer in (*each.carers, *each.had)}
        self._told(plan, sorted(carers))
        return Published(assigned=sum(done), refused=len(done) - sum(done))

    def undo(self, plan_id: str, *, by: Person) -> Published:
        """
        Every visit that this plan gave to somebody goes back to whom it had, where the book lets it.

        Raises:
            Conflict: it is not published, or another plan was published after it.
        """
        plan = self.get(plan_id)

        def work(tx: Tx) -> None:
            shelf = VisitPlans(tx.connection)
            if plan.published_at and any(_overlaps(plan, each) for each in shelf.published_since(plan.published_at)):
                raise Conflict("Another plan was published after this one.")
            if not shelf.turn(plan_id, {State.PUBLISHED}, state=State.UNDONE):
                raise Conflict("This plan is not published.")
            tx.log(_line("plan_undone", plan, by))

        self._transactions.run(work, lane=Lane.BULK)
        given = [each for each in self.visits(plan_id) if each.changes and each.assigned_at is not None]
        done = [self._hand_over(plan, each, each.had, by) for each in given]
        self._told(plan, sorted({carer for each in given for carer in (*each.carers, *each.had)}))
        return Published(assigned=sum(done), refused=len(done) - sum(done))

    def _hand_over(self, plan: VisitPlan, visit: Planned, carers: Sequence[CarerId], by: Person) -> bool:
        """One visit in a unit of work of the book's; a refusal is kept with the visit."""
        refused = None
        try:
            if visit.changes:
                self._book.assign(visit.visit_id, carers, by=by)
        except Refusal as error:
            refused = type(error).__name__
            log.info("plan_visit_refused", plan_id=plan.id, visit_id=visit.visit_id, error=refused)
        at: datetime | None = None if refused else self._clock.now()
        self._transactions.run(
            lambda tx: VisitPlans(tx.connection).mark(plan.id, visit.visit_id, assigned_at=at, refused=refused),
            lane=Lane.BULK,
        )
        return refused is None


def _waits(visit: Planned) -> bool:
    """Planned, not handed over yet, not refused."""
    return visit.start_at is not None and visit.assigned_at is None and visit.refused is None


def _overlaps(one: VisitPlan, two: VisitPlan) -> bool:
    """Whether two plans are of the same days of the same people."""
    if one.id == two.id or not (one.station_id is None or two.station_id is None or one.station_id == two.station_id):
        return False
    return one.first_on < two.first_on + timedelta(days=two.days) and two.first_on < one.first_on + timedelta(
        days=one.days
    )


def _line(kind: str, plan: VisitPlan, by: Person) -> Line:
    facts: dict[str, str | int | None] = {
        "plan": plan.id,
        "first": plan.first_on.isoformat(),
        "days": plan.days,
        "station": plan.station_id,
    }
    return Line(kind=kind, by=by, facts=facts)
