"""
`kill -9` at random moments under a stream of presses.

The moments are drawn from a seed. They fall anywhere: while the service starts, while it hears, keeps, sends. What the
service acknowledged and what waited in the line's buffer must be there afterwards, once; nothing may be sent twice but
what the outbox itself calls unknown.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.e2e.rig import Rig, account_of, district, phone_of, rest, rflink_of, sent_more_than_once, until
from tests.fakes.twilio_standin import TwilioStandin

CARERS = 30


class Presses(threading.Thread):
    """One resident after another presses: on the radio (one way), and at the receiver until it has its answer."""

    def __init__(self, rig: Rig, homes: int, pause_s: float) -> None:
        super().__init__(daemon=True)
        self._rig = rig
        self._homes = homes
        self._pause_s = pause_s
        self.ending = threading.Event()
        self.on_radio: list[int] = []
        self.answered: list[int] = []
        self._receiver = threading.Thread(target=self._at_the_receiver, daemon=True)

    def run(self) -> None:
        """Odd homes press their pendant; even ones are reported by the receiver beside it."""
        self._receiver.start()
        for home in range(1, self._homes + 1, 2):
            if self.ending.wait(self._pause_s):
                break
            self._rig.radio.press(rflink_of(home))
            self.on_radio.append(home)
        self._receiver.join()

    def _at_the_receiver(self) -> None:
        for home in range(2, self._homes + 1, 2):
            # A receiver goes on with the next message only when this one was answered.
            while not self.ending.is_set() and not self._rig.receiver.press(account_of(home)):
                pass
            if self.ending.wait(self._pause_s):
                return
            self.answered.append(home)


def assert_nothing_is_lost_under(kills: int, seed: int, folder, *, pause_s: float) -> None:
    moments = random.Random(seed)
    homes = min(2 * CARERS + 4 * kills, 150)
    loaded = district(homes=homes, carers=[phone_of(number) for number in range(1, CARERS + 1)])
    with TwilioStandin() as twilio, Rig(folder, district=loaded, twilio=twilio, receiver=True) as rig:
        rig.start()
        presses = Presses(rig, homes, pause_s)
        presses.start()
        for _ in range(kills):
            rest(moments.uniform(0.05, 2.5))
            rig.kill()
            rest(moments.choice([0.0, 0.0, 0.5]))
            rig.start(ready=moments.random() < 0.7)
        until("the service answers", rig.is_ready)
        presses.ending.set()
        presses.join(60)
        assert not presses.is_alive()
        _settled(rig)
        _assert_kept(rig, presses)
        assert rig.rows("SELECT subject FROM alarms WHERE state <> 'closed' GROUP BY subject HAVING count(*) > 1") == []
        for count, outcomes in sent_more_than_once(rig, twilio).values():
            doubtful = sum(outcome in {"unknown", "confirmed"} for outcome in outcomes)
            assert doubtful >= count - 1, f"sent {count} times with {outcomes}"
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


def _settled(rig: Rig) -> None:
    """What waited in the lines has been heard; what was due has been sent, if it ever comes to an end."""
    frames, quiet = -1.0, 0
    for _ in range(40):
        before, frames = frames, sum(rig.metric("gateway_frames", name) or 0 for name in ("radio", "receiver"))
        quiet = quiet + 1 if frames == before else 0
        if quiet >= 2 and (rig.metric("messages_waiting") == 0 or quiet >= 15):
            return
        rest(1.0)
    raise AssertionError("the lines do not come to rest")


def _assert_kept(rig: Rig, presses: Presses) -> None:
    heard: dict[str, list[str]] = {}
    for row in rig.rows("SELECT address, alarm_id FROM signals WHERE cause IS NOT NULL"):
        heard.setdefault(row["address"].upper(), []).append(row["alarm_id"])
    assert len(presses.on_radio) > 5
    assert len(presses.answered) > 3
    lost = [home for home in presses.on_radio if rflink_of(home).upper() not in heard]
    assert lost == [], "a press on the radio was lost"
    unkept = [home for home in presses.answered if f"{account_of(home)}:000" not in heard]
    assert unkept == [], "an acknowledged message was lost"
    for home in presses.answered:
        assert len(heard[f"{account_of(home)}:000"]) == 1, "a repetition counted as a press of its own"
    for address, alarms in heard.items():
        assert len(set(alarms)) == 1, f"{address} has several alarms"


HOLDER = """
import sys
from pathlib import Path
from tests.fakes.foreign_lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[None]:
    """By a process of its own: closing a file lets go of all locks that the same process has on it."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


@pytest.mark.drill
def test_killed_between_reading_and_keeping_a_press_is_heard_from_its_other_copies(tmp_path):
    """All copies wait on the line, and whoever reads the first is killed while the database is held by somebody."""
    with (
        TwilioStandin() as twilio,
        Rig(tmp_path, district=district(homes=9, carers=[phone_of(1)]), twilio=twilio) as rig,
    ):
        rig.start()
        for home in range(1, 10):
            before = rig.metric("gateway_frames", "radio")
            os.kill(rig.process.pid, signal.SIGSTOP)
            rig.radio.press(rflink_of(home))
            with held_elsewhere(rig.folder / "anling.db"):
                os.kill(rig.process.pid, signal.SIGCONT)
                until("a copy was read", lambda before=before: rig.metric("gateway_frames", "radio") > before)
                rig.kill()
            assert rig.rows("SELECT id FROM signals WHERE address = :address", address=rflink_of(home)) == []
            rig.start()
            rig.raised(f"H{home}")


def test_nothing_is_lost_or_doubled_by_five_kills_at_random_moments(tmp_path):
    assert_nothing_is_lost_under(5, 20261121, tmp_path, pause_s=0.15)


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_doubled_by_sixty_kills(tmp_path, seed):
    assert_nothing_is_lost_under(60, seed, tmp_path, pause_s=2.0)
