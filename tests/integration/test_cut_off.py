"""When the service is silent for 20 s, people are told, once, and of every caller; afterwards the service is."""

import pytest

from devices.cut_off import _WORDS, AGAIN_S, NAME_MAX, NAMED_MAX, PAGE_AFTER_S
from devices.decoders.decoder import Frame
from devices.decoders.surgard import Surgard
from devices.link import Answer
from devices.spool import Lane
from dispatch.messages.segments import segments
from dispatch.rules.signal import Event
from tests.integration.edge_rig import PENDANTS, EdgeRig, Service

pytestmark = pytest.mark.error_lines("service_cut_off")


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "service")
    yield service
    service.stop()


@pytest.fixture
def rig(tmp_path, service):
    rig = EdgeRig(tmp_path, service)
    rig.deliver()
    yield rig
    rig.stop()


def until_silent(rig, seconds: float) -> None:
    """The road is cut, and so long has passed since the first exchange that failed."""
    rig.road.cut = True
    while not rig.contact.silent_s(rig.clock.steady):
        rig.pass_time(1)
    rig.pass_time(seconds - rig.contact.silent_s(rig.clock.steady))


def test_a_service_that_is_silent_for_twenty_seconds_is_told_of_once(rig, service):
    until_silent(rig, PAGE_AFTER_S - 1)
    assert rig.pages.texts == []
    rig.pass_time(3)
    (text,) = rig.pages.texts
    assert "garden-edge" in text
    assert "没有未送达" in text
    rig.pass_time(600)
    assert rig.pages.texts == [text]
    rig.road.cut = False
    rig.pass_time(30)
    assert rig.pages.texts == [text, "(service is back)"]
    (said,) = service.entries("edge_cut_off")
    assert (said["gateway"], said["calls"], said["texts"]) == ("garden-edge", 0, 1)
    assert said["lasted_s"] == pytest.approx(621, abs=15)
    rig.pass_time(300)
    assert len(service.entries("edge_cut_off")) == 1


def test_a_shorter_silence_wakes_nobody(rig, service):
    for _ in range(5):
        until_silent(rig, PAGE_AFTER_S - 2)
        rig.road.cut = False
        rig.pass_time(30)
    assert rig.pages.texts == []
    assert service.entries("edge_cut_off") == []


def test_who_called_before_and_during_the_silence_is_named_by_code(rig, service):
    rig.road.cut = True
    rig.press(PENDANTS[0])
    rig.press(PENDANTS[1])
    until_silent(rig, PAGE_AFTER_S + 2)
    assert "2次：PD0、PD1" in rig.pages.texts[0]
    rig.pass_time(AGAIN_S)
    rig.press(PENDANTS[2])
    rig.pass_time(2)
    assert "1次：PD2" in rig.pages.texts[1]
    rig.press(PENDANTS[3])
    rig.pass_time(AGAIN_S - 10)
    assert len(rig.pages.texts) == 2, "gathered for a minute"
    rig.press(PENDANTS[4])
    rig.pass_time(20)
    assert "2次：PD3、PD4" in rig.pages.texts[2]
    rig.road.cut = False
    rig.pass_time(30)
    assert service.presses() == {f"P{number}": 1 for number in range(5)}
    (said,) = service.entries("edge_cut_off")
    assert (said["calls"], said["texts"]) == (5, 3)


def test_what_is_no_call_by_the_register_wakes_nobody(rig):
    rig.road.cut = True
    rig.press("EV1527:ffffff:01")
    rig.press(PENDANTS[0], Event.LOW_BATTERY)
    rig.hear(Frame(event=Event.CANCEL, raw=b"", address=PENDANTS[1]))
    until_silent(rig, PAGE_AFTER_S + 2)
    assert "没有未送达" in rig.pages.texts[0]
    rig.pass_time(5 * AGAIN_S)
    assert len(rig.pages.texts) == 1


def test_an_unknown_account_that_says_emergency_is_named_by_its_address(rig):
    rig.road.cut = True
    (frame,) = Surgard().feed(b"5011 181234E12000001\x14")
    rig.hear(frame, gateway="panel")
    until_silent(rig, PAGE_AFTER_S + 2)
    assert frame.address in rig.pages.texts[0]


def test_before_the_register_was_ever_told_anybody_may_be_a_resident(tmp_path, service):
    rig = EdgeRig(tmp_path, service)
    rig.road.cut = True
    rig.press("EV1527:ffffff:01")
    until_silent(rig, PAGE_AFTER_S + 2)
    assert "1次：EV1527:ffffff:01" in rig.pages.texts[0]
    rig.stop()


def test_a_service_that_answers_with_errors_is_silent_too(rig):
    rig.road.answer = lambda body: Answer(status=502, body={})
    rig.pass_time(PAGE_AFTER_S + 15)
    assert len(rig.pages.texts) == 1


def test_a_restart_in_the_middle_tells_nobody_twice_and_the_service_of_the_whole(rig, service):
    rig.road.cut = True
    rig.press(PENDANTS[0])
    until_silent(rig, PAGE_AFTER_S + 5)
    assert len(rig.pages.texts) == 1
    rig.restart()
    rig.pass_time(3 * AGAIN_S)
    assert len(rig.pages.texts) == 1
    rig.press(PENDANTS[1])
    rig.pass_time(2)
    assert "1次：PD1" in rig.pages.texts[1]
    rig.road.cut = False
    rig.pass_time(30)
    (said,) = service.entries("edge_cut_off")
    assert (said["calls"], said["texts"]) == (2, 2)
    assert said["lasted_s"] > 3 * AGAIN_S


@pytest.mark.error_lines("signal_given_up", "status_refused")
def test_a_call_that_the_service_will_not_take_is_told_of_at_once(rig):
    rig.press(PENDANTS[0])
    (kept,) = rig.spool.batch(Lane.CALLS, most=1, most_bytes=10**6)
    rig.spool.replace(Lane.CALLS, kept.seq, kept.body.replace('"button"', '"teleported"'))
    rig.deliver()
    assert len(rig.pages.lasting) == 1
    assert "PD0" in rig.pages.lasting[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_is_short_enough_to_leave_quickly(lang):
    words = _WORDS[lang]
    name, who = "n" * NAME_MAX, words["and"].join(["C" * NAME_MAX] * NAMED_MAX) + " +997"
    calls = words["who"].format(count=1000, who=who)
    assert segments(words["cut_off"].format(name=name, seconds=86_400, calls=calls)) <= 3
    assert segments(words["cut_off"].format(name=name[:12], seconds=20, calls=words["none"])) <= 2
    assert segments(words["calls"].format(name=name, calls=calls)) <= 3
    assert segments(words["lost"].format(name=name, who=who)) <= 3


@pytest.mark.error_lines("nobody_paged")
def test_without_a_modem_the_log_is_all_there_is(tmp_path, service, log_lines):
    rig = EdgeRig(tmp_path, service)
    rig.cut_off._pager = None
    until_silent(rig, PAGE_AFTER_S + 2)
    assert [line["event"] for line in log_lines].count("nobody_paged") == 1
    rig.stop()
