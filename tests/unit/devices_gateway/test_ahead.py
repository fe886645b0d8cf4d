"""Calls for help that wait behind each other on one line are kept side by side."""

import threading
from dataclasses import replace

import pytest

from devices.ahead import BESIDE_MAX, Ahead
from devices.backlog import Waiting
from devices.gateway import SLOW_S, Gateway
from devices.ports.port import READ_BYTES_MAX
from dispatch.clock import SystemClock
from tests.fakes.clock import HandClock
from tests.fakes.line import Ears, FakeLine, LineDecoder, listening, until

PATIENCE_S = 10.0


class Senders(LineDecoder):
    """`A1` is the first line of the sender A."""

    def _frame(self, line):
        frame = super()._frame(line)
        return frame and replace(frame, address=frame.raw[:1].decode())


class Together(Ears):
    """Keeps nothing before so many are being kept at once; notes how many were at most."""

    def __init__(self, journal, together):
        super().__init__(journal)
        self.barrier = threading.Barrier(together)
        self.lock = threading.Lock()
        self.inside = self.most = 0

    def hear(self, frame, **more):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.barrier.wait(PATIENCE_S)
        with self.lock:
            self.inside -= 1
            super().hear(frame, **more)


def gateway(line, ears):
    return Gateway("east", lambda: line, Senders, ears, SystemClock(), lambda: b"", threading.Event())


def test_what_came_together_is_kept_together_and_answered_in_its_order():
    journal = []
    line, ears = FakeLine(journal), Together(journal, 3)
    with listening(gateway(line, ears)):
        line.say(b"A1\nB1\nC1\n")
        until(lambda: "wrote ack C1;" in journal)
    assert [each for each in journal if "ack" in each] == ["wrote ack A1;", "wrote ack B1;", "wrote ack C1;"]
    assert ears.most == 3
    assert all(journal.index(f"kept {each}") < journal.index(f"wrote ack {each};") for each in ("A1", "B1", "C1"))


def full(line):
    """A line that fills a read: there is more behind it."""
    return line.ljust(READ_BYTES_MAX - 1, b".") + b"\n"


@pytest.fixture
def slow(monkeypatch):
    """However quickly a call is kept, it counts as slow."""
    monkeypatch.setattr("devices.gateway.SLOW_S", 0.0)


def test_what_waits_behind_a_full_read_is_kept_with_the_first(slow):
    journal = []
    line, ears = FakeLine(journal), Together(journal, 3)
    line.say(*(full(each) for each in (b"A1", b"B1", b"C1")))
    with listening(gateway(line, ears)):
        until(lambda: len(ears.kept) == 3)
    assert ears.most == 3


def test_a_call_is_kept_and_answered_though_the_line_is_lost_right_behind_it(slow):
    """A sender may end its half of a connection and still wait for the answer."""
    journal = []
    line, ears = FakeLine(journal), Ears(journal)
    line.say(full(b"A1"))
    east = gateway(line, ears)
    line.open = line.unplug
    with listening(east):
        until(lambda: "closed" in journal)
    heard = full(b"A1").decode().strip()
    assert journal[:3] == [f"kept {heard}", f"wrote ack {heard};", "closed"]


class Endless(FakeLine):
    """A button that is held, on a line that always has more of it."""

    def read(self, timeout_s):
        self.reads += 1
        return full(b"one-way A%d" % self.reads)


class Noting(Ears):
    """Notes how often the line was read before the first call was kept."""

    line, reads = None, 0

    def hear(self, frame, **more):
        self.reads = self.reads or self.line.reads
        super().hear(frame, **more)


def test_a_line_that_never_ends_keeps_no_call_from_being_kept(slow):
    ears = Noting()
    ears.line = Endless()
    with listening(gateway(ears.line, ears)):
        until(lambda: ears.kept)
    assert ears.reads == 1 + BESIDE_MAX


class Timed(Ears):
    """Takes as many seconds for each call as it is told; notes how often the line had been read when it began."""

    def __init__(self, line, clock, *lasts_s):
        super().__init__()
        self.line, self.clock, self.lasts_s, self.reads = line, clock, list(lasts_s), []

    def hear(self, frame, **more):
        if self.lasts_s:
            self.reads.append(self.line.reads)
            self.clock.advance(self.lasts_s.pop(0))
        super().hear(frame, **more)


def test_while_a_call_is_being_kept_its_copies_wait_in_the_kernel_unless_the_last_was_kept_slowly():
    """What was read is gone with a service that is killed, and nobody repeats a press that it heard."""
    clock, line = HandClock(), Endless()
    ears = Timed(line, clock, 0.0, SLOW_S / 2, SLOW_S * 2, 0.0)
    with listening(Gateway("east", lambda: line, Senders, ears, clock, lambda: b"", threading.Event())):
        until(lambda: not ears.lasts_s)
    assert ears.reads == [1, 2, 3, 3 + 1 + BESIDE_MAX]


def frames(*lines):
    decoder = Senders()
    found = decoder.feed("".join(f"{line}\n" for line in lines).encode())
    return [Waiting(frame, number=number, line=1, at_s=0.0) for number, frame in enumerate(found)]


@pytest.fixture
def ahead():
    ahead = Ahead("east")
    yield ahead
    ahead.close()


def begun_with(ahead, waiting):
    begun, done = [], threading.Semaphore(0)

    def hear(each):
        begun.append(each.frame.raw.decode())
        done.release()
        return each.number

    ahead.begin(waiting, hear)
    for _ in range(len(ahead._begun)):
        assert done.acquire(timeout=PATIENCE_S)
    return sorted(begun)


def test_only_calls_for_help_are_and_only_the_first_of_each_sender(ahead):
    assert begun_with(ahead, frames("A1", "A2", "low", "B1")) == ["A1", "B1"]


def test_one_alone_waits_for_nobody_and_needs_no_other_thread(ahead):
    assert begun_with(ahead, frames("A1", "A2", "low")) == []
    assert ahead._pool is None


def test_no_more_than_so_many_at_once(ahead):
    assert len(begun_with(ahead, frames(*(f"{chr(65 + n)}1" for n in range(BESIDE_MAX + 3))))) == BESIDE_MAX


def test_one_that_had_its_try_is_not_begun_again_beside_others(ahead):
    waiting = frames("A1", "B1", "C1")
    waiting[0].tries = 1
    assert begun_with(ahead, waiting) == ["B1", "C1"]


def test_a_failure_while_nobody_waited_is_tried_again_and_one_while_somebody_waits_is_told(ahead):
    first, second = frames("A1", "B1")
    release = threading.Event()

    def fail(each):
        if each is second:
            release.wait(PATIENCE_S)
        raise ConnectionError("the database is down")

    ahead.begin([first, second], fail)
    until(ahead._begun[first.number].done)
    assert ahead.heard(first, lambda each: "kept") == "kept"
    threading.Timer(0.01, release.set).start()
    with pytest.raises(ConnectionError):
        ahead.heard(second, lambda each: "kept")


def test_what_was_begun_and_has_left_the_backlog_stands_in_nobodys_way(ahead):
    assert begun_with(ahead, frames("A1", "B1")) == ["A1", "B1"]
    later = [replace(each, number=each.number + 10) for each in frames("C1", "D1")]
    assert begun_with(ahead, later) == ["C1", "D1"]


def test_where_the_machine_has_no_threads_left_each_is_heard_in_its_turn(ahead, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    heard, waiting = [], frames("A1", "B1")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    ahead.begin(waiting, heard.append)
    monkeypatch.undo()
    assert [ahead.heard(each, lambda each: each.number) for each in waiting] == [0, 1]
    assert heard == []
