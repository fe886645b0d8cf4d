"""Lines that are missing, pulled, garbled or foreign; strangers, batteries and second presses."""

import json
import random
from collections.abc import Sequence

import pytest

from devices.decoders import rflink, surgard
from devices.dialects import RflinkDialect
from devices.simulator import Simulator
from dispatch.rules.signal import Event
from tests.e2e.rig import Rig, account_of, district, phone_of, policy, rest, rflink_of, until

STEPS = policy("offer_nearest 30", "call_carer 30", "all_hands 60")
CARERS = [phone_of(1), phone_of(2)]


def shout(simulator: Simulator, data: bytes) -> None:
    """Bytes on the line that no device of this dialect would say."""
    for start in range(0, len(data), 512):
        simulator._write(data[start : start + 512])
        rest(0.002)


def at_the_wrong_speed(data: bytes, times: int) -> bytes:
    """What a reader `times` as fast as the sender makes of it: each bit lasts so many of its own."""
    bits = [level for byte in data for level in (0, *(byte >> place & 1 for place in range(8)), 1)]
    line = [level for level in bits for _ in range(times)] + [1] * 10
    heard, at = bytearray(), 0
    while at + 10 <= len(line):
        if line[at] == 0:
            heard.append(sum(line[at + 1 + place] << place for place in range(8)))
            at += 9
        at += 1
    return bytes(heard)


def gateway(rig: Rig, name: str, key: str) -> dict:
    status, answer = rig.get("/api/v1/gateways", key=key)
    assert status == 200, answer
    rows = json.loads(answer)
    rows = rows["items"] if isinstance(rows, dict) else rows
    return next(row for row in rows if row["id"] == name)


def connected(rig: Rig, name: str = "radio") -> bool:
    return rig.metric("gateway_connected", name) == 1.0


def nobody_is_alarmed(rig: Rig) -> None:
    assert rig.rows("SELECT * FROM alarms") == []
    assert rig.rows("SELECT * FROM signals WHERE cause IS NOT NULL") == []


def test_a_port_missing_at_the_start_is_said_and_taken_when_it_appears(tmp_path):
    missing = f'[[gateways]]\nname = "late"\nprotocol = "rflink"\nport = "{tmp_path / "late"}"\nbaud = 57600\n'
    with Rig(tmp_path, district=district(carers=CARERS), escalation=STEPS, radio=False, more=missing) as rig:
        rig.start()
        assert not connected(rig, "late")
        lost = until("the log says what is missing", lambda: rig.logged("gateway_lost"))[0]
        assert str(tmp_path / "late") in lost["reason"] or "late" in lost["gateway"]
        with Simulator(tmp_path, RflinkDialect(), name="late") as simulator:
            until("it is connected", lambda: connected(rig, "late"))
            simulator.press(rflink_of(1))
            rig.raised("H1")
        rig.stop()
        assert rig.surprises() == []


def test_an_adapter_that_is_pulled_is_noticed_and_taken_again(tmp_path):
    with Rig(tmp_path, district=district(homes=2, carers=CARERS), escalation=STEPS) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        rig.raised("H1")
        for home in (2, 1):
            shout(rig.radio, rflink.encode(rflink_of(2), Event.BUTTON, count=1)[:15])
            rig.radio.unplug()
            until("the loss is noticed", lambda: not connected(rig))
            assert rig.alarm("H2") is None or home == 1, "half a frame is no frame"
            rig.radio.plug()
            until("it is connected again", lambda: connected(rig))
            rest(3.2)  # nearer than this to the last it would be a repetition
            rig.radio.press(rflink_of(home))
        rig.raised("H2")
        until("the second press is counted", lambda: rig.alarm("H1")["press_count"] == 2)
        rig.stop()
        assert rig.surprises() == []


@pytest.mark.drill
def test_garbage_and_floods_are_counted_and_the_next_good_frame_is_heard(tmp_path):
    noise = random.Random(20261121)
    radio_line = rflink.encode(rflink_of(1), Event.BUTTON, count=7)
    report = surgard.encode(account_of(1), Event.PRESS)
    with Rig(tmp_path, district=district(homes=2, carers=CARERS), escalation=STEPS, receiver=True) as rig:
        key = rig.key("read")
        rig.start()
        until("both lines are open", lambda: connected(rig) and connected(rig, "receiver"))
        for simulator in (rig.radio, rig.receiver):
            simulator.noise()
            shout(simulator, noise.randbytes(200_000))
        for simulator, frame in ((rig.radio, radio_line), (rig.receiver, report)):
            for times in (2, 3, 6):
                shout(simulator, at_the_wrong_speed(frame, times))
            # Without its last signs a line still says everything.
            for cut in range(0, len(frame) - 5, 2):
                shout(simulator, frame[:cut] + b"\r\n\x14")
        shout(rig.radio, report * 3)
        shout(rig.receiver, radio_line * 3)
        rest(1.0)
        nobody_is_alarmed(rig)
        for name in ("radio", "receiver"):
            state = gateway(rig, name, key)
            assert state["malformed"] + state["noise_bytes"] > 0, f"nothing of it was counted: {state}"
        rig.radio.press(rflink_of(1))
        rig.raised("H1")
        assert rig.receiver.press(account_of(2))
        rig.raised("H2")
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


def test_an_unknown_button_is_listed_as_a_stranger_and_raises_nothing(tmp_path):
    with Rig(tmp_path, district=district(carers=CARERS), escalation=STEPS) as rig:
        key = rig.key("read")
        rig.start()
        rig.radio.press("EV1527:0bbbbb:08")
        until("the stranger is listed", lambda: rig.rows("SELECT * FROM strangers"))
        nobody_is_alarmed(rig)
        status, answer = rig.get("/api/v1/strangers", key=key)
        assert status == 200
        assert "0bbbbb" in answer
        rig.radio.press(rflink_of(1))
        rig.raised("H1")
        rig.stop()
        assert rig.surprises() == []


def test_a_low_battery_on_the_radio_is_in_the_record_of_its_device(tmp_path):
    with Rig(tmp_path, district=district(carers=CARERS), escalation=STEPS) as rig:
        rig.start()
        assert rig.radio.low_battery(rflink_of(1))
        _battery_is_low(rig, "D1")


def test_a_low_battery_at_the_receiver_is_in_the_record_of_its_device(tmp_path):
    loaded = district(carers=CARERS)
    with Rig(tmp_path, district=loaded, escalation=STEPS, radio=False, receiver=True) as rig:
        rig.start()
        assert rig.receiver.low_battery(account_of(1))
        _battery_is_low(rig, "A1")


def _battery_is_low(rig: Rig, code: str) -> None:
    """The register says so, and nobody is alarmed by it."""
    key = rig.key("read")

    def look() -> bool:
        answer = json.loads(rig.get("/api/v1/devices", key=key)[1])
        rows = answer["items"] if isinstance(answer, dict) else answer
        return next(row for row in rows if row["code"] == code)["battery_low"]

    until("the battery is in the record of the device", look)
    nobody_is_alarmed(rig)
    rig.stop()


@pytest.mark.parametrize("station", ["", "S1"])
def test_an_unknown_account_that_calls_for_help_is_an_alarm_of_the_station(tmp_path, station):
    with Rig(tmp_path, district=district(carers=CARERS), escalation=STEPS, radio=False, receiver=True) as rig:
        if station:
            rig.environ["ANLING_GATEWAYS__0__STATION"] = station
        rig.start()
        assert rig.receiver.press("9999")
        alarm = rig.raised(None)
        assert alarm["home_id"] is None
        if station:
            assert alarm["station_id"] == rig.one("SELECT id FROM stations WHERE code = 'S1'")
        until("somebody is asked all the same", lambda: _asked(rig, alarm["id"]))
        assert rig.receiver.press("9999"), "the repetition is acknowledged as well"
        assert rig.one("SELECT count(*) FROM alarms") == 1
        rig.assert_sound()
        rig.stop()


def _asked(rig: Rig, alarm_id: str) -> Sequence[dict]:
    return rig.rows("SELECT * FROM offers WHERE alarm_id = :id", id=alarm_id)
