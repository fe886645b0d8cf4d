"""The wall between a provider that hangs and the rest of the service."""

import threading

import pytest

from dispatch.messages.providers.bulkhead import Bulkhead, Full, Overdue


@pytest.fixture
def wall():
    wall = Bulkhead("walled", calls_max=2, wait_s=0.01)
    yield wall
    wall.close()


def threads():
    return [each for each in threading.enumerate() if each.name == "walled-call"]


def test_what_the_call_gives_or_raises_comes_back(wall):
    assert wall.run(lambda: 7, total_s=5) == 7
    with pytest.raises(ZeroDivisionError):
        wall.run(lambda: 1 // 0, total_s=5)
    with pytest.raises(TimeoutError, match="its own"):
        wall.run(lambda: (_ for _ in ()).throw(TimeoutError("its own")), total_s=5)


def test_one_call_after_another_needs_one_thread(wall):
    ran_in = {wall.run(threading.get_ident, total_s=5) for _ in range(20)}
    assert len(ran_in) == len(threads()) == 1


def test_a_call_that_hangs_is_given_up_and_keeps_its_place_until_it_ends(wall):
    go_on = threading.Event()
    for _ in range(2):
        with pytest.raises(Overdue):
            wall.run(lambda: go_on.wait(30), total_s=0.02)
    with pytest.raises(Full):
        wall.run(lambda: 7, total_s=5)
    go_on.set()
    wall._wait_s = 5.0
    assert wall.run(lambda: 7, total_s=10) == 7
    assert len(threads()) <= 2


def test_where_the_machine_has_no_threads_left_the_place_is_given_back(wall, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(3):
        with pytest.raises(Full):
            wall.run(lambda: 7, total_s=5)
    monkeypatch.undo()
    assert wall.run(lambda: 7, total_s=5) == 7


def test_closed_it_keeps_no_thread():
    wall, go_on = Bulkhead("walled", calls_max=2, wait_s=0.01), threading.Event()
    assert wall.run(lambda: 7, total_s=5) == 7
    with pytest.raises(Overdue):
        wall.run(lambda: go_on.wait(30), total_s=0.02)
    before = threads()
    wall.close()
    go_on.set()
    for thread in before:
        thread.join(60)
    assert threads() == []
