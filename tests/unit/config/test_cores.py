"""Which core the service holds to, when it moves and when it lets go; and that nothing is left held."""

import json
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from config import cores as subject
from config import serve, serving
from config.cores import OneCore, choose, taken_by_others
from config.cores_system import Machine, read_idle
from config.settings import load_settings
from tests.architecture.tree import ROOT
from tests.fakes.clock import HandClock

STAT = """cpu  30 10 20 900 5 3 2 6 0 0
cpu0 10 5 15 300 1 1 1 2 0 0
cpu7 20 5 5 600 4 2 1 4 0 0
intr 1 2 3
ctxt 99
"""


class FakeMachine:
    """A machine whose cores are filled by hand: `busy` says what each takes of a second, `own` what of it is ours."""

    def __init__(self, cores=(0, 1, 2)):
        self.cores = frozenset(cores)
        self.seconds = dict.fromkeys(cores, 100.0)
        self.own = 0.0
        self.placed = {}
        self.children = {}
        self.refusal = None

    def passes(self, clock, busy, own=0.0):
        clock.advance(1.0)
        self.own += own
        for core, share in busy.items():
            self.seconds[core] += 1.0 - share

    def allowed(self):
        return self.cores

    def idle(self):
        if self.refusal is not None:
            raise self.refusal
        return dict(self.seconds)

    def own_s(self):
        return self.own

    def place(self, thread, cores):
        if self.refusal is not None:
            raise self.refusal
        (self.children if thread in self.children else self.placed)[thread] = frozenset(cores)

    def begun_by_us(self):
        return list(self.children)

    def is_held(self, thread, core):
        return self.children[thread] == {core}


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def machine():
    return FakeMachine()


@pytest.fixture
def cores(clock, machine):
    held = OneCore(clock, machine)
    held.look()
    return held


@pytest.fixture
def second(cores, clock, machine):
    """One second in which the cores were so busy, and the look behind it."""

    def passes(*busy, own=0.0):
        machine.passes(clock, dict(enumerate(busy)), own)
        cores.look()

    return passes


def me():
    return threading.get_native_id()


@pytest.mark.parametrize(
    ("held", "filled", "chosen"),
    [
        (None, {0: 0.3, 1: 0.1, 2: 0.2}, 1),
        (None, {0: 0.1, 1: 0.1}, 0),
        (0, {0: 0.25, 1: 0.1}, 0),
        (0, {0: 0.31, 1: 0.1}, 1),
        (0, {0: 0.6, 1: 0.45}, 1),
        (0, {0: 0.5, 1: 0.5}, None),
        (None, {0: 0.9, 1: 0.7}, None),
        (5, {0: 0.1, 1: 0.0}, 1),
    ],
    ids=["freest", "a tie", "stays", "much freer", "too full", "all full", "none free", "taken away"],
)
def test_the_core_is_chosen_by_what_others_take(held, filled, chosen):
    assert choose(held, filled) == chosen


def test_idle_is_what_a_core_had_nothing_to_do_or_waited_for_disks():
    per_s = os.sysconf("SC_CLK_TCK")
    assert read_idle(STAT) == {0: 301 / per_s, 7: 604 / per_s}
    assert read_idle("cpu 1 2 3 4\ncpu0 1 2 3 4\n") == {0: 4 / per_s}


def test_what_is_neither_idle_nor_ours_is_taken_by_others():
    filled = taken_by_others({0: 10.0, 1: 5.0}, {0: 10.2, 1: 6.5, 2: 9.0}, {0: 1.5}, 2.0)
    assert filled == pytest.approx({0: 0.15, 1: 0.25})


def test_a_core_that_stands_still_is_taken():
    assert taken_by_others({0: 10.0}, {0: 10.0}, {0: 0.0}, 1.0) == {0: 1.0}


def test_all_threads_go_to_the_freest_core_and_one_that_looks_stays_free(cores, second, machine):
    stop = threading.Event()
    free = [threading.Thread(target=stop.wait, name=name) for name in ("hasher_0", "cores")]
    for thread in free:
        thread.start()
    second(0.4, 0.1, 0.3)
    stop.set()
    for thread in free:
        thread.join()
    assert cores.held == 1
    assert machine.placed[me()] == {1}
    assert [machine.placed[thread.native_id] for thread in free] == [machine.cores, machine.cores]


def test_a_core_that_only_we_fill_is_kept(cores, second):
    second(0.0, 0.1, 0.1)
    second(0.95, 0.0, 0.0, own=0.9)
    assert cores.held == 0


def test_a_core_that_others_fill_is_left(cores, second, machine):
    second(0.0, 0.1, 0.1)
    second(1.0, 0.3, 0.1, own=0.5)
    assert cores.held == 2
    assert machine.placed[me()] == {2}


def test_where_all_are_full_nothing_is_held_until_one_is_free_again(cores, second, machine):
    second(0.1, 0.2, 0.2)
    second(1.0, 0.8, 0.9, own=0.2)
    assert cores.held is None
    assert machine.placed[me()] == machine.cores
    second(0.9, 0.9, 0.4, own=0.6)
    assert cores.held == 2


def test_processes_that_we_began_are_let_go_but_not_those_with_a_core_of_their_own(second, machine):
    second(0.1, 0.2, 0.2)
    machine.children = {9001: frozenset({0}), 9002: frozenset({1}), 9003: machine.cores}
    second(0.1, 0.2, 0.2)
    assert machine.children == {9001: machine.cores, 9002: {1}, 9003: machine.cores}


def test_cores_that_are_not_ours_are_not_chosen(clock, machine):
    machine.cores = frozenset({1, 2})
    cores = OneCore(clock, machine)
    cores.look()
    machine.passes(clock, {0: 0.0, 1: 0.3, 2: 0.2})
    cores.look()
    assert cores.held == 2


def test_a_core_that_stands_still_is_left_though_nobody_works_there(cores, second):
    second(0.0, 0.1, 0.1)
    second(1.0, 0.1, 0.1, own=0.0)
    assert cores.held == 1


def test_a_clock_that_stands_still_changes_nothing(cores, machine):
    cores.look()
    assert cores.held is None
    assert machine.placed == {}


@pytest.mark.parametrize(
    "refusal", [PermissionError("no"), FileNotFoundError("/proc/stat"), ValueError("odd"), IndexError("short")]
)
def test_a_system_that_does_not_let_us_is_left_alone(clock, machine, refusal):
    machine.refusal = refusal
    cores = OneCore(clock, machine)
    cores.start()
    cores.stop()
    assert cores._thread is None


def test_a_machine_without_threads_left_goes_on_without(clock, machine, monkeypatch):
    def refused(_):
        raise RuntimeError("can't start new thread")

    cores = OneCore(clock, machine)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refused)
        cores.start()
    cores.stop()
    assert cores.held is None


def test_a_machine_with_one_core_is_left_alone(clock):
    cores = OneCore(clock, FakeMachine((3,)))
    cores.start()
    cores.stop()
    assert cores._thread is None


@pytest.mark.parametrize("refusal", [PermissionError("taken away"), ValueError("odd"), KeyError(3)])
def test_what_fails_later_ends_the_choosing_and_not_the_service(clock, machine, refusal, monkeypatch):
    monkeypatch.setattr(subject, "LOOK_S", 0.001)
    complaints = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    cores = OneCore(clock, machine)
    cores.start()
    machine.refusal = refusal
    cores._thread.join(60)
    assert not cores._thread.is_alive()
    assert complaints == []
    cores.stop()


SCRIPT = """
import json, os, subprocess, sys, threading
from config import cores
from dispatch.clock import SystemClock
cores.LOOK_S, cores.FULL, cores.GAIN = 0.05, 2.0, 2.0
everywhere = os.sched_getaffinity(0)
threading.Thread(target=threading.Event().wait, daemon=True).start()
held = cores.OneCore(SystemClock())
held.start()
pause = threading.Event()
def until(true):
    for _ in range(1200):
        if true():
            return True
        pause.wait(0.05)
    return False
def of(threads):
    return [sorted(os.sched_getaffinity(one.native_id)) for one in threads]
mine = [one for one in threading.enumerate() if one.name != "cores"]
looks = [one for one in threading.enumerate() if one.name == "cores"]
said = {"held": until(lambda: held.held is not None and of(mine) == [[held.held]] * 2)}
said["looks"] = of(looks) == [sorted(everywhere)]
child = subprocess.Popen(["sleep", "60"])
said["child"] = until(lambda: os.sched_getaffinity(child.pid) == everywhere)
child.kill(); child.wait()
held.stop()
said["after"] = of(mine) == [sorted(everywhere)] * 2
said["cores"] = len(everywhere)
print(json.dumps(said))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are chosen on Linux alone")
def test_a_real_process_is_held_its_children_are_not_and_in_the_end_nothing_is():
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    if said.pop("cores") < 2:
        pytest.skip("this machine has one core")
    assert said == {"held": True, "looks": True, "child": True, "after": True}


def test_a_thread_that_has_ended_is_neither_held_nor_missed():
    machine, gone = Machine(), threading.Thread(target=lambda: None)
    gone.start()
    gone.join()
    machine.place(gone.native_id, machine.allowed())
    assert machine.is_held(gone.native_id, 0) is False


def test_every_core_that_we_may_use_tells_how_long_it_was_idle():
    machine = Machine()
    assert machine.allowed() <= set(machine.idle())
    assert all(seconds >= 0 for seconds in machine.idle().values())
    assert machine.own_s() > 0


@pytest.mark.parametrize(("url", "holds"), [("sqlite:///x.db", ["held"]), ("postgresql+psycopg://host/x", [])])
def test_a_service_holds_to_one_core_while_it_serves_from_one_file(tmp_path, monkeypatch, url, holds):
    (tmp_path / "anling.toml").write_text(f'database_url = "{url}"\n', encoding="utf-8")
    done, told = [], SimpleNamespace(wait=lambda _: True, begin_anew=None, anew=False)
    monkeypatch.setattr(serving, "Serving", lambda *_, **__: Recorded(done, start="serves", stop="serves no more"))
    monkeypatch.setattr(serve, "OneCore", lambda _: Recorded(done, start="held", stop="let go"))
    serve._serve(load_settings(tmp_path / "anling.toml", environ={}), frozenset(), None, told, None)
    assert done == ["serves", *holds, "serves no more", "let go"]


class Recorded:
    """Writes down when it is started and stopped."""

    house = SimpleNamespace(stuck_s=lambda: 0.0, status=lambda: "")

    def __init__(self, done, *, start, stop):
        self.start = lambda *_: done.append(start)
        self.stop = lambda: done.append(stop)
