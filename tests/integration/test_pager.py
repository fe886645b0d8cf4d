"""Paging by a modem on a pseudo-terminal: every number gets its text, whatever the modem does on the way."""

import pytest

from devices.pager import GIVEN_UP_S, LOOK_S, RETRY_MAX_S, RETRY_S, Pager
from devices.ports import open_port
from dispatch.clock import SystemClock
from tests.fakes.clock import HurriedClock
from tests.fakes.line import until
from tests.fakes.modem import FakeModem

NUMBERS = ("+8613800138000", "+8613800138001")
TEXT = "【安铃】网关连不上服务台。"


@pytest.fixture
def fake(tmp_path):
    with FakeModem(tmp_path) as fake:
        yield fake
        assert fake.wrong == []


@pytest.fixture
def clock():
    return HurriedClock()


@pytest.fixture
def pager(fake, clock):
    pager = Pager(lambda: open_port(str(fake.path), baud=115_200), NUMBERS, clock, network_s=2.0)
    yield pager
    pager._hang_up()


def work(pager, steps: int = 20) -> None:
    """Everything that is due now."""
    for _ in range(steps):
        if pager.step() > 0:
            return


def test_every_number_gets_the_text(pager, fake):
    pager.page(TEXT)
    work(pager)
    assert fake.sent() == [(number, TEXT) for number in NUMBERS]
    assert (pager.taken, pager.waiting(), pager.state) == (2, 0, "ready")


@pytest.mark.error_lines("pager_not_ready")
@pytest.mark.parametrize("refusal", ["+CMS ERROR: 38", "+CMS ERROR: 500", "ERROR"])
def test_what_is_refused_is_tried_again_and_does_not_keep_the_others_waiting(pager, fake, clock, refusal):
    fake.air.refuse = [refusal]
    pager.page(TEXT)
    work(pager)
    clock.advance(RETRY_S + 1)
    work(pager)
    assert fake.sent() == [(number, TEXT) for number in reversed(NUMBERS)]
    assert pager.waiting() == 0


@pytest.mark.error_lines("pager_not_ready")
def test_after_a_failure_the_modem_is_made_ready_anew(pager, fake, clock, monkeypatch):
    """What it was in the middle of, nobody knows: another program may have spoken to it, or it was unplugged."""
    pager.page(TEXT)
    work(pager)
    assert fake.commands.count("ATE0") == 1
    monkeypatch.setattr("dispatch.messages.modem.modem.ANSWER_S", 1.0)
    fake.air.no_prompt = 1
    pager.page(TEXT)
    work(pager)
    clock.advance(RETRY_S + 1)
    work(pager)
    assert fake.commands.count("ATE0") >= 2
    assert len(fake.sent()) == 4


@pytest.mark.error_lines("pager_not_ready", "page_given_up")
def test_a_number_that_is_nobodys_is_given_up_after_a_second_try(pager, fake, clock):
    fake.air.refuse = ["+CMS ERROR: 1", "", "+CMS ERROR: 1"]
    pager.page(TEXT)
    work(pager)
    clock.advance(RETRY_MAX_S)
    work(pager)
    assert (pager.waiting(), fake.sent()) == (0, [(NUMBERS[1], TEXT)])


@pytest.mark.error_lines("pager_not_ready")
def test_a_stick_that_is_pulled_and_put_back_sends_what_waited(pager, fake, clock):
    fake.unplug()
    pager.page(TEXT)
    for _ in range(4):
        work(pager)
        clock.advance(RETRY_MAX_S)
    assert pager.waiting() == 2
    fake.plug()
    work(pager)
    assert sorted(fake.sent()) == [(number, TEXT) for number in NUMBERS]
    assert pager.state == "ready"


@pytest.mark.error_lines("pager_not_ready")
def test_a_text_that_may_have_left_is_sent_again(pager, fake, clock):
    """Better two texts than none."""
    fake.air.no_result = 1
    pager.page(TEXT)
    work(pager)
    clock.advance(RETRY_S + 1)
    work(pager)
    assert [number for number, _ in fake.sent()].count(NUMBERS[0]) == 2
    assert pager.waiting() == 0


@pytest.mark.error_lines("pager_not_ready", "page_given_up")
def test_what_could_not_leave_for_half_an_hour_says_nothing_that_is_still_true(pager, fake, clock):
    fake.unplug()
    pager.page(TEXT)
    tries = 0
    while pager.waiting():
        tries += 1
        work(pager)
        clock.advance(RETRY_MAX_S)
    assert GIVEN_UP_S / RETRY_MAX_S <= tries <= GIVEN_UP_S / RETRY_MAX_S + 8


@pytest.mark.error_lines("pager_not_ready")
def test_when_the_service_is_back_only_what_still_holds_is_sent(pager, fake, clock):
    fake.air.refuse = ["ERROR"] * 1000
    pager.page(TEXT)
    pager.page("请人工处理", lasting=True)
    work(pager, steps=4)
    assert fake.sent() == []
    pager.forget()
    fake.air.refuse.clear()
    clock.advance(RETRY_MAX_S)
    work(pager)
    assert sorted(fake.sent()) == [(number, "请人工处理") for number in NUMBERS]


@pytest.mark.error_lines("pager_not_ready")
@pytest.mark.parametrize(
    ("what", "word"),
    [({"sim": ""}, "no SIM"), ({"sim": "SIM PIN"}, "SIM PIN"), ({"registered": 3}, "denied"), ({"silent": True}, "AT")],
)  # fmt: skip
def test_a_modem_that_could_not_page_is_known_before_it_is_needed(pager, fake, clock, log_lines, what, word):
    for name, value in what.items():
        setattr(fake.air, name, value)
    work(pager)
    assert word in pager.state
    assert [line["event"] for line in log_lines] == ["pager_not_ready"]
    for name in what:
        setattr(fake.air, name, getattr(type(fake.air)(), name))
    clock.advance(LOOK_S)
    work(pager)
    assert pager.state == "ready"


def test_it_sends_from_a_thread_of_its_own(fake, clock):
    pager = Pager(lambda: open_port(str(fake.path), baud=115_200), NUMBERS, SystemClock())
    pager.start()
    until(lambda: pager.state == "ready")
    pager.page(TEXT)
    until(lambda: len(fake.sent()) == 2)
    pager.stop()
    assert not pager.alive
