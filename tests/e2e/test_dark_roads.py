"""
Real processes and real sockets: the first provider fails in one way for ever, and the second is reached in time.

The same faults on a hand clock, many more of them: tests/simulation/test_dark_roads.py.
"""

import contextlib
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.rig import ROOT, Rig, district, phone_of, policy, rest, rflink_of, until
from tests.fakes.twilio_faults import ERROR_500, HANG, Fault, too_many
from tests.fakes.twilio_standin import TwilioStandin

STEPS = policy("offer_nearest 60", "offer_nearest 60", "all_hands 60")
CARERS = 40
REACHED_S, NEXT_S, HEDGE_S, BUSY_S = 300.0, 6.5, 3.0, 1.5
FAULTS = {
    "black-holed": None,
    "silent": HANG,
    "429": too_many("30"),
    "5xx": ERROR_500,
    "garbage": Fault(how="status", status=200, body="<html>welcome</html>"),
    "dripping": Fault(how="drip", taken=True, seconds=0.2),
    "swallowing": None,
}


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """An address where nobody ever picks up: its queue is full, and the machine drops whoever comes."""
    with socket.socket() as hole, contextlib.ExitStack() as waiting:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(hole.getsockname())
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


class Delivering(TwilioStandin):
    """Delivers what it takes, and tells so a moment later."""

    def __init__(self) -> None:
        super().__init__()
        self._made: queue.Queue[str | None] = queue.Queue()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "Delivering":
        super().__enter__()
        self._teller.start()
        return self

    def __exit__(self, *more: object) -> None:
        self._made.put(None)
        self._teller.join()
        super().__exit__(*more)

    def keep(self, kind: str, form: dict[str, str]) -> dict:
        made = super().keep(kind, form)
        self._made.put(made["sid"])
        return made

    def _tell(self) -> None:
        while (sid := self._made.get()) is not None:
            with contextlib.suppress(OSError):
                self.call_back(sid, "completed" if sid.startswith("CA") else "delivered")


class TwoRoads(Rig):
    """A service with a second road."""

    def spawn(self, *arguments: str, log: str = "service") -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.e2e.two_roads", "--config", str(self.config), *arguments]
        with (self.folder / f"{log}.out").open("ab") as out, (self.folder / f"{log}.err").open("ab") as errors:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL, stdout=out, stderr=errors
            )


def alarms_under(
    name: str, alarms: int, folder, *, pause_s: float, judged: Callable[[Rig], float] = lambda _: 0.0
) -> str:
    """Raises so many alarms while the first provider fails in this way; holds the promises, and tells the figures."""
    with contextlib.ExitStack() as stack:
        first, second = stack.enter_context(TwilioStandin()), stack.enter_context(Delivering())
        first.always = FAULTS[name]
        environ = {"SECOND_ROAD": second.base_url, "ANLING_MESSAGES__RECEIPT_LIMIT_S": "5" if alarms < 50 else "30"}
        if name == "black-holed":
            environ["ANLING_PROVIDERS__TWILIO__BASE_URL"] = stack.enter_context(black_hole())
        loaded = district(homes=alarms, carers=[phone_of(number) for number in range(1, CARERS + 1)])
        rig = stack.enter_context(
            TwoRoads(folder, district=loaded, escalation=STEPS, twilio=first, environ=environ)
        )  # fmt: skip
        rig.start()
        for number in range(1, alarms + 1):
            rig.radio.press(rflink_of(number))
            rest(pause_s)
        until("everybody was reached", lambda: len(reached(rig)) == alarms, REACHED_S)
        figures = judge(rig, name) + f"; waited at most {judged(rig):.2f}"
        rig.stop(within_s=30)
        return figures


def reached(rig: Rig) -> list[float]:
    """
    Seconds from each press until a provider that works had a message about it that asks somebody. Where its receipt
    comes before its answer, the attempt is confirmed and no longer taken, and ends when the answer comes.
    """
    rows = rig.rows(
        "SELECT a.id AS id, (MIN(t.ended_at) - a.raised_at) / 1e6 AS s FROM alarms a "
        "JOIN messages m ON m.alarm_id = a.id JOIN attempts t ON t.message_id = m.id "
        "WHERE t.provider = 'second' AND t.outcome IN ('taken', 'confirmed') AND t.ended_at IS NOT NULL "
        "AND m.answerable = 1 GROUP BY a.id"
    )
    return sorted(row["s"] for row in rows)


def judge(rig: Rig, name: str) -> str:
    rows = rig.rows(
        "SELECT t.why AS why, (t.started_at - b.started_at) / 1e6 AS s FROM attempts b "
        "JOIN attempts t ON t.message_id = b.message_id JOIN messages m ON m.id = b.message_id "
        "WHERE b.seq = 1 AND t.seq = 2 AND b.provider = 'twilio' AND m.offer_id IS NOT NULL"
    )
    seconds = reached(rig)
    nexts = [row["s"] for row in rows if row["why"] != "silent"]
    hedged = [row["s"] for row in rows if row["why"] == "hedge"]
    assert max(seconds) <= REACHED_S
    assert max(nexts, default=0.0) <= NEXT_S
    assert all(HEDGE_S <= each <= HEDGE_S + BUSY_S for each in hedged), hedged
    if name in {"silent", "dripping"}:
        assert hedged, "what was slow had a second road"
    return (
        f"{name}: n {len(seconds)}, reached p50 {seconds[len(seconds) // 2]:.2f} s max {seconds[-1]:.2f} s; next road "
        f"n {len(nexts)} max {max(nexts, default=0.0):.2f} s; hedged {len(hedged)}, {min(hedged, default=0):.3f} to "
        f"{max(hedged, default=0):.3f} s"
    )


@pytest.mark.parametrize("name", [pytest.param("silent", marks=pytest.mark.drill), "swallowing"])
def test_a_few_alarms_reach_people_by_the_second_road(tmp_path, name):
    print(alarms_under(name, 4, tmp_path, pause_s=0.1))


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FAULTS)
def test_two_hundred_alarms_reach_people_by_the_second_road(tmp_path, name):
    print(alarms_under(name, 200, tmp_path, pause_s=0.25))


def waited_for_second(rig: Rig) -> list[float]:
    """Seconds from each offer until the road that works was tried, whether another was tried before or not."""
    rows = rig.rows(
        "SELECT (MIN(t.started_at) - m.posted_at) / 1e6 AS s FROM messages m JOIN attempts t ON t.message_id = m.id "
        "WHERE t.provider = 'second' AND m.offer_id IS NOT NULL AND m.channel = 'sms' GROUP BY m.id"
    )
    return sorted(row["s"] for row in rows)


@pytest.mark.drill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["black-holed", "silent", "dripping"])
def test_a_hundred_presses_within_a_moment_wait_for_no_road_that_holds_every_place(tmp_path, name):
    """More than there are places: those behind wait until the first ones are given up, and then not for the same."""
    told = alarms_under(name, 100, tmp_path, pause_s=0.0, judged=lambda rig: waited_for_second(rig)[-1])
    print(told)
    assert float(told.rpartition(" ")[2]) <= NEXT_S + BUSY_S
