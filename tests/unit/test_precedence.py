"""Who gives way to presses, for how long, and when they go on. Who begins and ends them: test_desk, test_courier."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dispatch.store import precedence as subject
from dispatch.store.precedence import GIVE_WAY_S, PASSING_S, Precedence
from tests.fakes.clock import HandClock

LONG_S, FOR_EVER_S = 60.0, 3600.0


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def presses(clock):
    return Precedence(clock)


@pytest.fixture
def another():
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_whoever_gives_way_goes_on_when_the_last_press_has_left(presses, another, monkeypatch):
    monkeypatch.setattr(subject, "GIVE_WAY_S", FOR_EVER_S)
    presses.begin("first")
    presses.begin("second")
    waits = another.submit(presses.give_way)
    presses.end("first")
    with pytest.raises(TimeoutError):
        waits.result(0.05)
    presses.end("second")
    waits.result(LONG_S)
    assert not presses.busy()


def test_nobody_gives_way_for_longer_than_a_moment(presses, another):
    assert GIVE_WAY_S <= 0.05, "a storm of presses silences no answer"
    presses.begin("press")
    another.submit(presses.give_way).result(LONG_S)
    assert presses.busy(), "it has not left yet"


def test_a_press_that_does_not_arrive_holds_nobody_up_for_long(presses, clock, another, monkeypatch):
    monkeypatch.setattr(subject, "GIVE_WAY_S", FOR_EVER_S)
    presses.begin("press")
    clock.advance(PASSING_S / 2)
    presses.begin("later")
    clock.advance(PASSING_S / 2)
    assert presses.busy()
    clock.advance(PASSING_S / 2)
    assert not presses.busy()
    another.submit(presses.give_way).result(LONG_S)


def test_where_nobody_is_on_the_way_nobody_waits(presses, another, monkeypatch):
    monkeypatch.setattr(subject, "GIVE_WAY_S", FOR_EVER_S)
    presses.end("never begun")
    another.submit(presses.give_way).result(LONG_S)
