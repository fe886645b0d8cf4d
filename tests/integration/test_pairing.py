"""A stranger becomes somebody's pendant, and only a press that the centre saw proves it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.store.devices import Devices
from devices.store.lists import Show
from devices.store.press_tests import PressTests, Purpose
from devices.upkeep.press_tests import WAIT_MAX, Wanted
from devices.upkeep.register import Reason
from dispatch.errors import AlreadyPaired, Conflict, Invalid, NotFound
from dispatch.rules.signal import Event
from tests.builders import DISTRICT
from tests.integration.devices_rig import OPERATOR, DevicesRig, label

NEW = "EV1527:0bbbbb:01"
INSTALLER = "+8613700000005"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[DevicesRig]:
    rig = DevicesRig(tmp_path)
    yield rig
    rig.close()


def pair(rig: DevicesRig, *, address: str = NEW, home: str = "H2", resident: str | None = "R2", **more):
    wanted = more.pop("wanted", Wanted())
    return rig.register.pair(label(address, **more), rig.place(home, resident), wanted, by=OPERATOR)


def strangers(rig: DevicesRig):
    with rig.world.reading.connect() as connection:
        return Devices(connection).strangers()


def state_of(rig: DevicesRig, test) -> str:
    with rig.world.reading.connect() as connection:
        return PressTests(connection).get(test.id).state


def test_a_stranger_is_listed_with_its_count_and_its_strength(rig):
    for strength in (-70.0, -62.5):
        rig.world.clock.advance(10)
        rig.report(NEW, Event.BUTTON, protocol="rflink", rssi=strength)
    (stranger,) = strangers(rig)
    assert (stranger["address"], stranger["times"], stranger["rssi"]) == (NEW, 2, -62.5)
    assert rig.alarms() == []


def test_whoever_a_forwarding_gateway_hears_is_listed_but_for_itself(rig):
    rig.report("0x847127fffe0542eb", Event.HEARTBEAT, protocol="zigbee2mqtt")
    rig.report("far", Event.HEARTBEAT, protocol="gateway", gateway="far")
    assert [each["address"] for each in strangers(rig)] == ["0x847127fffe0542eb"]
    assert rig.alarms() == []


def test_the_test_press_proves_the_device_and_raises_no_alarm(rig):
    rig.hear(address=NEW)
    device, test = pair(rig)
    assert strangers(rig) == []
    assert rig.device(device.code)["proven_at"] is None
    received = rig.hear(address=NEW)
    assert received is not None
    assert received.alarm_id is None
    assert rig.alarms() == []
    assert state_of(rig, test) == "seen"
    assert rig.device(device.code)["proven_at"] is not None
    (signal,) = rig.rows("SELECT * FROM signals")
    assert (signal["event"], signal["cause"], signal["device_id"]) == ("press", None, device.id)
    assert [kind for kind in rig.kinds() if kind.startswith(("device", "test"))] == [
        "device_paired",
        "test_begun",
        "test_seen",
    ]


def test_the_press_after_the_test_press_is_an_alarm(rig):
    device, _ = pair(rig)
    rig.hear(address=NEW)
    rig.hear(address=NEW)
    (alarm,) = rig.alarms()
    assert (alarm["home_id"], alarm["resident_id"]) == (device.home_id, device.resident_id)


def test_a_press_after_its_time_is_an_alarm_whether_anybody_was_woken_or_not(rig):
    _, test = pair(rig)
    rig.world.clock.advance(120)
    rig.copy(address=NEW)
    assert len(rig.alarms()) == 1
    assert state_of(rig, test) == "waiting"
    rig.wake()
    assert state_of(rig, test) == "lapsed"


def test_what_was_not_confirmed_stays_listed_as_never_pressed(rig):
    device, _ = pair(rig)
    rig.world.clock.advance(121)
    rig.wake()
    assert device.code in rig.listed(Show.NEVER_PRESSED)
    assert "test_lapsed" in rig.kinds()


@pytest.mark.parametrize("event", [Event.LOW_BATTERY, Event.TELEMETRY])
def test_no_other_word_of_the_device_is_the_test_press(rig, event):
    _, test = pair(rig)
    rig.hear(event, NEW)
    assert state_of(rig, test) == "waiting"


def test_duress_is_never_a_test(rig):
    _, test = pair(rig)
    rig.report(NEW, Event.DURESS, protocol="rflink")
    assert [alarm["cause"] for alarm in rig.alarms()] == ["duress"]
    assert state_of(rig, test) == "waiting"


def test_another_device_of_the_home_raises_its_alarm_meanwhile(rig):
    _, test = pair(rig)
    rig.hear(address="EV1527:0a1b2d:01")
    assert len(rig.alarms()) == 1
    assert state_of(rig, test) == "waiting"


def test_while_somebody_in_the_home_needs_help_a_press_joins_their_alarm(rig):
    _, test = pair(rig)
    rig.hear(address="EV1527:0a1b2d:01")
    rig.hear(address=NEW)
    assert [alarm["press_count"] for alarm in rig.alarms()] == [2]
    assert state_of(rig, test) == "waiting"


def test_no_test_is_begun_while_somebody_in_the_home_needs_help(rig):
    rig.hear(address="EV1527:0a1b2d:01")
    with pytest.raises(Conflict):
        rig.tests.begin(rig.id_of("D3"), Purpose.CAMPAIGN, Wanted(), by=OPERATOR)


def test_a_forwarded_press_is_a_test_press_as_well(rig):
    _, test = pair(rig)
    received = rig.report(NEW, Event.PRESS, protocol="rflink")
    assert (received.alarm_id, state_of(rig, test)) == (None, "seen")


def test_the_same_press_by_another_gateway_is_the_test_press_still(rig):
    _, test = pair(rig)
    rig.hear(address=NEW)
    rig.world.clock.advance(2)
    assert rig.report(NEW, Event.PRESS, protocol="rflink").alarm_id is None
    assert (state_of(rig, test), rig.alarms()) == ("seen", [])
    rig.hear(address=NEW)
    assert len(rig.alarms()) == 1, "the first gateway hears a second press as well"


def test_another_gateway_takes_no_later_press_for_a_test(rig):
    pair(rig)
    rig.hear(address=NEW)
    rig.world.clock.advance(11)
    assert rig.report(NEW, Event.PRESS, protocol="rflink").alarm_id is not None


def test_a_restart_forgets_no_test_and_lengthens_none(rig):
    _, test = pair(rig)
    rig.restart()
    rig.world.clock.advance(60)
    rig.copy(address=NEW)
    assert (state_of(rig, test), rig.alarms()) == ("seen", [])


@pytest.mark.parametrize("step_s", [600, -600])
def test_a_clock_that_is_set_never_leaves_a_test_open(rig, step_s):
    """Set forward, it is over: the press is an alarm. Set back, it waits as long as it would have."""
    _, test = pair(rig)
    rig.world.clock.advance(60)
    rig.world.clock.step_wall(step_s)
    rig.world.clock.advance(61)
    rig.copy(address=NEW)
    assert len(rig.alarms()) == 1
    assert state_of(rig, test) != "seen"


def test_a_clock_set_back_leaves_a_test_the_time_it_has(rig):
    _, test = pair(rig)
    rig.world.clock.advance(60)
    rig.world.clock.step_wall(-600)
    rig.world.clock.advance(50)
    rig.copy(address=NEW)
    assert (state_of(rig, test), rig.alarms()) == ("seen", [])


def test_the_installer_without_a_network_is_told_by_text(rig):
    device, _ = pair(rig, wanted=Wanted(notify=INSTALLER))
    assert rig.texts(INSTALLER) == []
    rig.hear(address=NEW)
    (text,) = rig.texts(INSTALLER)
    assert text["sentence"] == "test_seen"
    assert device.code in text["facts"]
    assert "2-101" not in text["facts"], "no door in a text"


def test_the_installer_is_told_when_nothing_was_heard(rig):
    pair(rig, wanted=Wanted(notify=INSTALLER))
    rig.world.clock.advance(120)
    rig.wake()
    rig.wake()
    assert [text["sentence"] for text in rig.texts(INSTALLER)] == ["test_lapsed"]


@pytest.mark.parametrize("wait", [timedelta(), -timedelta(seconds=1), WAIT_MAX + timedelta(seconds=1)])
def test_test_mode_never_lasts_longer_than_an_hour(rig, wait):
    with pytest.raises(Invalid):
        pair(rig, wanted=Wanted(wait=wait))
    assert rig.rows("SELECT * FROM devices WHERE address = :a", a=NEW) == [], "half a pairing is none"


def test_a_device_paired_twice_is_refused_with_the_name_of_who_has_it(rig):
    device, _ = pair(rig)
    with pytest.raises(AlreadyPaired, match=device.code) as refused:
        pair(rig, address=NEW.upper().replace("EV1527", "EV1527"), home="H1", resident="R1")
    assert refused.value.code == device.code
    with pytest.raises(AlreadyPaired, match="D1"):
        pair(rig, address="EV1527:0a1b2c:01")


def test_a_code_that_is_another_devices_is_refused(rig):
    with pytest.raises(AlreadyPaired, match="D1"):
        pair(rig, code="D1")


def test_the_same_account_at_two_receivers_is_two_devices(rig):
    first, _ = pair(rig, address="1234", protocol="surgard", gateway="east")
    second, _ = pair(rig, address="1234", protocol="surgard", gateway="west")
    assert first.id != second.id
    with pytest.raises(AlreadyPaired, match=f"{first.code}|{second.code}"):
        pair(rig, address="1234", protocol="surgard")


def test_a_second_test_of_a_device_waits_for_the_first(rig):
    device, _ = pair(rig)
    with pytest.raises(Conflict):
        rig.tests.begin(device.id, Purpose.REPAIR, Wanted(), by=OPERATOR)
    rig.world.clock.advance(121)
    rig.tests.begin(device.id, Purpose.REPAIR, Wanted(), by=OPERATOR)
    rig.copy(address=NEW)
    assert rig.alarms() == []


def test_a_cancelled_test_leaves_an_alarm(rig):
    device, _ = pair(rig)
    rig.tests.cancel(device.id, by=OPERATOR)
    rig.hear(address=NEW)
    assert len(rig.alarms()) == 1
    with pytest.raises(NotFound):
        rig.tests.cancel(device.id, by=OPERATOR)


def history(rig: DevicesRig, code: str):
    found = rig.rows(
        "SELECT a.kind, h.code AS home, a.until_at IS NULL AS now, a.reason FROM assignments a "
        "JOIN devices d ON d.id = a.device_id JOIN homes h ON h.id = a.home_id WHERE d.code = :code "
        "ORDER BY a.from_at, a.id",
        code=code,
    )
    return [(row["kind"], row["home"], bool(row["now"]), row["reason"]) for row in found]


def test_moving_lending_and_bringing_back_keep_their_history(rig):
    id_ = rig.id_of("D1")
    rig.world.clock.advance(60)
    rig.register.move(id_, rig.place("H2", "R3"), by=OPERATOR)
    rig.world.clock.advance(60)
    rig.register.lend(id_, rig.place("H2", "R2"), back_at=rig.world.clock.now() + timedelta(days=7), by=OPERATOR)
    assert rig.listed(Show.LENT) == ["D1"]
    assert rig.listed(Show.NOT_BACK) == []
    rig.world.clock.advance(8 * 86400)
    assert rig.listed(Show.NOT_BACK) == ["D1"]
    rig.register.bring_back(id_, by=OPERATOR)
    assert history(rig, "D1") == [
        ("given", "H1", False, "moved"),
        ("given", "H2", False, "lent"),
        ("lent", "H2", False, "brought_back"),
        ("given", "H2", True, None),
    ]
    assert rig.device("D1")["resident_code"] == "R3"
    assert rig.kinds().count("device_moved") == 3


def test_a_press_is_whose_the_device_is_now(rig):
    rig.register.move(rig.id_of("D1"), rig.place("H2", "R3"), by=OPERATOR)
    rig.hear()
    assert [alarm["home_id"] for alarm in rig.alarms()] == [rig.world.home("H2")]


def test_an_alarm_stays_whose_it_was_when_the_device_is_moved(rig):
    rig.hear()
    rig.register.move(rig.id_of("D1"), rig.place("H2", "R3"), by=OPERATOR)
    assert [alarm["home_id"] for alarm in rig.alarms()] == [rig.world.home("H1")]


def test_what_cannot_be_is_refused(rig):
    id_ = rig.id_of("D1")
    with pytest.raises(Conflict):
        rig.register.move(id_, rig.place("H1", "R1"), by=OPERATOR)
    with pytest.raises(Conflict):
        rig.register.bring_back(id_, by=OPERATOR)
    with pytest.raises(Invalid):
        rig.register.lend(id_, rig.place("H2", "R2"), back_at=rig.world.clock.now(), by=OPERATOR)
    with pytest.raises(NotFound):
        rig.register.move("nobody", rig.place(), by=OPERATOR)


@pytest.mark.parametrize("reason", [Reason.BROKEN, Reason.LOST, Reason.REPLACED])
def test_nobody_is_left_without_a_button_that_is_proven(rig, reason):
    """PROMISES, no. 6: a device goes only when another one has been tested."""
    with pytest.raises(Conflict):
        rig.register.retire(rig.id_of("D1"), reason, by=OPERATOR)
    pair(rig, home="H1", resident="R1")
    with pytest.raises(Conflict):
        rig.register.retire(rig.id_of("D1"), reason, by=OPERATOR)
    rig.hear(address=NEW)
    rig.register.retire(rig.id_of("D1"), reason, by=OPERATOR)
    assert rig.listed(Show.RETIRED) == ["D1"]
    assert history(rig, "D1")[-1][2:] == (False, reason.value)


def test_the_button_of_the_other_resident_is_no_button_of_this_one(rig):
    pair(rig, home="H2", resident="R3")
    rig.hear(address=NEW)
    with pytest.raises(Conflict):
        rig.register.retire(rig.id_of("D2"), Reason.BROKEN, by=OPERATOR)


def test_a_retired_device_is_a_stranger_again_and_can_be_paired_anew(rig):
    rig.register.retire(rig.id_of("D1"), Reason.RESIDENT_LEFT, by=OPERATOR)
    rig.hear()
    assert rig.alarms() == []
    assert [each["address"] for each in strangers(rig)] == ["EV1527:0a1b2c:01"]
    device, _ = pair(rig, address="EV1527:0a1b2c:01")
    assert device.code == "D1", "the same thing keeps its label and its history"
    assert [row[1] for row in history(rig, "D1")] == ["H1", "H2"]
    assert rig.device("D1")["proven_at"] is None, "proven elsewhere is not proven here"


def test_only_what_never_worked_is_taken_back_without_more(rig):
    device, _ = pair(rig, home="H1", resident="R1")
    rig.register.retire(device.id, Reason.NEVER_WORKED, by=OPERATOR)
    device, _ = pair(rig, home="H1", resident="R1")
    rig.hear(address=NEW)
    with pytest.raises(Conflict):
        rig.register.retire(device.id, Reason.NEVER_WORKED, by=OPERATOR)


def test_no_machine_takes_a_device_away(rig):
    with pytest.raises(AssertionError):
        rig.register.retire(rig.id_of("D1"), Reason.RETURNED, by="key:0123")


def test_loading_again_leaves_a_device_where_a_person_put_it(rig):
    rig.register.move(rig.id_of("D1"), rig.place("H2", "R3"), by=OPERATOR)
    rig.register.retire(rig.id_of("D2"), Reason.RETURNED, by=OPERATOR)
    rig.world.load(DISTRICT)
    assert rig.device("D1")["home_code"] == "H2"
    assert rig.listed(Show.RETIRED) == ["D2"]
    assert len(history(rig, "D1")) == 2


def test_loading_moves_what_only_files_have_put_somewhere(rig):
    moved = DISTRICT.replace('devices = [{ code = "D1"', 'devices = []\nothers = [{ code = "D1"')
    moved = moved.replace(
        'others = [{ code = "D1", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01" }]\n', ""
    )
    moved = moved.replace('    { code = "D2"', '    { code = "D1", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01", resident = "R3" },\n    { code = "D2"')  # noqa: E501  # fmt: skip
    rig.world.load(moved)
    rig.world.load(moved)
    assert history(rig, "D1") == [("given", "H1", False, "loaded"), ("given", "H2", True, None)]


def test_a_file_cannot_give_a_paired_transmitter_a_second_code(rig):
    pair(rig)
    extra = DISTRICT.replace('code = "D3", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2e:01"', f'code = "D9", kind = "pendant", protocol = "rflink", address = "{NEW}"')  # noqa: E501  # fmt: skip
    before = rig.rows("SELECT code FROM devices ORDER BY code")
    with pytest.raises(AlreadyPaired, match="D9"):
        rig.world.load(extra)
    assert rig.rows("SELECT code FROM devices ORDER BY code") == before
