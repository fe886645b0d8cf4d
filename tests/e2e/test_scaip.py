"""A press over SIP, from the unit's MESSAGE to the alarm of its home, through a service that is killed on the way."""

import shutil
import threading

import pytest

from devices.decoders.scaip import encode
from tests.e2e.rig import Rig, district, until
from tests.integration.test_sip import Client
from tests.integration.test_sipp_real import BODY, sipp
from tests.need import need
from tests.ports import free_port

HOMES = 20


def home(number: int) -> str:
    return f"""
[[homes]]
code = "S{number}"
address = "柏林小区 9-{number}"
lat = 38.0720
lng = 114.4920
residents = [{{ code = "P{number}", name = "李秀兰" }}]
devices = [{{ code = "U{number}", kind = "pendant", protocol = "scaip", address = "{4670_0000 + number}" }}]
"""


@pytest.fixture
def rig(tmp_path):
    port = free_port()
    gateway = f'[[gateways]]\nname = "units"\nprotocol = "scaip"\nport = "sip-listen://127.0.0.1:{port}"\n'
    loaded = district(more="".join(home(number) for number in range(HOMES)))
    with Rig(tmp_path, district=loaded, radio=False, more=gateway) as rig:
        rig.sip_port = port
        rig.start()
        yield rig


def taken(rig: Rig, reference: int, *, attempt: int = 1) -> str:
    """What a unit is told that reports a press under this reference; each attempt is a transaction of its own."""
    client = Client(rig.sip_port)
    client.say(encode("46700007:00010001", count=reference), number=attempt)
    try:
        return client.heard()
    finally:
        client.socket.close()


def test_what_is_answered_is_kept_and_a_repetition_raises_nothing_also_after_a_kill(rig):
    assert "<ref>R0001</ref><snu>0</snu>" in taken(rig, 1)
    alarm = rig.alarm("S7")
    assert alarm is not None, "the answer came before the alarm"
    assert alarm["cause"] == "press"
    assert "<snu>0</snu>" in taken(rig, 1, attempt=2)
    rig.kill()
    rig.start()
    assert "<snu>0</snu>" in taken(rig, 1, attempt=3)
    assert rig.alarm("S7")["press_count"] == 1
    assert "<snu>0</snu>" in taken(rig, 2)
    until("the second press joins", lambda: rig.alarm("S7")["press_count"] == 2)
    assert rig.one("SELECT count(*) FROM alarms") == 1
    rig.stop()
    assert rig.surprises() == []


def test_two_hundred_presses_through_a_kill_are_each_answered_and_kept_once(rig, tmp_path):
    need(shutil.which("sipp"), "sipp not found: apt install sip-tester")
    bodies = [BODY.format(number).replace(f"4670{number:04}", f"4670{number % HOMES:04}") for number in range(200)]
    results = []
    units = threading.Thread(target=lambda: results.append(sipp(tmp_path, rig.sip_port, bodies, "-r", 100)))
    units.start()
    until("some of them are kept", lambda: rig.one("SELECT count(*) FROM signals"))
    rig.kill()
    assert 0 < rig.one("SELECT count(*) FROM signals") < 200, "killed in the middle"
    rig.start(ready=False)
    units.join()
    assert results[0].returncode == 0, results[0].stdout
    until("the service answers", rig.is_ready)
    kept = rig.rows("SELECT dedup_key, count(*) AS rows FROM signals GROUP BY dedup_key")
    assert len(kept) == 200
    assert {row["rows"] for row in kept} == {1}
    assert rig.one("SELECT count(*) FROM alarms") == HOMES
    rig.stop()
    assert rig.surprises() == []
