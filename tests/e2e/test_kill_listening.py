"""
`kill -9` at random moments while devices call over TCP, through a broker and over HTTP.

Whoever is answered is kept, once; whoever is not says it again, and joins its own alarm.
"""

import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.decoders import surgard
from dispatch.rules.signal import Event
from tests.e2e.rig import Rig, account_of, district, phone_of, policy, rest, until
from tests.integration.broker import Broker
from tests.ports import free_port

KILLS, SEED = 4, 20261121
ON_TCP = range(1, 13)
AT_THE_BROKER = range(101, 113)
OVER_HTTP = range(21, 33)
STEPS = policy("offer_nearest 30", "all_hands 60")


def buttons() -> str:
    """Homes whose button speaks through Zigbee2MQTT."""
    return "\n".join(
        f'[[homes]]\ncode = "B{number}"\naddress = "红星里 {number}"\nlat = 38.0730\nlng = 114.4930\n'
        f'residents = [{{ code = "P{number}", name = "张桂兰" }}]\n'
        f'devices = [{{ code = "Z{number}", kind = "pendant", protocol = "zigbee2mqtt", address = "sos_{number}" }}]'
        for number in AT_THE_BROKER
    )


def gateways(port: int, broker: Broker) -> str:
    rows = [
        ("calling", "surgard", f"tcp-listen://127.0.0.1:{port}"),
        ("broker", "zigbee2mqtt", broker.address("zigbee2mqtt/#", client_id="kill")),
        ("posted", "surgard", "http:"),
    ]
    return "\n".join(f'[[gateways]]\nname = "{name}"\nprotocol = "{what}"\nport = "{at}"' for name, what, at in rows)


class Senders:
    """Three that do not give up."""

    def __init__(self, rig: Rig, port: int, broker: Broker, key: str) -> None:
        self._rig = rig
        self._port = port
        self._broker = broker
        self._key = key
        self.ending = threading.Event()
        self.answered: list[int] = []
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._call, self._publish, self._post)]

    def __enter__(self) -> "Senders":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        for each in self._threads:
            each.join(60)

    def are_done(self) -> bool:
        return not any(each.is_alive() for each in self._threads)

    def _call(self) -> None:
        for home in ON_TCP:
            while not self._is_answered_on_tcp(home) and not self.ending.wait(0.1):
                pass
            self.answered.append(home)
            self.ending.wait(0.2)

    def _is_answered_on_tcp(self, home: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5) as line:
                line.sendall(surgard.encode(account_of(home), Event.PRESS))
                return line.recv(1) == b"\x06"
        except OSError:
            return False

    def _publish(self) -> None:
        for home in AT_THE_BROKER:
            self._broker.publish(f"zigbee2mqtt/sos_{home}", '{"action":"emergency"}')
            self.ending.wait(0.3)

    def _post(self) -> None:
        for home in OVER_HTTP:
            while not self._is_answered_over_http(home) and not self.ending.wait(0.1):
                pass
            self.answered.append(home)
            self.ending.wait(0.2)

    def _is_answered_over_http(self, home: int) -> bool:
        try:
            body = surgard.encode(account_of(home), Event.PRESS)
            return self._rig.post_raw("/api/v1/gateways/posted/frames", body, key=self._key) == (200, b"\x06")
        except OSError:
            return False


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[tuple[Rig, int, Broker]]:
    (tmp_path / "broker").mkdir()
    loaded = district(homes=max(OVER_HTTP), carers=[phone_of(number) for number in range(1, 6)], more=buttons())
    port = free_port()
    with (
        Broker(tmp_path / "broker") as broker,
        Rig(tmp_path, district=loaded, escalation=STEPS, radio=False, more=gateways(port, broker)) as made,
    ):
        yield made, port, broker


@pytest.mark.drill
def test_nothing_is_lost_or_doubled_by_kills_at_random_moments(rig):
    service, port, broker = rig
    moments, key = random.Random(SEED), service.key("signals")
    service.start()
    until("the broker's gateway is there", lambda: service.metric("gateway_connected", "broker") == 1.0)
    with Senders(service, port, broker, key) as senders:
        for _ in range(KILLS):
            rest(moments.uniform(0.2, 2.0))
            service.kill()
            service.start(ready=moments.random() < 0.5)
        until("everybody was answered", senders.are_done, 120)
    until("the service answers", service.is_ready)
    wanted = {*(f"H{home}" for home in (*ON_TCP, *OVER_HTTP)), *(f"B{home}" for home in AT_THE_BROKER)}
    until("every home has its alarm", lambda: wanted <= alarms_of(service).keys())
    assert {home: count for home, count in alarms_of(service).items() if count != 1} == {}
    heard = {row["address"]: row["count"] for row in service.rows(
        "SELECT address, count(*) AS count FROM signals WHERE cause IS NOT NULL GROUP BY address")}  # fmt: skip
    twice = [home for home in senders.answered if heard[f"{account_of(home)}:000"] != 1]
    assert twice == [], "a repetition counted as a press of its own"
    service.assert_sound()
    service.stop()
    assert service.surprises() == []


def alarms_of(service: Rig) -> dict[str, int]:
    rows = service.rows(
        "SELECT h.code, count(*) AS count FROM alarms a JOIN homes h ON h.id = a.home_id GROUP BY h.code"
    )
    return {row["code"]: row["count"] for row in rows}
