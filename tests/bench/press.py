"""
Figure 1: a frame on the line until the provider's request arrives, idle and at twenty alarms a second.

A real `anling serve` with its own settings and the real Twilio client, towards a stand-in on loopback; twenty thousand
homes, five hundred carers on duty, SQLite with synchronous=FULL. The time runs from just before the write on the
pseudo-terminal to the moment the stand-in has read the text about that home. Both ends are in this process: one clock.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devices.decoders import rflink
from dispatch.clock import SystemClock
from tests.architecture.tree import ROOT
from tests.bench.bare import FRAME
from tests.bench.carers import Network, People
from tests.bench.line import Line
from tests.bench.measure import Figure, figure, paced
from tests.bench.plan import Plan
from tests.bench.service import Service, copy_town, write_settings
from tests.bench.town import build_town, pendant

HOMES, CARERS = 20_000, 500
IDLE_EVERY_S = 0.25
"""Between two presses of the idle measurement, one of the service and one of the floor in turn: each half a second."""

RATE = 20.0
FLOOR_HOMES = 19_000
"""Homes from this number on are the floor's, in a database of its own."""

LATE_S = 20.0


@dataclass(frozen=True, slots=True)
class District:
    """Everything around one service: its line, the network, the people at the other end."""

    line: Line
    receiver: Line
    network: Network
    people: People
    service: Service

    def press(self, number: int) -> float:
        return self.line.write(rflink.encode(pendant(number), count=number))

    def lasted(self, pressed: dict[int, float]) -> list[float]:
        """Milliseconds from each press to the first text about its home, for those that got one."""
        offered = self.people.offered
        return [(offered[number] - at) * 1000 for number, at in pressed.items() if number in offered]


@contextlib.contextmanager
def district(town: Path, home: Path, *, preload: Path | None = None) -> Iterator[District]:
    """A copy of the town with a service on it that is ready and idle, and people who answer."""
    copy_town(town, home)
    with contextlib.ExitStack() as stack:
        radio, receiver = stack.enter_context(Line()), stack.enter_context(Line())
        network = stack.enter_context(Network())
        lines = {"rflink": radio.path, "surgard": receiver.path}
        settings = write_settings(home, base_url=network.base_url, gateways=lines)
        service = stack.enter_context(Service(settings, preload=preload))
        people = stack.enter_context(People(network, settings.web.base_url, service.operator()))
        service.wait_idle()
        yield District(radio, receiver, network, people, service)


def press(plan: Plan, folder: Path) -> list[Figure]:
    build_town(folder / "town.db", SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    with district(folder / "town.db", folder / "service") as here:
        idle, floor = _idle(here, plan, folder)
        loaded = _loaded(here, plan)
        failures = here.people.failures
    notes = f"; the people's side: {here.people.closed} closed, {len(failures)} failures {failures[:2]}"
    return [*idle, floor, _told_loaded(*loaded, notes)]


def _idle(here: District, plan: Plan, folder: Path) -> tuple[list[Figure], Figure]:
    count = plan.of(100, quick=30)
    pressed: dict[int, float] = {}
    copy_town(folder / "town.db", folder / "bare")
    with Line() as line, _bare(line, folder / "bare" / "anling.db", here.network) as ready:
        ready()
        here.press(0)
        line.write(_bare_frame(FLOOR_HOMES))
        here.people.wait_offered(2, LATE_S)
        for number in paced(IDLE_EVERY_S, 2 * count):
            home = number // 2 + 1
            if number % 2:
                pressed[FLOOR_HOMES + home] = line.write(_bare_frame(FLOOR_HOMES + home))
            else:
                pressed[home] = here.press(home)
        here.people.wait_offered(2 * count + 2, LATE_S)
    ours = {home: at for home, at in pressed.items() if home < FLOOR_HOMES}
    bare = here.lasted({home: at for home, at in pressed.items() if home >= FLOOR_HOMES})
    floor = figure("bare press", "the floor of the idle press", bare, lambda told: told.n == count)
    lost = count - len(here.lasted(ours))
    told = figure(
        "idle press → provider", "frame to request", here.lasted(ours),
        lambda told: not lost and floor.p50 is not None and told.p50 <= 5 * floor.p50,
        floor=floor.p50, floor_is="p50 of a bare script: pty read, one raw commit, one post, in turn with ours",
        target="p50 ≤ 5 × floor", note=f"{lost} got no text" if lost else "",
    )  # fmt: skip
    return [told], floor


@contextlib.contextmanager
def _bare(line: Line, database: Path, network: Network) -> Iterator:
    port = network.base_url.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.bench.bare", line.path, str(database), port]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield process.stdout.readline
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _bare_frame(number: int) -> bytes:
    return f"{number}".encode().ljust(FRAME)


def _loaded(here: District, plan: Plan) -> tuple[dict[int, float], list[float]]:
    count = int(RATE * plan.seconds)
    pressed = {1000 + number: here.press(1000 + number) for number in paced(1 / RATE, count)}
    until = time.monotonic() + LATE_S
    while len(here.lasted(pressed)) < count and (left_s := until - time.monotonic()) > 0:
        here.people.wait_offered(len(here.people.offered) + 1, left_s)
    return pressed, here.lasted(pressed)


def _told_loaded(pressed: dict[int, float], took: list[float], notes: str) -> Figure:
    lost = len(pressed) - len(took)
    return figure(
        f"{RATE:g} alarms/s → provider", "frame to request", took,
        lambda told: not lost and told.p99 <= 250 and told.most <= 1000,
        target="p99 ≤ 250, max ≤ 1000", note=f"{lost} got no text within {LATE_S:g} s{notes}",
    )  # fmt: skip
