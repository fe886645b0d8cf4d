"""Signs of life: nobody outside is told that all is well unless it is, and a canary that falls silent is missed."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from config.canary import DIALECTS, frames_in
from config.keeper import Keeper, notify
from config.options import GatewaySettings
from config.wiring_lifeline import called
from dispatch.lifeline import CANARY, DEADMAN, Canary, Lifeline
from dispatch.rules.people import operator
from dispatch.store.proofs import reconcile
from dispatch.web.alive import AlivePage
from tests.builders import build_world
from tests.fakes.hook_catcher import LoopbackServer

BY = operator("o1")


class Door:
    """A gateway whose thread does what it is given when `run` is called."""

    name = "hall"

    def __init__(self) -> None:
        self.songs = []

    def sing(self, song):
        self.songs.append(song)

    def run(self):
        while self.songs:
            self.songs.pop(0)()


class Rig:
    def __init__(self, folder, *, call=None, every=timedelta(minutes=15)):
        self.world = build_world(folder)
        self.door, self.wrong, self.paged, self.frames, self.connected = Door(), {}, [], 1, True
        self.lifeline = Lifeline(
            self.world.transactions, self.world.reading, self.world.clock, hindrances=lambda: self.wrong, call=call,
            canaries=lambda: [Canary(door=self.door, read=lambda: self.frames, connected=lambda: self.connected)],
            every=every, page=lambda why, what: self.paged.append((why, what)), nudge=lambda: None,
        )  # fmt: skip

    def proof(self, name):
        return {each.name: each for each in self.lifeline.proofs()}.get(name)

    def pass_(self, seconds):
        self.world.clock.advance(seconds)
        self.lifeline.check_canaries()


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


# ------------------------------------------------------------------------------------------------ calling outside


@pytest.mark.parametrize("wrong", ["ticks", "commits", "overdue", "gateways", "consoles"])
def test_nobody_is_called_while_anything_is_wrong(tmp_path, wrong):
    calls = []
    rig = Rig(tmp_path, call=lambda: calls.append(1) or "")
    rig.lifeline.check_call()
    assert (len(calls), rig.proof(DEADMAN).proven_at) == (1, rig.world.clock.now())
    rig.wrong = {wrong: True}
    rig.world.clock.advance(60)
    rig.lifeline.check_call()
    proof = rig.proof(DEADMAN)
    assert (len(calls), proof.detail) == (1, wrong)
    assert proof.tried_at - proof.proven_at == timedelta(seconds=60)
    rig.world.close()


def test_whoever_does_not_answer_is_no_proof(tmp_path):
    rig = Rig(tmp_path, call=lambda: "answered 500")
    rig.lifeline.check_call()
    assert (rig.proof(DEADMAN).proven_at, rig.proof(DEADMAN).detail) == (None, "answered 500")
    rig.world.close()


def test_nothing_is_kept_where_nobody_is_to_be_called(rig):
    rig.lifeline.check_call()
    assert rig.proof(DEADMAN) is None


def test_a_call_goes_out_and_only_a_good_answer_counts():
    asked, status = [], [200]

    class Somebody(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status[0])
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    server = LoopbackServer(("127.0.0.1", 0), Somebody)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/ping/abc?x=1"
    assert called(url) == ""
    status[0] = 302
    assert called(url) == "answered 302"
    assert asked == ["/ping/abc?x=1"] * 2
    server.shutdown()
    server.server_close()
    thread.join()
    assert called(url).startswith("no answer")


# ------------------------------------------------------------------------------------------------ canaries


def test_a_canary_goes_every_quarter_of_an_hour_and_is_proven_by_the_gateways_own_thread(rig):
    rig.pass_(30)
    assert rig.door.songs == []
    rig.pass_(40)
    assert rig.proof(CANARY + "hall") is None
    rig.door.run()
    assert rig.proof(CANARY + "hall").proven_at == rig.world.clock.now()
    rig.pass_(14 * 60)
    assert rig.door.songs == []
    rig.pass_(60)
    assert len(rig.door.songs) == 1


@pytest.mark.parametrize(("frames", "runs", "connected", "paged"), [
    (0, True, True, [("canary_missed", "hall")]),
    (1, False, True, [("canary_missed", "hall")]),
    (1, False, False, []),
])  # fmt: skip
def test_one_that_does_not_arrive_is_missed_and_told_once(rig, frames, runs, connected, paged):
    rig.frames, rig.connected = frames, connected
    for _ in range(3):
        rig.pass_(15 * 60)
        if runs:
            rig.door.run()
        rig.pass_(30)
    assert rig.proof(CANARY + "hall").proven_at is None
    assert rig.paged == paged


def test_it_is_told_again_after_it_has_worked(rig):
    def round_(*, works):
        rig.pass_(15 * 60)
        rig.door.songs.clear() if not works else rig.door.run()
        rig.pass_(30)

    for works in (False, True, False):
        round_(works=works)
    assert rig.paged == [("canary_missed", "hall")] * 2


def test_no_canary_of_its_own_accord_where_none_is_wanted_but_by_hand(tmp_path):
    rig = Rig(tmp_path, every=None)
    rig.pass_(86_400)
    assert rig.door.songs == []
    assert rig.lifeline.sing_all(by=BY) == 1
    rig.door.run()
    assert rig.proof(CANARY + "hall").proven_at is not None
    rig.world.close()


@pytest.mark.parametrize("protocol", sorted(DIALECTS))
def test_the_bytes_of_every_protocol_become_a_frame(protocol):
    assert frames_in(GatewaySettings(name="g", protocol=protocol, port="/dev/x")) > 0


# ------------------------------------------------------------------------------------------------ after a restore


def test_the_duty_numbers_are_told_of_a_restore_once_and_a_human_ends_it(rig):
    made = rig.world.transactions.run(lambda tx: reconcile(tx, made_at=tx.now, entries=7, head="h", lost=()))
    rig.lifeline.tell_restorations()
    rig.lifeline.tell_restorations()
    assert [why for why, _ in rig.paged] == ["restored"]
    assert rig.lifeline.look_through(made.id, by=BY)
    assert not rig.lifeline.look_through(made.id, by=BY)
    assert rig.lifeline.restorations() == []


# ------------------------------------------------------------------------------------------------ systemd


def test_the_watchdog_is_fed_by_progress_alone():
    told, stuck, status = [], [0.0], ["安铃：网关 1/1"]
    keeper = Keeper(30.0, stuck_s=lambda: stuck[0], status=lambda: status[0], tell=told.append)
    assert keeper.every_s == 10.0
    keeper.turn()
    keeper.turn()
    assert told == ["WATCHDOG=1\nSTATUS=安铃：网关 1/1", "WATCHDOG=1"]


@pytest.mark.error_lines("no_progress")
def test_a_service_that_stands_still_is_not_fed():
    told, stuck = [], [16.0]
    keeper = Keeper(30.0, stuck_s=lambda: stuck[0], status=lambda: "", tell=told.append)
    keeper.turn()
    keeper.turn()
    assert told == []
    stuck[0] = 1.0
    keeper.turn()
    assert told == ["WATCHDOG=1"]


def test_without_systemd_nobody_is_told():
    told = []
    keeper = Keeper(None, stuck_s=lambda: 0.0, status=lambda: "", tell=told.append)
    keeper.turn()
    assert (keeper.every_s, told) == (None, [])


def test_chinese_reaches_systemd_as_utf8(tmp_path, monkeypatch):
    import socket

    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notify("WATCHDOG=1\nSTATUS=网关在线")
        assert systemd.recv(200).decode() == "WATCHDOG=1\nSTATUS=网关在线"
    notify("WATCHDOG=1")


@pytest.mark.parametrize(("usec", "pid", "limit"), [("30000000", "", 30.0), ("x", "", None), ("30000000", "1", None)])
def test_systemds_patience_is_read(monkeypatch, usec, pid, limit):
    from config.settings import systemd_watchdog_s

    monkeypatch.setenv("NOTIFY_SOCKET", "/run/none")
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert systemd_watchdog_s() == limit


@pytest.mark.parametrize(("numbers", "says"), [(0, "no duty telephone: pages reach nobody"), (1, None)])
def test_the_board_says_that_there_is_no_number_to_tell(rig, numbers, says):
    page = AlivePage(
        rig.lifeline, clock=rig.world.clock, beat_s=lambda: 0.0, consoles=list, backup=lambda: None,
        canary_every=None, paged=numbers,
    )  # fmt: skip
    assert [(each.text, each.fault, each.path) for each in page.notes()] == ([(says, True, "/alive")] if says else [])
    row = next(each for each in page.rows() if each.name == "Telephones of the people on watch")
    assert (row.well, bool(row.cure)) == ((False, True) if says else (None, False))
