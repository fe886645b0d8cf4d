"""A district with many devices: what a frame costs does not grow with the register."""

import pytest
from sqlalchemy import insert

from devices.decoders import rflink
from devices.store.devices import devices
from dispatch.rules.signal import Event
from tests.integration.devices_rig import DevicesRig
from tests.thrift import processor_s

MANY, FRAMES = 10_000, 300


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    rig = DevicesRig(tmp_path_factory.mktemp("many"))
    home, resident = rig.world.home("H1"), rig.world.resident("R1")
    rows = [
        {"id": f"many-{n}", "code": f"M{n}", "kind": "pendant", "protocol": "rflink",
         "address": f"EV1527:{0x100000 + n:06x}:01", "gateway": "", "home_id": home, "resident_id": resident}
        for n in range(MANY)
    ]  # fmt: skip
    rig.world.transactions.run(lambda tx: tx.connection.execute(insert(devices), rows))
    rig.reception.forget()
    yield rig
    rig.close()


def test_a_stranger_on_the_radio_costs_no_look_at_every_device(rig):
    """A neighbour's weather station says something every few seconds; a look at every device took ten milliseconds."""
    decoder = rflink.Rflink()
    frames = [
        frame for n in range(FRAMES)
        for frame in decoder.feed(rflink.encode(f"EV1527:{0x200000 + n:06x}", Event.TELEMETRY, count=n))
    ]  # fmt: skip
    assert len(frames) == FRAMES
    took_s = processor_s(lambda: [rig.reception.hear(frame, gateway="radio") for frame in frames])
    assert took_s / FRAMES < 0.001


def test_a_battery_that_names_no_button_is_still_that_of_its_remote_only(rig):
    rig.hear(Event.LOW_BATTERY, "EV1527:100007")
    low = rig.rows("SELECT d.code FROM seen s JOIN devices d ON d.id = s.device_id WHERE s.battery_low")
    assert [row["code"] for row in low] == ["M7"]
