"""
Figure 5: a hundred thousand life signs at once, with presses between them.

The wired house in this process. Half of the storm comes as frames on two lines (`Reception.hear`), written down every
second as in the service; half as batches of five hundred over `POST /api/v1/signals` through the real application. A
press goes through `Reception.hear` on a thread of its own, ten a second for as long as the storm lasts. The time of a
press ends when it is durable.
"""

import json
import threading
import time
from functools import partial
from pathlib import Path

from config.commands import change
from config.pages import Pages
from devices.decoders import DECODERS, rflink
from dispatch.clock import SystemClock
from dispatch.rules.signal import Event
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.bench.service import house, write_settings
from tests.bench.town import build_town, pendant, sensor

HOMES, CARERS, STORM, BATCH = 20_000, 500, 100_000, 500
PRESS_EVERY_S = 0.05
LINES = ("rflink", "surgard")
PRESSED = 10_000
"""Homes from this number on press; the others' devices are the storm."""


def storm(plan: Plan, folder: Path) -> list[Figure]:
    count = plan.of(STORM, quick=20_000)
    build_town(folder / "anling.db", SystemClock().now(), homes_count=HOMES, carers_count=CARERS, sensors_count=PRESSED)
    settings = write_settings(folder)
    key = change(settings, "key_add", name="gateway", scope="signals")["key"]
    with house(folder, gateways=dict.fromkeys(LINES, "loop://")) as built:
        _press(built, HOMES - 1)
        app = Pages(built).app(secret_key="k" * 32, demo=None)
        took, lasted_s = _meanwhile(built, [
            partial(_frames, built, count // 2),
            partial(_batches, app, key, "a", count // 4),
            partial(_batches, app, key, "b", count // 4),
        ])  # fmt: skip
    note = f"{count:,} life signs in {lasted_s:.1f} s ({count / lasted_s:,.0f} a second)"
    return [figure(
        f"press amid {count:,}", "hear to durable", took, lambda told: told.p99 <= 50, target="p99 ≤ 50", note=note,
    )]  # fmt: skip


def _meanwhile(built, works) -> tuple[list[float], float]:
    """Presses for as long as the works last."""
    over, took, failures = threading.Event(), [], []
    presser = threading.Thread(target=_presses, args=(built, over, took))
    writer = threading.Thread(target=_write_down, args=(built, over))
    threads = [threading.Thread(target=_guarded, args=(work, failures)) for work in works]
    begun = time.monotonic()
    for thread in (presser, writer, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    built.supervision.write_down()
    lasted_s = time.monotonic() - begun
    over.set()
    presser.join()
    writer.join()
    assert not failures, failures
    return took, lasted_s


def _guarded(work, failures: list) -> None:
    try:
        work()
    except (AssertionError, OSError) as error:
        failures.append(error)


def _presses(built, over: threading.Event, took: list[float]) -> None:
    number = PRESSED
    while not over.wait(PRESS_EVERY_S) and number < HOMES - 1:
        begun = time.monotonic()
        _press(built, number)
        took.append((time.monotonic() - begun) * 1000)
        number += 1


def _press(built, number: int) -> None:
    (frame,) = _decoder().feed(rflink.encode(pendant(number)))
    received = built.reception.hear(frame, gateway="rflink")
    assert received is not None
    assert received.alarm_id is not None


def _frames(built, count: int) -> None:
    decoder = _decoder()
    for number in range(count):
        event = Event.LOW_BATTERY if number % 10 == 0 else Event.TELEMETRY
        for frame in decoder.feed(rflink.encode(sensor(number % PRESSED), event, count=number)):
            built.reception.hear(frame, gateway="rflink")


def _batches(app, key: str, epoch: str, count: int) -> None:
    client, at = app.test_client(), SystemClock().now().isoformat()
    for first in range(0, count, BATCH):
        signals = [
            {"seq": number, "protocol": "rflink", "device": pendant(number % PRESSED), "event": "heartbeat",
             "received_at": at}
            for number in range(first, first + BATCH)
        ]  # fmt: skip
        body = json.dumps({"gateway": "far", "epoch": epoch, "signals": signals})
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        answer = client.post("/api/v1/signals", data=body, headers=headers)
        assert answer.status_code == 200, answer.text[:300]


def _write_down(built, over: threading.Event) -> None:
    while not over.wait(1.0):
        built.supervision.write_down()


def _decoder():
    return DECODERS["rflink"](profile={})
