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
import threading
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
        Failed: it ended with an error, took longer than `lasts_max_s`, or the service is being stopped.
    """
    process = _begun(function)
    try:
        answer, complaint = process.communicate(json.dumps(told).encode(), lasts_max_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failed(f"{function} took longer than {lasts_max_s:g} s") from None
    finally:
        with _lock:
            _running.discard(process)
    if process.returncode:
        raise Failed(f"{function} ended with {process.returncode}: {complaint.decode(errors='replace')[-500:]}")
    return json.loads(answer)


def end_all() -> None:
    """Ends whatever is under way: a service that stops, or begins anew, waits for none of it."""
    with _lock:
        for process in _running:
            process.kill()


_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


def _begun(function: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "config.apart", function]
    with _lock:
        process = subprocess.Popen(  # noqa: S603  our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        _running.add(process)
    return process


def main() -> None:
    """The other side: reads what it is told, answers on standard output."""
    os.nice(NICENESS)
    module, _, name = sys.argv[1].partition(":")
    told = json.loads(sys.stdin.buffer.read())
    answer = getattr(importlib.import_module(module), name)(**told)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
