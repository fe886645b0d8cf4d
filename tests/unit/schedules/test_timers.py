"""The loop over the owners, pass by pass, with a hand clock and no threads."""

import threading
from datetime import timedelta

import pytest

from schedules.timers import DUE_MAX, Timers
from tests.fakes.clock import HandClock


class Rows:
    """An owner whose rows are a dict; waking takes a row off, unless it is told to raise."""

    def __init__(self, clock: HandClock, name: str = "rows") -> None:
        self.name = name
        self.clock = clock
        self.rows = {}
        self.bad = set()
        self.woken = []
        self.stumbles = []
        self.asked = []
        self.stumble_raises = False
        self.due_raises = False

    def put(self, *ids: str, in_s: float = 0.0) -> None:
        for id_ in ids:
            self.rows[id_] = self.clock.now() + timedelta(seconds=in_s)

    def due(self, now, most):
        self.asked.append(most)
        if self.due_raises:
            raise RuntimeError("the database is away")
        return sorted((id_ for id_, at in self.rows.items() if at <= now), key=self.rows.__getitem__)[:most]

    def wake(self, id_):
        self.woken.append(id_)
        if id_ in self.bad:
            raise ValueError(id_)
        del self.rows[id_]

    def next_due(self):
        return min(self.rows.values(), default=None)

    def stumble(self, id_, error):
        self.stumbles.append((id_, error))
        if self.stumble_raises:
            raise RuntimeError("and this too")


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def rows(clock):
    return Rows(clock)


@pytest.fixture
def timers(rows, clock):
    return Timers([rows], clock, workers=0)


def test_what_is_due_is_woken_and_what_is_not_waits(rows, timers, clock):
    rows.put("now")
    rows.put("later", in_s=60)
    timers.run_pass()
    assert rows.woken == ["now"]
    clock.advance(60)
    timers.run_pass()
    assert rows.woken == ["now", "later"]


def test_what_fell_due_long_ago_is_woken_at_the_first_pass(rows, timers, clock):
    rows.put("old")
    clock.advance(90 * 86_400)
    timers.run_pass()
    assert rows.woken == ["old"]


@pytest.mark.error_lines("wake_failed")
def test_a_wake_that_raises_stops_no_other_and_is_told_to_its_owner(rows, timers, log_lines):
    rows.put("a", "bad", "c")
    rows.bad = {"bad"}
    timers.run_pass()
    assert sorted(rows.woken) == ["a", "bad", "c"]
    assert [(id_, type(error)) for id_, error in rows.stumbles] == [("bad", ValueError)]
    assert [(line["owner"], line["id"]) for line in log_lines] == [("rows", "bad")]
    assert timers.failures == 1


@pytest.mark.error_lines("wake_failed")
def test_a_wake_that_raises_stays_due_and_is_tried_once_a_second(rows, timers, clock):
    rows.put("bad")
    rows.bad = {"bad"}
    for _ in range(50):
        timers.run_pass()
        clock.advance(0.01)
    assert rows.woken == ["bad"]
    clock.advance(0.6)
    timers.run_pass()
    assert rows.woken == ["bad", "bad"]
    rows.bad = set()
    clock.advance(1.1)
    timers.run_pass()
    assert rows.rows == {}


@pytest.mark.error_lines("wake_failed", "stumble_failed")
def test_an_owner_that_stumbles_over_its_own_stumbling_stops_nobody(rows, timers):
    rows.put("bad", "good")
    rows.bad, rows.stumble_raises = {"bad"}, True
    timers.run_pass()
    assert rows.rows.keys() == {"bad"}


@pytest.mark.error_lines("wake_failed")
def test_more_bad_rows_than_a_pass_takes_do_not_hide_the_good_one_behind_them(rows, timers, clock):
    rows.put(*(f"bad{n}" for n in range(DUE_MAX + 50)))
    rows.bad = set(rows.rows)
    clock.advance(1)
    rows.put("good")
    for _ in range(3):
        timers.run_pass()
    assert "good" in rows.woken


@pytest.mark.error_lines("due_failed")
def test_an_owner_that_cannot_be_asked_is_left_alone_for_a_second_and_hides_nobody(clock):
    broken, well = Rows(clock, "broken"), Rows(clock, "well")
    timers = Timers([broken, well], clock, workers=0)
    broken.due_raises = True
    broken.put("x")
    for n in range(10):
        well.put(str(n))
        timers.run_pass()
    assert len(well.woken) == 10
    assert len(broken.asked) == 1
    broken.due_raises = False
    clock.advance(1)
    timers.run_pass()
    assert broken.woken == ["x"]


def test_a_pass_takes_a_limited_number_and_the_next_goes_on(rows, timers):
    rows.put(*(f"{n:03}" for n in range(DUE_MAX + 1)))
    timers.run_pass()
    assert len(rows.woken) == DUE_MAX
    timers.run_pass()
    assert len(rows.woken) == DUE_MAX + 1


def test_owners_take_turns(clock):
    order = []
    owners = [Rows(clock, name) for name in ("long", "short")]
    for owner in owners:
        owner.wake = lambda id_, owner=owner: (order.append(owner.name), owner.rows.pop(id_))
    owners[0].put(*map(str, range(100)))
    owners[1].put("urgent")
    Timers(owners, clock, workers=0).run_pass()
    assert order.index("short") <= 1


def test_the_next_due_instant_is_told_once(rows, timers, clock):
    told = []
    timers.on_next(told.append)
    rows.put("later", in_s=60)
    rows.put("sooner", in_s=30)
    timers.run_pass()
    timers.run_pass()
    assert told == [rows.rows["sooner"]]


@pytest.mark.parametrize(("step_s", "told"), [(-3600, 1), (3600, 1), (-1.5, 0), (0.5, 0)])
def test_a_wall_clock_that_was_set_is_told_before_anything_is_asked(rows, timers, clock, step_s, told):
    jumps = []
    timers.on_jump(lambda: jumps.append(len(rows.asked)))
    timers.run_pass()
    asked = len(rows.asked)
    clock.step_wall(step_s)
    timers.run_pass()
    timers.run_pass()
    assert jumps == [asked] * told


def test_a_clock_set_back_delays_nothing_once_its_rows_are_mended(rows, timers, clock):
    """The transactions move the rows back by as much; the timers see to it that they hear of the jump."""
    rows.put("step", in_s=60)

    def mend():
        rows.rows = {id_: at - timedelta(hours=1) for id_, at in rows.rows.items()}

    timers.on_jump(mend)
    clock.step_wall(-3600)
    clock.advance(60)
    timers.run_pass()
    assert rows.woken == ["step"]


def test_progress_can_be_seen_from_outside(timers, clock):
    timers.run_pass()
    assert (timers.beats, timers.stuck_s()) == (1, 0.0)
    clock.advance(7)
    assert timers.stuck_s() == 7.0
    clock.step_wall(-3600)
    timers.run_pass()
    assert (timers.beats, timers.stuck_s(), timers.last_pass_at) == (2, 0.0, clock.steady)


def test_two_owners_of_one_name_are_a_mistake(clock):
    with pytest.raises(AssertionError, match="name"):
        Timers([Rows(clock), Rows(clock)], clock)


def test_who_joins_later_is_woken_for_what_waited_before(rows, timers, clock):
    late = Rows(clock, "late")
    late.put("old", in_s=-60)
    timers.join([late])
    timers.run_pass()
    assert late.woken == ["old"]
    with pytest.raises(AssertionError, match="two owners"):
        timers.join([Rows(clock, "rows")])


def test_the_patient_have_one_thread_between_them_and_the_others_go_on(clock):
    held, begun, urgent = threading.Event(), threading.Semaphore(0), threading.Event()
    at_work, most = [], []

    class Slow(Rows):
        patient = True

        def wake(self, id_):
            at_work.append(id_)
            most.append(len(at_work))
            begun.release()
            held.wait(10)
            at_work.remove(id_)
            super().wake(id_)

    class Quick(Rows):
        def wake(self, id_):
            super().wake(id_)
            urgent.set()

    slow, other, quick = Slow(clock, "slow"), Slow(clock, "other"), Quick(clock, "quick")
    slow.put("a", "b", "c")
    other.put("d")
    timers = Timers([slow, other, quick], clock, workers=4)
    timers.start()
    try:
        assert begun.acquire(timeout=10)
        quick.put("now")
        timers.nudge()
        assert urgent.wait(10), "an alarm has a thread while the patient are at work"
        held.set()
        for _ in range(3):
            assert begun.acquire(timeout=10)
    finally:
        held.set()
        timers.stop()
    assert max(most) == 1
    assert sorted(slow.woken + other.woken) == ["a", "b", "c", "d"]


def test_all_others_give_way_to_presses_before_they_are_woken_and_always_leave_them_a_thread(clock):
    held, stand, woken, gave_way = threading.Event(), threading.Semaphore(0), threading.Event(), []

    class Presses(Rows):
        first = True

        def wake(self, id_):
            super().wake(id_)
            woken.set()

    def give_way():
        gave_way.append(threading.current_thread().name)
        stand.release()
        held.wait(10)

    presses, answers = Presses(clock, "presses"), Rows(clock, "answers")
    answers.put("a", "b", "c", "d", "e")
    timers = Timers([answers, presses], clock, workers=4, give_way=give_way)
    timers.start()
    try:
        for _ in range(3):
            assert stand.acquire(timeout=10)
        presses.put("now")
        timers.nudge()
        assert woken.wait(10), "three stand aside, the fourth is for presses"
        assert (len(gave_way), answers.woken) == (3, [])
        held.set()
        for _ in range(2):
            assert stand.acquire(timeout=10)
    finally:
        held.set()
        timers.stop()
    assert sorted(answers.woken) == ["a", "b", "c", "d", "e"]
    assert len(gave_way) == 5
