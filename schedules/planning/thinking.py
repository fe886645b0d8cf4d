"""
Who thinks about plans that were asked for: the role `planner`, one plan at a time, each in a process of its own.

It never runs inside a transaction, never in the process of alarms, and what it finds becomes true only when a person
publishes it. A thinker that dies leaves its plan with an old `seen_at`; another takes it up from the beginning.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from dispatch.clock import Clock
from dispatch.ids import CarerId
from dispatch.rules.people import SERVICE
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.travel import Means, TravelTime
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.duty.store import Shifts
from schedules.planning.gathering import Asking, Facts, Known, OpenVisit, VisitBook, planned_of, problem_of, straight
from schedules.planning.planner import steady
from schedules.planning.process import Answer, PlannerProcess, PlanningFailed
from schedules.planning.rules.plan import cost
from schedules.planning.rules.problem import Problem
from schedules.planning.store import State, VisitPlan, VisitPlans

STALE = timedelta(minutes=1)
"""A plan of which its thinker has said nothing for so long is taken up again."""

LOOK_S = 5.0
"""How often somebody looks for plans that wait, besides being nudged."""

KEEPING_MAX = 0.25
"""Of a plan's seconds, for reading and keeping it; a planner gets the rest."""

SAY_S = 1.0
"""How often progress is written down."""

PROMISED = timedelta(hours=24)

ASKING_MAX = 0.2
"""Of a plan's seconds, for asking a road router."""

Router = Callable[[Sequence[Position | None], Sequence[Means], float], Known]
"""Told for so many seconds at most; empty where nobody answers. Never raises."""


def nobody(spots: Sequence[Position | None], means: Sequence[Means], for_s: float) -> Known:  # noqa: ARG001
    """No router is set."""
    return ()


log = structlog.get_logger()


class Thinker:
    """Takes plans that wait, one after the other; `think` does one, `start` does so for ever in a thread."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, book: VisitBook,
        process: PlannerProcess, travel: Callable[[], TravelTime], *, promised: timedelta = PROMISED,
        router: Router = nobody,
    ) -> None:  # fmt: skip
        """
        `promised`: a published visit that begins within it keeps its carers and its time when plans are made. `router`
        is asked about the ways, for a part of a plan's seconds.
        """
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._book = book
        self._process = process
        self._travel = travel
        self._promised = promised
        self._router = router
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="planner", daemon=True)

    def start(self) -> None:
        """Begins to look for plans that wait."""
        self._thread.start()

    def stop(self) -> None:
        """Ends; a plan under way waits for the next start."""
        self._stopping.set()
        self._awake.set()
        self._process.stop()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self) -> None:
        """A plan waits."""
        self._awake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                while self.think() and not self._stopping.is_set():
                    pass
            except Exception:  # the loop goes on: the next plan may be a better one
                log.exception("planner_failed")
            self._awake.wait(LOOK_S)
            self._awake.clear()

    def think(self) -> bool:
        """Thinks about the plan that has waited longest, and says whether there was one."""
        plan = self._transactions.run(self._take, lane=Lane.BULK)
        if plan is None:
            return False
        try:
            began, asked = steady(), _Timed(self._router, plan.seconds * ASKING_MAX)
            visits, problem = self.gather(plan, asked)
            left = left_of(plan.seconds - asked.took_s, steady() - began - asked.took_s)
            answer = self._process.solve(
                problem, seconds=left, seed=plan.seed,
                told=_Saying(self._transactions, self._clock, plan.id, self._process.stop),
            )  # fmt: skip
        except PlanningFailed as error:
            if self._stopping.is_set():
                self._turn(plan, state=State.WAITING, part=0)
            else:
                self._fail(plan, str(error))
            return True
        except Exception as error:
            self._fail(plan, type(error).__name__)
            raise
        self._keep(plan, visits, problem, answer)
        return True

    def gather(self, plan: VisitPlan, ask: Asking = straight) -> tuple[list[OpenVisit], Problem]:
        """The visits of this plan and the problem they make, as of now; `ask` knows ways by the roads."""
        days = [plan.first_on + timedelta(days=number) for number in range(plan.days)]
        with self._reading.connect() as connection:
            people = People(connection)
            homes = {each.id: each for each in people.homes()}
            stations = {each.id: each.position for each in people.stations()}
            carers = {
                each.id: each
                for each in people.carers()
                if not each.suspended and plan.station_id in {None, each.station_id}
            }
            start, end = self._calendar.start_of(days[0]), self._calendar.bounds(days[-1])[1]
            shifts = [each for each in Shifts(connection).covering(start, end) if CarerId(each.carer_id) in carers]
            visits = [
                each
                for day in days
                for each in self._book.open_on(day)
                if each.wanted.home_id in homes and plan.station_id in {None, homes[each.wanted.home_id].station_id}
            ]
            starts = VisitPlans(connection).starts([each.id for each in visits])
        now = self._clock.now()
        facts = Facts(
            visits=visits, shifts=shifts, carers=carers, homes=homes, starts=starts, now=now,
            places={
                each.id: each.base or (stations.get(each.station_id) if each.station_id else None)
                for each in carers.values()
            },
            promised_until=now + self._promised,
        )  # fmt: skip
        return visits, problem_of(facts, self._travel(), ask)

    def _take(self, tx: Tx) -> VisitPlan | None:
        shelf = VisitPlans(tx.connection)
        plan = shelf.to_think(tx.now - STALE)
        if plan is None:
            return None
        taken = shelf.turn(plan.id, {plan.state}, state=State.THINKING, part=0, seen_at=tx.now, error=None)
        return plan if taken else None

    def _keep(self, plan: VisitPlan, visits: list[OpenVisit], problem: Problem, answer: Answer) -> None:
        parts = cost(answer.plan, problem)
        told = {name: getattr(parts, name) for name in ("travel", "late", "people", "unassigned", "total")}
        rests = [
            {"worker": each.worker, "carer": worker.carer, "start": each.start,
             "seconds": worker.breaks[each.number].seconds}
            for each in answer.plan.rests
            for worker in problem.workers
            if worker.id == each.worker
        ]  # fmt: skip
        planned = planned_of(answer, problem, visits)

        def work(tx: Tx) -> None:
            shelf = VisitPlans(tx.connection)
            ready = shelf.turn(
                plan.id, {State.THINKING}, state=State.READY, part=100, cost=told, rests=rests, ended_at=tx.now
            )
            # One that was dropped meanwhile stays dropped.
            if ready:
                shelf.put_visits(plan.id, planned)
                left_out = sum(each.start_at is None for each in planned)
                facts: dict[str, str | int | None] = {"plan": plan.id, "visits": len(planned), "left_out": left_out}
                tx.log(Line(kind="plan_made", by=SERVICE, facts=facts))

        self._transactions.run(work, lane=Lane.BULK)

    def _fail(self, plan: VisitPlan, why: str) -> None:
        def work(tx: Tx) -> bool:
            failed = VisitPlans(tx.connection).turn(
                plan.id, {State.THINKING}, state=State.FAILED, error=why[:200], ended_at=tx.now
            )
            if failed:
                tx.log(Line(kind="plan_failed", by=SERVICE, facts={"plan": plan.id}))
            return failed

        # One that was dropped meanwhile ended as somebody wanted.
        if self._transactions.run(work, lane=Lane.BULK):
            log.warning("plan_failed", plan_id=plan.id, why=why)

    def _turn(self, plan: VisitPlan, **values: object) -> None:
        self._transactions.run(
            lambda tx: VisitPlans(tx.connection).turn(plan.id, {State.THINKING}, **values), lane=Lane.BULK
        )


def left_of(seconds: float, spent: float) -> float:
    """
    What of a plan's seconds the search gets, where reading it took so many: keeping it takes about as long, and both
    together a quarter at most.
    """
    return seconds - min(2 * spent, seconds * KEEPING_MAX)


class _Timed:
    """Asks the router for so long at most, and knows how long it took: that is not repeated when a plan is kept."""

    def __init__(self, router: Router, for_s: float) -> None:
        self.took_s = 0.0
        self._router = router
        self._for_s = for_s

    def __call__(self, spots: Sequence[Position | None], means: Sequence[Means]) -> Known:
        began = steady()
        told = self._router(spots, means, self._for_s)
        self.took_s = steady() - began
        return told


class _Saying:
    """Writes progress down, at most once a second; ends the thinking about a plan that nobody wants any more."""

    def __init__(
        self, transactions: Transactions, clock: Clock, plan_id: str, stop: Callable[[], None]
    ) -> None:  # fmt: skip
        self._stop = stop
        self._transactions = transactions
        self._clock = clock
        self._plan_id = plan_id
        self._said: datetime | None = None

    def __call__(self, part: float, cost: int) -> None:
        now = self._clock.now()
        if self._said is not None and (now - self._said).total_seconds() < SAY_S:
            return
        self._said = now
        values = {"part": int(part * 100), "seen_at": now}
        wanted = self._transactions.run(
            lambda tx: VisitPlans(tx.connection).turn(self._plan_id, {State.THINKING}, **values), lane=Lane.BULK
        )
        if not wanted:
            self._stop()
