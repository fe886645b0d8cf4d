"""Devices that fall silent or say that something is wrong: judged from rows, in bulk, across restarts and clocks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, insert

from config.wiring_devices import mend_devices
from devices.rules.meaning import understood
from devices.store.devices import devices
from devices.store.lists import Show
from devices.store.vigils import vigils
from devices.upkeep.press_tests import Wanted
from devices.upkeep.register import Reason
from devices.upkeep.silences import FAULTY_MAX, LOOKED_AT_MAX
from dispatch.ids import DeviceId
from dispatch.rules.signal import Event
from dispatch.store.database import to_us
from tests.integration.devices_rig import HOURLY, OPERATOR, DevicesRig, label

HOUR = 3600.0
DISTRICT = """
[district]
name = "示范区"

[[stations]]
code = "S1"
name = "柏林驿站"

[[homes]]
code = "H1"
address = "柏林小区 3-2-501"
residents = [{ code = "R1", name = "王秀英" }]
devices = [
    { code = "D1", kind = "pendant", protocol = "test", address = "one" },
    { code = "D2", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01" },
    { code = "W1", kind = "watch", protocol = "test", address = "watch" },
]
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[DevicesRig]:
    rig = DevicesRig(tmp_path, district=DISTRICT, plan=HOURLY, on_duty=())
    rig.report("watch", Event.HEARTBEAT)
    rig.report("one", Event.HEARTBEAT)
    yield rig
    rig.close()


def alive(rig: DevicesRig, hours: float, *, but: str = "") -> None:
    """Time in which the far gateway hears, and everybody but one speaks every half hour."""
    for _ in range(round(hours * 2)):
        rig.live(HOUR / 2, step=60)
        for device in ("one", "watch"):
            if device != but:
                rig.report(device, Event.HEARTBEAT)
        rig.report("somebody", Event.HEARTBEAT)


def healths(rig: DevicesRig) -> dict[str, str]:
    return {row["code"]: row["health"] for row in rig.rows(
        "SELECT d.code, v.health FROM vigils v JOIN devices d ON d.id = v.device_id"
    )}  # fmt: skip


def repairs(rig: DevicesRig):
    return rig.rows(
        "SELECT d.code, r.faults, r.ended_at IS NULL AS open FROM repairs r JOIN devices d ON d.id = r.device_id "
        "ORDER BY r.opened_at, d.code"
    )


def test_two_missed_is_late_and_three_is_offline_with_a_case(rig):
    alive(rig, 1.5, but="one")
    assert healths(rig)["D1"] == "well"
    alive(rig, 1, but="one")
    assert (healths(rig)["D1"], rig.listed(Show.LATE), repairs(rig)) == ("late", ["D1"], [])
    alive(rig, 1, but="one")
    assert (healths(rig)["D1"], rig.listed(Show.OFFLINE)) == ("offline", ["D1"])
    assert [(row["code"], row["faults"]) for row in repairs(rig)] == [("D1", '["offline"]')]
    assert [kind for kind in rig.kinds() if kind.startswith(("device", "repair"))] == [
        "device_late",
        "device_offline",
        "repair_opened",
    ]


def test_nobody_else_is_blamed(rig):
    alive(rig, 5, but="one")
    assert healths(rig) == {"D1": "offline", "D2": "well", "W1": "well"}


def test_a_sign_of_life_makes_it_well_and_the_case_stays(rig):
    alive(rig, 4, but="one")
    rig.report("one", Event.HEARTBEAT)
    rig.wake()
    assert healths(rig)["D1"] == "well"
    assert [bool(row["open"]) for row in repairs(rig)] == [True]
    assert rig.kinds()[-1] == "device_back"


def test_it_may_fall_silent_again_within_one_case(rig):
    alive(rig, 4, but="one")
    alive(rig, 1)
    alive(rig, 4, but="one")
    assert (healths(rig)["D1"], len(repairs(rig))) == ("offline", 1)


def test_fixed_code_radio_is_never_late(rig):
    alive(rig, 10)
    assert healths(rig)["D2"] == "well"


def test_a_heartbeat_costs_no_look(rig):
    """A device that speaks every half hour is looked at about every two hours."""
    rig.wake()
    looks, real = [], rig.silences._look
    rig.silences._look = lambda id_, most, tx: looks.append(id_) or real(id_, most, tx)
    alive(rig, 12)
    assert 4 <= len(looks) <= 18
    assert repairs(rig) == []


@pytest.mark.parametrize("event", [Event.LOW_BATTERY, Event.TAMPER])
def test_what_a_device_says_of_itself_opens_a_case_at_once(rig, event):
    rig.hear(Event.LOW_BATTERY) if event is Event.LOW_BATTERY else rig.report("one", event)
    rig.wake()
    (case,) = repairs(rig)
    assert case["faults"] == f'["{event.value}"]'
    assert rig.alarms() == []


def test_a_fault_said_again_and_again_is_one_case(rig):
    for _ in range(5):
        rig.report("one", Event.TAMPER)
        rig.wake()
    assert len(repairs(rig)) == 1
    assert rig.kinds().count("repair_opened") == 1
    assert "repair_joined" not in rig.kinds()


def test_a_second_fault_joins_the_case(rig):
    rig.report("one", Event.LOW_BATTERY)
    rig.wake()
    rig.report("one", Event.TAMPER)
    rig.wake()
    (case,) = repairs(rig)
    assert set(case["faults"].strip("[]").replace('"', "").split(",")) == {"low_battery", "tamper"}


def test_a_power_cut_is_a_fault_only_if_it_lasts(rig):
    rig.report("one", Event.MAINS_FAIL)
    rig.live(1800, step=60)
    rig.report("one", Event.MAINS_RESTORE)
    rig.live(HOUR, step=60)
    assert repairs(rig) == []
    rig.report("one", Event.MAINS_FAIL)
    alive(rig, 1.5)
    assert [row["faults"] for row in repairs(rig)] == ['["mains_fail"]']


def test_a_watch_that_is_taken_off_is_not_worn_and_not_broken(rig):
    rig.report("watch", Event.TAMPER)
    rig.wake()
    assert (rig.listed(Show.NOT_WORN), repairs(rig)) == (["W1"], [])
    rig.report("watch", Event.TAMPER_RESTORE)
    assert rig.listed(Show.NOT_WORN) == []


def test_a_fault_that_was_heard_and_not_yet_judged_outlives_a_crash(rig):
    rig.report("one", Event.TAMPER)
    rig.restart()
    rig.wake()
    assert len(repairs(rig)) == 1


def test_a_service_that_was_down_makes_nobody_silent(rig):
    """Eight hours: nobody listened, so nobody was silent."""
    alive(rig, 1)
    rig.world.clock.advance(8 * HOUR)
    rig.restart()
    rig.live(30)
    assert set(healths(rig).values()) == {"well"}
    alive(rig, 1)
    assert set(healths(rig).values()) == {"well"}
    assert repairs(rig) == []


def test_a_device_that_dies_while_the_service_is_down_is_noticed_in_its_time_after_it(rig):
    alive(rig, 1)
    rig.world.clock.advance(8 * HOUR)
    rig.restart()
    alive(rig, 2.5, but="one")
    assert healths(rig)["D1"] == "late"
    alive(rig, 1, but="one")
    assert healths(rig)["D1"] == "offline"


@pytest.mark.parametrize("step_s", [600, -600])
def test_a_clock_that_is_set_makes_nobody_silent_and_forgets_nobody(rig, step_s):
    alive(rig, 1.5, but="one")
    rig.world.clock.step_wall(step_s)
    rig.live(60)
    assert set(healths(rig).values()) == {"well"}
    alive(rig, 2.5, but="one")
    assert healths(rig) == {"D1": "offline", "D2": "well", "W1": "well"}
    assert [row["code"] for row in repairs(rig)] == ["D1"]


def test_a_clock_that_was_years_ahead_for_a_while_forgets_nobody(rig):
    """C3: devices heard in the wrong year must not be trusted until it comes."""
    rig.world.clock.step_wall(10 * 365 * 86400)
    alive(rig, 1)
    rig.world.clock.step_wall(-10 * 365 * 86400)
    alive(rig, 4.5, but="one")
    assert healths(rig) == {"D1": "offline", "D2": "well", "W1": "well"}


def test_a_gateway_that_is_lost_makes_none_of_its_devices_silent(rig):
    """Neither while it is away nor when it comes back."""
    alive(rig, 1)
    rig.live(6 * HOUR, step=60, hearing=False)
    assert set(healths(rig).values()) == {"well"}
    alive(rig, 1)
    assert set(healths(rig).values()) == {"well"}
    assert repairs(rig) == []


def test_a_device_that_was_never_heard_is_missed_too(rig):
    rig.register.pair(label("two", protocol="test"), rig.place("H1", "R1"), Wanted(), by=OPERATOR)
    alive(rig, 3.5)
    assert [row["faults"] for row in repairs(rig)] == ['["offline"]']


def test_a_device_that_cannot_be_judged_rests_and_the_others_go_on(rig):
    real, bad = rig.silences._verdict, rig.id_of("D1")

    def verdict(vigil, *facts, **more):
        if vigil.device_id == bad:
            raise ZeroDivisionError
        return real(vigil, *facts, **more)

    rig.silences._verdict = verdict
    rig.report("one", Event.TAMPER)
    rig.report("watch", Event.LOW_BATTERY)
    for _ in range(10):
        for id_ in rig.silences.due(rig.world.clock.now(), 100):
            try:
                rig.silences.wake(id_)
            except ZeroDivisionError as error:
                rig.silences.stumble(id_, error)
    assert [row["code"] for row in repairs(rig)] == ["W1"]
    assert rig.silences.due(rig.world.clock.now(), 100) == []
    assert rig.silences.next_due() is not None


def many(rig: DevicesRig, count: int) -> None:
    """A register of so many devices, put on file as fast as it goes."""
    home, resident, now = rig.world.home("H1"), rig.world.resident("R1"), rig.world.clock.now()
    with rig.world.writing.begin() as connection:
        rows = [
            {"id": f"x{n}", "code": f"X{n}", "kind": "pendant", "protocol": "test", "address": f"x{n}", "gateway": "",
             "home_id": home, "resident_id": resident, "retired_at": None}
            for n in range(count)
        ]  # fmt: skip
        connection.execute(insert(devices), rows)
        begun = [
            {"device_id": f"x{n}", "due_at": now, "health": "well", "health_at": now, "since": now}
            for n in range(count)
        ]
        connection.execute(insert(vigils), begun)


def test_a_flood_of_faults_is_worked_off_in_small_pieces(rig):
    many(rig, 300)
    rig.wake()
    low = understood((Event.LOW_BATTERY,), "pendant")
    for n in range(300):
        rig.supervision.saw(DeviceId(f"x{n}"), rig.world.clock.now(), gateway="far", said=low)
    rig.supervision.write_down()
    (first,) = rig.silences.due(rig.world.clock.now(), 100)
    rig.silences.wake(first)
    assert len(repairs(rig)) == FAULTY_MAX
    rig.wake()
    assert len(repairs(rig)) == 300


def test_many_that_fall_due_together_are_looked_at_in_few_pieces(rig):
    """After a long stop, say."""
    count = 5_000
    many(rig, count)
    looks = 0
    while due := rig.silences.due(rig.world.clock.now(), 100):
        rig.silences.wake(due[0])
        looks += 1
    assert looks <= count / LOOKED_AT_MAX + 2
    assert rig.one("SELECT count(*) FROM vigils WHERE health = 'well'") == count + 3
    plan = rig.rows("EXPLAIN QUERY PLAN SELECT device_id FROM vigils WHERE due_at <= 1 ORDER BY due_at LIMIT 200")
    assert "ix_vigils_due_at" in plan[0]["detail"], "the sweep reads its index and nothing else"


def test_vigils_end_with_the_device(rig):
    rig.register.retire(rig.id_of("D1"), Reason.RETURNED, by=OPERATOR)
    alive(rig, 5)
    assert "D1" not in healths(rig)
    assert repairs(rig) == []


# ------------------------------------------------------------------------------------------------ a clock set far back


def far_ahead(rig: DevicesRig, count: int) -> None:
    """So many devices whose next look is far away, and a clock that was set back by more than is borne."""
    many(rig, count)
    rig.wake()
    rig.world.transactions.run(
        lambda tx: tx.connection.exec_driver_sql("UPDATE vigils SET due_at = due_at + 90000000000 WHERE due_at > 0")
    )
    rig.world.transactions.run(lambda tx: mend_devices(tx, -90_000))


def overdue(rig: DevicesRig) -> int:
    """How many wait for longer than their interval."""
    limit = to_us(rig.world.clock.now()) + 2 * 3600 * 1_000_000
    return int(rig.one("SELECT COUNT(*) FROM vigils WHERE due_at > :limit", limit=limit))


def test_after_a_clock_set_far_back_everybody_is_looked_at_a_part_at_a_time(rig):
    far_ahead(rig, 250)
    assert overdue(rig) == 252
    before = rig.wake()
    assert (overdue(rig), rig.rows("SELECT * FROM rounds")) == (0, [])
    assert 3 <= before <= 6


def test_a_restart_in_the_middle_of_such_a_round_goes_on_where_it_was(rig):
    far_ahead(rig, 250)
    rig.silences.wake(rig.silences.due(rig.world.clock.now(), 1)[0])
    assert 0 < overdue(rig) < 252
    rig.restart()
    rig.wake()
    assert overdue(rig) == 0


def test_many_broken_ones_in_such_a_round_are_all_looked_at(rig):
    far_ahead(rig, 250)
    rig.world.transactions.run(lambda tx: tx.connection.exec_driver_sql(
        "INSERT INTO seen (device_id, last_at, times, gateway, battery_low, fault, fault_at) "
        "SELECT id, 1, 1, 'far', 1, 'tamper', 1 FROM devices WHERE code LIKE 'X%' ON CONFLICT DO NOTHING"
    ))  # fmt: skip
    rig.wake()
    assert (overdue(rig), rig.rows("SELECT * FROM rounds")) == (0, [])
    assert len(repairs(rig)) >= 250


def test_one_that_cannot_be_judged_stops_no_round(rig):
    far_ahead(rig, 250)
    real, bad = rig.silences._verdict, rig.rows("SELECT id FROM devices ORDER BY id LIMIT 1 OFFSET 120")[0]["id"]

    def verdict(vigil, *facts, **more):
        if vigil.device_id == bad:
            raise ZeroDivisionError
        return real(vigil, *facts, **more)

    rig.silences._verdict = verdict
    for _ in range(400):
        for id_ in rig.silences.due(rig.world.clock.now(), 100):
            try:
                rig.silences.wake(id_)
            except ZeroDivisionError as error:
                rig.silences.stumble(id_, error)
    assert rig.silences.due(rig.world.clock.now(), 100) == []
    assert overdue(rig) == 0


def test_setting_the_clock_back_keeps_no_press_waiting_for_a_hundred_thousand_devices(rig):
    """One row is written, however many there are."""
    many(rig, 50)
    statements = []

    @event.listens_for(rig.world.transactions._connection, "after_cursor_execute")
    def _count(connection, cursor, statement, *_):
        statements.append((statement.split()[0], cursor.rowcount))

    rig.world.transactions.run(lambda tx: mend_devices(tx, -90_000))
    assert max(count for verb, count in statements if verb in {"INSERT", "UPDATE"}) <= 1
