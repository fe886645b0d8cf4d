"""
The planner's own process: one problem in, words of progress and one plan out.

    python -m schedules.planning.child        a line of JSON on standard input, lines of JSON on standard output

    in    {"problem", "seconds", "began", "iterations", "seed", "memory_mb", "why"}
    out   {"part", "cost"} …        then {"plan", "cost", "whys"}, or {"error"}

It never shares an interpreter with alarms, is nicer than everybody else, has a limit of memory and of processor time,
and ends when its parent does: standard input stays open as long as somebody wants the answer.
"""

import json
import os
import resource
import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from schedules.apart import step_aside
from schedules.planning.choosing import ChoosingPlanner
from schedules.planning.planner import LEAST_S, Budget, steady
from schedules.planning.rules.check import checked
from schedules.planning.rules.plan import cost
from schedules.planning.wire import plan_out, problem_in, why_out
from schedules.planning.written import whys

NICE = 10
MEGABYTE = 1 << 20
ANSWER, ANSWER_LEAST, ANSWER_MAX = 2.0, 0.1, 0.2
"""
To check and to write takes so many times as long as to start and to read, on any machine, and a fifth of the whole at
most. A tenth is left at least: a plan that is searched until the last moment has no reasons (`WHY_UNTIL`).
"""

WHY_UNTIL = 0.95
"""The part of the whole time after which no further reasons are looked for: what is left is for writing them down."""

CPU_SLACK = 30
"""Seconds of processor time besides the budget, to read, to build and to write."""


def main() -> int:
    """The exit code: 0 with a plan, 1 with an error that was said."""
    asked = json.loads(sys.stdin.readline())
    _limit(asked)
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    try:
        _say(_answer(asked))
    except MemoryError:
        _say({"error": "out of memory"})
        return 1
    return 0


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    problem = problem_in(asked["problem"])
    budget = budget_of(asked, steady())
    told = _Progress()
    plan = ChoosingPlanner().solve(problem, budget, seed=asked["seed"], told=told)
    broken = checked(plan, problem)
    if broken:
        return {"error": f"the plan does not hold: {'; '.join(broken[:3])}"}
    # A plan without all of its reasons is worth more than one that comes too late.
    enough = asked["began"] + asked["seconds"] * WHY_UNTIL
    timed = not asked["iterations"]
    reasons = whys(plan, problem, over=lambda: timed and steady() >= enough) if asked["why"] else []
    return {
        "plan": plan_out(plan), "cost": cost(plan, problem).total, "whys": [why_out(each) for each in reasons],
    }  # fmt: skip


def budget_of(asked: Mapping[str, Any], now: float) -> Budget:
    """
    How long there is to think: the seconds count from when the service asked (`began`, of the steady clock, which is
    one for all processes), and to check and to answer takes about twice as long as it took to start and to read.
    """
    whole, spent = float(asked["seconds"]), max(0.0, now - asked["began"])
    rest = min(max(ANSWER * spent, ANSWER_LEAST * whole), ANSWER_MAX * whole)
    return Budget(seconds=max(LEAST_S, whole - spent - rest), iterations=asked["iterations"])


class _Progress:
    """Says a hundredth only once."""

    def __init__(self) -> None:
        self._said = -1

    def __call__(self, part: float, cost: int) -> None:
        if int(part * 100) > self._said:
            self._said = int(part * 100)
            _say({"part": round(part, 2), "cost": cost})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _limit(asked: dict[str, Any]) -> None:
    step_aside(NICE)
    # One thread of numpy's: OpenBLAS would reserve memory for a thread of every core. It is not imported yet.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    memory = int(asked["memory_mb"]) * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if not asked["iterations"]:
        cpu = int(asked["seconds"]) + CPU_SLACK
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))


def _end_with(parent: TextIO) -> None:
    parent.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
