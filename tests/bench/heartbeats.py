"""
Life signs over HTTP: 2,000 a second from twenty gateways, a hundred in each request, for a minute.

A real `anling serve` on SQLite with twenty thousand homes. What is told is the processor time of that one process,
from the first request to the last answer, as a share of one core; and how long a gateway waits for its answer, which
promises that all hundred are on disk. Each gateway has a thousand devices and hears each of them every ten seconds.
"""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dispatch.clock import SystemClock
from tests.bench.cpu import cpu_s
from tests.bench.measure import Figure, figure, paced
from tests.bench.plan import Plan
from tests.bench.service import Service, write_settings
from tests.bench.town import build_town, pendant

HOMES, CARERS = 20_000, 500
GATEWAYS, BATCH = 20, 100
ROUND = 10
"""Batches of one gateway until it hears the same devices again."""


@dataclass
class Sender:
    """One forwarding gateway with a connection of its own: a batch each second, whatever the answers do."""

    number: int
    service: Service
    took: list[float] = field(default_factory=list)
    late: int = 0

    def run(self, seconds: float) -> None:
        connection, seq = self.service.connection(), 0
        pause = threading.Event()
        pause.wait(self.number / GATEWAYS)
        for turn in paced(1.0, round(seconds)):
            seq += self._send(connection, turn, seq)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, turn: int, seq: int) -> int:
        body = json.dumps({"gateway": f"far-{self.number}", "epoch": "bench", "signals": self._signals(turn, seq)})
        headers = {"Authorization": f"Bearer {self.service.key}", "Content-Type": "application/json"}
        begun = time.monotonic()
        connection.request("POST", "/api/v1/signals", body, headers)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status == 200, told
        self.took.append((time.monotonic() - begun) * 1000)
        self.late += self.took[-1] > 1000
        return BATCH

    def _signals(self, turn: int, seq: int) -> list[dict[str, object]]:
        first, at = self.number * ROUND * BATCH + (turn % ROUND) * BATCH, SystemClock().now().isoformat()
        return [
            {"seq": seq + each, "protocol": "rflink", "device": pendant(first + each), "event": "heartbeat",
             "received_at": at}
            for each in range(BATCH)
        ]  # fmt: skip


def heartbeats(plan: Plan, folder: Path) -> list[Figure]:
    build_town(folder / "anling.db", SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    with Service(write_settings(folder)) as service:
        idle = _idle(service)
        senders = [Sender(number, service) for number in range(GATEWAYS)]
        begun_s, begun_cpu_s = time.monotonic(), cpu_s(service.pid)
        _all_at_once(senders, plan.seconds)
        lasted_s, worked_s = time.monotonic() - begun_s, cpu_s(service.pid) - begun_cpu_s
    took = [each for sender in senders for each in sender.took]
    rate, share = len(took) * BATCH / lasted_s, 100 * worked_s / lasted_s
    note = f"{len(took) * BATCH:,} in {lasted_s:.1f} s, {rate:,.0f} a second; idle it takes {idle:.1f} %"
    return [
        Figure(
            name="heartbeats: processor", what="of the service", unit="% of a core", n=len(took) * BATCH, p50=share,
            target="< 50", holds=share < 50 and rate > 0.95 * GATEWAYS * BATCH, note=note,
        ),
        figure("heartbeats: answer", "a hundred, durable", took, lambda told: told.p99 <= 1000, target="p99 ≤ 1000"),
    ]  # fmt: skip


def _all_at_once(senders: Sequence[Sender], seconds: float) -> None:
    threads = [threading.Thread(target=sender.run, args=(seconds,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _idle(service: Service) -> float:
    """What the service takes with nothing to do, in percent of a core."""
    threading.Event().wait(2.0)
    before = cpu_s(service.pid)
    threading.Event().wait(5.0)
    return 100 * (cpu_s(service.pid) - before) / 5.0
