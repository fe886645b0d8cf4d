"""
A plan becomes true, and is taken back: all of it at once for whoever reads, though it is written in small pieces.

```
  publish, undo ──► the visits are prepared, piece by piece ──► one unit: the plan's state and all its visits
                                                                  └──► written down, piece by piece; then told
```

Cut off, a plan is published with all its visits or not at all, and somebody goes on (`check`, 0061). The book of visits
may refuse some; what it refused stays on the plan, with its words.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.errors import Conflict, NotFound, Refusal
from dispatch.ids import CarerId
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.planning.store import Planned, State, VisitPlan, VisitPlans

GOES_ON = timedelta(minutes=1)
"""What was begun longer ago and is not true yet was cut off: it takes seconds."""

GIVEN_UP = timedelta(hours=1)
"""What was cut off longer ago is not gone on with: whoever wanted it looks at the plan again."""

PUBLISH, UNDO = "publish:", "undo:"

Refusals = Mapping[str, NotFound | Conflict]

log = structlog.get_logger()


class UnderWay(Protocol):
    """A sending that is not done with."""

    @property
    def id(self) -> str: ...
    @property
    def by(self) -> Person: ...
    @property
    def begun_at(self) -> datetime: ...
    @property
    def live_at(self) -> datetime | None: ...


class Sends(Protocol):
    """Whoever sends carers to visits; see `schedules.care.sending.Sending`."""

    def under_way(self) -> Sequence[UnderWay]: ...
    def prepare(self, id_: str, sent: Mapping[str, Sequence[CarerId]], *, by: Person) -> Refusals: ...
    def make_true(self, tx: Tx, id_: str, visit_ids: Collection[str]) -> Refusals: ...
    def settle(self, id_: str) -> None: ...
    def abandon(self, id_: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many visits got their carers, and how many the book of visits refused."""

    assigned: int
    refused: int


def _nobody(plan: VisitPlan, carers: Sequence[CarerId]) -> None:
    """For a house that tells nobody."""


class Publishing:
    """Makes plans true. `told` hears which carers got other visits, once everything is durable."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, sending: Sends, *,
        told: Callable[[VisitPlan, Sequence[CarerId]], None] = _nobody,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._sending = sending
        self._told = told

    def publish(self, plan: VisitPlan, *, by: Person) -> Published:
        """See `PlanDesk.publish`."""
        waiting = [each for each in self._visits(plan.id) if _waits(each)]
        if plan.state is State.PUBLISHED and not waiting:
            return Published(assigned=0, refused=0)
        sent = {each.visit_id: each.carers for each in waiting if each.changes}

        def turn(tx: Tx) -> None:
            # One that was cut off by a service of before 0054 is published, and has visits that still wait.
            if plan.state is not State.PUBLISHED:
                _to_published(tx, plan, by)
            VisitPlans(tx.connection).assign(plan.id, tx.now)

        with self._reading.connect() as connection:
            _may_publish(VisitPlans(connection), plan)
        refused = self._all_at_once(PUBLISH, plan, sent, turn, by)
        return Published(assigned=len(waiting) - refused, refused=refused)

    def undo(self, plan: VisitPlan, *, by: Person) -> Published:
        """See `PlanDesk.undo`."""
        given = [each for each in self._visits(plan.id) if each.changes and each.assigned_at is not None]
        with self._reading.connect() as connection:
            _may_undo(VisitPlans(connection), plan)
        sent = {each.visit_id: each.had for each in given}
        refused = self._all_at_once(UNDO, plan, sent, lambda tx: _to_undone(tx, plan, by), by)
        return Published(assigned=len(given) - refused, refused=refused)

    def check(self) -> None:
        """Goes on with what was cut off. Called now and then."""
        for each in self._sending.under_way():
            age = self._clock.now() - each.begun_at
            if each.live_at is not None:
                self._sending.settle(each.id)
            elif age > GIVEN_UP:
                log.warning("plan_publication_given_up", sending=each.id)
                self._sending.abandon(each.id)
            elif age > GOES_ON:
                self._go_on(each)

    def _go_on(self, cut_off: UnderWay) -> None:
        for what, again in ((PUBLISH, self.publish), (UNDO, self.undo)):
            if not cut_off.id.startswith(what):
                continue
            with self._reading.connect() as connection:
                plan = VisitPlans(connection).get(cut_off.id.removeprefix(what))
            try:
                assert plan is not None
                again(plan, by=cut_off.by)
            except Refusal as refused:
                log.warning("plan_publication_given_up", sending=cut_off.id, why=type(refused).__name__)
                self._sending.abandon(cut_off.id)

    def _all_at_once(
        self, what: str, plan: VisitPlan, sent: Mapping[str, Sequence[CarerId]], turn: Callable[[Tx], None], by: Person
    ) -> int:
        """How many were refused."""
        id_ = what + plan.id
        refused = self._sending.prepare(id_, sent, by=by)

        def work(tx: Tx) -> Refusals:
            staged = [each for each in sent if each not in refused]
            found = {**refused, **self._sending.make_true(tx, id_, staged)}
            VisitPlans(tx.connection).refuse(plan.id, {each: type(error).__name__ for each, error in found.items()})
            turn(tx)
            return found

        try:
            gone = self._transactions.run(work, lane=Lane.BULK)
        except Conflict:
            self._sending.abandon(id_)
            raise
        for visit_id, error in gone.items():
            log.info("plan_visit_refused", plan_id=plan.id, visit_id=visit_id, error=type(error).__name__)
        self._sending.settle(id_)
        self._told(plan, sorted({carer for each in self._visits(plan.id) for carer in _touched(each)}))
        return len(gone)

    def _visits(self, plan_id: str) -> list[Planned]:
        with self._reading.connect() as connection:
            return VisitPlans(connection).visits(plan_id)


def line(kind: str, plan: VisitPlan, by: Person) -> Line:
    """What every line of the record says of a plan."""
    facts: dict[str, str | int | None] = {
        "plan": plan.id,
        "first": plan.first_on.isoformat(),
        "days": plan.days,
        "station": plan.station_id,
    }
    return Line(kind=kind, by=by, facts=facts)


def _may_publish(shelf: VisitPlans, plan: VisitPlan) -> None:
    if plan.state not in {State.READY, State.PUBLISHED}:
        raise Conflict("This plan is not ready.")
    if plan.state is State.READY and any(_overlaps(plan, each) for each in shelf.published_since(plan.asked_at)):
        raise Conflict("Another plan was published since this one was made: please plan anew.")


def _to_published(tx: Tx, plan: VisitPlan, by: Person) -> None:
    shelf = VisitPlans(tx.connection)
    _may_publish(shelf, plan)
    if not shelf.turn(plan.id, {State.READY}, state=State.PUBLISHED, published_at=tx.now, published_by=by):
        raise Conflict("This plan is not ready.")
    tx.log(line("plan_published", plan, by))


def _may_undo(shelf: VisitPlans, plan: VisitPlan) -> None:
    if plan.published_at and any(_overlaps(plan, each) for each in shelf.published_since(plan.published_at)):
        raise Conflict("Another plan was published after this one.")
    if plan.state is not State.PUBLISHED:
        raise Conflict("This plan is not published.")


def _to_undone(tx: Tx, plan: VisitPlan, by: Person) -> None:
    shelf = VisitPlans(tx.connection)
    _may_undo(shelf, plan)
    if not shelf.turn(plan.id, {State.PUBLISHED}, state=State.UNDONE):
        raise Conflict("This plan is not published.")
    tx.log(line("plan_undone", plan, by))


def _waits(visit: Planned) -> bool:
    """Planned, not handed over yet, not refused."""
    return visit.start_at is not None and visit.assigned_at is None and visit.refused is None


def _touched(visit: Planned) -> Sequence[CarerId]:
    return (*visit.carers, *visit.had) if visit.changes else ()


def _overlaps(one: VisitPlan, two: VisitPlan) -> bool:
    """Whether two plans are of the same days of the same people."""
    if one.id == two.id or not (one.station_id is None or two.station_id is None or one.station_id == two.station_id):
        return False
    return one.first_on < two.first_on + timedelta(days=two.days) and two.first_on < one.first_on + timedelta(
        days=one.days
    )
