"""
Figure 4: how late an alarm is woken, with a million others waiting in the real table.

The wired house in this process, its real timers and desk: a million open alarms that are due in half a day, and alarms
that fall due fifty times a second. Late is from `due_at` to the commit of what followed (an offer, its letter, the next
`due_at`), told by the desk's own `wake` having returned, which it does after the commit.
"""

import threading
from datetime import timedelta
from pathlib import Path

from dispatch.clock import SystemClock
from dispatch.store.database import to_us
from schedules.timers import Timers
from tests.bench.flat_out import press
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.bench.service import house
from tests.bench.town import build_town

PENDING, A_SECOND = 1_000_000, 50
CARERS = 2_000
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO alarms (id, number, subject, cause, state, raised_at, due_at, policy_id, place_source, press_count,
                    pressed_at, step, rounds, delayed_s, failures, version)
SELECT printf('pending%026d', i), printf('0101-%d', i), printf('device:pending%d', i), 'press', 'offered', :raised,
       :due + i * 1000, (SELECT id FROM policies LIMIT 1), 'none', 1, :raised, 0, 0, 0, 0, 1 FROM n
"""


class Watched:
    """The desk, with a note of when each wake returned."""

    name = "desk"

    def __init__(self, desk, clock) -> None:
        self._desk, self._clock = desk, clock
        self.due, self.next_due, self.stumble = desk.due, desk.next_due, desk.stumble
        self.woken = {}
        self.changed = threading.Condition()

    def wake(self, id_: str) -> None:
        self._desk.wake(id_)
        with self.changed:
            self.woken.setdefault(id_, self._clock.now())
            self.changed.notify_all()


def lateness(plan: Plan, folder: Path) -> list[Figure]:
    count, pending = plan.of(1_000, quick=250), plan.of(PENDING, quick=200_000)
    clock = SystemClock()
    town = build_town(folder / "anling.db", clock.now(), homes_count=count, carers_count=CARERS)
    with house(folder) as built:
        ids = [built.desk.receive(press(town, number)).alarm_id for number in range(count)]
        start = clock.now() + timedelta(seconds=3 + pending / 50_000)
        dues = {id_: start + timedelta(seconds=number / A_SECOND) for number, id_ in enumerate(ids)}
        _prepare(built, dues, pending, start)
        built.muster.refresh(clock.now())
        late = _wakes(built, clock, dues)
    lost = count - len(late)
    return [figure(
        f"late, {pending:,} pending", "due to committed", late, lambda told: not lost and told.p99 <= 20,
        target="p99 ≤ 20", note=f"{A_SECOND}/s, the real desk; {lost} were never woken",
    )]  # fmt: skip


def _prepare(built, dues, pending, start) -> None:
    """Fills the table and sets the times at which the measured alarms fall due."""
    with built.writing.connect() as connection:
        raw = connection.connection.driver_connection
        raised = to_us(start - timedelta(days=300))
        raw.execute("BEGIN IMMEDIATE")
        raw.execute(_FILL, {"count": pending, "raised": raised, "due": to_us(start + timedelta(hours=12))})
        raw.executemany("UPDATE alarms SET due_at = ? WHERE id = ?", [(to_us(at), id_) for id_, at in dues.items()])
        raw.execute("COMMIT")
        raw.execute("ANALYZE")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _wakes(built, clock, dues) -> list[float]:
    watched = Watched(built.desk, clock)
    timers = Timers([watched, built.answers], clock)
    built.nudges.join(timers.nudge)
    timers.start()
    try:
        with watched.changed:
            lasts_s = (max(dues.values()) - clock.now()).total_seconds()
            watched.changed.wait_for(lambda: len(watched.woken) >= len(dues), max(0.0, lasts_s) + 15)
    finally:
        timers.stop()
    return [(watched.woken[id_] - at) / timedelta(milliseconds=1) for id_, at in dues.items() if id_ in watched.woken]
