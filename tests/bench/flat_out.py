"""
Figure 3: how many alarms a second, durable, with choice and letters, fifty thousand carers on duty.

In this process: `Desk.receive` and `Desk.wake` of the wired house over its one writer with synchronous=FULL, several
threads, each alarm from a home of its own. Counted is an alarm once both have returned: signal, alarm, choice with its
reasons, one offer, its letter in the outbox and the lines of the record are on disk. Not in it: the radio line and the
provider.
"""

import threading
import time
from pathlib import Path

from dispatch.clock import SystemClock
from dispatch.ids import HomeId, ResidentId, SignalId, new_id
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.store.alarms import Alarms, choices, offers
from dispatch.store.outbox import messages
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.bench.service import house
from tests.bench.town import Town, build_town, pendant

THREADS = 32
CARERS = 50_000
RATE = 400.0
WARM = 50


def flat_out(plan: Plan, folder: Path) -> list[Figure]:
    count = plan.of(6_000, quick=1_500)
    town = build_town(folder / "anling.db", SystemClock().now(), homes_count=count + WARM, carers_count=CARERS)
    with house(folder) as built:
        for number in range(WARM):
            _raise(built.desk, town, number)
        spent_s = time.process_time()
        took, lasted_s = _race(built.desk, town, count)
        spent_ms = (time.process_time() - spent_s) * 1000 / count
        with built.reading.connect() as connection:
            open_ = len(Alarms(connection).open())
            kept = [_count(connection, table) for table in (choices, offers, messages)]
    rate, whole = count / lasted_s, all(each == count + WARM for each in (open_, *kept))
    note = (
        f"{count} alarms in {lasted_s:.1f} s, {THREADS} threads, {spent_ms:.1f} ms of processor time an alarm under "
        f"one interpreter lock; on file: alarms {open_}, choices, offers, letters {kept}"
    )
    return [
        Figure(
            name="flat out", what="alarms a second", unit="alarms/s", n=count, p50=rate, note=note,
            target=f"≥ {RATE:g}", holds=rate >= RATE and whole,
        ),
        figure(
            "flat out, each alarm", "receive + wake", took, lambda told: True, target="(its own time in the crowd)"
        ),
    ]  # fmt: skip


def _race(desk, town: Town, count: int) -> tuple[list[float], float]:
    numbers = iter(range(WARM, WARM + count))
    lock, took = threading.Lock(), []

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            begun = time.monotonic()
            _raise(desk, town, number)
            took.append((time.monotonic() - begun) * 1000)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, time.monotonic() - begun


def _raise(desk, town: Town, number: int) -> None:
    received = desk.receive(press(town, number))
    desk.wake(received.alarm_id)


def press(town: Town, number: int) -> Signal:
    """A press of this home's pendant, as reception hands it to the desk."""
    return Signal(
        id=SignalId(new_id()), event=Event.PRESS, cause=Cause.PRESS, gateway="bench", protocol="rflink",
        address=pendant(number), dedup_key=f"bench:{number}", received_at=SystemClock().now(),
        home_id=HomeId(town.home_ids[number]), resident_id=ResidentId(town.resident_ids[number]),
    )  # fmt: skip


def _count(connection, table) -> int:
    return connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar()
