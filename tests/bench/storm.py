"""
Figure 5: a power cut. A hundred thousand supervision signals in a minute, and presses at random moments among them.

A real `anling serve` with the real Twilio client towards a stand-in on loopback, twenty thousand homes, SQLite with
synchronous=FULL. Every home says first that its mains have failed, then how it is, four times; nine tenths of it in
batches of a hundred from ten forwarding gateways, a tenth as frames on the line of a radio receiver. Presses come on
that line, alone over HTTP, and in the middle of a batch, at moments drawn by a seed. The time of a press runs from just
before it is written to the moment the stand-in has read the text that offers it to a carer. Then the same hundred
thousand as fast as the service takes them, which is what a gateway with a full spool does. What the service keeps in
memory is read from the system every tenth of a second. A press that comes alone is timed until it is acknowledged too,
which is when it is durable.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devices.decoders import rflink
from dispatch.clock import SystemClock
from dispatch.rules.signal import Event
from tests.bench.cpu import cpu_s, resident_mb
from tests.bench.measure import Figure, figure, paced
from tests.bench.plan import Plan
from tests.bench.press import District, district
from tests.bench.service import Service
from tests.bench.town import build_town, pendant

HOMES, CARERS = 20_000, 500
STORM, LASTS_S = 100_000, 60.0
GATEWAYS, BATCH, ON_RADIO = 10, 100, 0.1
PRESSES, SEED = 200, 20_261_121
ALONE = (1, 3)
"""Of four presses those that come alone in a request; one is on the radio, one amid a batch of life signs."""

PRESSED = 18_000
"""Homes from this number on press as well; the first two thousand speak on the radio."""

RADIO_HOMES = 2_000
AT_ONCE_RATE = 4_000
"""About what a service takes in a second when it is handed everything at once: the presses are to fall into that."""

OFFERED_S, KEPT_MS, GROWS_MB = 2.0, 50.0, 128.0
LATE_S = 30.0


def storm(plan: Plan, folder: Path) -> list[Figure]:
    build_town(folder / "town.db", SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    count, lasts_s = plan.of(STORM, quick=STORM // 5), LASTS_S / (5 if plan.quick else 1)
    figures: list[Figure] = []
    for name, paced_s in (("storm", lasts_s), ("storm at once", None)):
        with district(folder / "town.db", folder / name.replace(" ", "-")) as here:
            figures += _weather(here, name, count, paced_s, presses=plan.of(PRESSES, quick=PRESSES // 4))
    return figures


def _weather(here: District, name: str, count: int, lasts_s: float | None, *, presses: int) -> list[Figure]:
    here.press(PRESSED - 1)
    here.people.wait_offered(1, LATE_S)
    on_radio = round(count * ON_RADIO)
    senders = [Sender(each, here.service, (count - on_radio) // GATEWAYS, lasts_s) for each in range(GATEWAYS)]
    presser = Presser(here, presses, lasts_s or count / AT_ONCE_RATE, random.Random(SEED))
    with _watched(here.service) as memory:
        begun_s, begun_cpu_s = time.monotonic(), cpu_s(here.service.pid)
        _all_at_once(*(sender.run for sender in senders), lambda: _radio(here, on_radio, lasts_s), presser.run)
        lasted_s, worked_s = time.monotonic() - begun_s, cpu_s(here.service.pid) - begun_cpu_s
        here.people.wait_offered(1 + len(presser.pressed), LATE_S)
        threading.Event().wait(5.0)
    took = here.lasted(presser.pressed)
    lost, again = len(presser.pressed) - len(took), sum(sender.again for sender in senders)
    said = sum(sender.said for sender in senders) + on_radio
    note = (
        f"{said:,} signals in {lasted_s:.1f} s, {said / lasted_s:,.0f} a second, {100 * worked_s / lasted_s:.0f} % of "
        f"a core; {lost} presses without an offer, {again} batches sent again; people: {here.people.failures[:2]}"
    )
    return [
        figure(
            f"{name}: press → provider", "written to request", took,
            lambda told: not lost and told.most <= OFFERED_S * 1000 and said == count,
            target=f"max ≤ {OFFERED_S * 1000:g}", note=note,
        ),
        figure(
            f"{name}: press acknowledged", "request to 200", presser.acknowledged,
            lambda told: told.p99 is not None and told.p99 <= KEPT_MS, target=f"p99 ≤ {KEPT_MS:g}",
        ),
        figure(
            f"{name}: memory", "resident, every 0.1 s", memory.seen,
            lambda told: told.most <= memory.seen[0] + GROWS_MB,
            unit="MB", floor=memory.seen[0], floor_is="the same process before the storm",
            target=f"max ≤ before + {GROWS_MB:g}", note=f"after it {memory.seen[-1]:.0f} MB",
        ),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ who speaks


def says(number: int) -> tuple[int, Event]:
    """The home that says the `number`th signal of all, and what: each first that its mains have failed."""
    turn, home = divmod(number, PRESSED - RADIO_HOMES)
    return RADIO_HOMES + home, Event.HEARTBEAT if turn else Event.MAINS_FAIL


@dataclass
class Sender:
    """One forwarding gateway. `lasts_s` spreads its batches over so many seconds; None: each once the last is taken."""

    number: int
    service: Service
    count: int
    lasts_s: float | None
    said: int = 0
    again: int = 0

    def run(self) -> None:
        batches = self.count // BATCH
        every_s = self.lasts_s / batches if self.lasts_s else 0.0
        threading.Event().wait(every_s * self.number / GATEWAYS)
        connection = self.service.connection()
        for turn in paced(every_s, batches):
            body = self._body(turn)
            while not _is_taken(connection, self.service, body):
                self.again += 1
                threading.Event().wait(0.5)
            self.said += BATCH
        connection.close()

    def _body(self, turn: int) -> str:
        at, first = SystemClock().now().isoformat(), turn * BATCH
        signals = [_signal(first + each, *says((first + each) * GATEWAYS + self.number), at) for each in range(BATCH)]
        return json.dumps({"gateway": f"far-{self.number}", "epoch": "bench", "signals": signals})


def _signal(seq: int, home: int, event: Event, at: str) -> dict[str, object]:
    return {"seq": seq, "protocol": "rflink", "device": pendant(home), "event": event, "received_at": at}


def _is_taken(connection: http.client.HTTPConnection, service: Service, body: str) -> bool:
    """Whether a batch was answered as durable. A gateway that is told to wait says it again."""
    headers = {"Authorization": f"Bearer {service.key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/signals", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    assert answer.status in {200, 429, 503}, told
    return answer.status == 200


def _radio(here: District, count: int, lasts_s: float | None) -> None:
    """Frames of the radio's own homes: batteries low, and life signs; at most what 57,600 baud carry."""
    every_s = lasts_s / count if lasts_s else 1 / 200
    for number in paced(every_s, count):
        turn, home = divmod(number, RADIO_HOMES)
        event = Event.TELEMETRY if turn else Event.LOW_BATTERY
        here.line.write(rflink.encode(pendant(home), event, count=number))


@dataclass
class Presser:
    """Presses at moments of its own: on the radio, by a gateway in a request alone, and amid a batch of life signs."""

    here: District
    count: int
    lasts_s: float
    draw: random.Random
    pressed: dict[int, float] = field(default_factory=dict)
    acknowledged: list[float] = field(default_factory=list)

    def run(self) -> None:
        pause, begun = threading.Event(), time.monotonic()
        moments = sorted(self.draw.uniform(0, self.lasts_s) for _ in range(self.count))
        connection = self.here.service.connection()
        for number, moment in enumerate(moments):
            pause.wait(max(0.0, begun + moment - time.monotonic()))
            home = PRESSED + number
            if number % 4 == 0:
                self.pressed[home] = self.here.press(home)
            else:
                self.pressed[home] = self._hand_in(
                    connection, number, home, among=0 if number % 4 in ALONE else BATCH - 1
                )
        connection.close()

    def _hand_in(self, connection: http.client.HTTPConnection, number: int, home: int, *, among: int) -> float:
        at, first = SystemClock().now().isoformat(), number * BATCH
        signals = [_signal(first + each, RADIO_HOMES + each, Event.HEARTBEAT, at) for each in range(among)]
        signals.insert(among // 2, _signal(first + among, home, Event.PRESS, at))
        body, begun = json.dumps({"gateway": "presses", "epoch": "bench", "signals": signals}), time.monotonic()
        while not _is_taken(connection, self.here.service, body):
            pass
        if not among:
            self.acknowledged.append((time.monotonic() - begun) * 1000)
        return begun


def _all_at_once(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ------------------------------------------------------------------------------------------------ memory


@dataclass
class Memory:
    """What the service has held, in MB, from before to after."""

    seen: list[float] = field(default_factory=list)


@contextmanager
def _watched(service: Service) -> Iterator[Memory]:
    memory, over = Memory(), threading.Event()
    memory.seen.append(resident_mb(service.pid))

    def look() -> None:
        while not over.wait(0.1):
            memory.seen.append(resident_mb(service.pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join()
        memory.seen.append(resident_mb(service.pid))
