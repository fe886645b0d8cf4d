"""
Looks ahead again whenever shifts, tests or homes have changed, and each hour; keeps the gaps; tells people of them.

Many gaps are one letter. Nothing is told twice: each gap a week, a day and an hour ahead, and when it is closed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.rules.message import Draft
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store.outbox import Outbox
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.apart import Failed
from schedules.coverage.rules.standing import Changes, Standing, Told, compared, telling, tells_closing
from schedules.coverage.store import Gaps, Look, ReadingEngine, signature
from schedules.coverage.working_out import Found, Question

CHECK_S = 10.0
"""So often is looked whether anything changed. With the work and the letter a change is told within 60 s."""

EVERY = timedelta(hours=1)
QUIET = timedelta(minutes=10)
"""Between two letters about what is hours or days away."""

QUIET_SOON = timedelta(seconds=30)
"""Between two letters about what begins within the hour."""

TROUBLED = timedelta(minutes=1)
"""After a failure it is tried again in so long."""

CLAIM = timedelta(minutes=3)
"""Where several engines share a database one of them works it out; if it dies another one does, after so long."""

BATCH = 100
"""Rows written in one unit of work, so that none takes long."""

log = structlog.get_logger()


class Letters(Protocol):
    """Who writes to the people on watch."""

    def __call__(self, why: str, gaps: Sequence[Standing], now: datetime, /) -> Sequence[Draft]:
        """The letters about these gaps; `why` is `coverage_gap` or `coverage_closed`."""
        ...


class CoverageWatch:
    """Keeps the gaps true. One in a whole service: the engine's."""

    def __init__(
        self,
        transactions: Transactions,
        reading: ReadingEngine,
        clock: Clock,
        *,
        question: Callable[[datetime], Question],
        work_out: Callable[[Question], Found],
        letters: Letters,
        nudge: Callable[[], None],
    ) -> None:
        """`question` is what to ask from an instant on; `work_out` answers, may take seconds and raise `Failed`."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._question = question
        self._work_out = work_out
        self._letters = letters
        self._nudge = nudge
        self._failed_at: datetime | None = None

    def check(self) -> None:
        """Looks ahead if anything changed or an hour has passed, and tells what is to be told."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            seen, last = signature(connection, now), Gaps(connection).look()
        if self._is_time(last, seen, now) and self._claims():
            self._look(seen, now)
        self.tell()

    def tell(self) -> None:
        """Posts a letter if one is due."""
        with self._reading.connect() as connection:
            has_news = Gaps(connection).has_news(self._clock.now())
        if has_news and self._transactions.run(self._tell, lane=Lane.BULK):
            self._nudge()

    def _is_time(self, last: Look | None, seen: str, now: datetime) -> bool:
        failed = self._failed_at
        if failed is not None and abs(now - failed) < TROUBLED:
            return False
        # A clock that was set back must not put the next look off.
        return last is None or last.seen != seen or abs(now - last.at) >= EVERY

    def _claims(self) -> bool:
        return self._transactions.run(lambda tx: Gaps(tx.connection).claim(tx.now, tx.now + CLAIM), lane=Lane.BULK)

    def _look(self, seen: str, now: datetime) -> None:
        try:
            found = self._work_out(self._question(now))
        except Failed as failed:
            why = str(failed)
            log.warning("coverage_not_worked_out", why=why)
            self._failed_at = now
            self._transactions.run(lambda tx: _trouble(tx, why), lane=Lane.BULK)
            return
        self._failed_at = None
        self._keep(found, seen, took=self._clock.now() - now)

    def _keep(self, found: Found, seen: str, *, took: timedelta) -> None:
        with self._reading.connect() as connection:
            changes = compared(Gaps(connection).unsettled(), found.gaps, found.at)
        for part in _parts(changes):
            self._transactions.run(lambda tx, part=part: _write(tx, part), lane=Lane.BULK)  # type: ignore[misc]
        self._transactions.run(lambda tx: _keep_look(tx, found, seen, took), lane=Lane.BULK)

    def _tell(self, tx: Tx) -> bool:
        """Whether anything was posted."""
        shelf, now = Gaps(tx.connection), tx.now
        rows = shelf.unsettled()
        open_ = [(row, told) for row in rows if (told := telling(row, now)) is not None]
        closed = [row for row in rows if tells_closing(row, now)]
        if not _may_write(shelf.look(), now, soon=any(told is Told.HOUR for _, told in open_)):
            return False
        if open_:
            Outbox.post(tx, self._letters("coverage_gap", [row for row, _ in open_], now))
        if closed:
            Outbox.post(tx, self._letters("coverage_closed", closed, now))
        for row, told in open_:
            shelf.change(_told(row, told, now))
        for row in closed:
            shelf.change(replace(row, closing_told=True))
        _remember_letter(tx)
        tx.log(Line(kind="coverage_told", by=SERVICE, facts={"gaps": len(open_), "closed": len(closed)}))
        return bool(open_ or closed)


def _told(row: Standing, told: Told, now: datetime) -> Standing:
    length = row.gap.end_at - max(row.gap.start_at, row.told_at or row.found_at)
    return replace(
        row, told=told, told_at=now, homes_told=len(row.gap.homes), length_told=max(length, timedelta(seconds=1))
    )


def _may_write(look: Look | None, now: datetime, *, soon: bool) -> bool:
    last = look.told_at if look is not None else None
    return last is None or abs(now - last) >= (QUIET_SOON if soon else QUIET)


def _parts(changes: Changes) -> Iterable[Changes]:
    for first in range(0, max(len(changes.new), len(changes.changed)), BATCH):
        yield Changes(new=changes.new[first : first + BATCH], changed=changes.changed[first : first + BATCH])


def _write(tx: Tx, part: Changes) -> None:
    shelf = Gaps(tx.connection)
    made = [Standing(id=tx.new_id(), gap=gap, found_at=tx.now) for gap in part.new]
    shelf.put(made)
    for row in part.changed:
        shelf.change(row)
    for row in made:
        tx.log(Line(kind="coverage_gap_found", by=SERVICE, facts=_facts(row)))
    for row in _closed(part.changed, tx.now):
        tx.log(Line(kind="coverage_gap_closed", by=SERVICE, facts=_facts(row)))


def _closed(rows: Iterable[Standing], now: datetime) -> list[Standing]:
    """Those that were solved. One that has passed was never closed by anybody."""
    return [row for row in rows if row.closed_at is not None and row.gap.end_at > now and not row.closing_told]


def _facts(row: Standing) -> dict[str, str | int]:
    gap = row.gap
    return {
        "gap": row.id, "community": gap.community, "reason": str(gap.reason), "from": gap.start_at.isoformat(),
        "to": gap.end_at.isoformat(), "homes": len(gap.homes),
    }  # fmt: skip


def _keep_look(tx: Tx, found: Found, seen: str, took: timedelta) -> None:
    shelf = Gaps(tx.connection)
    before = shelf.look()
    facts = {"silent": found.silent, "baseless": found.baseless, "unplaced": found.unplaced, "gaps": len(found.gaps)}
    shelf.keep_look(Look(
        at=found.at, until=found.until, shifts_version=found.shifts_version, homes=found.homes,
        took_ms=took // timedelta(milliseconds=1), facts=facts, told_at=before.told_at if before else None,
        seen=seen,
    ))  # fmt: skip


def _trouble(tx: Tx, why: str) -> None:
    shelf = Gaps(tx.connection)
    before = shelf.look()
    if before is not None:
        shelf.keep_look(replace(before, trouble=why))


def _remember_letter(tx: Tx) -> None:
    shelf = Gaps(tx.connection)
    look = shelf.look()
    if look is not None:
        shelf.keep_look(replace(look, told_at=tx.now))
