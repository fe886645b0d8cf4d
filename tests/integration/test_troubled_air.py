"""What goes wrong between a button and its gateway: stuck buttons, jammed devices, lines full of noise."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import insert

from devices.decoders.decoder import Tally
from devices.rules.noise import BAD_MIN, WINDOW_S
from devices.rules.stuck import STUCK_S
from devices.store.devices import devices
from devices.store.press_tests import Purpose
from devices.store.vigils import vigils
from devices.upkeep.press_tests import Wanted
from dispatch.rules.alarm import Outcome
from dispatch.rules.signal import Event
from dispatch.watch.auditor import Auditor
from dispatch.watch.supervision import SUPERVISION
from tests.integration.devices_rig import DUTY, HOURLY, OPERATOR, DevicesRig

D1, D2 = "EV1527:0a1b2c:01", "EV1527:0a1b2d:01"
HOUR = 3600.0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[DevicesRig]:
    rig = DevicesRig(tmp_path, plan=HOURLY)
    rig.live(30)
    yield rig
    rig.close()


def hold(rig: DevicesRig, seconds: float, *, gap_s: float = 2.0) -> None:
    """Something heavy lies on the pendant."""
    for _ in range(int(seconds / gap_s)):
        rig.world.clock.advance(gap_s)
        rig.copy(Event.BUTTON, D1)
    rig.live(1)


def cases(rig: DevicesRig) -> list[str]:
    return [row["faults"] for row in rig.rows("SELECT faults FROM repairs WHERE ended_at IS NULL")]


# ------------------------------------------------------------------------------------------------ stuck


def test_a_button_that_is_stuck_is_one_alarm_and_one_fault_and_mutes_nobody(rig):
    hold(rig, STUCK_S + 120)
    (alarm,) = rig.alarms()
    assert alarm["press_count"] >= (STUCK_S + 120) / 35
    assert cases(rig) == ['["stuck"]']
    rig.hear(Event.BUTTON, D2)
    assert len(rig.alarms()) == 2


def test_it_raises_an_alarm_again_when_the_first_is_closed(rig):
    hold(rig, STUCK_S + 60)
    rig.world.desk.close(rig.alarms()[0]["id"], outcome=Outcome.FALSE_ALARM, by=OPERATOR)
    hold(rig, 60)
    assert [alarm["state"] for alarm in rig.alarms()][1:] == ["raised"]


def test_pressing_for_four_minutes_in_fear_is_no_fault(rig):
    hold(rig, STUCK_S - 30)
    rig.world.clock.advance(60)
    hold(rig, 30)
    assert cases(rig) == []


def test_a_button_that_is_stuck_passes_no_test(rig):
    hold(rig, STUCK_S + 30)
    rig.world.desk.close(rig.alarms()[0]["id"], outcome=Outcome.FALSE_ALARM, by=OPERATOR)
    rig.tests.begin(rig.id_of("D1"), Purpose.REPAIR, Wanted(), by=OPERATOR)
    hold(rig, 60)
    assert [row["state"] for row in rig.rows("SELECT state FROM press_tests")] == ["waiting"]
    assert cases(rig) == ['["stuck"]']


def test_a_test_press_after_it_came_loose_ends_it(rig):
    hold(rig, STUCK_S + 30)
    rig.world.desk.close(rig.alarms()[0]["id"], outcome=Outcome.FALSE_ALARM, by=OPERATOR)
    rig.world.clock.advance(60)
    rig.tests.begin(rig.id_of("D1"), Purpose.REPAIR, Wanted(), by=OPERATOR)
    rig.hear(Event.BUTTON, D1)
    rig.live(5)
    assert cases(rig) == []
    assert [row["state"] for row in rig.rows("SELECT state FROM press_tests")] == ["seen"]


# ------------------------------------------------------------------------------------------------ jammed


def sensors(rig: DevicesRig, count: int) -> None:
    """So many devices that speak every hour, in homes of their own kind."""

    def work(tx):
        rows = [
            {"id": f"s{n}", "code": f"S{n}", "kind": "door", "protocol": "test", "address": f"sensor{n}", "gateway": "",
             "home_id": rig.world.home("H1" if n % 2 else "H2"), "resident_id": None}
            for n in range(count)
        ]  # fmt: skip
        tx.connection.execute(insert(devices), rows)
        tx.connection.execute(insert(vigils), [
            {"device_id": f"s{n}", "due_at": tx.now, "health": "well", "health_at": tx.now, "since": tx.now}
            for n in range(count)
        ])  # fmt: skip

    rig.world.transactions.run(work)
    rig.reception.forget()


def pass_hours(rig: DevicesRig, hours: float, *speaking: int) -> None:
    """Time in which these speak every half hour, by a gateway that is there."""
    for _ in range(round(hours * 2)):
        for number in speaking:
            rig.report(f"sensor{number}", Event.HEARTBEAT)
        rig.live(HOUR / 2, step=30)


def incidents(rig: DevicesRig):
    rows = rig.rows("SELECT * FROM incidents ORDER BY opened_at, id")
    return [(row["gateway"], row["why"], json.loads(row["homes"]), row["ended_at"] is None) for row in rows]


def test_a_third_of_a_gateways_devices_falling_silent_together_is_one_incident_and_no_case(rig):
    sensors(rig, 10)
    pass_hours(rig, 1, *range(10))
    pass_hours(rig, 5, *range(4, 10))
    assert incidents(rig) == [("far", "jammed", ["H1", "H2"], True)]
    assert cases(rig) == []
    assert "gateway_troubled" in [
        json.loads(text["facts"])["why"] for text in rig.texts(DUTY) if text["sentence"] == "page"
    ]
    assert Auditor(rig.world.reading, rig.world.clock, predicates=SUPERVISION).pass_() == []


def test_once_it_is_over_each_that_stays_silent_is_a_case(rig):
    sensors(rig, 10)
    pass_hours(rig, 1, *range(10))
    pass_hours(rig, 5, *range(4, 10))
    pass_hours(rig, 3, *range(1, 10))
    assert incidents(rig)[0][3] is False
    assert cases(rig) == ['["offline"]']
    assert rig.kinds().count("gateway_back") == 1


def test_two_of_ten_are_two_cases(rig):
    sensors(rig, 10)
    pass_hours(rig, 1, *range(10))
    pass_hours(rig, 5, *range(2, 10))
    assert incidents(rig) == []
    assert cases(rig) == ['["offline"]'] * 2


@pytest.mark.drill
def test_devices_that_fail_one_by_one_over_days_are_cases(rig):
    sensors(rig, 10)
    pass_hours(rig, 1, *range(10))
    for gone in range(1, 6):
        pass_hours(rig, 12, *range(gone, 10))
    assert incidents(rig) == []
    assert len(cases(rig)) == 5


def test_a_jammed_gateway_that_is_lost_is_the_same_incident_and_worse(rig):
    sensors(rig, 10)
    pass_hours(rig, 1, *range(10))
    pass_hours(rig, 4, *range(4, 10))
    rig.live(400, hearing=False)
    found = incidents(rig)
    assert [(gateway, why) for gateway, why, _, _ in found if gateway == "far"] == [("far", "silent")]
    assert rig.kinds().count("gateway_lost") == len(found) + 1


# ------------------------------------------------------------------------------------------------ noise


@dataclass
class Noisy:
    """A gateway's state with what it could not read."""

    connected: bool = True
    frames: int = 1
    tally: Tally = field(default_factory=Tally)


def test_a_line_with_much_that_cannot_be_read_is_an_incident_until_it_is_clear(rig):
    state = Noisy()
    rig.lines[0] = type("Line", (), {"name": "radio", "state": state, "connected": True, "frames": 0})()
    rig.restart()
    for _ in range(BAD_MIN + 1):
        state.tally = Tally(malformed=state.tally.malformed + 1)
        state.frames += 1
        rig.live(5)
    assert [(gateway, why) for gateway, why, _, _ in incidents(rig)] == [("radio", "noisy")]
    for _ in range(int(WINDOW_S / 5) + 2):
        state.frames += 1
        rig.live(5)
    assert [is_open for *_, is_open in incidents(rig)] == [False]


# ------------------------------------------------------------------------------------------------ what is old


def test_what_a_broker_has_kept_is_a_fault_and_no_sign_of_life(rig):
    sensors(rig, 1)
    rig.report("sensor0", Event.HEARTBEAT)
    before = rig.device("S0")
    rig.world.clock.advance(600)
    rig.report("sensor0", Event.LOW_BATTERY, retained=True)
    after = rig.device("S0")
    assert (after["last_at"], after["times"]) == (before["last_at"], before["times"])
    assert after["battery_low"]
    rig.live(5)
    assert cases(rig) == ['["low_battery"]']


def test_a_device_that_is_silent_stays_silent_whatever_a_broker_has_kept_of_it(rig):
    sensors(rig, 10)
    pass_hours(rig, 1, *range(10))
    for _ in range(5):
        rig.report("sensor0", Event.TAMPER, retained=True)
        pass_hours(rig, 1, *range(1, 10))
    assert cases(rig) == ['["tamper","offline"]']


def test_of_one_never_heard_nothing_that_was_kept_is_believed(rig):
    sensors(rig, 1)
    rig.report("sensor0", Event.LOW_BATTERY, retained=True)
    rig.report("nobody", Event.LOW_BATTERY, retained=True)
    assert rig.device("S0")["last_at"] is None
    assert rig.rows("SELECT * FROM strangers") == []


def test_heard_and_replayed_within_a_second_it_was_heard(rig):
    sensors(rig, 1)
    rig.reception.settle = rig.supervision.write_down
    real, rig.supervision.write_down = rig.supervision.write_down, lambda: None
    rig.report("sensor0", Event.HEARTBEAT)
    heard_at = rig.world.clock.now()
    rig.world.clock.advance(0.5)
    rig.report("sensor0", Event.LOW_BATTERY, retained=True)
    real()
    assert rig.device("S0")["last_at"] == heard_at.isoformat()
    assert rig.device("S0")["battery_low"]
