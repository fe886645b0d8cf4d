"""
Long work in a process of its own, so that it never shares an interpreter with the alarm's path.

    answer = apart("config.duty_sheet:sheet_told", {"lang": "zh", …})

A thread that computes for seconds makes every press beside it wait for the interpreter at each of its calls into the
database: filing the duty sheet of 20,000 homes in place held up the slowest of 300 alarms for two seconds.
"""

import importlib
import json
import os
import subprocess
import sys
from typing import Any

Plain = dict[str, Any]

NICENESS = 10
"""Whatever can wait lets the service's own process go first."""

LASTS_MAX_S = 300.0


class Failed(ChildProcessError):
    """The other process did not answer; what it said about it is in the text."""


def apart(function: str, told: Plain, *, lasts_max_s: float = LASTS_MAX_S) -> Any:
    """
    What the function answers, computed in a fresh interpreter.

    `function` is `module:name`, takes `told` as named arguments and answers in values that JSON knows. What goes in is
    handed over by a pipe, so that no other user of the machine reads it in a list of processes.

    Raises:
        Failed: it ended with an error, or took longer than `lasts_max_s`.
    """
    command = [sys.executable, "-m", "config.apart", function]
    try:
        done = subprocess.run(  # noqa: S603  our own program
            command, input=json.dumps(told).encode(), capture_output=True, timeout=lasts_max_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failed(f"{function} took longer than {lasts_max_s:g} s") from None
    if done.returncode:
        raise Failed(f"{function} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return json.loads(done.stdout)


def main() -> None:
    """The other side: reads what it is told, answers on standard output."""
    os.nice(NICENESS)
    module, _, name = sys.argv[1].partition(":")
    told = json.loads(sys.stdin.buffer.read())
    answer = getattr(importlib.import_module(module), name)(**told)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
