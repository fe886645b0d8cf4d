"""Rows of the timetable take turns, and one that hangs holds no other up."""

import threading

import pytest

from schedules.turns import Turns
from tests.fakes.line import until


class Work:
    """Says when it begins, and ends when told."""

    def __init__(self, turns: Turns) -> None:
        self.begun, self.end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=turns.taking(self._run), daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.begun.set()
        assert self.end.wait(60)

    def finish(self) -> None:
        self.end.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_one_begins_when_the_one_before_has_ended():
    turns = Turns(patience_s=60)
    first = Work(turns)
    assert first.begun.wait(60)
    second = Work(turns)
    assert not second.begun.wait(0.05)
    first.finish()
    assert second.begun.wait(60)
    second.finish()


def test_one_that_hangs_holds_another_up_for_as_long_as_that_has_patience():
    turns = Turns(patience_s=0.02)
    hanging = Work(turns)
    assert hanging.begun.wait(60)
    impatient = Work(turns)
    assert impatient.begun.wait(60)
    impatient.finish()
    still = Work(turns)
    assert still.begun.wait(60), "whoever went without a turn has none to give back, and nobody waits for ever"
    still.finish()
    hanging.finish()


def test_one_that_goes_without_its_turn_does_not_end_the_turn_of_another():
    turns = Turns(patience_s=0.02)
    hanging = Work(turns)
    assert hanging.begun.wait(60)
    Work(turns).finish()
    patient = Turns.taking(turns, lambda: None)
    assert turns._taken
    hanging.finish()
    patient()
    assert not turns._taken


def test_a_turn_ends_also_where_the_work_raises():
    turns = Turns(patience_s=60)

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        turns.taking(fail)()
    following = Work(turns)
    assert following.begun.wait(60)
    following.finish()


def test_who_waits_when_it_ends_does_not_begin():
    turns = Turns(patience_s=60)
    first = Work(turns)
    assert first.begun.wait(60)
    waiting = Work(turns)
    turns.end()
    waiting.thread.join(60)
    assert not waiting.begun.is_set()
    assert first.thread.is_alive(), "what is under way goes on to its end"
    first.finish()
    until(lambda: not first.thread.is_alive())
