"""
The siren, with real processes: a service, `anling siren` beside it, and a relay on a pseudo-terminal.

In the suite its figures are a tenth of the real ones; `make drill` tries those, which promise noise within 60 s.
"""

import contextlib
import json
import os
import pty
import resource
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tty

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rest, rflink_of, until
from tests.fakes.modem import FakeModem
from tests.fakes.twilio_standin import TwilioStandin
from tests.need import need

ON, OFF = bytes.fromhex("a00101a2"), bytes.fromhex("a00100a1")
QUICK = {"stale_s": 5.0, "untaken_s": 2.0, "every_s": 0.2}
REAL = {"stale_s": 30.0, "untaken_s": 20.0, "every_s": 2.0}
PROMISED_S = 60.0


class Ear:
    """The relay: a pseudo-terminal that keeps what was written to it, with the steady time of each piece."""

    def __init__(self, folder):
        self._ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.path = folder / "relay"
        self.path.symlink_to(os.ttyname(theirs))
        self._theirs = theirs
        self.heard = b""
        self.at_s = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while not self._stopping.is_set():
            if select.select([self._ours], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.heard += os.read(self._ours, 1024)
                    self.at_s.append(time.monotonic())

    def close(self):
        self._stopping.set()
        self._thread.join()
        os.close(self._ours)
        os.close(self._theirs)


class Watched:
    """A service and its siren."""

    def __init__(self, folder, figures, *, provider=None, more="", siren=""):
        self.ear = Ear(folder)
        table = "\n".join(f"{key} = {value}" for key, value in figures.items())
        self.figures = figures
        self.rig = Rig(
            folder / "home", district=district(carers=[phone_of(1)]), twilio=provider,
            escalation=policy("offer_nearest 60", "all_hands 120"),
            more=f'[siren]\nrelay = "{self.ear.path}"\n{table}\n{siren}\n{more}',
        )  # fmt: skip
        self.siren = None

    def start(self):
        self.rig.start()
        # The engine's first beat, so that what follows is counted from a service that was seen alive.
        until("the engine beats", (self.rig.folder / "engine.beat").exists)
        return self.listen()

    def listen(self):
        self.siren = self.rig.spawn("siren", log="siren")
        until("the siren beats", (self.rig.folder / "siren.beat").exists)
        return self

    def spoil(self, lines):
        """Writes into the siren's settings what the service would refuse."""
        written = self.rig.config.read_text(encoding="utf-8")
        self.rig.config.write_text(written.replace("[siren]", f"[siren]\n{lines}"), encoding="utf-8")

    def said(self):
        """What it has logged; the last line may be on its way."""
        whole, _, _ = (self.rig.folder / "siren.out").read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(each) for each in whole.splitlines()]

    def sounds_for(self):
        return json.loads((self.rig.folder / "siren.beat").read_text(encoding="utf-8"))["reasons"]

    def close(self):
        if self.siren is not None:
            self.siren.kill()
            self.siren.wait()
        self.rig.__exit__()
        self.ear.close()


@pytest.fixture
def made(tmp_path):
    with contextlib.ExitStack() as stack:

        def make(figures=QUICK, **more):
            watched = Watched(tmp_path, figures, **more)
            stack.callback(watched.close)
            return watched

        yield make


def heard_within(watched, since_s, limit_s, *reasons):
    """The relay was switched on in time, and for one of these."""
    assert not watched.ear.at_s or watched.ear.at_s[0] >= since_s, "it sounded before anything was wrong"
    until("the relay is switched on", lambda: ON in watched.ear.heard, limit_s)
    took_s = watched.ear.at_s[0] - since_s
    assert took_s <= limit_s
    until("the siren says why", lambda: set(reasons) & set(watched.sounds_for()))
    return took_s


# ------------------------------------------------------------------------------------------------ what it must notice


def stop_the_engine(made, figures, limit_s):
    watched = made(figures).start()
    began = time.monotonic()
    watched.rig.process.send_signal(signal.SIGSTOP)
    try:
        return watched, heard_within(watched, began, limit_s, "engine_silent")
    finally:
        watched.rig.process.send_signal(signal.SIGCONT)


def lock_the_database(made, figures, limit_s):
    watched = made(figures).start()
    holder = sqlite3.connect(watched.rig.folder / "anling.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        # A try to commit takes 5 s, so that to a siren less patient than that the engine is silent.
        return watched, heard_within(watched, began, limit_s, "database_not_writable", "engine_silent")
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def forbid_writing(made, figures, limit_s):
    """As on a full disk: no file may grow any more, the beat's not either."""
    watched = made(figures).start()
    began = time.monotonic()
    resource.prlimit(watched.rig.process.pid, resource.RLIMIT_FSIZE, (0, -1))
    return watched, heard_within(watched, began, limit_s, "database_not_writable", "engine_silent")


def make_read_only(made, figures, limit_s):
    watched = made(figures).start()
    files = [str(watched.rig.folder / name) for name in ("anling.db", "anling.db-wal")]
    protected = subprocess.run(["chattr", "+i", *files], check=False, capture_output=True)
    try:
        need(protected.returncode == 0, "files cannot be made immutable here: it takes root and ext4")
        began = time.monotonic()
        return watched, heard_within(watched, began, limit_s, "database_not_writable")
    finally:
        subprocess.run(["chattr", "-i", *files], check=False, capture_output=True)


def cut_the_network(made, figures, limit_s):
    """Nobody listens where the provider should be."""
    with TwilioStandin() as standin:
        watched = made(figures, provider=standin)
    # Not before: a connection that is open already would outlive the one who listens.
    watched.start()
    began = time.monotonic()
    watched.rig.radio.press(rflink_of(1))
    return watched, heard_within(watched, began, limit_s, "message_not_taken")


@pytest.mark.parametrize(
    "break_it", [lock_the_database, forbid_writing, cut_the_network], ids=lambda each: each.__name__
)
def test_the_relay_is_switched_on_when(made, break_it):
    watched, _ = break_it(made, QUICK, PROMISED_S / 2)
    assert watched.ear.heard.startswith(ON)


@pytest.mark.drill
@pytest.mark.parametrize(
    "break_it",
    [stop_the_engine, lock_the_database, forbid_writing, make_read_only, cut_the_network],
    ids=lambda each: each.__name__,
)
def test_with_its_real_figures_it_is_heard_within_a_minute_when(made, break_it, capsys):
    _, took_s = break_it(made, REAL, PROMISED_S)
    with capsys.disabled():
        print(f"\n{break_it.__name__}: heard after {took_s:.1f} s")


def test_a_stopped_engine_is_heard_and_it_rests_when_the_engine_goes_on(made):
    watched, _ = stop_the_engine(made, QUICK, PROMISED_S / 2)
    until("the relay is switched off", lambda: watched.ear.heard.endswith(OFF))
    rests = ["siren_sounds", "siren_rests"]
    until("it says so", lambda: [each["event"] for each in watched.said()][-2:] == rests)


def test_a_normal_restart_is_passed_over(made):
    """With the real figure: what a restart takes does not shrink with the others."""
    watched = made({**REAL, "every_s": 0.2}).start()
    beat = watched.rig.folder / "engine.beat"
    before = beat.stat().st_mtime_ns
    watched.rig.stop()
    watched.rig.start()
    until("the engine beats again", lambda: beat.stat().st_mtime_ns > before)
    rest(1.0)
    assert watched.ear.heard == b""
    assert [each["event"] for each in watched.said()] == ["siren_ready"]


# ------------------------------------------------------------------------------------------------ the siren itself


def test_wrong_settings_are_a_reason_to_sound_and_none_to_be_silent(made):
    watched = made()
    watched.spoil('relay_of = "00"\nnumbers = ["12"]')
    watched.siren = watched.rig.spawn("siren", log="siren")
    until("the relay is switched on", lambda: ON in watched.ear.heard)
    assert "siren_misconfigured" in watched.sounds_for()
    told = " ".join(each["what"] for each in watched.said() if each["event"] == "siren_misconfigured")
    assert "siren.relay_of" in told
    assert "siren.numbers" in told


def test_without_a_settings_file_that_can_be_read_it_still_runs_and_says_so(tmp_path):
    broken = tmp_path / "anling.toml"
    broken.write_text("[siren\n", encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), "ANLING_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "dispatch.horn", "--config", str(broken)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as siren:
        try:
            until("the siren beats", (tmp_path / "siren.beat").exists)
            beat = json.loads((tmp_path / "siren.beat").read_text(encoding="utf-8"))
        finally:
            siren.kill()
    assert beat["reasons"] == ["siren_misconfigured"]
    assert any("cannot be read" in each for each in beat["mistakes"])


def test_a_relay_that_is_unplugged_is_told_and_the_modem_calls_instead(made, tmp_path):
    with FakeModem(tmp_path) as modem:
        watched = made(siren=f'modem = "{modem.path}"\nnumbers = ["+8613800000009"]')
        watched.ear.path.unlink()
        watched.siren = watched.rig.spawn("siren", log="siren")
        until("the modem calls", lambda: any(each.startswith("ATD+8613800000009;") for each in modem.commands))
        assert modem.texts[0].to == "+8613800000009"
        assert "警笛" in modem.texts[0].text
        assert "relay" in json.loads((watched.rig.folder / "siren.beat").read_text(encoding="utf-8"))["faults"]


def test_quiet_lasts_ten_minutes_at_most_and_keeps_the_reason(made):
    watched = made()
    watched.spoil('relay_of = "00"')
    assert watched.rig.anling("siren", "--quiet", "11").returncode == 1
    assert watched.rig.anling("siren", "--quiet", "10").returncode == 0
    watched.listen()
    until("the siren has its reason", lambda: "siren_misconfigured" in watched.sounds_for())
    assert ON not in watched.ear.heard
    assert watched.rig.anling("siren", "--status").returncode == 1


def test_nothing_in_it_but_python_itself(tmp_path):
    """What the running siren has loaded, asked inside a process like it."""
    asked = (
        "import sys, json, runpy\n"
        "sys.argv = ['siren', '--status']\n"
        "try:\n    runpy.run_module('dispatch.horn', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    # Without site-packages: nothing that an environment brings along can be taken for the siren's own.
    found = subprocess.run(
        [sys.executable, "-S", "-c", asked], capture_output=True, text=True, cwd=tmp_path, check=True,
        env={"PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    loaded = json.loads(found.stdout.splitlines()[-1])
    foreign = {each.split(".")[0] for each in loaded} - set(sys.stdlib_module_names) - {"__main__", "dispatch"}
    assert foreign == set()
    rooms = {".".join(each.split(".")[:2]) for each in loaded if each.startswith("dispatch.")}
    assert rooms == {"dispatch.horn", "dispatch.clock", "dispatch.messages", "dispatch.store"}


def test_a_test_makes_every_noise_and_says_what_does_not_work(made):
    watched = made(siren='command = "false"')
    tried = watched.rig.anling("siren", "--test", "--json")
    assert watched.ear.heard.startswith(ON)
    assert watched.ear.heard.endswith(OFF)
    assert tried.returncode == 1
    assert json.loads(tried.stdout.splitlines()[-1])["outlets"] == {"relay": "", "command": "false ended with 1"}


def test_the_doctor_looks_at_the_siren_as_well(made):
    watched = made()

    def found():
        return {each["name"]: each["well"] for each in json.loads(watched.rig.anling("doctor", "--json").stdout)}

    assert found()["siren"] is False
    watched.listen()
    assert (found()["siren"], found()["siren relay"]) == (True, True)
    watched.ear.path.unlink()
    assert found()["siren relay"] is False
