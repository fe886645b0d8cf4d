"""Somebody sets the wall clock of the machine while an alarm waits. The steady clock goes on."""

import time
from pathlib import Path

import pytest

from tests.e2e.rig import FAKETIME, Rig, district, policy, rest, rflink_of, until
from tests.need import need

WAIT_S = 4
LATE_S = 20.0
"""What a busy machine may be late: far from the minutes by which the clock is set."""

STEPS = policy(f"offer_nearest {WAIT_S}", "offer_nearest 30", "all_hands 60")
PHONES = ["+8613800000001", "+8613800000002", "+8613800000003"]


SHARED = Path("/dev/shm")
"""Where libfaketime keeps a file and a semaphore for each process, which a process that is killed leaves behind."""


@pytest.fixture(autouse=True)
def _swept():
    before = set(SHARED.glob("*faketime_*"))
    yield
    for path in set(SHARED.glob("*faketime_*")) - before:
        if not Path("/proc", path.name.rpartition("_")[2]).exists():
            path.unlink(missing_ok=True)


class MovableClock:
    """A service whose wall clock is moved by writing a file; steady clocks are left alone."""

    def __init__(self, folder) -> None:
        need(FAKETIME.exists(), "libfaketime not found: apt install faketime")
        folder.mkdir(exist_ok=True)
        self._file = folder / "clock"
        self.move(0)
        self.environ = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            # Otherwise it makes good a fault that this C library does not have: every wait for the interpreter's lock
            # then ends at once, and each waiting thread goes round and round (4,000 calls a second in a start).
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def move(self, seconds: int) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n", encoding="ascii")
        fresh.replace(self._file)

    def rig(self, folder, **environ: str) -> Rig:
        """
        Without the program that looks ahead: waiting for it is a sleep up to a steady time, which libfaketime 0.9.10
        makes an invalid argument of when a busy machine is past that time already.
        """
        return Rig(
            folder, district=district(carers=PHONES), escalation=STEPS,
            environ=self.environ | environ, more="[coverage]\nahead_days = 0\n",
        )  # fmt: skip


def _boot_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _steps(rig: Rig) -> list[float]:
    """When each step was taken, on the steady clock."""
    return [row["steady_us"] / 1e6 for row in rig.entries("step_taken")]


@pytest.mark.parametrize("minutes", [pytest.param(10, marks=pytest.mark.drill), -10])
def test_the_next_step_keeps_its_steady_time_when_the_clock_is_set(tmp_path, minutes):
    clock = MovableClock(tmp_path)
    with clock.rig(tmp_path) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        until("the first step is taken", lambda: len(_steps(rig)) == 1)
        rest(1.0)
        clock.move(minutes * 60)
        moved_at = _boot_s()
        until("the second step is taken", lambda: len(_steps(rig)) == 2)
        first, second = _steps(rig)
        assert second <= first + WAIT_S + LATE_S, "later than its steady time"
        if minutes < 0:
            assert second >= first + WAIT_S - 0.5, "a clock set back made it early"
        jump = until("the record has the jump", lambda: rig.entries("clock_jumped"))[0]
        assert jump["facts"]["milliseconds"] == pytest.approx(minutes * 60_000, abs=500)
        assert jump["steady_us"] / 1e6 <= moved_at + LATE_S
        assert rig.alarm("H1")["state"] != "closed"
        assert rig.alarm("H1")["id"] == alarm["id"]
        rest(3.0)  # nearer than this it would be a repetition of the first
        rig.radio.press(rflink_of(1))
        until("a press is still heard", lambda: rig.alarm("H1")["press_count"] == 2)
        rig.stop()
        assert rig.surprises() == []
        assert rig.anling("record", "verify").returncode == 0


def test_a_clock_set_back_while_the_service_is_down_delays_nothing(tmp_path):
    clock = MovableClock(tmp_path)
    with clock.rig(tmp_path) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        rig.raised("H1")
        until("the first step is taken", lambda: len(_steps(rig)) == 1)
        rig.kill()
        clock.move(-600)
        rig.start()
        until("the second step is taken", lambda: len(_steps(rig)) == 2)
        assert rig.entries("clock_jumped")


def test_there_and_back_again_closes_nothing_and_the_auditor_is_content(tmp_path):
    clock = MovableClock(tmp_path)
    with clock.rig(tmp_path) as rig:
        rig.start()
        rig.radio.press(rflink_of(1))
        rig.raised("H1")
        for count, seconds in enumerate((600, 0, -600, 0), 1):
            clock.move(seconds)
            until("the jump is in the record", lambda count=count: len(rig.entries("clock_jumped")) >= count)
        assert rig.alarm("H1")["state"] in {"raised", "offered"}
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


@pytest.mark.drill
@pytest.mark.timeout(400)
@pytest.mark.parametrize("minutes", [10, -10])
def test_a_gateway_that_is_gone_is_one_incident_though_the_clock_is_set_and_the_service_killed(tmp_path, minutes):
    """Within the promised three minutes of steady time, with its home, and only once when the clock is right again."""
    clock = MovableClock(tmp_path)
    with clock.rig(tmp_path, ANLING_GATEWAYS__0__SILENT_S="60") as rig:
        rig.start()
        rig.radio.low_battery(rflink_of(1))
        until("the radio has heard D1", lambda: rig.rows("SELECT * FROM hearings"))
        rig.radio.unplug()
        gone_at = _boot_s()
        rest(20.0)
        clock.move(minutes * 60)
        rest(5.0)
        assert rig.rows("SELECT * FROM incidents") == [], "a clock that is set is no outage"
        rig.kill()
        rig.start()
        until("it is an incident", lambda: rig.rows("SELECT * FROM incidents"), 180 - (_boot_s() - gone_at))
        clock.move(0)
        rest(10.0)
        rig.kill()
        rig.start()
        rest(10.0)
        (incident,) = rig.rows("SELECT * FROM incidents")
        assert (incident["gateway"], incident["homes"], incident["ended_at"]) == ("radio", '["H1"]', None)
        assert rig.kinds().count("gateway_lost") == 1
        rig.radio.plug()
        until("the line is there", lambda: rig.metric("gateway_connected", "radio") == 1.0)
        rig.radio.press(rflink_of(1))
        until("it is over", lambda: rig.one("SELECT ended_by FROM incidents") == "gateway:radio")
        assert rig.raised("H1")
        rig.stop()
        assert rig.surprises() == []
