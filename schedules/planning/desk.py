"""
Plans of visits: asked for by a person, thought about elsewhere, looked at, published by a person, taken back.

    ask ──► waiting ──► thinking ──► ready ──► published ──► undone
                            └──► failed    └──► dropped

Nothing that waits or thinks or fails changes who goes where: only publishing does, in one unit of work with the book of
visits, which may refuse some; what it refused stays on the plan, with its words. Cut off, a plan is published with all
its visits or not at all (0054).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from dispatch.errors import Conflict, Invalid, NotFound
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
        self, transactions: Transactions, reading: Engine, book: VisitBook, *, seconds: int,
        nudge: Callable[[], None], told: Callable[[VisitPlan, Sequence[CarerId]], None] = _nobody,
    ) -> None:  # fmt: skip
        """`seconds`: how long a plan is thought about when nothing else is said; `nudge` wakes who thinks."""
        self._transactions = transactions
        self._reading = reading
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
        The plan becomes true: visits get their carers, all at once. Published again, it does nothing.

        Raises:
            Conflict: it is not ready, it is over, or another plan was published since it was made.
        """
        plan = self.get(plan_id)

        def work(tx: Tx) -> Published:
            shelf = VisitPlans(tx.connection)
            # One that was cut off by a service of before 0054 is published, and has visits that still wait.
            if plan.state is not State.PUBLISHED:
                if any(_overlaps(plan, each) for each in shelf.published_since(plan.asked_at)):
                    raise Conflict("Another plan was published since this one was made: please plan anew.")
                if not shelf.turn(plan_id, {State.READY}, state=State.PUBLISHED, published_at=tx.now, published_by=by):
                    raise Conflict("This plan is not ready.")
                tx.log(_line("plan_published", plan, by))
            sent = {each.visit_id: each.carers for each in shelf.visits(plan_id) if _waits(each) and each.changes}
            same = [each.visit_id for each in shelf.visits(plan_id) if _waits(each) and not each.changes]
            return self._hand_over(tx, plan, sent, same, by)

        done = self._transactions.run(work, lane=Lane.BULK)
        carers = {carer for each in self.visits(plan_id) if each.changes for carer in (*each.carers, *each.had)}
        self._told(plan, sorted(carers))
        return done

    def undo(self, plan_id: str, *, by: Person) -> Published:
        """
        Every visit that this plan gave to somebody goes back to whom it had, where the book lets it.

        Raises:
            Conflict: it is not published, or another plan was published after it.
        """
        plan = self.get(plan_id)

        given = [each for each in self.visits(plan_id) if each.changes and each.assigned_at is not None]

        def work(tx: Tx) -> Published:
            shelf = VisitPlans(tx.connection)
            if plan.published_at and any(_overlaps(plan, each) for each in shelf.published_since(plan.published_at)):
                raise Conflict("Another plan was published after this one.")
            if not shelf.turn(plan_id, {State.PUBLISHED}, state=State.UNDONE):
                raise Conflict("This plan is not published.")
            tx.log(_line("plan_undone", plan, by))
            return self._hand_over(tx, plan, {each.visit_id: each.had for each in given}, (), by)

        done = self._transactions.run(work, lane=Lane.BULK)
        self._told(plan, sorted({carer for each in given for carer in (*each.carers, *each.had)}))
        return done

    def _hand_over(
        self, tx: Tx, plan: VisitPlan, sent: Mapping[str, Sequence[CarerId]], same: Sequence[str], by: Person
    ) -> Published:  # fmt: skip
        """Visits to the book, and what became of them to the plan; `same` are visits that keep whom they have."""
        refused = {id_: type(error).__name__ for id_, error in self._book.assign_in_unit(tx, sent, by=by).items()}
        for id_, error in refused.items():
            log.info("plan_visit_refused", plan_id=plan.id, visit_id=id_, error=error)
        VisitPlans(tx.connection).mark(plan.id, tx.now, {id_: refused.get(id_) for id_ in (*sent, *same)})
        return Published(assigned=len(sent) + len(same) - len(refused), refused=len(refused))


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
