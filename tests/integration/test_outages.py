"""A gateway that hears nothing: one incident with the homes it leaves uncovered, whatever happens meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.outages import CHECK_AFTER, LOST_S, SILENT_S, Outages
from dispatch.errors import Conflict
from dispatch.rules.signal import Event
from tests.integration.devices_rig import OPERATOR, DevicesRig, Line

D1, D2, D3 = (f"EV1527:0a1b2{letter}:01" for letter in "cde")
PROMISED_S = 180
CHECK_S = 5.0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[DevicesRig]:
    rig = DevicesRig(tmp_path)
    rig.live(30)
    yield rig
    rig.close()


def incidents(rig: DevicesRig):
    rows = rig.rows("SELECT * FROM incidents ORDER BY opened_at, id")
    return [{**row, "homes": json.loads(row["homes"])} for row in rows]


def deaf(rig: DevicesRig, seconds: float, *names: str) -> None:
    """These gateways hear nothing for so long; the others go on. Longer times are looked at less often."""
    left, step = seconds, CHECK_S if seconds <= 1000 else 12 * CHECK_S
    while left > 0:
        part = min(step, left)
        rig.world.clock.advance(part)
        for line in rig.lines:
            line.frames += line.name not in names
        rig.outages.check()
        rig.wake()
        left -= part


def test_a_gateway_that_is_silent_is_one_incident_within_the_promised_time(rig):
    deaf(rig, SILENT_S - CHECK_S, "radio")
    assert incidents(rig) == []
    deaf(rig, 2 * CHECK_S, "radio")
    (incident,) = incidents(rig)
    assert (incident["gateway"], incident["why"], incident["ended_at"]) == ("radio", "silent", None)
    assert (incident["opened_at"] - incident["began_at"]) / 1e6 <= PROMISED_S
    deaf(rig, 3600, "radio")
    assert len(incidents(rig)) == 1
    assert rig.kinds().count("gateway_lost") == 1


def test_a_line_that_is_gone_is_an_incident_after_a_minute(rig):
    rig.lines[0].connected = False
    rig.live(LOST_S - CHECK_S)
    assert incidents(rig) == []
    rig.live(2 * CHECK_S)
    assert [each["why"] for each in incidents(rig)] == ["lost"]


def test_a_line_that_flickers_is_none(rig):
    for _ in range(10):
        rig.lines[0].connected = False
        rig.live(30)
        rig.lines[0].connected = True
        rig.live(CHECK_S)
    assert incidents(rig) == []


def test_it_names_the_homes_whose_devices_were_last_heard_only_there(rig):
    """H1 only by the radio; of H2 one device by the radio, one by the roof: somebody there can still call."""
    rig.hear(Event.TELEMETRY, D1)
    rig.hear(Event.TELEMETRY, D2)
    rig.hear(Event.TELEMETRY, D3, gateway="roof")
    deaf(rig, 160, "radio")
    (incident,) = incidents(rig)
    assert (incident["homes"], incident["devices"]) == (["H1"], 2)
    line = rig.rows("SELECT body FROM entries WHERE kind = 'gateway_lost'")[0]["body"]
    assert json.loads(line)["codes"] == "H1"


def test_a_device_that_two_gateways_hear_is_covered_by_the_other(rig):
    rig.hear(Event.BUTTON, D1, gateway="radio")
    rig.copy(Event.BUTTON, D1, gateway="roof")
    rig.hear(Event.TELEMETRY, D2)
    deaf(rig, 160, "radio")
    assert [each["homes"] for each in incidents(rig)] == [["H2"]]


def test_a_device_whose_life_signs_two_gateways_hear_is_covered_by_both(rig):
    """Life signs are no copies of each other; and the other gateway was not written down each time it heard one."""
    rig.hear(Event.TELEMETRY, D1, gateway="roof")
    rig.live(3600, step=60)
    rig.hear(Event.TELEMETRY, D1, gateway="roof")
    rig.hear(Event.TELEMETRY, D1, gateway="radio")
    deaf(rig, 160, "radio")
    assert [each["homes"] for each in incidents(rig)] == [[]]


def test_a_second_gateway_that_is_lost_uncovers_what_both_covered(rig):
    rig.hear(Event.BUTTON, D1, gateway="radio")
    rig.copy(Event.BUTTON, D1, gateway="roof")
    deaf(rig, 160, "radio")
    deaf(rig, 160, "radio", "roof")
    assert [(each["gateway"], each["homes"]) for each in incidents(rig)] == [("radio", []), ("roof", ["H1"])]


def test_what_was_heard_there_long_ago_is_not_covered_there(rig):
    rig.hear(Event.TELEMETRY, D1, gateway="roof")
    rig.live(600)
    rig.hear(Event.TELEMETRY, D1, gateway="radio")
    deaf(rig, 160, "radio")
    assert incidents(rig)[-1]["homes"] == ["H1"]


def test_a_device_bound_to_a_gateway_is_behind_it_before_it_was_ever_heard(rig):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE devices SET gateway = 'radio' WHERE code = 'D1'")
    deaf(rig, 160, "radio")
    assert [each["homes"] for each in incidents(rig)] == [["H1"]]


@pytest.mark.parametrize("after_s", [5, 70, 145, 155, 400])
def test_a_restart_in_the_middle_neither_doubles_nor_delays_it(rig, after_s):
    deaf(rig, after_s, "radio")
    rig.world.clock.advance(3)
    rig.restart()
    deaf(rig, 600 - after_s, "radio")
    (incident,) = incidents(rig)
    assert (incident["opened_at"] - incident["began_at"]) / 1e6 <= PROMISED_S
    assert rig.kinds().count("gateway_lost") == 1


def test_many_restarts_double_nothing(rig):
    for _ in range(20):
        deaf(rig, 40, "radio")
        rig.restart()
    assert len(incidents(rig)) == 1
    assert rig.kinds().count("gateway_lost") == 1
    pages = [each for each in rig.texts() if each["sentence"] == "page"]
    assert len(pages) == 1 + 1, "once at first and once after ten minutes"


@pytest.mark.parametrize("step_s", [600, -600])
@pytest.mark.parametrize("after_s", [100, 300])
def test_a_clock_that_is_set_in_the_middle_neither_doubles_nor_delays_it(rig, step_s, after_s):
    begun_s = rig.world.clock.look().steady_s
    deaf(rig, after_s, "radio")
    rig.world.clock.step_wall(step_s)
    while not incidents(rig):
        deaf(rig, CHECK_S, "radio")
        assert rig.world.clock.look().steady_s - begun_s <= PROMISED_S
    deaf(rig, 400, "radio")
    assert len(incidents(rig)) == 1
    assert rig.kinds().count("gateway_lost") == 1


@pytest.mark.parametrize("step_s", [600, -600])
def test_a_clock_that_is_set_is_no_outage(rig, step_s):
    rig.live(100)
    rig.world.clock.step_wall(step_s)
    rig.live(100)
    assert incidents(rig) == []


def test_a_restart_and_a_clock_set_at_once_are_no_outage_and_lose_none(rig):
    deaf(rig, 100, "radio")
    rig.world.clock.step_wall(-600)
    rig.restart()
    deaf(rig, 70, "radio")
    assert [each["gateway"] for each in incidents(rig)] == ["radio"]


def test_a_service_that_was_down_is_no_outage_of_its_gateways(rig):
    rig.world.clock.advance(3600)
    rig.restart()
    rig.live(60)
    assert incidents(rig) == []


def test_two_supervisors_open_one_incident_between_them(rig):
    """The database refuses the second, whoever believes to be alone."""
    deaf(rig, 140, "radio")
    other = rig.outages
    rig.restart()
    for ear in other._ears.values():
        ear.count = 0  # Its gateways count anew as well.
    for each in (other, rig.outages):
        each.check()
    for _ in range(5):
        rig.world.clock.advance(CHECK_S)
        rig.lines[1].frames += 1
        other.check()
        rig.outages.check()
    assert len(incidents(rig)) == 1
    assert rig.kinds().count("gateway_lost") == 1


def test_it_is_over_when_the_gateway_hears_again(rig):
    deaf(rig, 300, "radio")
    rig.live(CHECK_S)
    (incident,) = incidents(rig)
    assert incident["ended_by"] == "gateway:radio"
    assert rig.kinds()[-1] == "gateway_back"
    deaf(rig, 300, "radio")
    assert len(incidents(rig)) == 2, "the next one is a new one"


def test_a_line_that_is_there_again_and_says_nothing_is_not_back(rig):
    rig.lines[0].connected = False
    deaf(rig, 100, "radio")
    rig.lines[0].connected = True
    deaf(rig, 100, "radio")
    assert incidents(rig)[0]["ended_at"] is None


def test_the_duty_number_is_told_once_and_then_more_and_more_rarely(rig):
    rig.hear(Event.TELEMETRY, D1)
    deaf(rig, 3 * 3600, "radio")
    pages = [each for each in rig.texts() if each["sentence"] == "page"]
    assert 4 <= len(pages) <= 6
    assert "radio (1)" in pages[0]["facts"]


def test_somebody_telephones_the_homes_of_a_long_outage(rig):
    rig.hear(Event.TELEMETRY, D1)
    rig.hear(Event.TELEMETRY, D2)
    deaf(rig, 240 + CHECK_AFTER.total_seconds(), "radio")
    (check,) = rig.rows("SELECT * FROM checks")
    assert (check["state"], check["home_id"], check["asked"]) == ("asked", None, 1)
    assert [each["sentence"] for each in rig.texts()][-1] == "reminder"


def test_after_a_shorter_outage_they_are_telephoned_when_it_is_over(rig):
    """PROMISES, no. 4: whoever pressed meanwhile pressed in vain."""
    rig.hear(Event.TELEMETRY, D1)
    deaf(rig, 300, "radio")
    assert rig.one("SELECT state FROM checks") == "waiting"
    rig.live(2 * CHECK_S)
    assert rig.one("SELECT state FROM checks") == "asked"


def test_nobody_is_telephoned_for_a_gateway_with_nobody_behind_it(rig):
    deaf(rig, 4000, "radio")
    assert rig.rows("SELECT * FROM checks") == []
    assert len(incidents(rig)) == 1


def test_a_forwarding_gateway_is_missed_like_one_that_is_wired(rig):
    rig.report("EV1527:0a1b2c:01", Event.HEARTBEAT, protocol="rflink")
    rig.live(60)
    rig.lines[0].frames += 1
    rig.live(160, hearing=False)
    assert "far" in {each["gateway"] for each in incidents(rig)}
    assert next(each for each in incidents(rig) if each["gateway"] == "far")["homes"] == ["H1"]


def test_a_forwarding_gateway_is_remembered_across_a_restart(rig):
    rig.report("EV1527:0a1b2c:01", Event.HEARTBEAT, protocol="rflink")
    rig.live(60)
    rig._spoken.clear()
    rig.restart()
    rig.live(160)
    assert [each["gateway"] for each in incidents(rig)] == ["far"]


def test_a_line_that_may_be_quiet_is_only_missed_when_it_is_gone(tmp_path):
    rig = DevicesRig(tmp_path)
    rig.outages._silent_s = {"radio": 0.0}
    rig.live(30)
    deaf(rig, 3600, "radio")
    assert incidents(rig) == []
    rig.lines[0].connected = False
    deaf(rig, 70, "radio")
    assert [each["why"] for each in incidents(rig)] == ["lost"]
    rig.lines[0].connected = True
    deaf(rig, 10, "radio")
    assert incidents(rig)[0]["ended_by"] == "gateway:radio"
    rig.close()


def test_a_named_human_dismisses_it_until_it_is_heard(rig):
    deaf(rig, 200, "radio")
    (incident,) = incidents(rig)
    rig.outages.dismiss(incident["id"], by=OPERATOR)
    deaf(rig, 3600, "radio")
    rig.restart()
    deaf(rig, 300, "radio")
    assert [each["ended_by"] for each in incidents(rig)] == [OPERATOR]
    rig.live(30)
    deaf(rig, 200, "radio")
    assert len(incidents(rig)) == 2
    with pytest.raises(Conflict):
        rig.outages.dismiss(incident["id"], by=OPERATOR)


def test_no_machine_dismisses_an_incident(rig):
    deaf(rig, 200, "radio")
    with pytest.raises(AssertionError):
        rig.outages.dismiss(incidents(rig)[0]["id"], by="key:0123")


def test_a_gateway_taken_out_of_the_settings_leaves_no_incident_behind(rig):
    deaf(rig, 200, "radio")
    rig.lines = [line for line in rig.lines if line.name != "radio"]
    rig.restart()
    rig.live(CHECK_S)
    assert [each["ended_by"] for each in incidents(rig)] == ["service"]
    assert rig.kinds()[-1] == "gateway_dismissed"


def test_thousands_behind_one_gateway_are_one_incident_and_nothing_else(rig):
    """Nobody behind it is called late or broken, and one page is sent."""
    rig.live(3600, step=60)
    for number in range(50):
        rig.report(f"sensor{number}", Event.HEARTBEAT)
    before = len(rig.kinds())
    rig.live(8 * 3600, step=60, hearing=False)
    assert set(rig.kinds()[before:]) <= {"gateway_lost", "check_due"}
    assert rig.rows("SELECT * FROM repairs") == []


# ------------------------------------------------------------------------------------------------ several processes


class Processes:
    """One that hears, one that only reckons, one that takes batches: each with outages of its own, on one database."""

    def __init__(self, rig: DevicesRig) -> None:
        self.rig = rig
        self.dead: set[str] = set()
        self.each = {"gateway": self._outages(rig.lines), "engine": self._outages([]), "web": self._outages([])}

    def _outages(self, lines) -> Outages:
        world = self.rig.world
        return Outages(lines, world.transactions, world.reading, world.clock, self.rig.notices, shared=True)

    def live(self, seconds: float, *, hearing: bool = True) -> None:
        for _ in range(int(seconds / CHECK_S)):
            self.rig.world.clock.advance(CHECK_S)
            for line in self.rig.lines:
                line.frames += hearing and line.connected
            for name, outages in self.each.items():
                if name not in self.dead:
                    outages.check()

    def restart(self, name: str) -> None:
        self.each[name] = self._outages(self.rig.lines if name == "gateway" else [])
        self.dead.discard(name)


@pytest.fixture
def processes(rig: DevicesRig) -> Processes:
    return Processes(rig)


def test_who_does_not_listen_to_a_gateway_does_not_call_it_lost(processes, rig):
    processes.live(1800)
    assert incidents(rig) == []
    processes.restart("engine")
    processes.live(1800)
    assert incidents(rig) == []


def test_a_gateway_that_is_lost_is_one_incident_for_all_processes(processes, rig):
    processes.live(60)
    rig.lines[0].connected = False
    processes.live(3600)
    assert [(each["gateway"], each["ended_at"]) for each in incidents(rig)] == [("radio", None)]
    assert len([text for text in rig.texts() if text["sentence"] == "page"]) == 3
    rig.lines[0].connected = True
    processes.live(60)
    assert [each["ended_by"] for each in incidents(rig)] == ["gateway:radio"]


def test_when_the_process_that_hears_has_died_the_others_say_so_in_time(processes, rig):
    processes.live(60)
    processes.dead.add("gateway")
    processes.live(PROMISED_S)
    assert sorted(each["gateway"] for each in incidents(rig)) == ["radio", "roof"]
    processes.restart("gateway")
    processes.live(60)
    assert all(each["ended_at"] for each in incidents(rig))


def test_two_that_may_not_both_open_one_line_call_it_well_while_one_has_it(processes, rig):
    """Two whole services on one database: the second finds the port taken."""
    other = [Line("radio", connected=False, frames=0), Line("roof", connected=False, frames=0)]
    processes.each["other"] = processes._outages(other)
    processes.live(1800)
    assert incidents(rig) == []


def test_what_was_dismissed_in_one_process_is_dismissed_in_all(processes, rig):
    processes.live(60)
    rig.lines[0].connected = False
    processes.live(120)
    (incident,) = incidents(rig)
    processes.each["web"].dismiss(incident["id"], by=OPERATOR)
    processes.live(1800)
    assert [each["ended_by"] for each in incidents(rig)] == [OPERATOR]
    rig.lines[0].connected = True
    processes.live(60)
    rig.lines[0].connected = False
    processes.live(120)
    assert [each["ended_by"] for each in incidents(rig)] == [OPERATOR, None], "it was heard since, so it is missed"
