"""
Messages through a broker: 1,100 a second from two bridges, QoS 1, with a press in every second of them.

A real mosquitto with the settings it comes with, a real `anling serve` on SQLite with twenty thousand homes. What is
told is the processor time of the service alone, and the time from publishing a press to its alarm in the record. Every
message is confirmed to the broker only when what it says is on disk; at the end the broker holds nothing back.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, insert, text

from devices.store.devices import devices
from dispatch.clock import SystemClock
from dispatch.ids import new_id
from dispatch.store.database import from_us, reading_engine, writing_engine
from tests.bench.cpu import cpu_s
from tests.bench.measure import Figure, figure, left_out, paced
from tests.bench.plan import Plan
from tests.bench.service import Service, write_settings
from tests.bench.town import build_town
from tests.integration.broker import PROGRAM, Broker

HOMES, CARERS = 20_000, 500
BRIDGES, RATE = 2, 1_100
PRESSED = 10_000
"""Homes from this number on press; the others' devices say how they are."""

SETTLED_S = 30.0


class Bridge:
    """A publisher that sends its messages in time, whatever the broker does."""

    def __init__(self, number: int, port: int) -> None:
        self._number = number
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"bridge-{number}")
        self._client.max_inflight_messages_set(1_000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.sent = 0
        self.pressed: dict[int, datetime] = {}

    def run(self, seconds: float) -> None:
        rate = RATE // BRIDGES
        for turn in paced(1 / rate, round(seconds * rate)):
            if turn % rate == rate // 2:
                self._press(PRESSED + turn // rate * BRIDGES + self._number)
            else:
                said = {"battery": 80, "linkquality": turn % 255}
                self._publish((turn * BRIDGES + self._number) % PRESSED, said)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _press(self, home: int) -> None:
        self.pressed[home] = SystemClock().now()
        self._publish(home, {"action": "emergency"})

    def _publish(self, home: int, said: dict[str, object]) -> None:
        self._client.publish(f"zigbee2mqtt/{button(home)}", json.dumps(said), qos=1)
        self.sent += 1


def mqtt(plan: Plan, folder: Path) -> list[Figure]:
    if PROGRAM is None:
        return [left_out("mqtt", "through a broker", "mosquitto not found: apt install mosquitto")]
    _town(folder / "anling.db")
    with tempfile.TemporaryDirectory() as place, Broker(Path(place)) as broker:
        settings = write_settings(folder, gateways={"zigbee2mqtt": broker.address("zigbee2mqtt/#", client_id="bench")})
        with Service(settings) as service, _bridges(broker) as bridges:
            reading = reading_engine(settings.database_url)
            begun_s, begun_cpu_s = time.monotonic(), cpu_s(service.pid)
            _all_at_once(bridges, plan.seconds)
            sent = sum(each.sent for each in bridges)
            written = _written_down(reading, sent)
            lasted_s, worked_s = time.monotonic() - begun_s, cpu_s(service.pid) - begun_cpu_s
            raised = _raised(reading)
            reading.dispose()
    pressed = {home: at for each in bridges for home, at in each.pressed.items()}
    took = [(raised[home] - at).total_seconds() * 1000 for home, at in pressed.items() if home in raised]
    rate, share = written / lasted_s, 100 * worked_s / lasted_s
    note = f"{written:,} of {sent:,} written down in {lasted_s:.1f} s, {rate:,.0f} a second"
    return [
        Figure(
            name="mqtt: processor", what="of the service", unit="% of a core", n=written, p50=share,
            target="< 100", holds=share < 100 and written == sent and rate > 0.95 * RATE, note=note,
        ),
        figure(
            "mqtt: press", "published to raised", took, lambda told: told.n == len(pressed) and told.p99 <= 500,
            target="p99 ≤ 500", note=f"{len(pressed)} presses",
        ),
    ]  # fmt: skip


def button(home: int) -> str:
    return f"sos_{home}"


def _town(path: Path) -> None:
    """Every home has a button at a bridge as well."""
    town = build_town(path, SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    engine = writing_engine(f"sqlite:///{path}", synchronous="OFF")
    rows = [
        {"id": new_id(), "code": f"button{n}", "kind": "pendant", "protocol": "zigbee2mqtt", "address": button(n),
         "gateway": "", "home_id": home_id, "resident_id": town.resident_ids[n]}
        for n, home_id in enumerate(town.home_ids)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(devices), rows)
    engine.dispose()


@contextmanager
def _bridges(broker: Broker) -> Iterator[list[Bridge]]:
    made = [Bridge(number, broker.port) for number in range(BRIDGES)]
    try:
        yield made
    finally:
        for each in made:
            each.close()


def _all_at_once(bridges: Sequence[Bridge], seconds: float) -> None:
    threads = [threading.Thread(target=each.run, args=(seconds,)) for each in bridges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _written_down(reading: Engine, sent: int) -> int:
    """How many messages are on disk, once it is all of them or `SETTLED_S` are over."""
    pause, written = threading.Event(), 0
    for _ in range(round(SETTLED_S / 0.1)):
        with reading.connect() as connection:
            written = connection.execute(text("SELECT coalesce(sum(times), 0) FROM seen")).scalar_one()
        if written >= sent:
            break
        pause.wait(0.1)
    return written


def _raised(reading: Engine) -> dict[int, datetime]:
    """When each home's alarm was raised."""
    with reading.connect() as connection:
        rows = connection.execute(text("SELECT h.code, a.raised_at FROM alarms a JOIN homes h ON h.id = a.home_id"))
        return {int(row.code[1:]): from_us(row.raised_at) for row in rows}
