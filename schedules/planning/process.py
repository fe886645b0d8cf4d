"""Planning in processes of its own: started, listened to, killed when over; the best answer taken."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schedules.planning.planner import Told, steady, unheard
from schedules.planning.rules.plan import Plan
from schedules.planning.rules.problem import Problem
from schedules.planning.rules.why import Why
from schedules.planning.wire import plan_in, problem_out, why_in

COMMAND = (sys.executable, "-m", "schedules.planning.child")
GRACE_S = 30.0
"""How long after its budget a planner may take to start, to read and to write before it is killed."""

MEMORY_MB = 2048


class PlanningFailed(Exception):
    """No plan came: killed, out of memory or time, or it said why. The plan in force stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A plan that holds, what it costs, and why each visit went where it went."""

    plan: Plan
    cost: int
    whys: Sequence[Why] = ()


class PlannerProcess:
    """
    Asks `processes` planners at once, each with a seed of its own, for they do not share one interpreter.

    One that dies costs only its own answer; only when none answers there is no plan.
    """

    def __init__(
        self, *, processes: int = 1, memory_mb: int = MEMORY_MB, grace_s: float = GRACE_S,
        command: Sequence[str] = COMMAND,
    ) -> None:  # fmt: skip
        """`memory_mb` is of each process; `command` is another in tests."""
        assert processes >= 1
        self._processes = processes
        self._memory_mb = memory_mb // processes
        self._grace_s = grace_s
        self._command = command
        self._running: list[_Child] = []
        self._lock = threading.Lock()

    def solve(
        self, problem: Problem, *, seconds: float, seed: int, iterations: int = 0, why: bool = True,
        told: Told = unheard,
    ) -> Answer:  # fmt: skip
        """
        Waits for the best answer.

        Raises:
            PlanningFailed: none came.
        """
        began = steady()
        asked = {
            "problem": problem_out(problem), "seconds": seconds, "iterations": iterations, "memory_mb": self._memory_mb,
            "why": why, "began": began,
        }  # fmt: skip
        line = json.dumps(asked)[:-1]
        children = [_Child(self._command, told if not number else unheard) for number in range(self._processes)]
        with self._lock:
            self._running += children
        try:
            for number, child in enumerate(children):
                child.begin(f'{line}, "seed": {seed + number}}}\n', seconds + self._grace_s)
            return _best([child.wait() for child in children])
        finally:
            with self._lock:
                self._running = [each for each in self._running if each not in children]

    def stop(self) -> None:
        """Ends whatever is thinking; who waits gets PlanningFailed."""
        with self._lock:
            running = list(self._running)
        for child in running:
            child.kill()


class _Child:
    """One process and the thread that listens to it."""

    def __init__(self, command: Sequence[str], told: Told) -> None:
        self._command = command
        self._told = told
        self._answer: dict[str, Any] = {"error": "it ended without a word"}
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._listen, name="planner-listens", daemon=True)
        self._line = ""
        self._timer: threading.Timer | None = None

    def begin(self, line: str, seconds: float) -> None:
        self._line = line
        self._process = subprocess.Popen(  # noqa: S603  our own module, no shell
            list(self._command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._timer = threading.Timer(seconds, self._late)
        self._timer.start()
        self._thread.start()

    def wait(self) -> dict[str, Any]:
        self._thread.join()
        assert self._process is not None
        assert self._timer is not None
        self._timer.cancel()
        self._process.wait()
        return self._answer

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _late(self) -> None:
        self._answer = {"error": "it took too long"}
        self.kill()

    def _listen(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._line)
            process.stdin.flush()
            for line in process.stdout:
                self._hear(json.loads(line))
        except (OSError, ValueError) as error:
            self._answer = {"error": f"its pipe broke ({type(error).__name__})"}
            self.kill()
        finally:
            process.stdout.close()
            _close(process.stdin.close)

    def _hear(self, said: dict[str, Any]) -> None:
        if "part" in said:
            self._told(said["part"], said["cost"])
        else:
            self._answer = said


def _close(close: Callable[[], None]) -> None:
    try:
        close()
    except OSError:
        # What was not read any more; the process is gone.
        return


def _best(answers: Sequence[dict[str, Any]]) -> Answer:
    good = [each for each in answers if "plan" in each]
    if not good:
        raise PlanningFailed(str(answers[0].get("error", "no answer")))
    best = min(good, key=lambda each: each["cost"])
    return Answer(plan=plan_in(best["plan"]), cost=best["cost"], whys=tuple(why_in(each) for each in best["whys"]))
