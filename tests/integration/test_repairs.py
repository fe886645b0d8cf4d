"""A fault is a case with an owner and a date, residents are asked meanwhile, and only a test press ends it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.decoders import rflink
from devices.rules.repair import Result
from devices.store.press_tests import Purpose
from devices.upkeep.press_tests import Wanted
from devices.upkeep.register import Reason
from dispatch.errors import Conflict, NotFound
from dispatch.rules.signal import Event
from dispatch.store.database import from_us
from tests.builders import NOON
from tests.integration.devices_rig import OPERATOR, DevicesRig

HOUR = 3600.0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[DevicesRig]:
    rig = DevicesRig(tmp_path)
    yield rig
    rig.close()


def cases(rig: DevicesRig):
    found = rig.rows("SELECT r.*, d.code FROM repairs r JOIN devices d ON d.id = r.device_id ORDER BY r.opened_at")
    return [{**row, "faults": json.loads(row["faults"]), "open": row["ended_at"] is None} for row in found]


def checks(rig: DevicesRig):
    return rig.rows("SELECT * FROM checks ORDER BY planned_at, id")


def broken(rig: DevicesRig, code: str = "D1") -> str:
    repair_id = rig.repairing.report(rig.id_of(code), by=OPERATOR, note="家属说按了没反应")
    rig.wake()
    return repair_id


def advance(rig: DevicesRig, hours: float) -> None:
    """Time passes, and what falls due on the way is woken within ten minutes."""
    for _ in range(round(hours * 6)):
        rig.world.clock.advance(600)
        rig.wake()


def local_hour(rig: DevicesRig, us: int) -> int:
    return rig.world.calendar.local(from_us(us)).hour


def test_one_complaint_opens_a_case_with_owner_and_date(rig):
    broken(rig)
    (case,) = cases(rig)
    assert (case["code"], case["faults"], case["by"]) == ("D1", ["reported"], OPERATOR)
    assert case["owner"] == f"station:{rig.world.id_of_station('S1')}"
    assert from_us(case["repair_by"]) == rig.world.clock.now() + timedelta(hours=24)
    assert [check["state"] for check in checks(rig)] == ["waiting"]


def test_a_second_complaint_joins_it(rig):
    first, second = broken(rig), broken(rig)
    assert first == second
    assert len(cases(rig)) == len(checks(rig)) == 1
    assert rig.kinds().count("repair_joined") == 1, "its words are kept"


def test_a_case_ends_with_a_test_press_that_the_centre_saw(rig):
    broken(rig)
    rig.tests.begin(rig.id_of("D1"), Purpose.REPAIR, Wanted(), by=OPERATOR)
    rig.hear()
    (case,) = cases(rig)
    assert case["ended_by"] == "device:EV1527:0a1b2c:01"
    assert case["test_id"] == rig.one("SELECT id FROM press_tests")
    assert [check["state"] for check in checks(rig)] == ["dropped"]
    assert rig.alarms() == []
    assert rig.kinds()[-2:] == ["repair_ended", "test_seen"]


def test_a_press_that_nobody_asked_for_ends_nothing(rig):
    broken(rig)
    rig.hear()
    assert [case["open"] for case in cases(rig)] == [True]
    assert len(rig.alarms()) == 1


def test_a_test_press_with_a_wrong_checksum_is_none(rig):
    broken(rig)
    rig.tests.begin(rig.id_of("D1"), Purpose.REPAIR, Wanted(), by=OPERATOR)
    (frame,) = rflink.Rflink().feed(rflink.encode("EV1527:0a1b2c:01", Event.BUTTON))
    rig.take(replace(frame, trusted=False))
    assert [case["open"] for case in cases(rig)] == [True]
    assert len(rig.alarms()) == 1


def test_a_battery_that_is_still_low_after_the_test_is_a_new_case(rig):
    rig.hear(Event.LOW_BATTERY)
    rig.wake()
    rig.tests.begin(rig.id_of("D1"), Purpose.REPAIR, Wanted(), by=OPERATOR)
    rig.hear()
    rig.wake()
    assert [case["open"] for case in cases(rig)] == [False]
    assert not rig.device("D1")["battery_low"], "until it says so again"
    rig.hear(Event.LOW_BATTERY)
    rig.wake()
    assert [case["open"] for case in cases(rig)] == [False, True]


def test_a_restart_keeps_cases_and_checks(rig):
    broken(rig)
    rig.restart()
    advance(rig, 5)
    assert [check["state"] for check in checks(rig)] == ["asked"]


def test_a_check_that_is_due_is_a_text_and_a_line_and_no_alarm(rig):
    broken(rig)
    advance(rig, 4.5)
    (check,) = checks(rig)
    assert (check["state"], check["asked"]) == ("asked", 1)
    (text,) = rig.texts()
    assert text["sentence"] == "reminder"
    assert json.loads(text["facts"]) == {"why": "welfare_check", "place": "柏林小区"}
    assert "check_due" in rig.kinds()
    assert rig.alarms() == []


def test_nobody_is_telephoned_by_night(tmp_path):
    """Opened at nine in the evening: asked at eight in the morning."""
    rig = DevicesRig(tmp_path, start=NOON + timedelta(hours=9))
    broken(rig)
    (check,) = checks(rig)
    assert local_hour(rig, check["due_at"]) == 8
    advance(rig, 10.5)
    assert checks(rig)[0]["state"] == "waiting"
    advance(rig, 1)
    assert checks(rig)[0]["state"] == "asked"
    rig.close()


def test_a_check_nobody_does_is_told_again(rig):
    broken(rig)
    advance(rig, 24)
    (check,) = checks(rig)
    assert check["asked"] >= 3
    assert check["state"] == "asked"
    told = rig.rows("SELECT at FROM entries WHERE kind = 'check_due'")
    assert all(8 <= local_hour(rig, row["at"]) < 20 for row in told), "by day"


def test_after_a_check_the_next_is_planned_until_the_case_ends(rig):
    broken(rig)
    advance(rig, 4.5)
    rig.repairing.done(checks(rig)[0]["id"], Result.WELL, by=OPERATOR, note="一切都好")
    assert [check["state"] for check in checks(rig)] == ["done", "waiting"]
    done = checks(rig)[0]
    assert (done["done_by"], done["result"]) == (OPERATOR, "well")
    assert checks(rig)[1]["due_at"] > done["done_at"]


@pytest.mark.parametrize(("result", "cause"), [(Result.NO_ANSWER, "inactivity"), (Result.NEEDS_HELP, "hotline")])
def test_whoever_does_not_answer_or_needs_help_is_an_alarm(rig, result, cause):
    broken(rig)
    advance(rig, 4.5)
    alarm_id = rig.repairing.done(checks(rig)[0]["id"], result, by=OPERATOR)
    (alarm,) = rig.alarms()
    assert (alarm["id"], alarm["cause"], alarm["home_id"]) == (alarm_id, cause, rig.world.home("H1"))
    assert checks(rig)[0]["alarm_id"] == alarm_id


def test_a_check_is_done_once(rig):
    broken(rig)
    check_id = checks(rig)[0]["id"]
    rig.repairing.done(check_id, Result.WELL, by=OPERATOR)
    with pytest.raises(Conflict):
        rig.repairing.done(check_id, Result.WELL, by=OPERATOR)
    with pytest.raises(NotFound):
        rig.repairing.done("nobody", Result.WELL, by=OPERATOR)


def test_a_repair_that_is_late_is_told_every_day(rig):
    broken(rig)
    advance(rig, 24 * 3 + 1)
    overdue = [text for text in rig.texts() if "repair_overdue" in text["facts"]]
    assert 2 <= len(overdue) <= 4
    assert rig.kinds().count("repair_overdue") == len(overdue)


def test_a_hundred_checks_at_once_are_one_text(rig):
    for code in ("D1", "D2", "D3"):
        broken(rig, code)
    advance(rig, 4.5)
    assert len([check for check in checks(rig) if check["state"] == "asked"]) == 3
    assert len(rig.texts()) == 1
    assert rig.kinds().count("check_due") == 3


def test_a_graver_fault_brings_the_date_and_the_check_forward(rig):
    rig.hear(Event.LOW_BATTERY)
    rig.wake()
    (before,), (check,) = cases(rig), checks(rig)
    broken(rig)
    (after,), (sooner,) = cases(rig), checks(rig)
    assert after["repair_by"] < before["repair_by"]
    assert after["due_at"] == after["repair_by"]
    assert sooner["due_at"] < check["due_at"]
    assert after["faults"] == ["low_battery", "reported"]


def test_a_lesser_fault_puts_nothing_off(rig):
    broken(rig)
    (before,), (check,) = cases(rig), checks(rig)
    rig.hear(Event.LOW_BATTERY)
    rig.wake()
    assert (cases(rig)[0]["repair_by"], checks(rig)[0]["due_at"]) == (before["repair_by"], check["due_at"])


def test_somebody_else_may_own_it(rig):
    repair_id = broken(rig)
    rig.repairing.assign(repair_id, "carer:c1", by=OPERATOR)
    assert cases(rig)[0]["owner"] == "carer:c1"
    with pytest.raises(NotFound):
        rig.repairing.assign("nobody", "carer:c1", by=OPERATOR)


def test_a_device_that_is_taken_away_by_name_ends_its_case(rig):
    broken(rig)
    rig.register.retire(rig.id_of("D1"), Reason.RESIDENT_LEFT, by=OPERATOR)
    (case,) = cases(rig)
    assert (case["open"], case["ended_by"], case["test_id"]) == (False, OPERATOR, None)


@pytest.mark.parametrize("step_s", [600, -600])
def test_a_clock_that_is_set_loses_no_check_and_delays_none(rig, step_s):
    broken(rig)
    advance(rig, 2)
    rig.world.clock.step_wall(step_s)
    rig.world.transactions.run(lambda tx: None)
    advance(rig, 2 + 1 / 6)
    assert [check["state"] for check in checks(rig)] == ["asked"]


def test_a_check_whose_telling_fails_waits_a_minute_and_stops_no_other(rig):
    broken(rig)
    rig.world.clock.advance(5 * HOUR)
    (id_,) = rig.repairing.due(rig.world.clock.now(), 10)
    rig.repairing.stumble(id_, RuntimeError())
    assert rig.repairing.due(rig.world.clock.now(), 10) == []
    rig.world.clock.advance(60)
    assert rig.repairing.due(rig.world.clock.now(), 10) == [id_]


WAYS = ["report", "low_battery", "press", "test", "asked", "done", "restart", "hours", "back"]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WAYS), min_size=1, max_size=10))
def test_a_reported_fault_ends_with_a_test_press_and_nothing_else(tmp_path_factory, ways):
    """PROMISES, I15 (b), whatever happens in between; and while it is open, somebody is to ask how the resident is."""
    rig = DevicesRig(tmp_path_factory.mktemp("case"))
    reported = tested = False
    for way in ways:
        if way == "test" and not rig.alarms():
            rig.tests.begin(rig.id_of("D1"), Purpose.REPAIR, Wanted(), by=OPERATOR)
            rig.hear()
            reported, tested = False, True
        elif way == "report":
            broken(rig)
            reported = True
        elif way == "low_battery":
            rig.hear(Event.LOW_BATTERY)
            rig.wake()
            reported = True
        else:
            _do(rig, way)
        open_ = [case for case in cases(rig) if case["open"]]
        assert len(open_) == reported
        ended = [case for case in cases(rig) if not case["open"]]
        assert all(case["test_id"] for case in ended)
        assert not ended or tested
        waiting = [check for check in checks(rig) if check["due_at"] is not None]
        assert len(waiting) == reported
    rig.close()


def _do(rig: DevicesRig, way: str) -> None:
    if way == "press":
        rig.hear()
    elif way == "done":
        for check in checks(rig):
            if check["due_at"] is not None:
                rig.repairing.done(check["id"], Result.WELL, by=OPERATOR)
    elif way == "restart":
        rig.restart()
    elif way == "back":
        rig.world.clock.step_wall(-600)
        rig.world.transactions.run(lambda tx: None)
    else:
        advance(rig, 5)


# ------------------------------------------------------------------------------------------------ campaigns


def campaigns(rig: DevicesRig):
    return rig.rows("SELECT * FROM campaigns ORDER BY id")


def test_a_month_of_test_presses_begins_and_ends_by_itself_with_its_coverage(rig):
    """21 November: two of three pendants are pressed, one as an alarm, one as a test."""
    rig.campaigning.check()
    rig.hear()
    rig.tests.begin(rig.id_of("D2"), Purpose.CAMPAIGN, Wanted(), by=OPERATOR)
    rig.hear(address="EV1527:0a1b2d:01")
    rig.campaigning.check()
    assert [row["id"] for row in campaigns(rig)] == ["2026-11"]
    rig.world.clock.advance(10 * 86400)
    rig.campaigning.check()
    rig.campaigning.check()
    november, december = campaigns(rig)
    assert (november["covered"], november["of"]) == (2, 3)
    assert december["ended_at"] is None
    assert [kind for kind in rig.kinds() if kind.startswith("campaign")] == [
        "campaign_began",
        "campaign_ended",
        "campaign_began",
    ]
    assert json.loads(rig.texts()[-1]["facts"])["place"] == "2/3"


def test_a_month_begins_at_the_local_midnight(rig):
    rig.campaigning.check()
    began = from_us(campaigns(rig)[0]["began_at"])
    assert rig.world.calendar.local(began) == datetime(2026, 11, 1, tzinfo=rig.world.calendar.tzinfo)


def test_a_clock_that_shows_an_old_month_begins_and_ends_none(rig):
    rig.campaigning.check()
    rig.world.clock.step_wall(-90 * 86400)
    rig.campaigning.check()
    assert [(row["id"], row["ended_at"]) for row in campaigns(rig)] == [("2026-11", None)]


def test_what_was_pressed_in_the_month_before_is_not_covered(rig):
    rig.campaigning.check()
    rig.hear()
    rig.world.clock.advance(10 * 86400)
    rig.campaigning.check()
    rig.world.clock.advance(31 * 86400)
    rig.campaigning.check()
    assert [(row["covered"], row["of"]) for row in campaigns(rig)] == [(1, 3), (0, 3), (None, None)]
