"""
Figure 6: kill -9 of the real process with a text under way, until the first pending text arrives after a new start.

The stand-in takes no text before the kill: it hangs. Killed while the first request hangs, with two more alarms behind
it. The time runs from the kill over the whole start of a new process to the first text that arrives.
"""

import threading
import time
from pathlib import Path

from dispatch.clock import SystemClock
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.bench.press import CARERS, HOMES, District, district
from tests.bench.town import build_town
from tests.fakes.twilio_faults import Fault

HANGS = Fault(how="hang")
LIMIT_S = 30.0


def restart(plan: Plan, folder: Path) -> list[Figure]:
    count = plan.of(12, quick=4)
    build_town(folder / "town.db", SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    with district(folder / "town.db", folder / "service") as here:
        took = [each for number in range(count) if (each := _once(here, number)) is not None]
    lost = count - len(took)
    return [figure(
        "kill -9 → pending request", "kill to first text", took, lambda told: not lost and told.most <= 2000,
        target="≤ 2000", note=f"{lost} got no text within {LIMIT_S:g} s" if lost else "",
    )]  # fmt: skip


def _once(here: District, number: int) -> float | None:
    homes = range(3 * number, 3 * number + 3)
    here.network.always = HANGS
    asked = len(here.network.requests)
    for home in homes:
        here.press(home)
    until, pause = time.monotonic() + LIMIT_S, threading.Event()
    while len(here.network.requests) == asked and time.monotonic() < until:
        pause.wait(0.005)
    pause.wait(0.1)
    known = len(here.people.offered)
    begun = time.monotonic()
    here.service.kill()
    here.network.always = None
    here.service.start()
    here.people.wait_offered(known + 1, LIMIT_S)
    first = min((here.people.offered[home] for home in homes if home in here.people.offered), default=None)
    here.service.wait_ready()
    here.people.wait_offered(known + 3, LIMIT_S)
    return None if first is None else (first - begun) * 1000
