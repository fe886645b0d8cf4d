"""Makes rows of the visits that are wanted, each once, and withdraws what nobody wants any more."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.errors import Refusal
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.idempotency import MISTAKES
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.lateness import Patience, due_of
from schedules.care.rules.presence import State, Visit
from schedules.care.rules.visit import Wanted
from schedules.care.store.visits import Visits, code_of

AT_ONCE = 40
"""Rows of a plan in one unit of work."""

COMES_BACK = frozenset({"not_wanted", "suspended"})
"""Cancelled for these reasons, a visit that is wanted again is planned again."""

log = structlog.get_logger()


class Source(Protocol):
    """Somebody who wants visits: care plans, orders, rounds."""

    def wanted(self, day: date, /) -> Sequence[Wanted]:
        """The visits of a local day; the same ones with the same keys however often this is asked."""
        ...


class Planning:
    """Turns what is wanted into rows."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
        sources: Sequence[Source], patience: Patience, days_ahead: int, nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        """`sources` may be a list that still grows until the first plan."""
        self._sources = sources
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._patience = patience
        self._days_ahead = days_ahead
        self._nudge = nudge

    def check(self) -> None:
        """Plans today and the days ahead, and looks again at what counts though its resident had died before."""
        today = self._calendar.day_of(self._clock.now())
        for number in range(self._days_ahead + 1):
            self.plan(today + timedelta(days=number))
        with self._reading.connect() as connection:
            buried = Visits(connection).buried()
        if buried:
            self._transactions.run(lambda tx: Visits(tx.connection).wake(buried, tx.now), lane=Lane.BULK)

    def plan(self, day: date) -> int:
        """
        Makes rows of what is wanted on a day; the same again changes nothing. How many are new, changed or withdrawn.

        What nobody wants any more is cancelled while its time has not come, but only when every source has answered. A
        visit whose latest start is over is not planned any more: it could only be missed.
        """
        wanted, whole = self._wanted(day)
        many = 0
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            many += self._transactions.run(lambda tx, some=some: self._plan(tx, day, some), lane=Lane.BULK)  # type: ignore[misc]
        if whole:
            keys = {each.key for each in wanted}
            many += self._transactions.run(lambda tx: self._withdraw(tx, day, keys), lane=Lane.BULK)
        if many:
            self._nudge()
        return many

    def _wanted(self, day: date) -> tuple[list[Wanted], bool]:
        found: dict[str, Wanted] = {}
        whole = bool(self._sources)
        for source in self._sources:
            try:
                found |= {each.key: each for each in source.wanted(day)}
            except (Refusal, *MISTAKES):
                # One source that cannot answer keeps the others from nothing, and nothing is withdrawn.
                log.exception("visits_not_wanted", source=type(source).__name__, day=day.isoformat())
                whole = False
        return list(found.values()), whole

    def _plan(self, tx: Tx, day: date, wanted: Sequence[Wanted]) -> int:
        shelf = Visits(tx.connection)
        known = shelf.by_key([each.key for each in wanted])
        number, many = shelf.codes_on(day), 0
        for each in wanted:
            before = known.get(each.key)
            if each.start_by <= tx.now or (before is not None and not self._may_change(before, each)):
                continue
            if before is None:
                self._add(tx, each, code_of(day, number))
                number += 1
            else:
                planned = replace(before, wanted=each, state=State.PLANNED, chase=0, reason=None)
                shelf.save(replace(planned, due_at=due_of(planned, self._patience)))
            many += 1
        if many:
            tx.log(Line(kind="visits_planned", by=SERVICE, facts={"day": day.isoformat(), "number": many}))
        return many

    def _may_change(self, before: Visit, wanted: Wanted) -> bool:
        if before.state is State.CANCELLED:
            return before.reason in COMES_BACK
        return before.state is State.PLANNED and before.chase == 0 and before.wanted != wanted

    def _add(self, tx: Tx, wanted: Wanted, code: int) -> None:
        visit = Visit(id=tx.new_id(), wanted=wanted, code=code)
        shelf = Visits(tx.connection)
        shelf.add(replace(visit, due_at=due_of(visit, self._patience)))
        known = People(tx.connection).carers_by_id(wanted.usual)
        usual = [each for each in wanted.usual if each in known and each not in wanted.not_with]
        shelf.send(visit.id, usual[: wanted.carers])

    def _withdraw(self, tx: Tx, day: date, keys: set[str]) -> int:
        shelf = Visits(tx.connection)
        gone = [
            each for each in shelf.on(day)
            if each.state is State.PLANNED and each.wanted.key not in keys and each.wanted.start_from > tx.now
        ][:AT_ONCE]  # fmt: skip
        for each in gone:
            cancel_in(tx, each, "not_wanted", SERVICE, None)
        return len(gone)


def cancel_in(tx: Tx, visit: Visit, reason: str, by: Person, note: str | None) -> None:
    """It does not take place, in somebody's unit of work."""
    Visits(tx.connection).save(replace(visit, state=State.CANCELLED, due_at=None, reason=reason))
    tx.log(Line(kind="visit_cancelled", by=by, facts=facts_of(visit, reason=reason), note=note))


def facts_of(visit: Visit, **more: Fact) -> dict[str, Fact]:
    """What every line of the record says of a visit."""
    return {"visit": visit.id, "home": visit.wanted.home_id, "resident": visit.wanted.resident_id, **more}
